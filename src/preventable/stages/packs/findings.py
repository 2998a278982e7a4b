"""What may be said: verdicts that keep their numbers, from shown values at their least favourable."""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from preventable.methods.limits import poisson_limits
from preventable.methods.words import ChangeEvidence, RateEvidence, Verdict, WordRules, Words, verdict
from preventable.stages.packs.shown import Shown
from preventable.stages.packs.words import _, data_file, percent_text, plural

_SURE = (Words.ROSE, Words.FELL)


@cache
def word_rules(false_discovery_rate: float, watch_p: float) -> WordRules:
    """The rules of findings.toml and, of signals, those of policy/signals.toml."""
    return WordRules(**data_file("findings.toml")["words"], signal_q=false_discovery_rate, watch_p=watch_p)


@dataclass(frozen=True)
class Dispersion:
    """How much more a district's counts vary than chance alone: variance over mean.

    Attributes:
        value: 1 or more: what the interval of a change takes.
        comparison: The same for a rate beside another one.
        measured: Whether it was measured on this region's own counts; else it is that of findings.toml.
    """

    value: float
    comparison: float
    measured: bool


def dispersion_of(measured: float | None) -> Dispersion:
    """The dispersion that was released; where none was, that of findings.toml."""
    if measured is not None:
        return Dispersion(measured, measured, measured=True)
    assumed = data_file("findings.toml")["dispersion"]
    return Dispersion(assumed["change"], assumed["comparison"], measured=False)


