"""The month a file is about: told by its period columns, else by its records."""

from __future__ import annotations

import datetime as dt

import numpy as np

from preventable.errors import NoPeriodError
from preventable.stages.sources.mapping import SupplierMapping
from preventable.stages.sources.sheet import Sheet
from preventable.stages.sources.times import Stamps, read_date


def month_of_file(
    sheet: Sheet, mapping: SupplierMapping, contact: Stamps, *, spans_months: bool, where: str
) -> str:
    """The month as YYYY-MM. A list of several months (a school term) belongs to the month it ends in.

    Args:
        sheet: The file.
        mapping: Says where its period stands.
        contact: Times of contact, which tell the period where no column does.
        spans_months: Whether the period may lie in several months, as that of a list may.
        where: File, for errors.

    Raises:
        NoPeriodError: There is no row, the period columns differ or are no dates, a period of records
            does not lie in one month, or records without period columns do not.
    """
    if not sheet.rows:
        raise NoPeriodError(where, "it has a header and no rows")
    if not mapping.period_columns:
        return _month_of_records(contact, where)
    days = [_only_date(sheet, mapping, header, where) for header in mapping.period_columns]
    start, end = days[0], days[-1]
    if end < start:
        raise NoPeriodError(where, "the reporting period ends before it starts")
    if not spans_months and (start.year, start.month) != (end.year, end.month):
        raise NoPeriodError(where, "the reporting period does not lie in one calendar month")
    return f"{end.year:04d}-{end.month:02d}"


def _only_date(sheet: Sheet, mapping: SupplierMapping, header: str, where: str) -> dt.date:
    at = sheet.header.index(header)
    texts = {row[at].strip() for row in sheet.rows}
    if len(texts) != 1:
        raise NoPeriodError(
            where, f"the column '{header}' has {len(texts)} values, it needs one for all rows"
        )
    day = read_date(next(iter(texts)), mapping.period_format, sheet=mapping.file.format == "xlsx")
    if day is None:
        raise NoPeriodError(where, f"the column '{header}' is no date of the form that the mapping gives")
    return day


def _month_of_records(contact: Stamps, where: str) -> str:
    months = np.unique(contact.local[~np.isnat(contact.local)].astype("datetime64[M]"))
    if len(months) != 1:
        found = f"its records lie in {len(months)} months, a file without period columns needs one"
        raise NoPeriodError(where, found)
    return str(months[0])
