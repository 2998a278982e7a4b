"""Release: the policy, the arithmetic on shown counts, the grants, and the guard against planted leaks."""

import datetime as dt
import math

import pytest
from figures_world import (
    DISTRICTS,
    context,
    counted,
    granting,
    months,
    policy,
    random_records,
    random_year,
    random_year_handed_on,
    record,
    released_from,
    session,
)

from preventable import methods
from preventable.errors import NothingToReleaseError, PolicyError
from preventable.settings import load_policy
from preventable.stages.disclosure import stage
from preventable.stages.disclosure.cells import (
    Band,
    Cell,
    crude_rate_cell,
    share_cell,
    standardised_rate_cell,
)
from preventable.stages.disclosure.recipients import read_recipients
from preventable.stages.disclosure.rule import read_release_rule
from preventable.tables import TABLES

HELD = months(12)
RULE = read_release_rule(load_policy())


@pytest.fixture(scope="module")
def records():
    return random_year()


@pytest.fixture(scope="module")
def exact():
    """What the stage of figures hands on."""
    return random_year_handed_on()


@pytest.fixture(scope="module")
def release(exact):
    """A session after a release that nobody tampered with; tests read it."""
    engine = session(exact)
    return engine, released_from(engine)


@pytest.fixture(scope="module")
def rows(release):
    return release[1]


def by_name(rows, recipient):
    return {row["figure"]: row for row in rows if row["recipient"] == recipient}


# --- the rule -----------------------------------------------------------------------------------


def test_the_policy_is_the_rule_we_promise():
    assert (RULE.minimum_count, RULE.rounding_base, RULE.rounding_error) == (8, 5, 2)
    assert (RULE.minimum_coverage, RULE.minimum_coverage_of_longer_periods) == (0.95, 0.98)
    assert RULE.maximum_unknown_age == 0.05
    assert (RULE.minimum_events_for_rate, RULE.minimum_person_years) == (10, 100)


@pytest.mark.parametrize(
    ("count", "value", "token"),
    [
        (0, None, "[c]"),
        (1, None, "[c]"),
        (7, None, "[c]"),
        (8, 10, ""),
        (12, 10, ""),
        (13, 15, ""),
        (17, 15, ""),
    ],
)
def test_a_count_is_a_token_below_eight_and_the_nearest_five_from_eight_on(count, value, token):
    rows = released_from(counted([record(n) for n in range(count)], HELD))

    shown = by_name(rows, "community_safety-XD01")[
        "ed_assault_attendances.v1/district/XD01/month/2025-12/all/all/count"
    ]
    assert (shown["value"], shown["value_note"]) == (value, token)


def test_half_way_values_of_an_even_base_go_up():
    changed = policy(
        {
            ("disclosure", "counts", "rounding_base"): 10,
            ("disclosure", "counts", "minimum_count"): 10,
            ("disclosure", "patterns", "minimum_pattern_records"): 2_000,
        }
    )

    rows = released_from(counted([record(n) for n in range(15)], HELD, policy=changed), changed)

    shown = by_name(rows, "community_safety-XD01")[
        "ed_assault_attendances.v1/district/XD01/month/2025-12/all/all/count"
    ]
    assert shown["value"] == 20


@pytest.mark.parametrize(
    ("minimum", "base", "accepted"),
    [
        (8, 5, True),
        (10, 10, True),
        (13, 5, True),
        (6, 5, False),
        (7, 5, False),
        (1, 1, False),
        (3, 5, False),
        (2, 5, False),
    ],
)
def test_a_rule_that_lets_a_cell_stand_for_fewer_than_five_counts_is_refused(minimum, base, accepted):
    changed = policy(
        {
            ("disclosure", "counts", "minimum_count"): minimum,
            ("disclosure", "counts", "rounding_base"): base,
            ("disclosure", "patterns", "minimum_pattern_records"): 200 * minimum,
        }
    )

    if accepted:
        assert read_release_rule(changed).minimum_count == minimum
    else:
        with pytest.raises(PolicyError):
            read_release_rule(changed)


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [("counts", "minimum_count", "eight"), ("counts", "rounding_base", 0), ("rates", "level", 1.0),
     ("coverage", "minimum_coverage", 1.5), ("rates", "maximum_unknown_age", -0.1), ("counts", "minimum_count", True),
     ("notes", "incomplete", {"ed": "not all"}), ("rates", "decimals", 1.5), ("shares", "decimals", True),
     ("coverage", "minimum_coverage_of_longer_periods", 98)],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused(section, name, value):
    with pytest.raises(PolicyError):
        read_release_rule(policy({("disclosure", section, name): value}))


