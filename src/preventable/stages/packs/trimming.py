"""What a table leaves out: columns and rows in which nothing can be shown, and the words that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from preventable.stages.packs.shown import Shown
from preventable.stages.packs.words import _, alternatives

Found = Mapping[str, Mapping[str, Shown]]
"""Column to row to the figure that stands there."""


@dataclass(frozen=True)
class Trimmed:
    """Columns and rows that show something, and what is said of the others.

    Both are chosen by what is shown, so that their choice tells nothing that is not shown.
    """

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    remarks: tuple[str, ...]


def trimmed(
    found: Found,
    rows: Sequence[str],
    *,
    column_name: Callable[[str], str],
    row_name: Callable[[str], str],
    unknown: Iterable[str] = (),
) -> Trimmed:
    """Leave out the columns, then the rows, without any shown value.

    Args:
        found: Figures by column and row; a row may be absent.
        rows: Rows in order.
        column_name: Words for a column.
        row_name: Words for a row.
        unknown: Rows for what is not known; a column with values there alone tells nothing.
    """
    telling = [row for row in rows if row not in set(unknown)]
    columns = tuple(c for c in found if any(_has_value(found[c].get(row)) for row in (telling or list(rows))))
    kept = tuple(row for row in rows if any(_has_value(found[c].get(row)) for c in columns))
    by_column = {column_name(c): _why(found[c], rows, telling) for c in found if c not in columns}
    by_row = {
        row_name(row): _tokens(found[c].get(row) for c in columns)
        for row in rows
        if columns and row not in kept
    }
    return Trimmed(columns, kept, (*_remarks(by_column), *_remarks(by_row)))


def _has_value(shown: Shown | None) -> bool:
    return shown is not None and shown.value is not None


def _why(column: Mapping[str, Shown], rows: Sequence[str], telling: Sequence[str]) -> tuple[str, ...]:
    """The tokens of a column that is left out, and that its records do not say, where that is so."""
    silent = any(_has_value(column.get(row)) for row in rows)
    return (*((_("not known"),) if silent else ()), *_tokens(column.get(row) for row in telling))


def _tokens(figures: Iterable[Shown | None]) -> tuple[str, ...]:
    return tuple(sorted({"[z]" if f is None else f.text for f in figures if not _has_value(f)}))


def _remarks(left: Mapping[str, tuple[str, ...]]) -> list[str]:
    """One line for each set of tokens: 'Left out, [c] or [x] throughout: a; b; c.'"""
    lines = []
    for tokens in sorted(set(left.values())):
        names = "; ".join(name for name, its in left.items() if its == tokens)
        words = _("Left out, {tokens} throughout: {names}.")
        lines.append(words.format(tokens=alternatives(tokens), names=names))
    return lines
