"""Measures of areas beside an outcome: what was declared is told beside what is found, and a gap is no zero."""

import pytest
from figures_world import months, policy, rows_of
from patterns_world import AREAS, OUTCOME, counted_rows, district_of, figure_row

from preventable.engine.duckdb import DuckDBEngine
from preventable.errors import PolicyError
from preventable.stages.patterns.associations import association_rows
from preventable.stages.patterns.rules import Association, read_pattern_policy

HELD = months(12)
MEASURE = "school_suspensions"
LEVEL = "middle_area"
PLACES = [f"XM{number:02d}" for number in range(20)]


def row(factor, of_measure, rates=None, missing=(), shared=()):
    """The row of an outcome that falls from area to area, beside a measure by area and month."""
    counts = {area: 60 - 2 * at for at, area in enumerate(PLACES)} if rates is None else rates
    values = counted_rows(HELD, (), counts)
    for at, area in enumerate(PLACES):
        for month in HELD:
            figure = figure_row(
                MEASURE, "education", LEVEL, area, "month", month, month, float((area, month) not in missing)
            )
            older = "shared_out" if area in shared else None
            count = 0 if (area, month) in missing else of_measure(at)
            values.append({**figure, "count": count, "older_areas": older})
    people = [
        {
            "area_type": LEVEL, "area": area, "period_type": "last12", "period_start": HELD[0],
            "period_end": HELD[-1], "age_band": "all", "person_years": 1000.0,
        }
        for area in PLACES
    ]  # fmt: skip
    small = [
        {
            "small_area": area,
            "small_area_name": area,
            "middle_area": f"XM{at // 6:02d}",
            "district": district_of(area),
        }
        for at, area in enumerate(AREAS)
    ]
    engine = DuckDBEngine()
    for name, rows in {"indicator_values": values, "population_bases": people, "small_areas": small}.items():
        engine.load(name, rows_of(name, rows))
    (found,) = association_rows(engine, Association(OUTCOME, MEASURE, LEVEL, factor), policy())
    return found


def falling(at):
    return 40 - at


def rising(at):
    return 5 + at


@pytest.mark.parametrize(
    ("factor", "measure", "words"),
    [
        (
            "risk",
            falling,
            "declared as a risk factor; areas with more of it have more of the outcome, as was expected",
        ),
        ("risk", rising, "fewer of the outcome, other than was expected"),
        (
            "protective",
            rising,
            "declared as a protective factor; areas with more of it have fewer of the outcome, as was",
        ),
        ("protective", falling, "more of the outcome, other than was expected"),
        ("protective", lambda at: (7 * at) % 20, "is open: the limits hold both"),
    ],
)
def test_what_was_declared_stands_beside_what_is_found_and_no_cause(factor, measure, words):
    told = row(factor, measure)

    assert words in told["reason"]
    assert told["reason"].endswith("it says nothing of causes, nor of single people")


def test_a_measure_of_which_nothing_was_declared_is_told_without_expectation():
    assert "declared" not in row("", falling)["reason"]


def test_a_month_that_is_missing_in_an_area_is_a_month_of_no_area():
    """Half of the year missing in the areas with most would make them the areas with fewest."""
    missing = {(area, month) for area in PLACES[:10] for month in HELD[:6]}

    assert row("", falling, missing=missing)["value"] == pytest.approx(1.0)


def test_an_area_whose_count_was_shared_out_is_left_out():
    """Five areas say the opposite: with them the order would not be whole."""
    against = {at: 1 + at for at in range(5)}

    def measure(at):
        return against.get(at, falling(at))

    assert row("", measure)["value"] < 0.9
    assert row("", measure, shared=PLACES[:5])["value"] == pytest.approx(1.0)


def test_without_a_whole_month_nothing_is_told_and_why():
    told = row("risk", falling, missing={(PLACES[0], month) for month in HELD})

    assert told["status"] == "not_told"
    assert told["reason"] == "no month of the measure has come whole in every area"


def test_a_factor_is_risk_or_protective():
    with pytest.raises(PolicyError, match="factor"):
        read_pattern_policy(policy({("patterns", "associations", 0, "factor"): "cause"}))