def test_a_rule_that_lacks_a_value_is_refused():
    changed = policy()
    del changed.files["disclosure"]["rates"]["level"]

    with pytest.raises(PolicyError) as refused:
        read_release_rule(changed)
    assert "level" in str(refused.value)


# --- rates and shares of shown counts ----------------------------------------------------------


def test_a_crude_rate_is_that_of_the_shown_count_and_its_limits_take_in_the_rounding():
    cell = crude_rate_cell(Cell(100.0), 50_000, RULE)

    assert cell.value == 200.0
    assert cell.lower == math.floor(methods.crude_rate(98, 50_000).lower * 10) / 10
    assert cell.upper == math.ceil(methods.crude_rate(102, 50_000).upper * 10) / 10


@pytest.mark.parametrize(("decimals", "value"), [(0, 311.0), (1, 311.1), (3, 311.111)])
def test_a_rate_has_as_many_decimals_as_policy_says_and_its_limits_go_outwards(decimals, value):
    rule = read_release_rule(policy({("disclosure", "rates", "decimals"): decimals}))

    cell = crude_rate_cell(Cell(140.0), 45_000, rule)

    assert cell.value == value
    assert 0 <= methods.crude_rate(138, 45_000).lower - cell.lower < 10**-decimals
    assert 0 <= cell.upper - methods.crude_rate(142, 45_000).upper < 10**-decimals


@pytest.mark.parametrize(
    ("shown", "person_years", "token"),
    [
        (Cell(None, "[c]"), 50_000, "[c]"),
        (Cell(None, "[x]", "incomplete"), 50_000, "[x]"),
        (Cell(10.0), 50_000, "[x]"),
        (Cell(15.0), 50_000, ""),
        (Cell(15.0), 99, "[x]"),
        (Cell(15.0), 100, ""),
        (Cell(15.0), None, "[x]"),
    ],
)
def test_a_crude_rate_needs_ten_events_for_sure_and_a_hundred_person_years(shown, person_years, token):
    """10 is shown for 8 to 12 events: whether it is given must not tell which."""
    cell = crude_rate_cell(shown, person_years, RULE)

    assert cell.token == token
    assert (cell.value is None) == bool(token)


def bands(*counts, years=1_000.0):
    return {
        str(index): Band(Cell(count, "" if count else "[c]"), years, 10.0)
        for index, count in enumerate(counts)
    }


def test_a_standardised_rate_is_dobsons_band_by_band_from_shown_counts():
    cell = standardised_rate_cell(Cell(200.0), Cell(None, "[c]"), bands(50.0, 150.0), RULE)

    years, weights = {"0": 1_000.0, "1": 1_000.0}, {"0": 10.0, "1": 10.0}
    least = methods.directly_standardised_rate({"0": 48, "1": 148}, years, weights)
    most = methods.directly_standardised_rate({"0": 52, "1": 152}, years, weights)
    assert cell.value == pytest.approx(10_000.0)
    assert cell.lower == math.floor(least.lower * 10) / 10
    assert cell.upper == math.ceil(most.upper * 10) / 10


