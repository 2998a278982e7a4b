"""The gradient over deprivation: rates of groups of small parts of the region, and what they amount to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preventable.methods.inequality import Inequality, gradient_bends, inequality_of_rates
from preventable.methods.limits import widened_poisson_limits
from preventable.methods.means import quantile_groups
from preventable.stages.disclosure.area_sums import AreaSums, PublicAreas, estimate_row
from preventable.stages.disclosure.beyond_rules import InequalityRules
from preventable.stages.disclosure.cells import Cell
from preventable.stages.disclosure.rule import ReleaseRule

GROUP_RATE, SLOPE, RATIO = "deprivation_rate", "inequality_slope", "inequality_ratio"


@dataclass(frozen=True)
class Group:
    """Areas of like deprivation.

    Attributes:
        least: Least count that their shown counts may stand for.
        middle: Sum of the shown counts, [c] as the middle of what it may be.
        most: Greatest count.
        person_years: Their residents.
    """

    least: int
    middle: float
    most: int
    person_years: float


def deprivation_groups(
    public: PublicAreas, sums: AreaSums, rule: ReleaseRule, rules: InequalityRules
) -> tuple[Group, ...] | str:
    """Groups from the least to the most deprived; or which note says why there are none."""
    level = next((one for one in rules.levels if any(key[0] == one for key in sums.counts)), "")
    every = public.of_level(level)
    if len(every) < rules.fewest_areas:
        return "few_areas"
    areas = sums.sent(level, every, fewest=rules.fewest_areas, least_covered=rules.least_covered)
    if not areas:
        return "not_shown"
    ranks = [public.deprivation(level, area) for area in areas]
    years = [sums.person_years(level, area) for area in areas]
    cells = [sums.count(level, area) for area in areas]
    if None in ranks:
        return "no_features"
    # A high rank is a low deprivation: the first group is the least deprived.
    known = [rank for rank in ranks if rank is not None]
    group_of = quantile_groups(known, rules.groups, highest_first=True)
    groups = []
    for number in range(1, rules.groups + 1):
        of = [at for at, group in enumerate(group_of) if group == number]
        bounds = [_bounds(cells[at], rule) for at in of]
        groups.append(
            Group(
                sum(least for least, _middle, _most in bounds),
                math.fsum(middle for _least, middle, _most in bounds),
                sum(most for _least, _middle, most in bounds),
                math.fsum(years[at] or 0.0 for at in of),
            )
        )
    return tuple(groups)


def _bounds(cell: Cell | None, rule: ReleaseRule) -> tuple[int, float, int]:
    if cell is None or cell.value is None:
        return 0, (rule.minimum_count - 1) / 2, rule.minimum_count - 1
    shown = int(cell.value)
    return max(shown - rule.rounding_error, rule.minimum_count), float(shown), shown + rule.rounding_error


def inequality_rows(
    public: PublicAreas,
    sums: AreaSums,
    dispersion: float | None,
    rule: ReleaseRule,
    rules: InequalityRules,
    notes: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Rows of `released_estimates` on one definition: a rate for each group, slope and relative index.

    The slope is that from the least to the most deprived end: above 0 where the most deprived have more. No row of a
    definition that is counted by none of the levels.
    """
    if not any(key[0] in rules.levels for key in sums.counts):
        return []
    groups = deprivation_groups(public, sums, rule, rules)
    reason = groups if isinstance(groups, str) else _reason(groups, dispersion, rule, rules)
    if isinstance(groups, str) or dispersion is None or reason:
        none = Cell(None, "[x]", notes[reason])
        return [_row(sums, public.region, name, "", none) for name in (SLOPE, RATIO)]
    rates = [_rate(group, dispersion, rule) for group in groups]
    people = [group.person_years for group in groups]
    found = gradient(rates, people, rule, rules)
    return [
        *(
            _row(
                sums,
                public.region,
                GROUP_RATE,
                f"{number} of {rules.groups}",
                _cell(rate, rules.decimals),
            )
            for number, rate in enumerate(rates, start=1)
        ),
        _row(
            sums,
            public.region,
            SLOPE,
            "",
            _cell((found.slope_lower, found.slope, found.slope_upper), rules.decimals),
        ),
        _row(
            sums,
            public.region,
            RATIO,
            "",
            _cell((found.ratio_lower, found.ratio, found.ratio_upper), rules.decimals + 1),
        ),
    ]


def _reason(
    groups: Sequence[Group], dispersion: float | None, rule: ReleaseRule, rules: InequalityRules
) -> str:
    """Which note says why no gradient is told; empty where one is."""
    if dispersion is None:
        return "short_history"
    if any(
        group.least < rule.minimum_events_for_rate or group.person_years < rule.minimum_person_years
        for group in groups
    ):
        return "uncertain"
    wide = any(group.most - group.middle > rules.most_unknown * group.middle for group in groups)
    return "uncertain" if wide else ""


Limits = tuple[float, float, float]


def _rate(group: Group, dispersion: float, rule: ReleaseRule) -> Limits:
    """Lower limit of the least count, rate, upper limit of the greatest count."""
    low, high = (
        widened_poisson_limits(count, dispersion=dispersion, level=rule.level)
        for count in (group.least, group.most)
    )
    scale = rule.per / group.person_years
    return low.lower * scale, group.middle * scale, high.upper * scale


def gradient(
    rates: Sequence[Limits], people: Sequence[float], rule: ReleaseRule, rules: InequalityRules
) -> Inequality:
    """Slope and relative index of the groups' rates, with the logarithm where the gradient bends."""
    lowers, values, uppers = zip(*rates, strict=True)
    return inequality_of_rates(
        values,
        lowers,
        uppers,
        people,
        on_log_scale=gradient_bends(values, people),
        limits_level=rule.level,
        level=rule.level,
        draws=rules.draws,
    )


def _cell(limits: Limits, decimals: int) -> Cell:
    lower, value, upper = limits
    scale = 10**decimals
    return Cell(
        round(value, decimals),
        lower=math.floor(round(lower * scale, 6)) / scale,
        upper=math.ceil(round(upper * scale, 6)) / scale,
    )


def _row(sums: AreaSums, region: str, estimate: str, category: str, cell: Cell) -> dict[str, Any]:
    part = category.replace(" ", "_")
    return estimate_row(sums.series, estimate, ("region", region), "deprivation", category, cell, part=part)
