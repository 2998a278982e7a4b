"""Two engines, one flow: rows that engines like to disagree on, and the checksums of what the stages make of them.

`main` is run in a process where DuckDB cannot be imported: `without_duckdb`.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from preventable.engine.choose import NewEngine
from preventable.pipeline import STEPS
from preventable.settings import StepContext, load_policy
from preventable.stages.quality.period import last_month
from preventable.store.checksums import rows_checksum, table_checksum
from preventable.tables import TABLES
from preventable.tables.source_kinds import source_kinds

#: The steps compared in a process without DuckDB. `linkage`, whose model Splink tells, which imports it, is compared beside.
STEPS_COMPARED = ("quality", "pseudonyms", "places", "indicators")
#: Tables read back from the session before its step: what went in is what the engine holds.
ROUND_TRIPS = ("submissions", "located_records")
KEY = bytes(range(32))
#: Contact and injury: local time, UTC. The hour that comes twice, both comings; leap days; midnight; the year's end.
#: The last two lie in no month of the home, so that their rows are held back.
TIMES = (
    ("2025-10-26T01:30:00", "2025-10-26T00:30:00", "2025-10-26T01:30:00", "2025-10-26T00:30:00"),
    ("2025-10-26T01:30:00", "2025-10-26T01:30:00", "2020-10-25T01:30:00", "2020-10-25T00:30:00"),
    (
        "2025-11-30T00:00:00",
        "2025-11-30T00:00:00",
        "2024-02-29T23:59:59.999999",
        "2024-02-29T23:59:59.999999",
    ),
    ("2025-12-31T23:59:59.5", "2025-12-31T23:59:59.5", "1969-12-31T23:59:00", "1969-12-31T22:59:00"),
    ("2026-10-25T01:30:00", "2026-10-25T01:30:00", "2026-10-25T01:30:00", "2026-10-25T00:30:00"),
    ("2024-02-29T12:00:00", "2024-02-29T12:00:00", "2024-02-29T00:00:00", "2024-02-29T00:00:00"),
)
#: Row numbers of the rows added.
AWKWARD_FROM = 900_000
TEXTS = ("Café Süd \\ 'Zur Linde'", "ßẞ İı Ǆ", "", "á", "a\u0301", "🚑")


def awkward_tables(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """The tables of a home with rows added that engines disagree on: clock changes, leap days, accents, nulls, halves."""
    submissions = tables["submissions"]
    events = [row for row in submissions.slice(0, 4000).to_pylist() if row["contact_local"] is not None]
    added = list(_awkward_rows(events[:: max(1, len(events) // 40)]))
    return {**tables, "submissions": pa.concat_tables([submissions, _as(submissions, added)])}


def _awkward_rows(rows: Iterable[Mapping[str, object]]) -> Iterable[dict[str, object]]:
    for number, row in enumerate(rows):
        local, utc, injured, injured_utc = map(dt.datetime.fromisoformat, TIMES[number % len(TIMES)])
        text = TEXTS[number % len(TEXTS)]
        changed = {
            "month": f"{local:%Y-%m}" if local.year == 2025 else row["month"],
            "row_number": AWKWARD_FROM + number,
            "source_record_id": f"{text} {number}",
            "content_hash": f"{number:064d}",
            "record_version": 1,
            "record_status": "live",
            "contact_local": local,
            "contact_utc": utc,
            "injury_start_local": injured,
            "injury_start_utc": injured_utc,
            "injury_end_local": None,
            "injury_end_utc": None,
        }
        if number % 3 == 0:
            # Half a decimetre and half a metre: the area of a point is decided on rounded numbers.
            changed |= {"easting_m": 450_000.05 + number, "northing_m": 350_000.5 - number}
        if number % 4 == 0:
            changed |= dict.fromkeys(("sex", "age_from", "age_to", "postcode", "place_type", "method"))
        yield {**row, **changed}


def _as(table: pa.Table, rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=table.schema)


def write_tables(folder: Path, tables: Mapping[str, pa.Table]) -> Path:
    """Tables as Parquet files for the program below."""
    for name, data in tables.items():
        pq.write_table(data, folder / f"{name}.parquet")
    return folder


def flow_tables(
    new_engine: NewEngine, tables: Mapping[str, pa.Table], steps: Sequence[str] = STEPS_COMPARED
) -> dict[str, pa.Table]:
    """What the steps make of the tables of a home; `place_matches` among them are those of an earlier run."""
    held = dict(tables)
    made = {}
    for step in (one for one in STEPS if one.name in steps):
        context = StepContext(
            policy=load_policy(),
            region={},
            pseudonym_key=KEY if step.holds_key else b"",
            pseudonym_key_id="demo-test" if step.holds_key else "",
            phrase_key=KEY if step.holds_phrase_key else b"",
            period=last_month(held["coverage"], source_kinds(load_policy())) if step.told_period else "",
        )
        with closing(new_engine()) as engine:
            for name in step.reads:
                engine.load(name, held[name])
                if name in ROUND_TRIPS:
                    made[f"{name} as {step.name} reads it"] = engine.table(name)
            for name in step.carries:
                engine.load(f"previous_{name}", tables[name])
            if step.first is not None:
                step.first(engine, context)
            step.run(engine, context)
            made |= {name: TABLES[name].conform(engine.table(name)) for name in step.writes}
        held |= made
    return made


def checksums(made: Mapping[str, pa.Table]) -> dict[str, list[str]]:
    """Of each table the checksum that a home tells, and one of every column to the last bit."""
    sums = {}
    for name, data in made.items():
        table = TABLES[name.partition(" ")[0]]
        sums[name] = [table_checksum(table, data), rows_checksum(table.columns, data)]
    return sums


def without_duckdb(address: str, folder: Path) -> dict[str, list[str]]:
    """Checksums of `flow_tables` by the engine at an address, in a process where importing DuckDB is an error."""
    program = [sys.executable, str(Path(__file__).with_name("without_duckdb.py")), address, str(folder)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def main(address: str, folder: str) -> None:
    """The program of that process: prints the checksums."""
    from preventable.engine.spark import SparkEngine

    tables = {path.stem: pq.read_table(path) for path in sorted(Path(folder).glob("*.parquet"))}
    made = flow_tables(lambda: SparkEngine(address), tables)
    assert sys.modules["duckdb"] is None
    print(json.dumps(checksums(made)))