@pytest.mark.parametrize(
    ("total", "unknown", "percent"), [(200.0, None, 4), (1_000.0, None, 1), (1_000.0, 40.0, 5)]
)
def test_a_standardised_rate_says_how_many_records_without_an_age_it_leaves_out(total, unknown, percent):
    """At the most that the shown counts allow: 7 of 198, 7 of 998, 42 of 998."""
    missing = Cell(unknown, "" if unknown else "[c]")

    cell = standardised_rate_cell(Cell(total, note="nearly all"), missing, bands(total / 2, total / 2), RULE)

    assert cell.note == f"nearly all; records without an age are left out, at most {percent} % of all"


def test_one_band_that_is_not_shown_withholds_the_standardised_rate():
    cell = standardised_rate_cell(Cell(200.0), Cell(None, "[c]"), bands(200.0, None), RULE)

    assert (cell.value, cell.token) == (None, "[c]")


def test_an_incomplete_band_or_total_withholds_the_standardised_rate():
    gap = Cell(None, "[x]", "incomplete")

    assert standardised_rate_cell(gap, Cell(None, "[c]"), bands(200.0), RULE) == gap


@pytest.mark.parametrize(
    ("total", "unknown", "token"),
    [(140.0, None, "[x]"), (145.0, None, ""), (1_000.0, 45.0, ""), (1_000.0, 50.0, "[x]"), (240.0, 10.0, "[x]"),
     (245.0, 10.0, "")],
)  # fmt: skip
def test_age_may_be_missing_in_a_twentieth_at_the_most_that_the_shown_counts_allow(total, unknown, token):
    """A hidden 'unknown' may be 7 of the least total: 7 / 138 is more than a twentieth, 7 / 143 is not."""
    cell = standardised_rate_cell(
        Cell(total), Cell(unknown, "" if unknown else "[c]"), bands(total / 2, total / 2), RULE
    )

    assert cell.token == token


def test_a_band_without_population_withholds_the_standardised_rate():
    cell = standardised_rate_cell(Cell(200.0), Cell(None, "[c]"), bands(100.0, 100.0, years=None), RULE)

    assert (cell.token, cell.note) == ("[x]", RULE.notes["no_population"])


def test_a_standardised_rate_of_few_people_is_withheld():
    cell = standardised_rate_cell(Cell(200.0), Cell(None, "[c]"), bands(100.0, 100.0, years=49.0), RULE)

    assert (cell.token, cell.note) == ("[x]", RULE.notes["few_people"])


def test_a_share_is_that_of_shown_counts_with_as_many_decimals_as_they_bear():
    small, large = share_cell(Cell(95.0), Cell(300.0), RULE), share_cell(Cell(955.0), Cell(4_000.0), RULE)

    assert (small.value, large.value) == (0.32, 0.239)
    assert small.lower <= methods.wilson_proportion(93, 302).lower
    assert small.upper >= methods.wilson_proportion(97, 298).upper


@pytest.mark.parametrize(
    ("part", "whole", "token"),
    [(Cell(None, "[c]"), Cell(20.0), "[c]"), (Cell(None, "[c]"), Cell(None, "[x]"), "[x]"), (Cell(10.0), Cell(10.0), "[x]"),
     (Cell(15.0), Cell(15.0), "")],
)  # fmt: skip
def test_a_share_of_what_is_not_shown_or_of_too_few_is_withheld(part, whole, token):
    assert share_cell(part, whole, RULE).token == token


# --- who receives what --------------------------------------------------------------------------


