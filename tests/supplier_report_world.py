"""Invented files of one supplier, one for each thing that can become of a file, submitted and reported on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from small_home import ED, HEADERS, month_rows, small_home, small_policy, write_file

from preventable.intake import submit as intake
from preventable.intake.edge import make_manifest
from preventable.intake.reports import FINDINGS, PROBLEMS, RESULTS, ROWS, FileReport, RowsJudged
from preventable.intake.supplier_report.contents import SupplierReport, supplier_reports
from preventable.intake.supplier_report.write import write_reports
from preventable.store.home import Home

SECRET = "SECRET-VALUE"
FAULTY, CLEAN, CHANGED = "faulty.csv", "clean.csv", "changed.csv"


def faulty_rows() -> list[list[str]]:
    """Twelve rows: one without a number that can be read (3), without a time (4), with a code unknown (5), sent twice (13)."""
    rows = month_rows(ED, "2025-01", rows=11)
    rows[1][HEADERS[ED].index("Ver")] = SECRET
    rows[2][HEADERS[ED].index("Arrival")] = SECRET
    rows[3][HEADERS[ED].index("Method")] = SECRET
    return [*rows, rows[6]]


def judged_by_hand(
    problems: Iterable[Mapping[str, Any]] = (),
    findings: Iterable[Mapping[str, Any]] = (),
    rows: Iterable[Mapping[str, Any]] = (),
    results: Iterable[Mapping[str, Any]] = (),
) -> RowsJudged:
    """What rules found, of lines that a test makes."""
    tables = zip((problems, findings, rows, results), (PROBLEMS, FINDINGS, ROWS, RESULTS), strict=True)
    return RowsJudged(*(pa.Table.from_pylist(list(lines), schema=schema) for lines, schema in tables))


def write_sent(folder: Path) -> Path:
    """Three files of one supplier: one in part, one whole, one with a column renamed."""
    sent = folder / "sent" / ED
    write_file(sent / FAULTY, ED, faulty_rows())
    write_file(sent / CLEAN, ED, month_rows(ED, "2025-02"))
    changed = write_file(sent / CHANGED, ED, month_rows(ED, "2025-03"))
    changed.write_text(changed.read_text(encoding="utf-8").replace("Arrival", "Arrived"), encoding="utf-8")
    return sent.parent


def submitted(home: Home, path: Path) -> intake.SubmitReport:
    """What submitting did, with a look at the rows."""
    return intake.submit(home, path, policy=small_policy(), with_rows=True)


def report_on(home: Home, path: Path) -> SupplierReport:
    """The one report on a file that is submitted."""
    (report,) = supplier_reports(submitted(home, path))
    return report


def pages_of(folder: Path) -> dict[str, Path]:
    """Verdict, or index -> a page: of the three files, of one held, of one that waits for the partnership, of a month with
    nothing to send (nil) and of a file sent again (again).
    """
    home, sent = small_home(folder), write_sent(folder)
    report = submitted(home, sent)
    (refused,) = (file for file in report.files if file.refusal)
    held, waits = (with_number(refused, number) for number in ("Q440", "Q402"))
    found = {}
    for turn, files in enumerate((report.files, (held,), (waits,))):
        out = folder / str(turn)
        one = replace(report, files=files)
        write_reports(one, out)
        for made in supplier_reports(one):
            (page,) = out.glob(f"*{made.receipt}*.html")
            found.setdefault(made.verdict if files is report.files else made.refusal.number, page)
    for name, sent in (("nil", _nil(folder)), ("again", folder / "sent" / ED / FAULTY)):
        write_reports(submitted(home, sent), folder / name)
        (found[name],) = (page for page in (folder / name).glob("*.html") if page.name != "index.html")
    return found | {"index": folder / "0" / "index.html"}


def _nil(folder: Path) -> Path:
    """A file without rows, and the manifest that says so."""
    path = write_file(folder / "nil" / "sent" / ED / "nil.csv", ED, [])
    make_manifest(path, provider=ED, period="2025-05", policy=small_policy(), nil=True)
    return path


def with_number(file: FileReport, number: str) -> FileReport:
    """A refused file as if it had been refused with another number."""
    return replace(file, refusal=replace(file.refusal, number=number))
