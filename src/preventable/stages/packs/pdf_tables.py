"""How a table stands on a page: its size of type, its columns' widths, its parts where one line is too short."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from preventable.stages.packs.pdf_font import text_width_em

#: Room of a line on the page, and on each side of a cell, in points.
LINE_PT = 498.0
INSET_PT = 3.5
#: Sizes of type that are tried before a table is divided, in points.
SIZES_PT = (9.0, 8.25, 7.5)
#: Slack for rounding and kerning, and the most that a column widens for looks alone, in points.
_SLACK_PT = 1.5
_SPARE_PT = 8.0
#: The head of a column stays on one line up to this width, in points.
_HEAD_PT = 72.0
#: Of more lines than these a row may be divided between pages.
_WHOLE_LINES = 16


@dataclass(frozen=True)
class Part:
    """Columns that stand side by side.

    Attributes:
        columns: Indices; the first column of the table, which names the rows, is the first of each part.
        widths_pt: Width of each, in points, insets included.
    """

    columns: tuple[int, ...]
    widths_pt: tuple[float, ...]


@dataclass(frozen=True)
class Setting:
    """A table as it is set: size of type in points, and its parts in order."""

    size_pt: float
    parts: tuple[Part, ...]

    def breaks(self, row: Sequence[str]) -> bool:
        """Whether a row is so high that it may be divided between pages."""
        return any(
            text_width_em(row[n]) * self.size_pt > _WHOLE_LINES * (width - 2 * INSET_PT)
            for part in self.parts
            for n, width in zip(part.columns, part.widths_pt, strict=True)
        )


def table_setting(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Setting:
    """How a table is set so that no word of it leaves the line.

    Args:
        titles: Heads of the columns, one or more.
        rows: Texts of each row, one for each column.

    Returns:
        The largest size of type in which the table stands in one piece; the largest of all, in parts, where there is
        none.
    """
    cells = [[row[n] for row in rows] for n in range(len(titles))]
    for size in SIZES_PT:
        columns = [_bounds(title, texts, size) for title, texts in zip(titles, cells, strict=True)]
        if sum(bounds[0] for bounds in columns) <= LINE_PT:
            return Setting(size, (_part(range(len(columns)), columns),))
    columns = [_bounds(title, texts, SIZES_PT[0]) for title, texts in zip(titles, cells, strict=True)]
    return Setting(SIZES_PT[0], tuple(_part(chosen, columns) for chosen in _divided(columns)))


_Bounds = tuple[float, float, float, float]


def _bounds(title: str, texts: Sequence[str], size: float) -> _Bounds:
    """Least width of a column, its longest word, then what it would like: its longest cell, more room for its head."""
    word = max((_widest(text) for text in texts), default=0.0)
    line = max((text_width_em(text) for text in texts), default=0.0)
    head, head_word = text_width_em(title, bold=True), _widest(title, bold=True)
    room = 2 * INSET_PT + _SLACK_PT
    least = max(word, head_word)
    third, half = max(least, line, head / 3), max(least, line, head / 2)
    whole = max(half, min(head, _HEAD_PT / size))
    return (least * size + room, third * size + room, half * size + room, whole * size + room)


def _widest(text: str, *, bold: bool = False) -> float:
    return max(text_width_em(word, bold=bold) for word in re.split(r"[ \u200b]", text))


def _divided(columns: Sequence[_Bounds]) -> list[list[int]]:
    """Columns in parts of about equal number, each with the first; as few parts as their least widths allow."""
    room = LINE_PT - columns[0][0]
    parts: list[list[int]] = [[]]
    for n in range(1, len(columns)):
        if parts[-1] and sum(columns[m][0] for m in [*parts[-1], n]) > room:
            parts.append([])
        parts[-1].append(n)
    step = -(-(len(columns) - 1) // len(parts))
    even = [list(range(n, min(n + step, len(columns)))) for n in range(1, len(columns), step)]
    fits = all(sum(columns[n][0] for n in chosen) <= room for chosen in even)
    return [[0, *chosen] for chosen in (even if fits else parts)]


def _part(chosen: Sequence[int], columns: Sequence[_Bounds]) -> Part:
    """Widths from the least towards what the columns would like, as far as the line has room."""
    widths = [columns[n][0] for n in chosen]
    for wish in (1, 2, 3):
        widths = _towards(widths, [columns[n][wish] for n in chosen])
    spare = max(min(LINE_PT - sum(widths), _SPARE_PT * len(widths)), 0.0) / len(widths)
    return Part(tuple(chosen), tuple(round(width + spare, 2) for width in widths))


def _towards(widths: Sequence[float], wishes: Sequence[float]) -> list[float]:
    more = [max(wish - width, 0.0) for width, wish in zip(widths, wishes, strict=True)]
    share = min(max(LINE_PT - sum(widths), 0.0) / sum(more), 1.0) if sum(more) else 0.0
    return [width + extra * share for width, extra in zip(widths, more, strict=True)]
