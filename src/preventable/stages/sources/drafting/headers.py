"""How like the name of a column is to the names that a role is known by."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from preventable.stages.sources.drafting.rules import Role, drafting_rules

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BREAKS = re.compile(r"[^a-z0-9]+")
_FEWEST_LETTERS = 2
#: On average: any run of letters has some parting into words of two.
_LETTERS_A_PIECE = 3


@dataclass(frozen=True)
class Likeness:
    """How like a name is to a role.

    Attributes:
        share: 0 (nothing in common) to 1 (the same words).
        name: The role's name that is most like it.
    """

    share: float
    name: str


def concepts_of(header: str) -> tuple[str, ...]:
    """The concepts of a name, in order and each once: words by [concepts], others as they are.

    Example:
        >>> concepts_of("ArrivalDttm")
        ('contact', 'date', 'time')
    """
    plain = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode()
    whole = _BREAKS.sub("", plain.casefold())
    if whole in _words():
        return tuple(_words()[whole].split())
    parts = _BREAKS.split(_CAMEL.sub(" ", plain).casefold())
    words = [word for part in parts if part for word in _split(part)]
    found = [concept for word in words for concept in _words().get(word, word).split()]
    return tuple(dict.fromkeys(found))


def likeness(header: str, role: Role) -> Likeness:
    """The likeness of a column's name to the name of the role that is most like it."""
    given = _weights(concepts_of(header))
    total = sum(given.values())
    best = Likeness(0.0, "")
    for name in role.names:
        asked = _weights(concepts_of(name))
        common = sum(weight for concept, weight in asked.items() if concept in given)
        share = 2 * common / (total + sum(asked.values())) if common else 0.0
        if share > best.share:
            best = Likeness(share, name)
    return best


def _weights(concepts: tuple[str, ...]) -> Mapping[str, float]:
    known, weights = _concept_weights(), drafting_rules()["weights"]
    light = frozenset(drafting_rules()["light"]["words"])
    return {
        concept: weights["light_word"]
        if concept in light or concept.isdigit()
        else known.get(concept, weights["unknown_word"])
        for concept in concepts
    }


@cache
def _words() -> Mapping[str, str]:
    return {word: concept for concept, words in drafting_rules()["concepts"].items() for word in words}


@cache
def _concept_weights() -> Mapping[str, float]:
    """Concept -> how much it tells: the fewer roles have it, the more."""
    roles = drafting_rules()["roles"].values()
    having = Counter(
        concept for role in roles for concept in {one for name in role["names"] for one in concepts_of(name)}
    )
    return {concept: math.log(1 + len(roles) / number) / 2 for concept, number in having.items()}


@cache
def _split(word: str) -> tuple[str, ...]:
    """A run of letters as known words, fewest first; as it is where it cannot be parted so: `newnhsno` is three."""
    vocabulary = _vocabulary()
    if word in vocabulary:
        return (word,)
    if re.fullmatch(r"[a-z]+[0-9]+", word) and (stem := word.rstrip("0123456789")) in vocabulary:
        return (stem,)
    best: list[tuple[str, ...] | None] = [(), *([None] * len(word))]
    for end in range(_FEWEST_LETTERS, len(word) + 1):
        for begin in range(end - _FEWEST_LETTERS + 1):
            before, piece = best[begin], word[begin:end]
            if before is None or piece not in vocabulary:
                continue
            if best[end] is None or len(before) + 1 < len(best[end] or ()):
                best[end] = (*before, piece)
    found = best[len(word)]
    return found if found and len(word) >= _LETTERS_A_PIECE * len(found) else (word,)


@cache
def _vocabulary() -> frozenset[str]:
    rules = drafting_rules()
    names = (word for role in rules["roles"].values() for name in role["names"] for word in name.split())
    known = {*_words(), *rules["light"]["words"], *names}
    return frozenset(word for word in known if len(word) >= _FEWEST_LETTERS)
