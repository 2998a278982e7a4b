"""The stages' SQL in Spark's dialect: the DuckDB text of the portable subset, transpiled by sqlglot."""

from __future__ import annotations

from functools import lru_cache

import sqlglot
from sqlglot import exp


@lru_cache(maxsize=1024)
def spark_sql(sql: str) -> str:
    """One statement of the portable subset as Spark reads it.

    Names stand in backticks, `$name` becomes `:name`, nulls stay last where something is ordered. concat() skips
    nulls and takes whole numbers as DuckDB's does. A number with a point is a double: beside a double DuckDB makes
    it one, Sail would make both decimals.

    Args:
        sql: One SELECT in the DuckDB dialect, from the functions of functions.toml.

    Raises:
        sqlglot.errors.SqlglotError: It does not parse, or holds what Spark has no word for.
    """
    statement = sqlglot.parse_one(sql, read="duckdb").transform(_double).transform(_as_texts)
    return statement.sql(dialect="spark", identify=True, unsupported_level=sqlglot.ErrorLevel.RAISE)


def _double(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Literal) and not node.is_string and "." in node.name:
        return exp.Literal(this=f"{node.name}D", is_string=False)
    return node


def _as_texts(node: exp.Expression) -> exp.Expression:
    """concat() of texts: sqlglot puts an empty text for a null, which Spark would make a number beside a number."""
    if isinstance(node, exp.Concat):
        parts = [part if part.is_string else exp.cast(part, "VARCHAR") for part in node.expressions]
        node.set("expressions", parts)
    return node
