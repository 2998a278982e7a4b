"""Control totals of a sheet: sums by which a reader sees that it read what was written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from preventable.stages.sources.rules_files import rules_file
from preventable.stages.sources.sheet import Sheet

#: Kinds of total, in the order in which a column is tried.
KINDS = ("number", "date")
_NO_FIGURE = re.compile(r"[^0-9]")
#: What `total` needs: figures of ASCII alone, so that each reader of a file makes the same of it.
_AS_WRITTEN = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,9})?")


@dataclass(frozen=True)
class ControlTotal:
    """The total of one column.

    Attributes:
        kind: `number`: the sum of its cells. `date`: the sum of the numbers that the figures of each cell make.
        cells: How many cells are filled.
        total: The exact sum, as a decimal number without needless zeros.
    """

    kind: str
    cells: int
    total: str

    @property
    def is_sound(self) -> bool:
        """Whether it can be what it says."""
        return self.kind in KINDS and self.cells > 0 and _AS_WRITTEN.fullmatch(self.total) is not None


def control_totals(sheet: Sheet) -> dict[str, ControlTotal]:
    """The total of every column of numbers or dates that has cells enough; columns that share a name have none.

    Example:
        >>> sheet = Sheet(("Age", "Name"), tuple((str(age), "x") for age in range(20, 28)), tuple(range(2, 10)))
        >>> control_totals(sheet)
        {'Age': ControlTotal(kind='number', cells=8, total='188')}
    """
    found = {}
    for name, cells in _columns(sheet).items():
        total = next((one for kind in KINDS if (one := _total(cells, kind))), None)
        if total is not None and total.cells >= rules_file("manifests")["control_totals"]["fewest_cells"]:
            found[name] = total
    return found


def columns_that_differ(totals: Mapping[str, ControlTotal], sheet: Sheet) -> list[str]:
    """Columns of a sheet whose total is not the one told, by name; all that are told must be in the sheet."""
    columns = _columns(sheet)
    return sorted(
        name
        for name, told in totals.items()
        if name not in columns or _total(columns[name], told.kind) != told
    )


def _columns(sheet: Sheet) -> dict[str, Sequence[str]]:
    named = list(zip(sheet.header, sheet.columns, strict=True))
    return {name: column.to_pylist() for name, column in named if sheet.header.count(name) == 1}


def _total(cells: Sequence[str], kind: str) -> ControlTotal | None:
    """The total of some cells as one kind; None where a filled one is of another, or none is filled."""
    filled = [text for cell in cells if (text := cell.strip())]
    form = re.compile(rules_file("manifests")["control_totals"][kind])
    if not filled or not all(map(form.fullmatch, filled)):
        return None
    if kind == "date":
        return ControlTotal(kind, len(filled), str(sum(int(_NO_FIGURE.sub("", text)) for text in filled)))
    return ControlTotal(kind, len(filled), _plain(sum(map(Decimal, filled), Decimal(0))))


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
