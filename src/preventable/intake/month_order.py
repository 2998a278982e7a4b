"""Files of one provider that were read and wait for their turn: the months in their order, of each the largest first.

What holds a file depends on what came before it. In this order a set of files comes to the same, whatever their names,
containers and the order in which they lie in a folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Generic, TypeVar

import pyarrow as pa

from preventable.stages.sources.stage import ReadSubmission

#: Of files that wait so many rows are kept as they are; further ones are packed, in a tenth of the memory.
_ROWS_AS_THEY_ARE = 100_000

Item = TypeVar("Item")


@dataclass(frozen=True)
class _Waiting(Generic[Item]):
    item: Item
    read: ReadSubmission | None
    packed: dict[str, pa.Buffer]


class MonthOrder(Generic[Item]):
    """Files of one provider, each with what was read of it; what could not be read goes first."""

    def __init__(self) -> None:
        self._waiting: list[tuple[tuple[str, int, int, str, int], _Waiting[Item]]] = []
        self._rows = 0

    def add(self, item: Item, read: ReadSubmission | None) -> None:
        """Let a file wait; None where it could not be read."""
        if read is None:
            key = ("", 0, 0, "", len(self._waiting))
        else:
            key = (read.month, -read.rows, read.edition, read.submission_id, len(self._waiting))
        packed: dict[str, pa.Buffer] = {}
        if read is not None:
            self._rows += read.rows
            if self._rows > _ROWS_AS_THEY_ARE:
                packed = _packed(read)
                empty = {name: getattr(read, name).schema.empty_table() for name in packed}
                read = replace(read, **empty)
        self._waiting.append((key, _Waiting(item, read, packed)))

    def in_order(self) -> Iterator[tuple[Item, ReadSubmission | None]]:
        """Each file in its turn, by month, the larger first, edition and submission; it waits no more then."""
        waiting = sorted(self._waiting, key=lambda one: one[0], reverse=True)
        self._waiting, self._rows = [], 0
        while waiting:
            _, one = waiting.pop()
            if one.read is None or not one.packed:
                yield one.item, one.read
            else:
                tables = {
                    name: pa.ipc.open_stream(content).read_all() for name, content in one.packed.items()
                }
                yield one.item, replace(one.read, **tables)


def _packed(read: ReadSubmission) -> dict[str, pa.Buffer]:
    """The tables of what was read, each in the compressed form in which Arrow sends a table."""
    packed = {}
    for field in fields(read):
        table = getattr(read, field.name)
        if isinstance(table, pa.Table):
            sink = pa.BufferOutputStream()
            options = pa.ipc.IpcWriteOptions(compression="zstd")
            with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
                writer.write_table(table)
            packed[field.name] = sink.getvalue()
    return packed
