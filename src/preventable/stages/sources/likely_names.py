"""Names of persons that no list need have, told by how like names two words are and by what stands around them.

A word's likeness is learnt (`name_likeness`); what stands around it (likely_names.toml) says how much of it is needed:
least after "assaulted by", more where a text is nothing but two words, most after "outside".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preventable.stages.sources.name_likeness import folded, likeness
from preventable.stages.sources.rules_files import rules_file

_NEVER = -99.0
#: Lists of person_names.toml.
_NAMES = ("given", "given_of_places", "surnames", "surnames_of_places")
_SHORTEST, _SHORTEST_ALONE = 2, 3
#: How many words before "by", and after "and", an act is looked for.
_NEAR = 4
_MOST_PARTICLES = 2
_MOST_WORDS = 3
#: A space and a sign.
_NEXT = 2
_SIGNS = re.compile(r"[\s/:=\-\u2013,(\"]*")
#: Between a trader's name and the trade.
_TRADE = re.compile(r"\s*(?:\(|- )\s*")
#: An s that owns, at the end of a word.
_OWNS = re.compile("'s[-']*(?:[^a-z'-]|$)")
_NO_LETTERS = re.compile("[^a-z]+")
_COMMA = re.compile(r"\s?,\s?")


class Word(Protocol):
    """What is asked of a word: see `person_names`."""

    start: int
    end: int
    written: str
    plain: str
    owns: bool


@dataclass(frozen=True)
class Cues:
    """The words of likely_names.toml, and how much likeness is added and needed."""

    acts: frozenset[str]
    does: frozenset[str]
    tells: frozenset[str]
    fights: frozenset[str]
    places: frozenset[str]
    particles: frozenset[str]
    needed: dict[str, float]


@cache
def cues() -> Cues:
    """The file as one object."""
    rules = rules_file("likely_names")
    words = {
        name: frozenset(rules[name].split())
        for name in ("acts", "does", "tells", "fights", "places", "particles")
    }
    return Cues(**words, needed=rules["needed"])


@cache
def person_words() -> frozenset[str]:
    """Words for persons, from person_names.toml."""
    rules = rules_file("person_names")
    return frozenset(" ".join(rules[name] for name in ("persons", "relations", "naming")).split())


@cache
def _telling() -> frozenset[str]:
    """Every word by which a text can tell of a person."""
    return cues().acts | cues().does | cues().tells | cues().fights | person_words()


@cache
def _vetoed() -> frozenset[str]:
    rules = rules_file("person_names")
    names = frozenset(" ".join(rules[name] for name in _NAMES).split())
    places = frozenset(" ".join(rules[name] for name in ("roads", "firms", "starters", "agents")).split())
    after = frozenset(rules["after_places"].split()) - names
    ordinary = frozenset(rules_file("ordinary_words")["words"].split()) - names
    return ordinary | places | after | cues().particles | _telling() | cues().places


@cache
def _of_places() -> frozenset[str]:
    """Words after which, or with which first, a place is called so."""
    rules = rules_file("person_names")
    return frozenset(" ".join(rules[name] for name in ("after_places", "roads", "firms")).split()) - {
        "and"
    } | {"of"}


@cache
def _saints() -> frozenset[str]:
    return frozenset(rules_file("person_names")["saints"].split())


@cache
def _listed() -> tuple[frozenset[str], frozenset[str]]:
    """Given names and surnames that person_names.toml has and that are not as often part of a place's name."""
    rules = rules_file("person_names")
    return frozenset(rules["given"].split()), frozenset(rules["surnames"].split())


@cache
def _names_of_places() -> frozenset[str]:
    rules = rules_file("person_names")
    return frozenset(f"{rules['given_of_places']} {rules['surnames_of_places']}".split())


@lru_cache(maxsize=65_536)
def scores(word: str) -> tuple[float, float]:
    """How like a given name and how like a surname a plain word is; never one where an ordinary word is it."""
    word = folded(word)
    if len(word) < _SHORTEST or word in _vetoed():
        return _NEVER, _NEVER
    given, surname = likeness(word)
    of_given, of_surname = _listed()
    needed = cues().needed
    if word.endswith("s") and word not in of_surname and (word[:-1] in of_surname or word[:-1] in of_given):
        # The plural of a name is what a shop is called.
        surname -= needed["plural"]
    more = needed["listed"]
    given, surname = given + more * (word in of_given), surname + more * (word in of_surname)
    less = needed["of_places"] if word in _names_of_places() else 0.0
    return given - less, surname - less


