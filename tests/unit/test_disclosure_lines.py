"""Lines on weekly series: judged on shown counts at their least, few, and never with a hidden count."""

from __future__ import annotations

from dataclasses import replace

import pytest
from figures_world import policy
from hypothesis import given, settings
from hypothesis import strategies as st
from lines_world import (
    RULE,
    RULES,
    SERIES,
    TOLD,
    WEEKS,
    changing,
    known,
    quiet,
    scored,
    stage_with,
    stated,
    with_series,
)

from preventable.errors import PolicyError, ReleaseRefusedError
from preventable.methods.false_discovery import Line
from preventable.stages.disclosure.estimates import (
    released_shares,
)
from preventable.stages.disclosure.guard_lines import check_lines
from preventable.stages.disclosure.recipients import read_recipients
from preventable.stages.disclosure.signal_lines import Told, released_signals

ONE = {"one": ["unknown_to_police"]}


def lines(rows, told=TOLD, month="2025-12"):
    return released_signals(rows, [told], month=month, rule=RULE, rules=RULES)


def the_lines(rows, **options):
    return sorted((row for row in lines(rows, **options) if row["line"]), key=lambda row: row["line"])


def test_nothing_unusual_is_no_line_and_each_series_is_told_to_be_judged():
    rows = lines(quiet("XD01", "X01"))

    assert [row["verdict"] for row in rows] == ["none"] * 6
    assert all(row["value"] is None and row["line"] == 0 and row["first_day"] == "" for row in rows)


def test_a_week_far_above_is_a_signal_with_its_shown_count_and_what_is_usual():
    [line] = the_lines(with_series(quiet("XD01", "X01"), scored(**{"2025-12-22": 48})))

    assert (line["verdict"], line["line"], line["value"]) == ("signal", 1, 50.0)
    assert (line["first_day"], line["last_day"]) == ("2025-12-22", "2025-12-28")
    # Of a mean of 20: 14.2 to 25.8, rounded outwards.
    assert (line["usual_lower"], line["usual_upper"]) == (14.0, 26.0)


