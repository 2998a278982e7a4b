"""Tables of the restricted side for the partnership's own analyst: topics of topics.toml, printed or written as CSV.

What is shown here is exact. It is no release and must not leave the restricted side.
"""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from preventable.counted import counted
from preventable.errors import NotYetMadeError, UnknownTopicError, UsageError
from preventable.inside.topics import Shown, Topic, read_topics
from preventable.stages.packs.csvw import csv_cell
from preventable.store.durable import PRIVATE_FILE, refuse_to_write_over, write_atomically
from preventable.store.earlier import TablesAsOf, moment_of
from preventable.store.home import Home
from preventable.store.session import HomeTables, reading

RESTRICTED = "Restricted: exact figures. This must not leave the restricted side."
_WIDTH = 110
_LEFT = ("text", "area", "flag")
_LEAST_P = 0.0001

AreaNames = Mapping[str, str]


def inside(home: Home, topic: str | None, *, out: Path | None = None, as_of: str | None = None) -> list[str]:
    """What `inside` does, and what it says.

    Args:
        home: A home whose flow has run.
        topic: Id of a topic; None for the list of them.
        out: CSV file for all rows of the topic.
        as_of: Day or moment at which the table is to have stood; None for now.

    Returns:
        Lines for a terminal.

    Raises:
        UnknownTopicError: There is no such topic.
        NotYetMadeError: The flow has not made the topic's table.
        UsageError: A file is asked for without a topic, is there already, or would lie where partners' files do.
        PolicyError: topics.toml is not well formed.
    """
    topics = read_topics()
    if topic is None:
        if out is not None:
            raise UsageError("inside", "--csv needs a topic")
        with reading(home) as tables:
            return _listed(topics, _at(tables, as_of))
    if topic not in topics:
        raise UnknownTopicError("inside", f"the topics are {', '.join(topics)}")
    chosen = topics[topic]
    with reading(home) as tables:
        rows = _rows(chosen, _at(tables, as_of))
    if rows is None:
        raise NotYetMadeError("inside", f"the home has no table {chosen.table}")
    names = _area_names(home)
    if out is not None:
        _write(home, out, rows, chosen, names)
        return [RESTRICTED, f"{counted(rows.num_rows, 'row')} of {chosen.id} are in {out}"]
    return _as_text(chosen, rows, names)


def _at(tables: HomeTables, as_of: str | None) -> HomeTables | TablesAsOf:
    return tables if as_of is None else TablesAsOf(tables, moment_of(as_of))


def _rows(topic: Topic, tables: HomeTables | TablesAsOf) -> pa.Table | None:
    return topic.of(tables.read(topic.table)) if tables.has(topic.table) else None


def _listed(topics: Mapping[str, Topic], tables: HomeTables | TablesAsOf) -> list[str]:
    counts = {name: _rows(topic, tables) for name, topic in topics.items()}
    if all(rows is None for rows in counts.values()):
        raise NotYetMadeError("inside", "the home has no table of any topic")
    said = {
        name: "not made yet" if rows is None else counted(rows.num_rows, "row")
        for name, rows in counts.items()
    }
    width, before = max(map(len, said.values())), max(map(len, topics))
    return [
        RESTRICTED,
        "",
        *(f"{name:<{before}}  {said[name]:>{width}}  {topic.title}" for name, topic in topics.items()),
    ]


def _area_names(home: Home) -> AreaNames:
    """Name of each area and venue by its code; of a code that two levels share, that of the widest."""
    found = dict(zip(*_columns(home, "venues", "venue", "venue_name"), strict=True))
    areas = home.region_table("areas").select(["area_type", "area", "area_name"]).to_pylist()
    for row in sorted(areas, key=lambda row: row["area_type"] in ("district", "region")):
        found[row["area"]] = row["area_name"]
    return found


def _columns(home: Home, table: str, *names: str) -> list[list[Any]]:
    data = home.region_table(table)
    return [data.column(name).to_pylist() for name in names]


def _as_text(topic: Topic, rows: pa.Table, names: AreaNames) -> list[str]:
    lines = [RESTRICTED, "", topic.title, ""]
    if rows.num_rows == 0:
        return [*lines, topic.none]
    shown = rows.slice(0, topic.rows).to_pylist()
    lines += _table_lines(topic.columns, shown, names)
    if rows.num_rows > len(shown):
        lines += ["", f"{rows.num_rows - len(shown):,} more: write them all with --csv FILE"]
    return [*lines, "", *textwrap.wrap(topic.read, _WIDTH)]


def _table_lines(columns: Sequence[Shown], rows: Sequence[Mapping[str, Any]], names: AreaNames) -> list[str]:
    beside = [one for one in columns if one.format != "words"]
    below = [one for one in columns if one.format == "words"]
    cells = [[_cell(row[one.column], one, names) for one in beside] for row in rows]
    widths = [
        max(len(text) for text in (one.heading, *(line[at] for line in cells)))
        for at, one in enumerate(beside)
    ]
    lines = [_line([one.heading for one in beside], beside, widths)]
    for row, line in zip(rows, cells, strict=True):
        lines.append(_line(line, beside, widths))
        for one in below:
            if row[one.column]:
                lines += textwrap.wrap(
                    row[one.column], _WIDTH, initial_indent="    ", subsequent_indent="    "
                )
    return lines


def _line(cells: Sequence[str], columns: Sequence[Shown], widths: Sequence[int]) -> str:
    laid = [
        f"{cell:<{width}}" if one.format in _LEFT else f"{cell:>{width}}"
        for cell, one, width in zip(cells, columns, widths, strict=True)
    ]
    return "  ".join(laid).rstrip()


def _cell(value: Any, shown: Shown, names: AreaNames) -> str:
    if value is None:
        return ""
    if shown.format == "area":
        return names.get(value, value)
    if shown.format == "flag":
        return "yes" if value else "no"
    if shown.format == "whole":
        return f"{value:,.0f}"
    if shown.format == "number":
        return f"{value:,.{shown.digits}f}"
    if shown.format == "share":
        return f"{value * 100:.{shown.digits}f} %"
    if shown.format == "p":
        return f"<{_LEAST_P}" if value < _LEAST_P else f"{float(f'{value:.2g}')}"
    return str(value)


def _write(home: Home, path: Path, rows: pa.Table, topic: Topic, names: AreaNames) -> None:
    """Write all rows with every column of the table, as its owner alone may read."""
    if path.absolute().resolve().is_relative_to(home.released.resolve()):
        raise UsageError(str(path), "that folder is handed to partners, and these figures are exact")
    if not path.absolute().parent.is_dir():
        raise UsageError(str(path), "there is no such folder")
    refuse_to_write_over([path])
    areas = {one.column for one in topic.columns if one.format == "area"}
    headings = [
        heading
        for name in rows.column_names
        for heading in ([name, f"{name}_name"] if name in areas else [name])
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    for row in rows.to_pylist():
        named = row | {f"{name}_name": names.get(row[name], row[name]) for name in areas}
        writer.writerow([csv_cell(named[heading]) for heading in headings])
    # The mark tells spreadsheets that it is UTF-8.
    write_atomically(path.absolute(), text.getvalue().encode("utf-8-sig"), PRIVATE_FILE)