def _first(plain: str) -> str:
    return plain.split("-", 1)[0]


def _last(plain: str) -> str:
    return plain.rsplit("-", 1)[-1]


def pair_score(first: str, second: str) -> float:
    """How like a given name with a surname two plain words are, in either order."""
    before, after = scores(_last(first)), scores(_first(second))
    return max(before[0] + after[1], before[1] + after[0] - cues().needed["surname_first"])


def are_likely(first: str, second: str) -> bool:
    """Whether two plain words are a name where nothing else stands."""
    return pair_score(first, second) >= cues().needed["alone"]


def is_like_a_name(plain: str) -> bool:
    """Whether a plain word is one that could be a name's, where a name stands beside it."""
    return len(plain) >= _SHORTEST_ALONE and one_score(plain) >= cues().needed["beside"]


def one_score(plain: str) -> float:
    """How like a name a plain word is by itself, the likeliest part of one with hyphens."""
    return max(max(scores(part)) for part in plain.split("-"))


class LikelyNames:
    """The likely names among the words of a text.

    Args:
        text: The text.
        words: Its words.
        joined: Whether a word and the next are parted by nothing but a space or a stop.
        homes: Words for what a person has, after an s that owns.
        told: Whether those alone are looked for of which the text tells that they are a person's.
    """

    def __init__(
        self,
        text: str,
        words: Sequence[Word],
        *,
        joined: Callable[[int], bool],
        homes: frozenset[str],
        told: bool = False,
    ) -> None:
        self.text, self.words, self.told = text, words, told
        self.joined, self.homes = joined, homes
        self.cues = cues()
        self.needed: dict[str, float] = self.cues.needed
        letters = [char for char in text if char.isalpha()]
        capitals = sum(char.isupper() for char in letters)
        #: Whether all letters, or none, are capitals.
        self.plain = capitals in (0, len(letters))

    def name_at(self, at: int) -> int | None:
        """Position of the last word of a likely name that begins at a word; None where none does."""
        if self.words[at].plain in self.cues.particles:
            return None
        if len(self.words[at].plain) > 1 and not self._fits(at):
            return None
        two = self._two(at)
        return self._one(at) if two is None else two

    # --- how much is needed ---------------------------------------------------------------------

    def _needed(self, first: int, last: int) -> float:
        plain = not self._is_capital(first) or not self._is_capital(last)
        more = self.needed["plain"] if plain else 0.0
        if self._is_told(first):
            return self.needed["told_plain" if plain else "told"]
        before = self.words[first - 1] if first and self.joined(first - 1) else None
        after = self.words[last + 1] if last + 1 < len(self.words) and self.joined(last) else None
        acts = self._acts(last)
        if self.told and not acts:
            return -_NEVER
        if before is not None and before.plain in self.cues.places and not (acts and self.words[last].owns):
            return self.needed["place"]
        if acts:
            return self.needed["does"] + more
        if before is None and self._ends(last):
            is_all = first == 0 and last == len(self.words) - 1
            return self.needed["alone" if is_all else "between"]
        # A name of a place goes on in capitals.
        if any(word is not None and word.written[0].isupper() for word in (before, after)) and not self.plain:
            return -_NEVER
        return self.needed["within"] + more

    def _is_capital(self, at: int) -> bool:
        """Whether a word is in a capital, where that tells anything."""
        return not self.plain and self.words[at].written[0].isupper()

    def _ends(self, last: int) -> bool:
        after = self.text[self.words[last].end : self.words[last].end + _NEXT].lstrip(" ")
        return not self.joined(last) and not after[:1].isdigit() and not after.startswith(("&", "+"))

    def _is_told(self, first: int) -> bool:
        """Whether what stands before tells of a person."""
        if not first or not _SIGNS.fullmatch(self.text, self.words[first - 1].end, self.words[first].start):
            return False
        before = self.words[first - 1].plain
        if before in self.cues.tells or before in person_words():
            return True
        near = {word.plain for word in self.words[max(first - 1 - _NEAR, 0) : first - 1]}
        if before in ("by", "to", "from"):
            return not near.isdisjoint(self.cues.acts if before == "by" else {"known"})
        if before in ("and", "between"):
            return not near.isdisjoint(self.cues.fights | self.cues.tells)
        return before in self.cues.acts

    def _acts(self, last: int) -> bool:
        """Whether what stands after is what a person does or has."""
        if not self.joined(last) or last + 1 >= len(self.words):
            return False
        after = self.words[last + 1].plain
        if self.words[last].owns:
            return after in self.homes
        if after == "and":
            near = {word.plain for word in self.words[last + 2 : last + 2 + _NEAR]}
            return not near.isdisjoint(self.cues.acts)
        return after in self.cues.acts or after in self.cues.does

    def _is_place(self, last: int) -> bool:
        """Whether the words after a name, or the one before "&", tell that a place is called so."""
        if self.text[self.words[last].end : self.words[last].end + _NEXT].lstrip(" ").startswith("&"):
            return True
        if self._acts(last):
            return False
        for after in range(last + 1, min(last + 1 + _NEAR, len(self.words))):
            plain = self.words[after].plain
            gap = self.text[self.words[after - 1].end : self.words[after].start]
            if after == last + 1 and plain in _of_places() and _TRADE.fullmatch(gap):
                return True
            if not self.joined(after - 1) or plain in self.cues.places or plain in _telling():
                return False
            if plain in _of_places():
                return True
        return False

    # --- names ----------------------------------------------------------------------------------

    def further(self, first: int, last: int) -> int:
        """The last word of a name that goes on in words that no list has."""
        while last - first + 1 < _MOST_WORDS and self.joined(last) and last + 1 < len(self.words):
            least = self.needed["further"] if self._is_capital(last + 1) else self.needed["further_plain"]
            if not self._fits(last + 1) or one_score(self.words[last + 1].plain) < least:
                break
            last += 1
        return last

    def _two(self, at: int) -> int | None:
        last = self._other(at)
        if last is None or self.words[at].owns or not self._fits(at) or not self._fits(last):
            return None
        if self.words[at].plain in _saints() or (at and self.words[at - 1].plain in _saints()):
            return None
        likely = pair_score(self.words[at].plain, self.words[last].plain)
        if likely < self.needed["told"]:
            return None
        whole = self.further(at, last)
        needed = self._needed(at, whole)
        if likely < needed or self._is_place(whole):
            return None
        is_more = whole > last and needed >= self.needed["alone"]
        return None if is_more and one_score(self.words[whole].plain) < self.needed["third"] else whole

    def _other(self, at: int) -> int | None:
        """The word that may go with one: the next but initials and particles, also after a comma."""
        other = at + 1
        if other < len(self.words) and _COMMA.fullmatch(
            self.text, self.words[at].end, self.words[other].start
        ):
            return other
        while other < len(self.words) and self.joined(other - 1) and other - at <= _MOST_PARTICLES + 1:
            plain = self.words[other].plain
            if len(plain) > 1 and plain not in self.cues.particles:
                return other
            other += 1
        return None

    def _fits(self, at: int) -> bool:
        """Whether a word could be part of a name: no ordinary word."""
        return one_score(self.words[at].plain) > _NEVER

    def _one(self, at: int) -> int | None:
        """One word after an initial, or where a person is told of."""
        word = self.words[at]
        if len(word.plain) == 1:
            return self._initialled(at)
        if len(word.plain) < _SHORTEST_ALONE or not self._fits(at) or self._is_place(at):
            return None
        told = self._is_told(at)
        if not (told or self._acts(at)):
            return None
        before = self.words[at - 1] if at and self.joined(at - 1) else None
        if not told and before is not None and (before.plain in self.cues.places or self._is_capital(at - 1)):
            return None
        # "Ford Focus": a name of a thing goes on in a capital.
        if self.joined(at) and at + 1 < len(self.words) and self._is_capital(at + 1):
            return None
        needed = self.needed["one_told" if told else "one_does"]
        needed += 0.0 if self._is_capital(at) else self.needed["one_plain"]
        return at if one_score(word.plain) >= needed else None

    def _initialled(self, at: int) -> int | None:
        other = self._other(at)
        if other is None or not self._fits(other) or self._is_place(other):
            return None
        is_initial = not self._is_capital(other) or self.words[at].written.isupper()
        if not is_initial or len(self.words[other].plain) < _SHORTEST_ALONE or self._is_after_sign(at):
            return None
        needed = self._needed(at, other)
        likely = scores(_first(self.words[other].plain))[1]
        if needed < self.needed["alone"]:
            return other if likely >= self.needed["initial_told"] else None
        return other if needed < self.needed["within"] and likely >= self.needed["initial"] else None

    def _is_after_sign(self, at: int) -> bool:
        start = self.words[at].start
        before = self.text[max(start - _NEXT, 0) : start]
        return before.endswith("/") or before.rstrip().endswith(("&", "'", "\u2019"))