def test_a_line_is_judged_on_the_least_count_that_the_shown_one_stands_for():
    """Counts that are shown alike in every window get one verdict, whatever they are."""
    verdicts = {
        count: [
            (row["verdict"], row["value"]) for row in lines(quiet("X01") + scored(**{"2025-12-22": count}))
        ]
        for count in range(33, 63)
    }

    groups = {}
    for count, said in verdicts.items():
        shown = tuple((2 * n + 5) // 10 * 5 for n in (count, count + 20, count + 60))
        groups.setdefault(shown, set()).add(str(said))
    assert all(len(said) == 1 for said in groups.values())


def beside(others):
    """Four weeks of XD01, 240, and of XD02: what is expected of XD01 goes with what XD02 counted in them."""
    four = [row for row in scored(60, expected=45.0, weeks=WEEKS[-1:]) if row["weeks"] == 4]
    mean = max(others, 0.5) * 1.5
    own = {
        "level": {"variance": 20_000.0},
        "relative": {"expected": mean, "variance": 1.3 * mean, "lower_80": mean - 1, "upper_80": mean + 1},
    }
    return [{**row, **own[row["kind"]]} for row in four] + [
        {**row, "area": "XD02", "observed": others} for row in four
    ]


def test_a_line_against_the_others_tells_no_more_than_their_shown_count():
    """What is usual goes with the others' count of the same weeks: exact, it would tell that count."""
    told = {}
    for others in range(8, 123):
        told.setdefault((2 * others + 5) // 10 * 5, set()).add(str(lines(beside(others))))

    assert [len(said) for said in told.values()] == [1] * 23
    assert len({said for group in told.values() for said in group}) > 15
    assert all("relative" in said for group in told.values() for said in group)


@pytest.mark.parametrize("others", range(8))
def test_against_others_whose_count_is_hidden_there_is_no_line(others):
    [row] = lines(beside(others))

    assert (row["verdict"], row["line"]) == ("none", 0)


@pytest.mark.parametrize(("expected", "verdicts"), [(17.5, {"signal"}), (18.5, {"none"})])
def test_a_count_that_is_shown_as_100_is_judged_as_98(expected, verdicts):
    """Of a mean of 74 events 98 is no line (p 0.010), and 102 would be one (p 0.0036)."""
    said = set()
    for observed in range(98, 103):
        rows = [row for row in scored(expected=expected) if (row["kind"], row["weeks"]) == ("level", 4)][-1:]
        said |= {row["verdict"] for row in lines([{**row, "observed": observed} for row in rows])}

    assert said == verdicts


def test_the_order_of_lines_does_not_tell_which_of_two_counts_shown_alike_is_larger():
    orders = {
        tuple(
            row["definition"]
            for row in the_lines(
                scored(definition=SERIES[0], **{"2025-12-22": one})
                + scored(definition=SERIES[1], **{"2025-12-22": other})
            )
        )
        for one, other in ((48, 52), (52, 48), (50, 50))
    }

    assert orders == {SERIES[:2]}


def test_the_highest_of_many_windows_is_a_line_only_where_it_is_high_for_so_many():
    """38 or more where 20 are expected: p is 0.0013 of that window alone, and 16 windows are looked at."""
    alone = [row for row in scored(weeks=WEEKS[-1:], **{"2025-12-22": 40}) if row["weeks"] <= 2]

    assert [row["verdict"] for row in lines([row for row in alone if row["kind"] == "level"])] == ["signal"]
    assert [row["verdict"] for row in lines(scored(**{"2025-12-22": 40}))] == ["none"]


def test_a_hidden_count_in_the_newest_week_is_judged_as_none():
    """A fortnight shown as 400 is a line or not whether its second week had no record, one or two."""
    for newest in (0, 1, 2):
        rows = scored(weeks=WEEKS[-1:], **{"2025-12-22": newest, "2025-12-15": 400})

        assert the_lines([row for row in rows if row["weeks"] <= 2]) == []


def test_a_hidden_count_is_no_line_however_unexpected():
    assert the_lines(scored(0, expected=0.05, **{"2025-12-22": 1})) == []
    assert [row["verdict"] for row in lines(scored(1, expected=0.02))] == ["none"]


@pytest.mark.parametrize(
    ("status", "verdict"), [("not_enough_history", "not_enough_history"), ("incomplete", "incomplete")]
)
def test_a_series_that_cannot_be_judged_says_why(status, verdict):
    empty = dict.fromkeys(("observed", "expected", "variance", "z", "p", "upper_80", "lower_80"))

    rows = lines([{**row, **empty, "status": status} for row in scored()])

    assert [(row["verdict"], row["line"]) for row in rows] == [(verdict, 0)]


def test_a_partner_gets_five_lines_at_most_and_the_largest_excess_first():
    rows = [
        row
        for area in ("XD01", "X01")
        for n, name in enumerate(SERIES)
        for row in scored(area=area, definition=name, **{"2025-12-22": 60 + 10 * n})
    ]

    found = the_lines(rows)

    assert [line["line"] for line in found] == [1, 2, 3, 4, 5]
    assert found[0]["definition"] == SERIES[2]


def test_what_is_said_of_the_region_does_not_hang_on_the_readers_district():
    region = quiet("X01")[: -len(scored())] + scored(area="X01", definition=SERIES[2], **{"2025-12-22": 40})
    other = Told("two", (("region", "X01"), ("district", "XD02")), SERIES)
    rows = [*quiet("XD02"), *with_series(quiet("XD01"), scored(**{"2025-12-22": 90})), *region]

    said = [
        {row["definition"]: row["verdict"] for row in lines(rows, told=told) if row["area_type"] == "region"}
        for told in (TOLD, other)
    ]

    assert said[0] == said[1]


def test_lines_of_the_district_stand_before_those_of_the_region():
    rows = [
        *with_series(quiet("XD01"), scored(**{"2025-12-22": 50})),
        *with_series(quiet("X01"), scored(area="X01", **{"2025-12-22": 90})),
    ]

    assert [line["area_type"] for line in the_lines(rows)] == ["district", "region"]


def test_a_signal_of_the_region_stands_before_what_is_worth_watching_in_the_district(monkeypatch):
    def families(family, **_):
        verdict = "worth_watching" if family[0].area == "XD01" else "signal"
        return (Line(family[0], verdict, 1),)

    monkeypatch.setattr("preventable.stages.disclosure.signal_lines.signal_lines", families)

    found = the_lines(quiet("XD01", "X01"))

    assert [(line["area"], line["verdict"]) for line in found] == [
        ("X01", "signal"),
        ("XD01", "worth_watching"),
    ]


def test_weeks_that_end_in_another_month_are_not_told():
    """The week of 29 December ends in January, that of 24 November in November."""
    for week, told in (("2025-12-22", True), ("2025-12-29", False), ("2025-11-24", False)):
        assert bool(the_lines(scored(weeks=(week,), **{week: 90}))) == told


def test_a_partner_is_told_of_its_own_areas_and_definitions_alone():
    other = scored(area="XD02", **{"2025-12-22": 90})
    ungranted = replace(TOLD, definitions=(SERIES[1],))

    assert lines(other) == []
    assert lines(scored(**{"2025-12-22": 90}), told=ungranted) == []


@settings(max_examples=40, deadline=None)
@given(counts=st.lists(st.integers(0, 120), min_size=4, max_size=4), mean=st.floats(0.2, 60))
def test_no_line_shows_a_count_that_its_cell_hides(counts, mean):
    rows = scored(expected=mean, **dict(zip(WEEKS, counts, strict=True)))

    found = the_lines(rows)

    check_lines(stated(lines(rows)), rows, [TOLD], rule=RULE, rules=RULES, month="2025-12")
    assert len(found) <= 1
    for line in found:
        assert line["value"] >= RULE.minimum_count
        assert line["value"] % RULE.rounding_base == 0
        assert line["usual_upper"] <= line["value"]


# --- the guard ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"recipient": "two"}, "not told of"),
        ({"area": "XD02"}, "not told of"),
        ({"value": 49.0}, "nearest multiple"),
        ({"value": 55.0}, "nearest multiple"),
        ({"first_day": "2025-12-10"}, "hidden"),
        ({"line": 0}, "no line and has a number"),
        ({"line": 0, "first_day": ""}, "no line and has a number"),
    ],
)
def test_the_guard_refuses_a_line_that_was_changed(change, words):
    rows = scored(**{"2025-12-22": 48})
    made = [{**row, "state": "", **change} for row in lines(rows)]

    with pytest.raises(ReleaseRefusedError, match=words):
        check_lines(made, rows, [TOLD], rule=RULE, rules=RULES, month="2025-12")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"usual_lower": 13.9}, "judged again"),
        ({"usual_upper": 26.1}, "judged again"),
        ({"note": "exact 48"}, "judged again"),
        ({"verdict": "worth_watching"}, "judged again"),
        ({"figure": "another"}, "judged again"),
        ({"line": -1}, "judged again"),
        ({"line": 2}, "judged again"),
        ({"state": "continuing"}, "state"),
        ({"state": ""}, "state"),
        ({"state": "withdrawn"}, "withdraws|state"),
    ],
)
def test_the_guard_works_a_whole_line_out_again(change, words):
    rows = with_series(quiet("XD01", "X01"), scored(**{"2025-12-22": 48}))
    made = stated(lines(rows))

    changed = [{**row, **change} if row["line"] else row for row in made]

    check_lines(made, rows, [TOLD], rule=RULE, rules=RULES, month="2025-12")
    with pytest.raises(ReleaseRefusedError, match=words):
        check_lines(changed, rows, [TOLD], rule=RULE, rules=RULES, month="2025-12")


