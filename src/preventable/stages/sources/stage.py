"""A supplier's file to rows in our columns. The only public function is `read_submission`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preventable.counted import counted
from preventable.errors import MappingError, RefusedFileError, UnknownCodesError, UnknownProviderError
from preventable.intake_errors import NotAsManifestError
from preventable.methods.projection import is_metric_projection
from preventable.stages.sources.choose import FileReader, choose_mapping
from preventable.stages.sources.fields import Problem, ReadFields, read_fields
from preventable.stages.sources.formats.read import read_file
from preventable.stages.sources.join_keys import JOIN_KEYS
from preventable.stages.sources.limits import Limits, UnknownCodeLimits
from preventable.stages.sources.linkage_keys import refuse_other_keys
from preventable.stages.sources.manifests import Manifest, reconcile, refuse_other_file
from preventable.stages.sources.mapping import SupplierMapping, supplier_mappings
from preventable.stages.sources.period import Period, period_of_file
from preventable.stages.sources.region_places import RegionPlaces
from preventable.stages.sources.sheet import Identity, Sheet, identify
from preventable.tables.schema import ARROW_TYPES, Table
from preventable.tables.source_kinds import SourceKind
from preventable.tables.submissions import INTAKE_PROBLEMS, PLACE_TEXTS, SUBMISSIONS

_ROWS_NAMED = 20


@dataclass(frozen=True)
class ReadSubmission:
    """One file, read whole.

    Attributes:
        submission_id: The same for the same content, whatever the file's name, order and container.
        month: Period of the file, YYYY-MM.
        edition: Highest record version in it, 0 where none could be read.
        rows: Rows of the file, the header not counted.
        notes: What was detected in the file or passed over, in words without a value.
        submissions: Rows in our columns.
        intake_problems: What could not be read: row, field and problem.
        place_texts: Screened place texts, one row a key.
    """

    submission_id: str
    provider: str
    source: str
    month: str
    edition: int
    mapping_version: int
    rows: int
    notes: tuple[str, ...]
    submissions: pa.Table
    intake_problems: pa.Table
    place_texts: pa.Table


def read_submission(
    content: bytes,
    *,
    file_name: str,
    provider: Mapping[str, Any],
    mappings: Sequence[Mapping[str, Any]],
    text_key: tuple[str, bytes],
    limits: Limits,
    kinds: Mapping[str, SourceKind],
    region: RegionPlaces,
    reader: FileReader = read_file,
    manifest: Manifest | None = None,
) -> ReadSubmission:
    """Read a file through the newest of the provider's mappings that has its headers.

    Args:
        content: The file.
        file_name: Its name, for errors alone.
        provider: The provider's row of the region's `providers`.
        mappings: Mappings as read from TOML; those of other providers are passed over.
        text_key: Name and bytes of the key of place texts.
        limits: What the file may be.
        kinds: Every kind of source (`source_kinds`).
        region: The region's areas and projection.
        reader: Reads the formats; `preventable.intake.submit` gives one in a limited process.
        manifest: What its sender says of it; a file without rows is read where it says that there are none.

    Returns:
        The three tables, conformed to their declarations.

    Raises:
        RefusedFileError: The file is refused whole; the subclass tells why. `rows_in_file`, `submission_id`
            and `month` are set on it where they are known. No cell of the file is in its text, cause or
            context.
    """
    where = f"{provider['provider']} {_base_name(file_name)}"
    kind = kinds.get(provider["source"])
    if kind is None:
        raise UnknownProviderError(where, f"no policy declares its source, {provider['source']}")
    if manifest is not None:
        refuse_other_file(manifest, content, provider=provider["provider"], where=where)
    fitting = supplier_mappings(mappings, provider=provider, kind=kind, where=where)
    fitting = _of_schema(fitting, manifest, where)
    mapping, sheet = choose_mapping(
        content, fitting, where=where, name=_base_name(file_name), limits=limits, reader=reader
    )
    _refuse_degrees(mapping, region, where)
    _refuse_keys(mapping, limits, where)
    nil_month = manifest.period if manifest is not None and manifest.nil else ""
    identity = identify(
        sheet, provider=mapping.provider, source=mapping.source, ignored=mapping.ignored, nil_month=nil_month
    )
    period: Period | None = None
    try:
        fields = read_fields(
            sheet,
            mapping,
            source=kind,
            region=region,
            site_code=provider["site_code"],
            text_key=text_key,
            join_keys=limits.join_keys,
        )
        spans_months = kind.form == "list"
        period = period_of_file(
            sheet, mapping, fields.contact, spans_months=spans_months, nil_month=nil_month, where=where
        )
        if manifest is not None:
            reconcile(manifest, sheet, month=period.month, where=where)
        refuse_other_keys(fields.columns["nhs_number"].to_pylist(), limits.linkage_keys, where)
        _refuse_unknown_codes(fields.problems, sheet, where, limits.unknown_codes)
    except RefusedFileError as refusal:
        refusal.rows_in_file = len(sheet.rows)
        refusal.submission_id = identity.submission_id
        refusal.month = period.month if period else None
        raise
    return _read_submission(mapping, sheet, identity, period, fields)


def _read_submission(
    mapping: SupplierMapping, sheet: Sheet, identity: Identity, period: Period, fields: ReadFields
) -> ReadSubmission:
    edition = pc.max(fields.columns["record_version"]).as_py() or 0
    of_file = {
        "submission_id": identity.submission_id,
        "edition": edition,
        "provider": mapping.provider,
        "month": period.month,
        "source": mapping.source,
    }
    of_row = {
        "row_number": pa.array(sheet.row_numbers, pa.int64()),
        "content_hash": pa.array(identity.content_hashes, pa.string()),
    }
    if mapping.numbered_by_content:
        of_row["source_record_id"] = _numbers_of_content(identity)
    texts = {name: fields.texts.texts.column(name) for name in fields.texts.texts.column_names}
    return ReadSubmission(
        submission_id=identity.submission_id,
        provider=mapping.provider,
        source=mapping.source,
        month=period.month,
        edition=edition,
        mapping_version=mapping.version,
        rows=len(sheet.rows),
        notes=sheet.notes,
        submissions=_table(SUBMISSIONS, fields.columns | of_row, of_file, len(sheet.rows)),
        intake_problems=_problems(fields.problems, period, of_row, of_file),
        place_texts=_table(PLACE_TEXTS, texts, of_file, fields.texts.texts.num_rows),
    )


def _numbers_of_content(identity: Identity) -> pa.Array:
    """A number for each row of a file that has none: its content and, of rows alike, which one it is.

    Rows alike are as many records. It does not matter which of them is which.
    """
    seen: Counter[str] = Counter()
    numbers = []
    for content_hash in identity.content_hashes:
        seen[content_hash] += 1
        numbers.append(f"{content_hash}:{seen[content_hash]}")
    return pa.array(numbers, pa.string())


def _of_schema(
    mappings: Sequence[SupplierMapping], manifest: Manifest | None, where: str
) -> Sequence[SupplierMapping]:
    """Those of the version that the manifest names; all of them where it names none."""
    if manifest is None or manifest.schema_version is None:
        return mappings
    named = [mapping for mapping in mappings if mapping.version == manifest.schema_version]
    if not named:
        found = f"its manifest names version {manifest.schema_version}, which no mapping has"
        raise NotAsManifestError(where, found)
    return named


def _refuse_degrees(mapping: SupplierMapping, region: RegionPlaces, where: str) -> None:
    """Refuse a mapping with points in degrees where the region tells no projection for them."""
    if "latitude" in mapping.columns and not is_metric_projection(region.crs):
        found = "it has latitude and longitude, and the region's region.toml has no crs in metres for them"
        raise MappingError(where, found)


def _refuse_keys(mapping: SupplierMapping, limits: Limits, where: str) -> None:
    """Refuse a mapping that fills a field to join by which no agreement names."""
    filled = {*mapping.columns, *mapping.constants} & set(JOIN_KEYS)
    unagreed = sorted(name for name in filled if limits.join_keys.get(name, "none") == "none")
    if unagreed:
        found = f"policy/join_keys.toml agrees to no {', '.join(unagreed)}: name its column under [ignored]"
        raise MappingError(where, found)


def _table(
    table: Table, columns: Mapping[str, pa.Array], constants: Mapping[str, object], rows: int
) -> pa.Table:
    """A declared table: columns as given, else the file's constants, else null."""
    data = {}
    for column in table.columns:
        kind = ARROW_TYPES[column.type]
        if column.name in columns:
            data[column.name] = columns[column.name]
        elif column.name in constants:
            data[column.name] = pa.repeat(pa.scalar(constants[column.name], kind), rows)
        else:
            data[column.name] = pa.nulls(rows, kind)
    return table.conform(pa.table(data))


