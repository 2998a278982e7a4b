"""Changes that are known: one cuts the history of the series it names, another is told beside a line."""

from __future__ import annotations

import datetime as dt
import tomllib

import pytest
from figures_world import policy
from hypothesis import given
from hypothesis import strategies as st
from lines_world import RULE, TOLD, scored
from signals_world import DISTRICTS, drawn, series_rows
from test_signal_series import scored as scored_series

from preventable.errors import PolicyError
from preventable.settings import load_policy
from preventable.stages.disclosure.signal_lines import released_signals
from preventable.tables.known_changes import explanations, known_changes
from preventable.tables.region_folder import write_region_folder
from preventable.tables.signal_rules import read_signal_rules, with_changes_of_region

ED, POLICE = "ed_assault_attendances", "police_assault_offences"
MOVED = {
    "date": dt.date(2025, 11, 1),
    "until": dt.date(2025, 12, 31),
    "what": "the emergency department moved",
    "effect": "explain",
    "owner": "the partnership",
    "source": "minutes",
}
RECORDED = {
    "date": dt.date(2024, 7, 1),
    "what": "another way of recording",
    "effect": "cut_history",
    "owner": "the partnership",
    "source": "minutes",
}


def with_changes(*changes):
    return policy({("signals", "changes"): list(changes)})


def doubled(from_day):
    """Districts that count twice as many from a day on."""
    daily = drawn(20.0)
    daily[:, (from_day - dt.date(2023, 1, 2)).days :] *= 2
    return daily


def last(rows, area="XD01", kind="level"):
    return rows[area, "week", kind, 1, "2025-12-22"]


def test_a_cut_leaves_out_what_came_before_it():
    rows = series_rows(doubled(dt.date(2024, 7, 1)))

    cut, whole = scored_series(rows, given=with_changes(RECORDED)), scored_series(rows)

    # 78 weeks from 1 July 2024 to the 22nd of December 2025, the last four left out.
    assert last(cut)["history_weeks"] == 78 - 4
    assert last(whole)["history_weeks"] == 156 - 4
    assert last(cut)["expected"] == pytest.approx(40, rel=0.15)


def test_a_cut_of_one_district_is_no_cut_of_the_others_nor_of_another_source():
    rows = series_rows(drawn(20.0))

    own = {**RECORDED, "areas": ["XD02"], "sources": ["ed"]}
    others = ({**RECORDED, "sources": ["police"]}, {**RECORDED, "definitions": [POLICE]})
    own = scored_series(rows, given=with_changes(own, *others))

    history = {area: last(own, area)["history_weeks"] for area in ("X01", *DISTRICTS)}
    assert history == {"X01": 152, **dict.fromkeys(DISTRICTS, 152), "XD02": 74}


def test_a_cut_of_a_district_is_one_of_its_wards():
    wards = [f"XW{number:03d}" for number in range(7)]
    areas = [
        {
            "area_type": "ward",
            "area": ward,
            "area_name": ward,
            "district": "XD01" if at < 2 else "XD02",
            "polygon": b"",
        }
        for at, ward in enumerate(wards)
    ]
    rows = series_rows(drawn(5.0), areas=wards, level="ward")

    found = scored_series(rows, given=with_changes({**RECORDED, "areas": ["XD01"]}), areas=areas)

    assert [last(found, ward, "relative")["history_weeks"] for ward in wards] == [74] * 2 + [152] * 5


def test_too_short_a_history_after_a_cut_is_said():
    recently = {**RECORDED, "date": dt.date(2025, 11, 3)}

    rows = scored_series(series_rows(drawn(20.0)), given=with_changes(recently))

    assert last(rows)["status"] == "not_enough_history"
    assert rows["XD01", "week", "level", 1, "2025-10-27"]["status"] in ("not_enough_history", "incomplete")


