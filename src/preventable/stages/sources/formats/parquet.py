"""Parquet: flat columns, as texts in one form."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from preventable.errors import RefusedFileError, TooLargeError, UnreadableFileError
from preventable.stages.sources.formats.cell_texts import cell_text
from preventable.stages.sources.formats.form import FormatLimits, Line

_BATCH_ROWS = 8_192


def parquet_lines(content: bytes, limits: FormatLimits) -> Iterator[Line]:
    """The names of the columns, then a line a row.

    Raises:
        UnreadableFileError: Not sound Parquet, or a column of bytes, lists or records.
        TooLargeError: It declares more cells, or more bytes unpacked, than are allowed.
    """
    number = 1
    try:
        # One thread: what reads it has no right to start others.
        file = pq.ParquetFile(pa.BufferReader(content), pre_buffer=False)
        _screen(file, limits)
        yield 1, tuple(file.schema_arrow.names)
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
            batch.validate(full=True)
            columns = [[cell_text(value) for value in column.to_pylist()] for column in batch.columns]
            for cells in zip(*columns, strict=True):
                number += 1
                yield number, cells
    except (RefusedFileError, MemoryError):
        raise
    # The reader's own errors quote what they met.
    except Exception:  # noqa: BLE001
        raise UnreadableFileError("", "it is not sound Parquet") from None
    if number - 1 != file.metadata.num_rows:
        raise UnreadableFileError("", "it holds another number of rows than it says")


def _screen(file: pq.ParquetFile, limits: FormatLimits) -> None:
    metadata = file.metadata
    cells = metadata.num_rows * metadata.num_columns
    if cells > limits.file.cells:
        raise TooLargeError("", f"{cells:,} cells, {limits.file.cells:,} are allowed")
    unpacked = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    if unpacked > limits.container.unpacked_bytes:
        allowed = limits.container.unpacked_bytes
        raise TooLargeError("", f"{unpacked:,} bytes unpacked, {allowed:,} are allowed")
    for field in file.schema_arrow:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise UnreadableFileError("", "a column holds bytes, lists or records instead of single values")
