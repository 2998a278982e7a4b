"""Linkage beside the truth and Splink's own predict, and how its time grows with years.

.venv/bin/python benchmarks/linkage.py ../shared/reference/linkage/world_a
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from splink import Linker
from splink.backends.duckdb import DuckDBAPI

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from linkage_measures import measure_links  # noqa: E402
from linkage_world import reference_world  # noqa: E402

from preventable.engine.duckdb import DuckDBEngine  # noqa: E402
from preventable.settings import load_policy  # noqa: E402
from preventable.stages.linkage.candidates import find_candidates, load_sides, whole_weeks  # noqa: E402
from preventable.stages.linkage.comparisons import COMPARED, read_models  # noqa: E402
from preventable.stages.linkage.pair import link_pair  # noqa: E402
from preventable.stages.linkage.policy import read_linkage_policy  # noqa: E402
from preventable.stages.linkage.prepare import prepare_records  # noqa: E402
from preventable.tables import TABLES  # noqa: E402

PAIRS = (("ed", "police"), ("ambulance", "police"), ("ambulance", "ed"))
WIDEST_MIN = 48 * 60
TIMES = ("contact_utc", "contact_local", "injury_start_utc", "injury_end_utc")


def prepared(records: pa.Table) -> DuckDBEngine:
    """A session of one thread with linkable_records."""
    engine = DuckDBEngine(threads=1)
    engine.load("located_records", records)
    engine.load("small_areas", TABLES["small_areas"].empty())
    prepare_records(engine, read_linkage_policy(load_policy()))
    return engine


def seconds(work: Callable[[], Any], times: int = 3) -> float:
    """Least processor time of several runs."""
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def repeated(records: pa.Table, times: int) -> pa.Table:
    """The same records again after their last whole week, so many times: more years of the same density."""
    span = pc.min_max(records.column("contact_utc")).as_py()
    weeks = (span["max"] - span["min"]).days // 7 + 2
    parts = []
    for number in range(times):
        part = records
        for name in ("record_key", "person_key"):
            renamed = pc.binary_join_element_wise(part.column(name), str(number), "-")
            part = part.set_column(part.schema.get_field_index(name), name, renamed)
        for name in TIMES:
            moved = pc.add(
                part.column(name), pa.scalar(dt.timedelta(weeks=weeks * number), pa.duration("us"))
            )
            part = part.set_column(part.schema.get_field_index(name), name, moved)
        parts.append(part)
    return pa.concat_tables(parts)


def growth(records: pa.Table) -> Iterable[tuple[int, int, float]]:
    """Times the years, candidate pairs of ED and police, and processor time of the whole pair to that of one."""
    model = next(one for one in read_models() if one.pair == "ed_police")
    base = 0.0
    for times in (1, 2, 4, 8):
        engine = prepared(repeated(records, times))
        found = []
        taken = seconds(
            lambda engine=engine, found=found: found.append(link_pair(engine, model, widest_min=WIDEST_MIN)),
            1,
        )
        base = base or taken
        yield times, len(found[0].left), taken / base


def splink_sides(sides: Sequence[pa.Table]) -> tuple[DuckDBAPI, list[Any]]:
    """Splink's door to a DuckDB of one thread, and the two sides that it is to link."""
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    api = DuckDBAPI(connection)
    return api, [
        api.register(side, table_name=f"{name}_side", dataset_display_name=name)
        for side, name in zip(sides, ("a", "b"), strict=True)
    ]


def beside_splink(records: pa.Table) -> tuple[int, float]:
    """Pairs, and processor time of Splink's predict of them to ours for candidates, levels and weights."""
    engine = prepared(records)
    model = next(one for one in read_models() if one.pair == "ed_police")
    found = link_pair(engine, model, widest_min=WIDEST_MIN)
    load_sides(engine, model, whole_weeks(engine, model), WIDEST_MIN, 0)
    ours = seconds(lambda: find_candidates(engine, model))
    chosen = np.flatnonzero(found.part == 0)
    columns = ", ".join(("number", *COMPARED))
    sides = [engine.fetch(f"SELECT {columns} FROM linkage_{side}") for side in ("left", "right")]
    pairs = pa.table(
        {
            "match_key": pa.array(["0"] * len(chosen)),
            "join_key_l": pa.array([f"a-__-{number}" for number in found.left[chosen].tolist()]),
            "join_key_r": pa.array([f"b-__-{number}" for number in found.right[chosen].tolist()]),
        }
    )
    trained = found.models[0]
    assert trained is not None

    def predict() -> None:
        api, frames = splink_sides(sides)
        linker = Linker(frames, trained.settings, log_level=None)
        linker.table_management.register_blocked_pairs_for_predict(api.register(pairs, table_name="c_pairs"))
        linker.inference.predict(warning_mode="never")

    return len(chosen), seconds(predict) / ours


def main(folder: Path) -> None:
    """Print the figures of the page."""
    records, victims, incidents = reference_world(folder)
    for name, one in measure_links(records, victims, incidents).items():
        print(
            f"{name}: precision {one.precision:.3f}, recall {one.recall:.3f}, F1 {one.f1:.3f};"
            f" calibration error of all pairs {one.calibration[0]:.4f}, of kept links {one.calibration[1]:.4f};"
            f" precision in the densest tenth {one.busy_precision:.3f}"
        )
    for times, pairs, ratio in growth(records):
        print(f"{times} x the years: {pairs:,} pairs, {ratio:.2f} x the time, {ratio / times:.2f} a year")
    pairs, ratio = beside_splink(records)
    print(
        f"Splink's predict of {pairs:,} located pairs, candidates given: {ratio:.1f} x our time with finding them"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
