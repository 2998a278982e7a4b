"""Lines of a file held as columns: a cell takes its letters and no object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np
import pyarrow as pa

Cells = tuple[str, ...]


class Rows(Sequence[Cells]):
    """Rows of equal length, held as columns of texts; each looks like a tuple of its cells."""

    def __init__(self, columns: Sequence[pa.Array], rows: int) -> None:
        self.columns = tuple(columns)
        self._rows = rows

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return self._rows

    @overload
    def __getitem__(self, at: int) -> Cells: ...
    @overload
    def __getitem__(self, at: slice) -> Rows: ...
    def __getitem__(self, at: int | slice) -> Cells | Rows:
        """A row, or those of a slice without steps."""
        if isinstance(at, slice):
            first, last, _ = at.indices(self._rows)
            rows = max(last - first, 0)
            return Rows([column.slice(first, rows) for column in self.columns], rows)
        return tuple(column[at].as_py() for column in self.columns)

    def __iter__(self) -> Iterator[Cells]:
        if not self.columns:
            return iter([()] * self._rows)
        return zip(*(column.to_pylist() for column in self.columns), strict=True)


class Lines(Sequence[tuple[int, Cells]]):
    """Numbered lines, each with its own number of cells."""

    def __init__(self, numbers: np.ndarray, ends: np.ndarray, cells: pa.Array) -> None:
        """Lines of the cells that they have one after another.

        Args:
            numbers: Number of each line.
            ends: Where each line's cells begin, and where the last one's end; one place more than lines.
            cells: Texts without null.
        """
        self.numbers, self.ends, self.cells = numbers, ends, cells

    @classmethod
    def of(cls, lines: Iterable[tuple[int, Cells]]) -> Lines:
        """Lines that are tuples."""
        numbers: list[int] = []
        ends: list[int] = [0]
        cells: list[str] = []
        for number, line in lines:
            numbers.append(number)
            cells.extend(line)
            ends.append(len(cells))
        return cls(np.array(numbers, np.int64), np.array(ends, np.int64), pa.array(cells, pa.string()))

    @classmethod
    def together(cls, pieces: Sequence[Lines]) -> Lines:
        """All lines of some pieces, one after another."""
        if not pieces:
            return cls.of(())
        lengths = np.concatenate([np.diff(piece.ends) for piece in pieces])
        return cls(
            np.concatenate([piece.numbers for piece in pieces]),
            np.concatenate([[0], np.cumsum(lengths)]),
            pa.concat_arrays([piece.texts for piece in pieces]),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, at: int) -> tuple[int, Cells]: ...
    @overload
    def __getitem__(self, at: slice) -> Lines: ...
    def __getitem__(self, at: int | slice) -> tuple[int, Cells] | Lines:
        """A line, or those of a slice without steps."""
        if isinstance(at, slice):
            first, last, _ = at.indices(len(self))
            return Lines(self.numbers[first:last], self.ends[first : max(first, last) + 1], self.cells)
        begin, end = int(self.ends[at]), int(self.ends[at + 1])
        return int(self.numbers[at]), tuple(self.cells[begin:end].to_pylist())

    def __iter__(self) -> Iterator[tuple[int, Cells]]:
        first, last = (int(self.ends[0]), int(self.ends[-1])) if len(self) else (0, 0)
        cells = self.cells[first:last].to_pylist()
        ends = (self.ends - first).tolist()
        for number, begin, end in zip(self.numbers.tolist(), ends, ends[1:], strict=False):
            yield number, tuple(cells[begin:end])

    def rows(self, width: int) -> Rows | None:
        """The lines as rows of so many cells; None where one has more or fewer."""
        if len(self) and not (np.diff(self.ends) == width).all():
            return None
        first, cells = int(self.ends[0]) if len(self) else 0, len(self) * width
        at = np.arange(first, first + cells).reshape(len(self), width)
        return Rows([self.cells.take(pa.array(at[:, place])) for place in range(width)], len(self))

    @property
    def texts(self) -> pa.Array:
        """Every cell of them."""
        return self.cells[int(self.ends[0]) : int(self.ends[-1])] if len(self) else self.cells[:0]


def columns_of(rows: Sequence[Cells], width: int) -> tuple[pa.Array, ...]:
    """The columns of rows that all have so many cells."""
    if isinstance(rows, Rows):
        return rows.columns
    columns = list(zip(*rows, strict=True)) or [()] * width
    return tuple(pa.array(column, pa.string()) for column in columns)
