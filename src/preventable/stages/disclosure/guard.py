"""The last look before anything leaves: every released cell worked out again, and refused on any difference.

It takes nothing from the way the cells were made: counts come from the exact table by whole-number
arithmetic, rates and shares from the counts so shown, grants and scope from the policy, and no category of
a breakdown may be missing (a gap would tell a small count from another).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from preventable import methods
from preventable.errors import ReleaseRefusedError
from preventable.stages.disclosure.cells import Cell
from preventable.stages.disclosure.rates import ShownTables, bases_by_area
from preventable.stages.disclosure.rule import ReleaseRule

#: Recipient, its district, definition, area type, period type, dimension, measure.
PartnerGrant = tuple[str, str, str, str, str, str, str]
_GRANTED = ("recipient", "definition", "area_type", "period_type", "dimension", "measure")
_BREAKDOWN = ("definition", "area_type", "area", "period_type", "period_end", "dimension")
_CELL = ("value", "lower", "upper", "per", "value_note", "note")
_CLOSE = 1e-12
_MILLION = 1_000_000


def check_release(
    released: pa.Table,
    exact: pa.Table,
    bases: pa.Table,
    *,
    shares: pa.Table,
    rule: ReleaseRule,
    grants: Iterable[PartnerGrant],
    districts: Mapping[tuple[str, str], str],
) -> None:
    """Refuse a release with a cell that the rule, the grants or the scope do not give.

    Args:
        released: Table `released` as it would leave.
        exact: Table `indicator_values`.
        bases: Table `population_bases`.
        shares: Table `venue_shares`.
        rule: Release rule.
        grants: What each partner may receive.
        districts: District of each (area type, area).

    Raises:
        ReleaseRefusedError: A cell differs from the one worked out again, is not granted, lies outside its
            recipient's scope, or a category of a released breakdown is missing. Names the figure, no value.
    """
    _check_names(released)
    _check_scope(released, {(grant[0], *grant[2:]): grant[1] for grant in grants}, districts)
    _check_cells(released, exact, bases, dict(_rows(shares, ("figure", "millionths"))), rule)
    _check_whole(released, exact)


def _check_names(released: pa.Table) -> None:
    """Each figure's name says what its columns say: what is checked by name is what the recipient reads."""
    version = pc.cast(released.column("definition_version"), pa.string())
    definition = pc.binary_join_element_wise(released.column("definition"), version, ".v")
    category = pc.replace_substring(released.column("category"), " ", "_")
    columns = [
        released.column(name) for name in ("area_type", "area", "period_type", "period_end", "dimension")
    ]
    names = pc.binary_join_element_wise(definition, *columns, category, released.column("measure"), "/")
    faults = released.filter(pc.fill_null(pc.not_equal(names, released.column("figure")), True))
    if faults.num_rows:
        raise ReleaseRefusedError(faults.column("figure")[0].as_py(), "its name is not that of its columns")


def _check_scope(
    released: pa.Table, granted: Mapping[tuple[str, ...], str], districts: Mapping[tuple[str, str], str]
) -> None:
    """Each row is granted to its recipient, and lies in the region or in the recipient's own district."""
    kinds = released.group_by([*_GRANTED, "area"]).aggregate([("figure", "min")])
    for *kind, area, figure in _rows(kinds, (*_GRANTED, "area", "figure_min")):
        district = granted.get(tuple(kind))
        area_type = kind[_GRANTED.index("area_type")]
        if district is None:
            raise ReleaseRefusedError(figure, "its recipient has no grant for it")
        if area_type != "region" and districts.get((area_type, area)) != district:
            raise ReleaseRefusedError(figure, "it lies outside its recipient's district")


