"""A change of mix: other weapons, places or ages among as many events.

Sources:
    Pearson (1900), Philosophical Magazine 50:157-175. Agresti (2007), An introduction to categorical data analysis, 2.4
    (standardised residuals). McCullagh and Nelder (1989), Generalized linear models, 4.5 (dispersion).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preventable.errors import CountError, LevelError


@dataclass(frozen=True)
class PartOfMix:
    """One category.

    Attributes:
        before, after: Events.
        before_share, after_share: Shares of the events of their period; None of a period without any.
        residual: Standardised residual of the later period, with the dispersion: about normal where nothing changed.
    """

    before: int
    after: int
    before_share: float | None
    after_share: float | None
    residual: float


@dataclass(frozen=True)
class MixChange:
    """Whether the mix of a period differs from an earlier one's.

    Attributes:
        statistic: Pearson's, over the dispersion.
        degrees: Degrees of freedom: categories that occur, less one.
        p: Share of mixes drawn with the same totals, the observed one included, that differ as much; 1.0 where a period
            has no event or all are of one category.
        parts: One for each category, in the given order.
    """

    statistic: float
    degrees: int
    p: float
    parts: tuple[PartOfMix, ...]


def mix_change(
    before: NDArray[np.int64], after: NDArray[np.int64], *, phi: float, replicates: int, seed: int
) -> MixChange:
    """Test of a change of mix, apart from any change of number.

    Args:
        before, after: Events of each category in two periods that are alike: the same months, complete in both.
        phi: Variance over mean of such counts, at least 1: a fight with six victims moves a mix less than six fights.
        replicates: Mixes drawn with the same totals.
        seed: Of their random numbers.

    Raises:
        CountError: The periods have different categories, or a count is negative or no whole number.
        LevelError: `phi` is below 1, or there is no replicate.

    Example:
        >>> told = mix_change(np.array([60, 30, 10]), np.array([40, 30, 30]), phi=1.0, replicates=999, seed=1)
        >>> round(told.statistic, 1), told.degrees, told.p, [round(one.residual, 1) for one in told.parts]
        (14.0, 2, 0.004, [-2.8, 0.0, 3.5])
    """
    first, second = _checked(before), _checked(after)
    if first.shape != second.shape:
        raise CountError("mix", "two periods have different categories")
    if not (1 <= phi < np.inf) or replicates < 1:
        raise LevelError("mix", "phi is below 1, or there is no replicate")
    both, early, late = first + second, int(first.sum()), int(second.sum())
    degrees = max(0, int((both > 0).sum()) - 1)
    tested = degrees > 0 and early > 0 and late > 0
    observed = _pearson(second[None], both, late)[0] / phi if tested else 0.0
    p = 1.0
    if tested:
        generator = np.random.Generator(np.random.PCG64(seed))
        drawn = generator.multivariate_hypergeometric(both, late, size=replicates, method="marginals")
        as_far = np.count_nonzero(_pearson(drawn, both, late) >= observed - 1e-9)
        p = (1 + as_far) / (replicates + 1)
    parts = tuple(_part(int(a), int(b), early, late, phi) for a, b in zip(first, second, strict=True))
    return MixChange(float(observed), degrees, float(p), parts)


def mix_dispersion(counts: NDArray[np.int64]) -> float:
    """How much more a mix goes up and down from month to month than chance alone: variance over that of chance.

    Args:
        counts: Events, months x categories; months and categories without any are left out.

    Returns:
        Pearson's statistic of the table over its degrees of freedom, at least 1; 1 where there are none.

    Raises:
        CountError: It is no table, or a count is negative or no whole number.

    Source:
        McCullagh and Nelder (1989), Generalized linear models, 4.5.

    Example:
        >>> mix_dispersion(np.array([[10, 10], [20, 20]])), round(mix_dispersion(np.array([[30, 10], [10, 30]])), 1)
        (1.0, 20.0)
    """
    given = np.asarray(counts)
    if given.ndim != 2:
        raise CountError("mix", "counts are no table of months and categories")
    whole = _checked(given.ravel()).reshape(given.shape)
    kept = whole[whole.sum(axis=1) > 0][:, whole.sum(axis=0) > 0]
    degrees = (kept.shape[0] - 1) * (kept.shape[1] - 1)
    if degrees < 1:
        return 1.0
    expected = kept.sum(axis=1)[:, None] * kept.sum(axis=0) / kept.sum()
    return max(1.0, float(((kept - expected) ** 2 / expected).sum() / degrees))


def _pearson(late: NDArray[np.int64], both: NDArray[np.int64], total_late: int) -> NDArray[np.float64]:
    """Pearson's statistic of rows of later counts, given the counts of both periods."""
    occurs = both > 0
    share = total_late / both.sum()
    expected = both[occurs] * share
    squares: NDArray[np.float64] = np.square(late[:, occurs] - expected) / (expected * (1 - share))
    return np.asarray(squares.sum(axis=1))


def _part(before: int, after: int, early: int, late: int, phi: float) -> PartOfMix:
    total, both = early + late, before + after
    residual = 0.0
    if early and late and 0 < both < total:
        expected = both * late / total
        residual = (after - expected) / float(
            np.sqrt(phi * expected * (1 - late / total) * (1 - both / total))
        )
    return PartOfMix(
        before, after, before / early if early else None, after / late if late else None, residual
    )


def _checked(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    given = np.asarray(counts)
    if given.ndim != 1 or not (
        np.isfinite(given).all() and (given >= 0).all() and (given == np.floor(given)).all()
    ):
        raise CountError("mix", "a count is negative or no whole number")
    return given.astype(np.int64)
