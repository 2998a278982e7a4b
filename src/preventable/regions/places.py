"""Places and organisations of a region: postcodes, streets, venues, institutions, providers, partners, calendar."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from preventable.counted import counted
from preventable.errors import ManifestError, RegionCodesError
from preventable.regions.areas import Areas, Report, points_of
from preventable.regions.files import read_part, slug, texts
from preventable.regions.manifest import Manifest, Part
from preventable.regions.projection import Projection

#: What a provider or partner goes by.
_ID = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")


@dataclass(frozen=True)
class World:
    """What places are put into: the areas, the projection (None without one) and the centres of postcodes."""

    areas: Areas
    projection: Projection | None
    report: Report
    postcodes: Mapping[str, tuple[str, float, float]]


def read_postcodes(
    manifest: Manifest, areas: Areas, projection: Projection | None, report: Report
) -> dict[str, tuple[str, float, float]]:
    """Postcodes of the region: postcode -> small area, easting and northing.

    A postcode lies in the area that the directory states, where that is one of the region; else in the one that
    holds its centre. Notes how many centres lie in the stated area.
    """
    part = manifest.one("postcodes")
    if part is None:
        return {}
    table = read_part(part)
    points = points_of(table, projection, part)
    stated = [code if code in areas.district_of else None for code in texts(table, "small_area")]
    held = areas.of_points(points)
    if projection is not None and part.gives("longitude", "latitude", "easting_m", "northing_m"):
        _measure(table, projection, np.array([area is not None for area in held]), part)
    found = {}
    for postcode, said, inside, point in zip(
        texts(table, "postcode"), stated, held, points.tolist(), strict=True
    ):
        area = said or inside
        if area is not None and np.isfinite(point).all():
            found[spaced(str(postcode))] = (area, point[0], point[1])
    _say_postcodes(stated, held, len(found), report)
    return dict(sorted(found.items()))


def _measure(table: pa.Table, projection: Projection, inside: np.ndarray, part: Part) -> None:
    """Hold the transform against the file's own metres, for postcodes of the region."""
    kept = table.filter(pa.array(inside))
    by_degrees = points_of(kept.drop_columns(["easting_m", "northing_m"]), projection, part)
    in_metres = points_of(kept.drop_columns(["longitude", "latitude"]), projection, part)
    projection.measure(by_degrees, in_metres)


def _say_postcodes(
    stated: Sequence[str | None], held: Sequence[str | None], kept: int, report: Report
) -> None:
    both = [said == inside for said, inside in zip(stated, held, strict=True) if said is not None]
    if both and any(inside is not None for inside in held):
        report.notes.append(
            f"Of {len(both):,} postcodes whose directory states their small area, {sum(both) / len(both):.2%} have"
            " their centre in its polygon; the others keep the stated area."
        )
    report.notes.append(f"{counted(kept, 'postcode lies', 'postcodes lie')} in the region.")


def spaced(postcode: str) -> str:
    """A postcode with one space before its last three letters, where it is long enough to be British."""
    plain = "".join(postcode.upper().split())
    return f"{plain[:-3]} {plain[-3:]}" if 5 <= len(plain) <= 7 and not plain.isdigit() else postcode.strip()


def postcodes_table(postcodes: Mapping[str, tuple[str, float, float]]) -> pa.Table:
    """The table `postcodes`."""
    rows = [(postcode, *place) for postcode, place in postcodes.items()]
    return _table(rows, ("postcode", "small_area", "easting_m", "northing_m"), ("s", "s", "f", "f"))


def _table(rows: Sequence[Sequence[Any]], names: Sequence[str], kinds: Sequence[str]) -> pa.Table:
    types = {"s": pa.string(), "f": pa.float64(), "i": pa.int64(), "d": pa.date32()}
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return pa.table(
        {
            name: pa.array(list(column), types[kind], from_pandas=True)
            for name, kind, column in zip(names, kinds, columns, strict=True)
        }
    )


# --- rows with a place --------------------------------------------------------------------------------


def _placed(part: Part, world: World) -> tuple[list[dict[str, Any]], int]:
    """Rows of a part with easting_m, northing_m and small_area, and how many lie in no area of the region.

    The place is the stated one, else the centre of the row's postcode.
    """
    table = read_part(part)
    points = points_of(table, world.projection, part)
    postcodes = [None if code is None else spaced(code) for code in texts(table, "postcode")]
    for row in np.flatnonzero(~np.isfinite(points).all(axis=1)).tolist():
        points[row] = world.postcodes.get(postcodes[row] or "", ("", np.nan, np.nan))[1:]
    held = world.areas.of_points(points)
    known = world.areas.district_of
    rows, outside = [], 0
    for number, row in enumerate(table.to_pylist()):
        stated = row.get("small_area")
        area = held[number] or (stated if stated in known else None)
        row |= {"easting_m": points[number, 0], "northing_m": points[number, 1], "small_area": area}
        if "postcode" in row:
            row["postcode"] = postcodes[number]
        if area is None or not np.isfinite(points[number]).all():
            outside += 1
        else:
            rows.append(row)
    return rows, outside


