"""The share known to police from located records: clocks, weeks, classes, and what is said where nothing can be."""

import datetime as dt
import random
import time
import tomllib
from dataclasses import fields, replace

import numpy as np
import pyarrow as pa
import pytest
from pair_world import WEEK, pair_world
from repository import PACKAGE
from scipy import stats

from preventable.methods.pair_excess_records import PairRules, chosen
from preventable.settings import load_policy
from preventable.stages.linkage import known
from preventable.stages.linkage.known import HEALTH_SOURCES, estimate_known, pair_rules, read_known_rules
from preventable.stages.linkage.policy import read_linkage_policy
from preventable.tables import TABLES

RULES = read_known_rules(read_linkage_policy(load_policy()))
COLUMNS = (
    "source", "record_key", "person_key", "month", "contact_local", "injury_start_local", "injury_end_local",
    "time_precision", "time_basis", "easting_m", "northing_m", "sigma_m", "age_years", "age_from", "age_to", "sex",
    "place_type", "method", "district",
)  # fmt: skip
SCHEMA = pa.schema([TABLES["located_records"].arrow_schema().field(name) for name in COLUMNS])
JANUARY = dt.datetime(2024, 1, 1)  # a Monday
SIGMA_M = (50.0, 300.0, 900.0, None)


def record(source="ed", contact=JANUARY, **values):
    """One located record; what is not told is missing."""
    row = dict.fromkeys(COLUMNS) | {
        "source": source,
        "record_key": "k1",
        "contact_local": contact,
        "month": f"{contact:%Y-%m}",
        "time_precision": "unknown",
        "time_basis": "arrival_proxy",
    }
    return row | values


def table(rows):
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def located(world, first=JANUARY, source="ed"):
    """The records of a world as located records, in weeks from `first` (a Monday)."""

    def at(minute):
        return None if np.isnan(minute) else first + dt.timedelta(minutes=float(minute))

    def values(records, i):
        age = None if np.isnan(records.age_from[i]) else int(records.age_from[i])
        place = None if np.isnan(records.easting_m[i]) else float(records.easting_m[i])
        return {
            "injury_start_local": at(records.start_min[i]),
            "injury_end_local": at(records.end_min[i]),
            "easting_m": place,
            "northing_m": None if place is None else float(records.northing_m[i]),
            "age_years": age,
            "age_from": age,
            "age_to": age,
            "sex": ["male", "female", "unknown"][records.sex[i]],
        }

    health, police = world.health, world.police
    for i in range(len(health)):
        stated = health.time_class[i] == 0
        yield record(
            source,
            at(health.contact_min[i]),
            **values(health, i)
            | {
                "record_key": f"h{i}",
                "time_precision": "exact" if stated else "unknown",
                "time_basis": "stated" if stated else "arrival_proxy",
                "sigma_m": SIGMA_M[health.place_class[i]],
            },
        )
    for i in range(len(police)):
        yield record(
            "police",
            at(police.start_min[i]),
            **values(police, i)
            | {"record_key": f"p{i}", "time_precision": "exact", "time_basis": "reported_from_to"},
        )


WORLD = pair_world(8, weeks=12, incidents=5000)
ROWS = list(located(WORLD))


@pytest.fixture(scope="module")
def said():
    return estimate_known(table(ROWS), rules=RULES)


def whole(said, source="ed", measure="own_record"):
    """The row of all victims of a source."""
    return next(
        row for row in said if (row["source"], row["measure"], row["breakdown"]) == (source, measure, "all")
    )


def of_groups(said, breakdown):
    return {row["category"]: row for row in said if row["breakdown"] == breakdown}


def test_each_source_has_a_row_and_each_row_the_same_columns(said):
    names = [(row["source"], row["measure"]) for row in said if row["breakdown"] == "all"]
    assert names == [
        *((source, measure) for source in HEALTH_SOURCES for measure in ("own_record", "incident")),
        ("ambulance", "own_record_or_ed"),
        ("ambulance", "incident_or_ed"),
    ]
    assert all(row.keys() == said[0].keys() for row in said)


def test_a_known_share_is_found(said):
    row = whole(said)

    assert row["calibrated"]
    assert row["lower"] <= WORLD.share <= row["upper"]
    assert row["estimate"] == pytest.approx(WORLD.share, abs=3 * row["standard_error"])