def _check_cells(
    released: pa.Table, exact: pa.Table, bases: pa.Table, shares: Mapping[str, int], rule: ReleaseRule
) -> None:
    """Each distinct cell is what the rule gives; two recipients never see one figure differently."""
    shown = shown_counts(exact, shares, rule)
    tables = ShownTables(shown, bases_by_area(bases.to_pylist()), rule)
    cells = released.group_by(["figure", "measure", *_CELL]).aggregate([])
    for figure, measure, *cell in _rows(cells, ("figure", "measure", *_CELL)):
        stem, _, ending = figure.rpartition("/")
        if stem not in shown or ending != measure:
            raise ReleaseRefusedError(figure, "it has no exact count behind it")
        per = rule.per if measure.endswith("rate") else None
        if not _same(cell, tables.compute(stem, measure), per):
            raise ReleaseRefusedError(figure, "it is not what its shown counts give")


def shown_counts(exact: pa.Table, shares: Mapping[str, int], rule: ReleaseRule) -> dict[str, Cell]:
    """The rule for counts once more, by figure without its measure.

    Args:
        exact: Table `indicator_values`.
        shares: Whole millionths by figure, of venues.
        rule: Release rule.
    """
    found = {}
    names = (
        "figure",
        "source",
        "period_type",
        "period_end",
        "count",
        "coverage",
        "providers_not_expected",
        "older_areas",
    )
    gaps = {tuple(row[1:4]) for row in _rows(exact, names) if row[5] < 1}
    for figure, source, period_type, period_end, count, coverage, absent, older in _rows(exact, names):
        value, token, words = None, "", ""
        if older == "shared_out":
            token, words = "[x]", rule.notes["shared_out"]
        elif coverage < rule.least_coverage(period_type):
            token, words = "[x]", rule.incomplete_note(source)
        elif count < rule.minimum_count:
            token, words = "[c]", rule.notes["confidential"]
        else:
            with_shares = count * _MILLION + shares.get(figure, 0)
            value = float(methods.round_half_up(with_shares, rule.rounding_base * _MILLION) // _MILLION)
            own = source in rule.counted_sources
            has_gap = coverage < 1 if own else (source, period_type, period_end) in gaps
            words = rule.notes["nearly_complete"] if has_gap else ""
        led = rule.notes["older_areas"] if older == "led" else ""
        notes = (words, led, rule.not_expected_note(source) if absent else "")
        found[figure.rpartition("/")[0]] = Cell(value, token, "; ".join(note for note in notes if note))
    return found


def _same(given: Sequence[object], cell: Cell, per: int | None) -> bool:
    value, lower, upper, given_per, token, note = given
    return (
        _equal(value, cell.value)
        and _equal(lower, cell.lower)
        and _equal(upper, cell.upper)
        and given_per == per
        and (token, note) == (cell.token, cell.note)
        and (value is None) == bool(token)
    )


def _equal(given: object, expected: float | None) -> bool:
    if given is None or expected is None:
        return given is expected
    return isinstance(given, float) and math.isclose(given, expected, rel_tol=_CLOSE, abs_tol=_CLOSE)


def _check_whole(released: pa.Table, exact: pa.Table) -> None:
    """Every category of a breakdown that a recipient gets, once."""
    whole = exact.group_by(list(_BREAKDOWN)).aggregate([("figure", "count")])
    given = released.group_by(["recipient", "measure", *_BREAKDOWN]).aggregate(
        [("figure", "count_distinct"), ("figure", "count")]
    )
    joined = given.join(whole.rename_columns({"figure_count": "categories"}), list(_BREAKDOWN))
    wrong = pc.or_(
        pc.not_equal(joined.column("figure_count_distinct"), joined.column("categories")),
        pc.not_equal(joined.column("figure_count"), joined.column("categories")),
    )
    faults = joined.filter(pc.fill_null(wrong, True))
    if faults.num_rows:
        names = [faults.column(name)[0].as_py() for name in (*_BREAKDOWN, "measure")]
        raise ReleaseRefusedError("/".join(names), "a recipient would not get every category of it once")


def _rows(table: pa.Table, names: Sequence[str]) -> Iterable[tuple[Any, ...]]:
    return zip(*(table.column(name).to_pylist() for name in names), strict=True)
