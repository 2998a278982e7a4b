"""A table cut into its partitions, and each one's rows as the bytes of a Parquet file and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from preventable.errors import OtherVersionError
from preventable.store.checksums import join_digests, row_digests
from preventable.store.keyed import Part
from preventable.tables import Table

_NOT_FILE_SAFE = re.compile(r"[^A-Za-z0-9_-]")
_LABEL_LENGTH = 40

Item = TypeVar("Item")
Result = TypeVar("Result")


def split(table: Table, data: pa.Table, received_at: str) -> list[Part]:
    """Rows of each partition, with the partition's values and the checksum of its rows.

    Args:
        table: Its `partition` columns are texts without nulls.
        data: Conforms to `table`.
        received_at: When the rows came in.

    Returns:
        By partition values, ascending; rows keep their order. A table without partition columns is one
        partition with values (); no rows, no partition.
    """
    digests = row_digests(table.columns, data, exact=True)
    if not data.num_rows:
        return []
    if not table.partition:
        return [Part((), data, join_digests(digests), received_at)]
    codes, values = _partition_codes(data.select(list(table.partition)))
    order = np.argsort(codes, kind="stable")
    # Rows mostly come partition by partition: moving them costs as much as writing them.
    ordered = data if (codes[1:] >= codes[:-1]).all() else data.take(pa.array(order))
    starts = np.searchsorted(codes[order], np.arange(len(values) + 1))
    parts = []
    for number, key in enumerate(values):
        first, end = int(starts[number]), int(starts[number + 1])
        rows = [digests[row] for row in order[first:end]]
        parts.append(Part(key, ordered.slice(first, end - first), join_digests(rows), received_at))
    return sorted(parts, key=lambda part: part.partition)


def _partition_codes(keys: pa.Table) -> tuple[np.ndarray, list[tuple[str, ...]]]:
    codes = np.zeros(keys.num_rows, dtype=np.int64)
    for column in keys.columns:
        encoded = pc.dictionary_encode(column.combine_chunks())
        codes = codes * len(encoded.dictionary) + encoded.indices.to_numpy()
    _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
    present = keys.take(pa.array(first)).to_pylist()
    return codes, [tuple(row.values()) for row in present]


def file_name(partition: Sequence[str], intent: int, ordinal: int) -> str:
    """Name of one data file: a label for people, then the numbers of the intent and of the file in it.

    The numbers make it unique. The label holds only letters, digits, '-' and '_', so that no reader has to
    decode it; the values themselves stand in the log.
    """
    label = ".".join(_NOT_FILE_SAFE.sub("_", value)[:_LABEL_LENGTH] for value in partition)
    return f"{label or 'all'}.{intent:08d}-{ordinal:04d}.parquet"


def to_bytes(table: Table, rows: pa.Table) -> bytes:
    """Parquet bytes of one partition's rows; the partition columns stand in the log, not in the file."""
    sink = pa.BufferOutputStream()
    pq.write_table(
        rows.drop_columns(list(table.partition)).combine_chunks(),
        sink,
        compression="zstd",
        write_statistics=False,
    )
    return sink.getvalue().to_pybytes()


def from_bytes(table: Table, content: bytes, partition: Sequence[str], schema: pa.Schema) -> pa.Table:
    """Rows of one data file with the columns of `schema`, the partition's values put back.

    Args:
        table: The declaration.
        content: Bytes of the file.
        partition: Values of the partition columns.
        schema: Columns wanted, declared ones.

    Raises:
        OtherVersionError: The file lacks a declared column.
    """
    file = pq.ParquetFile(pa.BufferReader(content))
    in_file = [name for name in schema.names if name not in table.partition]
    _refuse_missing(table, in_file, file)
    rows = file.read(columns=in_file, use_threads=False)
    constant = dict(zip(table.partition, partition, strict=True))
    count = file.metadata.num_rows
    arrays = [
        pa.repeat(pa.scalar(constant[name], pa.string()), count) if name in constant else rows.column(name)
        for name in schema.names
    ]
    return pa.table(arrays, schema=schema)


def refuse_other_columns(table: Table, content: bytes) -> None:
    """Refuse a data file that lacks a declared column.

    Raises:
        OtherVersionError: It does.
    """
    declared = [column.name for column in table.columns if column.name not in table.partition]
    _refuse_missing(table, declared, pq.ParquetFile(pa.BufferReader(content)))


def _refuse_missing(table: Table, wanted: Sequence[str], file: pq.ParquetFile) -> None:
    missing = sorted(set(wanted) - set(file.schema_arrow.names))
    if missing:
        raise OtherVersionError(table.name, f"it lacks {', '.join(missing)}")


def at_once(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """`work` done on every item, in their order; Parquet and sha256 let several run beside each other."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(work, items))
