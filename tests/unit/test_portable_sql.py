"""SQL of the stages keeps to the portable subset: the same answer on DuckDB, Spark and Sail."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from portable_sql import filled, portability_faults
from repository import PACKAGE

SQL_FILES = sorted((PACKAGE / "stages").rglob("*.sql"))
STAGE_MODULES = sorted((PACKAGE / "stages").rglob("*.py"))


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_sql_keeps_to_the_portable_subset(path):
    assert portability_faults(filled(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_sql_begins_with_a_comment_that_says_what_it_gives(path):
    assert path.read_text(encoding="utf-8").lstrip().startswith("--")


def test_a_session_is_in_utc_wherever_the_machine_stands():
    zone = "from preventable.engine.duckdb import DuckDBEngine as E; print(E().fetch(\"SELECT current_setting('TimeZone') AS z\")[0][0])"

    said = subprocess.run(
        [sys.executable, "-c", zone],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TZ": "Asia/Tokyo"},
    ).stdout

    assert said == "UTC\n"


def test_there_is_sql_to_look_at():
    assert SQL_FILES


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT list_sum(x) FROM t",
        "SELECT hash(x) FROM t",
        "SELECT [1, 2]",
        "SELECT {'a': 1}",
        "SELECT array_length(list_filter(x, y -> y > 1)) FROM t",
        "PIVOT t ON a USING sum(b)",
        "SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1",
        "SELECT a FROM t ASOF JOIN u ON t.a >= u.a",
        "SELECT regexp_matches(a, 'x') FROM t",
        "SELECT levenshtein(a, b) FROM t",
        "SELECT regexp_extract(a, '\\w+') FROM t",
        "SELECT now()",
        "SELECT CAST(a / 3 AS BIGINT) FROM t",
        "SELECT CAST(easting_m AS BIGINT) FROM t",
        "SELECT CAST(2.5 AS INTEGER)",
        "SELECT a FROM t WHERE (",
        "SELECT unnest(a) FROM t",
        "SELECT isodow(a) FROM t",
        "SELECT dayofweek(a) FROM t",
        "SELECT date_diff('day', a, b) FROM t",
        "SELECT regexp_replace(a, 'x', 'y') FROM t",
        "SELECT r.a FROM records r JOIN records s ON r.a < s.a",
        "WITH u AS (SELECT 1) SELECT r.a FROM t r, t s WHERE r.a = s.a",
    ],
)
def test_guard_of_sql_finds_what_is_forbidden(sql):
    assert portability_faults(sql) != []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a, count(*) AS n FROM t WHERE a > $limit AND b IS NOT NULL GROUP BY a",
        "SELECT CAST(floor(easting_m / 100) AS BIGINT) FROM t",
        "SELECT row_number() OVER (PARTITION BY a ORDER BY b, c) AS rank FROM t",
        "WITH u AS (SELECT a FROM t) SELECT coalesce(u.a, '') FROM u LEFT JOIN v ON u.a = v.a",
        "SELECT CASE WHEN a THEN 1 ELSE 0 END FROM t",
        "SELECT CAST(sum(n) AS BIGINT) FROM t",
        "SELECT l.a FROM records_slice l JOIN records_slice r ON l.a < r.a",
        "SELECT date_diff('day', DATE '1970-01-05', CAST(a AS DATE)) % 7 + 1 FROM t",
        "SELECT CAST(CASE WHEN a < 8 THEN 0 ELSE round(a / 5) * 5 END AS BIGINT) FROM t",
    ],
)
def test_guard_of_sql_lets_plain_sql_pass(sql):
    assert portability_faults(sql) == []


def sql_in_python(path: Path) -> list[str]:
    """Texts of a module that begin as a query; what is put into them stands as the word `part`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        pieces = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(
            str(piece.value) if isinstance(piece, ast.Constant) else "part"
            for piece in pieces
            if isinstance(piece, ast.Constant | ast.FormattedValue)
        )
        if text.lstrip().startswith(("SELECT ", "SELECT\n", "WITH ")):
            found.append(text)
    return found


@pytest.mark.parametrize("path", STAGE_MODULES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_sql_built_in_python_keeps_to_the_portable_subset(path):
    faults = [fault for sql in sql_in_python(path) for fault in portability_faults(sql)]

    # A text with a part put in need not parse alone; what does parse is held to the subset.
    assert [fault for fault in faults if not fault.startswith("does not parse")] == []
