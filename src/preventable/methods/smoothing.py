"""Relative risks of small areas that borrow from their neighbours and from deprivation: Leroux CAR by Laplace."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp, ndtr

from preventable.errors import AreasError, CountError, DenominatorError
from preventable.methods.sparse import (
    Factor,
    SparsePattern,
    factor_of,
    inverse_elements,
    solved,
    sparse_pattern,
)

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Precision of the prior of a coefficient: a standard deviation of 100 of its logarithm, which says nothing.
_COEFFICIENT_PRECISION = 1e-4
#: Newton steps end when no log risk moves by more than this, or after so many; no step is longer than this.
_CLOSE_ENOUGH, _MOST_STEPS, _LONGEST_STEP = 1e-6, 60, 2.0
#: Where the logarithm of tau is looked for, how closely, and the step that its curvature is measured with.
_LOG_TAU, _LOG_TAU_CLOSE, _LOG_TAU_STEP = (-3.0, 9.0), 0.15, 0.4
#: exp() of more than this is no count of anything.
_LARGEST_LOG_MEAN = 30.0


@dataclass(frozen=True)
class SmoothingRules:
    """What is integrated over.

    Attributes:
        rho_points: Points over rho, the share of an area's effect that its neighbours tell, 0 to 1.
        tau_points: Points over tau, the effects' precision, at each rho.
        variance_shape: Shape of the inverse gamma prior of 1 / tau.
        variance_scale: Scale of it.
    """

    rho_points: int = 5
    tau_points: int = 4
    variance_shape: float = 1.0
    variance_scale: float = 0.01


#: Enough points that more of them move no risk of the usual sets by a hundredth; priors of Lee (2011).
USUAL_RULES = SmoothingRules()


@dataclass(frozen=True)
class Smoothed:
    """Smoothed relative risks: events over expected events.

    Attributes:
        risk: Mean of each area's relative risk.
        log_risk: Mean of its logarithm.
        log_variance: Variance of its logarithm.
        above_one: Probability that it is above 1.
        coefficients: Mean of the intercept and of each covariate's coefficient.
        coefficient_errors: Their standard deviations.
        rho: Mean of rho.
        variance: Mean of 1 / tau.
    """

    risk: Numbers
    log_risk: Numbers
    log_variance: Numbers
    above_one: Numbers
    coefficients: Numbers
    coefficient_errors: Numbers
    rho: float
    variance: float


def smoothed_risks(
    events: Numbers,
    expected: Numbers,
    neighbours: Indices,
    covariates: Numbers | None = None,
    *,
    rules: SmoothingRules = USUAL_RULES,
) -> Smoothed:
    """Relative risk of each area from its own events, those of its neighbours and its covariates.

    log mean = log expected + intercept + covariates + u, and u of the areas is normal with precision
    tau (rho (D - W) + (1 - rho) I): W has 1 for neighbours, D their number. The mode of intercept, coefficients and u
    is found for each (tau, rho), with a normal about it whose mean is moved off the mode by the skewness of the counts,
    and these are averaged by their marginal likelihood and prior.

    Args:
        events: Events of each area, 0 or more, with one at least in all.
        expected: Expected events of each area, above 0.
        neighbours: Pairs of neighbouring areas, n x 2, each pair once. An area without any is drawn to the whole.
        covariates: Areas x covariates, best standardised; None for none.
        rules: What is integrated over.

    Raises:
        AreasError: Arrays do not fit together, a pair is no pair of areas or given twice, or a covariate is no number.
        CountError: A count is negative, or there is no event.
        DenominatorError: An expected number is not above 0.

    Sources:
        Leroux, Lei and Breslow (2000), in Statistical Models in Epidemiology, the Environment and Clinical Trials.
        Lee (2011), Spatial and Spatio-temporal Epidemiology 2:79-89 (comparison, priors).
        Rue, Martino and Chopin (2009), Journal of the Royal Statistical Society B 71:319-392 (Laplace, integration).

    Example:
        >>> pairs = np.array([[0, 1], [1, 2], [2, 3]])
        >>> found = smoothed_risks(np.array([9.0, 8.0, 0.0, 1.0]), np.array([4.0, 4.0, 1.0, 6.0]), pairs)
        >>> bool(found.risk[0] < 9 / 4), bool(found.risk[2] > 0)
        (True, True)
    """
    model = _Model.of(events, expected, neighbours, covariates)
    nodes, widths = np.polynomial.legendre.leggauss(rules.rho_points)
    near_one = (nodes + 1) / 2
    # More points where neighbours tell nearly all: rho = 1 - (1 - t)^2.
    rhos, rho_weights = 1 - (1 - near_one) ** 2, widths * (1 - near_one)
    start = model.start()
    fits: list[_Fit] = []
    weights: list[float] = []
    for rho, rho_weight in zip(rhos, rho_weights, strict=True):
        at_rho = _AtRho(model, float(rho), rules, start)
        log_tau, deviation = at_rho.most_likely()
        points, point_weights = np.polynomial.hermite_e.hermegauss(rules.tau_points)
        for point, point_weight in zip(points, point_weights, strict=True):
            fit = at_rho.fit(log_tau + deviation * point)
            fits.append(fit)
            # Gauss-Hermite weighs by the normal density that is divided out again here.
            weights.append(
                fit.log_posterior + point**2 / 2 + float(np.log(point_weight * deviation * rho_weight))
            )
        start = at_rho.latent
    return _averaged(model, fits, np.exp(np.array(weights) - logsumexp(weights)))


@dataclass(frozen=True)
class _Model:
    """Counts, design and the pattern of what is solved: effects of the areas, then coefficients."""

    events: Numbers
    log_expected: Numbers
    design: Numbers
    neighbours: Indices
    numbers: Numbers
    pattern: SparsePattern

    @classmethod
    def of(
        cls, events: Numbers, expected: Numbers, neighbours: Indices, covariates: Numbers | None
    ) -> _Model:
        areas = len(events)
        columns = np.ones((areas, 1)) if covariates is None else np.column_stack([np.ones(areas), covariates])
        _check(events, expected, neighbours, columns)
        extra = columns.shape[1]
        rows = np.arange(areas)
        crossed = [np.column_stack([rows, np.full(areas, areas + k)]) for k in range(extra)]
        among = [(areas + k, areas + m) for k in range(extra) for m in range(k + 1, extra)]
        pairs = np.concatenate([neighbours, *crossed, np.array(among, dtype=np.int64).reshape(-1, 2)])
        pattern = sparse_pattern(areas + extra, pairs.astype(np.int64), extra)
        numbers = np.bincount(neighbours.ravel(), minlength=areas).astype(np.float64)
        return cls(events, np.log(expected), columns, neighbours, numbers, pattern)

    def start(self) -> Numbers:
        latent = np.zeros(len(self.events) + self.design.shape[1])
        latent[len(self.events)] = np.log(self.events.sum() / np.exp(self.log_expected).sum())
        return latent

    def log_risks(self, latent: Numbers) -> Numbers:
        areas = len(self.events)
        # Not by a BLAS product: its sums may depend on the number of threads.
        found: Numbers = latent[:areas] + (self.design * latent[areas:]).sum(axis=1)
        return found

    def curvature(self, means: Numbers, tau: float, rho: float) -> Factor:
        extra = self.design.shape[1]
        weighted = self.design * means[:, None]
        among = [
            float((weighted[:, k] * self.design[:, m]).sum())
            for k in range(extra)
            for m in range(k + 1, extra)
        ]
        own = (weighted * self.design).sum(axis=0) + _COEFFICIENT_PRECISION
        diagonal = np.concatenate([means + tau * (rho * self.numbers + 1 - rho), own])
        pairs = np.concatenate([np.full(len(self.neighbours), -tau * rho), weighted.T.ravel(), among])
        return factor_of(self.pattern, diagonal, pairs)

    def pull(self, effects: Numbers, tau: float, rho: float) -> Numbers:
        """Precision of the effects times the effects."""
        first, second = self.neighbours.T
        near = np.bincount(first, effects[second], len(effects)) + np.bincount(
            second, effects[first], len(effects)
        )
        found: Numbers = tau * ((rho * self.numbers + 1 - rho) * effects - rho * near)
        return found

    def skewness_shift(self, fit: _Fit, variances: Numbers) -> Numbers:
        """From the mode to the mean, to first order: counts pull the logarithm of a risk further down than up."""
        means = np.exp(self.log_expected + self.log_risks(fit.latent))
        pulled = -means * variances / 2
        return solved(fit.factor, np.concatenate([pulled, (self.design * pulled[:, None]).sum(axis=0)]))

    def prior_log_determinant(self, rho: float) -> float:
        """Of the precision of the effects at tau 1."""
        areas, extra = self.design.shape
        diagonal = np.concatenate([rho * self.numbers + 1 - rho, np.ones(extra)])
        pairs = np.zeros(len(self.pattern.pair_places))
        pairs[: len(self.neighbours)] = -rho
        return factor_of(self.pattern, diagonal, pairs).log_determinant


@dataclass(frozen=True)
class _Fit:
    """Mode and curvature at one (tau, rho)."""

    log_tau: float
    rho: float
    latent: Numbers
    factor: Factor
    log_posterior: float


class _AtRho:
    """Fits at one rho, each begun where the last one ended."""

    def __init__(self, model: _Model, rho: float, rules: SmoothingRules, start: Numbers) -> None:
        self.model, self.rho, self.rules, self.latent = model, rho, rules, start
        self.log_determinant = model.prior_log_determinant(rho)

    def fit(self, log_tau: float) -> _Fit:
        model, tau, areas = self.model, float(np.exp(log_tau)), len(self.model.events)
        latent = self.latent
        for _ in range(_MOST_STEPS):
            means = np.exp(np.minimum(model.log_expected + model.log_risks(latent), _LARGEST_LOG_MEAN))
            left = model.events - means
            slope = np.concatenate(
                [
                    left - model.pull(latent[:areas], tau, self.rho),
                    (model.design * left[:, None]).sum(axis=0) - _COEFFICIENT_PRECISION * latent[areas:],
                ]
            )
            factor = model.curvature(means, tau, self.rho)
            step = solved(factor, slope)
            moved = float(np.abs(model.log_risks(step)).max())
            latent = latent + step * min(1.0, _LONGEST_STEP / max(moved, 1e-300))
            if moved < _CLOSE_ENOUGH:
                break
        self.latent = latent
        effects, coefficients = latent[:areas], latent[areas:]
        logs = model.log_expected + model.log_risks(latent)
        log_posterior = (
            float((model.events * logs - np.exp(logs) - gammaln(model.events + 1)).sum())
            - float((effects * model.pull(effects, tau, self.rho)).sum()) / 2
            - _COEFFICIENT_PRECISION * float((coefficients**2).sum()) / 2
            + (areas * log_tau + self.log_determinant - factor.log_determinant) / 2
            + self.rules.variance_shape * log_tau
            - self.rules.variance_scale * tau
        )
        return _Fit(log_tau, self.rho, latent, factor, log_posterior)

    def most_likely(self) -> tuple[float, float]:
        """Log tau of the greatest posterior at this rho, and its standard deviation by the curvature there."""
        found = scipy.optimize.minimize_scalar(
            lambda log_tau: -self.fit(log_tau).log_posterior,
            bounds=_LOG_TAU,
            method="bounded",
            options={"xatol": _LOG_TAU_CLOSE},
        )
        middle, step = float(found.x), _LOG_TAU_STEP
        below, at, above = (self.fit(middle + move).log_posterior for move in (-step, 0.0, step))
        bend = max((2 * at - below - above) / step**2, 1 / (_LOG_TAU[1] - _LOG_TAU[0]) ** 2)
        return middle + (above - below) / (2 * step) / bend, float(bend**-0.5)


def _averaged(model: _Model, fits: list[_Fit], weights: Numbers) -> Smoothed:
    areas, extra = model.design.shape
    logs, variances = np.empty((len(fits), areas)), np.empty((len(fits), areas))
    coefficients, errors = np.empty((len(fits), extra)), np.empty((len(fits), extra))
    for at, fit in enumerate(fits):
        diagonal, pairs = inverse_elements(fit.factor)
        crossed = pairs[len(model.neighbours) :][: areas * extra].reshape(extra, areas).T
        among = np.diag(diagonal[areas:])
        among[np.triu_indices(extra, 1)] = pairs[len(model.neighbours) + areas * extra :]
        among = among + np.triu(among, 1).T
        own = np.einsum("ik,kl,il->i", model.design, among, model.design)
        variances[at] = diagonal[:areas] + 2 * (model.design * crossed).sum(axis=1) + own
        logs[at] = model.log_risks(fit.latent + model.skewness_shift(fit, variances[at]))
        coefficients[at], errors[at] = fit.latent[areas:], diagonal[areas:]
    share = weights[:, None]
    log_risk, coefficient = (share * logs).sum(axis=0), (share * coefficients).sum(axis=0)
    return Smoothed(
        risk=(share * np.exp(logs + variances / 2)).sum(axis=0),
        log_risk=log_risk,
        log_variance=(share * (variances + (logs - log_risk) ** 2)).sum(axis=0),
        above_one=(share * ndtr(logs / np.sqrt(variances))).sum(axis=0),
        coefficients=coefficient,
        coefficient_errors=np.sqrt((share * (errors + (coefficients - coefficient) ** 2)).sum(axis=0)),
        rho=float((weights * [fit.rho for fit in fits]).sum()),
        variance=float((weights * np.exp([-fit.log_tau for fit in fits])).sum()),
    )


def _check(events: Numbers, expected: Numbers, neighbours: Indices, columns: Numbers) -> None:
    areas = len(events)
    if events.shape != (areas,) or expected.shape != (areas,) or len(columns) != areas:
        raise AreasError("smoothing", "events, expected events and covariates differ in number")
    if not np.isfinite(columns).all():
        raise AreasError("smoothing", "a covariate is not a number")
    if not (np.isfinite(events) & (events >= 0)).all() or events.sum() == 0:
        raise CountError("smoothing", "a count is negative, or there is no event")
    if not (np.isfinite(expected) & (expected > 0)).all():
        raise DenominatorError("smoothing", "an expected number is not above 0")
    ends = np.sort(neighbours, axis=1) if neighbours.ndim == 2 else neighbours
    if neighbours.size and (
        ends.ndim != 2
        or ends.min() < 0
        or ends.max() >= areas
        or (ends[:, 0] == ends[:, 1]).any()
        or len(np.unique(ends, axis=0)) != len(ends)
    ):
        raise AreasError("smoothing", "a pair of neighbours is none, or is given twice")
