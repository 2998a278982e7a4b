"""Share of the known who are hidden from a comparison, from a sample of true pairs, and what it does to a share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import betaincinv

from preventable.errors import CountError, LevelError
from preventable.methods.negative_binomial import normal_score


@dataclass(frozen=True)
class HiddenShare:
    """Share of true pairs that no comparison can show, from 0 to 1.

    Attributes:
        share: As counted in the sample.
        standard_error: Above 0 even where none or all of the sample are hidden.
        lower, upper: Limits of its interval.
    """

    share: float
    standard_error: float
    lower: float
    upper: float


@dataclass(frozen=True)
class CorrectedShare:
    """A share of the known that takes in those who are hidden."""

    estimate: float
    standard_error: float
    lower: float
    upper: float


def hidden_share(hidden: int, pairs: int, *, level: float = 0.95) -> HiddenShare:
    """Share of hidden ones among true pairs, with Jeffreys limits.

    Args:
        hidden: True pairs that the comparison cannot show.
        pairs: True pairs.
        level: Coverage of the interval, between 0 and 1.

    Raises:
        CountError: There is no pair, or more are hidden than there are.
        LevelError: `level` is not between 0 and 1.

    Source:
        Brown, Cai and DasGupta (2001), Statistical Science 16:101-133; limits are 0 and 1 where none or all are hidden.

    Example:
        >>> found = hidden_share(24, 300)
        >>> round(found.share, 3), round(found.standard_error, 3), round(found.lower, 3), round(found.upper, 3)
        (0.08, 0.016, 0.053, 0.115)
    """
    if not 0 <= hidden <= pairs or pairs == 0:
        raise CountError("hidden share", "its counts are not some of one or more pairs")
    _check(level)
    one, other = hidden + 0.5, pairs - hidden + 0.5
    variance = one * other / ((pairs + 1) ** 2 * (pairs + 2))
    tail = (1 - level) / 2
    lower = float(betaincinv(one, other, tail)) if hidden else 0.0
    upper = float(betaincinv(one, other, 1 - tail)) if hidden < pairs else 1.0
    return HiddenShare(hidden / pairs, math.sqrt(variance), lower, upper)


def share_with_hidden(
    estimate: float, lower: float, upper: float, hidden: HiddenShare, *, level: float = 0.95
) -> CorrectedShare | None:
    """A share of the known that was estimated without the hidden ones, with them: divided by the share not hidden.

    Args:
        estimate, lower, upper: The share that the comparison shows, and its limits.
        hidden: Share of the known whom it cannot show.
        level: Coverage of both intervals, between 0 and 1.

    Returns:
        The share; its limits take in the error of both, as squares, and stay within 0 and 1. None where all are hidden.

    Raises:
        LevelError: `level` is not between 0 and 1.

    Example:
        >>> found = share_with_hidden(0.46, 0.43, 0.49, hidden_share(24, 300))
        >>> round(found.estimate, 3), round(found.lower, 3), round(found.upper, 3)
        (0.5, 0.463, 0.537)
    """
    _check(level)
    if hidden.share >= 1:
        return None
    shown = 1 - hidden.share
    reach = normal_score((1 - level) / 2)
    by_hidden = reach * estimate * hidden.standard_error / shown**2
    below, above = (math.hypot(side / shown, by_hidden) for side in (estimate - lower, upper - estimate))
    corrected = estimate / shown
    return CorrectedShare(
        min(corrected, 1.0),
        (below + above) / (2 * reach),
        max(corrected - below, 0.0),
        min(corrected + above, 1.0),
    )


def _check(level: float) -> None:
    if not 0 < level < 1:
        raise LevelError("hidden share", f"a level of {level}")
