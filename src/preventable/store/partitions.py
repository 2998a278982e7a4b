"""A table cut into its partitions, and each one's rows as the bytes of a Parquet file and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from preventable.errors import OtherVersionError
from preventable.tables import Table
from preventable.tables.schema import ARROW_TYPES

_NOT_FILE_SAFE = re.compile(r"[^A-Za-z0-9_-]")
_LABEL_LENGTH = 40
#: Rows mostly come partition by partition, in runs. Where runs are shorter than this, moving each row is cheaper.
_ROWS_A_RUN = 100

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Part:
    """Rows that make one data file: partition values, rows, when they came in."""

    partition: tuple[str, ...]
    rows: pa.Table
    received_at: str


def split(table: Table, data: pa.Table, received_at: str) -> list[Part]:
    """Rows of each partition, with the partition's values.

    Args:
        table: Its `partition` columns are texts without nulls.
        data: Conforms to `table`.
        received_at: When the rows came in.

    Returns:
        By partition values, ascending; rows keep their order. A table without partition columns is one
        partition with values (); no rows, no partition.
    """
    if not data.num_rows:
        return []
    if not table.partition:
        return [Part((), data, received_at)]
    codes, values = _partition_codes(data.select(list(table.partition)))
    parts = [Part(values[code], rows, received_at) for code, rows in _grouped(codes, data)]
    return sorted(parts, key=lambda part: part.partition)


def _grouped(codes: np.ndarray, data: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each code, in their order."""
    begins = np.concatenate(([0], np.flatnonzero(codes[1:] != codes[:-1]) + 1))
    if len(begins) * _ROWS_A_RUN > len(codes):
        # In no order: every row is moved, and each code is one run.
        order = np.argsort(codes, kind="stable")
        data, codes = data.take(pa.array(order)), codes[order]
        begins = np.concatenate(([0], np.flatnonzero(codes[1:] != codes[:-1]) + 1))
    runs: dict[int, list[pa.Table]] = {}
    for begin, end in zip(begins, [*begins[1:], len(codes)], strict=True):
        runs.setdefault(int(codes[begin]), []).append(data.slice(begin, end - begin))
    for code, rows in runs.items():
        yield code, pa.concat_tables(rows)


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


def to_bytes(table: Table, rows: pa.Table) -> pa.Buffer:
    """Parquet bytes of one partition's rows; the partition columns stand in the log, not in the file.

    The same rows in the same order give the same bytes. Words of a list are written once and numbered; other columns
    have too many values for that: looking each up made files larger, and dearer to write and to read.
    """
    numbered = [
        column.name for column in table.columns if column.allowed and column.name not in table.partition
    ]
    sink = pa.BufferOutputStream()
    pq.write_table(
        rows.drop_columns(list(table.partition)).combine_chunks(),
        sink,
        compression="zstd",
        use_dictionary=numbered,
        write_statistics=False,
    )
    return sink.getvalue()


def same_rows(table: Table, one: pa.Table, other: pa.Table) -> bool:
    """Whether two tables hold the same rows, each as often, numbers to the last bit; their order does not count."""
    if one.num_rows != other.num_rows:
        return False
    return _in_order(table, one).equals(_in_order(table, other))


def _in_order(table: Table, data: pa.Table) -> pa.Table:
    """Rows sorted by key, where keys are alike by all else; numbers as whole numbers of the same bits."""
    arrays = []
    for column in table.columns:
        values = pa.concat_arrays(data.column(column.name).chunks or [pa.array([], ARROW_TYPES[column.type])])
        # Adding 0.0 makes -0.0 and 0.0 one number.
        arrays.append(pc.add(values, 0.0).view(pa.int64()) if column.type == "number" else values)
    rows = pa.table(arrays, names=data.column_names)
    names = [*table.key, *(column.name for column in table.columns if column.name not in table.key)]
    return rows.take(pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in names]))


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
