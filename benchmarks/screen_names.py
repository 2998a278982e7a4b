"""How many names of persons the screen for place texts misses, and how many real places it stops.

Persons are made of lists that ship inside the Python packages faker and mimesis, which nothing else of ours uses. Each
part of a name and each place belongs to one of two halves by its hash: `seen`, on which rules may be mended, and
`held`, which is looked at as a number alone. So does each frame of a text by its place in the list.

Run: python benchmarks/screen_names.py PACKAGES ../shared/data/venues [--missed]
where PACKAGES is a folder into which `pip install --target PACKAGES faker mimesis` went.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import importlib
import json
import random
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from preventable.stages.sources.screening import screen

SEED, PERSONS = 20261127, 150
HALVES = ("seen", "held")
#: Locales by group; a locale with few surnames takes those of mimesis.
GROUPS = {
    "British": ("en_GB",), "Irish": ("en_IE", "ga_IE"), "Indian": ("en_IN",), "Pakistani": ("en_PK",),
    "Polish": ("pl_PL", "pl"), "Romanian": ("ro_RO",),
    "Turkish": ("tr_TR", "tr"),
    "Nigerian": ("yo_NG", "en_NG", "ig_NG", "ha_NG"),
    "Kenyan": ("en_KE",), "Ghanaian": ("tw_GH",), "North African": ("fr_DZ",), "German": ("de_DE",),
    "French": ("fr_FR",),
    "Spanish": ("es_ES",), "Italian": ("it_IT",), "Portuguese": ("pt_PT",), "Hungarian": ("hu_HU",),
    "Czech": ("cs_CZ",),
    "Baltic": ("lt_LT", "lv_LV"), "Dutch": ("nl_NL",), "Swedish": ("sv_SE",), "South African": ("zu_ZA",),
}  # fmt: skip
#: Every second frame is of the half that is held.
FRAMES = (
    "assaulted by {} outside Bar Beispiel", "hit by {} near the bus station",
    "{} hit him in the car park", "{} punched her outside the shops",
    "at {}'s house", "in {}'s flat",
    "with friend {} in town centre", "walking home with {} along the canal",
    "pt states {} did it", "patient says {} attacked her",
    "w/ {} at Bar Beispiel", "was with {} at the park",
    "{} and {} fighting in the street", "fight between {} and {} in the park",
    "his partner {}", "her ex partner {} at home",
    "known to {}", "offender {} ran off towards the station",
    "outside Bar Beispiel, {} stabbed him", "in the alley by the pub, attacked by {}",
    "pushed by {} at the bus stop", "bottled by {} in Bar Beispiel",
    "brother {} assaulted him at home", "her son {} kicked the door",
    "victim {} found in the street", "suspect {} left the scene on foot",
    "argument with {} in kitchen", "altercation with {} at the taxi rank",
    "told us {} was responsible", "claims {} threw a bottle at the bar",
    "Bar Beispiel - {}", "town centre ({})",
    "threatened by neighbour {}", "robbed by {} and others",
)  # fmt: skip
PLACE_FRAMES = (
    "{}", "{}", "outside {}", "o/s {}", "in {} car park", "assaulted in {}", "{}, Walsall",
    "{}, Mill Street", "near {}", "opp {}", "fight at {}",
    "assault outside {}", "by {}", "next to {}", "left {} and was hit",
    "pt was in {} when hit by unknown male", "on the way home from {}",
    "walking past {} with friends", "{} toilets", "smoking area of {}", "bus stop by {}",
    "punched in {} last night",
    "between {} and the station", "junction of {} and Mill Street",
)  # fmt: skip
PLACE_FILES = {
    "fhrs_west_midlands_2015.csv.gz": "businessname",
    "wm_public_premises_2016.csv.gz": "name",
    "street_anchor_points_wm_2011.csv.gz": "name",
}
FORMS = {"Title": str, "lower": str.lower, "UPPER": str.upper}


def half_of(word: str) -> str:
    return HALVES[hashlib.sha256(word.casefold().encode()).digest()[0] % 2]


def parts_of(packages: Path, locales: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Given names and surnames of some locales, in Latin letters."""
    given, surnames = set(), set()
    for locale in locales:
        if "_" not in locale:
            told = json.loads((packages / "mimesis" / "datasets" / locale / "person.json").read_text("utf-8"))
            surnames |= {name for part in flat(told["surnames"]) for name in [part]}
            given |= set(flat(told["names"]))
            continue
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for kind, names in (("first", given), ("last", surnames)):
            for of in ("", "_male", "_female"):
                names |= set(getattr(provider, f"{kind}_names{of}", ()) or ())
    return tuple(sorted(name for name in names if is_latin(name)) for names in (given, surnames))


