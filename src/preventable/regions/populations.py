"""Residents by small area, mid-year, sex and age; those of older areas go to the newer ones in whole persons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preventable.counted import counted
from preventable.errors import ManifestError, RegionCodesError, RegionValueError
from preventable.methods.rounding import split_whole
from preventable.regions.areas import Areas, Report
from preventable.regions.files import column_names, read_columns, read_part
from preventable.regions.manifest import Manifest, Part

#: Last age of an open band in our tables.
_OPEN = 120
_SEXES = ("male", "female")
#: Words that make an age the end of a span, and those of them that leave the age itself out.
_BELOW = re.compile(r"under|below|less|younger|up to|<|≤")
_UNDER = re.compile(r"(?:under|below|less than|<) *\d")


def read_populations(
    manifest: Manifest, areas: Areas, postcodes: Mapping[str, int], report: Report
) -> pa.Table:
    """The table `populations`; empty where the manifest names none.

    Args:
        manifest: The manifest.
        areas: The region's areas.
        postcodes: Number of postcodes in each small area, by which split areas are split.
        report: Told what was merged and split.

    Raises:
        RegionCodesError: Files do not know the same areas.
        RegionValueError: A number of persons is missing, negative or not whole.
    """
    moves = _moves(manifest, areas, postcodes, report)
    made = [_of_part(part, areas, moves, report) for part in manifest.parts.get("populations", ())]
    if not made:
        return pa.table({name: pa.array([], kind) for name, kind in _COLUMNS.items()})
    table = pa.concat_tables(made).sort_by([(name, "ascending") for name in _KEY])
    _refuse_repeats(table, "populations")
    _refuse_both_ways(table)
    years = sorted(set(table.column("year").to_pylist()))
    report.notes.append(
        f"Residents are those of mid-year {', '.join(map(str, years))}; months beyond count with the nearest of them."
    )
    return table


_KEY = ["small_area", "year", "sex", "age_from", "age_to"]
_COLUMNS = {
    "small_area": pa.string(), "year": pa.int64(), "sex": pa.string(), "age_from": pa.int64(),
    "age_to": pa.int64(), "persons": pa.int64(), "basis": pa.string(),
}  # fmt: skip


def _refuse_repeats(table: pa.Table, where: str) -> None:
    distinct = table.select(_KEY).group_by(_KEY, use_threads=False).aggregate([]).num_rows
    if distinct < table.num_rows:
        raise RegionCodesError(
            where, f"{table.num_rows - distinct:,} groups of residents are given more than once"
        )


def _refuse_both_ways(table: pa.Table) -> None:
    """Persons given by sex and without it in one year would count twice."""
    for year in sorted(set(table.column("year").to_pylist())):
        sexes = set(table.filter(pc.equal(table.column("year"), year)).column("sex").to_pylist())
        if "all" in sexes and len(sexes) > 1:
            raise RegionCodesError("populations", f"mid-year {year} is given by sex and without")


# --- one file ---------------------------------------------------------------------------------------


def _of_part(part: Part, areas: Areas, moves: Mapping[str, _Move] | None, report: Report) -> pa.Table:
    cells = _wide(part) if "age_columns" in part.options else _long(part)
    if part.options.get("wider"):
        wanted = moves if part.options.get("of_older_areas") and moves is not None else areas.codes
        cells = cells.filter(pc.is_in(cells.column("small_area"), pa.array(list(wanted), pa.string())))
    _refuse_odd_counts(cells, part)
    _refuse_repeats(cells, part.where)
    if not part.options.get("of_older_areas"):
        _refuse_other_areas(set(cells.column("small_area").to_pylist()), set(areas.codes), part)
        basis = pa.array(["official"] * cells.num_rows, pa.string())
        return cells.append_column("basis", basis).select(list(_COLUMNS)).cast(pa.schema(_COLUMNS))
    if moves is None:
        raise ManifestError(part.where, "it is of older areas, and there is no section older_areas")
    _refuse_other_areas(set(cells.column("small_area").to_pylist()), set(moves), part)
    return _moved(cells, moves)


def _refuse_other_areas(given: set[str], wanted: set[str], part: Part) -> None:
    unknown, without = sorted(given - wanted), sorted(wanted - given)
    if unknown or without:
        raise RegionCodesError(
            part.where,
            f"{counted(len(unknown), 'area with residents is', 'areas with residents are')} not of the region"
            f" ({', '.join(unknown[:5]) or 'none'}), and"
            f" {counted(len(without), 'of the region has', 'of the region have')} none"
            f" ({', '.join(without[:5]) or 'none'})",
        )


def _refuse_odd_counts(cells: pa.Table, part: Part) -> None:
    persons = cells.column("persons").to_numpy(zero_copy_only=False).astype(float)
    odd = int((~np.isfinite(persons) | (persons < 0) | (persons != np.rint(persons))).sum())
    if odd:
        raise RegionValueError(
            part.where,
            f"{counted(odd, 'number of persons is', 'numbers of persons are')} missing, negative or not whole",
        )


def _long(part: Part) -> pa.Table:
    """A row a group of residents: columns of age and persons."""
    if not part.gives("year", "age", "persons"):
        raise ManifestError(part.where, "it needs year, age and persons, or year and age_columns")
    table = read_part(part)
    words = table.column("age").to_pylist()
    spans = {word: _age_span(word, part) for word in set(words)}
    sex = [_sex(word, part) for word in table.column("sex").to_pylist()] if part.gives("sex") else None
    return pa.table(
        {
            "small_area": table.column("small_area"),
            "year": table.column("year"),
            "sex": pa.array(sex or ["all"] * table.num_rows, pa.string()),
            "age_from": pa.array([spans[word][0] for word in words], pa.int64()),
            "age_to": pa.array([spans[word][1] for word in words], pa.int64()),
            "persons": table.column("persons"),
        }
    )


def _wide(part: Part) -> pa.Table:
    """A row an area and year, a column an age: `age_columns` fits their whole names; its group `sex` tells the sex."""
    if part.file is None or not part.gives("year"):
        raise ManifestError(part.where, "age_columns needs a file and a year")
    pattern = _pattern(part)
    found = [(name, match) for name in column_names(part.file) if (match := pattern.fullmatch(name))]
    if not found:
        raise ManifestError(part.where, "no column fits age_columns")
    table = read_part(part)
    columns = read_columns(part.file, [name for name, _ in found], part)
    made = []
    for name, match in found:
        groups = match.groupdict()
        first, last = _age_span(groups.get("age", match.group()), part)
        sex = _sex(groups["sex"], part) if groups.get("sex") else "all"
        rows = table.num_rows
        made.append(
            pa.table(
                {
                    "small_area": table.column("small_area"),
                    "year": table.column("year"),
                    "sex": pa.array([sex] * rows, pa.string()),
                    "age_from": pa.array([first] * rows, pa.int64()),
                    "age_to": pa.array([last] * rows, pa.int64()),
                    "persons": _persons(columns.column(name), part, name),
                }
            )
        )
    return pa.concat_tables(made)


def _pattern(part: Part) -> re.Pattern[str]:
    try:
        return re.compile(part.options["age_columns"])
    except re.error:
        raise ManifestError(part.where, "age_columns is no regular expression") from None


def _persons(values: pa.ChunkedArray, part: Part, name: str) -> pa.ChunkedArray:
    try:
        # Publishers write 1,525 for 1525.
        plain = pc.replace_substring(pc.cast(values, pa.string()), ",", "")
        return pc.cast(plain, pa.float64())
    except pa.ArrowInvalid:
        raise RegionValueError(part.where, f"cells of {name} are no number") from None


def _age_span(word: str, part: Part) -> tuple[int, int]:
    """First and last age of '7', '5-9', 'Aged 5 to 9 years', '90+', '90 and over', 'Aged under 1 year'."""
    ages = [int(number) for number in re.findall(r"\d+", word)]
    is_below = _BELOW.search(word.lower()) is not None
    if len(ages) == 2 and ages[0] <= ages[1] < _OPEN and not is_below:
        return ages[0], ages[1]
    if len(ages) == 1 and is_below and _UNDER.search(word.lower()) and ages[0]:
        return 0, ages[0] - 1
    if len(ages) == 1 and not is_below:
        is_open = "+" in word or "over" in word.lower() or ages[0] == part.options.get("open_from")
        return ages[0], _OPEN if is_open else ages[0]
    raise RegionValueError(part.where, "an age is written in a way that is not known, such as 7, 5-9 or 90+")


def _sex(word: str | None, part: Part) -> str:
    sex = part.options.get("sexes", {}).get(word, word)
    if sex not in _SEXES:
        raise RegionValueError(part.where, "a sex is neither male nor female; name the words in `sexes`")
    return str(sex)


# --- from older areas to newer ones -----------------------------------------------------------------


class _Move:
    """Where the residents of one older area go: newer areas, their weights, and on what basis."""

    def __init__(self, targets: Sequence[str], weights: Sequence[int], basis: str) -> None:
        self.targets = targets
        self.weights = weights
        self.basis = basis


def _moves(
    manifest: Manifest, areas: Areas, postcodes: Mapping[str, int], report: Report
) -> dict[str, _Move] | None:
    part = manifest.one("older_areas")
    if part is None:
        return None
    targets = _targets(part, areas)
    sources: dict[str, int] = {}
    for found in targets.values():
        for newer in found:
            sources[newer] = sources.get(newer, 0) + 1
    moves = {older: _move(sorted(found), sources, postcodes) for older, found in sorted(targets.items())}
    _say_moves(moves, report)
    return moves


def _targets(part: Part, areas: Areas) -> dict[str, set[str]]:
    """The region's small areas that each older area went to."""
    table = read_part(part)
    targets: dict[str, set[str]] = {}
    for older, newer in zip(
        *(table.column(role).to_pylist() for role in ("older_area", "newer_area")), strict=True
    ):
        targets.setdefault(older, set()).add(newer)
    if part.options.get("wider"):
        targets = {older: found for older, found in targets.items() if found & set(areas.codes)}
    named = {newer for found in targets.values() for newer in found}
    _refuse_other_areas(named, set(areas.codes), part)
    return targets


