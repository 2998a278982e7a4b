"""Invented worlds, made once a process, and ways to read them that are not the product's.

`small_world` is three months with all its files; `two_years` is what happened in 24 months, without a file.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from preventable.invented.capture import draw_seen
from preventable.invented.draws import parameters
from preventable.invented.incidents import draw_incidents, draw_victims
from preventable.invented.invent import invent
from preventable.invented.planted import draw_planted, list_planted
from preventable.invented.region import build_region
from preventable.invented.truth import incidents_table, victims_table
from preventable.invented.world import Months, World, draw_parameters, read_world

MONTHS = ("2025-10", "2025-11", "2025-12")
# The folder lives as long as the process.
_FOLDER = tempfile.TemporaryDirectory(prefix="invented-")


@cache
def small_world(seed: int = 1, *, vary: bool = False) -> Path:
    """Three months. Tests read it and never write to it."""
    out = Path(_FOLDER.name) / f"world-{seed}{'-varied' if vary else ''}"
    invent(months=3, seed=seed, out=out, vary=vary)
    return out


@cache
def truth(name: str, seed: int = 1, *, vary: bool = False) -> pa.Table:
    """A table of the truth of the small world."""
    return pq.read_table(small_world(seed, vary=vary) / "truth" / f"{name}.parquet")


@dataclass(frozen=True)
class TwoYears:
    """24 months of a seed: the region, and what the truth's files of the same names would say."""

    world: World
    incidents: pa.Table
    victims: pa.Table
    planted: list[dict[str, Any]]


@cache
def two_years(seed: int = 1) -> TwoYears:
    """What happened in 24 months and who saw it."""
    span = Months.ending(months=24)
    region = build_region(seed=seed, months=24, first_month=span.names[0], last_month=span.names[-1])
    world, chances, book = (
        read_world(region.tables, span),
        draw_parameters(seed=seed),
        parameters("suppliers"),
    )
    providers = {name: book[name] for name in ("changed_provider", "corrected_provider")}
    planted = draw_planted(world, chances, seed=seed, **providers)
    incidents = draw_incidents(world, chances, planted, seed=seed)
    victims = draw_victims(world, chances, incidents, seed=seed)
    seen = draw_seen(chances, incidents, victims, seed=seed)
    return TwoYears(
        world,
        incidents_table(world, incidents),
        victims_table(world, victims, seen),
        list_planted(world, planted),
    )


@cache
def planted() -> list[dict[str, Any]]:
    """What was planted in the small world."""
    return json.loads((small_world() / "truth" / "planted.json").read_text(encoding="utf-8"))["planted"]


def column(table: pa.Table, name: str) -> np.ndarray:
    """A column as an array; texts as objects."""
    if pa.types.is_string(table.schema.field(name).type):
        return np.array(table[name].to_pylist(), dtype=object)
    return table[name].to_numpy()


@cache
def mappings() -> tuple[dict[str, Any], ...]:
    """Every mapping that was written, those of later formats last."""
    folder = small_world() / "region" / "mappings"
    paths = [*sorted(folder.glob("*.toml")), *sorted((folder / "later").glob("*.toml"))]
    return tuple(tomllib.loads(path.read_text(encoding="utf-8")) for path in paths)


def headers_of(mapping: dict[str, Any]) -> list[str]:
    """Every header that a mapping names."""
    named = [
        h for value in mapping["columns"].values() for h in ([value] if isinstance(value, str) else value)
    ]
    named += [mapping["period"][edge] for edge in ("start", "end") if edge in mapping["period"]]
    return named + mapping.get("ignored", {}).get("columns", [])


@cache
def cells(path: Path) -> tuple[tuple[Any, ...], ...]:
    """All rows of a file with its header first: texts of a CSV, values of a workbook."""
    if path.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(path).active
        return tuple(tuple("" if v is None else v for v in row) for row in sheet.iter_rows(values_only=True))
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    head = text.split("\r\n", 1)[0]
    delimiter = max(",;|", key=head.count)
    return tuple(tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def mapping_of(path: Path) -> dict[str, Any]:
    """The one mapping of a file's provider with its headers."""
    header = set(cells(path)[0])
    (found,) = [m for m in mappings() if m["provider"] == path.parent.name and set(headers_of(m)) == header]
    return found


def field(path: Path, name: str) -> list[Any]:
    """The cells of one of our fields, several headers joined by a space."""
    mapping, (header, *rows) = mapping_of(path), cells(path)
    named = mapping["columns"][name]
    if isinstance(named, str):
        return [row[header.index(named)] for row in rows]
    return [" ".join(row[header.index(h)] for h in named) for row in rows]


@cache
def files(source: str = "") -> tuple[Path, ...]:
    """Every file under submissions, or those of one source; the order is that of the paths."""
    found = sorted(path for path in (small_world() / "submissions").rglob("*") if path.is_file())
    return tuple(path for path in found if not source or mapping_of(path)["source"] == source)
