"""Release: what a missing month leaves of a figure, and that each value of the policy is used."""

import datetime as dt

import pytest
from figures_world import (
    SMALL_AREAS,
    counted,
    handed_on,
    months,
    policy,
    random_year,
    random_year_handed_on,
    record,
    released_from,
    session,
)

from preventable.errors import PolicyError
from preventable.settings import load_policy
from preventable.stages.disclosure.rule import read_release_rule

HELD = months(12)
RULE = read_release_rule(load_policy())


@pytest.fixture(scope="module")
def records():
    return random_year()


@pytest.fixture(scope="module")
def exact():
    """What the stage of figures hands on."""
    return random_year_handed_on()


def by_name(rows, recipient):
    return {row["figure"]: row for row in rows if row["recipient"] == recipient}


# --- incomplete periods -------------------------------------------------------------------------


def released_with_june_missing_from_a_hospital(share):
    """District XD01 sends that share of its records to ed-north, which misses June 2025."""
    made = [
        record(
            n,
            month=HELD[n % 12],
            provider="ed-north" if (n // 12) % 100 < share * 100 else "ed-south",
            method="knife_sharp",
        )
        for n in range(12 * 100)
    ]
    return by_name(
        released_from(counted(made, HELD, missing=[("ed-north", "2025-06")])), "community_safety-XD01"
    )


@pytest.mark.parametrize(
    ("share", "month", "quarter", "year"),
    [(1.0, "[x]", "[x]", "[x]"), (0.3, "[x]", "[x]", "[x]"), (0.2, "[x]", "[x]", ""), (0.05, "", "", "")],
)
def test_a_gap_is_not_available_where_it_weighs_too_much_for_the_period(share, month, quarter, year):
    """A month may lack a twentieth, a longer period a fiftieth: a fifth of one month is a sixtieth of a year."""
    rows = released_with_june_missing_from_a_hospital(share)

    for period, token in (("month/2025-06", month), ("month/2025-05", ""), ("quarter/2025-06", quarter),
                          ("quarter/2025-03", ""), ("last12/2025-12", year)):  # fmt: skip
        definition = (
            "ed_knife_attendances.v1" if period.startswith("quarter") else "ed_assault_attendances.v1"
        )
        row = rows[f"{definition}/district/XD01/{period}/all/all/count"]
        assert row["value_note"] == token
        assert (row["value"] is None) == bool(token)
        assert row["value"] != 0
    stem = "ed_assault_attendances.v1/district/XD01"
    assert rows[f"{stem}/last12/2025-12/all/all/crude_rate"]["value_note"] == year


def test_what_is_not_available_and_what_is_nearly_complete_is_said_in_words():
    rows = released_with_june_missing_from_a_hospital(0.2)

    stem = "ed_assault_attendances.v1/district/XD01"
    nearly = RULE.notes["nearly_complete"]
    assert rows[f"{stem}/month/2025-06/all/all/count"]["note"] == "incomplete: not all hospitals have sent"
    assert rows[f"{stem}/month/2025-05/all/all/count"]["note"] == ""
    assert rows[f"{stem}/last12/2025-12/all/all/count"]["note"] == nearly
    assert rows[f"{stem}/last12/2025-12/all/all/crude_rate"]["note"] == nearly


def test_nearly_complete_is_said_of_every_area_alike():
    """Of one area alone it would tell where a hospital's patients live."""
    made = [
        record(n, month=HELD[n % 12], provider="ed-south", residence_small_area=SMALL_AREAS[4])
        for n in range(240)
    ]
    made += [record(1_000 + n, month=HELD[n % 12], provider="ed-north") for n in range(24)]

    rows = by_name(
        released_from(counted(made, HELD, missing=[("ed-north", "2025-06")])), "community_safety-XD02"
    )

    note = rows["ed_assault_attendances.v1/district/XD02/last12/2025-12/all/all/count"]["note"]
    assert note == RULE.notes["nearly_complete"]


def test_a_gap_comes_before_a_small_count():
    """In a month that is a gap nothing is said of the count, not even that it is small."""
    made = [record(n, month=HELD[n % 12]) for n in range(24)]

    rows = by_name(
        released_from(counted(made, HELD, missing=[("ed-north", "2025-06")])), "community_safety-XD01"
    )

    assert rows["ed_assault_attendances.v1/district/XD01/month/2025-06/all/all/count"]["value_note"] == "[x]"
    assert rows["ed_assault_attendances.v1/district/XD01/month/2025-07/all/all/count"]["value_note"] == "[c]"


# --- each policy value is used ------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {
            ("disclosure", "counts", "minimum_count"): 10,
            ("disclosure", "counts", "rounding_base"): 10,
            ("disclosure", "patterns", "minimum_pattern_records"): 2_000,
        },
        {
            ("disclosure", "counts", "minimum_count"): 13,
            ("disclosure", "patterns", "minimum_pattern_records"): 2_600,
        },
        {("disclosure", "coverage", "minimum_coverage"): 0.5},
        {("disclosure", "coverage", "minimum_coverage_of_longer_periods"): 0.9},
        {("disclosure", "rates", "decimals"): 0},
        {("disclosure", "notes", "nearly_complete"): "a little is missing"},
        {("disclosure", "rates", "per"): 1_000},
        {("disclosure", "rates", "level"): 0.99},
        {("disclosure", "rates", "minimum_events_for_rate"): 1_000},
        {("disclosure", "rates", "minimum_person_years"): 10_000_000},
        {("disclosure", "rates", "maximum_unknown_age"): 0.0},
        {("disclosure", "shares", "minimum_denominator"): 1_000_000},
        {("disclosure", "shares", "decimals"): 1},
        {("disclosure", "shares", "more_decimals_from"): 1},
        {("disclosure", "shares", "more_decimals_from"): 1, ("disclosure", "shares", "more_decimals"): 5},
        {("disclosure", "notes", "confidential"): "too few"},
        {("disclosure", "notes", "confidential_part"): "too few behind it"},
        {("disclosure", "notes", "incomplete"): {"other": "some have not sent"}},
        {
            ("recipients", "recipients", 0, "allowed"): [],
            ("recipients", "recipients", 0, "signals"): [],
            ("recipients", "recipients", 0, "estimates"): [],
        },
        {("recipients", "recipients", 2, "expires"): dt.date(2024, 1, 1)},
    ],
)
def test_a_change_of_the_policy_changes_what_is_released(engine_with_a_gap, changes):
    engine, before = engine_with_a_gap

    assert released_from(engine, policy(changes)) != before


@pytest.fixture(scope="module")
def engine_with_a_gap(records):
    """One hospital misses June: about a third of the records of that month."""
    engine = session(handed_on(counted(records, HELD, missing=[("ed-south", "2025-06")])))
    return engine, released_from(engine)


@pytest.mark.parametrize(
    ("note", "name", "value"),
    [("age_left_out", "per", 100_000), ("few_events", "minimum_events_for_rate", 1_000),
     ("few_people", "minimum_person_years", 10_000_000), ("unknown_age", "maximum_unknown_age", 0.0)],
)  # fmt: skip
def test_the_words_of_the_policy_stand_beside_the_cells(exact, note, name, value):
    changed = policy({("disclosure", "notes", note): "other words", ("disclosure", "rates", name): value})

    assert "other words" in {row["note"] for row in released_from(session(exact), changed)}


def test_a_standard_population_that_is_no_code_file_is_refused():
    with pytest.raises(PolicyError):
        counted(
            [record(1)], HELD, policy=policy({("disclosure", "rates", "standard_population"): "nowhere_1999"})
        )
