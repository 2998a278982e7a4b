"""What the door knows of the region's places: its areas by code and name, and the projection of its points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from preventable.stages.sources.cells import REST, Parser, shaped

#: Levels from the smallest on: where several areas of one name are the same ground, the smallest of them is meant.
_LEVELS = ("small_area", "middle_area", "ward", "neighbourhood", "district", "region", "venue")
#: What a mapping's code leads to where its place is known to lie outside the region.
OUTSIDE = "outside"


@dataclass(frozen=True)
class RegionPlaces:
    """Areas and projection of a region, as far as reading a file needs them.

    Attributes:
        crs: Projection of its coordinates (`crs` of region.toml), empty where it tells none.
        codes: What a file may write for a code, with the code: the code itself, and in capitals where one alone is so.
            Codes of areas of an older year that the region knows are kept as they are.
        names: Names of its areas without regard to case, each with the code of the one area that has it.
    """

    crs: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def parser(self, codes: Mapping[str, str]) -> Parser:
        """An area's code or name, after the mapping's own codes, to the code.

        A code of the shape of a small area that the region lacks lies outside it: it is kept, and is no problem.
        """
        own = {_folded(code): word for code, word in codes.items()}
        elsewhere = shaped("residence_small_area", "unknown_code")

        def parse(text: str) -> tuple[object, str]:
            told = own.get(_folded(text), own.get(REST, text) if text else text)
            if not told or told == OUTSIDE:
                return None, ""
            known = self.codes.get(told) or self.codes.get(told.upper()) or self.names.get(_folded(told))
            return (known, "") if known else elsewhere(told)

        return parse


def region_places(areas: pa.Table, small_areas: pa.Table, about: Mapping[str, Any]) -> RegionPlaces:
    """What a region's tables and its region.toml tell the door."""
    ground = _ground(small_areas)
    listed = areas.select(["area_type", "area", "area_name"]).to_pylist()
    older = {str(row["older"]) for row in about.get("older_areas", ()) if "older" in row}
    codes = _codes({*ground, *(row["area"] for row in listed), *older})
    by_name: dict[str, list[tuple[int, str]]] = {}
    for row in listed:
        by_name.setdefault(_folded(row["area_name"]), []).append(
            (_LEVELS.index(row["area_type"]), row["area"])
        )
    names = {}
    for name, found in by_name.items():
        if len({ground.get(code, frozenset({code})) for _, code in found}) == 1:
            names[name] = min(found)[1]
    return RegionPlaces(str(about.get("crs", "")), codes, names)


def _codes(areas: set[str]) -> dict[str, str]:
    written = Counter(code.upper() for code in areas)
    capitals = {code.upper(): code for code in areas if written[code.upper()] == 1}
    return capitals | {code: code for code in areas}


def _ground(small_areas: pa.Table) -> dict[str, frozenset[str]]:
    """Code of an area -> the small areas in it."""
    inside: dict[str, set[str]] = {}
    levels = [level for level in _LEVELS if level in small_areas.column_names]
    for row in small_areas.select(levels).to_pylist():
        for code in row.values():
            if code is not None:
                inside.setdefault(code, set()).add(row["small_area"])
    return {code: frozenset(members) for code, members in inside.items()}


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
