"""What is told of counts and rates beside the cells follows from shown counts, is granted, and is looked at once more."""

from __future__ import annotations

import math
from dataclasses import replace

import pyarrow as pa
import pytest
from beyond_world import (
    DISTRICTS,
    MONTHS,
    RULE,
    RULES,
    Beyond,
    count,
    exact_counts,
    shown,
    small_areas,
    world,
)

from preventable import methods
from preventable.errors import ReleaseRefusedError
from preventable.stages.disclosure.guard_beyond_rates import check_beyond_rates


@pytest.fixture(scope="module")
def region() -> Beyond:
    return world()


@pytest.fixture(scope="module")
def rows(region):
    return region.rows()


def checked(region, rows):
    check_beyond_rates(rows, region.exact, region.tables, region.standing, RULE)


def of(rows, estimate, recipient="ph1"):
    return [row for row in rows if (row["estimate"], row["recipient"]) == (estimate, recipient)]


def test_the_guard_lets_pass_what_follows_from_shown_counts(region, rows):
    checked(region, rows)

    assert {row["estimate"] for row in rows} == {
        "dispersion", "similar_areas", "funnel", "deprivation_rate", "inequality_slope", "inequality_ratio",
    }  # fmt: skip
    assert not of(rows, "dispersion", "lic1")


@pytest.mark.parametrize("phi", [1.3, 2.0, 5.0])
def test_the_dispersion_of_shown_counts_is_that_of_the_exact_ones(phi):
    counts = [row for row in exact_counts(phi=phi, seed=3) if row["period_type"] == "month"]

    (found,) = world(counts).dispersions()

    assert (found["status"], found["areas"], found["pairs"]) == ("measured", 7, 84)
    assert found["measured"] == pytest.approx(phi, rel=0.35)
    assert 0 <= found["dispersion"] - max(1.0, found["measured"]) < 0.1 + 1e-9


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ([row for row in exact_counts() if row["area"] in DISTRICTS[:4]], "few_areas"),
        (exact_counts(months=MONTHS[12:]), "short_history"),
        (exact_counts(months=MONTHS[-14:]), "short_history"),
    ],
)
def test_where_history_or_areas_are_few_nothing_is_measured_and_the_row_says_why(counts, status):
    region = world(counts)

    (found,) = (row for row in region.dispersions() if row["area_type"] == "district")

    assert (found["status"], found["dispersion"]) == (status, None)
    told = of(region.rows(), "dispersion")
    assert [(row["value"], row["value_note"]) for row in told] == [(None, "[x]")]
    checked(region, region.rows())


def test_an_area_with_a_small_count_and_a_month_that_has_not_come_take_no_part():
    counts = [row for row in exact_counts() if row["period_type"] == "month"]
    small = [
        {**row, "count": 3} if (row["area"], row["period_end"]) == ("D1", "2025-02") else row
        for row in counts
    ]
    late = [{**row, "coverage": 0.5} if row["period_end"] == "2025-03" else row for row in counts]

    (without_area,), (without_month,) = world(small).dispersions(), world(late).dispersions()

    assert (without_area["areas"], without_area["pairs"]) == (6, 72)
    assert (without_month["areas"], without_month["pairs"]) == (7, 77)


def test_similar_districts_are_the_nearest_and_their_rate_is_that_of_all_of_them(region, rows):
    (crude,) = (row for row in of(rows, "similar_areas") if row["category"].startswith("crude"))
    _measure, *near = crude["category"].split()

    counts = [row for row in region.tables.counts if row["area"] in near and row["period_type"] == "last12"]
    assert near == ["D2", "D3", "D4"]
    assert crude["value"] == pytest.approx(sum(row["value"] for row in counts) / 180_000 * 100_000, abs=0.05)
    assert crude["lower"] < crude["value"] < crude["upper"]


def test_where_one_of_similar_districts_has_not_sent_all_no_rate_is_told():
    """The rate of the others would tell which one, and set against the next run's its count."""
    late = [{**row, "coverage": 0.5} if row["area"] == "D3" else row for row in exact_counts()]

    region = world(late)

    (crude,) = (row for row in of(region.rows(), "similar_areas") if row["category"].startswith("crude"))
    assert crude["category"] == "crude_rate D2 D3 D4"
    assert (crude["value"], crude["value_note"], crude["note"]) == (None, "[x]", RULES.notes["not_shown"])
    checked(region, region.rows())


@pytest.mark.parametrize(
    "granted", [("inequality_slope",), ("deprivation_rate", "inequality_ratio"), ("inequality_ratio",)]
)
def test_of_the_gradient_a_partner_is_told_what_it_is_granted(region, granted):
    standing = [
        (partner, district, replace(terms, estimates=granted))
        for partner, district, terms in region.standing[:1]
    ]
    of_one = replace(region, standing=standing)

    assert {row["estimate"] for row in of_one.rows()} == set(granted)
    checked(of_one, of_one.rows())


