"""Suppliers' codes that say what they mean: which of our words each is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from preventable.stages.sources.rules_files import rules_file

_NO_WORD = re.compile(r"[^a-z0-9]+")
_APOSTROPHES = re.compile(r"['\u2019]")


def word_of(code: str, list_name: str) -> str:
    """Our word for a code as written, whatever its capitals and signs; empty where nothing is known of it.

    Example:
        >>> word_of("Pub/club (inside)", "place_type")
        'licensed_premises_inside'
    """
    plain = plain_words(code)
    known = _known(list_name)
    without_zeros = plain.lstrip("0") if plain.isdigit() and plain.strip("0") else plain
    return known.get(plain) or known.get(without_zeros, "")


def known_share(counts: Mapping[str, int], list_name: str) -> float:
    """Share of rows whose code is known."""
    rows = sum(counts.values())
    return sum(number for code, number in counts.items() if word_of(code, list_name)) / rows if rows else 0.0


def most_codes(list_name: str) -> int:
    """How many codes a column of a list may have."""
    return int(rules_file("drafting/codes")["most"][list_name])


@cache
def _known(list_name: str) -> Mapping[str, str]:
    writings = rules_file("drafting/codes")[list_name]
    own = {plain_words(word): word for word in writings}
    return own | {writing: word for word, listed in writings.items() for writing in listed}


def plain_words(code: str) -> str:
    """A text in small letters without signs, its words apart by one space."""
    return " ".join(_NO_WORD.sub(" ", _APOSTROPHES.sub("", code.casefold())).split())
