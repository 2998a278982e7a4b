"""How a table is declared: once, here; used for validation, the dictionary, checksums, invented data and privacy tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import pyarrow as pa

from preventable.counted import counted
from preventable.errors import SchemaError


class Sensitivity(IntEnum):
    """Who may see a table; higher is more sensitive. Never rises along the flow."""

    PUBLIC = 0  # published registers and boundaries
    PARTNER = 1  # released under policy/disclosure.toml to a named partner
    AGGREGATE = 2  # exact counts of areas and periods, restricted side only
    PSEUDONYMOUS = 3  # one row a record, no direct identifier, no free text
    IDENTIFIABLE = 4  # as the supplier sent it


ARROW_TYPES: Mapping[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "date": pa.date32(),
    # Naive on purpose (Parquet isAdjustedToUTC = false): local time and UTC are two columns.
    "timestamp": pa.timestamp("us"),
    "bytes": pa.binary(),
}


@dataclass(frozen=True)
class Column:
    """One column: its type is a key of `ARROW_TYPES`.

    `allowed` names the values a text may have (None: free). `hashed` is False for what the
    checksum of a state leaves out: row order, received-at times, file names, and what depends on
    the home's own key (two homes with the same records have the same state). `optional` is True for
    what files made earlier may lack: it is null there, and a checksum leaves it out while it is null
    in every row.
    """

    name: str
    type: str
    description: str
    unit: str = ""
    allowed: tuple[str, ...] | None = None
    nullable: bool = True
    hashed: bool = True
    optional: bool = False


@dataclass(frozen=True)
class Table:
    """A table that passes between stages. `key` columns identify a row."""

    name: str
    description: str
    sensitivity: Sensitivity
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    partition: tuple[str, ...] = ()
    source: str = ""

    def arrow_schema(self) -> pa.Schema:
        """The table's columns as an Arrow schema, in order."""
        return pa.schema(
            [pa.field(column.name, ARROW_TYPES[column.type]) for column in self.columns]
        )

    def column(self, name: str) -> Column:
        """The declaration of one column."""
        return next(column for column in self.columns if column.name == name)

    def conform(self, data: pa.Table) -> pa.Table:
        """`data` with exactly the declared columns, order and types; an optional column that it lacks is null.

        Raises:
            SchemaError: A column is missing or unknown, a type cannot be cast without loss,
                a null stands where none may, or a text is not an allowed value.
        """
        names = [column.name for column in self.columns]
        for column in self.columns:
            if column.optional and column.name not in data.column_names:
                data = data.append_column(column.name, pa.nulls(data.num_rows, ARROW_TYPES[column.type]))
        if set(data.column_names) != set(names):
            missing = sorted(set(names) - set(data.column_names))
            extra = sorted(set(data.column_names) - set(names))
            raise SchemaError(self.name, f"missing columns {missing}, unknown columns {extra}")
        try:
            cast = data.select(names).cast(self.arrow_schema())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            wrong = [
                f"{c.name} is {data.schema.field(c.name).type}, not {c.type}"
                for c in self.columns
                if data.schema.field(c.name).type != ARROW_TYPES[c.type]
            ]
            raise SchemaError(self.name, f"types do not fit: {wrong}") from None
        for column in self.columns:
            self._check_values(column, cast.column(column.name))
        return cast

    def _check_values(self, column: Column, values: pa.ChunkedArray) -> None:
        if not column.nullable and values.null_count:
            raise SchemaError(self.name, f"{counted(values.null_count, 'row has', 'rows have')} no {column.name}")
        if column.allowed is not None:
            allowed = set(column.allowed)
            unknown = sum(
                value is not None and value not in allowed for value in values.unique().to_pylist()
            )
            if unknown:
                raise SchemaError(
                    self.name, f"{column.name} has {counted(unknown, 'value')} outside its list"
                )

    def empty(self) -> pa.Table:
        """The table without rows."""
        return self.arrow_schema().empty_table()
