"""What a partner may see: its rows of the released tables, found by what they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preventable.stages.packs.blocks import Cell, CellPart
from preventable.stages.packs.words import count_text, rate_text
from preventable.tables.versions import refuse_two_versions

_INDEXED = ("definition", "area_type", "period_type", "dimension", "measure")


@dataclass(frozen=True)
class Shown:
    """One released figure: the columns of `released` but the recipient."""

    figure: str
    definition: str
    definition_version: int
    source: str
    measure: str
    area_type: str
    area: str
    period_type: str
    period_start: str
    period_end: str
    dimension: str
    category: str
    value: float | None
    lower: float | None
    upper: float | None
    per: int | None
    value_note: str
    note: str

    @property
    def text(self) -> str:
        """The value, or the token that stands for it."""
        return self._number(self.value)

    @property
    def lower_text(self) -> str:
        """The lower limit, or the token."""
        return self._number(self.lower)

    @property
    def upper_text(self) -> str:
        """The upper limit, or the token."""
        return self._number(self.upper)

    def _number(self, value: float | None) -> str:
        if value is None:
            return self.value_note or "[z]"
        return count_text(value) if self.measure == "count" else rate_text(value)


class ShownFigures:
    """The figures of one partner."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take a partner's rows of `released`.

        Raises:
            VersionsDifferError: A definition has two versions among them: sentences would compare them.
        """
        rows = list(rows)
        refuse_two_versions("released", rows)
        self.all = tuple(
            sorted(
                (Shown(**{k: v for k, v in row.items() if k != "recipient"}) for row in rows), key=_by_name
            )
        )
        self._index: dict[tuple[str, ...], list[Shown]] = defaultdict(list)
        for figure in self.all:
            self._index[tuple(getattr(figure, name) for name in _INDEXED)].append(figure)

    def select(
        self,
        definition: str,
        area_type: str,
        period_type: str,
        *,
        dimension: str = "all",
        measure: str = "count",
        area: str = "",
        period_end: str = "",
    ) -> tuple[Shown, ...]:
        """Figures of one definition, level, period type and breakdown; of one area and period where named."""
        found = self._index.get((definition, area_type, period_type, dimension, measure), [])
        return tuple(
            figure
            for figure in found
            if (not area or figure.area == area) and (not period_end or figure.period_end == period_end)
        )

    def definitions(self) -> list[str]:
        """Definitions that occur, sorted."""
        return sorted({figure.definition for figure in self.all})


def _by_name(figure: Shown) -> str:
    return figure.figure


@dataclass(frozen=True)
class ShownEstimate:
    """One estimated share: the columns of `released_estimates` but the recipient."""

    figure: str
    estimate: str
    definition: str
    source: str
    area_type: str
    area: str
    breakdown: str
    category: str
    period_start: str
    period_end: str
    value: float | None
    lower: float | None
    upper: float | None
    lower_if_hidden: float | None
    value_note: str
    note: str

    @property
    def limits(self) -> tuple[float, float, float] | None:
        """Lower limit, value and upper limit; None where one is not told."""
        if self.value is None or self.lower is None or self.upper is None:
            return None
        return self.lower, self.value, self.upper

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Its value and its limits as cells."""
        return tuple(self.cell(part) for part in ("value", "lower", "upper"))

    def cell(self, part: CellPart) -> Cell:
        """One of its numbers as a cell, in per cent, or the token in its place."""
        share = getattr(self, part)
        if share is None:
            return Cell(self.value_note or "[z]", figure=self.figure, part=part, numeric=True)
        percent = round(100 * share)
        return Cell(count_text(percent), figure=self.figure, part=part, numeric=True, value=percent)


@dataclass(frozen=True)
class ShownSignal:
    """One line: the columns of `released_signals` but the recipient."""

    figure: str
    line: int
    definition: str
    source: str
    area_type: str
    area: str
    period_end: str
    verdict: str
    kind: str
    first_day: str
    last_day: str
    value: float | None
    usual_lower: float | None
    usual_upper: float | None
    note: str
    state: str

    def cell(self, part: CellPart) -> Cell:
        """One of its numbers as a cell."""
        number = getattr(self, part)
        return Cell(count_text(number), figure=self.figure, part=part, numeric=True, value=number)

    @property
    def judged(self) -> bool:
        """Whether the series could be judged."""
        return self.verdict in ("signal", "worth_watching", "none")


def estimates_of(rows: Iterable[Mapping[str, Any]], *, sources: Sequence[str]) -> tuple[ShownEstimate, ...]:
    """Rows of `released_estimates` as types: the district before the region, then in the order of the sources."""
    kept = [ShownEstimate(**{k: v for k, v in row.items() if k != "recipient"}) for row in rows]
    return tuple(sorted(kept, key=lambda one: _in_order(one, sources)))


def signals_of(rows: Iterable[Mapping[str, Any]], *, sources: Sequence[str]) -> tuple[ShownSignal, ...]:
    """Rows of `released_signals` as types, lines first, in their order; then in the order of the sources."""
    kept = [ShownSignal(**{k: v for k, v in row.items() if k != "recipient"}) for row in rows]
    return tuple(sorted(kept, key=lambda one: (one.line == 0, one.line, _in_order(one, sources))))


def _in_order(one: ShownEstimate | ShownSignal, sources: Sequence[str]) -> tuple[str, int, str]:
    return one.area_type, sources.index(one.source), one.figure