def test_the_limits_are_those_of_students_t_with_a_week_less_than_there_are(said):
    row = whole(said)
    reach = stats.t.ppf(0.975, row["weeks"] - 1) * row["standard_error"]

    assert RULES["given"]["level"] == 0.95
    assert (row["lower"], row["upper"]) == pytest.approx((row["estimate"] - reach, row["estimate"] + reach))


def test_more_are_known_by_incident_and_their_interval_is_wider(said):
    own, incident = whole(said), whole(said, measure="incident")

    co_victims = own["estimate"] * (1 / own["own_record_part"] - 1)
    assert incident["estimate"] - own["estimate"] == pytest.approx(0.18 * co_victims)
    assert incident["upper"] - incident["lower"] > own["upper"] - own["lower"]


def test_groups_whose_shares_differ_are_told_apart_and_small_ones_not():
    """Of the first half of a world every second known victim has lost the police record; districts are the halves."""
    world = pair_world(9, weeks=20, incidents=14000, known=0.7)
    middle = 10 * 7 * 24 * 60
    early = world.police.start_min < middle
    kept = ~early | (np.arange(len(world.police)) % 2 == 0)
    world = replace(world, police=chosen(world.police, kept))
    rows = list(located(world))
    half = JANUARY + dt.timedelta(minutes=middle)
    for at, row in enumerate(rows):
        row["district"] = "D1" if row["contact_local"] < half else "D2"
        row["place_type"] = "school_college" if at % 200 == 0 else "own_home"

    said = estimate_known(table(rows), rules=RULES)

    early_row, late_row = of_groups(said, "district").values()
    assert early_row["lower"] <= 0.35 <= early_row["upper"]
    assert late_row["lower"] <= 0.7 <= late_row["upper"]
    assert early_row["upper"] < late_row["lower"]
    places = of_groups(said, "place_type")
    assert (places["school"]["estimate"], places["school"]["reason"]) == (None, "too few records to say")
    assert places["home"]["estimate"] == pytest.approx(whole(said)["estimate"], abs=0.05)
    assert set(of_groups(said, "quarter")) == {"2024-Q1", "2024-Q2"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"fewest_records": 10**6}, "too few records to say"),
        ({"widest_interval": 0.001}, "too uncertain to say"),
        ({"fewest_read_share": 1.01}, "too uncertain to say"),
        ({"fewest_standard_errors": 10**6}, "too uncertain to say"),
    ],
)
def test_a_group_that_is_not_told_says_whether_it_is_small_or_uncertain(changed, reason):
    rules = {**RULES, "groups": replace(RULES["groups"], **changed)}

    quarter = of_groups(estimate_known(table(ROWS), rules=rules), "quarter")["2024-Q1"]

    assert (quarter["estimate"], quarter["upper"], quarter["reason"]) == (None, None, reason)


def test_records_with_neither_age_nor_sex_change_no_share(said):
    """A hospital that sends neither: its pairs are hardly told from chance."""
    bare = [
        {**row, "record_key": f"bare-{row['record_key']}", "person_key": None}
        | dict.fromkeys(("age_years", "age_from", "age_to", "sex"))
        for row in ROWS
        if row["source"] == "ed"
    ][::3]

    assert whole(estimate_known(table([*ROWS, *bare]), rules=RULES)) == whole(said)


def test_there_is_no_share_of_records_most_of_which_cannot_be_read():
    rules = {**RULES, "groups": replace(RULES["groups"], fewest_read_share=1.01)}

    row = whole(estimate_known(table(ROWS), rules=rules))

    assert (row["estimate"], row["calibrated"], row["reason"]) == (None, False, known.MOST_UNREAD)


def test_a_breakdown_that_policy_leaves_out_has_no_group():
    rules = {**RULES, "groups": replace(RULES["groups"], not_told={"ed": ("quarter",)})}

    said = estimate_known(table(ROWS), rules=rules)

    assert of_groups(said, "quarter") == {}
    assert of_groups(said, "age_band")


def test_ages_guessed_by_crews_make_no_groups():
    assert RULES["groups"].not_told == {"ambulance": ("age_band",)}