def _of_types(rows: Sequence[dict[str, Any]], part: Part, role: str) -> list[dict[str, Any]]:
    """Rows whose type the manifest takes, with our word for it."""
    types = part.options.get("types")
    if types is None:
        return list(rows)
    return [{**row, role: types[row[role]]} for row in rows if row[role] in types]


def _say(part: Part, kept: int, read: int, outside: int, report: Report) -> None:
    other = read - kept
    report.notes.append(
        f"{part.section.capitalize()} of {part.file.title if part.file else 'the manifest'}: {kept:,} of"
        f" {read + outside:,} rows; {outside:,} have no place in the region, {other:,} are of other types."
    )


def streets_table(manifest: Manifest, world: World) -> pa.Table:
    """The table `streets`: anchor points of streets, each with an id of its own."""
    made = []
    for part in manifest.parts.get("streets", ()):
        rows, outside = _placed(part, world)
        _say(part, len(rows), len(rows), outside, world.report)
        rows.sort(key=lambda row: (row["street_name"], row["easting_m"], row["northing_m"]))
        prefix = part.options.get("prefix", "street-")
        for number, row in enumerate(rows, 1):
            street = f"{prefix}{row['street']}" if row.get("street") else f"{prefix}{number:06d}"
            made.append(
                (
                    street,
                    row["street_name"],
                    row["small_area"],
                    row["easting_m"],
                    row["northing_m"],
                    row.get("length_m"),
                )
            )
    names = ("street", "street_name", "small_area", "easting_m", "northing_m", "length_m")
    return _table(_unique(made, "streets"), names, ("s", "s", "s", "f", "f", "f"))


def venues_table(manifest: Manifest, world: World) -> pa.Table:
    """The table `venues`."""
    roles = (
        "venue_name", "venue_type", "licence_number", "capacity", "opening_hours", "opened_on", "renamed_on",
        "closed_on", "street", "postcode", "small_area", "easting_m", "northing_m",
    )  # fmt: skip
    rows = _typed_places(manifest, world, "venues", "venue", roles)
    return _table(rows, ("venue", *roles), "ssssisdddsssff")


def institutions_table(manifest: Manifest, world: World) -> pa.Table:
    """The table `institutions`."""
    roles = (
        "institution_name", "institution_type", "size", "small_area", "postcode", "easting_m", "northing_m",
    )  # fmt: skip
    rows = _typed_places(manifest, world, "institutions", "institution", roles)
    return _table(rows, ("institution", *roles), "sssissff")


def _typed_places(
    manifest: Manifest, world: World, section: str, key: str, roles: Sequence[str]
) -> list[tuple[Any, ...]]:
    made = []
    for part in manifest.parts.get(section, ()):
        placed, outside = _placed(part, world)
        rows = _of_types(placed, part, f"{key}_type")
        _say(part, len(rows), len(placed), outside, world.report)
        prefix = part.options.get("prefix", "")
        made += [(f"{prefix}{row[key]}", *(row.get(role) for role in roles)) for row in rows]
    return _unique(made, section)


def _unique(rows: list[tuple[Any, ...]], section: str) -> list[tuple[Any, ...]]:
    times = Counter(str(row[0]) for row in rows)
    double = sorted(name for name, count in times.items() if count > 1)
    if double:
        raise RegionCodesError(
            section,
            f"{len(double):,} ids stand more than once, the first {double[0]}; `prefix` tells registers apart",
        )
    return sorted(rows, key=lambda row: str(row[0]))


def aliases_table(manifest: Manifest, venues: pa.Table) -> pa.Table:
    """The table `venue_aliases`, of venues that the region has."""
    known = set(venues.column("venue").to_pylist())
    until: dict[tuple[str, str], Any] = {}
    for part in manifest.parts.get("venue_aliases", ()):
        prefix = part.options.get("prefix", "")
        for row in read_part(part).to_pylist():
            name = f"{prefix}{row['venue']}", row["alias"]
            # Of a name that is listed twice the later day stands, and a day before none.
            until[name] = max((day for day in (until.get(name), row.get("used_until")) if day), default=None)
    rows = [(*name, until[name]) for name in sorted(until) if name[0] in known]
    return _table(rows, ("venue", "alias", "used_until"), "ssd")


