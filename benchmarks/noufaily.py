"""How often signals are false, and how many outbreaks are found, on the 42 scenarios of Noufaily and others (2013).

    python benchmarks/noufaily.py SCENARIOS_CSV [REPEATS [SEED]]

SCENARIOS_CSV is ../shared/reference/methods/benchmark_noufaily/scenarios.csv. A series has 624 weeks, negative binomial
with the scenario's level, trend, season and spread. Four past outbreaks lie in weeks 313 to 575, one more begins in the
last 49 weeks, which are scored. An outbreak of size k has a Poisson number of events with mean k standard deviations of
its first week, spread over weeks by a lognormal (0, 0.5) delay. Found: a score above the cut in any week of its own.
The cut is that of the pooled weeks without an outbreak. Prints one line for each method and rate: ours as the product
has it, with its newest week alone, farringtonFlexible (nbPlugin) and EARS C2 on the same series.

Source: Noufaily and others (2013), Statistics in Medicine 32:1206-1222, section 4.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from preventable.methods import WeeklySeries, fit_baseline, normal_score
from preventable.methods.farrington import FarringtonRules, farrington_flexible
from preventable.methods.for_comparison import ears
from preventable.methods.negative_binomial import combined_ps, normal_scores, upper_mid_ps
from preventable.methods.weekly_excess import ExcessRules, predict_windows
from preventable.stages.signals.rules import kind_rules

WEEKS, FIRST_TEST, FIRST_PAST, YEAR = 624, 575, 312, 52
PAST_SIZES, SIZES = (1, 2, 3, 5, 10), (2, 3, 5, 7, 10)
PAST_OUTBREAKS, SEED = 4, 2026
RATES = (0.005, 0.01, 0.025)


@dataclass(frozen=True)
class Made:
    """Series, the weeks of their newest outbreak among those tested, and its size."""

    counts: np.ndarray
    outbreak: np.ndarray
    size: np.ndarray
    scenario: np.ndarray


def make_series(scenarios: list[Mapping[str, str]], repeats: int, seed: int = SEED) -> Made:
    """`repeats` series of every scenario."""
    rows = [
        (*_one(row, repeat, seed), SIZES[repeat % len(SIZES)], int(row["scenario"]))
        for repeat in range(repeats)
        for row in scenarios
    ]
    return Made(*(np.array(column) for column in zip(*rows, strict=True)))


def _one(row: Mapping[str, str], repeat: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng([seed, repeat, int(row["scenario"])])
    week = np.arange(1, WEEKS + 1)
    logs = float(row["theta"]) + float(row["beta_used"]) * week
    for pair in range(1, int(row["m"]) + 1):
        angle = 2 * np.pi * pair * week / YEAR
        logs = logs + float(row["gamma1_used"]) * np.cos(angle) + float(row["gamma2_used"]) * np.sin(angle)
    means, spread = np.exp(logs), float(row["phi"])
    rates = means if spread == 1 else draw.gamma(means / (spread - 1), spread - 1)
    counts = draw.poisson(rates).astype(float)

    def outbreak(begins: int, size: int) -> np.ndarray:
        events = draw.poisson(size * np.sqrt(means[begins] * spread))
        weeks = begins + np.floor(draw.lognormal(0, 0.5, events)).astype(int)
        weeks = weeks[weeks < WEEKS]
        np.add.at(counts, weeks, 1)
        return weeks

    for begins in draw.choice(np.arange(FIRST_PAST, FIRST_TEST), PAST_OUTBREAKS, replace=False):
        outbreak(int(begins), int(draw.choice(PAST_SIZES)))
    weeks = outbreak(int(draw.integers(FIRST_TEST, WEEKS)), SIZES[repeat % len(SIZES)])
    return counts, np.isin(np.arange(FIRST_TEST, WEEKS), weeks)


def as_in_the_product() -> ExcessRules:
    """The rules of a level, with the scenarios' year."""
    return replace(kind_rules()["level"].excess, weeks_of_year=float(YEAR))


