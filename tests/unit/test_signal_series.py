"""Series of signals by month, below the district, and by the second named method."""

from __future__ import annotations

import csv
import datetime as dt

import numpy as np
import pytest
from figures_world import context, policy, rows_of, session
from signals_world import DAYS, DEFINITION, DISTRICTS, drawn, months, series_rows, weeks
from weekly_world import null_counts

from preventable.errors import PolicyError
from preventable.methods.farrington import FarringtonRules, farrington_flexible
from preventable.stages.signals.rules import farrington_rules
from preventable.stages.signals.stage import score_weeks
from preventable.tables import TABLES
from preventable.tables.signal_rules import read_signal_rules

FARRINGTON = policy({("signals", "method"): "farrington"})


def scored(rows, *, given=None, days=(), areas=(), nowcasts=(), period="2025-12"):
    """Rows of signals, conforming to their declaration, by area, unit, kind, length and first day."""
    engine = session(
        {
            "weekly_counts": rows_of("weekly_counts", rows),
            "population_bases": rows_of("population_bases", []),
            "calendar": rows_of("calendar", days),
            "mix_counts": rows_of("mix_counts", []),
            "partners": rows_of("partners", []),
            "areas": rows_of("areas", areas),
            "nowcasts": rows_of("nowcasts", nowcasts),
        }
    )
    score_weeks(engine, context(given, period))
    table = TABLES["signals"].conform(engine.table("signals"))
    keys = ("area", "unit", "kind", "weeks", "week")
    found = {tuple(row[key] for key in keys): row for row in table.to_pylist()}
    assert len(found) == table.num_rows
    return found


def test_below_one_event_a_fortnight_a_series_is_scored_by_month():
    daily = drawn(20.0)
    daily[2], daily[3] = drawn(0.25, seed=5)[2], drawn(0.9, seed=5)[3]

    rows = scored(series_rows(daily))

    assert {key[1] for key in rows if key[0] == "XD03"} == {"month"}
    assert {key[1] for key in rows if key[0] != "XD03"} == {"week"}
    assert {key[3] for key in rows if key[0] == "XD03"} == {1}
    assert {key[3] for key in rows if key[0] == "XD04"} == {1, 2, 4}


def test_a_month_is_scored_from_the_months_before_it_and_its_own_length():
    daily = drawn(20.0)
    daily[6] = np.arange(len(DAYS)) % 21 == 0

    rows = scored(series_rows(daily))

    of_months = {key: row for key, row in rows.items() if key[1] == "month"}
    assert sorted({key[4] for key in of_months}) == [f"2025-{month:02d}-01" for month in range(4, 13)]
    last = of_months["XD07", "month", "level", 1, "2025-12-01"]
    assert (last["status"], last["history_weeks"]) == ("scored", 35)
    assert last["expected"] == pytest.approx(31 / 21, rel=0.15)
    june = of_months["XD07", "month", "level", 1, "2025-06-01"]
    assert june["expected"] == pytest.approx(30 / 21, rel=0.15)
    assert {row["yearly_change"] for row in of_months.values()} == {None}


def test_many_in_a_quiet_month_are_unlikely_in_both_questions():
    daily = drawn(20.0)
    daily[2] = drawn(0.2, seed=9)[2]
    daily[2, -10:] = 1

    rows = scored(series_rows(daily))

    for kind in ("level", "relative"):
        assert rows["XD03", "month", kind, 1, "2025-12-01"]["p"] < 0.001
        assert rows["XD03", "month", kind, 1, "2025-11-01"]["p"] > 0.01


def test_a_month_that_did_not_come_is_left_out_of_a_monthly_series():
    daily = drawn(20.0)
    daily[2] = drawn(0.2, seed=9)[2]

    rows = scored(series_rows(daily, without=("2025-10",)))

    assert rows["XD03", "month", "level", 1, "2025-10-01"]["status"] == "incomplete"
    last = rows["XD03", "month", "level", 1, "2025-12-01"]
    assert (last["status"], last["history_weeks"]) == ("scored", 34)


def test_a_ward_is_scored_against_the_others_alone_and_one_without_any_event_not_at_all():
    wards = [f"XW{number:03d}" for number in range(10)]
    daily = drawn(2.0, areas=10)
    daily[0] = 0
    daily[1, -10:-3] += 3

    rows = scored(series_rows(daily, areas=wards, level="ward"))

    of_wards = {key: row for key, row in rows.items() if key[0] != "X01"}
    assert {key[2] for key in of_wards} == {"relative"}
    assert {key[0] for key in of_wards} == set(wards[1:])
    newest = {key[0]: row["p"] for key, row in of_wards.items() if key[3:] == (1, "2025-12-22")}
    assert min(newest, key=newest.get) == wards[1]
    assert newest[wards[1]] < 0.001


def test_the_numbers_of_districts_do_not_hang_on_smaller_areas():
    daily = drawn(20.0)
    wards = series_rows(drawn(2.0), areas=[f"XW{n:03d}" for n in range(7)], level="ward", region=False)

    assert scored(series_rows(daily)).items() <= scored(series_rows(daily) + wards).items()


