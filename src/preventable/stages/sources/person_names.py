"""Names of persons in a text, told by titles, cues, initials and lists of common names (person_names.toml).

Places are called like persons: a name that a word such as "School" or "Arms" follows is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache, lru_cache

import numpy as np
import pyarrow as pa

from preventable.stages.sources.first_look import may_match
from preventable.stages.sources.likely_names import (
    LikelyNames,
    are_likely,
    is_like_a_name,
    may_hold_likely_name,
    may_hold_likely_names,
)
from preventable.stages.sources.rules_files import rules_file

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019\-][^\W\d_]+)*")
_STOPPED = re.compile(r"\b[A-Z]\.\s?[A-Z]")
#: A capital within a word: two words written together.
_INNER = re.compile(r"[a-z]{2}[A-Z][a-z]{2}")
#: Signs that part words, each to a space.
_PARTED = str.maketrans(dict.fromkeys("!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~–—‘’'0123456789", " "))
_ANY_FIGURE = str.maketrans("123456789", "000000000")
_HOMES = frozenset({"house", "flat", "home", "place", "address", "room"})
#: What may join two persons.
_AND = re.compile(r"[&+;/]|\b(?:and|or)\b", re.IGNORECASE)
#: Between two words of one name.
_WITHIN = re.compile(r"\.?\s*")
_NUMBER = re.compile(r"[\s.:]*\d{2,6}\b")
_JOINED_INITIALS, _SHORTEST_UNKNOWN, _MOST_INITIALS = 2, 3, 3
_MOST_NAMES, _WORDS_ON = 3, 3
#: Words of the longest known place.
_LONGEST_KNOWN = 3


@dataclass(frozen=True)
class _Lists:
    """The lists of person_names.toml by their names there, each a set of words in lower case."""

    titles: frozenset[str]
    titles_at_the_start: frozenset[str]
    ranks: frozenset[str]
    naming: frozenset[str]
    persons: frozenset[str]
    relations: frozenset[str]
    copulas: frozenset[str]
    agents: frozenset[str]
    starters: frozenset[str]
    given: frozenset[str]
    given_of_places: frozenset[str]
    given_on_signs: frozenset[str]
    surnames: frozenset[str]
    surnames_of_places: frozenset[str]
    no_initials: frozenset[str]
    saints: frozenset[str]
    after_places: frozenset[str]
    firms: frozenset[str]
    roads: frozenset[str]
    known_places: frozenset[str]


@cache
def _lists() -> _Lists:
    rules = rules_file("person_names")
    sets = {
        field.name: frozenset(named if isinstance(named := rules[field.name], list) else named.split())
        for field in fields(_Lists)
    }
    for names in ("given", "surnames"):
        sets[names] |= sets[f"{names}_of_places"]
    return _Lists(**sets)


@cache
def _sure_names() -> frozenset[str]:
    """Names of the lists that are no more often part of a place's name or of a road's."""
    lists = _lists()
    return (lists.given - lists.given_of_places) | (lists.surnames - lists.surnames_of_places - lists.roads)


@cache
def _telling() -> frozenset[str]:
    """Words without one of which a text has no name that could be found, initials apart."""
    lists = _lists()
    return (
        _sure_names() | lists.titles | lists.titles_at_the_start | lists.ranks | lists.naming | lists.persons
    )


@dataclass(frozen=True)
class _Word:
    """A word of a text: where it stands, how it is written, and its plain form without a possessive s."""

    start: int
    end: int
    written: str
    plain: str
    owns: bool

    @property
    def is_initial(self) -> bool:
        return len(self.written) == 1 and self.written.isupper()

    @property
    def is_capital(self) -> bool:
        return self.written[0].isupper()


def name_spans(text: str, *, likely: bool = True, told: bool = False) -> list[tuple[int, int]]:
    """Start and end of each name of a person that is found in a text, in order.

    Args:
        text: The text.
        likely: Whether names that no list has are looked for too (`likely_names`).
        told: Of those, only the ones of which the text tells that they are a person's.

    Example:
        >>> name_spans("hit by John Smith at Bar Beispiel")
        [(7, 17)]
    """
    # Where a name stands no figure matters, only that there is one: texts that differ in figures are looked at once.
    return list(_spans(text.translate(_ANY_FIGURE), likely, told))


@lru_cache(maxsize=65_536)
def _spans(text: str, likely: bool, told: bool) -> tuple[tuple[int, int], ...]:
    return tuple(
        _Text(
            text, likely=likely and bool(_INNER.search(text) or may_hold_likely_name(text)), told=told
        ).spans()
    )


def may_hold_name(text: str, words: Sequence[str], *, likely: bool = True) -> bool:
    """Whether a text may have a name: most have none of what tells of one.

    Args:
        text: The text.
        words: Its `words_of`.
        likely: Whether names that no list has are looked for too.
    """
    if not _telling().isdisjoint(words) or ("." in text and _STOPPED.search(text)) or _INNER.search(text):
        return True
    return likely and may_hold_likely_name(text)


def may_name_another(rest: str, *, listed: bool) -> bool:
    """Whether what stands beside a name may be another person's.

    Args:
        rest: The text without the name.
        listed: Whether a name of a list tells it by itself, and not only with what joins two persons ("and", "&").
    """
    joined = bool(_AND.search(rest))
    if not joined and not listed:
        return False
    plain = [_word(found[0], found.start()).plain for found in _WORD.finditer(rest)]
    return any(word in _sure_names() or (joined and is_like_a_name(word)) for word in plain)


def may_hold_names(texts: pa.Array) -> np.ndarray:
    """`may_hold_name` of many texts; every text that is not ASCII may."""
    return may_match(texts, [_STOPPED, _INNER]) | may_hold_likely_names(texts, or_one_of=_telling())


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, parted at every sign and figure."""
    return text.casefold().translate(_PARTED).split()


