"""What may be said of a figure: one table of verdicts. Every verdict keeps the numbers that it was made from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import singledispatch

from preventable.errors import CountError
from preventable.methods.changes import Change, change_between_bands
from preventable.methods.funnels import Position
from preventable.methods.limits import normal_quantile


class Words(StrEnum):
    """What may be said. The value is the phrase in a sentence."""

    ROSE = "rose"
    FELL = "fell"
    MAY_HAVE_RISEN = "may have risen"
    MAY_HAVE_FALLEN = "may have fallen"
    ABOUT_THE_SAME = "was about the same"
    NO_CLEAR_CHANGE = "showed no clear change"
    TOO_FEW = "had too few events to say"
    HIGHER = "higher than"
    SOMEWHAT_HIGHER = "somewhat higher than"
    LOWER = "lower than"
    SOMEWHAT_LOWER = "somewhat lower than"
    SIMILAR = "similar to"
    MORE_THAN_EXPECTED = "more than expected"
    WORTH_WATCHING = "worth watching"
    AS_EXPECTED = "within what is expected"
    REDUCED = "the programme reduced"
    FOLLOWED_BY = "was followed by"


@dataclass(frozen=True)
class WordRules:
    """When which words may be used.

    Attributes:
        sure_level: Level of the interval that must exclude 1 for "rose" or "fell".
        maybe_level: Level of the interval that must exclude 1 for "may have".
        same_level: Level of the interval that must lie inside the two ratios below for "about the same".
        same_lower: Least ratio that is about the same.
        same_upper: Greatest ratio that is about the same.
        least_change: Least change, as a share, for "rose" or "fell".
        least_events: Fewest events in the two periods together for any word about a change.
        completeness_difference: Largest difference of completeness, as a share, for "rose" or "fell".
        signal_q: Largest tree q of a signal.
        watch_p: Largest p of what is worth watching.
        programme_p: Largest p by randomisation of what a programme is said to have done.
        outer_level: Level of the limits beyond which a rate is "higher" or "lower".
        inner_level: Level of those beyond which it is so "somewhat".
    """

    sure_level: float
    maybe_level: float
    same_level: float
    same_lower: float
    same_upper: float
    least_change: float
    least_events: int
    completeness_difference: float
    signal_q: float
    watch_p: float
    programme_p: float
    outer_level: float
    inner_level: float


@dataclass(frozen=True)
class ChangeEvidence:
    """Two periods of one area: the same calendar months, both complete.

    Attributes:
        earlier: Every count that the earlier period may have: one where it is known, more where a band was released.
        later: Every count that the later period may have.
        dispersion: Variance over mean of the level, 1 or more.
        exposure: Later exposure over earlier exposure.
        earlier_completeness: Share of the earlier period that was received, 0 to 1.
        later_completeness: Share of the later period that was received, 0 to 1.
    """

    earlier: range
    later: range
    dispersion: float
    exposure: float
    earlier_completeness: float
    later_completeness: float


@dataclass(frozen=True)
class PositionEvidence:
    """Where an area lies in the funnel of its region or of areas like it."""

    position: Position


@dataclass(frozen=True)
class RateEvidence:
    """An area's rate beside another: of its region, or of areas like it.

    Attributes:
        own: The area's rate with its limits: lower, value, upper, all above 0.
        other: The rate that it stands beside, likewise.
        limits_level: Level of both rates' limits.
        dispersion: Variance over mean of the level, 1 or more, which these limits leave out.
    """

    own: tuple[float, float, float]
    other: tuple[float, float, float]
    limits_level: float
    dispersion: float


@dataclass(frozen=True)
class SignalEvidence:
    """A series' q after tree control of false discoveries, None where it was not selected, and its p."""

    q: float | None
    p: float


@dataclass(frozen=True)
class ProgrammeEvidence:
    """Test of a programme.

    Attributes:
        p: p by randomisation inside strata.
        ratio: Effect as a ratio; below 1 is fewer.
        checks_blocked: Checks (completeness, recording, sites, spill-over) that forbid a word about an effect.
        outcome_registered: Whether the outcome was registered before.
        smallest_effect: Smallest share of change that the design could have found with the power it names.
    """

    p: float
    ratio: float
    checks_blocked: int
    outcome_registered: bool
    smallest_effect: float