# --- a first look -------------------------------------------------------------------------------


def may_hold_likely_name(text: str) -> bool:
    """Whether a text may have a likely name: every text that has one may, and most have not."""
    if not text.isascii():
        return True
    lower = text.lower()
    owns = _OWNS.search(lower)
    words = _NO_LETTERS.sub(" ", _OWNS.sub(" ", lower).replace("'", "")).split()
    found = [scores(word) for word in words]
    if (owns or not _telling().isdisjoint(words)) and any(given > _NEVER for given, _ in found):
        return True
    if any(len(word) == 1 for word in words) and any(one >= cues().needed["initial"] for _, one in found):
        return True
    kept = [word for word in words if len(word) > 1 and word not in cues().particles]
    return any(pair_score(*pair) >= cues().needed["alone"] for pair in pairwise(kept))


def may_hold_likely_names(texts: pa.Array, *, or_one_of: Collection[str] = ()) -> np.ndarray:
    """`may_hold_likely_name` of many texts; each distinct word is scored once.

    Args:
        texts: Texts without null.
        or_one_of: Words for one of which a text is among those found, whatever else it has.
    """
    lower = pc.ascii_lower(texts)
    owns = np.asarray(pc.match_substring_regex(lower, _OWNS.pattern))
    plain = pc.replace_substring(pc.replace_substring_regex(lower, _OWNS.pattern, " "), "'", "")
    words = pc.split_pattern(pc.utf8_trim(pc.replace_substring_regex(plain, "[^a-z]+", " "), " "), " ")
    distinct = words.flatten().dictionary_encode()
    listed = distinct.dictionary.to_pylist()
    at, known = distinct.indices.to_numpy(), np.array([scores(word) for word in listed], float).reshape(-1, 2)
    of_text = np.repeat(np.arange(len(texts)), np.diff(words.offsets.to_numpy()))
    needed = cues().needed

    def any_of(flags: np.ndarray, where: np.ndarray) -> np.ndarray:
        found = np.zeros(len(texts), bool)
        found[where[flags]] = True
        return found

    def told(wanted: Callable[[str], bool]) -> np.ndarray:
        return any_of(np.array([wanted(word) for word in listed], bool)[at], of_text)

    cue = owns | told(lambda word: word in _telling())
    named = cue & any_of(known[at, 0] > _NEVER, of_text)
    initial = told(lambda word: len(word) == 1) & any_of(known[at, 1] >= needed["initial"], of_text)
    keep = np.array([len(word) > 1 and word not in cues().particles for word in listed], bool)[at]
    given, surname, where = known[at[keep], 0], known[at[keep], 1], of_text[keep]
    pairs = np.maximum(given[:-1] + surname[1:], surname[:-1] + given[1:] - needed["surname_first"])
    paired = any_of((pairs >= needed["alone"]) & (where[:-1] == where[1:]), where[:-1])
    wanted = told(lambda word: word in or_one_of)
    return np.asarray(pc.invert(pc.string_is_ascii(texts))) | named | initial | paired | wanted