# --- organisations and days -----------------------------------------------------------------------------


def providers_table(manifest: Manifest, world: World) -> pa.Table:
    """The table `providers`: those that the manifest names, and those of a file that stand in the region."""
    made: list[tuple[Any, ...]] = []
    for part in manifest.parts.get("providers", ()):
        rows = [_provider(row, part) for row in _provider_rows(part, world)]
        if part.options.get("distinct"):
            # The first by place of those that the register lists under one name.
            rows = list({row[0]: row for row in sorted(rows, key=str, reverse=True)}.values())
        made += rows
    names = ("provider", "provider_name", "source", "site_code", "district", "easting_m", "northing_m")
    _refuse_odd_ids([row[0] for row in made], "providers")
    return _table(_unique(made, "providers"), names, "sssssff")


def _provider_rows(part: Part, world: World) -> list[dict[str, Any]]:
    if "for_each" in part.options:
        return _for_each(part, world.areas)
    return _located(part, world) if part.file is not None else read_part(part).to_pylist()


def _provider(row: Mapping[str, Any], part: Part) -> tuple[Any, ...]:
    provider = row.get("provider") or f"{part.options.get('prefix', '')}{slug(row['provider_name'])}"
    site = row.get("site_code") or provider
    place = (row.get("district"), row.get("easting_m"), row.get("northing_m"))
    return (provider, row["provider_name"], row["source"], site, *place)


def _located(part: Part, world: World) -> list[dict[str, Any]]:
    """Providers of a register that stand in the region, with the district of their door."""
    rows, outside = _placed(part, world)
    _say(part, len(rows), len(rows), outside, world.report)
    return [{**row, "district": world.areas.district_of[row["small_area"]]} for row in rows]


def partners_table(manifest: Manifest, areas: Areas) -> pa.Table:
    """The table `partners`."""
    made: list[tuple[Any, ...]] = []
    for part in manifest.parts.get("partners", ()):
        for row in _for_each(part, areas) or read_part(part).to_pylist():
            if row.get("district") not in areas.above_names["district"]:
                raise RegionCodesError("partners", "a partner is of a district that is not in the region")
            made.append((row["partner"], row["partner_name"], row["partner_type"], row["district"]))
    names = ("partner", "partner_name", "partner_type", "district")
    _refuse_odd_ids([row[0] for row in made], "partners")
    return _table(_unique(made, "partners"), names, "ssss")


def _for_each(part: Part, areas: Areas) -> list[dict[str, Any]]:
    """A row for each district, with {code}, {name} and {slug} filled in; none where the part does not ask for it."""
    if "for_each" not in part.options:
        return []
    if part.options["for_each"] != "district" or part.file or part.rows:
        raise ManifestError(part.section, 'for_each is "district", with constants and neither file nor rows')
    filled: list[dict[str, Any]] = []
    for code, name in sorted(areas.above_names["district"].items()):
        words = {"code": code, "name": name, "slug": slug(name)}
        row = {role: _fill(str(value), words, part) for role, value in part.constants.items()}
        filled.append({"district": code, **row})
    return filled


def _fill(template: str, words: Mapping[str, str], part: Part) -> str:
    filled = re.sub(r"\{(code|name|slug)\}", lambda match: words[match[1]], template)
    if re.search(r"[{}]", re.sub(r"\{(code|name|slug)\}", "", template)):
        raise ManifestError(
            part.section, "a constant has braces around something else than code, name or slug"
        )
    return filled


def _refuse_odd_ids(ids: Sequence[str], section: str) -> None:
    """Refuse ids that are no name of a folder: files come in and packs go out by them."""
    odd = sum(not _ID.fullmatch(name) for name in ids)
    if odd:
        raise ManifestError(
            section,
            f"{counted(odd, 'id is', 'ids are')} not made of small letters, digits and hyphens; give"
            f" `{section[:-1]}` for them",
        )


def calendar_table(manifest: Manifest) -> pa.Table:
    """The table `calendar`."""
    days = [row for part in manifest.parts.get("calendar", ()) for row in read_part(part).to_pylist()]
    rows = sorted({(day["date"], day["name"], day["day_type"], day.get("district") or "") for day in days})
    return _table(
        [(*row[:3], row[3] or None) for row in rows], ("date", "name", "day_type", "district"), "dsss"
    )