Evidence = ChangeEvidence | PositionEvidence | RateEvidence | SignalEvidence | ProgrammeEvidence


@dataclass(frozen=True)
class Verdict:
    """What may be said, with all that it was made from: `verdict(found.evidence, found.rules) == found`.

    Attributes:
        words: What may be said.
        evidence: The numbers.
        rules: The rules.
        sure: Change with its limits at the level of "rose" and "fell"; None of what is no change, or of too few events.
    """

    words: Words
    evidence: Evidence
    rules: WordRules
    sure: Change | None = None


@singledispatch
def verdict(evidence: Evidence, rules: WordRules) -> Verdict:
    """What may be said of this evidence.

    Args:
        evidence: Of a change, a position among areas, a rate beside another, a signal or a programme.
        rules: When which words may be used.

    Returns:
        The words with their numbers. Of counts that are known as bands the least favourable values decide: "rose" is
        said only where it would be said whatever the true counts are.

    Raises:
        CountError: A band is empty or negative, a dispersion below 1, a rate outside its limits, or a number of a
            signal or programme none.
        DenominatorError: A ratio of exposures is not above 0.

    Example:
        >>> rules = WordRules(
        ...     sure_level=0.95, maybe_level=0.8, same_level=0.9, same_lower=0.9, same_upper=1.1, least_change=0.05,
        ...     least_events=20, completeness_difference=0.05, signal_q=0.1, watch_p=0.005, programme_p=0.05,
        ...     outer_level=0.998, inner_level=0.95,
        ... )
        >>> def told(earlier, later, dispersion):
        ...     counts = range(earlier, earlier + 1), range(later, later + 1)
        ...     return str(verdict(ChangeEvidence(*counts, dispersion, 1.0, 1.0, 1.0), rules).words)
        >>> told(100, 140, 1.0), told(100, 140, 2.5), told(9, 9, 1.0)
        ('rose', 'may have risen', 'had too few events to say')
    """
    raise CountError("a verdict", f"no words for {type(evidence).__name__}")


@verdict.register
def _(evidence: ChangeEvidence, rules: WordRules) -> Verdict:
    def change(level: float) -> Change:
        return change_between_bands(
            evidence.earlier,
            evidence.later,
            dispersion=evidence.dispersion,
            exposure=evidence.exposure,
            level=level,
        )

    sure = change(rules.sure_level)
    if evidence.earlier[0] + evidence.later[0] < rules.least_events or _may_be_none(evidence):
        return Verdict(Words.TOO_FEW, evidence, rules)
    # Rounded, so that 5 points of two shares given to two decimals are 5 points.
    gap = round(abs(evidence.earlier_completeness - evidence.later_completeness), 9)
    if gap <= rules.completeness_difference:
        if sure.lower > 1 and _least_ratio(evidence) >= 1 + rules.least_change:
            return Verdict(Words.ROSE, evidence, rules, sure)
        if sure.upper < 1 and _most_ratio(evidence) <= 1 - rules.least_change:
            return Verdict(Words.FELL, evidence, rules, sure)
    maybe, same = change(rules.maybe_level), change(rules.same_level)
    if maybe.lower > 1:
        return Verdict(Words.MAY_HAVE_RISEN, evidence, rules, sure)
    if maybe.upper < 1:
        return Verdict(Words.MAY_HAVE_FALLEN, evidence, rules, sure)
    if rules.same_lower < same.lower and same.upper < rules.same_upper:
        return Verdict(Words.ABOUT_THE_SAME, evidence, rules, sure)
    return Verdict(Words.NO_CLEAR_CHANGE, evidence, rules, sure)


@verdict.register
def _(evidence: PositionEvidence, rules: WordRules) -> Verdict:
    words = {
        "far_above": Words.HIGHER,
        "above": Words.SOMEWHAT_HIGHER,
        "inside": Words.SIMILAR,
        "below": Words.SOMEWHAT_LOWER,
        "far_below": Words.LOWER,
    }
    return Verdict(words[evidence.position], evidence, rules)


