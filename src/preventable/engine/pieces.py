"""A table of a session taken in pieces that memory can hold, each of whole groups of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa

Fetch = Callable[[str, Mapping[str, object] | None], pa.Table]
"""`Engine.fetch`."""
Bounds = Mapping[str, tuple[str, str]]
"""Of a key the least and the greatest value that is wanted."""


def pieces_by_sql(
    fetch: Fetch, name: str, keys: tuple[str, str], rows: int, bounds: Bounds
) -> Iterator[pa.Table]:
    """Pieces by a statement each: see `Engine.pieces`. One has one value of the first key and a run of the second."""
    first, second = keys
    wanted = " AND ".join(f"{column} BETWEEN $least_{column} AND $greatest_{column}" for column in bounds)
    limits: dict[str, object] = {f"least_{column}": least for column, (least, _) in bounds.items()}
    limits |= {f"greatest_{column}": greatest for column, (_, greatest) in bounds.items()}
    counted = fetch(
        f"SELECT {first}, {second}, count(*) AS rows FROM {name} {f'WHERE {wanted}' if wanted else ''}"
        f" GROUP BY {first}, {second} ORDER BY {first}, {second}",
        limits,
    ).to_pylist()
    sql = f"SELECT * FROM {name} WHERE {first} = $value AND {second} BETWEEN $begin AND $end"
    for value, groups in groupby(counted, key=itemgetter(first)):
        for begin, end in spans(list(groups), second, rows):
            yield fetch(sql, {"value": value, "begin": begin, "end": end})


def spans(groups: Sequence[Mapping[str, Any]], key: str, at_once: int) -> Iterator[tuple[str, str]]:
    """First and last value of a key in runs of groups that have about so many rows; a larger group is one of its own.

    Args:
        groups: Each with its value of the key and its rows, in the order of the key; at least one.
        key: Name of the key.
        at_once: Rows.
    """
    begun, rows = groups[0][key], 0
    for one, after in zip(groups, [*groups[1:], None], strict=True):
        rows += one["rows"]
        if after is None or rows + after["rows"] > at_once:
            yield begun, one[key]
            begun, rows = after[key] if after else "", 0
