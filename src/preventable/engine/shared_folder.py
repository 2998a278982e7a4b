"""Tables of a session as files in a folder that a server and this process both see: their rows cross in no message."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from preventable.engine.pieces import Bounds

#: A table of no more rows is read whole.
_ROWS_AT_ONCE = 1_500_000


class SharedFolder:
    """Where the tables of one session lie, each in a folder of its own that no other table had before.

    Args:
        folder: Made here, and removed by `close`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._places: dict[str, Path] = {}
        self._made = 0
        folder.mkdir(parents=True)

    def new(self, name: str) -> Path:
        """A new folder for a table's files."""
        self._made += 1
        self._places[name] = self._folder / f"{name}.{self._made}"
        self._places[name].mkdir()
        return self._places[name]

    def drop(self, name: str) -> None:
        """Remove a table's files; nothing happens where there are none."""
        if name in self._places:
            shutil.rmtree(self._places.pop(name))

    def close(self) -> None:
        """Remove every file."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def files(self, name: str) -> list[Path]:
        """Files of a table, in the order of their names; a server writes none where there is no row."""
        return sorted(self._places[name].glob("*.parquet")) if name in self._places else []

    def rows(self, name: str) -> int:
        """Rows of a table."""
        return sum(int(pq.read_metadata(path).num_rows) for path in self.files(name))

    def read(self, name: str) -> pa.Table:
        """A table that has a row."""
        return pa.concat_tables(pq.ParquetFile(path).read() for path in self.files(name))

    def pieces(self, name: str, keys: Sequence[str], rows: int, bounds: Bounds) -> Iterator[pa.Table]:
        """A table in pieces: see `Engine.pieces`. What has few rows is one piece."""
        if not self.rows(name):
            return
        if self.rows(name) <= _ROWS_AT_ONCE:
            yield _within(self.read(name), bounds)
            return
        groups = _RowGroups(self.files(name), keys, bounds)
        for wanted in groups.runs(rows):
            yield groups.read(wanted)


class _RowGroups:
    """The row groups of a table's files, and which of them have the rows of each key within bounds."""

    def __init__(self, paths: Sequence[Path], keys: Sequence[str], bounds: Bounds) -> None:
        self._files = [pq.ParquetFile(path) for path in paths]
        self._keys = list(keys)
        self._at: dict[tuple[str, ...], list[tuple[int, int]]] = {}
        self._rows: dict[tuple[str, ...], int] = {}
        for number, file in enumerate(self._files):
            for group in range(file.num_row_groups):
                told = _within(file.read_row_group(group, columns=self._keys), bounds)
                for row in told.group_by(self._keys).aggregate([([], "count_all")]).to_pylist():
                    key = tuple(row[name] for name in self._keys)
                    self._at.setdefault(key, []).append((number, group))
                    self._rows[key] = self._rows.get(key, 0) + row["count_all"]

    def runs(self, rows: int) -> Iterator[list[tuple[str, ...]]]:
        """Keys whose rows begin one behind the other in the files, with about so many rows together."""
        run: list[tuple[str, ...]] = []
        held = 0
        for key in sorted(self._at, key=lambda one: (self._at[one][0], one)):
            if run and held + self._rows[key] > rows:
                yield run
                run, held = [], 0
            run.append(key)
            held += self._rows[key]
        if run:
            yield run

    def read(self, keys: Sequence[tuple[str, ...]]) -> pa.Table:
        """The rows of some keys."""
        wanted: dict[tuple[int, int], list[tuple[str, ...]]] = {}
        for key in keys:
            for at in self._at[key]:
                wanted.setdefault(at, []).append(key)
        return pa.concat_tables(self._chosen(*at, wanted[at]) for at in sorted(wanted))

    def _chosen(self, number: int, group: int, keys: Sequence[tuple[str, ...]]) -> pa.Table:
        data = self._files[number].read_row_group(group)
        tests = (
            reduce(
                pc.and_,
                (pc.equal(data.column(name), value) for name, value in zip(self._keys, key, strict=True)),
            )
            for key in keys
        )
        return data.filter(reduce(pc.or_, tests))


def _within(data: pa.Table, bounds: Bounds) -> pa.Table:
    tests = [
        pc.and_(pc.greater_equal(data.column(name), least), pc.less_equal(data.column(name), greatest))
        for name, (least, greatest) in bounds.items()
    ]
    if not tests:
        return data
    wanted = reduce(pc.and_, tests)
    return data if pc.all(wanted).as_py() else data.filter(wanted)
