"""Many tests at once: which of a family of series stand out, and the few lines that are worth a person's time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from preventable.errors import LevelError

SIGNAL, WORTH_WATCHING = "signal", "worth_watching"
NEW, CONTINUING, WITHDRAWN = "new", "continuing", "withdrawn"


@dataclass(frozen=True)
class Candidate:
    """One tested series of a family.

    Attributes:
        area: Area that it belongs to: the upper level of the tree.
        series: Name of the series, unique inside its area: the lower level.
        p: Its p, between 0 and 1.
        harm: How much there is to act upon, 0 or more (see `excess_harm`): it orders the lines.
    """

    area: str
    series: str
    p: float
    harm: float


@dataclass(frozen=True)
class Line:
    """A candidate that was chosen: `rank` 1 is to be looked at first."""

    candidate: Candidate
    verdict: str
    rank: int


def excess_harm(observed: float, upper_80: float, severity_weight: float) -> float:
    """Lower 80 % limit of the events above what was expected, never below 0, times a weight of severity.

    Args:
        observed: Events, or the least that a shown count stands for.
        upper_80: Upper 80 % limit of the predicted count.
        severity_weight: What one event weighs beside one of another series.

    Example:
        >>> excess_harm(30, upper_80=24, severity_weight=2.0), excess_harm(20, 24, 2.0)
        (12.0, 0.0)
    """
    return max(0.0, observed - upper_80) * severity_weight


def simes_p(values: Sequence[float]) -> float:
    """Simes' p of the hypothesis that nothing stands out in any of some tests: the least of n p(i) / i.

    Args:
        values: p of each test; at least one.

    Raises:
        LevelError: There is no test, or a p is not between 0 and 1.

    Source:
        Simes (1986), Biometrika 73:751-754.

    Example:
        >>> simes_p([0.01, 0.02, 0.5])
        0.03
    """
    ordered = _sorted_p(values)
    return min(1.0, min(len(ordered) * p / rank for rank, p in enumerate(ordered, start=1)))


def benjamini_hochberg(values: Mapping[str, float], rate: float) -> frozenset[str]:
    """Which of some tests are selected so that the expected share of false ones is at most `rate`.

    Args:
        values: p of each test, by name.
        rate: False discovery rate, between 0 and 1.

    Returns:
        Names of the tests at or below the largest p(i) that is at most rate x i / n; empty where there is none.

    Raises:
        LevelError: `rate` or a p is not between 0 and 1.

    Source:
        Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57:289-300.

    Example:
        >>> sorted(benjamini_hochberg({"a": 0.01, "b": 0.04, "c": 0.5}, rate=0.10))
        ['a', 'b']
    """
    if not 0 <= rate <= 1:
        raise LevelError("false discovery", "the rate is not between 0 and 1")
    if not values:
        return frozenset()
    ordered = _sorted_p(list(values.values()))
    passed = [p for rank, p in enumerate(ordered, start=1) if p <= rate * rank / len(ordered)]
    return frozenset(name for name, p in values.items() if passed and p <= passed[-1])


def tree_selection(candidates: Iterable[Candidate], rate: float) -> frozenset[tuple[str, str]]:
    """Areas first, then series inside the selected areas, so that errors are few inside what is selected.

    Simes' p of each area; Benjamini-Hochberg over the areas at `rate`; inside each of the R areas selected of m,
    Benjamini-Hochberg at rate x R / m.

    Args:
        candidates: The family: every tested series, found or not.
        rate: False discovery rate, between 0 and 1.

    Returns:
        (area, series) of those selected.

    Raises:
        LevelError: `rate` or a p is not between 0 and 1.

    Source:
        Benjamini and Bogomolov (2014), Journal of the Royal Statistical Society B 76:297-318.

    Example:
        >>> family = [Candidate("A", "s1", 0.001, 3.0), Candidate("A", "s2", 0.6, 0.0), Candidate("B", "s1", 0.4, 0.0)]
        >>> sorted(tree_selection(family, rate=0.10))
        [('A', 's1')]
    """
    areas: dict[str, dict[str, float]] = {}
    for one in candidates:
        areas.setdefault(one.area, {})[one.series] = one.p
    chosen = benjamini_hochberg({area: simes_p(list(of.values())) for area, of in areas.items()}, rate)
    inside = rate * len(chosen) / max(1, len(areas))
    return frozenset((area, series) for area in chosen for series in benjamini_hochberg(areas[area], inside))


def signal_lines(
    candidates: Iterable[Candidate], *, rate: float, watch_p: float, at_most: int
) -> tuple[Line, ...]:
    """The lines of one family: signals, then series worth watching, each by harm, then by p; never too many.

    Both have p at most `watch_p`: in a small family the rate alone would make the stronger word the easier one.

    Args:
        candidates: The family of one reader: every tested series, found or not; one for each area and series.
        rate: False discovery rate of the signals.
        watch_p: p of a line at most; one that the rate does not select is worth watching.
        at_most: Lines at most.

    Returns:
        The lines, ranked from 1. The order of the candidates does not matter.

    Raises:
        LevelError: `rate`, `watch_p` or a p is not between 0 and 1; or a series stands in the family twice.

    Example:
        >>> family = [Candidate("A", "s1", 0.001, 3.0), Candidate("B", "s1", 0.4, 0.0)]
        >>> [(line.rank, line.candidate.area, line.verdict) for line in signal_lines(
        ...     family, rate=0.10, watch_p=0.005, at_most=5)]
        [(1, 'A', 'signal')]
    """
    family = sorted(candidates, key=_order)
    if not 0 <= watch_p <= 1:
        raise LevelError("false discovery", "the p of watching is not between 0 and 1")
    if len({(one.area, one.series) for one in family}) != len(family):
        raise LevelError("false discovery", "a series stands in the family twice")
    selected = tree_selection(family, rate)
    unlikely = [one for one in family if one.p <= watch_p]
    signals = [one for one in unlikely if (one.area, one.series) in selected]
    watched = [one for one in unlikely if (one.area, one.series) not in selected]
    told = [(one, SIGNAL) for one in signals] + [(one, WORTH_WATCHING) for one in watched]
    return tuple(Line(one, verdict, rank) for rank, (one, verdict) in enumerate(told[:at_most], start=1))


def line_states(
    now: Iterable[tuple[str, str]],
    before: Iterable[tuple[str, str]],
    upheld: Iterable[tuple[str, str]],
) -> dict[tuple[str, str], str]:
    """What a reader of the last run's lines must be told of each line: new, continuing or withdrawn.

    Args:
        now: (area, series) of the lines of this run.
        before: Those of the last run, as they were told.
        upheld: Those of the last run that are still lines when its period is judged again with what is known today.

    Returns:
        The state of each, in their order. `continuing` where a line was told before and is on, `new` where it was not,
        `withdrawn` where it was told, is not on, and corrected records do not uphold it. One that was right and is over
        is not among them, for it needs no word.

    Example:
        >>> line_states([("A", "s"), ("B", "s")], before=[("B", "s"), ("C", "s"), ("D", "s")], upheld=[("D", "s")])
        {('A', 's'): 'new', ('B', 's'): 'continuing', ('C', 's'): 'withdrawn'}
    """
    on, told, right = frozenset(now), frozenset(before), frozenset(upheld)
    states = {line: CONTINUING if line in told else NEW for line in on}
    states |= dict.fromkeys(told - on - right, WITHDRAWN)
    return dict(sorted(states.items()))


def _order(one: Candidate) -> tuple[float, float, str, str]:
    return -one.harm, one.p, one.area, one.series


def _sorted_p(values: Sequence[float]) -> list[float]:
    if not values or not all(0 <= p <= 1 and math.isfinite(p) for p in values):
        raise LevelError("false discovery", "there is no p, or one is not between 0 and 1")
    return sorted(values)
