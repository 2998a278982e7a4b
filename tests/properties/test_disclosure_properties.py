"""The release rule against every exact table that hypothesis can think of."""

from __future__ import annotations

from functools import cache

import pyarrow as pa
from figures_world import counted, handed_on, months, policy, record, released_from, session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from preventable import methods
from preventable.settings import load_policy
from preventable.stages.disclosure.rule import read_release_rule

RULE = read_release_rule(load_policy())
SLOW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
#: Small counts, counts about the edges of the rule, and counts large enough for rates.
COUNTS = st.one_of(st.integers(0, 20), st.sampled_from([7, 8, 12, 13, 17, 18]), st.integers(0, 2_000))


@cache
def template() -> dict[str, pa.Table]:
    """Every figure of the small region; the tests put counts of their own in."""
    return handed_on(counted([record(1)], months(12)))


def with_counts(counts: list[int], coverage: list[float] | None = None) -> dict[str, pa.Table]:
    """The template with counts (and coverage) repeated over its figures, no part larger than its total."""
    tables = dict(template())
    values = tables["indicator_values"]
    counts = capped(counts, values.column("figure").to_pylist())
    for name, numbers, type_ in (("count", counts, pa.int64()), ("coverage", coverage, pa.float64())):
        if numbers is not None:
            repeated = (numbers * (values.num_rows // len(numbers) + 1))[: values.num_rows]
            values = values.set_column(values.column_names.index(name), name, pa.array(repeated, type_))
    return {**tables, "indicator_values": values}


def capped(counts: list[int], figures: list[str]) -> list[int]:
    """Counts repeated over figures, those of a category no larger than the figure for all."""
    repeated = (counts * (len(figures) // len(counts) + 1))[: len(figures)]
    totals = dict(zip(figures, repeated, strict=True))
    wholes = (f"{figure.rsplit('/', 3)[0]}/all/all/count" for figure in figures)
    return [min(count, totals[whole]) for count, whole in zip(repeated, wholes, strict=True)]


def release(tables, given_policy=None):
    return {(row["recipient"], row["figure"]): row for row in released_from(session(tables), given_policy)}


@SLOW
@given(counts=st.lists(COUNTS, min_size=1, max_size=300))
def test_no_released_count_is_anything_but_the_token_or_the_nearest_five_of_eight_or_more(counts):
    tables = with_counts(counts)
    exact = {row["figure"]: row["count"] for row in tables["indicator_values"].to_pylist()}

    for (_, figure), row in release(tables).items():
        if row["measure"] != "count":
            continue
        if exact[figure] < 8:
            assert (row["value"], row["value_note"]) == (None, "[c]")
        else:
            assert row["value_note"] == ""
            assert row["value"] % 5 == 0
            assert abs(row["value"] - exact[figure]) <= 2


@SLOW
@given(
    counts=st.lists(COUNTS, min_size=1, max_size=300),
    shifts=st.lists(st.integers(0, 10**6), min_size=7, max_size=7),
)
def test_two_exact_tables_with_the_same_shown_cells_release_the_same(counts, shifts):
    """Every count moved at will inside what its shown cell can stand for: nothing that leaves may tell."""
    moved = []
    for index in range(len(counts) * 7):
        count = counts[index % len(counts)]
        behind = range(8) if count < 8 else methods.counts_shown_as(methods.round_half_up(count, 5), 5, 8)
        moved.append(behind[shifts[index % 7] % len(behind)])

    assert release(with_counts(moved)) == release(with_counts(counts * 7))


@SLOW
@given(counts=st.lists(COUNTS, min_size=1, max_size=300))
def test_no_rate_or_limit_times_its_denominator_bounds_a_count_more_tightly_than_its_cell(counts):
    """What an attacker gets from a rate or a limit is the shown count, and its bounds: 2 below, 2 above."""
    tables = with_counts(counts)
    exact = {row["figure"].rpartition("/")[0]: row for row in tables["indicator_values"].to_pylist()}

    for (recipient, figure), row in (released := release(tables)).items():
        if row["measure"] != "crude_rate" or row["value"] is None:
            continue
        stem = figure.rpartition("/")[0]
        shown = released[recipient, f"{stem}/count"]["value"]
        person_years = exact[stem]["person_years"]
        assert row["value"] == round(shown / person_years * row["per"], 1)
        assert events_with_limit(row["lower"] * person_years / row["per"], "lower") == shown - 2
        assert events_with_limit(row["upper"] * person_years / row["per"], "upper") == shown + 2


def events_with_limit(limit: float, side: str) -> int:
    """The whole number of events whose Poisson limit this is: what an attacker would work out."""
    return min(
        range(max(0, int(limit) - 200), int(limit) + 200),
        key=lambda n: abs(getattr(methods.poisson_limits(n), side) - limit),
    )


@SLOW
@given(zero=st.integers(0, 7), other=st.integers(0, 7))
def test_none_and_seven_and_all_between_are_released_alike(zero, other):
    assert release(with_counts([zero])) == release(with_counts([other]))


@SLOW
@given(
    counts=st.lists(COUNTS, min_size=1, max_size=60),
    coverage=st.lists(st.floats(0, 1), min_size=1, max_size=60),
)
def test_an_incomplete_figure_shows_no_number_and_not_that_it_is_small(counts, coverage):
    tables = with_counts(counts, coverage)
    covered = {
        row["figure"].rpartition("/")[0]: row["coverage"] for row in tables["indicator_values"].to_pylist()
    }

    for (_, figure), row in release(tables).items():
        incomplete = covered[figure.rpartition("/")[0]] < RULE.least_coverage(row["period_type"])
        if incomplete or row["measure"] == "count":
            assert (row["value_note"] == "[x]") is incomplete
        if incomplete:
            assert (row["value"], row["lower"], row["upper"]) == (None, None, None)


@SLOW
@given(
    counts=st.lists(COUNTS, min_size=1, max_size=60),
    base=st.sampled_from([5, 10, 20]),
    minimum=st.integers(8, 40),
)
def test_another_rule_of_the_policy_is_obeyed_just_as_well(counts, base, minimum):
    lowest = methods.round_half_up(minimum, base)
    if base // 2 >= minimum or len(methods.counts_shown_as(lowest, base, minimum)) < 5:
        return  # the policy loader refuses such a rule: tests/unit/test_disclosure.py
    changed = policy(
        {
            ("disclosure", "counts", "minimum_count"): minimum,
            ("disclosure", "counts", "rounding_base"): base,
            ("disclosure", "patterns", "minimum_pattern_records"): 200 * minimum,
        }
    )
    tables = with_counts(counts)
    exact = {row["figure"]: row["count"] for row in tables["indicator_values"].to_pylist()}

    for (_, figure), row in release(tables, changed).items():
        if row["measure"] == "count" and row["value"] is None:
            assert exact[figure] < minimum
        elif row["measure"] == "count":
            assert exact[figure] in methods.counts_shown_as(int(row["value"]), base, minimum)
