"""A report as one HTML page, and the page that leads to several: no script, no outside reference."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import jinja2

from preventable.intake.supplier_report.contents import SupplierReport, Task
from preventable.intake.supplier_report.words import word, words
from preventable.stages.packs.html import page_environment, page_style
from preventable.stages.packs.words import language


def render_page(report: SupplierReport, *, table: str) -> bytes:
    """The page in UTF-8; `table` is the name of its CSV, which lies beside it."""
    # Where something of a content is to mend, that is the news; that it came again is told in a section of its own.
    told = report.stands if report.came_again else report.verdict
    page = (
        _environment()
        .get_template("report.html.jinja")
        .render(
            report=report,
            table=table,
            title=word("verdict", told, "title" if report.submitted else "would"),
            means=word("verdict", told, "means"),
            **_frame(invented=report.invented),
        )
    )
    return page.encode("utf-8")


def render_index(reports: Sequence[tuple[str, SupplierReport]]) -> bytes:
    """The page that leads to several reports, each with the stem of its files."""
    frame = _frame(invented=any(report.invented for _stem, report in reports))
    return _environment().get_template("reports.html.jinja").render(reports=reports, **frame).encode("utf-8")


def _frame(*, invented: bool) -> dict[str, object]:
    return {
        "language": language(),
        "classification": word("classification"),
        "invented": word("invented") if invented else "",
        "style": page_style(_resource("style.css")),
    }


@cache
def _environment() -> jinja2.Environment:
    environment = page_environment(lambda name: _resource(f"templates/{name}"))
    environment.globals["word"] = word
    environment.filters["row_numbers"] = _row_numbers
    return environment


def _resource(name: str) -> str:
    return (files(str(__package__)) / name).read_text(encoding="utf-8")


def _row_numbers(task: Task) -> str:
    """Row numbers as they stand on the page: the first few, and how many more."""
    shown = ", ".join(map(str, task.rows[: words()["rows_on_page"]]))
    more = len(task.rows) - words()["rows_on_page"]
    return f"{shown} and {more:,} more" if more > 0 else shown
