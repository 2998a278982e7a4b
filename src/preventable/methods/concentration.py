"""Concentration: how unevenly events fall on places or people, beside how unevenly chance alone would drop them.

Few events on many places are always concentrated: a thousand events cannot touch more than a thousand of 34,000 places.
So every measure here stands beside its expectation when each place has only its fair share of the risk.

Sources:
    Lorenz (1905), Publications of the American Statistical Association 9:209-219.
    Gini (1912), Variabilita e mutabilita.
    Bernasco and Steenbeek (2017), Journal of Quantitative Criminology 33:451-467 (Gini for fewer events than places).
    Feller (1968), An introduction to probability theory, volume 1, II.5 (units hit more than once by chance).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.errors import CountError, DenominatorError, LevelError


@dataclass(frozen=True)
class Concentration:
    """How unevenly events fall on places.

    Attributes:
        places, events: Numbers of both.
        gini: Gini coefficient: 0 all equal, 1 - 1 / places all events at one.
        adjusted_gini: The same beside the most even spread of so many events on so many places, so that 0 is reached
            by fewer events than places too.
        top_share: Share of the events in the top places.
        top_expected, top_lower, top_upper: Mean and middle 95 % of that share by chance alone.
        p: Share of maps made by chance, the observed one included, as concentrated in their top places.
    """

    places: int
    events: int
    gini: float
    adjusted_gini: float
    top_share: float
    top_expected: float
    top_lower: float
    top_upper: float
    p: float


@dataclass(frozen=True)
class Repeats:
    """Records of units, people or places, that had been hit before.

    Attributes:
        units: Units that could be hit.
        hit: Units hit.
        repeated: Units hit twice or more.
        repeated_events: Events of those.
        repeats: Events less units hit: each unit's events after its first.
        expected: Repeats that chance alone would give.
        p: Share of draws by chance, the observed one included, with as many repeats.
    """

    units: int
    hit: int
    repeated: int
    repeated_events: int
    repeats: int
    expected: float
    p: float

    @property
    def ratio(self) -> float | None:
        """Repeats over those by chance; None where chance gives none."""
        return self.repeats / self.expected if self.expected > 0 else None


def lorenz_curve(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of events of the least burdened share of places: 0, then after each place, 1 at the end.

    Raises:
        CountError: There is no event, or a count is negative or no whole number.

    Example:
        >>> lorenz_curve(np.array([1, 0, 3])).tolist()
        [0.0, 0.0, 0.25, 1.0]
    """
    given = np.sort(_checked(counts))
    return np.concatenate([[0.0], np.cumsum(given) / given.sum()])


def gini(counts: NDArray[np.int64]) -> float:
    """Gini coefficient of the counts of all places, those without an event included.

    Raises:
        CountError: There is no event, or a count is negative or no whole number.

    Example:
        >>> gini(np.array([1, 1, 1, 1])), gini(np.array([0, 0, 0, 4]))
        (0.0, 0.75)
    """
    given = np.sort(_checked(counts))
    ranks = np.arange(1, len(given) + 1)
    return float(2 * (ranks * given).sum() / given.sum() - len(given) - 1) / len(given)


def adjusted_gini(counts: NDArray[np.int64]) -> float:
    """Gini coefficient beside the most even spread of so many events: for fewer events than places.

    Raises:
        CountError: There is no event, or a count is negative or no whole number.

    Source:
        Bernasco and Steenbeek (2017), Journal of Quantitative Criminology 33:451-467.

    Example:
        >>> adjusted_gini(np.array([0, 0, 0, 1, 1]))
        0.0
    """
    given = _checked(counts)
    places, events = len(given), float(given.sum())
    if events >= places:
        return gini(given)
    return (gini(given) * places - (places - events)) / events


def top_share(counts: NDArray[np.int64], share: float) -> float:
    """Share of the events in the most burdened share of places; a part of a place counts in part.

    Raises:
        CountError: There is no event, or a count is negative or no whole number.
        LevelError: `share` is not between 0 and 1.

    Example:
        >>> top_share(np.array([6, 2, 1, 1]), 0.25), top_share(np.array([6, 2, 1, 1]), 0.375)
        (0.6, 0.7)
    """
    if not 0 < share < 1:
        raise LevelError("concentration", "a share of places is not between 0 and 1")
    curve = lorenz_curve(counts)
    left = (1 - share) * (len(curve) - 1)
    return 1 - float(np.interp(left, np.arange(len(curve)), curve))