def test_a_region_of_few_districts_says_that_there_are_none_to_choose_from():
    kept = [row for row in small_areas() if row["district"] in DISTRICTS[:5]]

    told = of(world(areas=kept).rows(), "similar_areas")

    assert {row["note"] for row in told} == {RULES.notes["few_districts"]}


def test_a_gradient_is_from_the_least_to_the_most_deprived(rows):
    groups = of(rows, "deprivation_rate")
    (slope,), (ratio,) = of(rows, "inequality_slope"), of(rows, "inequality_ratio")

    assert [row["category"] for row in groups] == [f"{n} of 5" for n in range(1, 6)]
    values = [row["value"] for row in groups]
    assert values == sorted(values)
    assert slope["lower"] > 0
    assert 1 < ratio["lower"] < ratio["value"] < ratio["upper"]


def test_small_counts_give_no_gradient():
    small = [
        {**row, "count": row["count"] // 25} if row["area_type"] == "middle_area" else row
        for row in exact_counts()
    ]

    (ratio,) = of(world(small).rows(), "inequality_ratio")

    assert (ratio["value"], ratio["note"]) == (None, RULES.notes["uncertain"])


def test_a_funnel_is_told_of_the_own_wards_alone_and_holds_most_of_them(region, rows):
    told = of(rows, "funnel")

    assert {row["area"] for row in told} == {f"D1-w{m}" for m in range(6)}
    for row in told:
        assert row["lower"] <= row["value"] <= row["upper"]
    inner, outer = (
        {row["area"]: row for row in told if row["category"] == level} for level in ("95", "99.8")
    )
    assert all(outer[area]["lower"] <= inner[area]["lower"] for area in inner)
    assert all(outer[area]["upper"] >= inner[area]["upper"] for area in inner)


@pytest.mark.parametrize(
    ("estimate", "planted"),
    [
        ("dispersion", {"value": 3.9}),
        ("dispersion", {"value": 1.53}),
        ("similar_areas", {"value": 1.0}),
        ("similar_areas", {"category": "crude_rate D2"}),
        ("similar_areas", {"category": "crude_rate D1 D2"}),
        ("similar_areas", {"area": "D2"}),
        ("funnel", {"value": 1.0}),
        ("funnel", {"area": "D2-w1"}),
        ("funnel", {"lower": 1.5}),
        ("deprivation_rate", {"value": 1.0}),
        ("inequality_slope", {"value": 1.0}),
        ("inequality_ratio", {"value": 9.0}),
        ("inequality_ratio", {"recipient": "csp1"}),
        ("similar_areas", {"recipient": "lic1"}),
        ("dispersion", {"value": None, "value_note": "", "note": ""}),
        ("dispersion", {"recipient": "nobody"}),
        ("funnel", {"lower": 217.0, "upper": 217.0}),
        ("funnel", {"lower": 3.0, "upper": 4.0}),
        ("funnel", {"note": "exact count 217"}),
        ("similar_areas", {"lower": 1686.099}),
        ("similar_areas", {"upper": 14031.778}),
        ("similar_areas", {"lower_if_hidden": 217.0}),
        ("deprivation_rate", {"upper": 9_999.0}),
        ("inequality_slope", {"lower": 1.0}),
        ("inequality_ratio", {"upper": None}),
        ("dispersion", {"lower": 1.0, "upper": 217.0}),
        ("dispersion", {"figure": "another"}),
    ],
)
def test_the_guard_refuses_what_is_planted(region, rows, estimate, planted):
    (row, *_others) = (one for one in of(rows, estimate) if one["value"] is not None)

    with pytest.raises(ReleaseRefusedError):
        checked(region, [{**one, **planted} if one == row else one for one in rows])


@pytest.mark.parametrize(
    ("estimate", "end", "by"),
    [(name, end, by) for name in ("funnel", "similar_areas") for end in ("lower", "upper") for by in (-1, 1)],
)
def test_limits_of_funnels_and_crude_rates_are_worked_out_by_other_arithmetic(
    rows, region, estimate, end, by
):
    row = next(one for one in of(rows, estimate) if not one["category"].startswith("standardised"))
    planted = [{**one, end: one[end] + by} if one == row else one for one in rows]

    with pytest.raises(ReleaseRefusedError, match="does not follow"):
        checked(region, planted)


def test_the_guard_refuses_another_choice_of_districts_with_its_right_rate(region, rows):
    (row,) = (one for one in of(rows, "similar_areas") if one["category"].startswith("crude"))
    others = ("D5", "D6", "D7")
    total = sum(
        one["value"]
        for one in region.tables.counts
        if one["area"] in others and one["period_type"] == "last12"
    )
    rate = methods.crude_rate_from_rounded(int(total), 180_000, rounding_error=3 * RULE.rounding_error)
    chosen = {
        "category": " ".join(("crude_rate", *others)),
        "value": round(rate.value, 1),
        "lower": math.floor(rate.lower * 10) / 10,
        "upper": math.ceil(rate.upper * 10) / 10,
    }

    with pytest.raises(ReleaseRefusedError, match="not what shown counts give"):
        checked(region, [{**one, **chosen} if one == row else one for one in rows])


def test_the_guard_refuses_a_row_twice_a_missing_one_and_words_in_a_withheld_one(region, rows):
    late = world([{**row, "coverage": 0.5} if row["area"] == "D3" else row for row in exact_counts()])
    told = late.rows()
    (withheld,) = (one for one in of(told, "similar_areas") if one["category"].startswith("crude"))

    for planted in (
        [{**one, "category": "crude_rate D2 had 217"} if one == withheld else one for one in told],
        [one for one in told if one != withheld],
        [*told, withheld],
        [],
    ):
        with pytest.raises(ReleaseRefusedError):
            checked(late, planted)


@pytest.mark.parametrize(
    ("estimate", "behind"),
    [
        ("dispersion", ("district", "count")),
        ("similar_areas", ("district", "crude_rate")),
        ("funnel", ("ward", "count")),
        ("inequality_slope", ("district", "crude_rate")),
    ],
)
def test_the_guard_asks_for_the_grant_that_an_estimate_rests_on(region, rows, estimate, behind):
    """Other grants of the same definition are not enough."""
    row = next(one for one in of(rows, estimate) if not one["category"].startswith("standardised"))
    partner, district, terms = region.standing[0]
    fewer = tuple(one for one in terms.grants if (one.area_type, one.measure) != behind)
    less = replace(region, standing=[(partner, district, replace(terms, grants=fewer))])

    assert any(one.definition == row["definition"] for one in fewer)
    with pytest.raises(ReleaseRefusedError, match="not granted the counts or rates"):
        checked(less, [row])


def test_the_guard_sees_a_number_that_was_made_from_exact_counts(region):
    """Of counts that rounding moves all one way, the rate of the exact ones is another."""
    counts = [
        {**row, "count": row["count"] // 5 * 5 + 2} if row["period_type"] == "last12" else row
        for row in exact_counts()
    ]
    exact = world(counts)
    (row,) = (one for one in of(exact.rows(), "similar_areas") if one["category"].startswith("crude"))
    leaked = sum(
        one["count"] for one in counts if one["area"] in ("D2", "D3", "D4") and one["period_type"] == "last12"
    )

    number = round(leaked / 180_000 * 100_000, 1)
    planted = [{**one, "value": number} if one == row else one for one in exact.rows()]

    checked(exact, exact.rows())
    with pytest.raises(ReleaseRefusedError, match="does not follow"):
        checked(exact, planted)


def test_shown_counts_of_this_world_are_those_of_the_rule():
    assert [shown(count("district", "D1", "month", "2025-01", n))["value"] for n in (7, 8, 12, 13)] == [
        None,
        10,
        10,
        15,
    ]


def test_a_ratio_needs_no_ages_of_the_area_and_is_100_for_the_region_itself():
    from preventable.stages.disclosure.cells import Band, Cell, ratio_cell

    region = {"0-24": Band(Cell(400.0), 40_000.0, 1.0), "25+": Band(Cell(500.0), 60_000.0, 1.0)}
    own = {name: (Band(Cell(None), band.person_years, band.weight), band) for name, band in region.items()}

    found = ratio_cell(Cell(930.0), (Cell(930.0), Cell(30.0)), own, RULE)
    by_hand = methods.indirectly_standardised_ratio(928, 930 / 900 * 904, reference=100)

    assert found.value == 100.0
    assert found.lower == pytest.approx(by_hand.lower, abs=0.1)
    assert found.lower < 100 < found.upper


@pytest.mark.parametrize(
    ("total", "without", "band", "token"),
    [
        ("[x]", "", "", "[x]"),
        ("[c]", "", "", "[c]"),
        ("", "", "[c]", "[c]"),
        ("", "many", "", "[x]"),
    ],
)
def test_a_ratio_is_withheld_on_the_terms_of_a_rate(total, without, band, token):
    from preventable.stages.disclosure.cells import Band, Cell, ratio_cell

    own = Cell(None, total, "why") if total else Cell(100.0)
    of_band = Cell(None, band, "why") if band else Cell(400.0)
    bands = {"all ages": (Band(Cell(None), 9_000.0, 1.0), Band(of_band, 40_000.0, 1.0))}

    found = ratio_cell(own, (Cell(400.0), Cell(100.0 if without else 10.0)), bands, RULE)

    assert (found.value, found.token) == (None, token)
    assert found.note


def test_rows_are_those_of_the_declared_table(rows):
    from preventable.tables import TABLES

    table = TABLES["released_estimates"]
    table.conform(pa.Table.from_pylist(rows, schema=table.arrow_schema()))


def test_a_definition_that_is_counted_by_no_small_level_has_no_word_on_a_gradient():
    counts = [row for row in exact_counts() if row["area_type"] in ("district", "region")]

    assert not of(world(counts).rows(), "inequality_ratio")
