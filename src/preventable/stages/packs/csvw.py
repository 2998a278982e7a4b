"""What was released to a partner as CSV with CSVW metadata, both written from the declarations of the tables."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from preventable.stages.packs.blocks import Document
from preventable.stages.packs.words import _
from preventable.tables import TABLES, Column

_DATATYPES = {"text": "string", "integer": "integer", "number": "number", "flag": "boolean", "date": "date"}
#: A spreadsheet takes a cell that begins with one of these for a formula, also after spaces.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]")


#: The one column that no table has: a reader knows premises and places by their names.
AREA_NAME = Column(
    "area_name", "text", "Name of the area or premises, from the region's registers.", nullable=False
)
#: Released tables that have a file of their own -> what the file's name has after the document's.
FILES = {"released": "", "released_estimates": "-estimates", "released_signals": "-signals"}


def columns(table: str = "released") -> tuple[Column, ...]:
    """Columns of a file: those of the table and the area's name, without the recipient, whose file it is."""
    found: list[Column] = []
    for column in TABLES[table].columns:
        if column.name != "recipient":
            found.append(column)
        if column.name == "area":
            found.append(AREA_NAME)
    return tuple(found)


def render_csv(
    rows: Sequence[Any], area_names: Mapping[tuple[str, str], str], *, table: str = "released"
) -> bytes:
    """Exactly the given rows, UTF-8, RFC 4180.

    Args:
        rows: Rows of one partner, with the columns of the table as attributes.
        area_names: Type and code of an area to its name; the code stands for an area that is not named.
        table: One of `FILES`.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    names = [column.name for column in columns(table)]
    writer.writerow(names)
    for row in rows:
        named = vars(row)
        if AREA_NAME.name in names:
            named = {**named, AREA_NAME.name: area_names.get((row.area_type, row.area), row.area)}
        writer.writerow([csv_cell(named[name]) for name in names])
    return text.getvalue().encode("utf-8")


def csv_cell(value: object) -> str:
    """A value as it stands in a CSV; nothing for none, and no formula."""
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return safe_text(value) if isinstance(value, str) else str(value)


def safe_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe stands before one that could be."""
    return f"'{text}" if _FORMULA.match(text) else text


def render_metadata(document: Document, *, url: str, table: str = "released") -> bytes:
    """CSVW metadata of the file at `url`, beside this one, with the rows of a table of `FILES`."""
    declared = TABLES[table]
    described = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": document.language}],
        "url": url,
        "dc:title": document.title,
        "dc:description": _(declared.description),
        "dc:rights": document.classification,
        "dc:temporal": document.period,
        "dc:identifier": document.release,
        "notes": [
            {"type": "purpose", "text": document.purpose},
            {"type": "legal basis", "text": document.legal_basis},
            *([{"type": "invented", "text": document.invented}] if document.invented else []),
            *({"type": "licence", "text": line} for line in document.licences),
        ],
        "dialect": {"encoding": "utf-8", "delimiter": ",", "header": True, "lineTerminators": ["\r\n"]},
        "tableSchema": {"primaryKey": "figure", "columns": [_described(column) for column in columns(table)]},
    }
    return (json.dumps(described, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _described(column: Column) -> dict[str, Any]:
    datatype: object = _DATATYPES[column.type]
    if column.allowed is not None:
        words = "|".join(re.escape(word) for word in column.allowed)
        datatype = {"base": "string", "format": f"({words})"}
    described: dict[str, Any] = {
        "name": column.name,
        "titles": column.name,
        "dc:description": _(column.description),
        "datatype": datatype,
        # A text may be empty and is still required to be there; only numbers may be absent.
        "required": not column.nullable and column.allowed is None and column.name != "note",
    }
    if column.unit:
        described["schema:unitText"] = column.unit
    if column.type == "text":
        described["null"] = []
    return described
