"""Signals on small areas like ours: how often false and how many events are found, with two and three years of history.

    python benchmarks/areas.py [SEEDS [FIRST_SEED]]

Each seed makes a region of 240 areas with 0.15 to 12 events a week: a shared season, shocks of single weeks, holidays,
a drift of each area, variance 1.1 times the mean, up to two past events an area of 2 to 10 standard deviations, gaps of
four weeks in a tenth of them; a tenth has one more event in the last 13 weeks, which are scored. Prints a line for each
method: events found in any week of theirs at equal share of false weeks, and achieved over nominal at 1 %.
The row `everything known` is the most that can be found: the same score with the true means and spread.
Naive rows: EARS C2, and Poisson against the mean of the last 52 weeks.
"""

from __future__ import annotations

import sys

import numpy as np

from preventable.methods import WeeklySeries, fit_baseline, others_offsets
from preventable.methods.farrington import FarringtonRules, farrington_flexible
from preventable.methods.for_comparison import ears
from preventable.methods.negative_binomial import combined_ps, normal_score, normal_scores, upper_mid_ps
from preventable.methods.weekly_excess import ExcessRules, predict_windows
from preventable.stages.signals.rules import kind_rules

AREAS, TESTED, SPREAD, RATES = 240, 13, 1.1, (0.005, 0.01, 0.025)


