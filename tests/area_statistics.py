"""Statistics of areas that the product does not use, written once more to be held to another program's numbers.

Empirical Bayes towards the whole and towards neighbours, probability map, Moran's I, Assuncao and Reis' index, Getis and Ord's
G, Gi and Gi*, local Moran. The product smooths with methods/smoothing.py and methods/poisson_gamma.py instead; Gi* and local
Moran signal several times too often on few events and are not shipped. Arrays of areas in, arrays out; `near` is a dense matrix
of ones and zeros.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, poisson


def marshall_towards_whole(events, people):
    """Marshall (1991), Applied Statistics 40:283-294: risks, prior variance, prior mean."""
    rate, mean = events / people, events.sum() / people.sum()
    prior = (people * (rate - mean) ** 2).sum() / people.sum() - mean / people.mean()
    return mean + (rate - mean) * prior / (prior + mean / people), prior, mean


def marshall_of_binomial(events, people):
    """The same of shares: Martuzzi and Elliott (1996), Statistics in Medicine 15:1867-1873."""
    rate, mean, size = events / people, events.sum() / people.sum(), people.mean()
    spread = (people * (rate - mean) ** 2).sum() / people.sum() / (mean * (1 - mean))
    alike = (size * spread - 1) / (size - 1)
    return mean + (rate - mean) * people * alike / (1 + (people - 1) * alike)


def marshall_towards_neighbours(events, people, near, *, own_mean):
    """Marshall's local estimate; `own_mean`: neighbours' spread about this area's local mean (GeoDa), not about their own."""
    around = near + np.eye(len(near))
    rate, whole = events / people, around @ people
    mean = around @ events / whole
    if own_mean:
        squares = (around * people * (rate[None, :] - mean[:, None]) ** 2).sum(axis=1)
    else:
        squares = around @ (people * (rate - mean) ** 2)
    prior = np.maximum(squares / whole - mean / (whole / around.sum(axis=1)), 0.0)
    return mean + (rate - mean) * prior / (prior + mean / people)


def clayton_kaldor_gamma(events, expected, rounds):
    """Clayton and Kaldor (1987), Biometrics 43:671-681: shape and rate after so many rounds by moments from the raw ratios."""
    ratio = events / expected
    rate = ratio.mean() / ratio.var(ddof=1)
    shape = ratio.mean() * rate
    for _ in range(rounds):
        ratio = (events + shape) / (expected + rate)
        mean = ratio.mean()
        spread = ((1 + rate / expected) * (ratio - mean) ** 2).sum() / (len(ratio) - 1)
        shape, rate = mean**2 / spread, mean / spread
    return shape, rate


def clayton_kaldor_lognormal(events, expected, mean, variance):
    """The same paper's estimate of log risks that are normal: log risks, then mean and variance after one more round."""
    seen = events + 0.5
    found = (mean + seen * variance * np.log(seen / expected) - variance / 2) / (1 + seen * variance)
    spread = variance / (1 + variance * seen) + (found - found.mean()) ** 2
    return found, found.mean(), spread.mean()


def probability_map(events, people):
    """Expected events, ratio in percent, P(Y <= events) by Poisson."""
    expected = people * events.sum() / people.sum()
    return expected, 100 * events / expected, poisson.cdf(events, expected)


def row_shares(near):
    """Rows that add up to 1; of an island to 0."""
    numbers = near.sum(axis=1)
    return near / np.where(numbers > 0, numbers, 1)[:, None]


def _sums(weights):
    return (
        weights.sum(),
        ((weights + weights.T) ** 2).sum() / 2,
        ((weights.sum(axis=0) + weights.sum(axis=1)) ** 2).sum(),
    )


def moran(values, near):
    """Moran's I, its mean and variance under randomisation (Cliff and Ord 1981). Islands do not count as areas."""
    number, apart = (near.sum(axis=1) > 0).sum(), values - values.mean()
    weights = row_shares(near)
    s0, s1, s2 = _sums(weights)
    found = number / s0 * (apart @ weights @ apart) / (apart @ apart)
    kurtosis = len(values) * (apart**4).sum() / (apart @ apart) ** 2
    mean = -1 / (number - 1)
    first = number * ((number**2 - 3 * number + 3) * s1 - number * s2 + 3 * s0**2)
    second = kurtosis * (number * (number - 1) * s1 - 2 * number * s2 + 6 * s0**2)
    return found, mean, (first - second) / ((number - 1) * (number - 2) * (number - 3) * s0**2) - mean**2


