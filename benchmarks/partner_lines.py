"""Lines that a partner gets: how many, and how many of them are real, with and without planted events.

    python benchmarks/partner_lines.py [REGIONS [FIRST_SEED]]
    python benchmarks/partner_lines.py packs [REGIONS [FIRST_SEED]]

A partner has 206 series: about 41 areas and five types, three years of weeks, means of 0.15 to 12 a week, variance 1.1
times the mean, a season, up to two past events a series. The last 8 weeks are 8 runs. Planted: in 2 % of the series one
event of 2 to 10 standard deviations begins in those weeks; a line is real in its weeks and the one after. Ours: series
against the others of their type, tree false discovery, worth watching, five at most. Naive: EARS C2 beyond z = 3, and
p <= 0.01 alone.

`packs`: the arrangement of packs, by the steps' own code from shown counts. A region of seven districts and three
types, district means of 4 to 60 a week, season and variance as above, a shock of all districts in 4 % of weeks, nothing
planted: how many of its seven packs have a line at the month's end, of the district and of the region.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter

import areas
import numpy as np

from preventable.methods import Candidate, WeeklySeries, fit_baseline, others_offsets, signal_lines
from preventable.methods.for_comparison import ears
from preventable.methods.negative_binomial import combined_ps, count_quantiles
from preventable.methods.weekly_excess import predict_windows
from preventable.settings import load_policy
from preventable.stages.disclosure.rule import read_release_rule
from preventable.stages.disclosure.signal_lines import Told, released_signals
from preventable.stages.signals.groups import Known, score_group
from preventable.stages.signals.rules import kind_rules
from preventable.stages.signals.series import Siblings
from preventable.tables.signal_rules import read_signal_rules

SERIES, TYPES, WEEKS, RUNS, PLANTED = 206, 5, 156, 8, 0.02
RATE, WATCH_P, AT_MOST = 0.10, 0.005, 5
DISTRICTS = tuple(f"D{number}" for number in range(1, 8))
#: Weeks that begin on these Mondays; the last four end in the month that is judged.
LAST_MONDAY, MONTH = dt.date(2025, 12, 22), "2025-12"


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


def quiet_region(seed: int, definitions: tuple[str, ...]) -> list[Siblings]:
    """Series of the districts and of the region, in which nothing happens."""
    draw = np.random.default_rng([2029, seed])
    week = np.arange(WEEKS)
    starts = tuple(LAST_MONDAY - dt.timedelta(weeks=WEEKS - 1 - int(at)) for at in week)
    found = []
    for definition in definitions:
        level = np.exp(draw.uniform(np.log(4), np.log(60), len(DISTRICTS)))[:, None]
        season = 0.15 * np.cos(2 * np.pi * (week - draw.uniform(0, 52)) / 52)
        shock = np.where(draw.random(WEEKS) < 0.04, draw.normal(0, 0.1, WEEKS), 0.0)
        means = level * np.exp(season + shock)
        counts = draw.poisson(draw.gamma(means / 0.1, 0.1)).astype(float)
        for area_type, codes, of in (
            ("district", DISTRICTS, counts),
            ("region", ("R",), counts.sum(axis=0, keepdims=True)),
        ):
            whole = np.ones(of.shape)
            found.append(
                Siblings(
                    definition,
                    1,
                    "any",
                    area_type,
                    "week",
                    codes,
                    starts,
                    of,
                    whole,
                    whole > 0,
                    whole,
                    0 * whole,
                )
            )
    return found


def packs(seeds: range) -> None:
    """Print how many packs have lines where nothing happens."""
    policy = load_policy()
    rule, rules = read_release_rule(policy), read_signal_rules(policy)
    names = tuple(rules.severity_weights)
    known = Known(rules, policy, MONTH, {}, {}, {}, {}, {})
    told = [Told(area, (("region", "R"), ("district", area)), names) for area in DISTRICTS]
    number: Counter[str] = Counter()
    for seed in seeds:
        scored = [row for one in quiet_region(seed, names) for row in score_group(one, frozenset(), known)]
        lines = [
            row for row in released_signals(scored, told, month=MONTH, rule=rule, rules=rules) if row["line"]
        ]
        number.update(
            {
                "packs with a line": len({row["recipient"] for row in lines}),
                "packs with a line of the district": len(
                    {row["recipient"] for row in lines if row["area_type"] == "district"}
                ),
                "regions with a line of the region": bool({row["area"] for row in lines} & {"R"}),
                "lines worth watching": sum(row["verdict"] == "worth_watching" for row in lines),
            }
        )
    print(f"{len(seeds)} regions, {len(seeds) * len(DISTRICTS)} packs, nothing planted")
    for what, times in number.items():
        print(f"{what}: {times}")


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
    words = sys.argv[1:]
    run = packs if words[:1] == ["packs"] else main
    given = [int(one) for one in words[run is packs :]]
    number, first = given + [40, 0][len(given) :]
    run(range(first, first + number))
