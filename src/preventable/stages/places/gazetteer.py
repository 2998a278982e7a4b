"""The places a text may mean: premises, streets and areas of a region, and when each was open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely

from preventable.engine import Engine
from preventable.stages.places.normalise import read_list

PREMISES, STREET, AREA = "premises", "street", "area"
ALWAYS_OPEN = -1_000_000
NEVER_CLOSED = 1_000_000


@dataclass(frozen=True)
class Gazetteer:
    """One entry for each name of a place; entries of one place share `place_id`.

    All sequences have the same length, one item an entry.

    Attributes:
        place_id: Id of the place.
        name: Its name, or one of its other names.
        kind: premises, street or area.
        easting_m, northing_m: Position in metres.
        size_m: Own size: root mean square distance of its points from the position, metres.
        weight: How busy it is, 1 or more (streets: anchor points or venues on it).
        night_time: Whether it is a pub, bar or club.
        street: Name of the street it stands on, "" where unknown or itself a street.
        around: Names of the areas it lies in (ward, place, district).
        postcode: Postcode "ZZ1 2AB", "" where unknown.
        opened, closed: First and last month in which it counts, as 12 x year + month - 1.
        postcodes: Centres of postcodes, easting and northing in metres.
    """

    place_id: Sequence[str]
    name: Sequence[str]
    kind: Sequence[str]
    easting_m: np.ndarray
    northing_m: np.ndarray
    size_m: np.ndarray
    weight: np.ndarray
    night_time: np.ndarray
    street: Sequence[str]
    around: Sequence[tuple[str, ...]]
    postcode: Sequence[str]
    opened: np.ndarray
    closed: np.ndarray
    postcodes: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.place_id)

    def open_months(self) -> dict[str, tuple[int, int]]:
        """First and last month of each place, over all its names."""
        months: dict[str, tuple[int, int]] = {}
        for place, opened, closed in zip(
            self.place_id, self.opened.tolist(), self.closed.tolist(), strict=True
        ):
            first, last = months.get(place, (opened, closed))
            months[place] = min(first, opened), max(last, closed)
        return months

    def without(self, left_out: np.ndarray) -> Gazetteer:
        """The gazetteer without the entries whose flag is true."""
        keep = np.flatnonzero(~left_out)
        return Gazetteer(
            **{
                name: value[keep] if isinstance(value, np.ndarray) else [value[i] for i in keep]
                for name, value in vars(self).items()
                if name != "postcodes"
            },
            postcodes=self.postcodes,
        )


def gazetteer_of_rows(rows: Sequence[Mapping[str, object]]) -> Gazetteer:
    """A gazetteer from one mapping an entry.

    `place_id`, `name`, `kind`, `easting_m` and `northing_m` are needed; the other attributes of
    `Gazetteer` may be left out (size from rules.toml, weight 1, open always).
    """
    sizes = read_list("rules")["size_m"]

    def numbers(name: str, default: float) -> np.ndarray:
        return np.array([row.get(name, default) for row in rows], dtype=float)

    return Gazetteer(
        place_id=[str(row["place_id"]) for row in rows],
        name=[str(row["name"]) for row in rows],
        kind=[str(row["kind"]) for row in rows],
        easting_m=numbers("easting_m", 0.0),
        northing_m=numbers("northing_m", 0.0),
        size_m=np.array([row.get("size_m", sizes[row["kind"]]) for row in rows], dtype=float),
        weight=numbers("weight", 1.0),
        night_time=np.array([row.get("night_time", False) for row in rows], dtype=bool),
        street=[str(row.get("street", "")) for row in rows],
        around=[tuple(row.get("around", ())) for row in rows],  # type: ignore[arg-type]
        postcode=[str(row.get("postcode", "")) for row in rows],
        opened=np.array([row.get("opened", ALWAYS_OPEN) for row in rows], dtype=np.int64),
        closed=np.array([row.get("closed", NEVER_CLOSED) for row in rows], dtype=np.int64),
    )


def region_gazetteer(engine: Engine, first_month: int, last_month: int) -> Gazetteer:
    """The gazetteer of the region whose tables are in the session.

    Premises are venues (with aliases and the names in the licensing register) and institutions;
    areas are wards, neighbourhoods and districts.

    Args:
        engine: The session.
        first_month: First month of any record (12 x year + month - 1): what was open by then was always open.
        last_month: Last month of any record: what is open then never closed.
    """
    areas = engine.fetch(
        "SELECT area_type, area, area_name, district, polygon FROM areas ORDER BY area_type, area"
    ).to_pylist()
    names = {(row["area_type"], row["area"]): row["area_name"] for row in areas}
    around = {
        row["small_area"]: tuple(
            names.get((level, row[level]), "") for level in ("ward", "neighbourhood", "district")
        )
        for row in engine.fetch(
            "SELECT small_area, ward, neighbourhood, district FROM small_areas"
        ).to_pylist()
    }
    venues = engine.fetch("SELECT * FROM venues ORDER BY venue").to_pylist()
    streets = engine.fetch("SELECT * FROM streets ORDER BY street").to_pylist()
    rows = _premises(engine, venues, streets, around)
    rows += _streets(streets, venues, around)
    rows += _areas([row for row in areas if row["area_type"] in {"ward", "neighbourhood", "district"}], names)
    gazetteer = gazetteer_of_rows(rows)
    opened = np.where(gazetteer.opened <= first_month, ALWAYS_OPEN, gazetteer.opened)
    closed = np.where(gazetteer.closed >= last_month, NEVER_CLOSED, gazetteer.closed)
    postcodes = engine.fetch(
        "SELECT postcode, easting_m, northing_m FROM postcodes ORDER BY postcode"
    ).to_pylist()
    centres = {row["postcode"]: (row["easting_m"], row["northing_m"]) for row in postcodes}
    return replace(gazetteer, opened=opened, closed=closed, postcodes=centres)


def _premises(
    engine: Engine, venues: list, streets: list, around: Mapping[str, tuple[str, ...]]
) -> list[dict]:
    night_time = set(read_list("rules")["night_time_types"])
    street_names = {row["street"]: row["street_name"] for row in streets}
    names = _venue_names(engine)
    rows: list[dict] = []
    for venue in venues:
        place = {
            "place_id": venue["venue"],
            "kind": PREMISES,
            "easting_m": venue["easting_m"],
            "northing_m": venue["northing_m"],
            "night_time": venue["venue_type"] in night_time,
            "street": street_names.get(venue["street"], ""),
            "around": around.get(venue["small_area"], ()),
            "postcode": venue["postcode"] or "",
            "opened": _month_of(venue["opened_on"], ALWAYS_OPEN),
            "closed": _month_of(venue["closed_on"], NEVER_CLOSED),
        }
        # A name is not used before the premises have it; old ones are used on, as long as these are open.
        since = max(place["opened"], _month_of(venue["renamed_on"], ALWAYS_OPEN))
        now = {**place, "name": venue["venue_name"], "opened": since}
        others = names.get(venue["venue"], set()) - {venue["venue_name"]}
        rows += sorted(
            [now, *({**place, "name": name} for name in others)], key=lambda entry: str(entry["name"])
        )
    for school in engine.fetch("SELECT * FROM institutions ORDER BY institution").to_pylist():
        rows.append(
            {
                "place_id": school["institution"],
                "name": school["institution_name"],
                "kind": PREMISES,
                "easting_m": school["easting_m"],
                "northing_m": school["northing_m"],
                "around": around.get(school["small_area"], ()),
                "postcode": school["postcode"] or "",
            }
        )
    return rows


def _venue_names(engine: Engine) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    sql = "SELECT venue, alias AS name FROM venue_aliases"
    if engine.has("listings"):
        # The licensing register tells names in use now; it never moves, opens or closes a venue.
        sql += (
            " UNION SELECT v.venue, l.subject_name AS name FROM listings l"
            " JOIN venues v ON l.subject_code = v.licence_number"
            " WHERE l.source = 'licensing' AND l.subject_name IS NOT NULL"
        )
    for row in engine.fetch(sql).to_pylist():
        found.setdefault(row["venue"], set()).add(row["name"])
    return found


def _streets(streets: list, venues: list, around: Mapping[str, tuple[str, ...]]) -> list[dict]:
    busy: dict[str, int] = {}
    for venue in venues:
        busy[venue["street"]] = busy.get(venue["street"], 0) + 1
    usual = float(read_list("rules")["size_m"][STREET])
    return [
        {
            "place_id": street["street"],
            "name": street["street_name"],
            "kind": STREET,
            "easting_m": street["easting_m"],
            "northing_m": street["northing_m"],
            # Points spread evenly along a straight line of length L have RMS distance L / sqrt(12).
            "size_m": usual if street["length_m"] is None else max(street["length_m"], 1.0) / 12**0.5,
            "weight": 1.0 + busy.get(street["street"], 0),
            "around": around.get(street["small_area"], ()),
        }
        for street in streets
    ]


def _areas(areas: list, names: Mapping[tuple[str, str], str]) -> list[dict]:
    areas = [area for area in areas if area["polygon"] is not None]
    if not areas:
        return []
    polygons = shapely.from_wkb([area["polygon"] for area in areas])
    centres = shapely.get_coordinates(shapely.centroid(polygons))
    # Points spread evenly over a disc of area A have RMS distance sqrt(A / 2 pi) from its centre.
    sizes = np.sqrt(shapely.area(polygons) / (2 * np.pi))
    return [
        {
            "place_id": area["area"],
            "name": area["area_name"],
            "kind": AREA,
            "easting_m": float(centre[0]),
            "northing_m": float(centre[1]),
            "size_m": float(size),
            "around": (names.get(("district", area["district"]), ""),),
        }
        for area, centre, size in zip(areas, centres, sizes, strict=True)
    ]


def _month_of(day: object, default: int) -> int:
    return default if day is None else 12 * day.year + day.month - 1  # type: ignore[attr-defined]
