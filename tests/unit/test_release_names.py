"""The name of a release: another one where anything that is told is another."""

from __future__ import annotations

import pyarrow as pa
import pytest
from figures_world import session

from preventable.stages.disclosure.stage import _register
from preventable.tables import TABLES

TOLD = ("released", "released_estimates", "released_signals", "released_gaps")
#: Columns that the name of a figure is made of; the guard of figures holds it to them.
NAMED = {"definition", "definition_version", "measure", "area_type", "area", "period_type", "period_end", "dimension"} | {
    "category"
}  # fmt: skip
COLUMNS = [
    (table, column.name)
    for table in TOLD
    for column in TABLES[table].columns
    if table != "released" or column.name not in NAMED
]


def row_of(table, changed=""):
    """A row of a table, one of its columns with another value."""
    values = {"text": ("a", "b"), "number": (0.25, 0.5), "integer": (1, 2)}
    return {column.name: values[column.type][column.name == changed] for column in TABLES[table].columns}


def release(of="", changed=""):
    """Name of the release of one row of each table."""
    tables = {
        name: pa.Table.from_pylist(
            [row_of(name, changed if name == of else "")], schema=TABLES[name].arrow_schema()
        )
        for name in TOLD
    }
    engine = session(tables)
    _register(engine, "2025-12")
    registered = TABLES["release_register"].conform(engine.table("release_register"))
    assert registered.num_rows == len(TOLD)
    return registered.column("release")[0].as_py()


def test_a_release_has_one_name_whenever_the_same_is_told():
    assert release() == release()
    assert release().startswith("2025-12-")


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_release_has_another_name_where_a_column_is_another(table, column):
    assert release(table, column) != release()
