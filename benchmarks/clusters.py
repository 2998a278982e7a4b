"""How often a scan finds clusters where there are none, how often it finds planted ones, and what it costs.

    python benchmarks/clusters.py false PHI [MAPS] [DATA]
    python benchmarks/clusters.py power [MAPS] [DATA]
    python benchmarks/clusters.py speed

Places are 1,719 invented areas in towns, or, with DATA (the folder ../shared/data), the small areas of the West
Midlands with the mean of their published monthly counts as what is expected. Counts are drawn one area at a time,
Poisson with a gamma mean, by none of the code that is judged. Each map is scanned with the negative binomial null of
the map's own phi, and with a Poisson null as programs do (of `false` every tenth map). `speed` counts processor
seconds beside those of SaTScan 10.3.2 on another machine.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from preventable.methods.scan import (
    ScanRules,
    circular_scan,
    null_maxima,
    permutation_scan,
    space_time_scan,
    windows_until_now,
)
from preventable.methods.scan_circles import circles
from preventable.methods.scan_null import Spread

AREAS, LEVEL, SHARE = 1719, 0.05, 0.1
FALSE_REPLICATES, POWER_REPLICATES, NAIVE_EVERY = 19, 999, 10
#: Events of a month, phi, areas of the planted cluster and its relative risk.
PLANTED = [
    (10_000, 1.5, 1, 5),
    (10_000, 1.5, 4, 3),
    (10_000, 1.5, 12, 2),
    (10_000, 1.5, 1, 3),
    (10_000, 1.5, 4, 2),
    (1_000, 1.1, 4, 3),
    (1_000, 1.1, 12, 2),
    (1_000, 1.1, 12, 3),
]
#: Processor seconds of SaTScan 10.3.2 for 999 replicates, on another machine.
SATSCAN = {
    "circular, 2,000 areas, 10,000 events": 8.1,
    "permutation, 365 days, windows to 28 days, 500 areas": 13.9,
    "permutation, 365 days, windows to 28 days, 2,000 areas": 219.0,
    "space-time Poisson, 104 weeks, windows to 52 weeks, 2,000 areas": 123.0,
}


def invented_region(areas: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places and expected shares of areas in seven towns."""
    made = np.random.default_rng(seed)
    town = made.integers(0, 7, areas)
    middle = made.random((7, 2)) * 40
    place = middle[town] + made.normal(0, 3, (areas, 2))
    return place[:, 0], place[:, 1], made.gamma(2.0, 1.0, areas) + 0.1


