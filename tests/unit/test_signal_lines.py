"""Lines of the restricted side: what stands out by exact counts, with what is known of it; and changes of mix."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from figures_world import context, policy, rows_of, session
from hypothesis import given
from hypothesis import strategies as st
from signals_world import DEFINITION, PARTNERS, drawn, mix_rows_of, series_rows, week_of

from preventable.settings import load_policy
from preventable.stages.signals.groups import Known
from preventable.stages.signals.mix import Mix, dispersion, mix_rows
from preventable.stages.signals.stage import score_weeks
from preventable.tables import TABLES
from preventable.tables.months import last_months
from preventable.tables.signal_rules import read_signal_rules

LAST_WEEK = "2025-12-22"


def made(rows, *, mixes=(), areas=(), given=None, period="2025-12"):
    """The tables of the stage, each conforming to its declaration."""
    tables = {
        "weekly_counts": rows, "mix_counts": mixes, "partners": PARTNERS, "areas": areas, "population_bases": [],
        "calendar": [], "nowcasts": [],
    }  # fmt: skip
    engine = session({name: rows_of(name, some) for name, some in tables.items()})
    score_weeks(engine, context(given, period))
    names = ("signals", "signal_lines", "mix_changes")
    return {name: TABLES[name].conform(engine.table(name)).to_pylist() for name in names}


@pytest.fixture(scope="module")
def excess():
    daily = week_of(drawn(20.0), 0, LAST_WEEK, 35)
    usual, knives = {"knife_sharp": 0.1, "body_part": 0.9}, {"knife_sharp": 0.3, "body_part": 0.7}
    mixes = [*mix_rows_of("XD01", usual, knives), *mix_rows_of("XD02", usual, usual)]
    change = {
        "date": dt.date(2025, 12, 20), "until": dt.date(2026, 1, 5), "what": "a fair", "effect": "explain",
        "areas": ["XD01"], "owner": "x", "source": "x",
    }  # fmt: skip
    given = policy({("signals", "changes"): [change]})
    return made(series_rows(daily), mixes=mixes, given=given), series_rows(daily)


def test_a_line_has_all_that_is_known_of_its_series(excess):
    tables, _ = excess
    [line] = [one for one in tables["signal_lines"] if one["area_type"] == "district" and one["line"] == 1]
    [window] = [
        row
        for row in tables["signals"]
        if (row["area"], row["kind"], row["weeks"], row["week"]) == ("XD01", line["kind"], 1, LAST_WEEK)
    ]

    assert (line["verdict"], line["area"], line["first_day"]) == ("signal", "XD01", LAST_WEEK)
    for name in ("observed", "expected", "lower_80", "upper_80", "lower_95", "upper_95", "history_weeks"):
        assert line[name] == window[name]
    assert line["ratio"] == pytest.approx(line["observed"] / line["expected"], rel=1e-8)
    assert (line["reported"], line["known"]) == (1.0, "a fair")
    assert line["acts"] == "community_safety of XD01"
    assert line["weapon_class"] == "knife_sharp: 30% of 200, 10% before"
    assert line["place_type"] == line["weekday_hour"] == ""


def test_the_look_into_the_past_counts_the_weeks_that_the_stage_would_have_found(excess):
    """The same weeks scored by the stage itself, with more of them before the last month."""
    tables, rows = excess
    [line] = [one for one in tables["signal_lines"] if one["area_type"] == "district" and one["line"] == 1]
    far = made(rows, given=policy({("signals", "weeks", "earlier_weeks"): 60}))["signals"]
    of_line = [r for r in far if (r["area"], r["kind"], r["weeks"]) == ("XD01", line["kind"], 2)]
    now = next(row["combined_p"] for row in of_line if row["week"] == LAST_WEEK)
    first = min(row["week"] for row in tables["signals"])
    past = sorted((row for row in of_line if row["week"] < first), key=lambda row: row["week"])[-52:]

    found = sum(row["combined_p"] <= now for row in past)

    assert line["looked_at"] == len(past) == 52
    assert line["alarms_a_year"] == pytest.approx(found / 52 * 52.1775, rel=1e-8)


def test_there_are_five_lines_of_a_level_at_most_and_none_where_nothing_happens():
    everywhere = drawn(20.0)
    everywhere[:, -10:-3] *= 5

    lines = made(series_rows(everywhere))["signal_lines"]

    assert [one["line"] for one in lines if one["area_type"] == "district"] == [1, 2, 3, 4, 5]
    quiet = made(series_rows(drawn(20.0, seed=3)))["signal_lines"]
    assert [one["verdict"] for one in quiet if one["verdict"] == "signal"] == []


def test_a_line_of_a_ward_is_one_that_the_district_s_partners_act_on():
    wards = [f"XW{number:03d}" for number in range(7)]
    areas = [
        {"area_type": "ward", "area": ward, "area_name": f"Ward {ward}", "district": "XD02", "polygon": b""}
        for ward in wards
    ]
    rows = series_rows(week_of(drawn(5.0), 3, LAST_WEEK, 21), areas=wards, level="ward")

    [line] = [one for one in made(rows, areas=areas)["signal_lines"] if one["area_type"] == "ward"]

    assert (line["area"], line["area_name"], line["kind"]) == ("XW003", "Ward XW003", "relative")
    assert line["acts"] == "community_safety of XD02"


def test_a_home_of_three_months_has_no_line_and_compiles_nothing(monkeypatch):
    def never(*_args, **_options):
        raise AssertionError("the kernel was called")

    monkeypatch.setattr("preventable.methods.weekly_excess.fit_quasi_poisson", never)
    wards = series_rows(drawn(5.0), areas=[f"XW{n:03d}" for n in range(7)], level="ward", region=False)
    rows = [row for row in (*series_rows(drawn(20.0)), *wards) if row["week"] >= "2025-10-01"]

    tables = made(rows, mixes=mix_rows_of("XD01", {"other": 1.0}, {"other": 1.0}, "2025-10"))

    assert tables["signal_lines"] == []
    assert {row["status"] for row in tables["signals"]} == {"not_enough_history"}
    assert {row["area_type"] for row in tables["signals"]} == {"region", "district"}
    assert {row["verdict"] for row in tables["mix_changes"]} == {"not_enough_history"}


# --- mixes ------------------------------------------------------------------------------------------

NAMES = ("body_part", "glass", "knife_sharp")
HELD = last_months("2025-12", 36)
KNOWN = Known(read_signal_rules(load_policy()), load_policy(), "2025-12", {}, {}, {}, {}, {})


def mix(shares_of, seed=1, size=150, held=HELD):
    """Multinomial counts of some months, with shares by month."""
    draw = np.random.default_rng(seed)
    return Mix(tuple(held), NAMES, np.array([draw.multinomial(size, shares_of(month)) for month in held]))


def steady(_month):
    return (0.7, 0.2, 0.1)


def knives_now(month):
    return (0.55, 0.2, 0.25) if month >= "2025-10" else steady(month)


def judged(*mixes, months=3):
    """Rows of so many months, of mixes that are judged over three and over one."""
    keys = [(DEFINITION, f"XD{number:02d}", "weapon_class") for number, _ in enumerate(mixes, start=1)]
    rows = mix_rows(dict(zip(keys, mixes, strict=True)), KNOWN)
    assert len(rows) == 2 * len(mixes)
    return [row for row in rows if row["months"] == months]


def test_other_weapons_among_as_many_records_are_a_signal_of_their_district_alone():
    changed, same = judged(mix(knives_now), mix(steady, seed=2))

    assert (changed["verdict"], changed["category"], same["verdict"]) == ("signal", "knife_sharp", "none")
    assert changed["share_after"] > 2 * changed["share_before"]
    assert (same["category"], same["share_before"], same["share_after"]) == ("", None, None)
    assert (changed["first_month"], changed["last_month"], changed["before"]) == ("2025-10", "2025-12", 900)


def test_a_change_of_the_last_month_alone_is_found_where_it_has_records_enough():
    sudden = mix(lambda month: (0.5, 0.2, 0.3) if month == HELD[-1] else steady(month))
    few = mix(lambda month: (0.0, 0.2, 0.8) if month == HELD[-1] else steady(month), size=19)

    (found,) = judged(sudden, months=1)
    assert (found["verdict"], found["category"]) == ("signal", "knife_sharp")
    assert (found["first_month"], found["last_month"], found["after"]) == (HELD[-1], HELD[-1], 150)
    assert [row["verdict"] for row in judged(few, months=1)] == ["too_few"]
    assert {judged(mix(steady, seed=seed), months=1)[0]["verdict"] for seed in range(8)} == {"none"}


def test_twice_as_many_of_the_same_kind_are_no_change_of_mix():
    for seed in range(5):
        more = mix(steady, seed=seed)
        more.counts[-3:] += mix(steady, seed=seed + 50).counts[-3:]
        assert judged(more)[0]["p"] > 0.01


def test_what_every_winter_brings_is_no_change():
    assert (
        judged(mix(lambda month: (0.5, 0.2, 0.3) if month[5:] >= "10" else steady(month)))[0]["verdict"]
        == "none"
    )


@pytest.mark.parametrize(
    ("made_mix", "verdict"),
    [
        (mix(steady, size=6), "too_few"),
        (mix(knives_now, held=HELD[-14:]), "not_enough_history"),
        (mix(knives_now, held=HELD[-15:]), "signal"),
        (mix(knives_now, held=HELD[:-1]), "not_enough_history"),
        (mix(knives_now, held=[*HELD[:-2], HELD[-1]]), "not_enough_history"),
        (mix(steady, held=[]), "not_enough_history"),
    ],
)
def test_without_three_whole_months_and_those_of_a_year_before_or_with_few_records_nothing_is_said(
    made_mix, verdict
):
    assert judged(made_mix)[0]["verdict"] == verdict


def test_where_mixes_vary_from_month_to_month_less_is_a_change():
    """Every record counted five times: a fight has five victims of one kind."""
    five = mix(steady, seed=5, size=30)
    victims = Mix(five.months, five.categories, five.counts * 5)
    found = [
        judged(Mix(m.months, m.categories, m.counts * 5))[0]
        for m in (mix(steady, seed=s, size=30) for s in range(60))
    ]

    assert judged(victims)[0]["dispersion"] == pytest.approx(5, rel=0.25)
    assert sum(row["p"] <= 0.05 for row in found) <= 8


@given(counts=st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), max_size=12))
def test_a_dispersion_is_never_below_one(counts):
    assert dispersion(np.array(counts, dtype=np.int64).reshape(len(counts), 3)) >= 1
