"""Lines that a partner gets: how many, and how many of them are real, with and without planted events.

    python benchmarks/partner_lines.py [REGIONS [FIRST_SEED]]

A partner has 206 series: about 41 areas and five types, three years of weeks, means of 0.15 to 12 a week, variance 1.1
times the mean, a season, up to two past events a series. The last 8 weeks are 8 runs. Planted: in 2 % of the series one
event of 2 to 10 standard deviations begins in those weeks; a line is real in its weeks and the one after. Ours: series
against the others of their type, tree false discovery, worth watching, five at most. Naive: EARS C2 beyond z = 3, and
p <= 0.01 alone.
"""

from __future__ import annotations

import sys

import areas
import numpy as np

from preventable.methods import Candidate, WeeklySeries, fit_baseline, others_offsets, signal_lines
from preventable.methods.for_comparison import ears
from preventable.methods.negative_binomial import combined_ps, count_quantiles
from preventable.methods.weekly_excess import predict_windows
from preventable.stages.signals.rules import kind_rules

SERIES, TYPES, WEEKS, RUNS, PLANTED = 206, 5, 156, 8, 0.02
RATE, WATCH_P, AT_MOST = 0.10, 0.005, 5


def make(seed: int, *, planted: bool) -> tuple[np.ndarray, np.ndarray]:
    """Counts, and the weeks in which a line of a series would be real."""
    draw = np.random.default_rng([2028, seed])
    week = np.arange(WEEKS)
    level = np.exp(draw.uniform(np.log(0.15), np.log(12), SERIES))[:, None]
    means = level * np.exp(0.15 * np.cos(2 * np.pi * (week - draw.uniform(0, 52)) / 52))
    counts = draw.poisson(draw.gamma(means / 0.1, 0.1)).astype(float)
    real = np.zeros(counts.shape, bool)
    for one in range(SERIES):
        for _ in range(draw.integers(0, 3)):
            areas._add(draw, counts[one], means[one], int(draw.integers(0, WEEKS - RUNS - 8)))  # over by then
        if planted and draw.random() < PLANTED:
            weeks = areas._add(draw, counts[one], means[one], int(draw.integers(WEEKS - RUNS, WEEKS)))
            real[one, weeks] = real[one, np.minimum(weeks + 1, WEEKS - 1)] = True
    return counts, real


def candidates(counts: np.ndarray) -> list[Candidate]:
    """The family of the newest week."""
    rules = kind_rules()["relative"].excess
    found = []
    for kind in range(TYPES):
        places = np.arange(kind, SERIES, TYPES)
        seen = counts[places]
        offsets, known = others_offsets(seen, np.ones(seen.shape, bool), least_share=0.5)
        series = WeeklySeries(seen, known, offsets, np.zeros((*seen.shape, 0)))
        baseline = fit_baseline(series, seen.shape[1] - 1, rules)
        newest, both = (areas._p(series, baseline, length, rules) for length in (1, 2))
        p = combined_ps(newest, both, newest_weight=2, correlation=0.75, zero_now=seen[:, -1] == 0)
        predicted = predict_windows(series, baseline, 1, rules)
        upper = np.full(len(places), np.inf)
        on = predicted.known
        upper[on] = count_quantiles(0.9, predicted.means[on], predicted.variances[on])
        harm = np.maximum(0.0, seen[:, -1] - upper)
        found += [
            Candidate(f"area {place // TYPES}", f"{place}", float(p[at]), float(harm[at]))
            for at, place in enumerate(places)
        ]
    return found


def main(seeds: range) -> None:
    """Print the lines."""
    for planted in (False, True):
        told: dict[str, list[tuple[int, int]]] = {}
        for seed in seeds:
            counts, real = make(seed, planted=planted)
            naive = ears(counts, method="C2", level=0.00135).alarm
            for week in range(WEEKS - RUNS, WEEKS):
                family = candidates(counts[:, : week + 1])
                lines = signal_lines(family, rate=RATE, watch_p=WATCH_P, at_most=AT_MOST)
                chosen = {
                    "signals": [int(one.candidate.series) for one in lines if one.verdict == "signal"],
                    "all lines": [int(one.candidate.series) for one in lines],
                    "p <= 0.01 alone": [int(one.series) for one in family if one.p <= 0.01],
                    "EARS C2, z > 3": list(np.flatnonzero(naive[:, week])),
                }
                for name, series in chosen.items():
                    told.setdefault(name, []).append((len(series), int(real[series, week].sum())))
        for name, runs in told.items():
            lines, right = np.array(runs).T
            share = right.sum() / max(1, lines.sum())
            world = "planted" if planted else "nothing planted"
            print(
                f"{world}, {name}: {lines.mean():.2f} a run, at most {lines.max()},"
                f" some in {100 * (lines > 0).mean():.0f} % of {len(lines)} runs, real {100 * share:.0f} %",
                flush=True,
            )


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    number, first = given + [40, 0][len(given) :]
    main(range(first, first + number))
