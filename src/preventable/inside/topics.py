"""Topics of `preventable inside`: read from topics.toml and held to the tables that they show."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, REQUIRED_HEADER, refuse_unknown_keys
from preventable.tables import FLOW_TABLES, Sensitivity, Table

WHERE = "src/preventable/inside/topics.toml"
_KEYS = ("id", "title", "table", "read", "none", "rows", "where", "order", "columns")
_NEEDED = ("id", "title", "table", "read", "rows", "order", "columns")
_ID = re.compile(r"[a-z][a-z0-9-]*\Z")
#: Formats -> types of columns that can have them. A format of two parts has digits after its point.
FORMATS = {
    "text": ("text", "date", "timestamp"),
    "words": ("text",),
    "area": ("text",),
    "flag": ("flag",),
    "whole": ("integer", "number"),
    "number": ("integer", "number"),
    "share": ("number",),
    "p": ("number",),
}
_WITH_DIGITS = ("number", "share")
_FORMAT = re.compile(r"([a-z]+)(?:\.(\d))?\Z")
#: Operators -> the key that each needs besides.
OPERATORS = {
    "is": "values",
    "is_not": "values",
    "filled": "",
    "empty": "",
    "at_least": "value",
    "at_most": "value",
    "latest": "",
}


@dataclass(frozen=True)
class Shown:
    """A column of a topic.

    Attributes:
        column: Column of the table.
        heading: What stands above it.
        format: Name of the format, a key of `FORMATS`.
        digits: Digits after the point, of formats that have them.
    """

    column: str
    heading: str
    format: str
    digits: int = 0


@dataclass(frozen=True)
class RowCondition:
    """Which rows of a table a topic shows: a column, an operator of `OPERATORS`, and what it needs."""

    column: str
    operator: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Topic:
    """One topic, key by key of topics.toml."""

    id: str
    title: str
    table: str
    read: str
    none: str
    rows: int
    where: tuple[RowCondition, ...]
    order: tuple[tuple[str, str], ...]
    columns: tuple[Shown, ...]

    def of(self, data: pa.Table) -> pa.Table:
        """The topic's rows of its table, in its order; all columns."""
        for condition in self.where:
            data = data.filter(_KEPT[condition.operator](data.column(condition.column), condition.values))
        return data.sort_by(list(self.order)) if data.num_rows else data


def _latest(column: pa.ChunkedArray, _: tuple[Any, ...]) -> Any:
    return pc.equal(column, pc.max(column))


_KEPT: Mapping[str, Callable[[pa.ChunkedArray, tuple[Any, ...]], Any]] = {
    "is": lambda column, values: pc.is_in(column, pa.array(values, column.type)),
    "is_not": lambda column, values: pc.invert(pc.is_in(column, pa.array(values, column.type))),
    "filled": lambda column, _: pc.is_valid(column),
    "empty": lambda column, _: pc.is_null(column),
    "at_least": lambda column, values: pc.greater_equal(column, pa.scalar(values[0])),
    "at_most": lambda column, values: pc.less_equal(column, pa.scalar(values[0])),
    "latest": _latest,
}


@cache
def read_topics() -> Mapping[str, Topic]:
    """Every topic by its id, in the order of topics.toml.

    Raises:
        PolicyError: The file is not well formed, or a topic does not fit its table.
    """
    return topics_of((files(__package__) / "topics.toml").read_text(encoding="utf-8"))


def topics_of(text: str) -> dict[str, Topic]:
    """Topics written as topics.toml.

    Raises:
        PolicyError: The text is not well formed, or a topic does not fit its table.
    """
    try:
        contents = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(WHERE, "it is not well-formed TOML") from error
    refuse_unknown_keys(WHERE, "it", contents, (*POLICY_HEADER, "topics"))
    absent = [name for name in (*REQUIRED_HEADER, "topics") if name not in contents]
    if absent:
        raise PolicyError(WHERE, f"it lacks {', '.join(absent)}")
    topics = [_topic(entry) for entry in contents["topics"]]
    found = {topic.id: topic for topic in topics}
    if len(found) != len(topics):
        raise PolicyError(WHERE, "two topics have one id")
    return found


