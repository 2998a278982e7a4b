"""The flow keeps its two rules: a step reads only tables that exist by then, and sensitivity never rises."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_home import small_home

from preventable.pipeline import AT_THE_DOOR, STEPS, Step, flow_faults
from preventable.tables import FLOW_TABLES, HOME_LISTS, REGION_TABLES, TABLES, Sensitivity

#: The one table of identifiable text that a step after the pseudonymous line may read, and that step.
TEXT_READERS = {"place_texts": {"places"}}
#: Tables of records that a step may read once figures are counted, and those steps.
RECORD_READERS = {name: {"clusters", "patterns"} for name in ("located_records", "incidents")}


def step(name: str) -> Step:
    return next(step for step in STEPS if step.name == name)


def planted(**changes: object) -> list[Step]:
    """The flow with the step named `at` changed."""
    at = changes.pop("at")
    return [replace(step, **changes) if step.name == at else step for step in STEPS]


def test_the_flow_has_no_fault():
    assert flow_faults(STEPS) == []


def test_every_table_of_the_flow_is_made_exactly_once():
    made = [*AT_THE_DOOR, *(name for step in STEPS for name in step.writes)]

    assert sorted(made) == sorted(table.name for table in FLOW_TABLES)


def test_tables_are_declared_in_the_order_in_which_they_are_made():
    made = [*AT_THE_DOOR, *(name for step in STEPS for name in step.writes)]

    assert made == [table.name for table in FLOW_TABLES]


def test_each_step_works_through_a_table_of_an_earlier_step():
    counted = [step.counted for step in STEPS]

    assert counted[0][0] == AT_THE_DOOR[0]
    for place, (before, _after) in enumerate(counted[1:], start=1):
        assert before in {name for earlier in STEPS[:place] for name in earlier.writes}
    assert all(after in step.writes for step, (_before, after) in zip(STEPS, counted, strict=True))


def test_a_step_that_runs_part_by_part_makes_one_table_of_its_parts():
    faulty = planted(at="quality", first=None)

    assert flow_faults(faulty) == ["quality runs part by part and writes more than one table"]


def test_no_step_writes_a_table_of_the_region():
    region = {table.name for table in REGION_TABLES}

    assert [name for step in STEPS for name in step.writes if name in region] == []


def test_no_output_is_more_sensitive_than_its_step_reads():
    rises = [
        name
        for step in STEPS
        for name in step.writes
        if TABLES[name].sensitivity > max(TABLES[read].sensitivity for read in step.reads)
    ]

    assert rises == []


def test_the_pseudonym_key_goes_to_one_step():
    assert [step.name for step in STEPS if step.holds_key] == ["pseudonyms"]


def test_the_key_of_phrases_goes_to_one_step_and_does_not_tell_the_other(tmp_path):
    home = small_home(tmp_path)

    assert [step.name for step in STEPS if step.holds_phrase_key] == ["places"]
    assert home.phrase_key() not in home.pseudonym_key()
    assert len(home.phrase_key()) == 32


def test_no_step_makes_a_list_of_the_home():
    lists = {table.name for table in HOME_LISTS}

    assert "place_decisions" in lists
    assert [name for step in STEPS for name in step.writes if name in lists] == []


def test_after_pseudonyms_no_step_reads_an_identifiable_table_but_places_its_screened_texts():
    later = STEPS[STEPS.index(step("pseudonyms")) + 1 :]

    seen = {
        (name, step.name)
        for step in later
        for name in step.reads
        if TABLES[name].sensitivity is Sensitivity.IDENTIFIABLE
    }

    assert seen == {(name, reader) for name, readers in TEXT_READERS.items() for reader in readers}


def test_once_figures_are_counted_only_clusters_and_patterns_read_a_record_and_makes_none():
    later = STEPS[STEPS.index(step("indicators")) + 1 :]

    assert [one.name for one in later] == [
        "signals", "estimates", "clusters", "patterns", "disclosure", "packs",
    ]  # fmt: skip
    seen = {
        (name, one.name)
        for one in later
        for name in one.reads
        if TABLES[name].sensitivity > Sensitivity.AGGREGATE
    }
    assert seen == {(name, reader) for name, readers in RECORD_READERS.items() for reader in readers}
    assert {one.sensitivity for one in later} <= {Sensitivity.AGGREGATE, Sensitivity.PARTNER}


def test_nothing_that_is_released_rests_on_estimates_of_areas_or_predictions():
    """Premises are estimated anew from shown counts; a smoothed value of an area is its count."""
    made = set(step("estimates").writes)

    assert not [one.name for one in STEPS if one.name != "estimates" and made & {*one.reads, *one.carries}]


def test_nothing_that_is_released_rests_on_clusters():
    made = set(step("clusters").writes)

    assert [one.name for one in STEPS if made & set(one.reads)] == []


def test_packs_read_nothing_above_what_is_released():
    assert {TABLES[name].sensitivity for name in step("packs").reads} <= {
        Sensitivity.PARTNER,
        Sensitivity.PUBLIC,
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"at": "quality", "reads": ("submissions", "released")}, "quality reads released before it is made"),
        ({"at": "places", "reads": ("located_records",)}, "places reads located_records before it is made"),
        ({"at": "quality", "reads": ("submissions", "no_such_table")}, "quality reads no_such_table"),
        (
            {"at": "packs", "writes": ("partner_packs", "outcomes")},
            "packs raises sensitivity to identifiable",
        ),
        (
            {"at": "disclosure", "writes": ("released", "pseudonymous_records")},
            "disclosure raises sensitivity",
        ),
        ({"at": "packs", "carries": ("outcomes",)}, "packs carries outcomes, which it does not write"),
    ],
)
def test_a_planted_fault_is_found(change, words):
    assert any(words in fault for fault in flow_faults(planted(**change)))


def test_steps_in_another_order_are_found():
    assert flow_faults(list(reversed(STEPS))) != []
