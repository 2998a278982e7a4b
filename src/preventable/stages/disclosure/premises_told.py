"""What may leave of premises beside their kind: worked out from shown counts and the region's register alone.

Every number here is a function of what is shown already, and of types, capacities and dates that are public: it
bounds no count more tightly than its cell. A withheld count is the whole range that its token stands for; a rounded
one is taken at its least where it speaks against premises.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preventable.methods.premises import PremisesRules
from preventable.methods.premises_shown import PremisesInRange, premises_in_ranges
from preventable.methods.rounding import counts_shown_as
from preventable.stages.disclosure.rule import ReleaseRule
from preventable.tables.estimate_rules import PremisesPolicy
from preventable.tables.weeks import days_of_months

PREMISES_EXCESS, PREMISES_RANK = "premises_excess", "premises_rank"
PREMISES_ESTIMATES = (PREMISES_EXCESS, PREMISES_RANK)


@dataclass(frozen=True)
class PremisesTold:
    """A partner that is told of premises: those of its district, which estimates, of which definitions."""

    recipient: str
    district: str
    estimates: tuple[str, ...]
    definitions: tuple[str, ...]


@dataclass(frozen=True)
class Register:
    """What the region's register says of a venue."""

    venue_type: str
    capacity: int | None
    opened_on: dt.date | None
    closed_on: dt.date | None

    def open_in(self, first_day: str, last_day: str) -> bool:
        """Whether it was open on any day of some days."""
        opened = self.opened_on is None or self.opened_on.isoformat() <= last_day
        return opened and (self.closed_on is None or self.closed_on.isoformat() >= first_day)


def released_premises(
    shown: Iterable[Mapping[str, Any]],
    register: Mapping[str, Register],
    districts: Mapping[tuple[str, str], str],
    told: Collection[PremisesTold],
    *,
    rule: ReleaseRule,
    policy: PremisesPolicy,
) -> list[dict[str, Any]]:
    """Rows of `released_estimates`: premises with a shown count beside others of their type and size.

    Args:
        shown: Rows of shown counts of venues over twelve months, without breakdown, of all districts.
        register: What the register says of each venue.
        districts: District of each (area type, area).
        told: Partners that are granted these estimates.
        rule: How counts are shown.
        policy: When premises stand above their kind.
    """
    by_definition: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(shown, key=lambda row: str(row["area"])):
        if row["definition"] in policy.definitions:
            by_definition.setdefault(row["definition"], []).append(row)
    rows = []
    for definition, counted in sorted(by_definition.items()):
        wanted = [one for one in told if definition in one.definitions]
        found = _beside_kind(counted, register, districts, rule, policy) if wanted else []
        for one in sorted(wanted, key=lambda one: one.recipient):
            rows += [
                {"recipient": one.recipient, **row}
                for cell, premises in found
                if districts[cell["area_type"], cell["area"]] == one.district
                for row in _rows(cell, premises, policy)
                if row["estimate"] in one.estimates
            ]
    return rows


def counts_behind(row: Mapping[str, Any], rule: ReleaseRule) -> tuple[int, int]:
    """Least and greatest count that a shown value or the token of a small count may stand for."""
    if row["value"] is None:
        return 0, rule.minimum_count - 1
    counts = counts_shown_as(int(row["value"]), rule.rounding_base, rule.minimum_count)
    return counts[0], counts[-1]


def ranking_rules(rule: ReleaseRule, policy: PremisesPolicy) -> PremisesRules:
    """How premises are ranked from shown counts: only those with one."""
    least = max(policy.least_events, rule.minimum_count)
    return PremisesRules(least, policy.excess, policy.rank_level, policy.draws, policy.seed)


def _beside_kind(
    counted: Sequence[Mapping[str, Any]],
    register: Mapping[str, Register],
    districts: Mapping[tuple[str, str], str],
    rule: ReleaseRule,
    policy: PremisesPolicy,
) -> list[tuple[Mapping[str, Any], PremisesInRange]]:
    """Shown cells that are told of, each beside its kind. What is not available is compared with nothing."""
    compared = [
        row
        for row in counted
        if row["value_note"] != "[x]"
        and (row["area_type"], row["area"]) in districts
        and register[row["area"]].open_in(*days_of_months(row["period_start"], row["period_end"]))
    ]
    if len(compared) < 2:
        return []
    found = premises_in_ranges(
        [counts_behind(row, rule) for row in compared],
        [register[row["area"]].venue_type for row in compared],
        [policy.size_band(register[row["area"]].capacity) for row in compared],
        [districts[row["area_type"], row["area"]] for row in compared],
        rules=ranking_rules(rule, policy),
    )
    return [(compared[one.place], one) for one in found]


def _rows(
    cell: Mapping[str, Any], premises: PremisesInRange, policy: PremisesPolicy
) -> Iterable[dict[str, Any]]:
    first, last = days_of_months(cell["period_start"], cell["period_end"])
    stem = f"{cell['definition']}.v{cell['definition_version']}/venue/{cell['area']}/{last}"
    same = {
        "definition": cell["definition"],
        "source": cell["source"],
        "area_type": "venue",
        "area": cell["area"],
        "breakdown": "all",
        "period_start": first,
        "period_end": last,
        "lower_if_hidden": None,
    }
    yield {
        **same,
        "figure": f"{PREMISES_EXCESS}/{stem}",
        "estimate": PREMISES_EXCESS,
        "category": policy.tier(premises.probability),
        "value": math.floor(100 * premises.probability) / 100,
        "lower": None,
        "upper": None,
        "value_note": "",
        "note": "",
    }
    yield {
        **same,
        "figure": f"{PREMISES_RANK}/{stem}",
        "estimate": PREMISES_RANK,
        "category": "",
        "value": None,
        "lower": float(premises.rank_lower),
        "upper": float(premises.rank_upper),
        "value_note": "[z]",
        "note": "a rank is told by its interval alone",
    }
