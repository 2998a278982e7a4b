"""What the supplier's report of a large file costs, beside the same lines written one by one by Python's csv.

    .venv/bin/python benchmarks/supplier_report.py 1000000

Rows and findings are drawn, with shares as in ordinary months: 1 row in 50 is held, 1 in 5 has a text that tells no
place.
"""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from preventable.intake.reports import (
    FINDINGS,
    PROBLEMS,
    RESULTS,
    ROWS,
    CheckReport,
    FileReport,
    RowsJudged,
    receipt_id,
)
from preventable.intake.supplier_report.contents import SupplierReport, supplier_reports
from preventable.intake.supplier_report.page import render_page
from preventable.intake.supplier_report.rows import render_rows
from preventable.stages.packs.csvw import safe_text

PATH, SEED = "a.csv", 1
SHARES_OF_RULES = {"V04": ("error", 0.02), "V05": ("warning", 0.08), "V10": ("warning", 0.1)}
SHARES_OF_PROBLEMS = {
    ("Place", "generic_text"): 0.2,
    ("Age", "not_a_number"): 0.02,
    ("Method", "unknown_code"): 0.01,
}


def drawn(rows: int) -> CheckReport:
    """A report as `check` makes it, of drawn rows."""
    draw = np.random.default_rng(SEED)
    numbers = np.arange(2, rows + 2)
    found = {rule: numbers[draw.random(rows) < share] for rule, (_, share) in SHARES_OF_RULES.items()}
    met = {which: numbers[draw.random(rows) < share] for which, share in SHARES_OF_PROBLEMS.items()}
    held = np.isin(numbers, found["V04"])
    judged = RowsJudged(
        pa.concat_tables(
            _table(PROBLEMS, row_number=at, field=column.lower(), column=column, problem=problem)
            for (column, problem), at in met.items()
        ),
        pa.concat_tables(
            _table(FINDINGS, row_number=at, rule=rule, level=SHARES_OF_RULES[rule][0])
            for rule, at in found.items()
        ),
        _table(
            ROWS,
            row_number=numbers,
            content_hash=[f"{number:064x}" for number in numbers],
            outcome=np.where(held, "quarantined", "accepted").tolist(),
            standing=True,
        ),
        RESULTS.empty_table(),
    )
    file = FileReport(PATH, "ed-example", "2025-01", rows, "loaded", receipt=receipt_id("0" * 64, ""))
    return CheckReport((file,), judged, beside_earlier=True)


def _table(schema: pa.Schema, **columns: Any) -> pa.Table:
    """A table of one file; what is no column is the same in every row."""
    length = len(columns["row_number"])
    full = {
        name: value if isinstance(value, list | np.ndarray) else [value] * length
        for name, value in {"path": PATH, **columns}.items()
    }
    return pa.table(full, schema=schema)


def one_by_one(report: SupplierReport) -> bytes:
    """The obvious way: a look at each task for each row, each line written by csv."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["row", "what_we_would_do", "found_by", "columns", "why", "what_to_mend"])
    tasks = [(task, set(task.rows)) for task in report.tasks]
    words = {"accepted": "accepted", "quarantined": "held in quarantine"}
    for row in report.rows.select(["row_number", "outcome"]).to_pylist():
        own = [task for task, rows in tasks if row["row_number"] in rows]
        why = [f"{task.column}: {task.said}" if task.column else task.said for task in own]
        cells = [
            words[row["outcome"]],
            " ".join(dict.fromkeys(task.rule for task in own if task.rule)),
            "; ".join(dict.fromkeys(task.column for task in own if task.column)),
            " ".join(dict.fromkeys(one if one.endswith(".") else f"{one}." for one in why)),
            " ".join(dict.fromkeys(task.mend for task in own)),
        ]
        writer.writerow([str(row["row_number"]), *map(safe_text, cells)])
    return text.getvalue().encode("utf-8-sig")


def timed(what: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and its processor seconds."""
    began = time.process_time()
    return what(), time.process_time() - began


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    checked = drawn(rows)
    (report,), contents = timed(lambda: supplier_reports(checked))
    lines, csv_seconds = timed(lambda: render_rows(report))
    page, page_seconds = timed(lambda: render_page(report, table="rows.csv"))
    plain, plain_seconds = timed(lambda: one_by_one(report))
    print(
        f"{rows:,} rows, {len(report.tasks)} tasks; CSV {len(lines) / 1e6:,.0f} MB, page {len(page) / 1e3:,.0f} kB"
    )
    print(f"processor: contents {contents:.2f} s, CSV {csv_seconds:.2f} s, page {page_seconds:.2f} s")
    print(f"line by line: {plain_seconds:.2f} s, {plain_seconds / csv_seconds:.1f} times as long")
    print(f"the same bytes: {lines == plain}")


if __name__ == "__main__":
    main()
