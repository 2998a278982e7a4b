"""Whether a sheet's own XML says plainly which cell stands where, and whether it hides some.

openpyxl passes over a row whose number does not rise, cuts a row off at the cell that stands last in the file,
and gives the value of merged cells to the first of them alone. None of it is an error to it, all of it is a loss.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO
from xml.etree.ElementTree import Element, ParseError, iterparse

from openpyxl.utils import column_index_from_string

_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_CELL_TYPES = frozenset({"b", "d", "e", "inlineStr", "n", "s", "str"})


@dataclass(frozen=True)
class SheetLook:
    """What a sheet's XML tells before it is read.

    Attributes:
        fault: What is wrong with its order, in words without a value of the file; empty where nothing is.
        row: The row where it is, 0 where none can be named.
        hides: Whether a column or row is hidden.
    """

    fault: str = ""
    row: int = 0
    hides: bool = False


def look_at_sheet(sheet_xml: IO[bytes]) -> SheetLook:
    """Go through a worksheet's part, which is known to declare no document type."""
    row = column = 0
    hides = False
    try:
        for event, element in iterparse(sheet_xml, events=("start", "end")):
            name = element.tag.rpartition("}")[2]
            if event == "end":
                if name == "c":
                    _refuse_text_counted_from_the_end(element)
                if name in ("c", "row"):
                    element.clear()
                continue
            hides = hides or (name in ("col", "row") and element.get("hidden") in ("1", "true"))
            if name == "row":
                following = _row_number(element, row)
                if following <= row:
                    return SheetLook("its rows do not stand in the order of their numbers", following)
                row, column = following, 0
            elif name == "c":
                following = _column(element, row, column)
                if following <= column:
                    return SheetLook("the cells of a row do not stand in the order of their columns", row)
                column = following
            elif name == "mergeCell":
                return SheetLook("it has merged cells, so that one value may stand for several rows")
    except (ParseError, ValueError):
        return SheetLook("a row or cell does not say where it stands", row)
    return SheetLook(hides=hides)


def _refuse_text_counted_from_the_end(cell: Element) -> None:
    """The reader takes a cell's text from a list by its place, and a place below 0 for one from the end."""
    place = cell.findtext("{*}v") if cell.get("t") == "s" else None
    if place is not None and not place.strip().isdecimal():
        raise ValueError


def _row_number(element: Element, row: int) -> int:
    """Number of a row as the reader takes it: its own, else the next."""
    said = element.get("r")
    return row + 1 if said is None else int(said)


def _column(element: Element, row: int, column: int) -> int:
    """Column of a cell as the reader takes it: its own, else the next."""
    if element.get("t", "n") not in _CELL_TYPES:
        raise ValueError
    said = element.get("r")
    if said is None:
        return column + 1
    place = _PLACE.fullmatch(said)
    if not place or int(place[2]) != row:
        raise ValueError
    return column_index_from_string(place[1])