def test_a_partner_receives_its_own_district_and_the_region_alone(rows):
    for row in rows:
        if row["area_type"] == "district":
            assert row["area"] == row["recipient"][-4:]
        elif row["area_type"] == "small_area":
            assert DISTRICTS[(int(row["area"][2:]) - 1) // 4] == row["recipient"][-4:]
        elif row["area_type"] == "venue":
            assert DISTRICTS[int(row["area"][1:]) * 2 // 4] == row["recipient"][-4:]


def test_an_area_that_lies_in_two_districts_is_in_nobodys_scope(exact):
    engine = session(exact)
    moved = engine.fetch(
        "SELECT small_area, small_area_name, middle_area, CASE WHEN small_area = 'XS00005' THEN 'XW001' ELSE ward END"
        " AS ward, neighbourhood, district, easting_m, northing_m, area_km2, deprivation_rank, deprivation_decile"
        " FROM small_areas"
    )
    engine.load("small_areas", moved)

    rows = released_from(engine)

    assert "XW001" not in {row["area"] for row in rows}
    assert "XW000" in {row["area"] for row in rows}


def test_licensing_receives_venues_and_no_age_or_sex(rows):
    licensing = [row for row in rows if row["recipient"].startswith("licensing")]

    assert {row["dimension"] for row in licensing} == {"all", "weekday_hour"}
    assert "venue" in {row["area_type"] for row in licensing}
    assert {row["measure"] for row in licensing} == {"count"}


def test_nobody_receives_a_breakdown_of_people_or_places_below_the_district(rows):
    below = [row for row in rows if row["area_type"] not in {"region", "district"}]

    assert {row["dimension"] for row in below} == {"all", "weekday_hour"}
    assert {row["area_type"] for row in below if row["dimension"] == "weekday_hour"} == {"venue"}


def test_every_category_is_released_or_none(rows):
    hours = [
        row["category"]
        for row in by_name(rows, "licensing-XD02").values()
        if row["area"] == "V002"
        and row["definition"] == "ed_venue_attendances"
        and row["dimension"] == "weekday_hour"
    ]

    assert len(hours) == len(set(hours)) == 25


@pytest.mark.parametrize(
    ("grant", "reason"),
    [
        (("licensing", "ed_assault_places", "district", "last12", "age_band", "count"), "age or sex"),
        (("licensing", "ed_assault_places", "region", "last12", "sex", "count"), "age or sex"),
        (
            ("community_safety", "police_assault_offences", "ward", "last12", "place_type", "count"),
            "stop at the district",
        ),
        (
            ("community_safety", "police_assault_offences", "ward", "last12", "weekday_hour", "count"),
            "stop at the district",
        ),
        (
            ("community_safety", "police_assault_offences", "small_area", "last12", "all", "count"),
            "calendar year",
        ),
        (
            ("community_safety", "police_assault_offences", "neighbourhood", "month", "all", "count"),
            "shortest period",
        ),
        (("licensing", "ed_venue_attendances", "venue", "month", "all", "count"), "twelve months"),
        (("licensing", "ed_venue_attendances", "venue", "last12", "weapon_class", "count"), "single events"),
        (
            ("public_health", "ed_venue_attendances", "venue", "last12", "all", "count"),
            "licensing and community",
        ),
        (("public_health", "ed_assault_attendances", "ward", "last12", "all", "crude_rate"), "small numbers"),
    ],
)
def test_the_loader_refuses_to_grant_what_nobody_may_have(grant, reason):
    with pytest.raises(PolicyError) as refused:
        read_recipients(granting(*grant))

    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("grant", "said"),
    [
        (
            ("public_health", "police_assault_offences", "district", "last12", "all", "crude_rate"),
            "residents",
        ),
        (
            ("public_health", "ed_assault_attendances", "district", "last12", "sex", "crude_rate"),
            "not computed",
        ),
        (
            ("public_health", "ed_assault_attendances", "district", "last12", "all", "share"),
            "without a breakdown",
        ),
        (("public_health", "burglaries", "district", "last12", "all", "count"), "definitions"),
        (("public_health", "ed_assault_attendances", "street", "last12", "all", "count"), "area_types"),
        (
            ("community_safety", "police_assault_offences", "district", "last12", "weapon_class", "count"),
            "does not count",
        ),
        (("public_health", "school_suspensions", "district", "quarter", "all", "count"), "does not count"),
    ],
)
def test_a_grant_that_cannot_be_computed_is_refused(grant, said):
    with pytest.raises(PolicyError) as refused:
        read_recipients(granting(*grant))

    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["purpose", "legal_basis", "expires", "scope", "partner_type"])