def scores(made: Made, rules: ExcessRules) -> dict[str, np.ndarray]:
    """z of every series and tested week: of one week, and of the newest week and the last two together."""
    found = {name: np.zeros(made.outbreak.shape) for name in ("one week", "2:1")}
    for scenario in np.unique(made.scenario):
        places = np.flatnonzero(made.scenario == scenario)
        counts = made.counts[places]
        series = WeeklySeries(
            counts, np.ones(counts.shape, bool), np.zeros(counts.shape), np.zeros((*counts.shape, 0))
        )
        for week in range(FIRST_TEST, WEEKS):
            baseline = fit_baseline(series, week, rules)
            newest, both = (_p(series, baseline, length, rules) for length in (1, 2))
            zero = counts[:, week] == 0
            p = combined_ps(newest, both, newest_weight=2, correlation=0.75, zero_now=zero)
            for name, values in zip(found, (newest, p), strict=True):
                found[name][places, week - FIRST_TEST] = normal_scores(values)
    return found


def _p(series, baseline, length, rules) -> np.ndarray:
    predicted = predict_windows(series, baseline, length, rules)
    weeks = slice(baseline.week + 1 - length, baseline.week + 1)
    p = np.ones(len(series.counts))
    known = predicted.known
    p[known] = upper_mid_ps(
        series.counts[known, weeks].sum(axis=1), predicted.means[known], predicted.variances[known]
    )
    return p


def farrington_scores(made: Made) -> np.ndarray:
    """z of farringtonFlexible, nbPlugin: of the probability of so many or more, as it alarms."""
    found = farrington_flexible(made.counts, range(FIRST_TEST, WEEKS), FarringtonRules())
    p = np.where(np.isnan(found.p), 1.0, found.p)
    return normal_scores(np.where(found.observed > 0, p, 1.0))


def ears_scores(made: Made) -> np.ndarray:
    """Standardised distance of EARS C2, from its threshold at two levels: mean + z sigma."""
    near, far = (ears(made.counts, method="C2", level=level).upper for level in (0.5, 0.15865525393145707))
    sigma = np.maximum(far - near, 1e-9)
    return ((made.counts - near) / sigma)[:, FIRST_TEST:]


def report(made: Made, z: np.ndarray, rate: float) -> str:
    """Achieved over nominal rate, pooled and by scenario; at equal rate the share of outbreaks found, by size."""
    clean = ~made.outbreak
    above = z > normal_score(rate)
    by_scenario = [
        above[at][clean[at]].mean() / rate
        for at in (made.scenario == one for one in np.unique(made.scenario))
    ]
    there = made.outbreak.any(axis=1)
    beyond = z > np.quantile(z[clean], 1 - rate)
    found = (beyond & made.outbreak).any(axis=1)
    first = made.outbreak.argmax(axis=1)
    at_once = beyond[np.arange(len(z)), first]
    sizes = " ".join(f"k{size} {found[there & (made.size == size)].mean():.2f}" for size in SIZES)
    return (
        f"achieved/nominal {above[clean].mean() / rate:.2f} ({min(by_scenario):.2f} to {max(by_scenario):.2f});"
        f" found {found[there].mean():.3f} ({sizes}), in week 1 {at_once[there].mean():.3f}"
    )


def main(path: Path, repeats: int, seed: int) -> None:
    """Print the lines."""
    with path.open(encoding="utf-8", newline="") as file:
        made = make_series(list(csv.DictReader(file)), repeats, seed)
    methods = {
        **scores(made, as_in_the_product()),
        "farringtonFlexible": farrington_scores(made),
        "EARS C2": ears_scores(made),
    }
    for name, z in methods.items():
        for rate in RATES:
            print(f"{name} at {100 * rate} %: {report(made, z, rate)}", flush=True)


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[2:]]
    main(Path(sys.argv[1]), *(given + [60, SEED][len(given) :]))
