"""Truths of the packs that hold for any figures."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from preventable.methods.words import Words
from preventable.stages.packs.csvw import render_csv, safe_text
from preventable.stages.packs.findings import (
    ReleaseRule,
    dispersion_of,
    largest,
    limits_of,
    per_capacity,
    word_rules,
)
from preventable.stages.packs.findings import change_finding as found_change
from preventable.stages.packs.findings import comparison_finding as found_comparison
from preventable.stages.packs.shown import Shown
from preventable.tables.months import months_between

RULE = ReleaseRule(minimum=8, base=5, least_coverage=0.95, limits_level=0.95)
RULES, ASSUMED = word_rules(0.10, 0.005), dispersion_of(None)
MONTHS = months_between("2024-01", "2025-12")
true_counts = st.lists(st.integers(0, 400), min_size=24, max_size=24)


def change_finding(monthly, rule):
    return found_change(monthly, rule, ASSUMED, RULES)


def comparison_finding(own, other):
    return found_comparison(own, limits_of(other), RULE, ASSUMED, RULES)


def released(month: str, true: int) -> Shown:
    value = None if true < RULE.minimum else float(5 * round(true / 5))
    return Shown(
        f"d.v1/district/XD01/month/{month}/all/all/count",
        "d",
        1,
        "ed",
        "count",
        "district",
        "XD01",
        "month",
        month,
        month,
        "all",
        "all",
        value,
        None,
        None,
        None,
        "[c]" if value is None else "",
        "",
    )


@given(true=true_counts)
def test_the_bounds_of_a_finding_hold_the_true_counts(true):
    finding = change_finding([released(m, n) for m, n in zip(MONTHS, true, strict=True)], RULE)

    assert sum(true[:12]) in finding.verdict.evidence.earlier
    assert sum(true[12:]) in finding.verdict.evidence.later


@given(true=true_counts)
def test_rose_and_fell_hold_whatever_the_true_counts_were(true):
    finding = change_finding([released(m, n) for m, n in zip(MONTHS, true, strict=True)], RULE)

    evidence = finding.verdict.evidence
    if finding.words in (Words.ROSE, Words.MAY_HAVE_RISEN):
        assert evidence.later[0] > evidence.earlier[-1]
    if finding.words in (Words.FELL, Words.MAY_HAVE_FALLEN):
        assert evidence.later[-1] < evidence.earlier[0]


@given(true=true_counts)
def test_the_order_of_rows_changes_no_finding(true):
    figures = [released(m, n) for m, n in zip(MONTHS, true, strict=True)]

    assert change_finding(figures, RULE) == change_finding(figures[::-1], RULE)


@given(true=st.lists(st.integers(0, 60), min_size=1, max_size=24))
def test_the_truly_largest_is_among_those_that_may_be(true):
    figures = [released(month, n) for month, n in zip(MONTHS, true, strict=False)]

    top = largest(figures, RULE)

    assert not top or figures[true.index(max(true))] in top


@given(true=st.integers(8, 2_000), capacity=st.integers(1, 5_000))
def test_the_range_beside_a_capacity_holds_the_true_count(true, capacity):
    low, high = per_capacity(released("2025-12", true), capacity, RULE)

    assert low <= 100 * true / capacity <= high


rates = st.tuples(st.floats(1, 900), st.floats(0.01, 0.9), st.floats(0.01, 0.9)).map(
    lambda drawn: (drawn[0], drawn[0] * (1 - drawn[1]), drawn[0] * (1 + drawn[2]))
)
STRENGTH = {
    Words.SIMILAR: 0,
    Words.SOMEWHAT_HIGHER: 1,
    Words.HIGHER: 2,
    Words.SOMEWHAT_LOWER: -1,
    Words.LOWER: -2,
}


def rate(drawn: tuple[float, float, float]) -> Shown:
    return replace(released("2025-12", 20), value=drawn[0], lower=drawn[1], upper=drawn[2])


@given(own=rates, other=rates)
def test_a_comparison_is_the_other_one_turned_round(own, other):
    one, turned = (comparison_finding(rate(a), rate(b)) for a, b in ((own, other), (other, own)))

    assert STRENGTH[one.words] == -STRENGTH[turned.words]


@given(own=rates, other=rates, wider=st.floats(1, 3))
def test_wider_limits_never_say_more(own, other, wider):
    value, lower, upper = own
    blurred = (value, lower / wider, upper * wider)

    said, less = (comparison_finding(rate(a), rate(other)) for a in (own, blurred))

    assert abs(STRENGTH[less.words]) <= abs(STRENGTH[said.words])


@given(
    before=st.sampled_from(["", " ", "\t", "\u00a0"]),
    sign=st.sampled_from([*"=+-@", "", "\uff1d"]),
    rest=st.text(),
)
def test_no_cell_of_a_csv_begins_like_a_formula(before, sign, rest):
    text = before + sign + rest

    safe = safe_text(text)

    assert safe in (text, f"'{text}")
    assert not safe.strip().startswith(("=", "+", "-", "@", "\uff1d"))


@given(
    note=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), value=st.floats(0, 1e6)
)
def test_a_csv_gives_back_what_was_put_in(note, value):
    figure = Shown(**{**vars(released("2025-12", 20)), "value": value, "note": note})

    row = next(csv.DictReader(io.StringIO(render_csv([figure], {}).decode("utf-8"), newline="")))

    assert float(row["value"]) == value
    assert row["note"].removeprefix("'") == note.removeprefix("'") or row["note"] == note
