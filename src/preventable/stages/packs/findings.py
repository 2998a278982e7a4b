"""What may be said: verdicts that keep their numbers, from shown values at their least favourable."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

from preventable.stages.packs.shown import Shown
from preventable.stages.packs.words import _, data_file, percent_text, plural

Change = Literal[
    "rose", "fell", "may_have_risen", "may_have_fallen", "same", "no_clear_change", "too_few", "too_short"
]


@dataclass(frozen=True)
class ReleaseRule:
    """What a shown count stands for.

    Attributes:
        minimum: Smallest count that is shown.
        base: Shown counts are rounded to its nearest multiple.
    """

    minimum: int
    base: int

    def bounds(self, shown: Shown) -> tuple[int, int]:
        """Smallest and largest true count that a shown count or the token [c] may stand for."""
        if shown.value is None:
            return 0, self.minimum - 1
        slack = self.base // 2
        return max(self.minimum, round(shown.value) - slack), round(shown.value) + slack


@dataclass(frozen=True)
class ChangeFinding:
    """Change between the same calendar months of two years.

    Attributes:
        verdict: What may be said.
        held: Months of the series.
        months: Calendar months that are complete in both years.
        earlier: Smallest and largest possible count of the earlier months.
        later: The same of the later months.
        low: Lower limit of the ratio later to earlier, least favourable; None where nothing is compared.
        high: Upper limit.
        figures: Names of the released figures compared.
    """

    verdict: Change
    held: int
    months: int
    earlier: tuple[int, int]
    later: tuple[int, int]
    low: float | None
    high: float | None
    figures: tuple[str, ...]


def change_finding(monthly: Sequence[Shown], rule: ReleaseRule) -> ChangeFinding:
    """Whether a monthly series rose or fell over a year, by the ladder of findings.toml.

    The last 12 months are compared with the 12 before, month by month; a month that is not available in
    either year drops out of both. Limits of the ratio take in rounding, tokens and over-dispersion.

    Args:
        monthly: Shown counts of one definition and area, one a month.
        rule: How counts were rounded and withheld.

    Sources:
        Rate ratio with dispersion: McCullagh and Nelder (1989), Generalized Linear Models, 4.5 and 6.2.
    """
    settings = data_file("findings.toml")["change"]
    pairs = _pairs(monthly)
    earlier = _total([before for before, _after in pairs], rule)
    later = _total([after for _before, after in pairs], rule)
    names = tuple(figure.figure for pair in pairs for figure in pair)
    if len(pairs) < settings["fewest_month_pairs"]:
        return ChangeFinding("too_short", len(monthly), len(pairs), earlier, later, None, None, names)
    if earlier[0] + later[0] < settings["fewest_events"] or min(earlier[0], later[0]) < 1:
        return ChangeFinding("too_few", len(monthly), len(pairs), earlier, later, None, None, names)
    low, high = _ratio_limits(earlier, later, settings["sure_level"])
    return ChangeFinding(_verdict(earlier, later), len(monthly), len(pairs), earlier, later, low, high, names)


def _pairs(monthly: Sequence[Shown]) -> list[tuple[Shown, Shown]]:
    known = {figure.period_end: figure for figure in monthly if figure.value_note in ("", "[c]")}
    last = max((figure.period_end for figure in monthly), default="")
    pairs = []
    for month in sorted(known):
        before = f"{int(month[:4]) - 1:04d}{month[4:]}"
        if before in known and _year_before(last) < month <= last:
            pairs.append((known[before], known[month]))
    return pairs


def _year_before(month: str) -> str:
    return f"{int(month[:4]) - 1:04d}{month[4:]}"


def _total(figures: Sequence[Shown], rule: ReleaseRule) -> tuple[int, int]:
    bounds = [rule.bounds(figure) for figure in figures]
    return sum(low for low, _high in bounds), sum(high for _low, high in bounds)


def _ratio_limits(earlier: tuple[int, int], later: tuple[int, int], level: float) -> tuple[float, float]:
    """Limits of the ratio that hold whatever true counts the bounds allow."""
    dispersion = data_file("findings.toml")["change"]["dispersion"]
    z = NormalDist().inv_cdf((1 + level) / 2)

    def limit(after: int, before: int, sign: int) -> float:
        return after / before * math.exp(sign * z * math.sqrt(dispersion * (1 / after + 1 / before)))

    return limit(later[0], earlier[1], -1), limit(later[1], earlier[0], +1)


def _verdict(earlier: tuple[int, int], later: tuple[int, int]) -> Change:
    settings = data_file("findings.toml")["change"]
    low, high = _ratio_limits(earlier, later, settings["sure_level"])
    if low > 1 and later[0] / earlier[1] >= 1 + settings["smallest_change"]:
        return "rose"
    if high < 1 and later[1] / earlier[0] <= 1 - settings["smallest_change"]:
        return "fell"
    maybe_low, maybe_high = _ratio_limits(earlier, later, settings["maybe_level"])
    if maybe_low > 1:
        return "may_have_risen"
    if maybe_high < 1:
        return "may_have_fallen"
    same_low, same_high = _ratio_limits(earlier, later, settings["same_level"])
    if settings["same_band"][0] <= same_low and same_high <= settings["same_band"][1]:
        return "same"
    return "no_clear_change"


def change_words(finding: ChangeFinding) -> str:
    """A change finding as words to stand after a colon; the range is part of them."""
    if finding.low is None or finding.high is None:
        if finding.verdict == "too_few":
            return _("too few to say whether they changed")
        return plural(
            "too few months to say whether they changed ({n} month held)",
            "too few months to say whether they changed ({n} months held)",
            finding.held,
        ).format(n=finding.held)
    phrase = {
        "rose": _("rose on the year before (by {low} to {high}{months})"),
        "fell": _("fell on the year before (by {low} to {high}{months})"),
        "may_have_risen": _("may have risen on the year before (between {low} and {high}{months})"),
        "may_have_fallen": _("may have fallen on the year before (between {low} and {high}{months})"),
        "same": _("about the same as the year before (between {low} and {high}{months})"),
        "no_clear_change": _("no clear change on the year before (between {low} and {high}{months})"),
    }[finding.verdict]
    months = "" if finding.months == 12 else _("; {n} months compared").format(n=finding.months)
    return phrase.format(low=percent_text(finding.low), high=percent_text(finding.high), months=months)


def change_headline(findings: Mapping[str, ChangeFinding]) -> str:
    """The changes of several series in a few words, for a title.

    Only what is sure stands in a title: "may have risen" is said below it, with its range.

    Args:
        findings: Name of a series, in the plural, to its finding; at least one.
    """
    sure = {
        "rose": _("{measure} rose on the year before"),
        "fell": _("{measure} fell on the year before"),
    }
    for name, finding in findings.items():
        if finding.verdict in sure:
            return sure[finding.verdict].format(measure=name)
    verdicts = {finding.verdict for finding in findings.values()}
    if verdicts <= {"too_short"}:
        return _("too few months yet to tell a change")
    if verdicts <= {"too_short", "too_few"}:
        return _("too few records to tell a change")
    return _("no count clearly changed on the year before")


def largest(
    figures: Sequence[Shown], rule: ReleaseRule, *, size: Callable[[Shown], float] = lambda _shown: 1.0
) -> tuple[Shown, ...]:
    """The figures of which each may have the largest true count for its size, as far as is shown.

    A shown count may be off by its rounding, and [c] may be anything below the smallest shown count; what is
    not available takes no part. Empty where no figure has a value.

    Args:
        figures: Counts of one definition and period.
        rule: How counts were rounded and withheld.
        size: What a count is divided by, above 0: hours of a band, for instance.
    """
    known = [figure for figure in figures if figure.value_note in ("", "[c]")]
    if not any(figure.value is not None for figure in known):
        return ()
    floor = max(rule.bounds(figure)[0] / size(figure) for figure in known)
    return tuple(figure for figure in known if rule.bounds(figure)[1] / size(figure) >= floor)


def per_capacity(shown: Shown, capacity: int, rule: ReleaseRule) -> tuple[float, float] | None:
    """Smallest and largest count per 100 of capacity that a shown count may stand for, to one decimal.

    The range is rounded outwards. None where no count is shown or the capacity is not known.
    """
    if shown.value is None or capacity <= 0:
        return None
    low, high = (bound * 1_000 / capacity for bound in rule.bounds(shown))
    return math.floor(low) / 10, math.ceil(high) / 10


Comparison = Literal[
    "higher", "somewhat_higher", "lower", "somewhat_lower", "no_clear_difference", "not_available"
]


@dataclass(frozen=True)
class ComparisonFinding:
    """A rate beside another.

    Attributes:
        verdict: What may be said.
        figures: Names of the released rates compared.
    """

    verdict: Comparison
    figures: tuple[str, ...]


def comparison_finding(own: Shown | None, other: Shown | None) -> ComparisonFinding:
    """Whether a rate is higher or lower than another, by the ladder of findings.toml.

    The standard error of each logarithm is taken from its shown 95 % limits, which hold the rounding, and widened
    for over-dispersion, which they do not hold.

    Sources:
        Spiegelhalter (2005), Statistics in Medicine 24:1185-1202 (funnel limits with over-dispersion).
    """
    names = tuple(figure.figure for figure in (own, other) if figure is not None)
    own_log, other_log = _log_rate(own), _log_rate(other)
    if own_log is None or other_log is None:
        return ComparisonFinding("not_available", names)
    settings = data_file("findings.toml")["comparison"]
    error = math.sqrt(settings["dispersion"] * (own_log[1] ** 2 + other_log[1] ** 2))
    difference = own_log[0] - other_log[0]
    sure, maybe = (
        NormalDist().inv_cdf((1 + settings[level]) / 2) * error for level in ("sure_level", "maybe_level")
    )
    if abs(difference) <= maybe:
        return ComparisonFinding("no_clear_difference", names)
    if difference > 0:
        return ComparisonFinding("higher" if difference > sure else "somewhat_higher", names)
    return ComparisonFinding("lower" if -difference > sure else "somewhat_lower", names)


def _log_rate(rate: Shown | None) -> tuple[float, float] | None:
    """Logarithm of a rate and its standard error from the shown 95 % limits; None where one is not shown."""
    if rate is None or rate.value is None or rate.lower is None or rate.upper is None:
        return None
    if not 0 < rate.lower <= rate.value <= rate.upper:
        return None
    half = max(math.log(rate.upper / rate.value), math.log(rate.value / rate.lower))
    return math.log(rate.value), half / NormalDist().inv_cdf(0.975)


def comparison_headline(finding: ComparisonFinding) -> str:
    """A comparison with the region in a few words, for a title."""
    return {
        "higher": _("above the region's rate"),
        "somewhat_higher": _("somewhat above the region's rate"),
        "lower": _("below the region's rate"),
        "somewhat_lower": _("somewhat below the region's rate"),
        "no_clear_difference": _("no clear difference from region"),
        "not_available": _("not comparable with region"),
    }[finding.verdict]


def comparison_words(finding: ComparisonFinding) -> str:
    """A comparison with the region as words."""
    return {
        "higher": _("higher than the region"),
        "somewhat_higher": _("somewhat higher than the region"),
        "lower": _("lower than the region"),
        "somewhat_lower": _("somewhat lower than the region"),
        "no_clear_difference": _("no clear difference from the region"),
        "not_available": _("cannot be compared"),
    }[finding.verdict]