def _topic(entry: Mapping[str, Any]) -> Topic:
    refuse_unknown_keys(WHERE, "a topic", entry, _KEYS)
    absent = [key for key in _NEEDED if entry.get(key) in (None, "", [])]
    if absent:
        raise PolicyError(WHERE, f"a topic lacks {', '.join(absent)}")
    if not _ID.match(str(entry["id"])):
        raise PolicyError(WHERE, "the id of a topic is not small letters, digits and hyphens")
    what = f"topic {entry['id']}"
    if type(entry["rows"]) is not int or entry["rows"] < 1:
        raise PolicyError(WHERE, f"{what}: rows is not a whole number from 1 on")
    table = _table(what, entry["table"])
    return Topic(
        id=entry["id"],
        title=entry["title"],
        table=table.name,
        read=entry["read"].strip(),
        none=entry.get("none", "There is no row."),
        rows=entry["rows"],
        where=tuple(_condition(what, table, one) for one in entry.get("where", [])),
        order=tuple(_order(what, table, one) for one in entry["order"]),
        columns=tuple(_shown(what, table, one) for one in entry["columns"]),
    )


def _table(what: str, name: object) -> Table:
    for table in FLOW_TABLES:
        if table.name == name:
            if table.sensitivity > Sensitivity.AGGREGATE:
                raise PolicyError(WHERE, f"{what}: its table has a row a record")
            return table
    raise PolicyError(WHERE, f"{what}: its table is none of the flow's")


def _type_of(what: str, table: Table, column: object) -> str:
    for one in table.columns:
        if one.name == column:
            return one.type
    raise PolicyError(WHERE, f"{what}: a column is not in {table.name}: {column}")


def _condition(what: str, table: Table, entry: Mapping[str, Any]) -> RowCondition:
    operator = entry.get("operator")
    if operator not in OPERATORS:
        raise PolicyError(WHERE, f"{what}: an operator is not one of {', '.join(OPERATORS)}")
    needs = OPERATORS[operator]
    refuse_unknown_keys(
        WHERE, f"{what}: a condition", entry, ("column", "operator", *([needs] if needs else []))
    )
    kind = _type_of(what, table, entry.get("column"))
    values = entry.get(needs, []) if needs else []
    given = tuple(values) if isinstance(values, list) else (values,)
    if bool(needs) != bool(given) or (needs == "value" and len(given) != 1):
        raise PolicyError(WHERE, f"{what}: the condition on {entry['column']} lacks {needs}")
    if not all(_fits(value, kind) for value in given):
        raise PolicyError(WHERE, f"{what}: the condition on {entry['column']} has a value of another type")
    return RowCondition(entry["column"], operator, given)


def _fits(value: object, kind: str) -> bool:
    python = {"text": (str,), "integer": (int,), "number": (int, float), "flag": (bool,)}.get(kind, ())
    return isinstance(value, python) and (kind == "flag" or not isinstance(value, bool))


def _order(what: str, table: Table, name: str) -> tuple[str, str]:
    column = name.removeprefix("-")
    _type_of(what, table, column)
    return column, "descending" if name.startswith("-") else "ascending"


def _shown(what: str, table: Table, entry: Mapping[str, Any]) -> Shown:
    refuse_unknown_keys(WHERE, f"{what}: a column", entry, ("column", "heading", "format"))
    column = entry.get("column")
    kind = _type_of(what, table, column)
    found = _FORMAT.match(str(entry.get("format")))
    name, digits = (found[1], found[2]) if found else ("", None)
    if name not in FORMATS or (digits is not None) != (name in _WITH_DIGITS):
        raise PolicyError(WHERE, f"{what}: the format of {column} is not one of {', '.join(FORMATS)}")
    if kind not in FORMATS[name]:
        raise PolicyError(WHERE, f"{what}: {column} is {kind}, which {name} does not show")
    return Shown(str(column), entry.get("heading", column), name, int(digits or 0))
