"""Every released figure, recomputed from the restricted side, obeys the rule of release."""

import pytest

from preventable.settings import load_policy
from preventable.store.home import open_home
from preventable.store.session import reading


@pytest.fixture(scope="module")
def tables(demo):
    with reading(open_home(demo.home)) as found:
        exact = {row["figure"]: row for row in found.read("indicator_values").to_pylist()}
        return exact, found.read("released").to_pylist()


def test_every_shown_count_is_its_true_count_by_the_rule(tables):
    exact, released = tables
    rule = load_policy().file("disclosure")["counts"]
    counts = [row for row in released if row["measure"] == "count"]

    assert len(counts) > 5_000
    for row in counts:
        true = exact[row["figure"]]["count"]
        if row["value_note"] == "[c]":
            assert row["value"] is None
            assert true < rule["minimum_count"]
        elif row["value_note"] == "":
            assert true >= rule["minimum_count"]
            assert row["value"] % rule["rounding_base"] == 0
            assert abs(row["value"] - true) <= rule["rounding_base"] / 2
        else:
            assert row["value"] is None


def test_every_definition_of_policy_is_counted_and_has_records(tables):
    """A definition that nothing reaches would print "no figure of this kind", and nobody would ask why."""
    counted: dict[str, int] = {}
    for row in tables[0].values():
        counted[row["definition"]] = counted.get(row["definition"], 0) + row["count"]

    # The invented county has no sexual offences; nobody receives their figures.
    assert {name for name, records in counted.items() if not records} == {"police_sexual_offences"}
    assert set(counted) == set(load_policy().definitions)


def test_school_returns_stand_under_the_month_of_their_return_and_no_other(tables):
    returns = [row for row in tables[0].values() if row["definition"] == "school_suspensions"]

    assert {row["period_end"] for row in returns} == {"2025-12"}
    assert {row["coverage"] for row in returns} == {1.0}
    assert len(returns) == 7


def test_hidden_and_shown_cells_both_occur(tables):
    notes = {row["value_note"] for row in tables[1]}

    assert {"", "[c]", "[x]"} <= notes


def test_no_breakdown_is_of_something_that_its_source_never_says(tables):
    """A column of nothing but "unknown" prints "too few to show" for what was never asked."""
    exact, released = tables
    said = {(row["definition"], row["dimension"]): set() for row in released if row["dimension"] != "all"}
    for row in exact.values():
        key = (row["definition"], row["dimension"])
        if key in said and row["count"]:
            said[key].add(row["category"])

    assert len(said) > 10
    assert {key for key, categories in said.items() if categories <= {"unknown"}} == set()


def test_no_rate_or_limit_tells_more_than_its_shown_count(tables):
    exact, released = tables
    shown = {row["figure"]: row for row in released if row["measure"] == "count"}
    rates = [row for row in released if row["measure"] == "crude_rate" and row["value_note"] == ""]

    assert rates
    for row in rates:
        count = shown[row["figure"].removesuffix("crude_rate") + "count"]
        person_years = exact[count["figure"]]["person_years"]
        assert row["value"] == round(count["value"] / person_years * row["per"], 1)
        assert row["lower"] * person_years / row["per"] < count["value"] - 2
        assert row["upper"] * person_years / row["per"] > count["value"] + 2


def test_a_partner_receives_its_own_district_and_the_region_alone(demo, tables):
    home = open_home(demo.home)
    partners = {row["partner"]: row["district"] for row in home.region_tables()["partners"].to_pylist()}
    small = {row["small_area"]: row["district"] for row in home.region_tables()["small_areas"].to_pylist()}
    districts = {}
    for row in home.region_tables()["small_areas"].to_pylist():
        for level in ("small_area", "middle_area", "ward", "neighbourhood", "district"):
            districts.setdefault((level, row[level]), set()).add(row["district"])
    venues = {row["venue"]: small[row["small_area"]] for row in home.region_tables()["venues"].to_pylist()}

    for row in tables[1]:
        if row["area_type"] == "region":
            continue
        within = (
            {venues[row["area"]]} if row["area_type"] == "venue" else districts[row["area_type"], row["area"]]
        )
        assert within == {partners[row["recipient"]]}