def real_region(data: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Middles of small areas and their mean monthly counts of violence; areas without one get half an event in all."""
    import pandas as pd
    import pyarrow.parquet as parquet
    import shapely

    outlines = parquet.read_table(data / "geography" / "wm_lsoa21.parquet").to_pandas()
    middle = shapely.centroid(shapely.from_wkb(outlines["geometry"].to_numpy()))
    counts = pd.read_parquet(data / "police" / "wm_lsoa21_month_category_2023_2026.parquet")
    violence = counts[counts["category"].str.contains("Violence")]
    mean = violence.groupby("lsoa_code")["crime_count"].sum() / violence["month"].nunique()
    of_area = outlines["lsoa21_code"].map(mean).fillna(0.0).to_numpy()
    # Degrees: a degree of longitude is shorter than one of latitude by the cosine of the latitude.
    east = shapely.get_x(middle) * np.cos(np.radians(shapely.get_y(middle).mean()))
    return east, shapely.get_y(middle), np.maximum(of_area, 0.5 / 31)


def drawn(made: np.random.Generator, mean: np.ndarray, phi: float) -> np.ndarray:
    """Counts with variance phi times their mean."""
    return made.poisson(made.gamma(mean / (phi - 1)) * (phi - 1) if phi > 1 else mean)


def region(data: str | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return real_region(Path(data)) if data else invented_region(AREAS)


def false_clusters(phi: float, maps: int, data: str | None) -> None:
    """Share of maps without a cluster on which one is found at 5 %."""
    x, y, share = region(data)
    zones = circles(x, y, share, largest_share=SHARE)
    for events in (1_000, 10_000):
        expected = share / share.sum() * events
        made = np.random.default_rng([7, events, int(100 * phi)])
        found, scans = np.zeros(2), np.zeros(2)
        for one in range(maps // 2):
            counts = drawn(made, expected, phi)
            for null, spread in enumerate((Spread(), Spread(phi))):
                if null == 0 and one % NAIVE_EVERY:
                    continue
                scans[null] += 1
                rules = ScanRules(FALSE_REPLICATES, seed=one, spread=spread, most_clusters=1)
                scanned = circular_scan(counts, expected, zones, rules)
                found[null] += bool(scanned.clusters) and scanned.clusters[0].p <= LEVEL
        print(
            f"phi {phi} events {events} maps {maps // 2}: Poisson null {found[0] / scans[0]:.3f}, "
            f"NB null {found[1] / scans[1]:.4f}",
            flush=True,
        )


def power(maps: int, data: str | None) -> None:
    """Planted clusters found, in the right place or not, and how well the circle that was found fits them."""
    x, y, share = region(data)
    zones = circles(x, y, share, largest_share=SHARE)
    for events, phi, areas, risk in PLANTED:
        made = np.random.default_rng([11, events, areas, risk])
        expected = share / share.sum() * events
        # A ratio's null hangs on the total by so little that all maps of a row are compared with the same one.
        rules = [
            ScanRules(POWER_REPLICATES, seed=made.integers(2**31), spread=one)
            for one in (Spread(), Spread(phi))
        ]
        nulls = [np.array(null_maxima(expected, events, zones, one)) for one in rules]
        ratios, overlaps = np.zeros(maps), np.zeros((maps, 2))
        for one in range(maps):
            centre = int(made.integers(len(x)))
            planted = np.argsort((x - x[centre]) ** 2 + (y - y[centre]) ** 2)[:areas]
            mean = expected.copy()
            mean[planted] *= risk
            best = circular_scan(
                drawn(made, mean, phi), expected, zones, ScanRules(1, most_clusters=1)
            ).clusters[0]
            shared = expected[np.intersect1d(best.members, planted)].sum()
            ratios[one] = best.log_likelihood_ratio
            overlaps[one] = shared / expected[planted].sum(), shared / expected[list(best.members)].sum()
        told = [_told(ratios, null, overlaps) for null in nulls]
        print(f"{events:,} events, phi {phi}: {areas} x {risk} | {told[0]} | {told[1]}", flush=True)


def _told(ratios: np.ndarray, null: np.ndarray, overlaps: np.ndarray) -> str:
    """Found anywhere and in the right place; sensitivity and positive predictive value of all found, of those there."""
    p = (1 + (null[None, :] >= ratios[:, None]).sum(axis=1)) / (1 + len(null))
    found, there = p <= LEVEL, (p <= LEVEL) & (overlaps[:, 0] > 0)
    fits = ["{:.2f}, {:.2f}".format(*overlaps[which].mean(axis=0)) for which in (found, there)]
    return f"{found.mean():.3f} {there.mean():.3f} ({fits[0]}; {fits[1]})"


def speed() -> None:
    """Processor seconds, after compiling, of 999 replicates: zones to SaTScan's half, then to a tenth."""
    for share in (0.5, SHARE):
        for name, seconds in SATSCAN.items():
            run = _speed_case(name, share)
            run(ScanRules(1))
            start = time.process_time()
            run(ScanRules(999, most_clusters=1))
            spent = time.process_time() - start
            print(
                f"{name}, zones to {share:.0%}: {spent:.2f} s, {spent / seconds:.3f} of SaTScan's", flush=True
            )


def _speed_case(name: str, share: float):
    areas = 500 if "500 areas" in name else 2_000
    x, y, weight = invented_region(areas)
    zones = circles(x, y, weight, largest_share=share)
    made = np.random.default_rng(3)
    chance = weight / weight.sum()
    if name.startswith("circular"):
        counts = made.multinomial(10_000, chance)
        return lambda rules: circular_scan(counts, weight, zones, rules)
    if name.startswith("permutation"):
        where, when = made.choice(areas, 10_000, p=chance), made.integers(0, 365, 10_000)
        windows = windows_until_now(365, 28)
        return lambda rules: permutation_scan(where, when, zones, rules, windows, number_of_periods=365)
    counts = made.multinomial(10_000, np.repeat(chance / 104, 104)).reshape(areas, 104)
    expected = np.repeat(weight[:, None], 104, axis=1)
    return lambda rules: space_time_scan(counts, expected, zones, rules, windows_until_now(104, 52))


def main(words: list[str]) -> None:
    kind, rest = words[0], words[1:]
    data = next((word for word in rest if not word.replace(".", "").isdigit()), None)
    numbers = [float(word) for word in rest if word != data]
    if kind == "false":
        false_clusters(numbers[0], int(numbers[1]) if len(numbers) > 1 else 2_000, data)
    elif kind == "power":
        power(int(numbers[0]) if numbers else 300, data)
    else:
        speed()


if __name__ == "__main__":
    main(sys.argv[1:])