def test_the_guard_refuses_a_quiet_series_as_a_line_and_a_doubled_or_missing_row():
    rows = scored(**{"2025-12-22": 24})
    [none] = stated(lines(rows))
    days = {"first_day": "2025-12-22", "last_day": "2025-12-28", "kind": "level"}
    told = {
        **none,
        **days,
        "verdict": "signal",
        "line": 1,
        "value": 25.0,
        "usual_lower": 14.0,
        "usual_upper": 26.0,
    }

    for made, words in (
        ([{**told, "state": "new"}], "judged again"),
        ([none, none], "twice"),
        ([], "missing"),
        ([{**none, "verdict": "incomplete"}], "judged again"),
    ):
        with pytest.raises(ReleaseRefusedError, match=words):
            check_lines(made, rows, [TOLD], rule=RULE, rules=RULES, month="2025-12")


def test_the_guard_refuses_a_hidden_count_and_too_many_lines():
    rows = scored(**{"2025-12-22": 48})
    made = stated(lines(rows))
    hidden = [{**row, "observed": 7} for row in rows]

    with pytest.raises(ReleaseRefusedError, match="hidden"):
        check_lines(made, hidden, [TOLD], rule=RULE, rules=RULES, month="2025-12")
    with pytest.raises(ReleaseRefusedError, match="more lines"):
        check_lines(made, rows, [TOLD], rule=RULE, rules=replace(RULES, most_lines=0), month="2025-12")


