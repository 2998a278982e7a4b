"""The month a file is about: told by its period columns, else by its records."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from preventable.counted import counted
from preventable.errors import NoPeriodError
from preventable.stages.sources.mapping import SupplierMapping
from preventable.stages.sources.rules_files import rules_file
from preventable.stages.sources.sheet import Sheet
from preventable.stages.sources.times import Stamps, read_date, tells_day


@dataclass(frozen=True)
class Period:
    """Period of a file: its month as YYYY-MM, and whether what it says of itself is a part of that month alone."""

    month: str
    is_part: bool = False


def period_of_file(
    sheet: Sheet,
    mapping: SupplierMapping,
    contact: Stamps,
    *,
    spans_months: bool,
    nil_month: str = "",
    where: str,
) -> Period:
    """The month. A list of several months (a school term) belongs to the month it ends in.

    Args:
        sheet: The file.
        mapping: Says where its period stands.
        contact: Times of contact, which tell the period where no column does.
        spans_months: Whether the period may lie in several months, as that of a list may.
        nil_month: Month of which the file's manifest says that there was nothing to send.
        where: File, for errors.

    Raises:
        NoPeriodError: There is no row and no manifest that says so, the period columns differ or are no dates, a
            period of records does not lie in one month, or records without period columns do not.
    """
    if not sheet.rows:
        if nil_month:
            return Period(nil_month)
        raise NoPeriodError(where, "it has a header and no rows, and no manifest says that there were none")
    if not mapping.period_columns:
        return Period(_month_of_records(contact, where))
    days = [_only_date(sheet, mapping, header, where) for header in mapping.period_columns]
    start, end = days[0], days[-1]
    if end < start:
        raise NoPeriodError(where, "the reporting period ends before it starts")
    if not spans_months and (start.year, start.month) != (end.year, end.month):
        raise NoPeriodError(where, "the reporting period does not lie in one calendar month")
    tells_days = len(set(mapping.period_columns)) > 1 and tells_day(mapping.period_format)
    is_part = tells_days and not spans_months and not _is_whole(start, end)
    return Period(f"{end.year:04d}-{end.month:02d}", is_part)


def _is_whole(start: dt.date, end: dt.date) -> bool:
    """Whether a period is its whole calendar month, or as long as those that are sent so on purpose."""
    last = calendar.monthrange(end.year, end.month)[1]
    return (start.day, end.day) == (1, last) or (end - start).days + 1 in rules_file("reading")[
        "whole_periods_days"
    ]


def _only_date(sheet: Sheet, mapping: SupplierMapping, header: str, where: str) -> dt.date:
    at = sheet.header.index(header)
    whole = np.ones(len(sheet.rows), bool)
    whole[list(sheet.short_rows)] = False
    texts = {text.strip() for text in sheet.columns[at].filter(pa.array(whole)).unique().to_pylist()}
    if len(texts) != 1:
        raise NoPeriodError(
            where, f"the column '{header}' has {len(texts)} values, it needs one for all rows"
        )
    day = read_date(next(iter(texts)), mapping.period_format, sheet=sheet.has_typed_cells)
    if day is None:
        raise NoPeriodError(where, f"the column '{header}' is no date of the form that the mapping gives")
    return day


def _month_of_records(contact: Stamps, where: str) -> str:
    """The month in which nearly all records lie; that of the others is for the rules on rows."""
    months, rows = np.unique(
        contact.local[~np.isnat(contact.local)].astype("datetime64[M]"), return_counts=True
    )
    if not len(months) or 100 * rows.max() < rules_file("reading")["least_percent_in_month"] * rows.sum():
        found = f"its records lie in {counted(len(months), 'month')}, a file without period columns needs one"
        raise NoPeriodError(where, found)
    return str(months[rows.argmax()])
