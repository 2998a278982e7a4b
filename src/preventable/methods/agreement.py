"""How far two people who judged the same things agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from preventable.errors import CountError, LevelError
from preventable.methods.negative_binomial import normal_score


@dataclass(frozen=True)
class Agreement:
    """Agreement of two judges.

    Attributes:
        things: Things that both judged.
        raw: Share of these of which they say the same.
        kappa: Cohen's kappa: 1 where they always do, 0 where as often as chance; None where both always say one thing.
        lower, upper: Its limits; None as it.
    """

    things: int
    raw: float
    kappa: float | None
    lower: float | None
    upper: float | None


def cohen_kappa(one: Sequence[str], other: Sequence[str], *, level: float = 0.95) -> Agreement:
    """Agreement of two judges, raw and beyond chance.

    Args:
        one: What the first says of each thing.
        other: What the second says of each, in the same order.
        level: Coverage of the interval, between 0 and 1.

    Raises:
        CountError: Nothing was judged, or not the same number of things.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Cohen (1960), Educational and Psychological Measurement 20:37-46. Fleiss, Cohen and Everitt (1969),
        Psychological Bulletin 72:323-327 (standard error).

    Example:
        >>> round(cohen_kappa(["yes", "yes", "no", "no"], ["yes", "no", "no", "no"]).kappa, 2)
        0.5
    """
    if not one or len(one) != len(other):
        raise CountError("agreement", "two judges did not judge the same number of things")
    if not 0 < level < 1:
        raise LevelError("agreement", f"a level of {level}")
    words = {word: place for place, word in enumerate(sorted({*one, *other}))}
    table = np.zeros((len(words), len(words)))
    np.add.at(table, ([words[word] for word in one], [words[word] for word in other]), 1.0)
    shares = table / table.sum()
    raw = float(np.trace(shares))
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    chance = float(rows @ columns)
    if chance >= 1:
        return Agreement(len(one), raw, None, None, None)
    kappa = (raw - chance) / (1 - chance)
    same = np.diag(shares) * (1 - (rows + columns) * (1 - kappa)) ** 2
    crossed = shares * (columns[:, None] + rows[None, :]) ** 2
    unlike = (1 - kappa) ** 2 * (crossed.sum() - np.trace(crossed))
    variance = same.sum() + unlike - (kappa - chance * (1 - kappa)) ** 2
    reach = normal_score((1 - level) / 2) * math.sqrt(max(variance, 0.0) / len(one)) / (1 - chance)
    return Agreement(len(one), raw, kappa, max(kappa - reach, -1.0), min(kappa + reach, 1.0))