class _Text:
    """A text as words, and the names among them."""

    def __init__(self, text: str, *, likely: bool = True, told: bool = False) -> None:
        parted = text.replace("_", " ")
        # In a text of one word a hyphen parts given name and surname as well.
        text = parted if " " in parted else parted.replace("-", " ")
        self.text = text
        self.words = [word for found in _WORD.finditer(text) for word in _words_in(found)]
        self.lists = _lists()
        self.likely = (
            LikelyNames(text, self.words, joined=self._joined, homes=_HOMES, told=told) if likely else None
        )

    def spans(self) -> Iterator[tuple[int, int]]:
        at = 0
        while at < len(self.words):
            last = self._name_at(at)
            if last is None:
                at += 1
                continue
            known = self._known_place_within(at, last)
            if known:
                at = known
                continue
            number = _NUMBER.match(self.text, self.words[last].end)
            is_rank = self.words[at].plain in self.lists.ranks
            yield self.words[at].start, number.end() if number and is_rank else self.words[last].end
            at = last + 1

    def _known_place_within(self, first: int, last: int) -> int:
        """Past the known place or firm that ends a person's name or goes on from within it; 0 where none does."""
        for start in range(max(first - _LONGEST_KNOWN + 1, 0), last + 1):
            for end in range(last + 1, min(start + _LONGEST_KNOWN, len(self.words)) + 1):
                if " ".join(word.plain for word in self.words[start:end]) in self.lists.known_places:
                    return end
        return 0

    def _name_at(self, at: int) -> int | None:
        """Position of the last word of a name that begins at a word; None where none does."""
        for find in (
            self._titled,
            self._ranked,
            self._told,
            self._full,
            self._surname_first,
            self._initialled,
        ):
            last = find(at)
            if last is not None:
                return self.likely.further(at, last) if self.likely else last
        return self.likely.name_at(at) if self.likely else None

    # --- what stands where ----------------------------------------------------------------------

    def _joined(self, at: int) -> bool:
        """Whether a word and the next are parted by nothing but a space or a stop."""
        if at + 1 >= len(self.words):
            return False
        return bool(_WITHIN.fullmatch(self.text, self.words[at].end, self.words[at + 1].start))

    def _starts(self, at: int) -> bool:
        """Whether a phrase starts at a word."""
        if at == 0:
            return True
        return not self._joined(at - 1) or self.words[at - 1].plain in self.lists.starters

    def _ends(self, at: int) -> bool:
        """Whether a phrase ends with a word."""
        follows = self.text[self.words[at].end :].lstrip(" ")
        if not self._joined(at):
            return not follows or not (follows[0].isdigit() or follows[0] in "&+")
        return self.words[at + 1].plain in self.lists.starters

    def _is_place(self, at: int) -> bool:
        """Whether what stands after a name, or the article before it, tells that a place is called so."""
        word = self.words[at]
        after = self.text[word.end :].lstrip()
        if after.startswith("&"):
            return True
        if at + 1 >= len(self.words) or not (self._joined(at) or after.startswith(("(", "- "))):
            return False
        following = self.words[at + 1].plain
        if word.owns and following in _HOMES:
            return False
        if following == "and" and at + 2 < len(self.words) and self._has(at + 2, self.lists.given):
            return False
        if following == "of" or following in self.lists.after_places or following in self.lists.roads:
            return True
        return self._is_firm(at + 2)

    def _is_firm(self, at: int) -> bool:
        """Whether one of the words from a position on, up to the end of the phrase, tells a firm."""
        for further in range(at, min(at + _WORDS_ON, len(self.words))):
            if not self._joined(further - 1) or self.words[further].plain in self.lists.starters:
                return False
            if self.words[further].plain in self.lists.firms:
                return True
        return False

    def _skip_initials(self, at: int) -> int:
        """Past the initials that begin at a word, or past one more than a name has."""
        end = min(at + _MOST_INITIALS + 1, len(self.words))
        while at < end and self.words[at].is_initial and self._joined(at):
            at += 1
        return at

    def _is_unknown_name(self, at: int) -> bool:
        """Whether a word could be a name that no list has."""
        word = self.words[at]
        return (
            len(word.written) >= _SHORTEST_UNKNOWN
            and word.plain not in self.lists.after_places
            and word.plain not in self.lists.starters
            and word.plain not in self.lists.surnames_of_places
            and word.plain not in self.lists.roads
            and word.plain != "the"
        )

    # --- names ----------------------------------------------------------------------------------

    def _titled(self, at: int) -> int | None:
        plain = self.words[at].plain
        starting = plain in self.lists.titles_at_the_start
        if not (plain in self.lists.titles or starting) or not self._joined(at):
            return None
        if starting and not (self._starts(at) or self._is_strong_surname(at + 1)):
            return None
        first = at + 1
        while first + 1 < len(self.words) and len(self.words[first].written) == 1 and self._joined(first):
            first += 1
        if first >= len(self.words) or not self._is_named(first, strict=starting):
            return None
        last = first
        full = self._full(first)
        if full is not None:
            return full
        if self._joined(first) and self._is_listed(first + 1):
            last = first + 1
        return None if self._is_place(last) else last

    def _is_named(self, at: int, *, strict: bool) -> bool:
        if self._is_listed(at):
            return True
        return not strict and self._is_unknown_name(at)

    def _is_listed(self, at: int) -> bool:
        return self._has(at, self.lists.given) or self._has(at, self.lists.surnames)

    def _has(self, at: int, names: frozenset[str]) -> bool:
        """Whether a word, or a part of one with a hyphen, is in a list."""
        plain = self.words[at].plain
        return plain in names or ("-" in plain and not names.isdisjoint(plain.split("-")))

    def _ranked(self, at: int) -> int | None:
        word = self.words[at]
        if word.plain not in self.lists.ranks:
            return None
        number = _NUMBER.match(self.text, word.end)
        if not number and not self._joined(at):
            return None
        last = self._skip_initials(at + 1)
        known = last < len(self.words) and self.words[last].plain in self.lists.surnames
        if number:
            follows = known and not self.text[number.end() : self.words[at + 1].start].strip()
            return last if follows else at
        return last if known and not self._is_place(last) else None

    def _told(self, at: int) -> int | None:
        """A name after a word that tells that one follows: "named", "suspect", "mother"."""
        plain = self.words[at].plain
        told = plain in self.lists.naming or plain in self.lists.persons or plain in self.lists.relations
        if not told or at + 1 >= len(self.words):
            return None
        first = self._after_copula(at)
        if first > at + 1:
            return self._told_of(first)
        between = self.text[self.words[at].end : self.words[first].start].strip(" :=-,(")
        if between or self.words[first].owns and self._is_place(first):
            return None
        if plain in self.lists.naming:
            fits = self.words[first].is_capital and self._is_unknown_name(first)
        else:
            fits = self.words[first].plain in self.lists.given - self.lists.given_of_places or (
                plain in self.lists.persons and self._are_capitals(first)
            )
        return self._names_from(first) if fits else None

    def _after_copula(self, at: int) -> int:
        """The word after one that tells of a person, a copula passed over that is followed by a word in a capital."""
        copula = at + 2 < len(self.words) and self.words[at + 1].plain in self.lists.copulas
        if copula and self._joined(at) and self._joined(at + 1) and self.words[at + 2].is_capital:
            return at + 2
        return at + 1

    def _told_of(self, first: int) -> int | None:
        word = self.words[first]
        fits = word.plain in self.lists.given - self.lists.given_of_places and not word.owns
        return self._names_from(first) if fits else None

    def _names_from(self, first: int) -> int | None:
        """The last of the names that begin with a word, where no place is called so."""
        if self._is_place(first):
            return None
        last = first
        while last - first + 1 < _MOST_NAMES and self._joined(last) and self._goes_on(last + 1):
            last += 1
        return None if self._is_place(last) else last

    def _are_capitals(self, at: int) -> bool:
        both = self._joined(at) and self._is_unknown_name(at) and self._is_unknown_name(at + 1)
        return both and all(self.words[i].written.istitle() for i in (at, at + 1))

    def _goes_on(self, at: int) -> bool:
        word = self.words[at]
        return word.is_initial or self._is_listed(at) or (word.is_capital and self._is_unknown_name(at))

    def _full(self, at: int) -> int | None:
        """A given name and a surname, initials or another given name between them."""
        first = self.words[at]
        if not self._has(at, self.lists.given) or first.owns or not self._joined(at):
            return None
        last = self._skip_initials(at + 1)
        if last >= len(self.words) or (at and self.words[at - 1].plain in self.lists.saints):
            return None
        middle = self._has(last, self.lists.given) and self._joined(last)
        if middle and self._has(last + 1, self.lists.surnames):
            last += 1
        if self.words[last].plain in self.lists.roads or self._is_place(last):
            return None
        if self._has(last, self.lists.surnames):
            return None if self._is_building(at, last) else last
        plain = self.words[last].plain
        plural = plain.endswith("s") and not plain.endswith("ss")
        told = bool(at) and self.words[at - 1].plain in self.lists.agents and self._is_unknown_name(last)
        strong = first.plain not in self.lists.given_of_places | self.lists.given_on_signs
        strong = strong and not self.words[last].owns and not plural
        alone = self._starts(at) and self._ends(last) and self._is_unknown_name(last)
        # A text that is nothing else is as often what a shop is called.
        is_all = at == 0 and last == len(self.words) - 1
        return last if told or (strong and alone and not is_all) else None

    def _is_building(self, at: int, last: int) -> bool:
        """Whether a given name and a surname are a house or shop: "Emmanuel Church", "J L Thomas Butcher"."""
        plain, of_places = self.words[last].plain, self.lists.surnames_of_places
        if plain in of_places:
            return plain in self.lists.after_places or self.words[at].plain in self.lists.given_of_places
        initials = at > 0 and self.words[at - 1].is_initial and self._joined(at - 1)
        return initials and plain in self.lists.after_places

    def _surname_first(self, at: int) -> int | None:
        """ "Smith, John", "Smith/John", at the end of a phrase "Smith J", and "Smith John" where that is all of it."""
        if not self._is_strong_surname(at) or at + 1 >= len(self.words) or self._is_after_sign(at):
            return None
        gap = self.text[self.words[at].end : self.words[at + 1].start]
        following = self.words[at + 1]
        if gap.strip() not in ("", ",", "/") or self._is_place(at + 1):
            return None
        if following.is_initial:
            return at + 1 if self._ends(at + 1) else None
        told = gap.strip() in (",", "/") or (self._starts(at) and self._ends(at + 1))
        return at + 1 if told and following.plain in self.lists.given - self.lists.given_of_places else None

    def _is_strong_surname(self, at: int) -> bool:
        return (
            self._has(at, self.lists.surnames) and self.words[at].plain not in self.lists.surnames_of_places
        )

    def _initialled(self, at: int) -> int | None:
        """Initials and a surname: one of the list, or any that follows an initial with its stop."""
        if self._is_after_sign(at):
            return None
        if self._are_joined_initials(at) and self._is_strong_surname(at + 1):
            return None if self._is_place(at + 1) else at + 1
        if not self.words[at].is_initial:
            return None
        last = self._skip_initials(at)
        if last == at or last >= len(self.words) or last - at > _MOST_INITIALS or self._is_place(last):
            return None
        if self._is_strong_surname(last):
            return last
        stopped = self.text[self.words[last - 1].end] == "."
        alone = (last - at > 1 or self._starts(at)) and self._ends(last) and last - at < _MOST_INITIALS
        fits = self.words[last].is_capital and self._is_unknown_name(last)
        fits = fits and self.words[last].plain not in _HOMES
        return last if stopped and alone and fits else None

    def _are_joined_initials(self, at: int) -> bool:
        """Whether a word is two initials written together, in a text that is not all in capitals."""
        written = self.words[at].written
        if len(written) != _JOINED_INITIALS or not written.isupper() or self.text.isupper():
            return False
        return self._joined(at) and self.words[at].plain not in self.lists.no_initials

    def _is_after_sign(self, at: int) -> bool:
        before = self.text[: self.words[at].start].rstrip()
        return before.endswith(("&", "'", "\u2019"))


def _words_in(found: re.Match[str]) -> Iterator[_Word]:
    """The words that are written as one: two where a given name and a surname are ("JaneDoe")."""
    inner = _INNER.search(found[0])
    if inner:
        capital = inner.start() + 2
        first, second = found[0][:capital], found[0][capital:]
        lists, lower = _lists(), (first.casefold(), second.casefold())
        if (lower[0] in lists.given and lower[1] in lists.surnames) or are_likely(*lower):
            yield _word(first, found.start())
            yield _word(second, found.start() + capital)
            return
    yield _word(found[0], found.start())


def _word(written: str, start: int) -> _Word:
    plain = written.casefold().replace("\u2019", "'")
    owns = plain.endswith("'s")
    plain = (plain[:-2] if owns else plain).replace("'", "")
    return _Word(start, start + len(written), written, plain, owns)


def replaced(text: str, spans: Sequence[tuple[int, int]], by: str) -> str:
    """A text with some spans replaced."""
    parts, done = [], 0
    for start, end in spans:
        parts += [text[done:start], by]
        done = end
    return "".join([*parts, text[done:]])