def older_areas(manifest: Manifest, areas: Areas) -> list[dict[str, Any]]:
    """Rows of region.toml: codes that the region no longer has, each with the small areas that it went to."""
    part = manifest.one("older_areas")
    targets = {} if part is None else _targets(part, areas)
    return [
        {"older": older, "newer": sorted(newer)}
        for older, newer in sorted(targets.items())
        if older not in areas.codes
    ]


def _move(targets: Sequence[str], sources: Mapping[str, int], postcodes: Mapping[str, int]) -> _Move:
    if len(targets) == 1:
        return _Move(targets, [1], "official" if sources[targets[0]] == 1 else "merged")
    weights = [postcodes.get(target, 0) for target in targets]
    if not sum(weights):
        return _Move(targets, [1] * len(targets), "split_evenly")
    return _Move(targets, weights, "split_by_postcodes")


def _say_moves(moves: Mapping[str, _Move], report: Report) -> None:
    said = {
        "official": "kept as published",
        "merged": "of older areas that were merged, added up",
        "split_by_postcodes": "split by the number of postcodes",
        "split_evenly": "split evenly, for want of postcodes",
    }
    areas = {basis: sum(move.basis == basis for move in moves.values()) for basis in said}
    words = "; ".join(f"{count:,} {said[basis]}" for basis, count in areas.items() if count)
    report.notes.append(f"Residents are of {len(moves):,} older areas: {words}.")


