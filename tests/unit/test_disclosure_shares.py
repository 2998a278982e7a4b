"""Shares by district: a partner is told of its own alone."""

import pytest

from preventable.errors import ReleaseRefusedError
from preventable.settings import load_policy
from preventable.stages.disclosure.estimates import released_shares
from preventable.stages.disclosure.guard_estimates import check_estimates
from preventable.stages.disclosure.rule import read_release_rule
from preventable.tables.signal_rules import read_signal_rules

RULE = read_release_rule(load_policy())
RULES = read_signal_rules(load_policy())
ONE = {"one": ["unknown_to_police"]}


def looked_at(rows, known, granted, districts):
    check_estimates(
        rows, known, [], shares_to=granted, districts=districts, changes_to=(), region="X01", month="2025-12",
        rule=RULE, rules=RULES,
    )  # fmt: skip


def of_district(district):
    """A row of `known_to_police`."""
    return {
        "source": "ed", "measure": "own_record", "breakdown": "district", "category": district,
        "period_start": "2025-01-06", "period_end": "2025-12-28", "records": 900, "estimate": 0.48, "lower": 0.4,
        "upper": 0.56, "upper_if_hidden": 0.59, "calibrated": True, "reason": "",
    }  # fmt: skip


def test_a_partner_is_told_of_its_own_district_alone():
    known = [of_district(one) for one in ("XD01", "XD02")]

    rows = released_shares(known, ONE, "X01", RULE, {"one": "XD02"})

    assert [row["figure"] for row in rows] == ["unknown_to_police/ed/district/XD02/2025-12-28"]


def test_the_guard_refuses_the_share_of_another_district():
    known = [of_district("XD02")]
    rows = released_shares(known, ONE, "X01", RULE, {"one": "XD02"})

    with pytest.raises(ReleaseRefusedError, match="not granted"):
        looked_at(rows, known, ONE, {"one": "XD01"})


def of_all(measure, **values):
    """A row of `known_to_police` of all ambulance patients."""
    return of_district("") | {"source": "ambulance", "breakdown": "all", "measure": measure} | values


@pytest.mark.parametrize(
    ("measure", "estimate"),
    [("own_record_or_ed", "seen_by_neither"), ("incident_or_ed", "incident_seen_by_neither")],
)
def test_those_seen_by_neither_are_the_rest_rounded_outwards(measure, estimate):
    known = [of_all(measure, estimate=0.832, lower=0.781, upper=0.883, upper_if_hidden=0.9)]
    granted = {"one": [estimate]}

    [row] = released_shares(known, granted, "X01", RULE, {})

    assert row["figure"] == f"{estimate}/ambulance/2025-12-28"
    assert (row["value"], row["lower"], row["upper"], row["lower_if_hidden"]) == (0.17, 0.11, 0.22, 0.1)
    looked_at([row], known, granted, {})


def test_readings_that_lie_apart_are_told_as_a_span_in_words():
    bare = dict.fromkeys(("estimate", "upper_if_hidden"))
    known = [
        of_all("own_record", **bare, lower=0.333, upper=0.612, calibrated=False, reason="the two lie apart")
    ]

    [row] = released_shares(known, ONE, "X01", RULE, {})

    assert row["value"] is row["lower"] is row["upper"] is None
    assert row["note"] == "not calibrated: the two lie apart, between 0.38 and 0.67"
    looked_at([row], known, ONE, {})


def test_a_span_of_few_records_is_not_told():
    bare = dict.fromkeys(("estimate", "upper_if_hidden"))
    few = RULE.minimum_records - 1
    known = [
        of_all("own_record", **bare, lower=0.3, upper=0.6, calibrated=False, reason="apart", records=few)
    ]

    [row] = released_shares(known, ONE, "X01", RULE, {})

    assert row["note"] == "not calibrated: apart"
    looked_at([row], known, ONE, {})
    with pytest.raises(ReleaseRefusedError, match="note"):
        looked_at([row | {"note": "not calibrated: apart, between 0.40 and 0.70"}], known, ONE, {})
