"""How a busy receptionist, a call taker or an officer writes a place: cues, abbreviations, typing errors."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from preventable.invented.capture import (
    AREA_ENTRY,
    NO_ENTRY,
    SCHOOL_ENTRY,
    STREET_ENTRY,
    VENUE_ENTRY,
    Columns,
)
from preventable.invented.draws import stream
from preventable.invented.incidents import PLACE_TYPES, Incidents, Victims
from preventable.invented.world import MINUTES_A_DAY, World


class Typist:
    """Turns names into what is typed. Every draw comes from one stream, in the order of the records."""

    def __init__(self, rules: Mapping[str, Any], *, seed: int, name: str) -> None:
        self._rules = rules
        self._rng = random.Random(int(stream(seed, name).integers(2**62)))
        self._beside = _neighbouring_keys(rules["neighbouring_keys"])

    def chance(self, name: str) -> bool:
        """Whether something of this share of the rules happens now."""
        return self._rng.random() < self._rules[name]

    def choose(self, options: Any) -> Any:
        """One of some options."""
        return options[int(self._rng.random() * len(options))]

    def generic(self) -> str:
        """A text that tells no place."""
        return "" if self.chance("blank_of_none") else self._case(self.choose(self._rules["generic"]))

    def home(self, *, own: bool) -> str:
        """A home, never with its street and number."""
        return self.choose(self._rules["home"]) if own else self._case(self.choose(self._rules["other_home"]))

    def type_word(self, place_type: str) -> str:
        """A word for a type of place, for want of its name."""
        return self._case(self._rules["type_words"].get(place_type, "work"))

    def premises(self, name: str, aliases: tuple[str, ...], street: str, area: str) -> str:
        """Named premises, at times with their street or area."""
        if aliases and self.chance("alias"):
            name = self.choose(aliases)
        name = self._worn(name)
        draw = self._rng.random()
        if street and draw < self._rules["with_street"]:
            name = f"{name}{self._joint()}{self._worn(street)}"
        elif draw < self._rules["with_street"] + self._rules["with_area"]:
            name = f"{name}{self._joint()}{area}"
        if self.chance("car_park"):
            name = f"{name} car park"
        return self._finish(name, self._rules["cues"])

    def street(self, name: str, area: str, postcode: str) -> str:
        """A street, at times with its area or as a postcode."""
        if postcode and self.chance("postcode"):
            return self._finish(f"{self._worn(name)} {postcode}", self._rules["cues"], typed=False)
        text = self._worn(name)
        if self.chance("street_with_area"):
            text = f"{text}{self._joint()}{area}"
        return self._finish(text, self._rules["cues"])

    def area(self, name: str) -> str:
        """A part of a town, or the town."""
        return self._finish(name, self._rules["cue_of_area"])

    def _joint(self) -> str:
        return self.choose((", ", " ", " "))

    def _worn(self, name: str) -> str:
        """A name with words abbreviated, dropped or run together."""
        words = name.split()
        if len(words) > 1 and words[0] == "The" and self._rng.random() < 0.5:
            words = words[1:]
        short = self._rules["abbreviations"]
        words = [short[word] if word in short and self.chance("abbreviated") else word for word in words]
        if len(words) > 1 and self.chance("dropped_word"):
            words.pop(int(self._rng.random() * len(words)))
        if len(words) > 1 and self.chance("glued_words"):
            at = int(self._rng.random() * (len(words) - 1))
            words[at : at + 2] = [words[at] + words[at + 1]]
        return " ".join(words)

    def _finish(self, text: str, cues: list[str], *, typed: bool = True) -> str:
        if typed:
            text = self._mistype(text)
        if self.chance("cue"):
            text = f"{self.choose(cues)} {text}"
        return self._case(text)[: self._rules["clip"]].strip()

    def _mistype(self, text: str) -> str:
        expected = self._rules["typing_errors"] * len(text) / 20
        while self._rng.random() < expected / (1 + expected):
            text = self._one_error(text)
        return text

    def _one_error(self, text: str) -> str:
        """Swap, drop, double, or hit the key beside, anywhere but at a blank."""
        at = int(self._rng.random() * (len(text) - 1))
        if len(text) < 4 or not text[at].isalpha() or not text[at + 1].isalpha():
            return text
        kind = int(self._rng.random() * 4)
        if kind == 0:
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        if kind == 1:
            return text[:at] + text[at + 1 :]
        if kind == 2:
            return text[: at + 1] + text[at:]
        beside = self._beside.get(text[at].lower(), text[at])
        return text[:at] + self.choose(beside) + text[at + 1 :]

    def _case(self, text: str) -> str:
        draw = self._rng.random()
        if draw < self._rules["lower_case"]:
            return text.lower()
        return text.upper() if draw < self._rules["lower_case"] + self._rules["upper_case"] else text


def _neighbouring_keys(rows: list[str]) -> dict[str, str]:
    beside = {}
    for row in rows:
        for at, key in enumerate(row):
            beside[key] = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
    return beside


def write_ed_places(
    world: World,
    chances: Mapping[str, Any],
    records: Columns,
    incidents: Incidents,
    victims: Victims,
    *,
    seed: int,
) -> list[str]:
    """The place text of each attendance. Homes are only ever told as homes, and premises by the name they had then."""
    typist = Typist(chances["words"], seed=seed, name="ed words")
    earlier = Typist(chances["words"], seed=seed, name="ed words of former names")
    incident = victims.incident[records["victim"]]
    near_area = _nearest_ward_names(world, incidents.points[incident])
    near_postcode = _nearest_postcodes(world, incidents.points[incident])
    words = [PLACE_TYPES[number] for number in incidents.place_type[incident]]
    texts = []
    days = (incidents.local_min[incident] // MINUTES_A_DAY).tolist()
    rows = zip(
        records["entry_kind"].tolist(),
        records["entry"].tolist(),
        records["at_home"].tolist(),
        records["at_own_home"].tolist(),
        near_area,
        near_postcode,
        words,
        days,
        strict=True,
    )
    for entry_kind, entry, at_home, own, area, postcode, word, day in rows:
        if at_home and (own or entry_kind not in (STREET_ENTRY, AREA_ENTRY)):
            texts.append(typist.home(own=own))
        elif entry_kind == VENUE_ENTRY:
            street = world.street_names[world.venue_street[entry]]
            text = typist.premises(world.venue_names[entry], world.aliases.get(entry, ()), street, area)
            former = world.former_name(entry, day)
            # The first text is drawn all the same, so that no other text hangs on what was renamed.
            texts.append(earlier.premises(former, (), street, area) if former else text)
        elif entry_kind == SCHOOL_ENTRY:
            texts.append(typist.premises(world.institution_names[entry], (), "", area))
        elif entry_kind == STREET_ENTRY:
            texts.append(typist.street(world.street_names[entry], area, postcode))
        elif entry_kind == AREA_ENTRY:
            texts.append(typist.area(world.named_areas[entry][2]))
        elif entry_kind == NO_ENTRY and word in chances["words"]["type_words"]:
            texts.append(typist.type_word(word))
        else:
            texts.append(typist.generic())
    return texts


def _nearest_ward_names(world: World, points: Any) -> list[str]:
    wards = [(name, east, north) for level, _, name, east, north in world.named_areas if level == "ward"]
    nearest = cKDTree(np.array([ward[1:] for ward in wards])).query(points)[1]
    names = [ward[0] for ward in wards]
    return [names[number] for number in nearest.tolist()]


def _nearest_postcodes(world: World, points: Any) -> list[str]:
    return world.postcodes[cKDTree(world.postcode_points).query(points)[1]].tolist()


def write_addresses(world: World, points: Any, venue: Any, day: Any) -> list[str]:
    """Address texts of a call centre or a force: premises where known, and the nearest street, no number.

    Args:
        points: Recorded points, (n, 2).
        venue: Index of the venue to name, -1 for none.
        day: Day number of each: premises have the name that they had then.
    """
    streets = world.street_names[cKDTree(world.street_points).query(points)[1]].tolist()
    upper = [name.upper() for name in world.venue_names]
    named = [
        world.former_name(number, on).upper() or upper[number] if number >= 0 else ""
        for number, on in zip(venue.tolist(), day.tolist(), strict=True)
    ]
    return [
        f"{name}, {street.upper()}" if name else street.upper()
        for name, street in zip(named, streets, strict=True)
    ]
