"""The stage of signals: which weeks are scored, what a row says, and why a series has none."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from figures_world import context, counted, months, policy, random_records, rows_of, session
from weekly_world import null_counts

from preventable.methods import combined_p, normal_score, upper_mid_p
from preventable.stages.signals.rules import kind_rules
from preventable.stages.signals.series import scored_periods
from preventable.stages.signals.stage import score_weeks
from preventable.tables import TABLES

DEFINITION = "ed_assault_attendances"
FIRST = dt.date(2024, 1, 1)
LAST_WEEK = "2025-12-22"  # of the 104 whole weeks from 1 January 2024 on
#: Policy under which no series is too sparse for weeks.
BY_WEEK = policy({("signals", "sparse", "least_mean"): 0})
DISTRICTS = tuple(f"XD{number:02d}" for number in range(1, 8))


def weekly_rows(counts, *, areas=DISTRICTS, first=FIRST, coverage=None, region=True, level="district"):
    """Weekly counts of some areas and of the region, which counts all of them."""
    given = np.atleast_2d(counts)
    full = np.ones(given.shape) if coverage is None else coverage
    series = [(level, area, given[at], full[at]) for at, area in enumerate(areas)]
    if region:
        series.append(("region", "X01", given.sum(axis=0), full.min(axis=0)))
    return [
        {
            "definition": DEFINITION,
            "definition_version": 1,
            "source": "ed",
            "area_type": area_type,
            "area": area,
            "unit": "week",
            "week": str(first + dt.timedelta(weeks=week)),
            "count": int(count),
            "coverage": float(complete),
        }
        for area_type, area, numbers, completeness in series
        for week, (count, complete) in enumerate(zip(numbers, completeness, strict=True))
    ]


def person_years(areas, period="2025-12"):
    levels = [("region", "X01", 7_000.0), *(("district", area, 1_000.0) for area in areas)]
    return [
        {
            "area_type": area_type,
            "area": area,
            "period_type": "month",
            "period_start": period,
            "period_end": period,
            "age_band": "all",
            "person_years": years,
        }
        for area_type, area, years in levels
    ]


def scored(rows, *, period="2025-12", given=None, days=(), areas=DISTRICTS):
    """Rows of signals, conforming to their declaration, by area, kind, weeks and week."""
    engine = session(
        {
            "weekly_counts": rows_of("weekly_counts", rows),
            "population_bases": rows_of("population_bases", person_years(areas, period)),
            "calendar": rows_of("calendar", days),
            "mix_counts": rows_of("mix_counts", []),
            "partners": rows_of("partners", []),
            "areas": rows_of("areas", []),
            "nowcasts": rows_of("nowcasts", []),
        }
    )
    score_weeks(engine, context(given, period))
    table = TABLES["signals"].conform(engine.table("signals"))
    found = {(row["area"], row["kind"], row["weeks"], row["week"]): row for row in table.to_pylist()}
    assert len(found) == table.num_rows
    return found


@pytest.fixture(scope="module")
def counts():
    return null_counts(11)


@pytest.fixture(scope="module")
def found(counts):
    return scored(weekly_rows(counts))


def test_scored_are_the_weeks_that_end_in_the_last_month_and_eight_before(found):
    weeks = sorted({week for _area, _kind, _weeks, week in found})

    assert weeks == [str(dt.date(2025, 10, 6) + dt.timedelta(weeks=week)) for week in range(12)]
    assert weeks[-1] == LAST_WEEK


def test_every_series_and_window_has_a_row_found_or_not(found):
    levels = {(area, "level") for area in ("X01", *DISTRICTS)}
    relatives = {(area, "relative") for area in DISTRICTS}

    assert {key[:2] for key in found} == levels | relatives
    assert len(found) == len(levels | relatives) * 3 * 12


def test_a_row_holds_together(found, counts):
    for (area, _kind, weeks, week), row in found.items():
        last = (dt.date.fromisoformat(week) - FIRST).days // 7
        of_area = counts.sum(axis=0) if area == "X01" else counts[DISTRICTS.index(area)]

        assert row["status"] == "scored"
        assert row["observed"] == of_area[last + 1 - weeks : last + 1].sum()
        assert row["history_weeks"] == last + 1 - 4
        assert row["p"] == pytest.approx(
            upper_mid_p(row["observed"], row["expected"], row["variance"]), rel=1e-6
        )
        assert row["z"] == pytest.approx(normal_score(row["p"]), rel=1e-6, abs=1e-6)
        assert row["lower_95"] <= row["lower_80"] <= row["expected"] <= row["upper_80"] <= row["upper_95"]
        assert row["dispersion"] >= 1


def test_the_row_of_two_weeks_alone_has_the_score_of_one_and_two(found):
    for (area, kind, weeks, week), row in found.items():
        if weeks != 2:
            assert row["combined_p"] is None
            assert row["combined_z"] is None
            continue
        newest = found[area, kind, 1, week]["p"]
        expected = combined_p(newest, row["p"], newest_weight=2, correlation=0.75)
        assert row["combined_p"] == pytest.approx(expected, rel=1e-6)
        assert row["combined_z"] == pytest.approx(normal_score(expected), rel=1e-6, abs=1e-6)


def test_the_row_of_the_longest_window_alone_has_the_yearly_change(found):
    for (_area, _kind, weeks, _week), row in found.items():
        columns = [row[name] for name in ("yearly_change", "yearly_change_se", "yearly_change_p")]
        assert [value is not None for value in columns] == [weeks == 4] * 3


def test_a_slow_rise_is_a_yearly_change_of_its_district_against_the_others(counts):
    changed = np.round(counts * np.where(np.arange(7)[:, None] == 1, 1 + 0.006 * np.arange(104), 1.0))

    rows = scored(weekly_rows(changed))

    changes = {area: rows[area, "relative", 4, LAST_WEEK] for area in DISTRICTS}
    assert changes["XD02"]["yearly_change"] > 0.15
    assert changes["XD02"]["yearly_change_p"] < 0.001
    assert min(row["yearly_change_p"] for area, row in changes.items() if area != "XD02") > 0.01


def test_a_week_is_scored_from_what_came_up_to_it(found, counts):
    changed = counts.copy()
    changed[:, -1] *= 5

    later = scored(weekly_rows(changed))

    earlier_weeks = {key: row for key, row in found.items() if key[3] < LAST_WEEK}
    assert {key: row for key, row in later.items() if key[3] < LAST_WEEK} == earlier_weeks
    assert later["XD01", "level", 1, LAST_WEEK] != found["XD01", "level", 1, LAST_WEEK]


def test_an_excess_of_one_district_is_one_line_of_it_in_both_questions(counts):
    changed = counts.copy()
    changed[3, -1] += 8 * counts[3].mean() ** 0.5

    rows = scored(weekly_rows(changed))

    for kind in ("level", "relative"):
        assert rows["XD04", kind, 2, LAST_WEEK]["combined_p"] < 0.001
        others = [rows[area, kind, 2, LAST_WEEK]["combined_p"] for area in DISTRICTS if area != "XD04"]
        assert min(others) > 0.001


def test_a_week_that_doubles_everywhere_is_a_line_of_the_region_and_of_no_district_against_the_others(counts):
    changed = counts.copy()
    changed[:, -1] *= 2

    rows = scored(weekly_rows(changed))

    assert rows["X01", "level", 1, LAST_WEEK]["p"] < 1e-6
    assert min(rows[area, "relative", 1, LAST_WEEK]["p"] for area in DISTRICTS) > 0.001


def test_no_event_now_is_never_a_signal_whatever_came_before(counts):
    changed = counts.copy()
    changed[2, -2] = 50 * counts[2].mean()
    changed[2, -1] = 0

    row = scored(weekly_rows(changed))["XD03", "level", 2, LAST_WEEK]

    assert row["p"] < 1e-6
    assert row["combined_p"] >= 0.5


def test_a_missing_month_is_left_out_and_its_windows_are_incomplete(counts):
    coverage = np.ones(counts.shape)
    coverage[4, 95:100] = 0.5  # five weeks from 27 October 2025 on
    emptied = np.where(coverage < 1, 0, counts)

    rows = scored(weekly_rows(emptied, coverage=coverage))

    of_district = {key: row for key, row in rows.items() if key[:2] == ("XD05", "level")}
    incomplete = {key[2:] for key, row in of_district.items() if row["status"] == "incomplete"}
    assert {weeks for one, weeks in incomplete if one == 1} == {
        str(dt.date(2025, 10, 27) + dt.timedelta(weeks=week)) for week in range(5)
    }
    assert (2, "2025-12-01") in incomplete
    assert (4, "2025-12-15") in incomplete
    assert (4, "2025-12-22") not in incomplete
    last = of_district["XD05", "level", 1, LAST_WEEK]
    assert (last["status"], last["history_weeks"]) == ("scored", 100 - 5)
    assert last["expected"] == pytest.approx(counts[4].mean(), rel=0.35)
    assert all(
        row["observed"] is row["p"] is row["combined_p"] is None
        for row in rows.values()
        if row["status"] == "incomplete"
    )


def test_the_others_are_compared_without_the_missing_one(counts, found):
    coverage = np.ones(counts.shape)
    coverage[4, 103] = 0.5
    emptied = np.where(coverage < 1, 0, counts)

    rows = scored(weekly_rows(emptied, coverage=coverage))

    for area in DISTRICTS[:4]:
        there, whole = (one[area, "relative", 1, LAST_WEEK] for one in (rows, found))
        assert there["status"] == "scored"
        assert there["expected"] == pytest.approx(whole["expected"], rel=0.25)
    assert rows["XD05", "relative", 1, LAST_WEEK]["status"] == "incomplete"
    assert rows["X01", "level", 1, LAST_WEEK]["status"] == "incomplete"


def test_a_quarter_is_not_enough_history_and_says_so():
    rows = scored(weekly_rows(null_counts(1, weeks=13), first=dt.date(2025, 9, 29)))

    assert {row["status"] for row in rows.values()} == {"not_enough_history"}
    assert {row["p"] for row in rows.values()} == {None}


@pytest.mark.parametrize(("weeks", "status"), [(15, "not_enough_history"), (16, "scored"), (30, "scored")])
def test_twelve_usable_weeks_before_the_guard_are_enough(weeks, status):
    first = dt.date(2025, 12, 22) - dt.timedelta(weeks=weeks - 1)

    rows = scored(weekly_rows(null_counts(1, weeks=weeks), first=first))

    assert {row["status"] for key, row in rows.items() if key[3] == LAST_WEEK} == {status}


def test_one_week_and_no_week_give_rows_without_a_score_and_no_rows():
    one = scored(weekly_rows(null_counts(1, weeks=1), first=dt.date(2025, 12, 22)))

    assert {row["status"] for row in one.values()} == {"not_enough_history"}
    assert len(one) == 15 * 3
    assert scored([]) == {}


def test_one_district_has_no_others_to_be_compared_with(counts):
    rows = scored(weekly_rows(counts[:1], areas=("XD01",)), areas=("XD01",))

    assert {key[:2] for key in rows} == {("X01", "level"), ("XD01", "level")}
    assert {row["status"] for row in rows.values()} == {"scored"}


def test_where_nothing_ever_was_the_regions_rate_is_expected_and_two_events_are_needed(counts):
    for now, unlikely in ((0, False), (1, False), (200, True)):
        changed = counts.copy()
        changed[6] = 0
        changed[6, -1] = now

        rows = scored(weekly_rows(changed))

        row = rows["XD07", "level", 1, LAST_WEEK]
        assert row["status"] == "scored"
        assert row["expected"] == pytest.approx(changed[:6, :100].sum() / 100 / 7, rel=0.01)
        assert (row["p"] < 0.01) == unlikely
        assert now > 1 or row["p"] >= 0.5


def test_months_that_did_not_come_do_not_lower_the_regions_rate_where_nothing_ever_was(counts):
    changed, coverage = counts.copy(), np.ones(counts.shape)
    changed[6] = 0
    changed[:, 30:70], coverage[:, 30:70] = 0, 0

    row = scored(weekly_rows(changed, coverage=coverage))["XD07", "level", 1, LAST_WEEK]

    known = np.r_[0:30, 70:100]
    assert row["expected"] == pytest.approx(changed[:6, known].sum() / len(known) / 7, rel=0.01)


def test_where_nothing_ever_was_a_week_that_did_not_come_is_incomplete_and_no_count_of_none(counts):
    changed, coverage = counts.copy(), np.ones(counts.shape)
    changed[6] = 0
    coverage[6, -1] = 0

    rows = scored(weekly_rows(changed, coverage=coverage))

    for weeks in (1, 2, 4):
        row = rows["XD07", "level", weeks, LAST_WEEK]
        assert (row["status"] == "scored", row["observed"], row["p"]) == (False, None, None)


def test_one_event_where_none_was_ever_seen_is_no_excess_even_in_a_quiet_region():
    counts = np.zeros((7, 104))
    counts[0, ::20] = 1
    counts[6, -1] = 1

    row = scored(weekly_rows(counts), given=BY_WEEK)["XD07", "level", 1, LAST_WEEK]

    assert row["expected"] < 0.02
    assert row["p"] >= 0.5


def test_a_region_in_which_nothing_ever_was_has_nothing_to_compare_with():
    rows = scored(weekly_rows(np.zeros((7, 104))), given=BY_WEEK)

    assert {row["status"] for row in rows.values()} == {"not_enough_history"}


def test_a_holiday_is_expected_of_the_level(counts):
    mondays = [FIRST + dt.timedelta(weeks=week) for week in range(7, 104, 12)]
    changed = counts.copy()
    changed[:, 7:104:12] = np.round(1.6 * changed[:, 7:104:12])
    days = [{"date": day, "name": "Day off", "day_type": "bank_holiday", "district": None} for day in mondays]

    known, unknown = (scored(weekly_rows(changed), days=some) for some in (days, []))

    week = str(mondays[-1])
    assert known["X01", "level", 1, week]["expected"] > 1.3 * unknown["X01", "level", 1, week]["expected"]
    assert known["X01", "level", 1, week]["p"] > 0.01 > unknown["X01", "level", 1, week]["p"]


def test_an_event_is_one_of_its_own_district(counts):
    days = [
        {
            "date": FIRST + dt.timedelta(weeks=week, days=5),
            "name": "Fair",
            "day_type": "event",
            "district": "XD02",
        }
        for week in (20, 72, 103)
    ]

    there, without = (scored(weekly_rows(counts), days=some) for some in (days, []))

    assert there["XD02", "level", 1, LAST_WEEK] != without["XD02", "level", 1, LAST_WEEK]
    assert there["X01", "level", 1, LAST_WEEK] == without["X01", "level", 1, LAST_WEEK]
    assert there["XD02", "relative", 1, LAST_WEEK] == without["XD02", "relative", 1, LAST_WEEK]


def test_rows_in_another_order_give_the_same_scores(counts, found):
    assert scored(list(reversed(weekly_rows(counts)))) == found


def test_coverage_and_windows_are_those_of_policy(counts):
    coverage = np.ones(counts.shape)
    coverage[:, -1] = 0.9

    strict, lax = (
        scored(
            weekly_rows(counts, coverage=coverage),
            given=policy({("signals", "weeks", "minimum_coverage"): least}),
        )
        for least in (0.95, 0.9)
    )

    assert strict["XD01", "level", 1, LAST_WEEK]["status"] == "incomplete"
    assert lax["XD01", "level", 1, LAST_WEEK]["status"] == "scored"
    short = scored(weekly_rows(counts), given=policy({("signals", "weeks", "windows"): [1, 2]}))
    assert {key[2] for key in short} == {1, 2}


@pytest.mark.parametrize(
    ("period", "earlier", "weeks"),
    [
        ("2025-12", 8, range(92, 104)),
        ("2025-12", 0, range(100, 104)),
        ("2024-01", 8, range(4)),
        ("2023-12", 8, range(0)),
        ("2024-12", 0, range(47, 52)),
    ],
)
def test_weeks_of_a_month_are_those_that_end_in_it(period, earlier, weeks):
    mondays = [FIRST + dt.timedelta(weeks=week) for week in range(104)]

    assert list(scored_periods(mondays, "week", period, earlier)) == list(weeks)


def test_a_year_of_53_weeks_has_no_week_of_its_own():
    """2020 has an ISO week 53; the week that ends on 2 January is not of December."""
    counts = null_counts(3, weeks=156)
    first = dt.date(2019, 1, 7)

    rows = scored(weekly_rows(counts, first=first), period="2021-12")

    weeks = sorted({week for _area, _kind, _weeks, week in rows})
    assert (weeks[0], weeks[-1]) == ("2021-10-04", "2021-12-20")
    assert {row["status"] for row in rows.values()} == {"scored"}


def test_the_stage_goes_on_from_the_stage_of_figures():
    held = months(24)
    engine = counted(random_records(2, 3_000, held), held)
    engine.load("calendar", rows_of("calendar", []))

    score_weeks(engine, context(period=held[-1]))

    table = TABLES["signals"].conform(engine.table("signals"))
    assert set(table.column("definition").to_pylist()) == {
        "ambulance_assault_callouts",
        "ed_assault_attendances",
        "police_assault_offences",
    }


def test_numbers_of_the_arithmetic_are_those_of_the_rules_file():
    level, relative = kind_rules()["level"].excess, kind_rules()["relative"].excess

    assert (level.season_pairs, relative.season_pairs) == (2, 1)
    assert (level.misfit_variance, relative.misfit_variance) == (0.03**2, 0.0)
    own = {"season_pairs": 1, "season_variance": 0.005, "slope_variance": 0.04, "misfit_variance": 0.0}
    own["siblings_share_shocks"] = False
    assert replace(level, **own) == relative