@verdict.register
def _(evidence: RateEvidence, rules: WordRules) -> Verdict:
    if not 1 <= evidence.dispersion < math.inf:
        raise CountError("a verdict", "the dispersion is below 1 or not a number")
    (own, own_error), (other, other_error) = (
        _log_rate(rate, evidence.limits_level) for rate in (evidence.own, evidence.other)
    )
    error = math.sqrt(evidence.dispersion * (own_error**2 + other_error**2))
    away = own - other
    outer, inner = (normal_quantile(level) * error for level in (rules.outer_level, rules.inner_level))
    if abs(away) <= inner:
        return Verdict(Words.SIMILAR, evidence, rules)
    if away > 0:
        return Verdict(Words.HIGHER if away > outer else Words.SOMEWHAT_HIGHER, evidence, rules)
    return Verdict(Words.LOWER if -away > outer else Words.SOMEWHAT_LOWER, evidence, rules)


def _log_rate(rate: tuple[float, float, float], level: float) -> tuple[float, float]:
    """Logarithm of a rate and its standard error by the limit that lies further from it."""
    lower, value, upper = rate
    if not 0 < lower <= value <= upper < math.inf:
        raise CountError("a verdict", "a rate is not above 0 and between its limits")
    half = max(math.log(upper / value), math.log(value / lower))
    return math.log(value), half / normal_quantile(level)


@verdict.register
def _(evidence: SignalEvidence, rules: WordRules) -> Verdict:
    if not (0 <= evidence.p <= 1 and (evidence.q is None or 0 <= evidence.q <= 1)):
        raise CountError("a verdict", "p or q is not between 0 and 1")
    if evidence.q is not None and evidence.q <= rules.signal_q:
        return Verdict(Words.MORE_THAN_EXPECTED, evidence, rules)
    words = Words.WORTH_WATCHING if evidence.p <= rules.watch_p else Words.AS_EXPECTED
    return Verdict(words, evidence, rules)


@verdict.register
def _(evidence: ProgrammeEvidence, rules: WordRules) -> Verdict:
    if not (0 <= evidence.p <= 1 and evidence.ratio > 0):
        raise CountError("a verdict", "p is not between 0 and 1, or the effect is no ratio")
    sure = evidence.p <= rules.programme_p and evidence.ratio < 1
    allowed = evidence.checks_blocked == 0 and evidence.outcome_registered
    return Verdict(Words.REDUCED if sure and allowed else Words.FOLLOWED_BY, evidence, rules)


def change_sentence(found: Verdict, what: str) -> str:
    """The verdict of a change as a sentence about `what`, with its range where the rules ask for one.

    Its percents are the ends of the interval that the words rest on; too few events get none.

    Args:
        found: Verdict of a change.
        what: Subject of the sentence, such as "Recorded violence in Northfield".

    Raises:
        CountError: The verdict is of no change.

    Example:
        >>> rules = WordRules(0.95, 0.8, 0.9, 0.9, 1.1, 0.05, 20, 0.05, 0.1, 0.005, 0.05, 0.998, 0.95)
        >>> evidence = ChangeEvidence(range(100, 101), range(112, 113), 2.0, 1.0, 1.0, 1.0)
        >>> change_sentence(verdict(evidence, rules), "Violence")
        'Violence showed no clear change (between -23 % and +64 %).'
    """
    if not isinstance(found.evidence, ChangeEvidence):
        raise CountError("a sentence", "the verdict is of no change")
    if found.sure is None:
        return f"{what} {found.words}."
    return f"{what} {found.words} (between {_percent(found.sure.lower)} and {_percent(found.sure.upper)})."


def _percent(ratio: float) -> str:
    return f"{round(100 * (ratio - 1)):+d} %".replace("+0 %", "0 %")


def _may_be_none(evidence: ChangeEvidence) -> bool:
    """Whether one of the bands reaches down to none: then no percentage holds for all of it."""
    return any(len(band) > 1 and band[0] == 0 for band in (evidence.earlier, evidence.later))


def _least_ratio(evidence: ChangeEvidence) -> float:
    return evidence.later[0] / max(evidence.earlier[-1], 0.5) / evidence.exposure


def _most_ratio(evidence: ChangeEvidence) -> float:
    return evidence.later[-1] / max(evidence.earlier[0], 0.5) / evidence.exposure
