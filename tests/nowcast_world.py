"""Months of three districts and three hospitals, with files that come in again and again, for nowcasts. Nothing is real."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from figures_world import months

from preventable.engine.duckdb import DuckDBEngine
from preventable.tables import TABLES
from preventable.tables.lateness import DELAYS, RECORDS_BY_DELAY

DISTRICTS = ("XD01", "XD02", "XD03")
HOSPITALS = ("ed-a", "ed-b", "ed-c")
#: Share of a district's victims that each hospital sees, a row a district.
SEEN_BY = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
#: Share of a hospital's records by months after their own: one hospital is slower than the others.
DELAY_SHARES = np.array(
    [
        [0.0, 0.85, 0.09, 0.04, 0.02, 0.0, 0.0],
        [0.0, 0.70, 0.15, 0.08, 0.04, 0.02, 0.01],
        [0.0, 0.92, 0.05, 0.02, 0.01, 0.0, 0.0],
    ]
)
_STEADINESS = 150.0


@dataclass(frozen=True)
class LateWorld:
    """A session as the stage of figures has it before its nowcasts, and what will have come in the end.

    `final` is by (area, month): records of the hospitals whose file for the month has come.
    """

    engine: DuckDBEngine
    final: dict[tuple[str, str], int]
    held: list[str]


def late_world(
    seed: int,
    *,
    mean: float = 60.0,
    spread: float = 1.5,
    count: int = 24,
    missing: tuple[tuple[str, str], ...] = (),
    backfilled: int = 0,
) -> LateWorld:
    """Draw counts that drift and delays that vary, and look at them when each hospital has sent the last month's file.

    Args:
        seed: Of the draw.
        mean: Records of a district in a month.
        spread: Variance over mean of a district's counts.
        count: Months.
        missing: Hospital and month of files that never came.
        backfilled: So many oldest months came at once, with the first file.
    """
    draw = np.random.default_rng(seed)
    held = months(count)
    levels = mean * np.exp(np.cumsum(draw.normal(0, 0.04, (count, len(DISTRICTS))), axis=0))
    totals = draw.poisson(draw.gamma(levels / (spread - 1), spread - 1))
    made = np.zeros((count, len(DISTRICTS), len(HOSPITALS), DELAYS + 1), dtype=np.int64)
    for at in range(count):
        shares = [draw.dirichlet(np.maximum(one, 1e-12) * _STEADINESS) for one in DELAY_SHARES]
        for district, total in enumerate(totals[at]):
            for hospital, seen in enumerate(draw.multinomial(total, SEEN_BY[district])):
                made[at, district, hospital] = draw.multinomial(seen, shares[hospital])
    for hospital, month in missing:
        made[held.index(month), :, HOSPITALS.index(hospital)] = 0
    # The last month's file came one month after it: of the last month delays 0 and 1 have passed, and so on.
    known = made.copy()
    for at in range(count):
        known[at, :, :, count - at + 1 :] = 0
    return LateWorld(_session(held, known, set(missing), backfilled), _final(held, made), held)


def _final(held: list[str], made: np.ndarray) -> dict[tuple[str, str], int]:
    by_area = made.sum(axis=(2, 3))
    found = {
        (area, month): int(by_area[at, place])
        for at, month in enumerate(held)
        for place, area in enumerate(DISTRICTS)
    }
    return found | {("X01", month): int(by_area[at].sum()) for at, month in enumerate(held)}


def _session(
    held: list[str], known: np.ndarray, missing: set[tuple[str, str]], backfilled: int
) -> DuckDBEngine:
    engine = DuckDBEngine(threads=1)
    last = len(held)
    delays, coverage, values, sent = [], [], [], []
    for at, month in enumerate(held):
        for place, hospital in enumerate(HOSPITALS):
            received = (hospital, month) not in missing
            counts = known[at, :, place].sum(axis=0)
            first = 1
            if at < backfilled:
                first = last - at
                counts = np.eye(DELAYS + 1, dtype=np.int64)[min(first, DELAYS)] * counts.sum()
            delays.append(
                {"provider": hospital, "source": "ed", "month": month, "received": received, "age": last - at}
                | {"first_delay": first if received else None}
                | dict(zip(RECORDS_BY_DELAY, map(int, counts), strict=True))
            )
            coverage.append({"provider": hospital, "source": "ed", "month": month, "received": received})
        for place, area in enumerate((*DISTRICTS, "X01")):
            here = known[at] if area == "X01" else known[at, place]
            values.append(_value(area, month, int(here.sum())))
    for place, area in enumerate((*DISTRICTS, "X01")):
        here = known.sum(axis=1) if area == "X01" else known[:, place]
        for hospital, records in zip(HOSPITALS, here.sum(axis=(0, 2)), strict=True):
            level = "region" if area == "X01" else "district"
            sent.append(("ed", "residence", level, area, hospital, int(records)))
    engine.load("report_delays", pa.Table.from_pylist(delays, schema=TABLES["report_delays"].arrow_schema()))
    engine.load("coverage", pa.Table.from_pylist(coverage))
    engine.load("indicator_values", pa.Table.from_pylist(values))
    names = ("source", "area_basis", "area_type", "area", "provider", "records")
    engine.load("indicator_sent", pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in sent]))
    level = {"definition": "ed_all", "area_basis": "residence", "monthly": True}
    engine.load("indicator_levels", pa.Table.from_pylist([level]))
    return engine


def _value(area: str, month: str, count: int) -> dict[str, object]:
    return {
        "definition": "ed_all", "definition_version": 1, "source": "ed", "period_type": "month", "period_end": month,
        "dimension": "all", "area_type": "region" if area == "X01" else "district", "area": area, "count": count,
        "coverage": 1.0,
    }  # fmt: skip
