"""What a table leaves out, and what it says of it."""

from __future__ import annotations

from preventable.stages.packs.shown import Shown
from preventable.stages.packs.trimming import Trimmed, trimmed


def figure(text: str) -> Shown:
    value = float(text) if text.isdigit() else None
    name = "d.v1/district/XD01/month/2025-12/all/all/count"
    where = ("district", "XD01", "month", "2025-12", "2025-12", "all", "all")
    note = "" if text.isdigit() else text
    return Shown(name, "d", 1, "ed", "count", *where, value, None, None, None, note, "")


def cut(found: dict[str, dict[str, str]], rows: str = "pq", unknown: str = "") -> Trimmed:
    figures = {column: {row: figure(text) for row, text in cells.items()} for column, cells in found.items()}
    return trimmed(figures, list(rows), column_name=str.upper, row_name=str.upper, unknown=unknown)


def test_a_table_that_shows_something_everywhere_stays_whole():
    found = cut({"a": {"p": "10", "q": "[c]"}, "b": {"p": "[x]", "q": "20"}})

    assert found == Trimmed(("a", "b"), ("p", "q"), ())


def test_a_column_of_tokens_is_left_out_and_named():
    found = cut({"a": {"p": "10", "q": "20"}, "b": {"p": "[x]", "q": "[c]"}})

    assert found.columns == ("a",)
    assert found.remarks == ("Left out, [c] or [x] throughout: B.",)


def test_a_row_of_tokens_is_left_out_and_named():
    found = cut({"a": {"p": "10", "q": "[c]", "r": "[c]"}, "b": {"p": "15"}}, rows="pqr")

    assert found.rows == ("p",)
    assert found.remarks == ("Left out, [c] or [z] throughout: Q; R.",)


def test_a_column_that_knows_nothing_is_left_out():
    found = cut({"a": {"p": "10", "u": "15"}, "b": {"p": "[c]", "u": "900"}}, rows="pu", unknown="u")

    assert found.columns == ("a",)
    assert found.rows == ("p", "u")
    assert found.remarks == ("Left out, not known or [c] throughout: B.",)


def test_where_nothing_is_shown_nothing_is_left():
    found = cut({"a": {"p": "[c]", "q": "[c]"}})

    assert found.columns == found.rows == ()
