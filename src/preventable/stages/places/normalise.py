"""Place texts and gazetteer names in one written form, and the word lists that are data."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_WORD = re.compile(r"[a-z0-9]+")
_ADDRESS_PARTS = 3
_INITIALS = re.compile(r"\b[a-z](?: [a-z])+\b")
_POSTCODE = re.compile(r"\b([a-z]{1,2}[0-9][a-z0-9]?) ?([0-9][a-z]{2})\b")


class Signs:
    """Forms with signs and the words that they stand for: "o/s" is outside, in "metro/station" it is none."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words
        longest_first = sorted(words, key=lambda sign: (-len(sign), sign))
        self._any = re.compile(
            "|".join(
                rf"(?<![a-z0-9]){re.escape(sign)}" if sign[0].isalnum() else re.escape(sign)
                for sign in longest_first
            )
        )

    def as_words(self, plain: str) -> str:
        """A text in plain letters with words for its signs."""
        return self._any.sub(lambda found: f" {self._words[found.group()]} ", plain)


@dataclass(frozen=True)
class WordLists:
    """The lists of abbreviations.toml, cues.toml and generic.toml, ready for look-up."""

    short: Mapping[str, str]
    dropped: frozenset[str]
    signs: Signs
    joined: re.Pattern[str]
    joined_to: Mapping[str, str]
    #: The same with its words in short form, as tuples.
    joined_short: Mapping[tuple[str, ...], str]
    likeness: tuple[tuple[tuple[str, ...], float], ...]
    qualifiers: Mapping[str, str]
    junctions: frozenset[str]
    fillers: frozenset[str]
    light: frozenset[str]
    street_types: frozenset[str]
    #: Generic word -> its group; group -> type of place where its name is not one.
    generic: Mapping[str, str]
    type_of: Mapping[str, str]
    type_order: tuple[str, ...]
    chains: frozenset[str]
    #: Ordinary words, in short form.
    common: frozenset[str]
    weight_of_cue: float
    weight_of_number: float
    weight_of_light: float
    weight_of_locality: float
    locality_ends: frozenset[str]
    #: Words that place nothing: qualifiers, junction words, fillers.
    cues: frozenset[str]


@dataclass(frozen=True)
class NormalText:
    """A text in normal form.

    Attributes:
        words: Its words in order.
        postcode: A full postcode ("ZZ1 2AB") where it has one.
        localities: Of an address ("name, street, locality, town, county") how many words follow the street.
    """

    words: tuple[str, ...]
    postcode: str | None = None
    localities: int = 0


def read_list(name: str) -> dict[str, Any]:
    """A TOML file of this folder by name, without its ending."""
    return tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def word_lists() -> WordLists:
    """Every word list of the stage, read once."""
    abbreviations, cues, generic = read_list("abbreviations"), read_list("cues"), read_list("generic")
    joined_to = {**abbreviations["joined"], **abbreviations["slang"]}
    short = abbreviations["short"]
    qualifiers = {short.get(word, word): kind for word, kind in cues["qualifiers"].items()}
    junctions, fillers, light, street_types = (
        frozenset(short.get(word, word) for word in cues[name]["words"])
        for name in ("junctions", "fillers", "light", "street_types")
    )
    longest_first = sorted(joined_to, key=lambda phrase: (-len(phrase), phrase))
    return WordLists(
        short=short,
        dropped=frozenset(abbreviations["dropped"]),
        signs=Signs(cues["signs"]),
        joined=re.compile(r"\b(?:" + "|".join(map(re.escape, longest_first)) + r")\b"),
        joined_to=joined_to,
        joined_short={
            tuple(short.get(w, w) for w in phrase.split()): whole for phrase, whole in joined_to.items()
        },
        likeness=tuple((tuple(group["words"]), group["likeness"]) for group in abbreviations["alike"]),
        qualifiers=qualifiers,
        junctions=junctions,
        fillers=fillers,
        light=light,
        street_types=street_types,
        generic={
            short.get(word, word): kind for kind, words in generic["place_types"].items() for word in words
        },
        type_of=generic["type_of"],
        type_order=tuple(generic["order"]),
        chains=frozenset(generic["chains"]),
        common=frozenset(short.get(word, word) for word in read_list("common_words")["words"].split()),
        weight_of_cue=cues["weight_of_cue"],
        weight_of_number=cues["weight_of_number"],
        weight_of_light=cues["weight_of_light"],
        weight_of_locality=cues["weight_of_locality"],
        locality_ends=frozenset(cues["locality_ends"]["words"]),
        cues=frozenset(qualifiers) | junctions | fillers,
    )


def normalise(text: str) -> NormalText:
    """A place text in normal form: lower case, plain letters, short forms, initials as one, no company endings.

    Args:
        text: As typed; any Unicode, may be empty.

    Returns:
        Its words in order and the first full postcode, which is taken out of the words.

    Example:
        >>> normalise("O/S The Bull & Bear, Saint Mary's Street")
        NormalText(words=('outside', 'the', 'bull', 'bear', 'st', 'marys', 'st'), postcode=None)
    """
    words, postcode = _words(text)
    parts = text.split(",")
    if len(parts) < _ADDRESS_PARTS:
        return NormalText(words, postcode)
    return NormalText(words, postcode, _localities(parts, len(words)))


def _words(text: str) -> tuple[tuple[str, ...], str | None]:
    lists = word_lists()
    plain = plain_letters(text)
    plain = lists.signs.as_words(plain)
    words = " ".join(_WORD.findall(plain))
    words, postcode = _without_postcode(words)
    words = lists.joined.sub(lambda found: lists.joined_to[found.group()], words)
    words = _INITIALS.sub(lambda found: found.group().replace(" ", ""), words)
    short = (lists.short.get(word, word) for word in words.split())
    return tuple(word for word in short if word not in lists.dropped), postcode


def _localities(parts: list[str], count: int) -> int:
    """How many of an address's words follow the first part that is a street."""
    lists = word_lists()
    ends = lists.street_types - lists.locality_ends
    for position, part in enumerate(parts[:-1]):
        words, _ = _words(part)
        if len(words) >= 2 and words[-1] in ends:
            before, _ = _words(",".join(parts[: position + 1]))
            return max(count - len(before), 0)
    return 0


def qualifier(words: tuple[str, ...]) -> str:
    """The place_qualifier of the first cue word, or "none"."""
    known = word_lists().qualifiers
    return next((known[word] for word in words if word in known), "none")


def plain_letters(text: str) -> str:
    """A text in lower case without accents and apostrophes."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
        text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return text.lower().replace("'", "")


def _without_postcode(words: str) -> tuple[str, str | None]:
    found = _POSTCODE.search(words)
    if found is None:
        return words, None
    postcode = f"{found.group(1)} {found.group(2)}".upper()
    return words[: found.start()] + words[found.end() :], postcode