# --- farringtonFlexible -----------------------------------------------------------------------------


def test_with_less_history_than_it_asks_for_the_second_method_says_nothing():
    """Three years before the last week of three years are not held."""
    rows = scored(series_rows(drawn(20.0)), given=FARRINGTON)

    assert {row["status"] for row in rows.values()} == {"not_enough_history"}
    assert len(rows) == 8 * 12


def farrington_with(unit="week", **changes):
    return FarringtonRules(**{**vars(farrington_rules(unit)), **changes})


@pytest.fixture
def two_years(monkeypatch):
    """The method's settings with two years of history."""
    monkeypatch.setattr(
        "preventable.stages.signals.named_method.farrington_rules",
        lambda unit: farrington_with(unit, years=2),
    )


def test_a_sparse_series_is_scored_by_the_second_method_month_by_month(two_years):
    daily = drawn(20.0)
    daily[2] = drawn(0.4, seed=9)[2]

    rows = scored(series_rows(daily), given=FARRINGTON)

    firsts = list(months())
    counts = np.array([[daily[2, days].sum() for days in months().values()]])
    starts = [dt.date.fromisoformat(first) for first in firsts]
    found = farrington_flexible(
        counts, [35], farrington_with("month", years=2), dates=starts, periods_of_year=12
    )
    row = rows["XD03", "month", "level", 1, "2025-12-01"]
    assert (row["status"], row["observed"], row["method"]) == ("scored", counts[0, 35], "farrington")
    assert row["p"] == pytest.approx(found.p[0, 0], rel=1e-8)
    assert rows["XD03", "month", "level", 1, "2025-04-01"]["status"] == "scored"


def test_a_scored_week_has_the_method_s_numbers(two_years):
    counts = null_counts(4, weeks=156)
    daily = np.zeros((7, len(DAYS)))
    daily[:, : 156 * 7 : 7] = counts

    rows = scored(series_rows(daily), given=FARRINGTON)

    starts = [dt.date.fromisoformat(first) for first in weeks()]
    found = farrington_flexible(counts, [155], farrington_with(years=2), dates=starts)
    for place, area in enumerate(DISTRICTS):
        row = rows[area, "week", "level", 1, str(starts[155])]
        assert (row["status"], row["method"], row["observed"]) == ("scored", "farrington", counts[place, 155])
        assert row["p"] == pytest.approx(found.p[place, 0], rel=1e-8)
        assert row["expected"] == pytest.approx(found.mean[place, 0], rel=1e-8)
        assert row["dispersion"] == pytest.approx(found.dispersion[place, 0], rel=1e-8)
    assert {key[2:4] for key in rows} == {("level", 1)}


def test_one_definition_may_be_scored_by_the_second_method_and_others_by_the_first():
    given = policy({("signals", "series", 1, "method"): "farrington"})

    assert read_signal_rules(given).methods == {
        "ambulance_assault_callouts": "kernel",
        DEFINITION: "farrington",
        "police_assault_offences": "kernel",
    }
    assert {row["method"] for row in scored(series_rows(drawn(20.0)), given=given).values()} == {"farrington"}


@pytest.mark.parametrize("path", [("method",), ("series", 0, "method")])
def test_a_method_that_we_do_not_know_is_refused(path):
    with pytest.raises(PolicyError, match="not one of kernel, farrington"):
        read_signal_rules(policy({("signals", *path): "cusum"}))


def test_the_stage_tells_what_r_tells(shared, monkeypatch):
    """The last weeks of a simulated series, with the settings of the reference: mean, dispersion and p of R."""
    folder = shared / "reference" / "methods" / "farrington"
    if not folder.is_dir():
        pytest.skip("../shared/reference/methods/farrington is not on this machine")
    monkeypatch.setattr(
        "preventable.stages.signals.named_method.farrington_rules",
        lambda _unit: farrington_with(years=5, least_events=0),
    )
    theirs = [row for row in read(folder / "expected.csv") if row["case"] == "simw_mid__nb_noufaily"][-8:]
    data = read(folder / "data_simw_mid.csv")
    rows = [
        {
            "definition": DEFINITION, "definition_version": 1, "source": "ed", "area_type": "district", "area": "XD01",
            "unit": "week", "week": row["date"], "count": int(row["y"]), "coverage": 1.0,
        }
        for row in data
    ]  # fmt: skip
    last = dt.date.fromisoformat(data[-1]["date"]) + dt.timedelta(days=6)

    found = scored(rows, given=FARRINGTON, period=f"{last:%Y-%m}")

    for row in theirs:
        ours = found["XD01", "week", "level", 1, data[int(row["t"]) - 1]["date"]]
        assert ours["observed"] == int(row["observed"])
        told = [ours[name] for name in ("expected", "dispersion", "p")]
        assert told == pytest.approx([float(row[name]) for name in ("mu0", "phi", "pvalue")], rel=1e-8)


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