def test_an_interval_wider_than_the_rules_allow_is_no_figure(said):
    width = whole(said)["upper"] - whole(said)["lower"]
    rules = {**RULES, "given": {**RULES["given"], "widest_interval": 0.99 * width}}

    row = estimate_known(table(ROWS), rules=rules)[0]

    assert not row["calibrated"]
    assert row["reason"] == "the interval would be too wide to tell anything"
    assert (row["estimate"], row["lower"], row["upper"]) == (None, None, None)


def test_a_source_without_records_says_so(said):
    row = whole(said, "ambulance")

    assert row["source"] == "ambulance"
    assert not row["calibrated"]
    assert "no records of the service" in row["reason"]
    assert row["estimate"] is None


def test_the_period_is_of_whole_weeks(said):
    # Twelve weeks from Monday 1 January end within March, whose last whole week ends on the 31st, a Sunday.
    assert (whole(said)["period_start"], whole(said)["period_end"]) == ("2024-01-01", "2024-03-31")
    assert whole(said)["weeks"] == 12


@pytest.mark.parametrize(
    ("months", "first", "last"),
    [
        (("2024-01", "2024-03"), "2024-01-01", "2024-03-31"),
        (("2024-02", "2024-02"), "2024-02-05", "2024-02-25"),  # 29 February is a Thursday of a week cut off
        (("2023-12", "2024-02"), "2023-12-04", "2024-02-25"),
        (("2024-09", "2024-12"), "2024-09-02", "2024-12-29"),
    ],
)
def test_weeks_cut_by_the_months_are_left_out(months, first, last):
    begin, end = (dt.datetime.fromisoformat(f"{month}-15") for month in months)
    rows = [record(source, day) for source in ("ed", "police") for day in (begin, end)]

    period = estimate_known(table(rows), rules=RULES)[0]

    assert (period["period_start"], period["period_end"]) == (first, last)


def test_months_that_only_one_side_has_are_left_out():
    rows = [record("ed", dt.datetime(2024, month, 15)) for month in range(1, 13)]
    rows += [record("police", dt.datetime(2024, month, 15)) for month in range(4, 7)]

    period = estimate_known(table(rows), rules=RULES)[0]

    assert (period["period_start"], period["period_end"]) == ("2024-04-01", "2024-06-30")


@pytest.mark.parametrize("sources", [(), ("ed",), ("police",), ("ed", "police"), ("ambulance", "police")])
def test_none_or_one_record_gives_a_reason(sources):
    rows = estimate_known(table([record(source) for source in sources]), rules=RULES)

    assert not any(row["calibrated"] for row in rows)
    assert all(row["reason"] for row in rows)
    assert all(row["estimate"] is None for row in rows)


def test_seven_weeks_are_too_few():
    short = pair_world(8, weeks=7, incidents=3000)
    # From 5 February: seven weeks end on 24 March, and the month's last whole week on the 31st.
    rows = [
        row
        for row in located(short, dt.datetime(2024, 2, 5))
        if row["contact_local"] < dt.datetime(2024, 3, 25)
    ]

    row = estimate_known(table(rows), rules=RULES)[0]

    assert row["weeks"] == 7
    assert row["reason"] == "fewer than 8 whole weeks"


