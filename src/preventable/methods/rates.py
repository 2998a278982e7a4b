"""Crude and directly standardised rates, from exact counts and from rounded ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from preventable.errors import CountError, DenominatorError, StandardPopulationError
from preventable.methods.limits import poisson_limits


@dataclass(frozen=True)
class Rate:
    """Events per so many person-years, with its confidence limits.

    Attributes:
        value: Events per `per` person-years.
        lower: Lower limit, in the same unit.
        upper: Upper limit, in the same unit.
        per: Person-years to which the three refer.
        level: Coverage of the interval, between 0 and 1.
    """

    value: float
    lower: float
    upper: float
    per: int
    level: float


def crude_rate(events: float, person_years: float, *, per: int = 100_000, level: float = 0.95) -> Rate:
    """Crude rate, with Byar's limits (exact Poisson below 10 events).

    Args:
        events: Events, 0 or more.
        person_years: Population at risk, in person-years, above 0.
        per: Person-years to which the rate refers.
        level: Coverage of the confidence interval, between 0 and 1.

    Returns:
        The rate and its limits.

    Raises:
        CountError: `events` is negative.
        DenominatorError: There is no population at risk.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Breslow and Day (1987), IARC Scientific Publications 82, ch. 2 (Byar).

    Example:
        >>> rate = crude_rate(100, 250_000)
        >>> round(rate.value, 1), round(rate.lower, 1), round(rate.upper, 1)
        (40.0, 32.5, 48.7)
    """
    _check_person_years(person_years)
    limits = poisson_limits(events, level=level)
    return Rate(
        value=events / person_years * per,
        lower=limits.lower / person_years * per,
        upper=limits.upper / person_years * per,
        per=per,
        level=level,
    )


def crude_rate_from_rounded(
    shown: int,
    person_years: float,
    *,
    rounding_error: int,
    per: int = 100_000,
    level: float = 0.95,
) -> Rate:
    """Crude rate of a count known only as rounded; its interval takes in the rounding.

    Args:
        shown: Count as shown, 0 or more.
        person_years: Population at risk, in person-years, above 0.
        rounding_error: Largest distance of the true count from the shown one, in events.
        per: Person-years to which the rate refers.
        level: Coverage of the confidence interval, between 0 and 1.

    Returns:
        The rate of the shown count; lower limit of `shown - rounding_error` and upper limit of
        `shown + rounding_error`, so that the interval covers whatever the true count is.

    Raises:
        CountError: The shown count or the rounding error is negative.
        DenominatorError: There is no population at risk.
        LevelError: `level` is not between 0 and 1.

    Example:
        >>> rate = crude_rate_from_rounded(100, 250_000, rounding_error=2)
        >>> round(rate.value, 1), round(rate.lower, 1), round(rate.upper, 1)
        (40.0, 31.8, 49.5)
    """
    least, most = rounded_bounds(shown, rounding_error)
    return Rate(
        value=crude_rate(shown, person_years, per=per, level=level).value,
        lower=crude_rate(least, person_years, per=per, level=level).lower,
        upper=crude_rate(most, person_years, per=per, level=level).upper,
        per=per,
        level=level,
    )


def directly_standardised_rate(
    events: Mapping[str, float],
    person_years: Mapping[str, float],
    standard: Mapping[str, float],
    *,
    squared_events: Mapping[str, float] | None = None,
    minimum_events: int = 10,
    per: int = 100_000,
    level: float = 0.95,
) -> Rate | None:
    """Directly standardised rate (DSR) of one area, with Dobson limits.

    The mappings share the same keys, one per age band. Bands are matched by name, so their
    order does not matter.

    Args:
        events: Events in each age band, 0 or more.
        person_years: Population at risk in each band, in person-years, above 0.
        standard: Weight of each band in the standard population, above 0. The weights need not
            sum to 1; the 2013 European standard sums to 100 000.
        squared_events: For events that come in groups (several victims of one incident, several
            attendances of one person): sum over the groups of the squared number of events, by
            band. None where events are independent, which is the same as `events`.
        minimum_events: Fewest events in all for which a rate is given.
        per: Person-years to which the rate refers.
        level: Coverage of the confidence interval, between 0 and 1.

    Returns:
        The rate and its limits, or None when there are fewer than `minimum_events` events in
        all, because the interval is unreliable below that number.

    Raises:
        CountError: A band has a negative count.
        DenominatorError: A band has no population at risk.
        StandardPopulationError: The mappings have different age bands, or a weight is not above 0.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Dobson and others (1991), Statistics in Medicine 10:457-462 (interval).
        Breslow and Day (1987), IARC Scientific Publications 82, ch. 2 (Byar).

    Example:
        >>> rate = directly_standardised_rate(
        ...     events={"0-24": 30, "25-64": 45, "65+": 15},
        ...     person_years={"0-24": 20_000, "25-64": 50_000, "65+": 10_000},
        ...     standard={"0-24": 30_000, "25-64": 50_000, "65+": 20_000},
        ... )
        >>> round(rate.value, 1), round(rate.lower, 1), round(rate.upper, 1)
        (120.0, 95.6, 148.6)
    """
    squares = events if squared_events is None else squared_events
    _check_bands(events, person_years, standard, squares)
    total = math.fsum(events.values())
    if total < minimum_events or total == 0:
        return None

    whole = math.fsum(standard.values())
    share = {band: weight / whole for band, weight in standard.items()}
    value = math.fsum(share[b] * events[b] / person_years[b] for b in events)
    variance = math.fsum(share[b] ** 2 * squares[b] / person_years[b] ** 2 for b in events)
    scale = math.sqrt(variance / total)
    limits = poisson_limits(total, level=level)
    return Rate(
        value=value * per,
        # Where one small band carries the weight of the standard, Dobson's formula may fall below 0: a rate cannot.
        lower=max(0.0, value + scale * (limits.lower - total)) * per,
        upper=(value + scale * (limits.upper - total)) * per,
        per=per,
        level=level,
    )


def directly_standardised_rate_from_rounded(
    shown: Mapping[str, int],
    person_years: Mapping[str, float],
    standard: Mapping[str, float],
    *,
    rounding_error: int,
    minimum_events: int = 10,
    per: int = 100_000,
    level: float = 0.95,
) -> Rate | None:
    """DSR of counts known only as rounded, band by band; its interval takes in the rounding.

    Args:
        shown: Count of each age band as shown, 0 or more.
        person_years: Population at risk in each band, in person-years, above 0.
        standard: Weight of each band in the standard population.
        rounding_error: Largest distance of a true count from its shown one, in events.
        minimum_events: Fewest events in all for which a rate is given.
        per: Person-years to which the rate refers.
        level: Coverage of the confidence interval, between 0 and 1.

    Returns:
        The rate of the shown counts; Dobson's lower limit with every band at its least and the
        upper limit with every band at its most. None when even the least counts do not add up to
        `minimum_events`, since the true total may then lie below it.

    Raises:
        CountError: A shown count or the rounding error is negative.
        DenominatorError: A band has no population at risk.
        StandardPopulationError: The mappings have different age bands.
        LevelError: `level` is not between 0 and 1.

    Example:
        >>> rate = directly_standardised_rate_from_rounded(
        ...     {"0-24": 30, "25-64": 45, "65+": 15},
        ...     {"0-24": 20_000, "25-64": 50_000, "65+": 10_000},
        ...     {"0-24": 30_000, "25-64": 50_000, "65+": 20_000},
        ...     rounding_error=2,
        ... )
        >>> round(rate.value, 1), round(rate.lower, 1), round(rate.upper, 1)
        (120.0, 87.7, 158.6)
    """
    bounds = {band: rounded_bounds(count, rounding_error) for band, count in shown.items()}

    def rate(counts: Mapping[str, float]) -> Rate | None:
        return directly_standardised_rate(
            counts, person_years, standard, minimum_events=minimum_events, per=per, level=level
        )

    least = rate({band: bound[0] for band, bound in bounds.items()})
    middle = rate(shown)
    most = rate({band: bound[1] for band, bound in bounds.items()})
    if least is None or middle is None or most is None:
        return None
    return Rate(middle.value, least.lower, most.upper, per, level)


def rounded_bounds(shown: int, rounding_error: int) -> tuple[int, int]:
    """Least and most true count behind a shown one, in events.

    Raises:
        CountError: The shown count or the rounding error is negative.
    """
    if shown < 0 or rounding_error < 0:
        raise CountError("a rounded count", "the count or its rounding error is negative")
    return max(shown - rounding_error, 0), shown + rounding_error


def _check_bands(
    events: Mapping[str, float],
    person_years: Mapping[str, float],
    standard: Mapping[str, float],
    squares: Mapping[str, float],
) -> None:
    if not events.keys() == person_years.keys() == standard.keys() == squares.keys():
        raise StandardPopulationError("standardised rate", "the age bands are not the same")
    if not all(weight > 0 for weight in standard.values()):
        raise StandardPopulationError("standardised rate", "a weight of the standard is not above 0")
    for years in person_years.values():
        _check_person_years(years)
    if not all(count >= 0 for count in (*events.values(), *squares.values())):
        raise CountError("standardised rate", "a band has a negative count")


def _check_person_years(person_years: float) -> None:
    if not (math.isfinite(person_years) and person_years > 0):
        raise DenominatorError("a rate", "there is no population at risk")
