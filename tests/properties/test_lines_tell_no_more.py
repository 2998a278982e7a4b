"""What a partner is told of its series is a function of shown counts alone: no line bounds a count more than its cell.

Two worlds whose exact counts are shown alike, in every window of region, district and the other district, must release
the same rows: all fields of `released_signals` together, states and withdrawn lines among them.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from preventable.methods import counts_shown_as, round_half_up
from preventable.settings import load_policy
from preventable.stages.disclosure import signal_lines
from preventable.stages.disclosure.rule import read_release_rule
from preventable.stages.disclosure.signal_lines import Told, judged_again, released_signals
from preventable.stages.disclosure.told_lines import lines_told, with_states
from preventable.tables.signal_rules import read_signal_rules

POLICY = load_policy()
RULE, RULES = read_release_rule(POLICY), read_signal_rules(POLICY)
SERIES = ("ambulance_assault_callouts", "ed_assault_attendances")
TOLD = Told("one", (("region", "X01"), ("district", "XD01")), SERIES)
#: October to December: weeks that end in November and December are judged, one before shows that November is whole.
WEEKS = ("2025-10-20", "2025-11-17", "2025-12-15", "2025-12-22")
#: Definition, area, unit, first day and length of every window that has an exact count.
WINDOWS = [
    (definition, area, unit, week, length)
    for definition in SERIES
    for area in ("X01", "XD01", "XD02")
    for unit, week, length in [("week", week, n) for week in WEEKS for n in (1, 2, 4)]
    + [("month", "2025-12-01", 1)]
]


def cell(count):
    """Counts that are shown as this one is."""
    if count < RULE.minimum_count:
        return range(RULE.minimum_count)
    return counts_shown_as(round_half_up(count, RULE.rounding_base), RULE.rounding_base, RULE.minimum_count)


def rows(counts, means, methods):
    """Rows of `signals`: an area by itself, and the district against the other, whose count its mean goes with."""
    found = []
    for definition, area, unit, week, length in WINDOWS:
        kinds = ("level",) if area == "X01" else ("level", "relative")
        for kind in kinds:
            mean = means[definition] * length
            if kind == "relative":
                other = {"XD01": "XD02", "XD02": "XD01"}[area]
                mean *= max(counts[definition, other, unit, week, length], 0.5) / 21.7
            found.append(
                {
                    "definition": definition, "definition_version": 1, "source": definition.split("_")[0],
                    "area_type": "region" if area == "X01" else "district", "area": area, "unit": unit,
                    "method": methods[definition], "kind": kind, "weeks": length, "week": week,
                    "observed": counts[definition, area, unit, week, length], "expected": mean,
                    "variance": 1.2 * mean + 0.01 * mean**2, "dispersion": 1.2, "lower_80": mean * 0.7,
                    "upper_80": mean * 1.3, "status": "scored",
                }
            )  # fmt: skip
    return found


def told(scored, before):
    """All that leaves of a month with its states, and what is kept of it."""
    judge = lambda month: judged_again(scored, [TOLD], month=month, period="2025-12", rule=RULE, rules=RULES)  # noqa: E731
    lines = released_signals(scored, [TOLD], month="2025-12", rule=RULE, rules=RULES)
    stated = with_states(lines, before, judge, "2025-12")
    return stated, lines_told(stated, before)


def both(seed):
    """Rows of a world of small counts, and of another whose counts are shown alike."""
    draw = np.random.default_rng(seed)
    one = dict(zip(WINDOWS, map(int, draw.integers(0, draw.choice([10, 25, 60]), len(WINDOWS))), strict=True))
    other = {key: int(draw.choice(list(cell(count)))) for key, count in one.items()}
    means = dict(zip(SERIES, draw.uniform(0.3, 30, 2), strict=True))
    methods = {name: str(draw.choice(["kernel", "farrington"])) for name in SERIES}
    return rows(one, means, methods), rows(other, means, methods)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), earlier=st.integers(0, 2**32))
# Two weeks of one district stand in a tie once the others' counts are shown.
@example(seed=17, earlier=0)
def test_counts_that_are_shown_alike_are_told_alike_in_every_field(seed, earlier):
    first, second = both(seed)
    november = released_signals(both(earlier)[0], [TOLD], month="2025-11", rule=RULE, rules=RULES)
    before = lines_told(with_states(november, [], lambda _month: None, "2025-11"), [])

    assert told(first, before) == told(second, before)


def test_judged_on_exact_counts_lines_would_tell_more(monkeypatch):
    """What the test above would find: of counts that are shown alike some are lines and some are not."""
    monkeypatch.setattr(signal_lines, "_least", lambda count, _rule: count)

    said = {}
    for count in range(33, 63):
        shown = tuple(round_half_up(count + more, RULE.rounding_base) for more in (0, 20, 60))
        said.setdefault(shown, set()).add(str(told(rows(one_high_week(count), MEANS, METHODS), [])))

    assert max(len(some) for some in said.values()) > 1


MEANS, METHODS = dict.fromkeys(SERIES, 20.0), dict.fromkeys(SERIES, "kernel")


def one_high_week(count):
    """Every window at its mean but those of one district that end with the last week."""
    counts = {key: 20 * key[4] for key in WINDOWS}
    high = (SERIES[0], "XD01", "week", WEEKS[-1])
    return counts | {key: count + 20 * (key[4] - 1) for key in WINDOWS if key[:4] == high}


@pytest.mark.parametrize("shown", [10, 15, 50])
def test_a_cell_is_as_wide_as_what_it_may_stand_for(shown):
    assert [round_half_up(count, RULE.rounding_base) for count in cell(shown)] == [shown] * len(cell(shown))
    assert list(cell(3)) == list(range(8))
