"""Risks of areas from some months of their history: neighbours and deprivation tell, or the larger area does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc, gammaincinv, ndtri

from preventable.counted import counted
from preventable.methods.poisson_gamma import shrunken_risks
from preventable.methods.predictions import drift_variance
from preventable.stages.estimates.history import Flags, History, Indices, Numbers
from preventable.stages.estimates.rules import Numbers as Rules


@dataclass(frozen=True)
class Risks:
    """Smoothed relative risks of the areas that could be fitted.

    Attributes:
        kept: Whether each area of the history was fitted.
        rate: Events per unit of exposure in all.
        events: Events of each fitted area.
        expected: Events at the region's rate.
        risk: Mean relative risk.
        variance: Variance of its logarithm.
        log_risk: Mean of its logarithm, of Leroux; None of Poisson-gamma.
        above_region: Probability that it is above 1.
        method: leroux or poisson_gamma.
        covariate: deprivation or none.
    """

    kept: Flags
    rate: float
    events: Numbers
    expected: Numbers
    risk: Numbers
    variance: Numbers
    log_risk: Numbers | None
    above_region: Numbers
    method: str
    covariate: str

    def quantile(self, probability: float) -> Numbers:
        """Quantile of each area's relative risk."""
        if self.log_risk is not None:
            found: Numbers = np.exp(self.log_risk + float(ndtri(probability)) * np.sqrt(self.variance))
            return found
        shape = 1 / self.variance
        return np.asarray(gammaincinv(shape, probability) / shape * self.risk, dtype=np.float64)


def why_not(history: History, months: slice, rules: Rules) -> tuple[str, str]:
    """Status and words why the areas cannot be told apart by some months; two empty texts where they can."""
    held = history.months[months]
    kept = history.usable_months(months) >= rules.least_months
    if len(held) < rules.window_months:
        return (
            "not_enough_history",
            f"{counted(len(held), 'month is', 'months are')} held; {rules.window_months} are needed",
        )
    if not kept.any():
        return "incomplete", f"fewer than {rules.least_months} months have come whole"
    if kept.sum() < 2:
        return "one_area", "there is no other area to compare with"
    if history.events(months)[kept].sum() < rules.least_events:
        return "few_events", f"fewer than {rules.least_events} events in all areas: they cannot be told apart"
    return "", ""


def risks_of(history: History, months: slice, rules: Rules) -> Risks:
    """Relative risks by some months, of the areas with usable months enough; at least two, with an event."""
    places = history.places
    enough = history.usable_months(months) >= min(rules.least_months, len(history.months[months]))
    kept = enough & (history.exposure(months) > 0)
    events, exposure = history.events(months)[kept], history.exposure(months)[kept]
    rate = float(events.sum() / exposure.sum())
    expected = exposure * rate
    pairs = _among(places.neighbours, kept) if kept.sum() >= rules.least_areas else None
    if pairs is None:
        groups = np.unique(places.groups[kept], return_inverse=True)[1].astype(np.int64)
        shrunken = shrunken_risks(events, expected, groups)
        shape = 1 / shrunken.relative_variance
        above = np.asarray(gammaincc(shape, shape / shrunken.risk), dtype=np.float64)
        return Risks(
            kept, rate, events, expected, shrunken.risk, shrunken.relative_variance, None, above,
            "poisson_gamma", "none",
        )  # fmt: skip
    # Compiled loops: loaded where there is something to smooth, and never by a home of three months.
    from preventable.methods.smoothing import smoothed_risks

    covariates = None if places.deprivation is None else places.deprivation[kept][:, None]
    found = smoothed_risks(events, expected, pairs, covariates)
    return Risks(
        kept, rate, events, expected, found.risk, found.log_variance, found.log_risk, found.above_one,
        "leroux", "none" if covariates is None else "deprivation",
    )  # fmt: skip


def _among(neighbours: Indices | None, kept: Flags) -> Indices | None:
    """Pairs of the areas that are kept, by their new numbers."""
    if neighbours is None:
        return None
    number = np.cumsum(kept) - 1
    pairs = neighbours[kept[neighbours].all(axis=1)]
    return np.asarray(number[pairs], dtype=np.int64).reshape(-1, 2)


class Fits:
    """Risks of one history, each window fitted once."""

    def __init__(self, history: History, rules: Rules) -> None:
        self.history, self.rules = history, rules
        self._held: dict[tuple[int, int], Risks] = {}

    def of(self, first: int, end: int) -> Risks:
        """Risks by the months from place `first` up to and without `end`."""
        if (first, end) not in self._held:
            self._held[first, end] = risks_of(self.history, slice(first, end), self.rules)
        return self._held[first, end]

    def drift(self, end: int) -> tuple[float, str]:
        """Drift variance by the months before place `end`, and whether it was measured or is assumed.

        The months are cut in two halves of a window at most: risks by the first, and what came in the second.
        """
        half = min(self.rules.window_months, end // 2)
        first, middle = end - 2 * half, end - half
        if half < self.rules.least_half_months or not self._tells(first, middle, end):
            return self.rules.assumed_drift, "assumed"
        early, second = self.of(first, middle), slice(middle, end)
        exposure = self.history.exposure(second)[early.kept]
        came = exposure > 0
        events = self.history.events(second)[early.kept][came]
        if not events.sum() > 0:
            return self.rules.assumed_drift, "assumed"
        expected = exposure[came] * (events.sum() / exposure[came].sum())
        return drift_variance(events, early.risk[came], early.variance[came], expected), "measured"

    def _tells(self, first: int, middle: int, end: int) -> bool:
        """Whether both halves have areas and events enough."""
        for months in (slice(first, middle), slice(middle, end)):
            enough = self.history.usable_months(months) >= min(self.rules.least_months, middle - first)
            if enough.sum() < 2 or self.history.events(months)[enough].sum() < self.rules.least_events:
                return False
        return True
