"""How many there are in all, from how far two or three lists of some of them overlap.

A history says on which lists one is, as 0 or 1 for each: (1, 0, 1) is on the first and the third. Histories of three
lists are always in the order of `HISTORIES`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy

from preventable.errors import CountError, LevelError
from preventable.methods.negative_binomial import normal_score

HISTORIES = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1))
"""Histories of three lists, but the one of those on none."""
Pairs = tuple[tuple[int, int], ...]
"""Pairs of lists, by position, that depend on each other."""
_ROUNDS = 200
_CLOSE = 1e-10
#: More unseen than this many times the seen is no answer: the lists hardly overlap.
_MOST_UNSEEN = 1e4


@dataclass(frozen=True)
class Total:
    """Estimated number in all, with its limits.

    Attributes:
        estimate: Seen and unseen together.
        seen: On any list.
        lower, upper: Limits of its interval; the lower one is never below the number seen.
        deviance: Of a log-linear model, on `freedom` degrees of freedom; 0 of two lists.
    """

    estimate: float
    seen: float
    lower: float
    upper: float
    deviance: float = 0.0
    freedom: int = 0


def two_list_total(
    first: float, second: float, both: float, *, both_error: float = 0.0, level: float = 0.95
) -> Total | None:
    """Chapman's estimate of a total from two lists that are independent of each other.

    Args:
        first: On the first list.
        second: On the second list.
        both: On both.
        both_error: Standard error of `both`, where it was not counted but estimated.
        level: Coverage of the interval, between 0 and 1.

    Returns:
        The total with an interval that is log-normal in the number unseen; None where nobody is on both.

    Raises:
        CountError: A number is negative, or more are on both than on one.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Chapman (1951), University of California Publications in Statistics 1:131-160. Seber (1970), Biometrika
        57:313-318 (variance). Chao (1987), Biometrics 43:783-791 (interval).

    Example:
        >>> round(two_list_total(346, 184, 49).estimate)
        1283
    """
    if min(first, second, both) < 0 or both > min(first, second):
        raise CountError("two lists", "a list or what both share is no possible count")
    reach = _reach(level)
    if both == 0:
        return None
    estimate = (first + 1) * (second + 1) / (both + 1) - 1
    variance = (first + 1) * (second + 1) * (first - both) * (second - both) / ((both + 1) ** 2 * (both + 2))
    variance += (estimate * both_error / (both + 1)) ** 2
    seen = first + second - both
    unseen = estimate - seen
    if unseen <= 0:
        return Total(estimate, seen, seen, seen)
    factor = math.exp(reach * math.sqrt(math.log1p(variance / unseen**2)))
    return Total(estimate, seen, seen + unseen / factor, seen + unseen * factor)


def corrected_overlap(linked: float, first: float, *, sensitivity: float, chance: float) -> float:
    """How many are truly on both lists, from how many were linked.

    Args:
        linked: Of the first list, linked to the second.
        first: On the first list.
        sensitivity: Share of those on both who are linked.
        chance: Share of those on one list alone who would be linked to somebody by chance.

    Source:
        Ding and Fienberg (1994), Survey Methodology 20:149-158, with one chance share for all.

    Example:
        >>> round(corrected_overlap(650, 1000, sensitivity=0.7, chance=0.05))
        902
    """
    return (linked - first * chance) / (sensitivity * (1 - chance))


@dataclass(frozen=True)
class Histories:
    """True number of each history of `HISTORIES`, as far as links and what else is known tell it.

    Attributes:
        counts: Expected numbers, 0 or more.
        covariance: Of their errors, but those of chance capture.
    """

    counts: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True)
class Witness:
    """A sum of true histories that is known from elsewhere: `weights` (of each history) times the counts."""

    weights: np.ndarray
    value: float
    standard_error: float


def corrected_histories(
    linked: Sequence[float],
    misclassified: np.ndarray,
    relative_error: Sequence[float],
    witnesses: Sequence[Witness] = (),
) -> Histories:
    """Numbers of true histories from those of linked ones, by weighted least squares with none below 0.

    Linking errs both ways: a missed link leaves two histories of one list where there is one of two, a false one joins
    two into one. How often is told by a matrix from worlds whose truth is known, and by witnesses from the records.

    Args:
        linked: Groups of linked records with each history.
        misclassified: Linked groups of history i that a true history j gives, as row i and column j. Columns need not
            sum to 1: one who is split is two groups.
        relative_error: For each history, how far a linked number is from what the matrix says, as a share of it.
        witnesses: What else is known of the true numbers.

    Raises:
        CountError: A number of groups is negative.

    Sources:
        Di Consiglio and Tuoto (2015), Journal of Official Statistics 31:415-429. De Wolf, van der Laan and Zult
        (2019), Journal of Official Statistics 35:577-597. Lawson and Hanson (1974), Solving least squares problems.
    """
    number = np.asarray(linked, dtype=float)
    if (number < 0).any():
        raise CountError("three lists", "a number of linked groups is negative")
    spread = np.hypot(np.asarray(relative_error) * number, np.sqrt(np.maximum(number, 1.0)))
    rows = np.vstack([misclassified, *(one.weights for one in witnesses)])
    values = np.append(number, [one.value for one in witnesses])
    spread = np.append(spread, [one.standard_error for one in witnesses])
    scaled = rows / spread[:, None]
    counts, _ = scipy.optimize.nnls(scaled, values / spread)
    return Histories(counts, np.linalg.pinv(scaled.T @ scaled))


def corrected_total(histories: Histories, dependent: Pairs, *, level: float = 0.95) -> Total | None:
    """Total by a log-linear model of corrected histories: its interval holds their errors too.

    The number unseen is taken as log-normal: how far a limit of the profile likelihood is, and how far the errors of
    the histories reach, carried over by the slope of the estimate, add up as squares.

    Returns:
        The total; None where the model gives none.
    """
    found = three_list_total(histories.counts, dependent, level=level)
    if found is None or found.estimate <= found.seen:
        return found
    seen = found.seen
    slope = _slope(histories.counts, dependent, found.estimate)
    if slope is None:
        return None
    unseen = found.estimate - seen
    error = _reach(level) * math.sqrt(max(float(slope @ histories.covariance @ slope), 0.0)) / unseen
    below = math.hypot(math.log(unseen / (found.lower - seen)), error) if found.lower > seen else math.inf
    above = math.hypot(math.log((found.upper - seen) / unseen), error)
    if above > math.log(_MOST_UNSEEN * seen / unseen):
        return None
    return replace(found, lower=seen + unseen * math.exp(-below), upper=seen + unseen * math.exp(above))


def _slope(counts: np.ndarray, dependent: Pairs, estimate: float) -> np.ndarray | None:
    """Change of the number unseen for one more of each history."""
    slopes = []
    for at in range(len(counts)):
        step = max(counts[at] / 100, 1.0)
        moved = counts.copy()
        moved[at] += step
        unseen = _unseen(moved, dependent)
        if unseen is None:
            return None
        slopes.append((unseen - (estimate - counts.sum())) / step)
    return np.array(slopes)


def _unseen(number: np.ndarray, dependent: Pairs) -> float | None:
    fitted = _fit(_design(HISTORIES, dependent), number)
    if not fitted or not fitted.unseen <= _MOST_UNSEEN * number.sum():
        return None
    return fitted.unseen


def three_list_total(
    counts: Sequence[float] | np.ndarray, dependent: Pairs, *, level: float = 0.95
) -> Total | None:
    """Total from three lists by a log-linear model, with a profile-likelihood interval.

    Args:
        counts: Number of each history of `HISTORIES`, 0 or more; need not be whole.
        dependent: Pairs of lists whose dependence the model allows for. Dependence of all three at once cannot be seen.
        level: Coverage of the interval, between 0 and 1.

    Returns:
        The total; None where the model gives none, as where dependent lists leave nothing to tell the unseen by.

    Raises:
        CountError: `counts` are not seven numbers of 0 or more with one above.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Fienberg (1972), Biometrika 59:591-603 (log-linear models). Cormack (1992), Biometrics 48:567-576 (interval).

    Example:
        >>> hepatitis = [69, 55, 63, 21, 17, 18, 28]
        >>> round(three_list_total(hepatitis, ((0, 1), (0, 2), (1, 2))).estimate)
        1313
    """
    number = np.asarray(counts, dtype=float)
    if number.shape != (len(HISTORIES),) or (number < 0).any() or number.sum() <= 0:
        raise CountError("three lists", "its histories are not seven counts of 0 or more")
    cut = _reach(level) ** 2 / 2
    design = _design(HISTORIES, dependent)
    fitted = _fit(design, number)
    seen = float(number.sum())
    unseen = fitted.unseen if fitted else math.inf
    if not fitted or not unseen <= _MOST_UNSEEN * seen:
        return None
    profile = _profile(number, dependent)
    best = profile(unseen)
    lower = 0.0
    if best - profile(0.0) > cut:
        lower = _crossing(lambda at: best - profile(at) - cut, unseen, 0.0)
    outer = _beyond(lambda at: best - profile(at) > cut, max(unseen, 1.0), _MOST_UNSEEN * seen)
    if outer is None:
        return None
    upper = _crossing(lambda at: best - profile(at) - cut, unseen, outer)
    return Total(
        seen + unseen, seen, seen + lower, seen + upper, fitted.deviance, len(number) - design.shape[1]
    )


def three_list_models(always: tuple[int, int]) -> tuple[Pairs, ...]:
    """Every set of dependent pairs of three lists that holds `always`, the smallest first.

    Example:
        >>> three_list_models((0, 1))
        (((0, 1),), ((0, 1), (0, 2)), ((0, 1), (1, 2)), ((0, 1), (0, 2), (1, 2)))
    """
    others = [pair for pair in itertools.combinations(range(3), 2) if pair != always]
    return tuple(
        (always, *more)
        for number in range(len(others) + 1)
        for more in itertools.combinations(others, number)
    )


@dataclass(frozen=True)
class _Fitted:
    unseen: float
    deviance: float
    means: np.ndarray


def _reach(level: float) -> float:
    if not 0 < level < 1:
        raise LevelError("capture-recapture", f"a level of {level}")
    return normal_score((1 - level) / 2)


def _design(histories: Sequence[tuple[int, ...]], dependent: Pairs) -> np.ndarray:
    """Columns: all, each list, each dependent pair."""
    on = np.array(histories, dtype=float)
    both = [on[:, one] * on[:, other] for one, other in dependent]
    return np.column_stack([np.ones(len(on)), on, *both])


def _fit(design: np.ndarray, number: np.ndarray) -> _Fitted | None:
    """Poisson means by iteratively reweighted least squares; the first coefficient is the log of the unseen."""
    means = np.maximum(number, 0.5)
    linear = np.log(means)
    deviance = math.inf
    for _ in range(_ROUNDS):
        root = np.sqrt(means)
        target = linear + (number - means) / means
        found = np.linalg.lstsq(design * root[:, None], target * root, rcond=1e-12)[0]
        linear = np.clip(design @ found, -50.0, 50.0)
        means = np.exp(linear)
        last, deviance = deviance, _deviance(number, means)
        if abs(last - deviance) <= _CLOSE * (1 + abs(deviance)):
            return _Fitted(math.exp(min(found[0], 50.0)), deviance, means)
    return None


def _deviance(number: np.ndarray, means: np.ndarray) -> float:
    told = number > 0
    return float(2 * ((number[told] * np.log(number[told] / means[told])).sum() - (number - means).sum()))


def _profile(number: np.ndarray, dependent: Pairs) -> Callable[[float], float]:
    """Log-likelihood of a number unseen, all else at its best: that of the table completed with it."""
    design = _design((*HISTORIES, (0, 0, 0)), dependent)

    def at(unseen: float) -> float:
        complete = np.append(number, unseen)
        fitted = _fit(design, complete)
        total = complete.sum()
        if fitted is None:
            return -math.inf
        told = complete > 0
        log_shares = np.log(fitted.means[told] / total)
        return float(math.lgamma(total + 1) - math.lgamma(unseen + 1) + (complete[told] * log_shares).sum())

    return at


def _beyond(outside: Callable[[float], bool], start: float, most: float) -> float | None:
    at = start
    while at <= most:
        at *= 2
        if outside(at):
            return at
    return None


def _crossing(height: Callable[[float], float], inside: float, outside: float) -> float:
    """Where `height` turns from below 0 (inside) to above, by halving."""
    for _ in range(60):
        middle = (inside + outside) / 2
        if height(middle) > 0:
            outside = middle
        else:
            inside = middle
    return (inside + outside) / 2
