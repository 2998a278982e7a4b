"""Place texts made out of a gazetteer's own entries, with their truth: what weights are learnt from.

The texts are the gazetteer's names as hurried people type them: typing errors, short forms, words left out,
cue words, areas and streets added, house numbers, junctions, generic words. No text of any test set is used.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from preventable.stages.places.gazetteer import AREA, PREMISES, STREET, Gazetteer
from preventable.stages.places.normalise import read_list

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_CUES = (
    "outside",
    "o/s",
    "in",
    "inside",
    "near",
    "nr",
    "opp",
    "by",
    "at",
    "queue at",
    "leaving",
    "behind",
    "on",
)


@dataclass(frozen=True)
class MadeText:
    """A text made from an entry: `entry` is None where no answer is right."""

    text: str
    site: tuple[float, float] | None
    entry: int | None


def make_texts(
    gazetteer: Gazetteer, hospitals: Sequence[tuple[float, float]], count: int, seed: int
) -> list[MadeText]:
    """Make `count` texts. The same seed gives the same texts."""
    return _Maker(gazetteer, hospitals, random.Random(seed)).make(count)


class _Maker:
    def __init__(
        self, gazetteer: Gazetteer, hospitals: Sequence[tuple[float, float]], dice: random.Random
    ) -> None:
        self.places, self.dice = gazetteer, dice
        self.kinds, self.habits = read_list("learn")["kinds"], read_list("learn")["habits"]
        self.hospitals = np.array(hospitals, dtype=float).reshape(-1, 2)
        kinds = np.array(gazetteer.kind)
        self.entries = {kind: np.flatnonzero(kinds == kind).tolist() for kind in (PREMISES, STREET, AREA)}
        self.odds = {
            PREMISES: [
                self.habits["night_time_factor"] if gazetteer.night_time[i] else 1.0
                for i in self.entries[PREMISES]
            ],
            STREET: [float(gazetteer.weight[i]) for i in self.entries[STREET]],
            AREA: [1.0] * len(self.entries[AREA]),
        }
        self.positions = np.column_stack((gazetteer.easting_m, gazetteer.northing_m))
        self.street_tree = cKDTree(self.positions[self.entries[STREET]])
        lists = read_list("abbreviations")
        self.shorter: dict[str, str] = dict(lists["short"])
        self.slang: dict[str, list[str]] = {}
        for spoken, name in lists["slang"].items():
            self.slang.setdefault(name, []).append(spoken)
        generic = read_list("generic")["place_types"]
        self.generic = sorted(word for words in generic.values() for word in words)

    def make(self, count: int) -> list[MadeText]:
        kinds = self.dice.choices(list(self.kinds), list(self.kinds.values()), k=count)
        return [self._make(kind) for kind in kinds]

    def _make(self, kind: str) -> MadeText:
        if kind == "generic":
            return MadeText(self._dress(self._generic()), self._site(None), None)
        if kind == "generic area":
            entry = self._draw(AREA)
            return MadeText(
                f"{self._generic()} {self.dice.choice(('in ', ''))}{self.places.name[entry]}",
                self._site(entry),
                entry,
            )
        if kind.startswith("postcode"):
            return self._with_postcode(kind)
        entry = self._draw(
            {"venue": PREMISES, "street": STREET, "crossing": STREET, "area": AREA}[kind.split()[0]]
        )
        text = self._name(entry)
        joint = self.dice.choice((" ", ", ", " in ", " on "))
        if kind.endswith(" area") and self.places.around[entry]:
            text += joint + self._spelt(self.dice.choice(self.places.around[entry]))
        elif kind == "venue street" and self.places.street[entry]:
            text += joint + self._spelt(self.places.street[entry])
        elif kind == "crossing":
            start = self.dice.choice(("jct ", "junction of ", "corner of ", ""))
            text = f"{start}{text}{self.dice.choice((' and ', ' & ', '/'))}{self._crossing(entry)}"
        elif kind.startswith("street") and self.dice.random() < self.habits["house_number"]:
            text = f"{self.dice.randint(1, 199)} {text}"
        return MadeText(self._dress(text), self._site(entry), entry)

    def _with_postcode(self, kind: str) -> MadeText:
        entry = self._draw(self.dice.choice((PREMISES, STREET)))
        postcode = self.places.postcode[entry].replace(" ", self.dice.choice((" ", "")))
        name = self._name(entry) if kind.endswith("street") else ""
        return MadeText(self._dress(f"{name} {postcode}".strip()), self._site(entry), entry)

    def _draw(self, kind: str) -> int:
        return self.dice.choices(self.entries[kind], self.odds[kind])[0]

    def _generic(self) -> str:
        return " ".join(self.dice.sample(self.generic, self.dice.randint(1, 2)))

    def _crossing(self, entry: int) -> str:
        _, near = self.street_tree.query(self.positions[entry], k=min(8, len(self.entries[STREET])))
        others = [self.entries[STREET][i] for i in np.atleast_1d(near)]
        other = [i for i in others if self.places.name[i] != self.places.name[entry]]
        return self._spelt(self.places.name[self.dice.choice(other or others)])

    def _name(self, entry: int) -> str:
        words = self.places.name[entry].split()
        if (
            len(words) >= 2
            and self.places.kind[entry] == PREMISES
            and self.dice.random() < self.habits["word_left_out"]
        ):
            words.pop(self.dice.randrange(len(words)))
        return self._spelt(" ".join(words))

    def _spelt(self, name: str) -> str:
        words = [self._short(word) for word in name.lower().split()]
        text = " ".join(words)
        for chance in self.habits["typing_errors"]:
            if len(text) > 3 and self.dice.random() < chance:
                text = self._mistyped(text)
        return text

    def _short(self, word: str) -> str:
        """The word in a short form, in slang, or cut off, by the habits; mostly as it is."""
        if word in self.shorter and self.dice.random() < self.habits["short_form"]:
            return self.shorter[word]
        if word in self.slang and self.dice.random() < self.habits["slang"]:
            return self.dice.choice(self.slang[word])
        if len(word) >= 6 and self.dice.random() < self.habits["word_cut"]:
            return word[: self.dice.randint(4, len(word) - 2)]
        return word

    def _mistyped(self, text: str) -> str:
        at = self.dice.randrange(1, len(text) - 1)
        letter = text[at]
        row = next((keys for keys in _KEYS if letter in keys), letter)
        beside = row[min(max(row.index(letter) + self.dice.choice((-1, 1)), 0), len(row) - 1)]
        change = self.dice.choice(("swap", "drop", "double", "key", "key"))
        if change == "swap":
            return text[:at] + text[at + 1] + letter + text[at + 2 :]
        if change == "drop":
            return text[:at] + text[at + 1 :]
        return text[:at] + (letter * 2 if change == "double" else beside) + text[at + 1 :]

    def _dress(self, text: str) -> str:
        if self.dice.random() < self.habits["cue"]:
            text = f"{self.dice.choice(_CUES)} {text}"
        return f"{text} car park" if self.dice.random() < self.habits["car_park"] else text

    def _site(self, entry: int | None) -> tuple[float, float] | None:
        if not len(self.hospitals):
            return None
        if entry is None:
            return tuple(self.hospitals[self.dice.randrange(len(self.hospitals))].tolist())
        order = np.argsort(((self.hospitals - self.positions[entry]) ** 2).sum(axis=1))
        odds = self.habits["sites_by_nearness"]
        near = order[: len(odds)]
        rank = self.dice.choices(range(len(near)), odds[: len(near)])[0]
        return tuple(self.hospitals[order[rank]].tolist())