def flat(value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for part in value.values() if isinstance(value, dict) else value:
            yield from flat(part)


def is_latin(name: str) -> bool:
    letters = [char for char in name if char.isalpha()]
    return (
        len(letters) > 2
        and name[0].isupper()
        and all("LATIN" in unicodedata.name(char, "") for char in letters)
    )


def persons(packages: Path, half: str) -> Iterator[tuple[str, str, str]]:
    """Group, given name and surname."""
    sys.path.insert(0, str(packages))
    for group, locales in GROUPS.items():
        rng = random.Random(f"{SEED}{group}{half}")
        given, surnames = ([n for n in names if half_of(n) == half] for names in parts_of(packages, locales))
        for number in range(PERSONS):
            first, last = rng.choice(given), rng.choice(surnames)
            if number % 10 == 0:
                last = f"{last}-{rng.choice(surnames)}"
            yield group, first, last


def whole_name(given: str, surname: str, rng: random.Random) -> tuple[str, str]:
    """A name as it may be written, and in which form."""
    kind = rng.choices(("given surname", "surname first", "initial"), (8, 1, 1))[0]
    if kind == "surname first":
        return f"{surname}, {given}", kind
    if kind == "initial":
        return f"{given[0]} {surname}", kind
    return f"{given} {surname}", kind


def in_frame(frame: str, name: str, form: str) -> str:
    """A text with a name in it, all of it in capitals where the name is."""
    first = frame.replace("{}", FORMS[form](name), 1).replace("{}", "another male")
    return first.upper() if form == "UPPER" else first


def is_left(text: str, given: str, surname: str) -> bool:
    """Whether a part of a name stands in what is kept."""
    words = set(re.findall(r"\w+", text.casefold()))
    return any(part in words for name in (given, surname) for part in re.findall(r"\w{3,}", name.casefold()))


def names(packages: Path, half: str, tell: bool) -> None:
    frames = FRAMES[HALVES.index(half) :: 2]
    of, missed, left = Counter(), Counter(), Counter()
    told = []
    for group, given, surname in persons(packages, half):
        rng = random.Random(f"{given} {surname}")
        name, kind = whole_name(given, surname, rng)
        frame = rng.choice(frames)
        for form, written in FORMS.items():
            for where, text in (("sentence", in_frame(frame, name, form)), ("alone", written(name))):
                if form == "lower" and where == "sentence" and len(given) % 2:
                    text = text.lower()
                found = screen(text)
                keys = ((where, form), (where, kind), (where, group), (where, "all"))
                of.update(keys)
                if not found.redacted:
                    missed.update(keys)
                    told.append((where, form, group, text))
                elif is_left(found.text, given, surname):
                    left.update(keys)
                    told.append((where, form, group, f"{text} -> {found.text}"))
    for where, what in sorted(of):
        n, m, part = (counter[where, what] for counter in (of, missed, left))
        print(f"{half} {where:9} {what:14} {n:6} missed {m / n:.3f}  a part left {part / n:.3f}")
    if tell:
        for one in random.Random(SEED).sample(told, min(len(told), 400)):
            print("   ", *one, sep=" | ")


def places(folder: Path, half: str, tell: bool) -> None:
    for file, column in PLACE_FILES.items():
        with gzip.open(folder / file, "rt", encoding="utf-8", newline="") as text:
            found = {row[column] for row in csv.DictReader(text)}
        known = sorted(name for name in found if half_of(name) == half)
        alone = [name for name in known if screen(name).redacted]
        framed = []
        for name in known:
            frame = random.Random(f"{SEED}{name}").choice(PLACE_FRAMES[2:])
            if screen(frame.format(name)).redacted:
                framed.append(frame.format(name))
        print(f"{half} {file:40} {len(known):6} stopped alone {len(alone):4}  in a text {len(framed):4}")
        if tell:
            print("   ", alone, "\n   ", framed)


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("packages", type=Path)
    told.add_argument("venues", type=Path)
    told.add_argument(
        "--missed", action="store_true", help="show what was missed of the half that may be seen"
    )
    told.add_argument("--half", choices=HALVES, action="append")
    asked = told.parse_args()
    for half in asked.half or HALVES:
        names(asked.packages, half, asked.missed and half == "seen")
        places(asked.venues, half, asked.missed and half == "seen")


if __name__ == "__main__":
    main()
