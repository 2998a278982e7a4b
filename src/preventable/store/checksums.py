"""Checksums of tables: of their content alone, not of row order, file layout or store version.

Each row is written as one text that can be read in one way only, hashed with sha256, the hashes are sorted
and hashed again. Text and bytes carry their length, so that no two different rows give the same text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from preventable.errors import SchemaError
from preventable.tables import Column, Table

_BATCH_ROWS = 20_000  # bounds memory: a row's text is about 500 bytes
_SEPARATOR = b"\x1f"
_NULL = b"\x00"
_LENGTHS_AT_HAND = 1_000  # longer texts have their length written one by one


def table_checksum(table: Table, data: pa.Table) -> str:
    """sha256 of a table's content.

    Left out: row order, how the table is cut into files or chunks, columns declared `hashed=False`, and optional
    columns that are null in every row.
    Numbers count in whole thousandths of their unit, so that the last bits of a sum do not.

    Args:
        table: The declaration; its name and hashed columns are part of the checksum.
        data: Any table with at least the hashed columns.

    Returns:
        64 hexadecimal digits.

    Raises:
        SchemaError: A hashed column is missing.
    """
    columns = [column for column in table.columns if column.hashed and not _is_empty(column, data)]
    missing = [column.name for column in columns if column.name not in data.column_names]
    if missing:
        raise SchemaError(table.name, f"missing columns {missing}")
    digest = hashlib.sha256(_heading(table.name, columns))
    # Of a table whose columns all hang on the home's key, the number of rows counts.
    rows = row_digests(columns, data) if columns else [hashlib.sha256().digest()] * data.num_rows
    for row in sorted(rows):
        digest.update(row)
    return digest.hexdigest()


def _is_empty(column: Column, data: pa.Table) -> bool:
    """Whether an optional column is absent or null in every row: files made before there was such a column."""
    return column.optional and (
        column.name not in data.column_names or data.column(column.name).null_count == data.num_rows
    )


def _heading(name: str, columns: Sequence[Column]) -> bytes:
    return "\n".join([name, *(f"{column.name} {column.type}" for column in columns), ""]).encode()


def state_checksum(tables: Mapping[str, str]) -> str:
    """sha256 of the checksums of several tables.

    Args:
        tables: Table name -> its checksum; the order does not matter.

    Returns:
        64 hexadecimal digits.
    """
    lines = (f"{name}={tables[name]}\n" for name in sorted(tables))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def rows_checksum(columns: Sequence[Column], data: pa.Table) -> str:
    """sha256 of exactly these rows: every column, numbers to the last bit, row order left out.

    What two engines made is held to one another by it.
    """
    return hashlib.sha256(b"".join(sorted(row_digests(columns, data, exact=True)))).hexdigest()


def row_digests(columns: Sequence[Column], data: pa.Table, *, exact: bool = False) -> list[bytes]:
    """sha256 of each row, in the order of the rows.

    Args:
        columns: Columns that count, in this order.
        data: Has these columns, with their declared types.
        exact: Numbers to the last bit, not in thousandths.
    """
    digests: list[bytes] = []
    for batch in data.select([column.name for column in columns]).to_batches(_BATCH_ROWS):
        digests += _batch_digests(columns, batch, exact)
    return digests


def _batch_digests(columns: Sequence[Column], batch: pa.RecordBatch, exact: bool) -> list[bytes]:
    if not batch.num_rows:
        return []
    pieces: list[pa.Array | bytes] = []
    for column, values in zip(columns, batch.columns, strict=True):
        for piece in _pieces(column, values, _SEPARATOR if pieces else b"", exact):
            if isinstance(piece, bytes) and pieces and isinstance(pieces[-1], bytes):
                pieces[-1] += piece
            else:
                pieces.append(piece)
    rows = pc.binary_join_element_wise(*_with_an_array(pieces, batch.num_rows), b"")
    sha256 = hashlib.sha256
    return [sha256(row).digest() for row in rows.to_pylist()]


def _with_an_array(pieces: list[pa.Array | bytes], rows: int) -> list[pa.Array | bytes]:
    """The pieces, the first of them a column of its own: a row of constants alone would be joined once."""
    first = pieces[0]
    return (
        [pa.repeat(pa.scalar(first, pa.binary()), rows), *pieces[1:]] if isinstance(first, bytes) else pieces
    )


def _pieces(column: Column, values: pa.Array, before: bytes, exact: bool) -> list[pa.Array | bytes]:
    """The column's part of each row's text, `before` ahead of it, as pieces to be put one after another.

    What is alike in every row is one piece: a file is of one provider, and most columns belong to some sources.
    """
    if _is_constant(values):
        [written] = _written(column, values.slice(0, 1), exact).to_pylist()
        return [before + written]
    if column.type in {"text", "bytes"}:
        content = values.cast(pa.binary())
        return [_lengths(content, before), content.fill_null(b"") if content.null_count else content]
    written = _written(column, values, exact)
    return [before, written] if before else [written]


def _is_constant(values: pa.Array) -> bool:
    if values.null_count:
        return values.null_count == len(values)
    return bool(values[0].as_py() == values[-1].as_py() and pc.all(pc.equal(values, values[0])).as_py())


def _written(column: Column, values: pa.Array, exact: bool) -> pa.Array:
    """Each value as text that can be read in one way only."""
    if column.type in {"text", "bytes"}:
        content = values.cast(pa.binary())
        return pc.binary_join_element_wise(_lengths(content, b""), content.fill_null(b""), b"")
    if column.type == "number":
        # Adding 0.0 makes -0.0 and 0.0 one number.
        values = pc.add(values if exact else pc.round(pc.multiply(values, 1000.0)), 0.0)
    return values.cast(pa.string()).cast(pa.binary()).fill_null(_NULL)


def _lengths(content: pa.Array, before: bytes) -> pa.Array:
    """Length of each text with a colon, or that there is none, `before` ahead of it."""
    length = pc.binary_length(content)
    longest = pc.max(length).as_py() or 0
    if longest > _LENGTHS_AT_HAND:
        told = pc.binary_join_element_wise(length.cast(pa.string()).cast(pa.binary()), b":", b"")
        return pc.binary_join_element_wise(before, told.fill_null(_NULL), b"")
    words = [before + _NULL, *(before + b"%d:" % number for number in range(longest + 1))]
    place = pc.add(length, 1)
    return pa.array(words, pa.binary()).take(place.fill_null(0) if place.null_count else place)