# --- in the stage ---------------------------------------------------------------------------------


def test_each_partner_is_told_of_the_region_and_its_own_district_alone():
    rows = [
        row
        for area in ("XD01", "XD02", "X01")
        for name in SERIES
        for row in changing(0.3, 0.02, area=area, definition=name)
    ]

    made = stage_with(signals=rows)

    for table in ("released_signals", "released_estimates"):
        told = {}
        for row in made[table]:
            told.setdefault(row["recipient"], set()).add(row["area"])
        assert {recipient.rsplit("-", 1)[1] for recipient in told} >= {"XD01", "XD02"}
        for recipient, areas in told.items():
            assert areas == {"X01", recipient.rsplit("-", 1)[1]} & {row["area"] for row in rows}


def test_the_stage_takes_the_guard_s_last_look_at_lines(monkeypatch):
    """As if a later change of the code put an exact count into a line."""
    rows = scored(**{"2025-12-22": 48})
    told = [{**row, "recipient": "community_safety-XD01", "value": 48.0} for row in lines(rows)]
    monkeypatch.setattr("preventable.stages.disclosure.stage.released_signals", lambda *_, **__: told)

    with pytest.raises(ReleaseRefusedError, match="nearest multiple"):
        stage_with(signals=rows)


def test_the_stage_takes_the_guard_s_last_look_at_estimates(monkeypatch):
    exact = [
        {**row, "value": 0.5124}
        for row in released_shares(
            [known()], {"community_safety-XD01": ["unknown_to_police"]}, "X01", RULE, {}
        )
    ]
    monkeypatch.setattr("preventable.stages.disclosure.stage.released_shares", lambda *_: exact)

    with pytest.raises(ReleaseRefusedError, match="its value"):
        stage_with(known=[known()])


def test_the_share_unknown_to_police_is_the_rest_with_its_limits_outwards():
    rows = stage_with(known=[known()])["released_estimates"]

    assert {row["recipient"].rsplit("-", 1)[0] for row in rows} == {"community_safety", "public_health"}
    assert {(row["value"], row["lower"], row["upper"], row["lower_if_hidden"]) for row in rows} == {
        (0.51, 0.48, 0.54, 0.45)
    }


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        (
            {
                "calibrated": False,
                "estimate": None,
                "lower": None,
                "upper": None,
                "reason": "fewer than 8 whole weeks",
            },
            "not calibrated: fewer than 8 whole weeks",
        ),
        (
            {"calibrated": False, "estimate": None, "reason": "two readings lie too far apart"},
            "not calibrated: two readings lie too far apart, between 0.48 and 0.54",
        ),
        ({"records": 99}, "not calibrated: too few records for an estimate"),
    ],
)
def test_an_estimate_that_cannot_be_given_says_so(changes, note):
    [row, *_others] = stage_with(known=[known(**changes)])["released_estimates"]

    assert (row["value"], row["lower"], row["upper"], row["value_note"], row["note"]) == (
        None,
        None,
        None,
        "[x]",
        note,
    )


def test_the_register_holds_estimates_and_series_under_their_names():
    made = stage_with(known=[known()], signals=quiet("XD01"))

    registered = {(row["recipient"], row["figure"]): row for row in made["release_register"]}
    for row in made["released_estimates"]:
        assert registered[row["recipient"], row["figure"]]["value"] == row["value"]
    for row in made["released_signals"]:
        assert registered[row["recipient"], row["figure"]]["value_note"] == row["verdict"]


def test_the_release_has_another_name_where_an_estimate_changes():
    names = {
        stage_with(known=[known(estimate=share)])["release_register"][0]["release"] for share in (0.48, 0.52)
    }

    assert len(names) == 2


def test_signals_are_granted_only_of_what_a_partner_sees_by_month():
    changes = {("recipients", "recipients", 1, "signals"): ["ambulance_assault_callouts"]}

    with pytest.raises(PolicyError, match="not its monthly counts"):
        read_recipients(policy(changes))
