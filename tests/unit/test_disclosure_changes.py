"""Yearly changes of weekly series as partners are told them, and the last look at estimates."""

from __future__ import annotations

import math

import pytest
from figures_world import policy
from lines_world import (
    RULE,
    RULES,
    SERIES,
    TOLD,
    WEEKS,
    changing,
    known,
    scored,
    stage_with,
)

from preventable.errors import PolicyError, ReleaseRefusedError
from preventable.stages.disclosure.estimates import (
    released_changes,
    released_shares,
)
from preventable.stages.disclosure.guard_estimates import check_estimates
from preventable.stages.disclosure.rule import read_release_rule

ONE = {"one": ["unknown_to_police"]}


def changes(rows, told=TOLD):
    return released_changes(rows, [told], month="2025-12", rule=RULE, rules=RULES)


def test_a_yearly_change_is_told_once_with_its_limits_outwards():
    """exp(0.12) is 1.1275, and exp(0.12 - 2.5758 x 0.02) 1.0709, exp(0.12 + 2.5758 x 0.02) 1.1871."""
    [row] = changes(changing(0.12, 0.02))

    assert (row["value"], row["lower"], row["upper"]) == (0.13, 0.07, 0.19)
    assert (row["period_end"], row["definition"], row["area"]) == ("2025-12-28", SERIES[0], "XD01")


@pytest.mark.parametrize(("area", "value"), [("XD01", 0.13), ("X01", -0.1)])
def test_the_change_of_a_district_is_that_against_the_rest_and_of_the_region_its_own(area, value):
    """exp(0.12) is 1.13; exp(-0.105) is 0.90."""
    slope = {"relative": 0.12, "level": -0.105}
    rows = [
        {**row, "yearly_change": row["yearly_change"] and slope[row["kind"]]}
        for row in changing(1.0, 0.02, area=area)
    ]

    assert [row["value"] for row in changes(rows)] == [value]


def test_a_limit_above_nothing_is_what_would_be_worth_watching():
    for slope in (0.049, 0.051, 0.053):
        [row] = changes(changing(slope, 0.02))
        assert (row["lower"] >= 0) == (normal_p(slope / 0.02) <= RULES.watch_p)


def normal_p(z):
    return 0.5 * math.erfc(z / math.sqrt(2))


def test_a_change_of_a_series_whose_newest_count_is_hidden_is_not_told():
    assert changes(changing(0.5, 0.01, count=1, expected=1.0)) == []


def test_a_change_of_weeks_that_are_not_complete_is_that_of_the_last_complete_ones():
    rows = changing(0.12, 0.02)
    late = [
        {**row, "status": "incomplete", "observed": None, "p": None}
        for row in rows
        if row["week"] == WEEKS[-1]
    ]

    [row] = changes([row for row in rows if row["week"] != WEEKS[-1]] + late)

    assert row["period_end"] == "2025-12-21"


def test_a_series_without_a_year_of_weeks_has_no_change():
    assert changes([{**row, "yearly_change": None} for row in scored()]) == []


def test_a_partner_without_the_grant_is_told_of_no_change():
    rows = changing(0.3, 0.02)
    recipients = policy({("recipients", "recipients", 0, "estimates"): []})

    told = stage_with(signals=rows, given=recipients)["released_estimates"]

    assert {row["recipient"].rsplit("-", 1)[0] for row in told} == {"public_health"}


# --- the guard of estimates -------------------------------------------------------------------------


def guarded(changes=(), shares_to=ONE, changes_to=(TOLD,)):
    """Let the guard look at a share and a change of which some fields were changed."""
    exact, slopes = [known()], changing(0.12, 0.02)
    rows = [*released_shares(exact, ONE, "X01", RULE, {}), *changes_of(slopes)]
    kinds = {row["estimate"]: row for row in rows}
    for kind, field, value in changes:
        kinds[kind][field] = value
    looked_at(rows, exact, slopes, shares_to, changes_to)


def looked_at(rows, exact, slopes, shares_to, changes_to):
    check_estimates(
        rows, exact, slopes, shares_to=shares_to, districts={}, changes_to=changes_to, region="X01", month="2025-12",
        rule=RULE, rules=RULES,
    )  # fmt: skip


def changes_of(rows):
    return released_changes(rows, [TOLD], month="2025-12", rule=RULE, rules=RULES)


def test_the_guard_lets_pass_what_the_stage_makes():
    guarded()


@pytest.mark.parametrize(
    ("kind", "field", "value", "words"),
    [
        ("unknown_to_police", "value", 0.53, "its value"),
        ("unknown_to_police", "value", 0.512, "its value"),
        ("unknown_to_police", "value", None, "its value"),
        ("unknown_to_police", "lower", 0.49, "its lower"),
        ("unknown_to_police", "lower", 0.47, "its lower"),
        ("unknown_to_police", "upper", 0.53, "its upper"),
        ("unknown_to_police", "lower_if_hidden", 0.46, "its lower_if_hidden"),
        ("unknown_to_police", "note", "exactly 4612 of 9000", "its note"),
        ("unknown_to_police", "category", "4612", "its category"),
        ("unknown_to_police", "figure", "unknown_to_police/4612", "not granted"),
        ("yearly_change", "value", 0.11, "its value"),
        ("yearly_change", "lower", -0.9, "its lower"),
        ("yearly_change", "upper", 48.0, "its upper"),
        ("yearly_change", "lower_if_hidden", 0.0, "its lower_if_hidden"),
        ("yearly_change", "area", "XD02", "its area"),
        ("yearly_change", "estimate", "another", "its estimate"),
        ("yearly_change", "recipient", "another", "not granted"),
    ],
)
def test_the_guard_refuses_an_estimate_that_was_changed(kind, field, value, words):
    with pytest.raises(ReleaseRefusedError, match=words):
        guarded([(kind, field, value)])


@pytest.mark.parametrize(
    "change", [lambda rows: rows[:1], lambda rows: rows[1:], lambda rows: [*rows, rows[0]]]
)
def test_the_guard_refuses_an_estimate_that_is_left_out_or_doubled(change):
    exact, slopes = [known()], changing(0.12, 0.02)
    rows = [*released_shares(exact, ONE, "X01", RULE, {}), *changes_of(slopes)]

    with pytest.raises(ReleaseRefusedError, match="left out|twice"):
        looked_at(change(rows), exact, slopes, ONE, (TOLD,))


def test_the_guard_refuses_an_estimate_without_its_grant():
    with pytest.raises(ReleaseRefusedError, match="not granted"):
        guarded(shares_to={"one": ["incident_unknown_to_police"]})
    with pytest.raises(ReleaseRefusedError, match="not granted"):
        guarded(changes_to=())


def test_the_guard_refuses_a_share_of_too_few_records():
    exact = [known(records=99)]
    row = {**released_shares([known()], ONE, "X01", RULE, {})[0]}

    with pytest.raises(ReleaseRefusedError, match="its lower"):
        looked_at([row], exact, [], ONE, ())


def test_estimates_finer_than_pages_show_are_refused():
    with pytest.raises(PolicyError, match="whole per cents"):
        read_release_rule(policy({("disclosure", "estimates", "decimals"): 3}))
