"""Every function of functions.toml in Spark's words, and the same answers on DuckDB and on Sail."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
import sqlglot
from portable_sql import ALLOWED, SAME_AS, function_name
from sqlglot import exp
from sqlglot.errors import SqlglotError

from preventable.engine.duckdb import DuckDBEngine
from preventable.engine.spark import SparkEngine
from preventable.engine.transpile import spark_sql

#: An expression over the table `awkward`, and its golden text for Spark.
GOLDEN = {
    "count(*)": "COUNT(*)",
    "count(DISTINCT name)": "COUNT(DISTINCT `name`)",
    "CAST(sum(whole) AS BIGINT)": "CAST(SUM(`whole`) AS BIGINT)",
    "min(name)": "MIN(`name`)",
    "max(moment)": "MAX(`moment`)",
    "avg(whole)": "AVG(`whole`)",
    "row_number() OVER (PARTITION BY flag ORDER BY name, id)":
        "ROW_NUMBER() OVER (PARTITION BY `flag` ORDER BY `name` NULLS LAST, `id` NULLS LAST)",
    "rank() OVER (ORDER BY fraction DESC)": "RANK() OVER (ORDER BY `fraction` DESC)",
    "lag(name) OVER (ORDER BY id)": "LAG(`name`) OVER (ORDER BY `id` NULLS LAST)",
    "lead(whole, 2) OVER (ORDER BY id)": "LEAD(`whole`, 2) OVER (ORDER BY `id` NULLS LAST)",
    "abs(whole)": "ABS(`whole`)",
    "floor(fraction)": "FLOOR(`fraction`)",
    "ceil(fraction)": "CEIL(`fraction`)",
    "round(fraction)": "ROUND(`fraction`)",
    "CAST(round(fraction * 10) AS BIGINT)": "CAST(ROUND(`fraction` * 10) AS BIGINT)",
    "coalesce(name, 'none')": "COALESCE(`name`, 'none')",
    "nullif(whole, 0)": "NULLIF(`whole`, 0)",
    "greatest(whole, id)": "GREATEST(`whole`, `id`)",
    "least(whole, id)": "LEAST(`whole`, `id`)",
    "lower(name)": "LOWER(`name`)",
    "upper(plain)": "UPPER(`plain`)",
    "trim(name)": "TRIM(`name`)",
    "length(name)": "LENGTH(`name`)",
    "substr(name, 2, 3)": "SUBSTRING(`name`, 2, 3)",
    "concat(name, '-', whole)":
        "CONCAT(COALESCE(CAST(`name` AS STRING), ''), '-', COALESCE(CAST(`whole` AS STRING), ''))",
    "lpad(plain, 3, '0')": "LPAD(`plain`, 3, '0')",
    "replace(name, 'é', 'e')": "REPLACE(`name`, 'é', 'e')",
    "regexp_extract(name, '([A-Za-z]+)[^a-z]*$', 1)": "REGEXP_EXTRACT(`name`, '([A-Za-z]+)[^a-z]*$')",
    "regexp_extract(plain, '[0-9]+')": "REGEXP_EXTRACT(`plain`, '[0-9]+', 0)",
    "sha256(name)": "SHA2(`name`, 256)",
    "year(moment)": "YEAR(`moment`)",
    "month(moment)": "MONTH(`moment`)",
    "day(moment)": "DAY(`moment`)",
    "hour(moment)": "HOUR(`moment`)",
    "minute(moment)": "MINUTE(`moment`)",
    "date_trunc('month', moment)": "DATE_TRUNC('MONTH', `moment`)",
    "date_diff('day', DATE '1970-01-05', CAST(moment AS DATE)) % 7 + 1":
        "DATEDIFF(DAY, CAST('1970-01-05' AS DATE), CAST(`moment` AS DATE)) % 7 + 1",
    "CASE WHEN flag THEN 1.0 WHEN NOT flag THEN fraction END": "CASE WHEN `flag` THEN 1.0D WHEN NOT `flag` THEN `fraction` END",
    "CAST(whole AS VARCHAR)": "CAST(`whole` AS STRING)",
    "CAST(moment AS DATE)": "CAST(`moment` AS DATE)",
    "CAST(whole AS DOUBLE) / 3": "CAST(`whole` AS DOUBLE) / 3",
    "whole / 2": "`whole` / 2",
    "whole % 3": "`whole` % 3",
    "whole > 0 AND flag": "`whole` > 0 AND `flag`",
    "name = 'it''s \\ it'": "`name` = 'it\\'s \\\\ it'",
    "day": "`day`",
    "moment": "`moment`",
    "raw": "`raw`",
}  # fmt: skip
AWKWARD = pa.table(
    {
        "id": pa.array(range(8), pa.int64()),
        "whole": pa.array([7, -7, 0, None, 3, -1, 2**40, 1], pa.int64()),
        "fraction": pa.array([0.5, -0.5, 1.5, 2.5, None, -2.25, 0.1 + 0.2, 1e6 + 0.05], pa.float64()),
        "name": ["Café Süd", "", None, "  x ", "it's \\ it", "ÉCOLE", "🚑 a", "a\u0301é"],
        "plain": ["ab12", "", None, "7", "abcd", "x-01", "A", "z"],
        "flag": [True, False, None, True, False, None, True, False],
        "day": pa.array([dt.date(2024, 2, 29), None, *[dt.date(1969, 12, 31)] * 6], pa.date32()),
        "moment": pa.array(
            [
                dt.datetime(2026, 10, 25, 1, 30), dt.datetime(2024, 2, 29, 23, 59, 59, 999999), None,
                dt.datetime(1969, 12, 31, 23, 0), dt.datetime(2025, 3, 30, 1, 30), *[dt.datetime(2025, 6, 1)] * 3,
            ],
            pa.timestamp("us"),
        ),
        "raw": pa.array([b"a", b"", None, b"\xff\x00", *[b"b"] * 4], pa.binary()),
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def engines(sail):
    both = (DuckDBEngine(), SparkEngine(sail))
    for engine in both:
        engine.load("awkward", AWKWARD)
    yield both
    for engine in both:
        engine.close()


def test_every_function_of_the_list_has_a_golden_case():
    called = set()
    for expression in GOLDEN:
        for node in sqlglot.parse_one(expression, read="duckdb").walk():
            if isinstance(node, exp.Func):
                name = function_name(node)
                called.add(SAME_AS.get(name, name))

    assert sorted(ALLOWED - called) == []


@pytest.mark.parametrize("expression", GOLDEN)
def test_an_expression_in_sparks_words(expression):
    assert spark_sql(f"SELECT {expression} AS x FROM t") == f"SELECT {GOLDEN[expression]} AS `x` FROM `t`"


@pytest.mark.parametrize("expression", GOLDEN)
def test_both_engines_give_the_same_values(engines, expression):
    ordered = " ORDER BY id" if aggregates_nothing(expression) else ""
    duckdb, sail = (engine.fetch(f"SELECT {expression} AS x FROM awkward{ordered}") for engine in engines)

    assert sail.column("x").to_pylist() == duckdb.column("x").to_pylist()
    assert duckdb.num_rows > 0


def aggregates_nothing(expression: str) -> bool:
    tree = sqlglot.parse_one(expression, read="duckdb")
    return isinstance(tree, exp.Window) or not list(tree.find_all(exp.AggFunc))


@pytest.mark.parametrize(
    "order", ["name, id", "name DESC, id", "flag, whole DESC, id", "fraction, id", "moment, id"]
)
def test_both_engines_order_alike_nulls_last(engines, order):
    duckdb, sail = (engine.fetch(f"SELECT id FROM awkward ORDER BY {order}") for engine in engines)

    assert sail.column("id").to_pylist() == duckdb.column("id").to_pylist()


@pytest.mark.parametrize("value", ["it's \\ $x :y é", "", 7, -(2**40), 0.1, True])
def test_both_engines_take_a_value_as_it_is(engines, value):
    duckdb, sail = (engine.fetch("SELECT $value AS x, $value AS y", {"value": value}) for engine in engines)

    assert sail.to_pylist() == duckdb.to_pylist() == [{"x": value, "y": value}]


def test_what_spark_has_no_word_for_is_refused_and_not_left_out():
    with pytest.raises(SqlglotError):
        spark_sql("SELECT regexp_extract(name, 'a', 1, 'i') AS letter FROM samples")