def empirical_bayes_index(events, people, near):
    """Assuncao and Reis (1999), Statistics in Medicine 18:2147-2162: Moran's I of rates in their own standard errors."""
    _risks, prior, mean = marshall_towards_whole(events, people)
    variance = prior + mean / people
    apart = (events / people - mean) / np.sqrt(np.where(variance > 0, variance, mean / people))
    apart = apart - apart.mean()
    weights = row_shares(near)
    return len(events) / weights.sum() * (apart @ weights @ apart) / (apart @ apart)


def global_g(values, near):
    """Getis and Ord (1992), Geographical Analysis 24:189-206: G, its mean and variance. Islands are left out."""
    kept = near.sum(axis=1) > 0
    x, weights = values[kept], near[np.ix_(kept, kept)]
    n, (s0, s1, s2) = len(x), _sums(near[np.ix_(kept, kept)])
    m1, m2, m3, m4 = ((x**power).sum() for power in (1, 2, 3, 4))
    terms = (
        ((n * n - 3 * n + 3) * s1 - n * s2 + 3 * s0**2) * m2**2,
        -((n * n - n) * s1 - 2 * n * s2 + 6 * s0**2) * m4,
        -(2 * n * s1 - (n + 3) * s2 + 6 * s0**2) * m1**2 * m2,
        (4 * (n - 1) * s1 - 2 * (n + 1) * s2 + 8 * s0**2) * m1 * m3,
        (s1 - s2 + s0**2) * m1**4,
    )
    mean = s0 / (n * (n - 1))
    variance = sum(terms) / ((m1**2 - m2) ** 2 * n * (n - 1) * (n - 2) * (n - 3)) - mean**2
    return (x @ weights @ x) / (m1**2 - m2), mean, variance


def local_g(values, near):
    """Gi of Getis and Ord as a z score, without the area itself; not a number for an island."""
    others, numbers = len(values) - 1, near.sum(axis=1)
    mean = (values.sum() - values) / others
    variance = ((values**2).sum() - values**2) / others - mean**2
    spread = np.sqrt(variance * (others * numbers - numbers**2) / (others - 1))
    return np.divide(
        near @ values - numbers * mean, spread, out=np.full(len(values), np.nan), where=spread > 0
    )


def local_g_star(values, near, *, shares):
    """Gi* of Ord and Getis (1995), Geographical Analysis 27:286-306, with the area itself; `shares`: rows add up to 1."""
    around = near + np.eye(len(near))
    weights = row_shares(around) if shares else around
    n, sums, squares = len(values), weights.sum(axis=1), (weights**2).sum(axis=1)
    return (weights @ values - sums * values.mean()) / (
        values.std() * np.sqrt((n * squares - sums**2) / (n - 1))
    )


def local_moran(values, near):
    """Anselin (1995), Geographical Analysis 27:93-115: I_i, then mean and variance conditional on the area, then in all."""
    n, apart, weights = len(values), values - values.mean(), row_shares(near)
    second, fourth = (apart**2).mean(), (apart**4).mean()
    sums, squares = weights.sum(axis=1), (weights**2).sum(axis=1)
    found = apart / second * (weights @ apart)
    mean = -(apart**2) * sums / ((n - 1) * second)
    variance = (
        (apart / second) ** 2 * n / (n - 2) * (squares - sums**2 / (n - 1)) * (second - apart**2 / (n - 1))
    )
    flat = fourth / second**2
    all_mean = -sums / (n - 1)
    all_variance = (
        squares * (n - flat) / (n - 1)
        + (sums**2 - squares) * (2 * flat - n) / ((n - 1) * (n - 2))
        - all_mean**2
    )
    return found, (mean, variance), (all_mean, all_variance)


def quadrants(values, near):
    """High or low, and of high or low neighbours."""
    around = row_shares(near) @ values
    named = {True: "High", False: "Low"}
    return [
        f"{named[bool(own > 0)]}-{named[bool(other > 0)]}"
        for own, other in zip(values - values.mean(), around - around.mean(), strict=True)
    ]


def two_sided(score):
    """Two-sided p of a normal score."""
    return 2 * norm.sf(np.abs(score))
