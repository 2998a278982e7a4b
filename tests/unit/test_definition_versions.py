"""A change of what a definition counts is a new version; a home remembers what every version counted."""

from __future__ import annotations

import pytest
from figures_world import counted, months, policy, record

from preventable.engine.duckdb import DuckDBEngine
from preventable.errors import DefinitionChangedError
from preventable.settings import Policy
from preventable.stages.indicators.definitions import read_definitions
from preventable.stages.indicators.versions import keep_versions, meaning

KNIFE = ("definitions", "ed_knife_attendances")
GLASS = [{"column": "weapon_class", "operator": "in", "values": ["sharp", "glass"]}]
MASK = ("time_masks", "masks", 0, "windows")


def kept(given: Policy, previous: DuckDBEngine | None = None) -> DuckDBEngine:
    """A session in which the versions of a policy stand beside those of an earlier run."""
    engine = DuckDBEngine()
    if previous is not None:
        engine.load("previous_definition_versions", previous.table("definition_versions"))
    keep_versions(engine, read_definitions(given))
    return engine


@pytest.mark.parametrize(
    "change",
    [
        {(*KNIFE, "conditions"): GLASS},
        {(*KNIFE, "area_basis"): "place"},
        {(*KNIFE, "denominator"): "none"},
        {MASK: [{"from": "Fri 21:00", "to": "Sat 06:00"}]},
    ],
)
def test_another_meaning_under_the_same_version_is_refused(change):
    with pytest.raises(DefinitionChangedError):
        kept(policy(change), kept(policy()))


def test_a_new_version_may_mean_something_else_and_the_earlier_one_is_kept():
    changed = policy({(*KNIFE, "conditions"): GLASS, (*KNIFE, "version"): 2})

    rows = kept(changed, kept(policy())).table("definition_versions").to_pylist()
    found = {row["version"]: row["meaning"] for row in rows if row["definition"] == KNIFE[1]}

    assert set(found) == {1, 2}
    assert found[1] != found[2]
    with pytest.raises(DefinitionChangedError):
        kept(policy({(*KNIFE, "version"): 2}), kept(changed, kept(policy())))


@pytest.mark.parametrize("change", [{(*KNIFE, "title"): "Other words"}, {(*KNIFE, "plain"): "Other words."}])
def test_words_may_change(change):
    assert kept(policy(change), kept(policy())).table("definition_versions").num_rows


def test_a_definition_that_is_gone_is_remembered():
    given = policy()
    fewer = Policy(
        given.files, {name: one for name, one in given.definitions.items() if name != KNIFE[1]}, given.sources
    )

    rows = kept(fewer, kept(given)).table("definition_versions").to_pylist()

    assert KNIFE[1] in {row["definition"] for row in rows}


def test_the_order_of_conditions_has_no_meaning():
    one = {found.id: found for found in read_definitions(policy())}["ambulance_assault_callouts"]
    turned = policy()
    conditions = turned.definitions["ambulance_assault_callouts"]["conditions"]
    conditions.reverse()

    assert meaning(
        {found.id: found for found in read_definitions(turned)}["ambulance_assault_callouts"]
    ) == meaning(one)


def test_the_stage_tells_the_versions_that_it_counted_by():
    rows = counted([record(1)], months(12)).table("definition_versions").to_pylist()

    assert {row["definition"] for row in rows} == set(policy().definitions)
