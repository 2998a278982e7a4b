"""How like a given name, and how like a surname, a word is by its runs of letters (name_likeness.toml).

Both are logarithms of odds, learnt from lists of names against words of English and of names of places: a word of
neither has a score all the same, as "Wisniewczyk" looks like a surname and "Fishbarn" does not.
"""

from __future__ import annotations

import unicodedata
import zlib
from functools import cache, lru_cache

from preventable.stages.sources.rules_files import rules_file

BUCKETS = 16_384
#: A weight is one of these signs, in steps from the middle one on.
CODE = "".join(chr(code) for code in range(32, 127) if chr(code) not in "'\\\" ")
STEP = 0.06
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "ß": "s", "æ": "a", "þ": "t"})


def folded(word: str) -> str:
    """A word in lower case, its letters without marks.

    Example:
        >>> folded("Łukasz")
        'lukasz'
    """
    if word.isascii():
        return word.lower()
    parts = unicodedata.normalize("NFKD", word.casefold().translate(_LETTERS))
    return "".join(char for char in parts if not unicodedata.combining(char))


def runs(word: str) -> list[int]:
    """Numbers of a word's runs of two, three and four letters, its beginning and its end among them."""
    marked = f"^{word}$".encode()
    hashed = zlib.crc32
    return [
        hashed(marked[at : at + size]) % BUCKETS for size in (2, 3, 4) for at in range(len(marked) - size + 1)
    ]


@lru_cache(maxsize=65_536)
def likeness(word: str) -> tuple[float, float]:
    """How like a given name and how like a surname a word in lower case is: logarithms of odds.

    Example:
        >>> given, surname = likeness("katarzyna")
        >>> given > 0
        True
    """
    found = runs(folded(word))
    (given, of_given), (surname, of_surname) = _table("given"), _table("surnames")
    return given + sum(map(of_given.__getitem__, found)), surname + sum(map(of_surname.__getitem__, found))


@cache
def _table(kind: str) -> tuple[float, list[float]]:
    told = rules_file("name_likeness")[kind]
    weight_of = {sign: (number - len(CODE) // 2) * STEP for number, sign in enumerate(CODE)}
    return told["constant"], [weight_of[sign] for sign in told["weights"] if sign != "\n"]
