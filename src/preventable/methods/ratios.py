"""Indirectly standardised ratios."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from preventable.errors import DenominatorError, StandardPopulationError
from preventable.methods.limits import poisson_limits


@dataclass(frozen=True)
class Ratio:
    """Events observed divided by events expected, with confidence limits.

    Attributes:
        value: Observed over expected, times `reference`.
        lower: Lower limit, in the same unit.
        upper: Upper limit, in the same unit.
        reference: What equality is called: 1 or 100.
        level: Coverage of the interval, between 0 and 1.
    """

    value: float
    lower: float
    upper: float
    reference: int
    level: float


def expected_events(
    person_years: Mapping[str, float],
    reference_events: Mapping[str, float],
    reference_person_years: Mapping[str, float],
) -> float:
    """Events that an area would have with the reference's rate in each of its age bands.

    Args:
        person_years: The area's population at risk by age band, in person-years, 0 or more.
        reference_events: Events of the reference (the region, the area included) by band.
        reference_person_years: Population at risk of the reference by band, above 0.

    Returns:
        Expected number of events.

    Raises:
        DenominatorError: A band of the reference has no population at risk.
        StandardPopulationError: The mappings have different age bands.

    Example:
        >>> expected_events(
        ...     person_years={"0-24": 1_000, "25+": 3_000},
        ...     reference_events={"0-24": 50, "25+": 20},
        ...     reference_person_years={"0-24": 10_000, "25+": 20_000},
        ... )
        8.0
    """
    if not person_years.keys() == reference_events.keys() == reference_person_years.keys():
        raise StandardPopulationError("expected events", "the age bands are not the same")
    if not all(years > 0 for years in reference_person_years.values()):
        raise DenominatorError("expected events", "a band of the reference has no population")
    return math.fsum(
        years * reference_events[band] / reference_person_years[band] for band, years in person_years.items()
    )


def indirectly_standardised_ratio(
    events: float, expected: float, *, reference: int = 1, level: float = 0.95
) -> Ratio:
    """Indirectly standardised ratio, with Byar's limits (exact Poisson below 10 events).

    Args:
        events: Events observed, 0 or more.
        expected: Events expected, above 0, taken as known without error.
        reference: What equality is called: 1 or 100.
        level: Coverage of the confidence interval, between 0 and 1.

    Returns:
        The ratio and its limits.

    Raises:
        CountError: `events` is negative.
        DenominatorError: `expected` is not above 0.
        LevelError: `level` is not between 0 and 1.

    Sources:
        Breslow and Day (1987), IARC Scientific Publications 82, ch. 2.

    Example:
        >>> ratio = indirectly_standardised_ratio(120, 173.6)
        >>> round(ratio.value, 3), round(ratio.lower, 3), round(ratio.upper, 3)
        (0.691, 0.573, 0.827)
    """
    if not (math.isfinite(expected) and expected > 0):
        raise DenominatorError("standardised ratio", "the expected number is not above 0")
    limits = poisson_limits(events, level=level)
    return Ratio(
        value=events / expected * reference,
        lower=limits.lower / expected * reference,
        upper=limits.upper / expected * reference,
        reference=reference,
        level=level,
    )
