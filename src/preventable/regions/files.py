"""Rows of an official file in the roles that a manifest gives its columns."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pyogrio

from preventable.counted import counted
from preventable.errors import RegionColumnError, RegionFileError, RegionValueError
from preventable.regions.manifest import SECTIONS, Part, SourceFile
from preventable.tables.schema import ARROW_TYPES

_PARQUET = (".parquet", ".geoparquet")
_VECTOR = (".geojson", ".json", ".gpkg", ".shp")
_GEOMETRY = "geometry"
_LONGITUDE_LATITUDE = "OGC:CRS84"


def read_part(part: Part) -> pa.Table:
    """The rows of a section, a column for each of its roles in the role's type; roles not given are not there.

    Raises:
        RegionFileError: The file cannot be read.
        RegionColumnError: It lacks a column.
        RegionValueError: A required cell is empty, or a cell is not of its type.
    """
    kind = SECTIONS[part.section]
    if part.file is None:
        roles = {key for row in part.rows for key in row}
        rows = part.rows or ({},)
        raw = {role: pa.array([_plain(row.get(role)) for row in rows], pa.string()) for role in sorted(roles)}
        count = len(rows)
    else:
        table = read_columns(part.file, list(part.columns.values()), part)
        raw = {role: table.column(name).combine_chunks() for role, name in part.columns.items()}
        count = table.num_rows
    raw |= {role: pa.array([_plain(value)] * count, pa.string()) for role, value in part.constants.items()}
    made = {role: _typed(values, kind.roles[role], part, role) for role, values in raw.items()}
    for role in set(kind.required) & set(made):
        if made[role].null_count:
            raise RegionValueError(
                part.where, f"{counted(made[role].null_count, 'row has', 'rows have')} no {role}"
            )
    return pa.table(made)


def read_columns(file: SourceFile, names: Sequence[str], part: Part) -> pa.Table:
    """Columns of a file as they stand, of the rows that the section keeps.

    Raises:
        RegionFileError: The file cannot be read.
        RegionColumnError: It lacks a column.
    """
    wanted = list(dict.fromkeys([*names, *(column for column, _, _ in part.choices)]))
    absent = sorted(set(wanted) - set(column_names(file)))
    if absent:
        raise RegionColumnError(
            file.path.name,
            f"{part.section} names what is no column of it: {', '.join(absent)}",
        )
    table = _read(file, wanted)
    for column, values, kept in part.choices:
        words = pc.fill_null(pc.cast(table.column(column), pa.string()), "")
        named = pc.is_in(words, pa.array(values, pa.string()))
        table = table.filter(named if kept else pc.invert(named))
    return table


def read_shapes(part: Part) -> tuple[pa.Array, pa.Array, str]:
    """Codes and WKB geometries of a section's file, and the reference system that they are in.

    Raises:
        RegionFileError: The file cannot be read or holds no geometry.
        RegionColumnError: It lacks a column.
    """
    if part.file is None:
        raise RegionFileError(part.where, "boundaries need a file")
    name = part.columns["small_area"]
    geometry, crs = _geometry_of(part.file)
    table = read_columns(part.file, [name, geometry], part)
    codes = _typed(table.column(name).combine_chunks(), "text", part, "small_area")
    if codes.null_count or table.column(geometry).null_count:
        raise RegionValueError(part.where, "rows lack code or geometry")
    return codes, pc.cast(table.column(geometry).combine_chunks(), pa.binary()), part.file.crs or crs


def column_names(file: SourceFile) -> list[str]:
    """Names of a file's columns, the geometry among them.

    Raises:
        RegionFileError: The file cannot be read.
    """
    try:
        if file.path.suffix in _PARQUET:
            return list(pq.read_schema(file.path).names)
        if file.path.suffix in _VECTOR:
            return [*pyogrio.read_info(file.path, layer=file.layer or None)["fields"], _GEOMETRY]
        with pyarrow.csv.open_csv(file.path, parse_options=_parsing(file)) as reader:
            return list(reader.schema.names)
    except (pa.ArrowException, OSError, ValueError, pyogrio.errors.DataSourceError):
        raise RegionFileError(file.path.name, "it cannot be read as what its name says it is") from None


def _read(file: SourceFile, names: Sequence[str]) -> pa.Table:
    try:
        if file.path.suffix in _PARQUET:
            return pq.read_table(file.path, columns=list(names))
        if file.path.suffix in _VECTOR:
            return _read_vector(file, names)
        types = pyarrow.csv.ConvertOptions(
            include_columns=list(names),
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
        )
        return pyarrow.csv.read_csv(file.path, parse_options=_parsing(file), convert_options=types)
    except (pa.ArrowException, OSError, ValueError, pyogrio.errors.DataSourceError):
        raise RegionFileError(file.path.name, "it cannot be read as what its name says it is") from None


def _read_vector(file: SourceFile, names: Sequence[str]) -> pa.Table:
    """The geometry, as WKB, under the name `geometry`, whatever the format calls it."""
    fields = [name for name in names if name != _GEOMETRY]
    meta, table = pyogrio.read_arrow(
        file.path, layer=file.layer or None, columns=fields, read_geometry=_GEOMETRY in names
    )
    name = meta["geometry_name"] or "wkb_geometry"
    return table.rename_columns([_GEOMETRY if column == name else column for column in table.column_names])


def _geometry_of(file: SourceFile) -> tuple[str, str]:
    """Name of the geometry column and its reference system; longitude and latitude where the file says none."""
    if file.path.suffix in _VECTOR:
        column_names(file)
        return _GEOMETRY, str(
            pyogrio.read_info(file.path, layer=file.layer or None)["crs"] or ""
        ) or _LONGITUDE_LATITUDE
    if file.path.suffix in _PARQUET:
        column_names(file)
        about = json.loads((pq.read_schema(file.path).metadata or {}).get(b"geo", b"{}"))
        if "primary_column" in about:
            primary = about["primary_column"]
            crs = about["columns"][primary].get("crs")
            return primary, json.dumps(crs) if crs else _LONGITUDE_LATITUDE
    raise RegionFileError(file.path.name, "it holds no geometry")


def _parsing(file: SourceFile) -> pyarrow.csv.ParseOptions:
    return pyarrow.csv.ParseOptions(delimiter=file.delimiter, newlines_in_values=True)


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)


def _typed(values: pa.Array, kind: str, part: Part, role: str) -> pa.Array:
    """A column in the type of its role; text is trimmed and empty text is null."""
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), None, values)
    numeric = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
    try:
        if not numeric or kind in {"text", "date"}:
            values = pc.utf8_trim_whitespace(pc.cast(values, pa.string()))
            values = pc.if_else(pc.equal(values, ""), None, values)
        if kind == "integer":
            # "22255.0" is a whole number; 22255.5 is none.
            values = pc.cast(values, pa.float64())
        return pc.cast(values, ARROW_TYPES[kind])
    except pa.ArrowInvalid:
        raise RegionValueError(part.where, f"cells of {part.columns.get(role, role)} are no {kind}") from None


def slug(name: str) -> str:
    """A name as an id: lower case, letters and digits, hyphens between. `Solihull St. Ann's` is solihull-st-ann-s."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def numbers(table: pa.Table, role: str) -> np.ndarray:
    """A number column as floats; missing, and the whole of a role not given, is NaN."""
    if role not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.asarray(table.column(role).to_numpy(zero_copy_only=False), dtype=float)


def texts(table: pa.Table, role: str) -> list[str | None]:
    """A text column; missing, and the whole of a role not given, is None."""
    if role not in table.column_names:
        return [None] * table.num_rows
    return list(table.column(role).to_pylist())