def _problems(
    problems: Sequence[Problem], period: Period, of_row: Mapping[str, pa.Array], of_file: Mapping[str, object]
) -> pa.Table:
    """What is wrong with the file's period, then one row for each row, field and problem, in that order."""
    distinct = sorted(set(problems))
    at = pa.array([i for i, _, _ in distinct], pa.int64())
    columns = {name: values.take(at) for name, values in of_row.items()}
    columns["field"] = pa.array([name for _, name, _ in distinct], pa.string())
    columns["problem"] = pa.array([problem for _, _, problem in distinct], pa.string())
    of_rows = _table(INTAKE_PROBLEMS, columns, of_file, len(distinct))
    if not period.is_part:
        return of_rows
    whole = {"row_number": 0, "content_hash": "", "field": "period", "problem": "part_of_month"}
    return pa.concat_tables([_table(INTAKE_PROBLEMS, {}, {**of_file, **whole}, 1), of_rows])


def _refuse_unknown_codes(
    problems: Sequence[Problem], sheet: Sheet, where: str, limits: UnknownCodeLimits
) -> None:
    rows_by_field: dict[str, list[int]] = {}
    for i, name, problem in problems:
        if problem == "unknown_code":
            rows_by_field.setdefault(name, []).append(i)
    over = {
        name: rows
        for name, rows in sorted(rows_by_field.items())
        if len(rows) >= limits.rows and len(rows) > limits.share * len(sheet.rows)
    }
    if over:
        counts = ", ".join(f"{counted(len(rows), 'row')} in {name}" for name, rows in over.items())
        first = sorted({int(i) for rows in over.values() for i in rows})[:_ROWS_NAMED]
        row_numbers = tuple(int(n) for n in np.array(sheet.row_numbers)[first])
        more = len({i for rows in over.values() for i in rows}) > _ROWS_NAMED
        some = f"; the first {_ROWS_NAMED} rows are named" if more else ""
        raise UnknownCodesError(
            where, f"of {len(sheet.rows):,} rows, {counts} are unknown{some}", row_numbers
        )


def _base_name(file_name: str) -> str:
    """Last part of a path, with nothing that a terminal would obey."""
    name = re.split(r"[\\/]", file_name)[-1]
    return "".join(char for char in name if char.isprintable())
