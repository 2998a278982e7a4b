"""The last look at what is told of premises: every row worked out again from counts that the rule shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from preventable.methods.premises import PremisesRules
from preventable.methods.premises_shown import premises_in_ranges
from preventable.stages.disclosure.cells import Cell
from preventable.stages.disclosure.guard_rows import Expected, check_rows, outwards
from preventable.stages.disclosure.premises_told import (
    PREMISES_EXCESS,
    PREMISES_RANK,
    PremisesTold,
    Register,
)
from preventable.stages.disclosure.rule import ReleaseRule
from preventable.tables.estimate_rules import PremisesPolicy
from preventable.tables.months import month_after
from preventable.tables.weeks import days_of_months

_CENT = 0.01
#: Venue; the definition with its version, and the first and last month of its count.
_Named = tuple[str, tuple[str, tuple[str, str]]]


def check_premises(
    rows: Iterable[Mapping[str, Any]],
    cells: Mapping[str, Cell],
    register: Mapping[str, Register],
    districts: Mapping[tuple[str, str], str],
    told: Collection[PremisesTold],
    *,
    sources: Mapping[str, str],
    rule: ReleaseRule,
    policy: PremisesPolicy,
) -> None:
    """Refuse what is told of premises where it is not granted, or is not what the shown counts alone give.

    Args:
        rows: Rows of `released_estimates` as they would leave, those of premises alone.
        cells: Every shown count, worked out again by the guard of figures, by figure without its measure.
        register: What the register says of each venue.
        districts: District of each (area type, area).
        told: Partners that are granted these estimates.
        sources: Kind of source of each definition.
        rule: How counts are shown.
        policy: When premises stand above their kind.

    Raises:
        ReleaseRefusedError: A row may not leave, is told twice or left out. Names the figure, no value.
    """
    expected: dict[tuple[str, str], Expected] = {}
    for definition in policy.definitions:
        wanted = [one for one in told if definition in one.definitions]
        found = _numbers(definition, cells, register, districts, rule, policy) if wanted else {}
        for (venue, name), numbers in found.items():
            here = [one for one in wanted if one.district == districts["venue", venue]]
            for estimate, columns in _columns(numbers, policy).items():
                version, months = name
                first, last = days_of_months(*months)
                whole = {
                    "estimate": estimate, "definition": definition, "source": sources[definition],
                    "area_type": "venue", "area": venue, "breakdown": "all", "period_start": first,
                    "period_end": last, "lower_if_hidden": None, **columns,
                }  # fmt: skip
                for one in here:
                    if estimate in one.estimates:
                        expected[one.recipient, f"{estimate}/{version}/venue/{venue}/{last}"] = whole
    check_rows(rows, expected)


def _columns(numbers: tuple[float, float, float], policy: PremisesPolicy) -> dict[str, dict[str, Any]]:
    """What is told of premises by estimate: the probability in whole per cents downwards, and the ends of the rank."""
    probability, best, worst = numbers
    value, _upper = outwards(probability, 1.0, _CENT)
    return {
        PREMISES_EXCESS: {
            "category": policy.tier(probability), "value": value, "lower": None, "upper": None,
            "value_note": "", "note": "",
        },
        PREMISES_RANK: {
            "category": "", "value": None, "lower": best, "upper": worst, "value_note": "[z]",
            "note": "a rank is told by its interval alone",
        },
    }  # fmt: skip


def _numbers(
    definition: str,
    cells: Mapping[str, Cell],
    register: Mapping[str, Register],
    districts: Mapping[tuple[str, str], str],
    rule: ReleaseRule,
    policy: PremisesPolicy,
) -> dict[_Named, tuple[float, float, float]]:
    """Probability and ends of the rank of each venue with a shown count, by venue, name and months of the count."""
    compared: dict[_Named, tuple[int, int]] = {}
    for figure, cell in sorted(cells.items()):
        name, area_type, area, period_type, month, dimension, _category = figure.split("/")
        if (name.rpartition(".v")[0], area_type, period_type, dimension) != (
            definition,
            "venue",
            "last12",
            "all",
        ):
            continue
        months = month_after(month, -11), month
        if (
            cell.token != "[x]"
            and ("venue", area) in districts
            and register[area].open_in(*days_of_months(*months))
        ):
            compared[area, (name, months)] = _behind(cell, rule)
    if len(compared) < 2:
        return {}
    named = list(compared)
    venues = [venue for venue, _name in named]
    rules = PremisesRules(
        max(policy.least_events, rule.minimum_count),
        policy.excess,
        policy.rank_level,
        policy.draws,
        policy.seed,
    )
    found = premises_in_ranges(
        list(compared.values()),
        [register[venue].venue_type for venue in venues],
        [policy.size_band(register[venue].capacity) for venue in venues],
        [districts["venue", venue] for venue in venues],
        rules=rules,
    )
    return {
        named[one.place]: (one.probability, float(one.rank_lower), float(one.rank_upper)) for one in found
    }


def _behind(cell: Cell, rule: ReleaseRule) -> tuple[int, int]:
    """Every whole number that the rule shows so, tried one by one."""
    if cell.value is None:
        return 0, rule.minimum_count - 1
    near = range(
        max(rule.minimum_count, int(cell.value) - rule.rounding_base),
        int(cell.value) + rule.rounding_base + 1,
    )
    shown_so = [
        n
        for n in near
        if (2 * n + rule.rounding_base) // (2 * rule.rounding_base) * rule.rounding_base == cell.value
    ]
    return shown_so[0], shown_so[-1]
