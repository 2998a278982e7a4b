"""Shares by district: a partner is told of its own alone."""

import pytest

from preventable.errors import ReleaseRefusedError
from preventable.settings import load_policy
from preventable.stages.disclosure.estimates import released_shares
from preventable.stages.disclosure.guard_estimates import check_estimates
from preventable.stages.disclosure.rule import read_release_rule

RULE = read_release_rule(load_policy())
ONE = {"one": ["unknown_to_police"]}


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
        check_estimates(rows, known, [], shares_to=ONE, districts={"one": "XD01"}, changes_to=(), rule=RULE)
