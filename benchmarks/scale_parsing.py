"""Reading one supplier's file of growing size, beside csv.reader and DuckDB's reader of the same file.

    python benchmarks/scale_parsing.py [ROWS ...]

The police file of the invented county's last month, its rows again and again under new record numbers.
`read_submission` checks the file, maps codes, reads times and numbers, screens place texts and hashes every row;
csv.reader makes lists of texts and DuckDB a table of texts: they are the floor, not the same work. Microseconds of
the processor a row, all threads, the median of three; at most as many rows as policy/limits.toml allows in a file.
"""

from __future__ import annotations

import csv
import io
import statistics
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from preventable.invented.invent import invent
from preventable.settings import load_policy
from preventable.stages.sources.limits import read_limits
from preventable.stages.sources.region_places import region_places
from preventable.stages.sources.stage import read_submission
from preventable.tables.source_kinds import source_kinds

SIZES = (5_000, 20_000, 80_000, 320_000)
REPEATS = 3


def file_of(path: Path, rows: int) -> bytes:
    """The file's rows over and over until there are so many, each repeat under other record numbers."""
    lines = path.read_text(encoding="utf-8").splitlines()
    made = [lines[0]]
    for number in range(rows):
        repeat, line = divmod(number, len(lines) - 1)
        made.append(lines[line + 1] if not repeat else f"{repeat:04d}/{lines[line + 1]}")
    return "\n".join([*made, ""]).encode()


def microseconds(work: Callable[[], object], rows: int) -> float:
    """Median processor microseconds a row."""
    taken = []
    for _ in range(REPEATS):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return statistics.median(taken) * 1e6 / rows


def by_duckdb(path: Path) -> None:
    """Every cell as text."""
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.execute(
        f"CREATE TABLE file AS SELECT * FROM read_csv('{path}', all_varchar = true, header = true)"
    )


def main(sizes: list[int]) -> None:
    """Print a row of the table for each size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        invent(months=1, seed=1, out=folder)
        provider = next(
            row
            for row in pq.read_table(folder / "region" / "providers.parquet").to_pylist()
            if row["provider"] == "police"
        )
        mapping = tomllib.loads((folder / "region/mappings/police.v1.toml").read_text(encoding="utf-8"))
        source = sorted((folder / "submissions" / "police").glob("*.csv"))[0]
        policy = load_policy()
        limits, kinds = read_limits(policy), source_kinds(policy)
        tables = [pq.read_table(folder / "region" / f"{name}.parquet") for name in ("areas", "small_areas")]
        places = region_places(
            *tables, tomllib.loads((folder / "region/region.toml").read_text(encoding="utf-8"))
        )
        print("| rows | read_submission, us a row | csv.reader | DuckDB | to csv.reader | to DuckDB |")
        for rows in sizes:
            content = file_of(source, rows)
            path = folder / "file.csv"
            path.write_bytes(content)
            ours = microseconds(
                lambda content=content: read_submission(
                    content, file_name="file.csv", provider=provider, mappings=[mapping],
                    text_key=("scale", b"no key of anybody"), limits=limits, kinds=kinds, region=places,
                ),
                rows,
            )  # fmt: skip
            plain = microseconds(
                lambda content=content: list(csv.reader(io.StringIO(content.decode()))), rows
            )
            peer = microseconds(lambda path=path: by_duckdb(path), rows)
            print(
                f"| {rows:,} | {ours:.2f} | {plain:.2f} | {peer:.2f} | {ours / plain:.1f} | {ours / peer:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