def concentration(
    counts: NDArray[np.int64],
    *,
    share: float,
    replicates: int,
    seed: int,
    expected: NDArray[np.float64] | None = None,
) -> Concentration:
    """How unevenly events fall on places, beside chance alone.

    Args:
        counts: Events of each place; places without one must be in.
        share: Share of places that are the top ones, such as 0.05.
        replicates: Maps made by chance.
        seed: Of their random numbers.
        expected: Fair share of each place: residents, capacity, last year's events. None: all equal.

    Raises:
        CountError: There is no event, or a count is negative or no whole number.
        DenominatorError: An expected number is negative, all are 0, or there are not as many as places.
        LevelError: `share` is not between 0 and 1, or there is no replicate.

    Example:
        >>> even = concentration(np.ones(1000, int), share=0.05, replicates=99, seed=1)
        >>> round(even.top_share, 3), even.top_expected > 0.15, even.p
        (0.05, True, 1.0)
    """
    given = _checked(counts)
    base = np.ones(len(given)) if expected is None else np.asarray(expected, np.float64)
    if base.shape != given.shape or not (np.isfinite(base).all() and (base >= 0).all() and base.sum() > 0):
        raise DenominatorError(
            "concentration", "the fair shares are negative, all 0 or not one for each place"
        )
    shares = _shares_by_chance(int(given.sum()), base, share, replicates, seed)
    seen = top_share(given, share)
    lower, upper = np.quantile(shares, [0.025, 0.975])
    return Concentration(
        len(given),
        int(given.sum()),
        gini(given),
        adjusted_gini(given),
        seen,
        float(shares.mean()),
        float(lower),
        float(upper),
        float(1 + np.count_nonzero(shares >= seen - 1e-12)) / (replicates + 1),
    )


def top_share_by_chance(
    events: int, places: int, *, share: float, replicates: int, seed: int
) -> tuple[float, float, float]:
    """Share of the events in the top places where all places are alike: mean and middle 95 % of maps made by chance.

    Args:
        events: Events in all, 1 or more.
        places: Places, 1 or more.
        share: Share of places that are the top ones.
        replicates: Maps made by chance.
        seed: Of their random numbers.

    Raises:
        CountError: There is no event or no place.
        LevelError: `share` is not between 0 and 1, or there is no replicate.

    Example:
        >>> mean, lower, upper = top_share_by_chance(1000, 1000, share=0.05, replicates=99, seed=1)
        >>> round(mean, 2), lower <= mean <= upper
        (0.17, True)
    """
    if events < 1 or places < 1:
        raise CountError("concentration", "there is no event or no place")
    shares = _shares_by_chance(events, np.ones(places), share, replicates, seed)
    lower, upper = np.quantile(shares, [0.025, 0.975])
    return float(shares.mean()), float(lower), float(upper)


def _shares_by_chance(
    events: int, base: NDArray[np.float64], share: float, replicates: int, seed: int
) -> NDArray[np.float64]:
    """Share of the top places in each map made by chance."""
    if replicates < 1:
        raise LevelError("concentration", "there is no replicate")
    generator = np.random.Generator(np.random.PCG64(seed))
    maps = generator.multinomial(events, base / base.sum(), size=replicates)
    return np.array([top_share(one, share) for one in maps])


def repeats(counts: NDArray[np.int64], *, units: int, replicates: int, seed: int) -> Repeats:
    """Events of units that had been hit before, beside events that fall on all units alike.

    Not units hit twice: with more than an event a unit chance hits most of them twice, and events heaped on few units
    leave fewer such units than chance does. Repeats grow with any heaping.

    Args:
        counts: Events of each unit that was hit; units without an event may be left out.
        units: Units that could be hit: residents, premises.
        replicates: Draws by chance.
        seed: Of their random numbers.

    Raises:
        CountError: There is no event, a count is negative or no whole number, or more units are hit than there are.
        LevelError: There is no replicate.

    Example:
        >>> told = repeats(np.array([3, 1, 1, 1]), units=1000, replicates=199, seed=1)
        >>> told.repeats, round(told.expected, 4)
        (2, 0.015)
    """
    given = _checked(counts)
    if replicates < 1:
        raise LevelError("concentration", "there is no replicate")
    events, hit = int(given.sum()), int((given > 0).sum())
    if hit > units:
        raise CountError("concentration", "more units are hit than there are")
    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = [events - len(np.unique(generator.integers(0, units, events))) for _ in range(replicates)]
    expected = events - units * (1 - (1 - 1 / units) ** events) if events > 1 else 0.0
    repeated = given[given > 1]
    p = (1 + np.count_nonzero(np.array(drawn) >= events - hit)) / (replicates + 1)
    return Repeats(
        units, hit, len(repeated), int(repeated.sum()), events - hit, float(max(expected, 0.0)), float(p)
    )


def _checked(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    given = np.asarray(counts)
    if given.ndim != 1 or not given.sum() > 0:
        raise CountError("concentration", "there is no event")
    if not (np.isfinite(given).all() and (given >= 0).all() and (given == np.floor(given)).all()):
        raise CountError("concentration", "a count is negative or no whole number")
    return given.astype(np.int64)
