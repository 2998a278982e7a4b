"""A change of what a definition counts is a new version; a home remembers what every version counted."""

from __future__ import annotations

import pyarrow as pa
import pytest
from figures_world import context, counted, months, policy, random_records, record

from preventable.engine.duckdb import DuckDBEngine
from preventable.errors import DefinitionChangedError, VersionsDifferError
from preventable.settings import Policy
from preventable.stages.disclosure.stage import protect_indicators
from preventable.stages.disclosure.told_lines import with_states
from preventable.stages.indicators.definitions import read_definitions
from preventable.stages.indicators.versions import keep_versions, meaning
from preventable.stages.packs.shown import ShownFigures
from preventable.stages.signals.stage import score_weeks
from preventable.tables import TABLES
from preventable.tables.versions import refuse_two_versions

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


def two_versions(table, months_of_the_first):
    """Rows of a session's table as if its earlier months had been counted by the version before."""
    rows = table.to_pylist()
    for row in rows:
        if row.get("week", row.get("period_end"))[:7] <= months_of_the_first:
            row["definition_version"] -= 1
    return rows


def test_a_run_counts_the_whole_history_by_one_version():
    """The definition changed in mid-history: all months are the new version's, and its figures are named so."""
    held = months(12)
    records = [record(number, month=month, method="bottle") for number, month in enumerate(held)]
    changed = policy({(*KNIFE, "conditions"): GLASS, (*KNIFE, "version"): 2})

    before, after = (counted(records, held, policy=given) for given in (policy(), changed))

    def of_knives(engine):
        rows = engine.table("indicator_values").to_pylist()
        return [row for row in rows if row["definition"] == KNIFE[1] and row["dimension"] == "all"]

    assert {row["definition_version"] for row in of_knives(before)} == {1}
    assert {row["definition_version"] for row in of_knives(after)} == {2}
    assert sum(row["count"] for row in of_knives(before)) == 0 < sum(row["count"] for row in of_knives(after))
    assert not {row["figure"] for row in of_knives(before)} & {row["figure"] for row in of_knives(after)}


def test_a_series_of_weeks_of_two_versions_is_refused():
    held = months(12)
    engine = counted([record(1)], held)
    weeks = engine.table("weekly_counts")
    engine.load("calendar", TABLES["calendar"].empty())
    score_weeks(engine, context(None, held[-1]))
    assert engine.table("signals").num_rows

    engine.load("weekly_counts", pa.Table.from_pylist(two_versions(weeks, held[5]), schema=weeks.schema))

    with pytest.raises(VersionsDifferError, match="P303 .*weekly_counts.* versions 0 and 1"):
        score_weeks(engine, context(None, held[-1]))


def test_a_line_that_was_told_by_another_version_is_neither_taken_back_nor_continued():
    series = {
        "recipient": "one",
        "area_type": "district",
        "area": "XD01",
        "definition": KNIFE[1],
        "source": "ed",
    }
    line = {"verdict": "signal", "kind": "level", "first_day": "2025-11-17", "last_day": "2025-11-23"}
    told = {**series, **line, "figure": f"{KNIFE[1]}.v1/weeks/district/XD01/2025-11", "period_end": "2025-11"}
    now = {
        **series,
        "period_end": "2025-12",
        "line": 0,
        "verdict": "none",
        "kind": "",
        "first_day": "",
        "last_day": "",
    }

    def states(version):
        row = {**now, "figure": f"{KNIFE[1]}.v{version}/weeks/district/XD01/2025-12"}
        return [one["state"] for one in with_states([row], [told], lambda month: [], "2025-12")]

    assert "withdrawn" in states(1)
    assert states(2) == [""]


def test_figures_of_two_versions_are_never_told_in_one_pack():
    held = months(12)
    engine = counted(random_records(3, 600, held), held)
    protect_indicators(engine, context(None, held[-1]))
    partner = [
        row for row in engine.table("released").to_pylist() if row["recipient"].startswith("community")
    ]

    assert ShownFigures(partner).definitions()
    with pytest.raises(VersionsDifferError, match="P303"):
        ShownFigures(two_versions(pa.Table.from_pylist(partner), held[5]))


def test_figures_of_an_earlier_release_are_not_put_beside_those_of_another_version():
    """As a comparison of releases would: the earlier one's rows beside the new one's."""
    earlier = [{"definition": KNIFE[1], "definition_version": 1}]
    other = [{"definition": "ed_assault_attendances", "definition_version": 3}]

    refuse_two_versions("releases", earlier + earlier + other)
    refuse_two_versions("releases", [])
    with pytest.raises(VersionsDifferError, match="ed_knife_attendances were counted by versions 1 and 2"):
        refuse_two_versions("releases", [*earlier, *other, {"definition": KNIFE[1], "definition_version": 2}])
