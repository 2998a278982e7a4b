"""rule_results: of each submission and rule, the rows that tripped it and the rows that it looked at."""

from __future__ import annotations

from collections import Counter

import pytest
from sources_world import KINDS, MAPPINGS, ROWS, checked, numbered, read, rows_of

from preventable.stages.quality.rules import quality_rules


def results(*reads):
    """(numerator, denominator) by submission and rule."""
    rows = checked(reads).table("rule_results").to_pylist()
    return {(row["submission_id"], row["rule"]): (row["numerator"], row["denominator"]) for row in rows}


def of_one(rows, provider="ed-example"):
    """The same of one file, by rule."""
    return {rule: found for (_, rule), found in results(read(rows, provider)).items()}


@pytest.mark.parametrize("provider", sorted(MAPPINGS))
def test_every_rule_of_the_source_has_a_line_also_where_no_row_trips_it(provider):
    found = checked([read([ROWS[provider]], provider)]).table("rule_results").to_pylist()

    kind = KINDS[MAPPINGS[provider]["source"]]
    applied = {(kind.id, rule.id, rule.level) for rule in quality_rules() if rule.applies_to(kind)}
    assert {(row["source"], row["rule"], row["level"]) for row in found} == applied
    assert {row["numerator"] for row in found} == {0}


def test_the_numerators_are_the_findings():
    engine = checked(
        [read(rows_of("ed-example", {"Sex": "X"}, {"Att No": "A2", "Site": "ZXZ99", "Place": "town"}))]
    )
    met = Counter(row["rule"] for row in engine.table("findings").to_pylist())

    told = {row["rule"]: row["numerator"] for row in engine.table("rule_results").to_pylist()}
    assert {rule: count for rule, count in told.items() if count} == dict(met)
    assert set(met) >= {"V02", "V12", "V19"}


def test_a_rule_looks_at_the_rows_that_it_reads():
    # Six rows: one withdrawn, one held by its site, one a copy, one that a higher version replaces.
    rows = rows_of(
        "ed-example",
        {"Att No": "A1"},
        {"Att No": "A1", "Ver": "2", "Age": "25"},
        {"Att No": "A2", "Status": "W"},
        {"Att No": "A3", "Site": "ZXZ99"},
        {"Att No": "A4", "Arrival": "20/03/2025 23:10"},
        {"Att No": "A4", "Arrival": "20/03/2025 23:10"},
    )

    found = of_one(rows)

    assert found["V21"] == (0, 6)  # every row
    assert found["V02"] == (1, 5)  # live rows
    assert found["V19"] == (0, 5)
    assert found["V23"] == (0, 5)  # rows that no error of their own holds back
    assert found["V20"] == (1, 5)  # rows not quarantined
    assert found["V07"] == (0, 2)  # rows that stand
    assert found["V08"] == (0, 1)  # the file


def test_rows_that_contradict_each_other_are_among_those_that_were_compared():
    """Else V23 would find more rows than it looked at."""
    found = of_one(
        rows_of("ed-example", {}, {"Age": "60"}, {"Att No": "A2"}, {"Att No": "A3", "Site": "ZXZ99"})
    )

    assert found["V23"] == (2, 3)


def test_a_whole_file_is_one_thing():
    rows = [row | {"Assault time": "22:30"} for row in numbered("ed-example", 30)]

    assert of_one(rows)["V08"] == (1, 1)
    assert of_one(rows)["V07"] == (0, 30)


def test_a_submission_is_counted_by_itself():
    march, other = read(rows_of("ed-example", {"Sex": "X"})), read([ROWS["ed-other"]], "ed-other")

    found = results(march, other)

    assert found[march.submission_id, "V19"] == (1, 1)
    assert found[other.submission_id, "V19"] == (0, 1)


def test_nothing_sent_has_no_results():
    assert results() == {}
