"""Reports for suppliers, written into a folder."""

from __future__ import annotations

from pathlib import Path

from preventable.counted import counted
from preventable.intake.reports import CheckReport, SubmitReport
from preventable.intake.supplier_report.contents import SupplierReport, supplier_reports
from preventable.intake.supplier_report.page import render_index, render_page
from preventable.intake.supplier_report.rows import render_rows
from preventable.store.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_folders, write_files


def write_reports(report: CheckReport | SubmitReport, folder: Path) -> str:
    """Write a page and a CSV for each content that was checked or submitted, and a page that leads to them.

    The same files in the same home give the same bytes. What stands in the folder under the same names is replaced.

    Args:
        report: What `intake.check` said, or `intake.submit` asked `with_rows`.
        folder: Made where there is none; readable by its owner alone.

    Returns:
        A line for the terminal that tells where they are.
    """
    made = [(_stem(one), one) for one in supplier_reports(report)]
    contents = {"index.html": render_index(made)}
    for stem, one in made:
        contents[f"{stem}.html"] = render_page(one, table=f"{stem}.csv")
        contents[f"{stem}.csv"] = render_rows(one)
    make_folders(folder.absolute(), PRIVATE_FOLDER)
    write_files(folder.absolute(), contents, PRIVATE_FILE)
    if len(made) == 1:
        return f"Report for the supplier: {folder / made[0][0]}.html, and row by row .csv"
    return f"{counted(len(made), 'report')} for suppliers; one page leads to them: {folder / 'index.html'}"


def _stem(report: SupplierReport) -> str:
    """Name of a report's files: nothing of the file's own name, which may say anything."""
    refused = f"-{report.refusal.number}" if report.refusal else ""
    return f"{report.provider}-{report.month or 'no-month'}-{report.receipt}{refused}"
