"""What makes SQL unportable: the subset is engine/functions.toml, its reasons docs/decisions/engine.md."""

from __future__ import annotations

import re
import tomllib

import sqlglot
from repository import PACKAGE
from sqlglot import exp

LISTS = tomllib.loads((PACKAGE / "engine" / "functions.toml").read_text(encoding="utf-8"))
ALLOWED = {*LISTS["aggregates"], *LISTS["windows"], *LISTS["scalars"]}
MAY_MEET_ITSELF = set(LISTS["joined_with_themselves"])
#: sqlglot reads some functions as nodes of another name, or as operators that are no calls.
SAME_AS = {
    "and": "case", "or": "case", "xor": "case", "if": "case", "paren": "case",
    "str_position": "strpos", "timestamp_trunc": "date_trunc", "datetrunc": "date_trunc",
    "datediff": "date_diff", "sha2": "sha256",
    "pad": "lpad", "day_of_year": "dayofyear", "try_cast": "cast",
    "substring": "substr",
}  # fmt: skip
WHOLE_NUMBERS = {"BIGINT", "INT", "SMALLINT", "TINYINT", "UBIGINT", "UINT"}
FORBIDDEN = {
    exp.Lambda: "a lambda",
    exp.Pivot: "PIVOT",
    exp.Qualify: "QUALIFY",
    exp.Array: "a list",
    exp.Struct: "a struct",
    exp.Unnest: "UNNEST",
    exp.Bracket: "a subscript",
    exp.Levenshtein: "levenshtein (bytes on DuckDB, characters on Spark)",
    exp.AtTimeZone: "AT TIME ZONE",
    # DuckDB counts from 0 = Sunday, Spark from 1 = Sunday, and the ISO weekday is transpiled two days off.
    exp.DayOfWeek: "a weekday function; take date_diff('day', DATE '1970-01-05', CAST(x AS DATE)) % 7 + 1",
    exp.DayOfWeekIso: "a weekday function; take date_diff('day', DATE '1970-01-05', CAST(x AS DATE)) % 7 + 1",
    exp.CurrentTimestamp: "the clock",
    exp.CurrentDate: "the clock",
    exp.Rand: "chance",
}


def filled(sql: str) -> str:
    """A text whose parts in braces, put in by a builder, stand as the word `part`."""
    return re.sub(r"\{[a-z_]+\}", "part", sql)


def portability_faults(sql: str) -> list[str]:
    """What makes a text unportable, in words; empty when it keeps to the subset."""
    try:
        statements = sqlglot.parse(sql, read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        return [f"does not parse: {type(error).__name__}"]
    faults = []
    for statement in filter(None, statements):
        for node in statement.walk():
            faults += node_faults(node)
        try:
            statement.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
        except sqlglot.errors.UnsupportedError as error:
            faults.append(f"not for Spark: {error}")
    return faults


def self_join_faults(select: exp.Select) -> list[str]:
    """A long join of records with themselves spills on one engine and shuffles all on another."""
    start = select.args.get("from_") or select.args.get("from")
    sources = [part.this for part in (start, *select.args.get("joins", ())) if part is not None]
    names = [source.name for source in sources if isinstance(source, exp.Table)]
    twice = {name for name in names if names.count(name) > 1 and not name.endswith("_slice")}
    return [f"joins {name} with itself whole" for name in sorted(twice - MAY_MEET_ITSELF)]


def node_faults(node: exp.Expression) -> list[str]:
    if isinstance(node, exp.Select):
        return self_join_faults(node)
    for kind, words in FORBIDDEN.items():
        if isinstance(node, kind):
            return [f"uses {words}"]
    if isinstance(node, exp.Join) and (node.args.get("method") or "").upper() in {"ASOF", "POSITIONAL"}:
        return ["uses an ASOF join"]
    if isinstance(node, exp.Cast):
        return cast_faults(node)
    if isinstance(node, exp.RegexpExtract) and re.search(r"\\[wdsbWDSB]", node.expression.name):
        return ["uses a class like \\w in a pattern (letters without accents on DuckDB, with them on Sail)"]
    if isinstance(node, exp.DateDiff) and not all(is_date(part) for part in (node.this, node.expression)):
        return ["takes date_diff of something else than two dates (DuckDB counts borders, Spark whole units)"]
    if isinstance(node, exp.Func) and not isinstance(node, exp.Connector):
        name = function_name(node)
        return (
            []
            if SAME_AS.get(name, name) in ALLOWED
            else [f"calls {name}, which functions.toml does not allow"]
        )
    return []


def is_date(node: exp.Expression) -> bool:
    return isinstance(node, exp.Cast) and node.to.this.name == "DATE"


def function_name(node: exp.Func) -> str:
    return (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()


def cast_faults(node: exp.Cast) -> list[str]:
    """DuckDB rounds a double where Spark cuts it off: a fraction is rounded by name first."""
    if node.to.this.name not in WHOLE_NUMBERS:
        return []
    rounded = (exp.Floor, exp.Round, exp.Ceil)
    broken = [
        part
        for part in node.this.walk(prune=lambda part: isinstance(part, rounded))
        if isinstance(part, exp.Div | exp.Avg)
        or (isinstance(part, exp.Literal) and not part.is_string and "." in part.name)
        or (isinstance(part, exp.Column) and part.name.endswith(("_m", "_share", "_rate", "person_years")))
    ]
    return ["casts a fraction to a whole number without floor() or round()"] if broken else []
