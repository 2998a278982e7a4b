"""Arithmetic from the literature, usable alone: no files, no web, no table names.

Every result is a frozen dataclass that carries its unit. Each function names its source, and
`tests/methods` holds it to the numbers of another program and of published papers.
"""

from preventable.methods.limits import Limits, byar_limits, exact_poisson_limits, poisson_limits
from preventable.methods.proportions import Proportion, proportion_from_rounded, wilson_proportion
from preventable.methods.rates import (
    Rate,
    crude_rate,
    crude_rate_from_rounded,
    directly_standardised_rate,
    directly_standardised_rate_from_rounded,
)
from preventable.methods.ratios import Ratio, expected_events, indirectly_standardised_ratio
from preventable.methods.rounding import counts_shown_as, round_half_up

__all__ = [
    "Limits",
    "Proportion",
    "Rate",
    "Ratio",
    "byar_limits",
    "counts_shown_as",
    "crude_rate",
    "crude_rate_from_rounded",
    "directly_standardised_rate",
    "directly_standardised_rate_from_rounded",
    "exact_poisson_limits",
    "expected_events",
    "indirectly_standardised_ratio",
    "poisson_limits",
    "proportion_from_rounded",
    "round_half_up",
    "wilson_proportion",
]
