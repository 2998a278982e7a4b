"""The invented county as tables: the same tables that official files fill for a real one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from preventable.errors import InventedPeriodError
from preventable.invented.calendar import calendar
from preventable.invented.draws import parameters, stream
from preventable.invented.geography import Geography, Ints, draw_geography
from preventable.invented.institutions import draw_institutions, name_partners, place_providers
from preventable.invented.names import Namer, place_stems
from preventable.invented.population import deciles, deprivation_ranks, populations
from preventable.invented.streets import draw_postcodes, draw_streets
from preventable.invented.venues import draw_venues
from preventable.tables.region import REGION_TABLES
from preventable.tables.region_folder import write_region_folder

# Level of areas: letters of its codes, digits of its codes.
CODES = {"small_area": ("XS", 5), "middle_area": ("XM", 4), "ward": ("XW", 3), "neighbourhood": ("XN", 2)}


@dataclass(frozen=True)
class Region:
    """A county: `tables` by name, every table of `REGION_TABLES`; `about` is what region.toml says."""

    tables: Mapping[str, pa.Table]
    about: Mapping[str, Any]


def build_region(*, seed: int, months: int, first_month: str, last_month: str) -> Region:
    """The invented county of a seed.

    Areas, names, people and places depend on the seed alone; the period decides which mid-years and calendar
    years there are, and when venues open and close.

    Args:
        seed: 0 or more.
        months: Number of months from `first_month` to `last_month`, both counted.
        first_month: First month, "2024-01".
        last_month: Last month, "2025-12".

    Raises:
        InventedPeriodError: The months do not fit together, or the calendar does not know their years.
        InventedRegionError: No drawing of this seed tiles (never met in testing).
    """
    first_day, last_day = _period(months, first_month, last_month)
    years = range(int(first_month[:4]), int(last_month[:4]) + 1)
    dates = calendar(parameters("calendar"), years=years)
    rules = parameters("region")
    geography = draw_geography(rules, seed=seed)
    codes = _codes(geography, rules)
    residents, population = populations(geography, rules, seed=seed, years=years)
    streets = draw_streets(geography, rules, seed=seed)
    postcodes = draw_postcodes(geography, rules, seed=seed)
    venues = draw_venues(
        geography, streets, postcodes, rules, seed=seed, first_day=first_day, last_day=last_day
    )
    drawn = {
        "small_areas": _small_areas(geography, codes, rules, seed),
        "areas": _areas(geography, codes, rules, seed),
        "populations": _with_codes(population, codes),
        "streets": _with_codes(pa.table(streets.columns()), codes),
        "venues": _with_codes(venues.venues, codes),
        "venue_aliases": venues.aliases,
        "institutions": _with_codes(
            draw_institutions(geography, postcodes, residents, rules, seed=seed), codes
        ),
        "postcodes": _with_codes(pa.table(postcodes.columns()), codes),
        "providers": place_providers(geography, rules),
        "partners": name_partners(rules),
        "calendar": dates,
    }
    tables = {table.name: table.conform(drawn[table.name]) for table in REGION_TABLES}
    return Region(tables, _about(rules, seed, first_month, last_month))


def write_region(region: Region, folder: Path) -> None:
    """Write `<table>.parquet` of every table and `region.toml`; the same region gives the same bytes."""
    write_region_folder(region.tables, region.about, folder)


def _period(months: int, first_month: str, last_month: str) -> tuple[np.datetime64, np.datetime64]:
    try:
        first, last = np.datetime64(first_month, "M"), np.datetime64(last_month, "M")
    except ValueError:
        raise InventedPeriodError("invented county", "a month is not written like 2025-12") from None
    if months < 1 or int((last - first).astype(int)) + 1 != months:
        raise InventedPeriodError("invented county", "the months from first to last are not as many as asked")
    return first.astype("datetime64[D]"), (last + 1).astype("datetime64[D]") - 1


def _about(rules: Mapping[str, Any], seed: int, first_month: str, last_month: str) -> dict[str, Any]:
    return {
        "name": rules["county"]["name"],
        "code": rules["county"]["code"],
        "invented": True,
        "seed": seed,
        "first_month": first_month,
        "last_month": last_month,
        "licence": rules["county"]["licence"],
        "owner": rules["owner"],
        "source": rules["source"],
        "reviewed": rules["reviewed"].isoformat(),
        "review_by": rules["review_by"].isoformat(),
    }


# --- codes and names ------------------------------------------------------------------------


def _codes(geography: Geography, rules: Mapping[str, Any]) -> dict[str, pa.Array]:
    """Code of each group number, by level."""
    counts = {level: int(geography.groups(level).max()) + 1 for level in CODES if level != "small_area"}
    counts["small_area"] = len(geography.district)
    codes = {
        level: pa.array([f"{letters}{number + 1:0{digits}d}" for number in range(counts[level])])
        for level, (letters, digits) in CODES.items()
    }
    codes["district"] = pa.array([district["code"] for district in rules["districts"]])
    return codes


def _with_codes(table: pa.Table, codes: Mapping[str, pa.Array]) -> pa.Table:
    position = table.column_names.index("small_area")
    named = codes["small_area"].take(table["small_area"].combine_chunks())
    return table.set_column(position, "small_area", named)


def _small_area_names(geography: Geography, rules: Mapping[str, Any]) -> list[str]:
    """District, number of the middle area within it, letter within that: "Vornwick 012C"."""
    _, members = np.unique(geography.district, return_index=True)
    first = geography.middle_area[members]
    names: list[str] = []
    in_middle_area: Counter[int] = Counter()
    for district, middle in zip(geography.district.tolist(), geography.middle_area.tolist(), strict=True):
        letter = chr(ord("A") + in_middle_area[middle])
        in_middle_area[middle] += 1
        name = rules["districts"][district]["name"]
        names.append(f"{name} {middle - first[district] + 1:03d}{letter}")
    return names


def _group_names(level: str, count: int, seed: int) -> list[str]:
    words = parameters("names")["areas"]
    lists = {"side": words["side"], "feature": words["feature"]}
    namer = Namer(place_stems(), stream(seed, f"{level} names"), lists=lists)
    return [namer.name(words[level]) for _ in range(count)]


# --- tables of areas ------------------------------------------------------------------------


def _small_areas(
    geography: Geography, codes: Mapping[str, pa.Array], rules: Mapping[str, Any], seed: int
) -> pa.Table:
    rank = deprivation_ranks(geography, rules, seed=seed)
    groups = {
        level: codes[level].take(pa.array(geography.groups(level)))
        for level in ("middle_area", "ward", "neighbourhood", "district")
    }
    return pa.table(
        {
            "small_area": codes["small_area"],
            "small_area_name": _small_area_names(geography, rules),
            **groups,
            "easting_m": geography.points_m[:, 0],
            "northing_m": geography.points_m[:, 1],
            "area_km2": shapely.area(geography.polygons) / 1e6,
            "deprivation_rank": rank,
            "deprivation_decile": deciles(rank),
        }
    )


def _areas(
    geography: Geography, codes: Mapping[str, pa.Array], rules: Mapping[str, Any], seed: int
) -> pa.Table:
    """Every level's areas; each polygon is the union of its small areas."""
    districts = codes["district"]
    levels = [
        _level(
            "small_area",
            codes["small_area"],
            _small_area_names(geography, rules),
            districts.take(pa.array(geography.district)),
            geography.polygons,
        )
    ]
    for level in ("middle_area", "ward", "neighbourhood"):
        number = geography.groups(level)
        _, member = np.unique(number, return_index=True)
        names = _group_names(level, len(member), seed)
        inside = districts.take(pa.array(geography.district[member]))
        levels.append(_level(level, codes[level], names, inside, _unions(geography, number)))
    names = [district["name"] for district in rules["districts"]]
    levels.append(_level("district", districts, names, districts, _unions(geography, geography.district)))
    whole = np.zeros(len(geography.district), dtype=np.int64)
    county = rules["county"]
    levels.append(
        _level(
            "region",
            pa.array([county["code"]]),
            [county["name"]],
            pa.nulls(1, pa.string()),
            _unions(geography, whole),
        )
    )
    return pa.concat_tables(levels)


def _level(level: str, codes: pa.Array, names: Sequence[str], district: pa.Array, polygons: Any) -> pa.Table:
    return pa.table(
        {
            "area_type": [level] * len(codes),
            "area": codes,
            "area_name": pa.array(names, pa.string()),
            "district": district,
            "polygon": pa.array(shapely.to_wkb(polygons, byte_order=1), pa.binary()),
        }
    )


def _unions(geography: Geography, number: Ints) -> list[shapely.Geometry]:
    order = np.argsort(number, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(number[order])) + 1)
    return [shapely.coverage_union_all(geography.polygons[members]) for members in groups]