def lines(given, rows=None):
    rows = rows or scored(definition=ED, **{"2025-12-22": 60})
    found = released_signals(rows, [TOLD], month="2025-12", rule=RULE, rules=read_signal_rules(given))
    return [row for row in found if row["line"]]


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({}, "the emergency department moved"),
        ({"sources": ["ed"], "areas": ["XD01"]}, "the emergency department moved"),
        ({"areas": ["XD02"]}, ""),
        ({"sources": ["police"]}, ""),
        ({"until": dt.date(2025, 12, 21)}, ""),
        ({"until": dt.date(2025, 12, 22)}, "the emergency department moved"),
        ({"date": dt.date(2025, 12, 28)}, "the emergency department moved"),
        ({"date": dt.date(2025, 12, 29)}, ""),
    ],
)
def test_a_change_stands_beside_a_line_of_its_days_areas_and_sources(changes, note):
    [line] = lines(with_changes({**MOVED, **changes}))

    assert (line["first_day"], line["last_day"]) == ("2025-12-22", "2025-12-28")
    assert line["note"] == note


def test_what_is_no_line_has_no_note_and_a_cut_is_no_reason():
    rows = released_signals(
        scored(definition=ED),
        [TOLD],
        month="2025-12",
        rule=RULE,
        rules=read_signal_rules(with_changes(MOVED)),
    )

    assert [(row["line"], row["note"]) for row in rows] == [(0, "")]
    assert lines(with_changes(RECORDED))[0]["note"] == ""


def test_several_are_told_by_date():
    earlier = {**MOVED, "date": dt.date(2025, 10, 1), "what": "a licence was taken away"}

    assert lines(with_changes(MOVED, earlier))[0]["note"] == (
        "a licence was taken away; the emergency department moved"
    )


def test_the_region_names_changes_too_and_its_folder_keeps_them(tmp_path):
    about = {
        "name": "Zedshire",
        "changes": [{**MOVED, "date": "2025-11-01", "until": "2025-12-31", "sources": ["ed"]}],
    }
    write_region_folder({}, about, tmp_path)

    read = tomllib.loads((tmp_path / "region.toml").read_text(encoding="utf-8"))

    assert read == about
    rules = with_changes_of_region(read_signal_rules(with_changes(RECORDED)), read)
    assert [one.what for one in rules.changes] == [
        "another way of recording",
        "the emergency department moved",
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"effect": "maybe"}, "neither cut_history nor explain"),
        ({"until": None}, "has a last day"),
        ({"effect": "cut_history"}, "has a last day"),
        ({"date": "soon"}, "not a date"),
        ({"what": ""}, "lacks what"),
        ({"owner": ""}, "lacks owner"),
        ({"areas": "XD01"}, "not a list of words"),
        ({"aera": ["XD01"]}, "a key that nothing reads: aera"),
    ],
)
def test_a_change_that_is_not_well_formed_is_refused(changed, said):
    with pytest.raises(PolicyError, match=said):
        read_signal_rules(with_changes({**MOVED, **changed}))


def test_changes_that_are_no_list_are_refused_and_none_is_none():
    with pytest.raises(PolicyError, match="not a list"):
        known_changes({"date": "2025-11-01"}, "region.toml")
    assert known_changes(None, "region.toml") == ()
    assert read_signal_rules(load_policy()).changes == ()


@given(shift=st.integers(-400, 400), length=st.integers(0, 40))
def test_a_change_is_told_exactly_where_its_days_and_the_line_s_meet(shift, length):
    change = known_changes([MOVED], "x")
    first = MOVED["date"] + dt.timedelta(days=shift)
    days = (first.isoformat(), (first + dt.timedelta(days=length)).isoformat())
    meet = {first + dt.timedelta(days=day) for day in range(length + 1)} & {
        MOVED["date"] + dt.timedelta(days=day) for day in range(61)
    }

    told = explanations(change, {"definition": ED, "source": "ed", "area": "XD01"}, days)

    assert bool(told) == bool(meet)
