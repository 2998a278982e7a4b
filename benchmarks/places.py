"""How right and how quick `places` is on an invented county whose truth is known.

    python benchmarks/places.py INVENTED_FOLDER

INVENTED_FOLDER is what `preventable invent` wrote (region, truth). Records are rebuilt from the truth's list
of what each service wrote down, so that intake is not measured. Prints one line a figure.
"""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import Policy, StepContext
from preventable.stages.places.candidates import areas_of_places
from preventable.stages.places.records import locate_records
from preventable.stages.places.stage import resolve_places
from preventable.tables.pseudonymous import PSEUDONYMOUS_RECORDS

_REGION = (
    "small_areas",
    "areas",
    "streets",
    "venues",
    "venue_aliases",
    "institutions",
    "postcodes",
    "providers",
)


def session_of(folder: Path) -> tuple[DuckDBEngine, dict[str, dict]]:
    """A session with the tables that the stage reads, and the truth of each record by its key."""
    engine = DuckDBEngine(threads=1)
    for name in _REGION:
        engine.load(name, parquet.read_table(folder / "region" / f"{name}.parquet"))
    site = {row["provider"]: row["site_code"] for row in engine.table("providers").to_pylist()}
    truth, records, texts = {}, [], {}
    for row in parquet.read_table(folder / "truth" / "records.parquet").to_pylist():
        key = f"{row['provider']}|{row['source_record_id']}"
        text = row["place_text"] or ""
        stated = row["source"] in {"ambulance", "police"}
        text_id = hashlib.sha256(text.lower().encode()).hexdigest()[:16] if text else None
        truth[key] = row
        if text_id is not None:
            texts[text_id] = {
                "place_text_id": text_id,
                "provider": row["provider"],
                "month": row["month"],
                "text": text,
                "redacted": False,
            }
        records.append(
            {
                "record_key": key,
                "provider": row["provider"],
                "source": row["source"],
                "month": row["month"],
                "site_code": site[row["provider"]],
                "place_text_id": text_id,
                "easting_m": row["easting_m"] if stated else None,
                "northing_m": row["northing_m"] if stated else None,
            }
        )
    schema = PSEUDONYMOUS_RECORDS.arrow_schema()
    rows = [{field.name: record.get(field.name) for field in schema} for record in records]
    engine.load("pseudonymous_records", pa.Table.from_pylist(rows, schema=schema))
    engine.load("place_texts", pa.Table.from_pylist(list(texts.values())))
    return engine, truth


def report(
    engine: DuckDBEngine, truth: dict[str, dict], venues: dict[str, str | None], seconds: float
) -> None:
    """Print what was found against the truth; `venues` is the venue of each victim's incident."""
    located = engine.table("located_records").to_pylist()
    matches = engine.table("place_matches").num_rows
    print(f"records {len(located)}  place_matches {matches}  seconds {seconds:.1f}")
    shared = {row["record_key"] for row in engine.table("shared_records").to_pylist()}
    ed = [(row, truth[row["record_key"]]) for row in located if row["source"] == "ed"]
    for kind in sorted({str(t["entry_kind"]) for _, t in ed}):
        mine = [(r, t) for r, t in ed if str(t["entry_kind"]) == kind]
        placed = [(r, t) for r, t in mine if r["place_kind"] != "none" and r["record_key"] not in shared]
        right = sum(_near(r, t) for r, t in placed)
        shares = f"located {_share(len(placed), len(mine))}  right of located {_share(right, len(placed))}"
        print(f"ED {kind:12s} {len(mine):6d}  {shares}")
    areas_of = areas_of_places(engine)
    held = [(r, t) for r, t in ed if r["record_key"] in shared and r["place_kind"] == "area"]
    right = sum(r["place_id"] in areas_of.get(t["entry"] or "", ()) for r, t in held)
    in_all = len({r["record_key"] for r, _ in ed} & shared)
    print(
        f"ED undecided {in_all:6d}  in the area of all they may mean {len(held)}  right {_share(right, len(held))}"
    )
    for source in ("ed", "ambulance", "police"):
        mine = [(r, truth[r["record_key"]]) for r in located if r["source"] == source]
        told = [(r, t) for r, t in mine if r["venue_id"] is not None]
        wanted = [t["entry"] if source == "ed" else venues.get(t["victim"]) for _, t in told]
        right = sum(r["venue_id"] == want for (r, _), want in zip(told, wanted, strict=True))
        print(f"{source:10s} records {len(mine):7d}  venue {len(told):6d}  right {_share(right, len(told))}")


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def _near(row: dict, truth: dict) -> bool:
    if row["place_kind"] == "area" or truth["entry_easting_m"] is None:
        return row["place_id"] == truth["entry"]
    gap = np.hypot(row["easting_m"] - truth["entry_easting_m"], row["northing_m"] - truth["entry_northing_m"])
    return bool(gap <= 250 or (row["place_kind"] == "street" and gap <= 1000))


def _true_venues(folder: Path) -> dict[str, str | None]:
    venue = {
        row["incident"]: row["venue"]
        for row in parquet.read_table(folder / "truth" / "incidents.parquet").to_pylist()
    }
    victims = parquet.read_table(folder / "truth" / "victims.parquet").to_pylist()
    return {row["victim"]: venue[row["incident"]] for row in victims}


def main(folder: Path) -> None:
    """Run the stage once and report."""
    engine, truth = session_of(folder)
    start = time.perf_counter()
    context = StepContext(policy=Policy({}), region={})
    resolve_places(engine, context)
    locate_records(engine, context)
    seconds = time.perf_counter() - start
    report(engine, truth, _true_venues(folder), seconds)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
