"""From a manifest to a region's folder: the same tables that `invent` writes for an invented county."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from preventable.counted import counted
from preventable.errors import ManifestError, RegionCodesError, SchemaError, UsageError
from preventable.regions.areas import Areas, Report, areas_table, read_areas, small_areas_table
from preventable.regions.files import read_part
from preventable.regions.manifest import SECTIONS, Manifest, Part, read_manifest
from preventable.regions.places import (
    World,
    aliases_table,
    calendar_table,
    institutions_table,
    partners_table,
    postcodes_table,
    providers_table,
    read_postcodes,
    streets_table,
    venues_table,
)
from preventable.regions.populations import older_areas, read_populations
from preventable.regions.projection import region_projection
from preventable.tables.region import REGION_TABLES
from preventable.tables.region_folder import write_region_folder


@dataclass(frozen=True)
class BuiltRegion:
    """A region's tables by name, what its region.toml says, why parts are left out, and the folder of its mappings."""

    tables: Mapping[str, pa.Table]
    about: Mapping[str, Any]
    left_out: Mapping[str, str]
    mappings: Path | None

    def lines(self) -> list[str]:
        """What was built, left out and noted, for a person."""
        rows = [f"{name:<16}{table.num_rows:>10,}" for name, table in self.tables.items()]
        left_out = [f"left out: {what} ({why})" for what, why in self.left_out.items()]
        error = f"transform error {self.about['transform_error_m']} m: {self.about['transform_error_basis']}"
        return [*rows, *left_out, *self.about["notes"], *([error] if self.about["crs"] else [])]


def build_region(manifest: Path, out: Path, *, data: Path | None = None) -> BuiltRegion:
    """Build a region from official files and write its folder; the same files give the same bytes.

    Args:
        manifest: The manifest, TOML: docs/how-to/build-a-region.md.
        out: Folder for the region; a new one, or an earlier region's.
        data: Folder that the manifest's paths start from; the manifest's own where None.

    Raises:
        ManifestError: The manifest is not well formed.
        RegionFileError: A file that it names is absent or cannot be read.
        RegionColumnError: A file lacks a column.
        RegionValueError: Cells are missing or cannot be read.
        RegionCodesError: Files do not know the same areas.
        RegionProjectionError: Points cannot be brought into the region's projection.
        UsageError: The folder holds something else than a region.
    """
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "region.toml").is_file())):
        raise UsageError(str(out), "the folder holds something else than a region")
    built = read_region(read_manifest(manifest, data=data))
    # An earlier region's tables go first: a folder whose writing was cut short lacks some, and no home takes it.
    for table in REGION_TABLES:
        (out / f"{table.name}.parquet").unlink(missing_ok=True)
    shutil.rmtree(out / "mappings", ignore_errors=True)
    write_region_folder(built.tables, built.about, out)
    (out / "mappings").mkdir()
    for mapping in sorted(built.mappings.glob("*.toml")) if built.mappings else ():
        shutil.copyfile(mapping, out / "mappings" / mapping.name)
    return built


def read_region(manifest: Manifest) -> BuiltRegion:
    """A region's tables from the files that its manifest names. Nothing is written."""
    report = Report(left_out=_absent(manifest))
    projection = region_projection(manifest.crs) if manifest.crs else None
    areas = read_areas(manifest, projection, report)
    postcodes = read_postcodes(manifest, areas, projection, report)
    world = World(areas, projection, report, postcodes)
    venues = venues_table(manifest, world)
    in_area = Counter(area for area, _, _ in postcodes.values())
    made = {
        "small_areas": small_areas_table(areas, _deprivation(manifest, areas)),
        "areas": areas_table(areas, manifest),
        "populations": read_populations(manifest, areas, in_area, report),
        "streets": streets_table(manifest, world),
        "venues": venues,
        "venue_aliases": aliases_table(manifest, venues),
        "institutions": institutions_table(manifest, world),
        "postcodes": postcodes_table(postcodes),
        "providers": providers_table(manifest, world),
        "partners": partners_table(manifest, areas),
        "calendar": calendar_table(manifest),
    }
    tables = {table.name: _conform(table, made[table.name]) for table in REGION_TABLES}
    error_m, basis = projection.error_m() if projection else (0.0, "no projection")
    about = {
        "name": manifest.name,
        "code": manifest.code,
        "invented": False,
        "crs": manifest.crs,
        "transform_error_m": error_m,
        "transform_error_basis": basis,
        "licences": _licences(manifest),
        "files": [_cited(file) for file in _used(manifest)],
        "left_out": list(report.left_out),
        "notes": report.notes,
        "older_areas": older_areas(manifest, areas),
        **manifest.about,
    }
    return BuiltRegion(tables, about, report.left_out, manifest.mappings)


def _conform(table: Any, data: pa.Table) -> pa.Table:
    """A table as declared; a word that is not in its list came from the manifest or its files."""
    try:
        return table.conform(data)
    except SchemaError as error:
        raise ManifestError(table.name, error.found) from None


def _absent(manifest: Manifest) -> dict[str, str]:
    """Optional sections that do not stand, and why; a section whose optional file is absent has its own line."""
    said = dict(manifest.left_out)
    for section, kind in SECTIONS.items():
        spoken = any(what.startswith(f"{kind.named} of ") for what in manifest.left_out)
        if kind.named and section not in manifest.parts and not spoken:
            so = f": {kind.without}" if kind.without else ""
            said[kind.named] = f"the manifest has no section {section}{so}"
    return said


def _used(manifest: Manifest) -> list[Any]:
    used = {part.file.name: part.file for parts in manifest.parts.values() for part in parts if part.file}
    return [used[name] for name in sorted(used)]


def _licences(manifest: Manifest) -> list[str]:
    return sorted({file.licence for file in _used(manifest)})


def _cited(file: Any) -> str:
    return f"{file.title}, {file.date} ({file.path.name})"


def _deprivation(manifest: Manifest, areas: Areas) -> dict[str, pa.Array]:
    """Rank and decile of each small area; null where the manifest names no file of them."""
    part = manifest.one("deprivation")
    found = {} if part is None else _by_area(part, areas)
    return {
        role: pa.array([found.get(code, {}).get(role) for code in areas.codes], pa.int64())
        for role in ("deprivation_rank", "deprivation_decile")
    }


def _by_area(part: Part, areas: Areas) -> dict[str, dict[str, Any]]:
    rows = read_part(part).to_pylist()
    found = {row["small_area"]: row for row in rows}
    without = sorted(set(areas.codes) - set(found))
    if without:
        raise RegionCodesError(
            part.where,
            f"{counted(len(without), 'area of the region has', 'areas of the region have')} no row"
            f" ({', '.join(without[:5])})",
        )
    return found