def make_region(seed: int, years: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Counts, whether usable, whether in an event of the tested weeks, and the means without events: areas x weeks."""
    draw = np.random.default_rng([2027, seed, years])
    weeks = 52 * years + TESTED
    week = np.arange(weeks)
    level = np.exp(draw.uniform(np.log(0.15), np.log(12), AREAS))[:, None]
    season = 0.15 * np.cos(2 * np.pi * (week - draw.uniform(0, 52)) / 52)
    shock = np.where(draw.random(weeks) < 0.04, draw.normal(0, 0.25, weeks), 0.0)
    holiday = 0.15 * np.isin(week % 52, (0, 14, 18, 21, 34, 51))
    drift = draw.normal(0, 0.08, AREAS)[:, None] * week / 52
    means = level * np.exp(season + shock + holiday + drift)
    counts = draw.poisson(draw.gamma(means / (SPREAD - 1), SPREAD - 1)).astype(float)
    event = np.zeros(counts.shape, bool)
    for area in range(AREAS):
        for _ in range(draw.integers(0, 3)):
            _add(draw, counts[area], means[area], int(draw.integers(0, weeks - TESTED)))
        if draw.random() < 0.1:
            event[area, _add(draw, counts[area], means[area], int(draw.integers(weeks - TESTED, weeks)))] = (
                True
            )
    usable = np.ones(counts.shape, bool)
    for area in np.flatnonzero(draw.random(AREAS) < 0.1):
        begins = int(draw.integers(0, weeks - TESTED - 8))
        usable[area, begins : begins + 4] = False
    return counts, usable, event, means


def _add(draw: np.random.Generator, counts: np.ndarray, means: np.ndarray, begins: int) -> np.ndarray:
    size = draw.choice((2, 3, 5, 7, 10))
    weeks = begins + np.floor(
        draw.lognormal(0, 0.5, draw.poisson(size * np.sqrt(means[begins] * SPREAD)))
    ).astype(int)
    weeks = weeks[weeks < len(counts)]
    np.add.at(counts, weeks, 1)
    return weeks


def level_or_relative(counts: np.ndarray, usable: np.ndarray, kind: str) -> WeeklySeries:
    """Series of areas, each for itself (level) or against the others (relative)."""
    offsets = np.zeros(counts.shape)
    if kind == "relative":
        offsets, known = others_offsets(counts, usable, least_share=0.5)
        usable = usable & known
    return WeeklySeries(counts, usable, offsets, np.zeros((*counts.shape, 0)))


def kernel_scores(counts: np.ndarray, usable: np.ndarray, kind: str) -> np.ndarray:
    """z of our method in each tested week: level (each area for itself) or relative (against the others)."""
    rules = kind_rules()[kind].excess
    z = np.zeros((AREAS, TESTED))
    for place in range(TESTED):
        end = counts.shape[1] - TESTED + place + 1
        seen, there = counts[:, :end], usable[:, :end]
        series = level_or_relative(seen, there, kind)
        baseline = fit_baseline(series, end - 1, rules)
        newest, both = (_p(series, baseline, length, rules) for length in (1, 2))
        p = combined_ps(newest, both, newest_weight=2, correlation=0.75, zero_now=seen[:, -1] == 0)
        z[:, place] = normal_scores(p)
    return z


def _p(series: WeeklySeries, baseline, length: int, rules: ExcessRules) -> np.ndarray:
    predicted = predict_windows(series, baseline, length, rules)
    known, p = predicted.known, np.ones(len(series.counts))
    observed = series.counts[known, baseline.week + 1 - length :].sum(axis=1)
    p[known] = upper_mid_ps(observed, predicted.means[known], predicted.variances[known])
    return p


def known_scores(counts: np.ndarray, means: np.ndarray) -> np.ndarray:
    """z of the same score where the means and the spread need not be learned: no method can find many more."""
    tested = range(counts.shape[1] - TESTED, counts.shape[1])
    newest, both = (
        np.stack([_known_p(counts, means, slice(at + 1 - length, at + 1)) for at in tested], axis=1)
        for length in (1, 2)
    )
    zero = counts[:, -TESTED:] == 0
    return normal_scores(combined_ps(newest, both, newest_weight=2, correlation=0.75, zero_now=zero))


def _known_p(counts: np.ndarray, means: np.ndarray, weeks: slice) -> np.ndarray:
    mean = means[:, weeks].sum(axis=1)
    return upper_mid_ps(counts[:, weeks].sum(axis=1), mean, SPREAD * mean)


def other_scores(counts: np.ndarray, usable: np.ndarray, years: int) -> dict[str, np.ndarray]:
    """z of the other methods; gaps are missing to farringtonFlexible and read as they are by the naive ones."""
    tested = range(counts.shape[1] - TESTED, counts.shape[1])
    missing = np.where(usable, counts, np.nan)
    # The window of the oldest year must exist: the half week before it is not there with exactly so many years.
    padded = np.hstack([np.full((AREAS, 4), np.nan), missing])
    found = farrington_flexible(padded, [one + 4 for one in tested], FarringtonRules(years=years))
    p = np.where(np.isnan(found.p) | (found.observed == 0), 1.0, found.p)
    near, far = (ears(counts, method="C2", level=level).upper for level in (0.5, 0.15865525393145707))
    past = np.stack([counts[:, at - 52 : at].mean(axis=1) for at in tested], axis=1)
    now = counts[:, -TESTED:]
    poisson = upper_mid_ps(now, np.maximum(past, 1e-6), np.maximum(past, 1e-6))
    return {
        "farringtonFlexible": normal_scores(p),
        "EARS C2": ((counts - near) / np.maximum(far - near, 1e-9))[:, -TESTED:],
        "Poisson, last 52 weeks": normal_scores(poisson),
    }


def main(seeds: range) -> None:
    """Print the lines."""
    for years in (3, 2):
        z: dict[str, list[np.ndarray]] = {}
        events = []
        for seed in seeds:
            counts, usable, event, means = make_region(seed, years)
            events.append(event[:, -TESTED:])
            scores = {f"ours, {kind}": kernel_scores(counts, usable, kind) for kind in ("relative", "level")}
            scores["everything known"] = known_scores(counts, means)
            for name, values in (scores | other_scores(counts, usable, years)).items():
                z.setdefault(name, []).append(values)
        event = np.vstack(events)
        for name, parts in z.items():
            print(f"{years} years, {name}: {_report(np.vstack(parts), event)}", flush=True)


def _report(z: np.ndarray, event: np.ndarray) -> str:
    clean, there = ~event, event.any(axis=1)
    words = []
    for rate in RATES:
        beyond = z > np.quantile(z[clean], 1 - rate)
        words.append(f"{(beyond & event).any(axis=1)[there].mean():.2f}")
    achieved = (z > normal_score(0.01))[clean].mean() / 0.01
    return f"found {' / '.join(words)} at 0.5 / 1 / 2.5 %; achieved/nominal at 1 % {achieved:.2f}; {there.sum()} events"


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    number, first = given + [30, 0][len(given) :]
    main(range(first, first + number))