@dataclass(frozen=True)
class ReleaseRule:
    """What a shown count stands for.

    Attributes:
        minimum: Smallest count that is shown.
        base: Shown counts are rounded to its nearest multiple.
        least_coverage: Coverage from which a month is shown, 0 to 1.
        limits_level: Level of the limits of rates.
    """

    minimum: int
    base: int
    least_coverage: float
    limits_level: float

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
        held: Months of the series.
        months: Calendar months that are complete in both years.
        verdict: What may be said, with all that it was made from; None where months are too few to say anything.
        dispersion: That of the interval.
        figures: Names of the released figures compared.
    """

    held: int
    months: int
    verdict: Verdict | None
    dispersion: Dispersion
    figures: tuple[str, ...]

    @property
    def words(self) -> Words | None:
        """What may be said; None where months are too few."""
        return None if self.verdict is None else self.verdict.words


def change_finding(
    monthly: Sequence[Shown], rule: ReleaseRule, dispersion: Dispersion, rules: WordRules
) -> ChangeFinding:
    """Whether a monthly series rose or fell over a year, by the ladder of findings.toml.

    The last 12 months are compared with the 12 before, month by month; a month that is not available in
    either year drops out of both. Limits of the ratio take in rounding, tokens and over-dispersion.

    Args:
        monthly: Shown counts of one definition and area, one a month.
        rule: How counts were rounded and withheld.
        dispersion: How much more the series of its level vary than chance alone.
        rules: When which words may be used.
    """
    pairs = _pairs(monthly)
    names = tuple(figure.figure for pair in pairs for figure in pair)
    if len(pairs) < data_file("findings.toml")["change"]["fewest_month_pairs"]:
        return ChangeFinding(len(monthly), len(pairs), None, dispersion, names)
    earlier, later = ([pair[place] for pair in pairs] for place in (0, 1))
    evidence = ChangeEvidence(
        _total(earlier, rule),
        _total(later, rule),
        dispersion.value,
        exposure=_days(later) / _days(earlier),
        # A month that says it lacks something may lack as much as the rule lets pass.
        earlier_completeness=1.0,
        later_completeness=rule.least_coverage if any(one.note for pair in pairs for one in pair) else 1.0,
    )
    return ChangeFinding(len(monthly), len(pairs), verdict(evidence, rules), dispersion, names)


def _pairs(monthly: Sequence[Shown]) -> list[tuple[Shown, Shown]]:
    known = {figure.period_end: figure for figure in monthly if figure.value_note in ("", "[c]")}
    last = max((figure.period_end for figure in monthly), default="")
    return [
        (known[_year_before(month)], known[month])
        for month in sorted(known)
        if _year_before(month) in known and _year_before(last) < month <= last
    ]


def _year_before(month: str) -> str:
    return f"{int(month[:4]) - 1:04d}{month[4:]}"


def _total(figures: Sequence[Shown], rule: ReleaseRule) -> range:
    """Every count that all of them together may have."""
    bounds = [rule.bounds(figure) for figure in figures]
    return range(sum(low for low, _high in bounds), sum(high for _low, high in bounds) + 1)


def _days(figures: Sequence[Shown]) -> int:
    months = (figure.period_end.split("-") for figure in figures)
    return sum(calendar.monthrange(int(year), int(month))[1] for year, month in months)


def change_words(finding: ChangeFinding) -> str:
    """A change finding as words to stand after a colon; the range is part of them."""
    if finding.verdict is None:
        return plural(
            "too few months to say whether they changed ({n} month held)",
            "too few months to say whether they changed ({n} months held)",
            finding.held,
        ).format(n=finding.held)
    sure = finding.verdict.sure
    if sure is None:
        return _("too few to say whether they changed")
    phrase = {
        Words.ROSE: _("rose on the year before (by {low} to {high}{months})"),
        Words.FELL: _("fell on the year before (by {low} to {high}{months})"),
        Words.MAY_HAVE_RISEN: _("may have risen on the year before (between {low} and {high}{months})"),
        Words.MAY_HAVE_FALLEN: _("may have fallen on the year before (between {low} and {high}{months})"),
        Words.ABOUT_THE_SAME: _("about the same as the year before (between {low} and {high}{months})"),
        Words.NO_CLEAR_CHANGE: _("no clear change on the year before (between {low} and {high}{months})"),
    }[finding.verdict.words]
    months = "" if finding.months == 12 else _("; {n} months compared").format(n=finding.months)
    return phrase.format(low=percent_text(sure.lower), high=percent_text(sure.upper), months=months)


def change_headline(findings: Mapping[str, ChangeFinding]) -> str:
    """The changes of several series in a few words, for a title.

    Only what is sure stands in a title: "may have risen" is said below it, with its range.

    Args:
        findings: Name of a series, in the plural, to its finding; at least one.
    """
    sure = {
        Words.ROSE: _("{measure} rose on the year before"),
        Words.FELL: _("{measure} fell on the year before"),
    }
    for name, finding in findings.items():
        if finding.words in _SURE:
            return sure[finding.words].format(measure=name)
    said = {finding.words for finding in findings.values()}
    if said <= {None}:
        return _("too few months yet to tell a change")
    if said <= {None, Words.TOO_FEW}:
        return _("too few records to tell a change")
    return _("no count clearly changed on the year before")


def largest(
    figures: Sequence[Shown], rule: ReleaseRule, *, size: Callable[[Shown], float] = lambda _shown: 1.0
) -> tuple[Shown, ...]:
    """The figures of which each may have the largest count for its size, whatever rounding and chance did.

    A shown count may be off by its rounding, and [c] may be anything below the smallest shown count; around either
    end lie the limits of a Poisson count. A figure is out only where its limits lie below those of another; what is
    not available takes no part. Empty where no figure has a value.

    Args:
        figures: Counts of one definition and period.
        rule: How counts were rounded and withheld.
        size: What a count is divided by, above 0: hours of a band, for instance.
    """
    known = [figure for figure in figures if figure.value_note in ("", "[c]")]
    if not any(figure.value is not None for figure in known):
        return ()
    level = rule.limits_level
    ends = [tuple(poisson_limits(count, level=level) for count in rule.bounds(figure)) for figure in known]
    floor = max(low.lower / size(figure) for figure, (low, _high) in zip(known, ends, strict=True))
    return tuple(
        figure for figure, (_low, high) in zip(known, ends, strict=True) if high.upper / size(figure) >= floor
    )


def per_capacity(shown: Shown, capacity: int, rule: ReleaseRule) -> tuple[float, float] | None:
    """Smallest and largest count per 100 of capacity that a shown count may stand for, to one decimal.

    The range is rounded outwards. None where no count is shown or the capacity is not known.
    """
    if shown.value is None or capacity <= 0:
        return None
    low, high = (bound * 1_000 / capacity for bound in rule.bounds(shown))
    return math.floor(low) / 10, math.ceil(high) / 10


@dataclass(frozen=True)
class ComparisonFinding:
    """A rate beside another.

    Attributes:
        verdict: What may be said, with all that it was made from; None where one of them is not shown.
        figures: Names of the released rates compared.
    """

    verdict: Verdict | None
    figures: tuple[str, ...]

    @property
    def words(self) -> Words | None:
        """What may be said; None where one of them is not shown."""
        return None if self.verdict is None else self.verdict.words


Limits = tuple[float, float, float]


def comparison_finding(
    own: Shown | None,
    other: Limits | None,
    rule: ReleaseRule,
    dispersion: Dispersion,
    rules: WordRules,
    *,
    figure: str = "",
) -> ComparisonFinding:
    """Whether a rate is higher or lower than another, by the ladder of findings.toml.

    The shown limits hold the rounding; they are widened for over-dispersion, which they do not hold.

    Args:
        own: Rate of the area.
        other: Lower limit, value and upper limit of the rate beside it; None where it is not shown.
        rule: At which level the limits are.
        dispersion: How much more counts of the level vary than chance alone.
        rules: When which words may be used.
        figure: Name of the other rate.

    Sources:
        Spiegelhalter (2005), Statistics in Medicine 24:1185-1202 (funnel limits with over-dispersion).
    """
    names = tuple(name for name in (own.figure if own else "", figure) if name)
    mine = limits_of(own)
    if mine is None or other is None:
        return ComparisonFinding(None, names)
    evidence = RateEvidence(mine, other, rule.limits_level, dispersion.comparison)
    return ComparisonFinding(verdict(evidence, rules), names)


def limits_of(rate: Shown | None) -> Limits | None:
    """A shown rate with its limits: lower, value, upper; None where one is not shown or is not above 0."""
    if rate is None or rate.value is None or rate.lower is None or rate.upper is None:
        return None
    if not 0 < rate.lower <= rate.value <= rate.upper:
        return None
    return rate.lower, rate.value, rate.upper


def comparison_headline(finding: ComparisonFinding) -> str:
    """A comparison with the region in a few words, for a title."""
    return {
        Words.HIGHER: _("above the region's rate"),
        Words.SOMEWHAT_HIGHER: _("somewhat above the region's rate"),
        Words.LOWER: _("below the region's rate"),
        Words.SOMEWHAT_LOWER: _("somewhat below the region's rate"),
        Words.SIMILAR: _("no clear difference from region"),
        None: _("not comparable with region"),
    }[finding.words]


def comparison_words(finding: ComparisonFinding, other: str) -> str:
    """A comparison as words.

    Args:
        finding: Of a rate beside another.
        other: What it stands beside, with its article.
    """
    return {
        Words.HIGHER: _("higher than {other}"),
        Words.SOMEWHAT_HIGHER: _("somewhat higher than {other}"),
        Words.LOWER: _("lower than {other}"),
        Words.SOMEWHAT_LOWER: _("somewhat lower than {other}"),
        Words.SIMILAR: _("no clear difference from {other}"),
        None: _("cannot be compared"),
    }[finding.words].format(other=other)
