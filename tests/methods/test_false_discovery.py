"""Many tests at once: published answers, and what holds of any family."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from preventable.errors import LevelError
from preventable.methods import (
    Candidate,
    benjamini_hochberg,
    excess_harm,
    line_states,
    signal_lines,
    simes_p,
    tree_selection,
)

#: Fifteen p of a trial of thrombolysis, in Benjamini and Hochberg (1995), section 3.1; four are selected at 0.05.
TRIAL = (
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
    0.7590, 1.0000,
)  # fmt: skip
RULES = {"rate": 0.10, "watch_p": 0.005, "at_most": 5}

probabilities = st.floats(0, 1)
families = st.lists(
    st.tuples(st.sampled_from("ABCDE"), st.sampled_from("123456"), probabilities, st.floats(0, 50)),
    unique_by=lambda one: one[:2],
).map(lambda rows: [Candidate(*row) for row in rows])


def names(values):
    return {str(place): p for place, p in enumerate(values)}


def test_the_published_trial_has_four_findings():
    assert benjamini_hochberg(names(TRIAL), 0.05) == {"0", "1", "2", "3"}


@given(values=st.lists(probabilities, min_size=1, max_size=30), rate=st.floats(0.01, 0.5))
def test_selection_is_that_of_scipys_adjusted_p(values, rate):
    adjusted = false_discovery_control(values)

    found = benjamini_hochberg(names(values), rate)

    for place, p in enumerate(adjusted):
        if abs(p - rate) > 1e-9:
            assert (str(place) in found) == (p < rate)


@given(values=st.lists(probabilities, min_size=1, max_size=30))
def test_simes_p_is_the_least_rate_at_which_anything_is_selected(values):
    p = simes_p(values)

    assert p == pytest.approx(min(1.0, min(false_discovery_control(values))))


def test_one_test_is_its_own_simes_p():
    assert simes_p([0.2]) == 0.2


@pytest.mark.parametrize("values", [[], [1.2], [float("nan")]])
def test_no_p_or_no_probability_is_refused(values):
    with pytest.raises(LevelError):
        simes_p(values)


def test_inside_a_selected_area_the_rate_is_that_share_of_areas():
    """One of two areas is selected (Simes 0.012): inside it 0.10 x 1/2, so that 0.04 of three series passes 0.05 x 2/3, not."""
    family = [
        Candidate("A", "1", 0.004, 1.0),
        Candidate("A", "2", 0.04, 1.0),
        Candidate("A", "3", 0.9, 1.0),
        Candidate("B", "1", 0.7, 1.0),
    ]

    assert tree_selection(family, 0.10) == {("A", "1")}
    assert tree_selection([*family[:3], Candidate("B", "1", 0.001, 1.0)], 0.10) == {
        ("A", "1"),
        ("A", "2"),
        ("B", "1"),
    }


def test_without_areas_nothing_is_selected():
    assert tree_selection([], 0.10) == frozenset()
    assert signal_lines([], **RULES) == ()


@given(family=families)
def test_lines_are_few_ranked_and_signals_first(family):
    lines = signal_lines(family, **RULES)

    assert len(lines) <= 5
    assert [line.rank for line in lines] == list(range(1, len(lines) + 1))
    verdicts = [line.verdict for line in lines]
    assert verdicts == sorted(verdicts, key=["signal", "worth_watching"].index)
    for verdict in set(verdicts):
        harms = [line.candidate.harm for line in lines if line.verdict == verdict]
        assert harms == sorted(harms, reverse=True)


@given(family=families, shuffled=st.randoms())
def test_lines_do_not_depend_on_the_order_of_the_family(family, shuffled):
    other = list(family)
    shuffled.shuffle(other)

    assert signal_lines(other, **RULES) == signal_lines(family, **RULES)


@given(family=families)
def test_a_smaller_p_in_a_selected_area_never_loses_the_series(family):
    chosen = tree_selection(family, 0.10)

    for one in family:
        if (one.area, one.series) in chosen:
            surer = [Candidate(it.area, it.series, it.p / 2 if it is one else it.p, it.harm) for it in family]
            assert (one.area, one.series) in tree_selection(surer, 0.10)


@given(family=families)
def test_every_line_is_unlikely_and_what_is_watched_is_no_signal(family):
    chosen = tree_selection(family, 0.10)

    for line in signal_lines(family, **RULES):
        is_signal = (line.candidate.area, line.candidate.series) in chosen
        assert (line.verdict == "signal") == is_signal
        assert line.candidate.p <= 0.005


def test_in_a_family_of_three_the_strong_word_is_no_easier_than_the_weak_one():
    """The rate alone would call p = 0.033 a signal, where 0.005 is asked of what is worth watching."""
    said = {
        p: [line.verdict for line in signal_lines([Candidate("A", "1", p, 9.0), *quiet], **RULES)]
        for quiet in [[Candidate("A", name, 0.5, 0.0) for name in "23"]]
        for p in (0.033, 0.0051, 0.005)
    }

    assert said == {0.033: [], 0.0051: [], 0.005: ["signal"]}


def test_ties_of_harm_go_by_p_then_by_name():
    family = [Candidate("B", "1", 1e-9, 3.0), Candidate("A", "2", 1e-8, 3.0), Candidate("A", "1", 1e-8, 3.0)]

    lines = signal_lines(family, **RULES)

    assert [(line.candidate.area, line.candidate.series) for line in lines] == [
        ("B", "1"),
        ("A", "1"),
        ("A", "2"),
    ]


def test_more_signals_than_lines_leave_out_the_least_harm():
    family = [Candidate(str(place), "1", 1e-9, float(place)) for place in range(8)]

    lines = signal_lines(family, **RULES)

    assert [line.candidate.harm for line in lines] == [7, 6, 5, 4, 3]


@pytest.mark.parametrize(
    ("family", "rules"),
    [
        ([Candidate("A", "1", 0.1, 0.0)] * 2, RULES),
        ([Candidate("A", "1", 2.0, 0.0)], RULES),
        ([Candidate("A", "1", 0.1, 0.0)], RULES | {"rate": 2.0}),
        ([Candidate("A", "1", 0.1, 0.0)], RULES | {"watch_p": -1.0}),
    ],
)
def test_a_family_or_a_rule_that_is_none_is_refused(family, rules):
    with pytest.raises(LevelError):
        signal_lines(family, **rules)


@pytest.mark.parametrize(("observed", "upper", "harm"), [(30, 24, 12), (24, 24, 0), (3, 24, 0)])
def test_harm_is_the_excess_above_the_upper_limit_and_never_negative(observed, upper, harm):
    assert excess_harm(observed, upper, 2.0) == harm


# --- what became of a line ------------------------------------------------------------------------

lines = st.sets(st.tuples(st.sampled_from("ABC"), st.sampled_from(("s1", "s2"))))


@given(now=lines, before=lines, upheld=lines)
def test_each_line_has_the_state_that_its_reader_needs(now, before, upheld):
    states = line_states(now, before, upheld)

    assert {line for line, state in states.items() if state == "new"} == now - before
    assert {line for line, state in states.items() if state == "continuing"} == now & before
    assert {line for line, state in states.items() if state == "withdrawn"} == before - now - upheld


@given(now=lines, before=lines)
def test_without_corrections_nothing_is_withdrawn(now, before):
    assert "withdrawn" not in line_states(now, before, upheld=before).values()


def test_with_no_line_ever_there_is_no_state():
    assert line_states([], [], []) == {}