def test_a_recipient_without_purpose_legal_basis_scope_or_end_is_refused(name):
    with pytest.raises(PolicyError):
        read_recipients(policy({("recipients", "recipients", 0, name): ""}))


def test_a_policy_that_forbids_nothing_is_refused():
    with pytest.raises(PolicyError):
        read_recipients(policy({("disclosure", "never"): []}))


@pytest.mark.parametrize(
    ("expires", "served"), [(dt.date(2025, 12, 30), False), (dt.date(2025, 12, 31), True)]
)
def test_an_agreement_that_ends_before_the_period_does_gives_nothing(exact, expires, served):
    rows = released_from(session(exact), policy({("recipients", "recipients", 1, "expires"): expires}))

    assert ("licensing-XD01" in {row["recipient"] for row in rows}) is served
    assert "public_health-XD01" in {row["recipient"] for row in rows}


def test_a_kind_of_partner_that_is_not_in_the_policy_receives_nothing(exact):
    given = policy()
    given.files["recipients"]["recipients"] = given.files["recipients"]["recipients"][:1]

    assert {row["recipient"][:-5] for row in released_from(session(exact), given)} == {"community_safety"}


def test_a_release_to_nobody_is_refused(exact):
    given = policy(
        {("recipients", "recipients", number, "expires"): dt.date(2020, 1, 1) for number in range(3)}
    )

    with pytest.raises(NothingToReleaseError):
        released_from(session(exact), given)


def test_a_home_without_figures_has_nothing_to_release(exact):
    engine = session({**exact, "indicator_values": TABLES["indicator_values"].empty()})

    with pytest.raises(NothingToReleaseError):
        stage.protect_indicators(engine, context())


def test_a_release_of_no_months_is_refused(exact):
    with pytest.raises(NothingToReleaseError):
        stage.protect_indicators(session(exact), context(period=""))


def test_a_home_of_three_months_releases_to_date_in_the_place_of_twelve_months():
    held = months(3)

    rows = released_from(counted(random_records(4, 800, held), held))

    assert {row["period_type"] for row in rows} == {"month", "quarter", "to_date"}


# --- the register -------------------------------------------------------------------------------


def of(rows):
    """Who is told of which figure."""
    return {(row["recipient"], row["figure"]) for row in rows}


def test_the_register_holds_every_shown_cell_under_one_release(release):
    engine, released = release
    register = engine.table("release_register").to_pylist()

    assert len({row["release"] for row in register}) == 1
    assert register[0]["release"].startswith("2025-12-")
    leaves = ("recipient", "figure", "value", "lower", "upper", "value_note")
    told = [row for row in register if (row["recipient"], row["figure"]) in of(released)]
    assert [[row[name] for name in leaves] for row in told] == [
        [row[name] for name in leaves] for row in released
    ]
    beyond = of(engine.table("released_estimates").to_pylist()) | of(
        engine.table("released_signals").to_pylist()
    )
    assert of(register) - of(released) == beyond
    assert any(row["lower"] is not None and row["upper"] is not None for row in register)


def test_the_release_has_another_name_when_a_shown_cell_changes_and_the_same_when_none_does(records):
    def name_of(made):
        engine = counted(made, HELD)
        released_from(engine)
        return engine.table("release_register").column("release")[0].as_py()

    first = name_of(records)
    fewer = [one for one in records if one["month"] != "2025-03"]

    assert name_of(list(reversed(records))) == first
    assert name_of(fewer) != first


def test_the_release_has_another_name_when_limits_alone_change(exact):
    def released_under(given):
        engine = session(exact)
        values = {row["figure"]: row["value"] for row in released_from(engine, given)}
        return values, engine.table("release_register").column("release")[0].as_py()

    values, name = released_under(None)
    same_values, other = released_under(policy({("disclosure", "rates", "level"): 0.99}))

    assert same_values == values
    assert other != name
