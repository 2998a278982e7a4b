"""States of lines over releases: new, continuing, withdrawn; a run that is repeated says the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lines_world import RULE, RULES, SERIES, TOLD, WEEKS, scored, with_series

from preventable.errors import ReleaseRefusedError
from preventable.stages.disclosure.guard_lines import check_lines
from preventable.stages.disclosure.signal_lines import judged_again, released_signals
from preventable.stages.disclosure.told_lines import lines_told, with_states

NOVEMBER = ("2025-10-27", "2025-11-03", "2025-11-10", "2025-11-17", "2025-11-24")
#: December's weeks and the eight before, as the stage of signals scores them.
ALL = ("2025-10-13", "2025-10-20", *NOVEMBER, *WEEKS)


def release(rows, before=(), month="2025-12"):
    """Rows of a month with their states, as the stage makes them, and what is kept of all that was told."""
    lines = released_signals(rows, [TOLD], month=month, rule=RULE, rules=RULES)

    def judge(earlier):
        return judged_again(rows, [TOLD], month=earlier, period=month, rule=RULE, rules=RULES)

    stated = with_states(lines, before, judge, month)
    check_lines(stated, rows, [TOLD], before, rule=RULE, rules=RULES, month=month)
    return stated, lines_told(stated, before)


def high(week, weeks=ALL, definition=SERIES[0]):
    """All series quiet but one, with a week far above."""
    rows = [row for name in SERIES for row in scored(definition=name, weeks=weeks)]
    return with_series(rows, scored(definition=definition, weeks=weeks, **{week: 60}))


def still(weeks=ALL):
    return [row for name in SERIES for row in scored(definition=name, weeks=weeks)]


def states(rows):
    return [(row["definition"], row["state"], row["line"]) for row in rows if row["state"]]


def test_a_first_line_is_new_and_kept():
    rows, told = release(high("2025-12-22"))

    assert states(rows) == [(SERIES[0], "new", 1)]
    assert [(one["definition"], one["period_end"], one["first_day"]) for one in told] == [
        (SERIES[0], "2025-12", "2025-12-22")
    ]


def test_a_line_of_last_month_that_is_on_is_continuing():
    _, told = release(high("2025-11-24"), month="2025-11")
    both = with_series(high("2025-11-24"), scored(weeks=ALL, **{"2025-11-24": 60, "2025-12-01": 60}))

    rows, _ = release(both, told)

    assert states(rows) == [(SERIES[0], "continuing", 1)]


def test_a_line_that_comes_back_after_a_month_without_is_new():
    october = high("2025-10-13", weeks=("2025-10-06", "2025-10-13", "2025-10-20"))
    _, told = release(october, month="2025-10")

    rows, _ = release(high("2025-12-22"), told)

    assert [one["period_end"] for one in told] == ["2025-10"]
    assert states(rows) == [(SERIES[0], "new", 1)]


def test_a_line_that_was_right_and_is_over_needs_no_word():
    _, told = release(high("2025-11-03"), month="2025-11")

    rows, after = release(high("2025-11-03"), told)

    assert states(rows) == []
    assert after == told


def test_a_line_of_last_month_that_corrected_records_do_not_uphold_is_withdrawn():
    _, told = release(high("2025-11-17"), month="2025-11")

    rows, after = release(still(), told)

    [taken] = [row for row in rows if row["state"]]
    assert (taken["state"], taken["period_end"], taken["line"]) == ("withdrawn", "2025-11", 0)
    assert (taken["first_day"], taken["last_day"]) == ("2025-11-17", "2025-11-23")
    assert taken["value"] is taken["usual_lower"] is taken["usual_upper"] is None
    assert len({row["figure"] for row in rows}) == len(rows) == len(SERIES) + 1
    assert after == told


def test_a_line_of_this_month_s_earlier_release_is_withdrawn_in_its_own_row():
    _, told = release(high("2025-12-22"))

    rows, _ = release(still(), told)

    assert states(rows) == [(SERIES[0], "withdrawn", 0)]
    assert len(rows) == len(SERIES)


def test_a_run_that_is_repeated_says_the_same():
    _, november = release(high("2025-11-17"), month="2025-11")
    _, once = release(high("2025-12-22", definition=SERIES[1]), november)
    corrected = high("2025-12-15", definition=SERIES[2])

    first, kept = release(corrected, once)
    second, kept_again = release(corrected, kept)

    assert [(name, state) for name, state, _ in states(first)] == [
        (SERIES[1], "withdrawn"),
        (SERIES[2], "new"),
        (SERIES[0], "withdrawn"),
    ]
    assert (first, kept) == (second, kept_again)


def test_what_cannot_be_judged_again_is_not_withdrawn():
    """Of a home that leaves a month out the weeks of that before are not scored any more."""
    _, october = release(
        high("2025-10-13", weeks=("2025-10-06", "2025-10-13", "2025-10-20")), month="2025-10"
    )

    rows, _ = release(still(), october)
    short, _ = release(still(weeks=(*NOVEMBER[1:], *WEEKS)), release(high("2025-11-17"), month="2025-11")[1])

    assert states(rows) == states(short) == []


def test_a_line_that_only_fell_out_of_the_five_is_not_withdrawn(monkeypatch):
    _, told = release(high("2025-12-22"))
    rows = [row for name in SERIES for row in scored(definition=name, weeks=ALL, **{"2025-12-22": 90})]
    rows = with_series(rows, scored(weeks=ALL, **{"2025-12-22": 60}))
    monkeypatch.setattr("test_told_lines.RULES", replace(RULES, most_lines=2))

    found, _ = release(rows, told)

    assert [row["line"] for row in found if row["definition"] == SERIES[0]] == [0]
    assert "withdrawn" not in {row["state"] for row in found}


def test_what_another_partner_was_told_or_is_no_longer_granted_is_no_matter_of_this_one():
    _, told = release(high("2025-11-17"), month="2025-11")

    rows, _ = release(still(), [{**told[0], "recipient": "two"}])
    ungranted, _ = release(still(), [{**told[0], "definition": "ed_knife_attendances"}])

    assert states(rows) == states(ungranted) == []


def test_the_guard_refuses_to_withdraw_what_was_not_told():
    _, told = release(high("2025-11-17"), month="2025-11")
    rows, _ = release(still(), told)

    with pytest.raises(ReleaseRefusedError, match="was not told"):
        check_lines(rows, still(), [TOLD], [], rule=RULE, rules=RULES, month="2025-12")


@pytest.mark.parametrize("month", ["2025-11", "2025-12"])
def test_the_guard_refuses_to_withdraw_what_its_month_upholds_and_not_to_withdraw_what_it_does_not(month):
    then = "2025-11-17" if month == "2025-11" else "2025-12-22"
    _, told = release(high(then), month=month)
    taken, _ = release(still(), told)
    upheld, _ = release(high(then), told)
    quiet = [row for row in taken if row["period_end"] == "2025-12"]
    silent = [{**row, "state": "", "first_day": "", "last_day": ""} for row in quiet]

    for rows, counts in ((taken, high(then)), (silent, still()), (upheld, still())):
        with pytest.raises(ReleaseRefusedError):
            check_lines(rows, counts, [TOLD], told, rule=RULE, rules=RULES, month="2025-12")


@settings(max_examples=25, deadline=None)
@given(
    runs=st.lists(
        st.lists(st.sampled_from(["2025-11-17", "2025-12-15", ""]), min_size=3, max_size=3),
        min_size=1,
        max_size=3,
    )
)
def test_after_any_releases_a_repeated_one_changes_nothing(runs):
    told = []
    for weeks in runs:
        rows = [
            row
            for name, week in zip(SERIES, weeks, strict=True)
            for row in scored(definition=name, weeks=ALL, **({week: 60} if week else {}))
        ]
        made, told = release(rows, told)

        assert release(rows, told) == (made, told)