def _moved(cells: pa.Table, moves: Mapping[str, _Move]) -> pa.Table:
    """Cells of older areas as cells of newer ones, those of one newer area added up."""
    ordered = cells.sort_by(
        [("small_area", "ascending"), ("year", "ascending"), ("sex", "ascending"), ("age_from", "ascending")]
    )
    older = ordered.column("small_area").to_pylist()
    persons = ordered.column("persons").to_numpy(zero_copy_only=False).astype(np.int64)
    year = ordered.column("year").to_pylist()
    row, target, share, basis = [], [], [], []
    start = 0
    while start < len(older):
        end = start
        while end < len(older) and (older[end], year[end]) == (older[start], year[start]):
            end += 1
        move = moves[older[start]]
        parts = split_whole(persons[start:end], move.weights)
        for number, newer in enumerate(move.targets):
            row.append(np.arange(start, end))
            target += [newer] * (end - start)
            share.append(parts[:, number])
            basis += [move.basis] * (end - start)
        start = end
    taken = ordered.drop_columns(["small_area", "persons"]).take(pa.array(np.concatenate(row)))
    flat = taken.append_column("small_area", pa.array(target, pa.string()))
    flat = flat.append_column("persons", pa.array(np.concatenate(share), pa.int64()))
    # An area of parts that were merged and parts that were split is flagged as split: the later word.
    flat = flat.append_column("basis", pa.array(basis, pa.string()))
    summed = flat.group_by(_KEY, use_threads=False).aggregate([("persons", "sum"), ("basis", "max")])
    return (
        summed.rename_columns({"persons_sum": "persons", "basis_max": "basis"})
        .select(list(_COLUMNS))
        .cast(pa.schema(_COLUMNS))
    )