def test_the_order_of_rows_changes_nothing(said):
    mixed = list(ROWS)
    random.Random(1).shuffle(mixed)

    assert estimate_known(table(mixed), rules=RULES) == said


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York"])
def test_the_time_zone_of_the_machine_changes_nothing(said, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert estimate_known(table(ROWS), rules=RULES) == said
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_local_clock_counts_through_a_change_of_the_clocks():
    """The same twelve weeks, once in winter and once over the last Sunday of March: no difference moves."""
    spring = estimate_known(table(located(WORLD, dt.datetime(2024, 2, 5))), rules=RULES)[0]
    winter = estimate_known(table(located(WORLD, dt.datetime(2023, 11, 6))), rules=RULES)[0]

    figures = ("records", "estimate", "lower", "upper")
    assert spring["period_start"] == "2024-02-05"
    assert [spring[name] for name in figures] == [winter[name] for name in figures]


def test_attendances_of_one_person_within_three_days_count_once():
    days = [0, 2, 2.9, 3.1, 10]
    rows = [
        record(record_key=f"k{n}", person_key="one", contact=JANUARY + dt.timedelta(days=day))
        for n, day in enumerate(days)
    ]
    rows += [record(record_key=f"u{n}") for n in range(2)]

    kept = known._first_attendances(table(rows), RULES["re_attendance"]["within_min"])

    assert kept["record_key"].to_pylist() == ["k0", "k3", "k4", "u0", "u1"]


@pytest.mark.parametrize(
    ("precision", "basis", "stated", "expected"),
    [
        ("exact", "stated", True, 0),
        ("hour", "stated", True, 0),
        ("hour", "call_time", True, 0),
        ("part_of_day", "stated", True, 0),
        ("day", "stated", True, 1),
        ("unknown", "arrival_proxy", True, 2),
        ("exact", "arrival_proxy", True, 2),
        ("unknown", "stated", True, 2),
        ("exact", "stated", False, 2),
    ],
)
def test_the_class_of_time_follows_what_the_time_rests_on(precision, basis, stated, expected):
    when = JANUARY if stated else None
    rows = table(
        [record(time_precision=precision, time_basis=basis, injury_start_local=when, injury_end_local=when)]
    )

    records = known.health_records(rows, JANUARY.date(), RULES["place"]["sigma_m"])

    assert records.time_class.tolist() == [expected]


@pytest.mark.parametrize(
    ("sigma", "located_", "expected"),
    [
        (None, False, 3),
        (40, True, 0),
        (150, True, 0),
        (151, True, 1),
        (600, True, 1),
        (601, True, 2),
        (None, True, 2),
    ],
)
def test_the_class_of_place_follows_the_radius_of_uncertainty(sigma, located_, expected):
    point = 1000.0 if located_ else None
    rows = table([record(easting_m=point, northing_m=point, sigma_m=sigma)])

    records = known.health_records(rows, JANUARY.date(), RULES["place"]["sigma_m"])

    assert records.place_class.tolist() == [expected]


@pytest.mark.parametrize(
    ("years", "band", "expected"), [(34, (34, 34), 0), (None, (30, 39), 1), (None, (None, None), 2)]
)
def test_the_class_of_age_follows_how_it_was_given(years, band, expected):
    rows = table([record(age_years=years, age_from=band[0], age_to=band[1])])

    records = known.health_records(rows, JANUARY.date(), RULES["place"]["sigma_m"])

    assert records.age_class.tolist() == [expected]


def test_police_records_without_a_time_are_left_out_and_a_point_in_time_is_a_window_of_none():
    later = JANUARY + dt.timedelta(hours=3)
    rows = table(
        [
            record("police"),
            record("police", injury_start_local=later),
            record("police", injury_start_local=later, injury_end_local=later + dt.timedelta(hours=1)),
        ]
    )

    records = known.police_records(rows, JANUARY.date())

    assert records.start_min.tolist() == [180.0, 180.0]
    assert records.width_min.tolist() == [0.0, 60.0]


def test_minutes_count_from_the_first_monday():
    rows = table([record(contact=JANUARY + dt.timedelta(weeks=3, minutes=5))])

    assert known._minutes(rows["contact_local"], dt.date(2024, 1, 8)).tolist() == [2 * WEEK + 5]


def test_the_rules_have_owner_source_and_review():
    rules = tomllib.loads((PACKAGE / "stages" / "linkage" / "known.toml").read_text(encoding="utf-8"))

    assert rules["owner"]
    assert rules["source"]
    assert rules["reviewer"]
    assert rules["review_by"] > rules["reviewed"]


def test_every_number_of_the_rules_reaches_the_method():
    rules = pair_rules(RULES)

    assert {f.name for f in fields(PairRules)} == set(vars(rules))
    assert rules.tight_m == (300, 600, 1200)
    assert set(rules.tight_m) | set(rules.core_m) | {rules.control_from_m} <= set(rules.distance_edges_m)
    assert len(rules.times) == 3


def test_later_visits_and_wide_windows_are_those_of_the_policy():
    policy = replace(read_linkage_policy(load_policy()), same_injury_hours=24, widest_window_hours=12)

    rules = read_known_rules(policy)

    assert rules["re_attendance"]["within_min"] == 24 * 60
    assert pair_rules(rules).longest_window_min == 12 * 60
