"""Rates and shares of shown counts. Nothing in this module has ever seen an exact count."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from preventable import methods
from preventable.stages.disclosure.rule import ReleaseRule


@dataclass(frozen=True)
class Cell:
    """What a partner sees of one figure.

    Attributes:
        value: Shown value, None where `token` says why there is none.
        token: `[c]` confidential, `[x]` not available, empty where there is a value.
        note: The same in words; beside a value what it leaves out, empty where it leaves out nothing.
        lower: Lower limit of a rate or share.
        upper: Upper limit of a rate or share.
    """

    value: float | None
    token: str = ""
    note: str = ""
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Band:
    """A shown age band of an area: its cell, its person-years (None: not known) and its standard weight."""

    cell: Cell
    person_years: float | None
    weight: float | None


def crude_rate_cell(shown: Cell, person_years: float | None, rule: ReleaseRule) -> Cell:
    """Crude rate of a shown count, or why there is none; that no residents are held is public, and said first."""
    if person_years is None:
        return shown if shown.token == "[x]" else Cell(None, "[x]", rule.notes["no_population"])
    withheld = _withheld(shown, shown, rule) or _too_few(_least(shown, rule), person_years, rule)
    if withheld:
        return withheld
    rate = methods.crude_rate_from_rounded(
        _count(shown), person_years, rounding_error=rule.rounding_error, per=rule.per, level=rule.level
    )
    return _rounded(rate, rule.rate_decimals, shown.note)


def standardised_rate_cell(total: Cell, unknown: Cell, bands: Mapping[str, Band], rule: ReleaseRule) -> Cell:
    """Directly standardised rate of the shown counts of age bands, or why there is none.

    A band that is not shown withholds the rate: bands are never filled in or merged. The share of records
    without an age is taken at the most that the shown counts allow, so that giving the rate tells nothing
    about it.

    Args:
        total: Shown count of all ages.
        unknown: Shown count of records without an age band.
        bands: Every age band of the standard population.
        rule: Release rule.

    Returns:
        The rate with Dobson's limits that take in the rounding of every band, and in words the share of
        records that it leaves out for want of an age.
    """
    for cell in (total, unknown, *(band.cell for band in bands.values())):
        if cell.token == "[x]":
            return Cell(None, "[x]", cell.note)
    person_years = {name: band.person_years for name, band in bands.items() if band.person_years}
    if person_years.keys() != bands.keys():
        return Cell(None, "[x]", rule.notes["no_population"])
    if total.value is None:
        return Cell(None, "[c]", rule.notes["confidential"])
    if _most(unknown, rule) > rule.maximum_unknown_age * _least(total, rule):
        return Cell(None, "[x]", rule.notes["unknown_age"])
    if any(band.cell.value is None for band in bands.values()):
        return Cell(None, "[c]", rule.notes["confidential_part"])
    least = sum(_least(band.cell, rule) for band in bands.values())
    withheld = _too_few(least, math.fsum(person_years.values()), rule)
    if withheld:
        return withheld
    rate = methods.directly_standardised_rate_from_rounded(
        {name: _count(band.cell) for name, band in bands.items()},
        person_years,
        {name: band.weight or 0.0 for name, band in bands.items()},
        rounding_error=rule.rounding_error,
        minimum_events=rule.minimum_events_for_rate,
        per=rule.per,
        level=rule.level,
    )
    if rate is None:
        return Cell(None, "[x]", rule.notes["few_events"])
    percent = math.ceil(100 * _most(unknown, rule) / _least(total, rule))
    left_out = rule.notes["age_left_out"].format(percent=percent)
    return _rounded(rate, rule.rate_decimals, "; ".join(note for note in (total.note, left_out) if note))


def ratio_cell(
    total: Cell,
    reference: tuple[Cell, Cell],
    bands: Mapping[str, tuple[Band, Band]],
    rule: ReleaseRule,
) -> Cell:
    """Indirectly standardised ratio: shown count over what the region's shown rates by age give, 100 being as many.

    Args:
        total: Shown count of the area, all ages: how many of its records have an age does not matter.
        reference: All records of the region, and those of them without an age band.
        bands: Every age band: of the area, whose count is not looked at, and of the region.
        rule: Release rule.

    Returns:
        The ratio with Byar's limits; the lower one of the least count over the most expected, the upper one the other
        way round. Withheld on the terms of a rate.
    """
    whole, without = reference
    references = [of_region for _own, of_region in bands.values()]
    for cell in (total, whole, without, *(band.cell for band in references)):
        if cell.token == "[x]":
            return Cell(None, "[x]", cell.note)
    if any(not one.person_years for pair in bands.values() for one in pair):
        return Cell(None, "[x]", rule.notes["no_population"])
    if total.value is None:
        return Cell(None, "[c]", rule.notes["confidential"])
    if _most(without, rule) > rule.maximum_unknown_age * _least(whole, rule):
        return Cell(None, "[x]", rule.notes["unknown_age"])
    if whole.value is None or any(band.cell.value is None for band in references):
        return Cell(None, "[c]", rule.notes["confidential_part"])
    years = math.fsum(own.person_years or 0.0 for own, _of_region in bands.values())
    withheld = _too_few(_least(total, rule), years, rule)
    if withheld:
        return withheld
    # Records without an age are taken to have the ages of the others: else the region's own ratio would not be 100.
    with_age = _count(whole) / sum(_count(band.cell) for band in references)
    least, middle, most = (_expected(bands, bound, rule) * with_age for bound in (_least, _value, _most))
    ratios = [
        methods.indirectly_standardised_ratio(events, expected, reference=_RATIO_REFERENCE, level=rule.level)
        for events, expected in (
            (_least(total, rule), most), (_count(total), middle), (_most(total, rule), least),
        )
    ]  # fmt: skip
    ratio = methods.Ratio(ratios[1].value, ratios[0].lower, ratios[2].upper, _RATIO_REFERENCE, rule.level)
    return _rounded(ratio, rule.rate_decimals, total.note)


#: What a ratio of as many as expected is called.
_RATIO_REFERENCE = 100


def _expected(
    bands: Mapping[str, tuple[Band, Band]], bound: Callable[[Cell, ReleaseRule], int], rule: ReleaseRule
) -> float:
    return methods.expected_events(
        {name: own.person_years or 0.0 for name, (own, _reference) in bands.items()},
        {name: bound(reference.cell, rule) for name, (_own, reference) in bands.items()},
        {name: reference.person_years or 0.0 for name, (_own, reference) in bands.items()},
    )


def _value(cell: Cell, _rule: ReleaseRule) -> int:
    return _count(cell)


def summed_crude_rate(
    cells: Sequence[Cell | None], person_years: Sequence[float | None], rule: ReleaseRule
) -> Cell:
    """Crude rate of several areas together; of every shown count the rounding counts. No value where one lacks any."""
    shown = [cell for cell in cells if cell is not None and cell.value is not None]
    years = [one for one in person_years if one]
    if not shown or len(shown) < len(cells) or len(years) < len(person_years):
        return Cell(None, "[x]")
    least = sum(_least(cell, rule) for cell in shown)
    withheld = _too_few(least, math.fsum(years), rule)
    if withheld:
        return withheld
    rate = methods.crude_rate_from_rounded(
        sum(map(_count, shown)),
        math.fsum(years),
        rounding_error=rule.rounding_error * len(shown),
        per=rule.per,
        level=rule.level,
    )
    return _rounded(rate, rule.rate_decimals, "")


def summed_standardised_rate(
    totals: Sequence[Cell | None],
    unknown: Sequence[Cell | None],
    bands: Mapping[str, Sequence[Band]],
    rule: ReleaseRule,
) -> Cell:
    """Directly standardised rate of several areas together, on the terms of that of one."""
    cells = [*totals, *(band.cell for of_areas in bands.values() for band in of_areas)]
    shown = [cell for cell in cells if cell is not None and cell.value is not None]
    people = [band.person_years for of_areas in bands.values() for band in of_areas]
    known = [cell for cell in unknown if cell is not None and cell.token != "[x]"]
    if len(shown) < len(cells) or len(known) < len(totals) or not all(people):
        return Cell(None, "[x]")
    least = sum(_least(cell, rule) for cell in totals if cell is not None)
    if sum(_most(cell, rule) for cell in known) > rule.maximum_unknown_age * least:
        return Cell(None, "[x]")
    rate = methods.directly_standardised_rate_from_rounded(
        {name: sum(_count(band.cell) for band in of_areas) for name, of_areas in bands.items()},
        {name: math.fsum(band.person_years or 0.0 for band in of_areas) for name, of_areas in bands.items()},
        {name: of_areas[0].weight or 0.0 for name, of_areas in bands.items()},
        rounding_error=rule.rounding_error * len(totals),
        minimum_events=rule.minimum_events_for_rate,
        per=rule.per,
        level=rule.level,
    )
    return Cell(None, "[x]") if rate is None else _rounded(rate, rule.rate_decimals, "")


def share_cell(part: Cell, whole: Cell, rule: ReleaseRule) -> Cell:
    """Share of a shown count in another, with the decimals that its denominator bears; limits go outwards."""
    withheld = _withheld(part, whole, rule)
    if withheld:
        return withheld
    if _least(whole, rule) < rule.minimum_denominator:
        return Cell(None, "[x]", rule.notes["few_events"])
    share = methods.proportion_from_rounded(
        _count(part), _count(whole), rounding_error=rule.rounding_error, level=rule.level
    )
    decimals = rule.more_decimals if _count(whole) >= rule.more_decimals_from else rule.decimals
    return _rounded(share, decimals, whole.note)


def _rounded(estimate: methods.Rate | methods.Proportion | methods.Ratio, decimals: int, note: str) -> Cell:
    """An estimate with so many decimals, its limits rounded outwards."""
    scale = 10**decimals
    return Cell(
        round(estimate.value, decimals),
        note=note,
        lower=math.floor(estimate.lower * scale) / scale,
        upper=math.ceil(estimate.upper * scale) / scale,
    )


def _withheld(part: Cell, whole: Cell, rule: ReleaseRule) -> Cell | None:
    for token, note in (("[x]", ""), ("[c]", rule.notes["confidential_part"])):
        for cell in (part, whole):
            if cell.token == token:
                return Cell(None, token, note or cell.note)
    return None


def _too_few(least: int, person_years: float | None, rule: ReleaseRule) -> Cell | None:
    if least < rule.minimum_events_for_rate:
        return Cell(None, "[x]", rule.notes["few_events"])
    if person_years is not None and person_years < rule.minimum_person_years:
        return Cell(None, "[x]", rule.notes["few_people"])
    return None


def _count(cell: Cell) -> int:
    return int(cell.value or 0)


def _least(cell: Cell, rule: ReleaseRule) -> int:
    """Least count that a cell can stand for."""
    return 0 if cell.value is None else max(_count(cell) - rule.rounding_error, 0)


def _most(cell: Cell, rule: ReleaseRule) -> int:
    """Greatest count that a cell can stand for."""
    return rule.minimum_count - 1 if cell.value is None else _count(cell) + rule.rounding_error
