"""The region's places as a person knows them: name, type, district, licence, and when they had which name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz, process

from preventable.engine import Engine
from preventable.stages.places.gazetteer import AREA, PREMISES, STREET
from preventable.stages.places.phrases import phrase

#: Levels of areas that a text may name.
NAMED_LEVELS = ("ward", "neighbourhood", "district")


@dataclass(frozen=True)
class Place:
    """One place of the gazetteer.

    Attributes:
        place_id: Its id.
        kind: premises, street or area.
        name: Its name now.
        place_type: Type of premises or level of area; empty for a street.
        district: Name of its district, empty where it has none.
        street: Name of the street of premises, empty where it is not known.
        other_names: Names people use, and those it had, with the day until which it had them where that is known.
        licence_number, capacity: Of licensed premises, None where not known.
        opened_on, renamed_on, closed_on: None where not known, never or not yet.
    """

    place_id: str
    kind: str
    name: str
    place_type: str = ""
    district: str = ""
    street: str = ""
    other_names: tuple[tuple[str, dt.date | None], ...] = ()
    licence_number: str | None = None
    capacity: int | None = None
    opened_on: dt.date | None = None
    renamed_on: dt.date | None = None
    closed_on: dt.date | None = None

    @property
    def words(self) -> str:
        """Name, type, street and district in one line."""
        return ", ".join(
            filter(None, (self.name, self.place_type.replace("_", " "), self.street, self.district))
        )

    def as_text(self) -> str:
        """All that is known of it, for a terminal."""
        lines = [f"{self.place_id:<10} {self.words}"]
        licence = (f"licence {self.licence_number}" if self.licence_number else "", self._size, self._time)
        told = ", ".join(filter(None, licence))
        lines += [f"{'':<10} {told}"] if told else []
        names = [name + (f" (until {until})" if until else "") for name, until in self.other_names]
        return "\n".join([*lines, *([f"{'':<10} also {', '.join(names)}"] if names else [])])

    @property
    def _size(self) -> str:
        return f"capacity {self.capacity:,}" if self.capacity is not None else ""

    @property
    def _time(self) -> str:
        days = (("opened", self.opened_on), ("so named since", self.renamed_on), ("closed", self.closed_on))
        return ", ".join(f"{word} {day}" for word, day in days if day is not None)


def place_directory(engine: Engine) -> dict[str, Place]:
    """Every place that a text may mean, by id; of a venue and an area of one id the venue.

    Args:
        engine: Session with venues, venue_aliases, institutions, streets, areas and small_areas.
    """
    areas = [row for row in _rows(engine, "areas") if row["area_type"] in NAMED_LEVELS]
    names = {row["area"]: row["area_name"] for row in areas if row["area_type"] == "district"}
    district_of = {row["small_area"]: names.get(row["district"], "") for row in _rows(engine, "small_areas")}
    streets = _rows(engine, "streets")
    places = [
        Place(row["area"], AREA, row["area_name"], row["area_type"], names.get(row["district"], ""))
        for row in areas
    ]
    places += [
        Place(row["street"], STREET, row["street_name"], "", district_of.get(row["small_area"], ""))
        for row in streets
    ]
    places += [
        Place(
            row["institution"],
            PREMISES,
            row["institution_name"],
            row["institution_type"],
            district_of.get(row["small_area"], ""),
        )
        for row in _rows(engine, "institutions")
    ]
    places += _venues(engine, {row["street"]: row["street_name"] for row in streets}, district_of)
    return {place.place_id: place for place in places}


def _venues(engine: Engine, streets: Mapping[str, str], district_of: Mapping[str, str]) -> list[Place]:
    others: dict[str, list[tuple[str, dt.date | None]]] = {}
    for row in _rows(engine, "venue_aliases"):
        others.setdefault(row["venue"], []).append((row["alias"], row["used_until"]))
    told = ("licence_number", "capacity", "opened_on", "renamed_on", "closed_on")
    return [
        Place(
            row["venue"],
            PREMISES,
            row["venue_name"],
            row["venue_type"],
            district_of.get(row["small_area"], ""),
            streets.get(row["street"], ""),
            tuple(sorted(others.get(row["venue"], ()), key=str)),
            **{name: row[name] for name in told},
        )
        for row in _rows(engine, "venues")
    ]


def find_places(places: Iterable[Place], words: str, *, most: int = 8, least: float = 75.0) -> list[Place]:
    """Places whose name, other name, licence number or id is most like some words, best first.

    Args:
        places: To look among.
        words: A name, roughly; a licence number or an id, exactly.
        most: Number of places given.
        least: Likeness (0 to 100) that a name needs.
    """
    held = sorted(places, key=lambda place: place.place_id)
    asked = " ".join(phrase(words))
    exact = [place for place in held if words.strip() in (place.place_id, place.licence_number)]
    named = [
        (" ".join(phrase(name)), place)
        for place in held
        for name in (place.name, *(other for other, _ in place.other_names))
    ]
    found = process.extract(
        asked, [name for name, _ in named], scorer=fuzz.WRatio, limit=most * 4, score_cutoff=least
    )
    near = [named[at][1] for _, _, at in sorted(found, key=lambda one: (-one[1], one[2]))]
    return list(dict.fromkeys(exact + near))[:most]


def _rows(engine: Engine, table: str) -> list[dict[str, Any]]:
    return engine.table(table).to_pylist()
