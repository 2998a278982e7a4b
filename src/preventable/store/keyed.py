"""Rows that arrive again and again under the same key: one stands, whatever the order of arrival.

Of rows with one key the least stands (by their other columns), since the least of a set does not depend on
the order in which it came. The day of its first arrival is kept, so that retention counts from there.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from preventable.store.ledger import DataFile
from preventable.store.partitions import Part, same_rows
from preventable.tables import Table


def merge(
    table: Table,
    partition: tuple[str, ...],
    standing: Sequence[tuple[DataFile, pa.Table]],
    incoming: pa.Table,
    received_at: str,
    *,
    alone: bool = False,
) -> tuple[list[Part], list[DataFile]]:
    """New files and files to remove, so that one partition holds every key once.

    Args:
        table: Its key columns identify a row; it has no nulls.
        partition: Values of the partition.
        standing: Its files with their rows.
        incoming: Rows that arrive, all of this partition.
        received_at: When.
        alone: Keys that do not arrive stand no more.

    Returns:
        One part for each time of arrival whose rows changed, and the files that they replace.
    """
    if not standing and _has_each_key_once(table, incoming):
        names = [column.name for column in table.columns]
        ordered = incoming.select(names).sort_by([(name, "ascending") for name in names])
        return [
            Part(partition, ordered.cast(table.arrow_schema()), received_at)
        ] if ordered.num_rows else [], []
    first = {file.received_at for file, _ in standing}
    best: dict[tuple[object, ...], tuple[tuple[object, ...], str]] = {}
    for when, rows in [*((file.received_at, rows) for file, rows in standing), (received_at, incoming)]:
        _take_least(table, best, rows, when)
    if alone:
        arrived: dict[tuple[object, ...], tuple[tuple[object, ...], str]] = {}
        _take_least(table, arrived, incoming, received_at)
        best = {key: (arrived[key][0], best[key][1]) for key in arrived}

    parts: list[Part] = []
    removes: list[DataFile] = []
    for when in sorted(first | {received_at}):
        old = [(file, rows) for file, rows in standing if file.received_at == when]
        rows = _rows(table, best, when)
        if len(old) == 1 and same_rows(table, old[0][1], rows):
            continue
        removes += [file for file, _ in old]
        if rows.num_rows:
            parts.append(Part(partition, rows, when))
    return parts, removes


def _has_each_key_once(table: Table, rows: pa.Table) -> bool:
    return rows.group_by(list(table.key)).aggregate([]).num_rows == rows.num_rows


def _take_least(
    table: Table, best: dict[tuple[object, ...], tuple[tuple[object, ...], str]], rows: pa.Table, when: str
) -> None:
    names = [column.name for column in table.columns]
    places = [names.index(name) for name in table.key]
    columns = [rows.column(name).to_pylist() for name in names]
    for row in zip(*columns, strict=True):
        key = tuple(row[place] for place in places)
        known = best.get(key)
        best[key] = (row, when) if known is None else (min(known[0], row), min(known[1], when))


def _rows(
    table: Table, best: dict[tuple[object, ...], tuple[tuple[object, ...], str]], when: str
) -> pa.Table:
    chosen = sorted(row for row, came in best.values() if came == when)
    schema = table.arrow_schema()
    columns = list(zip(*chosen, strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)
