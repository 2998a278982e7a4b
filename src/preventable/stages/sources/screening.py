"""Free text, screened at the door: what could point at a person is replaced before anything is stored."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from preventable.stages.sources.rules_files import rules_file

REDACTED = "[redacted]"
_DIGIT_OR_AT = re.compile(r"[\d@]")


@dataclass(frozen=True)
class Screened:
    """A text as it may be stored, and whether something in it was replaced."""

    text: str
    redacted: bool


def screen(text: str, *, field: str = "place", place_type: str = "") -> Screened:
    """Replace what the patterns of screening.toml find.

    Args:
        text: The text as sent.
        field: `place`, `name` or `code`: which patterns apply.
        place_type: Our word for the type of place, empty where it is not told. Homes are screened for
            addresses.

    Example:
        >>> screen("outside Bar Beispiel, call 07700 900 123").text
        'outside Bar Beispiel, call [redacted]'
    """
    plain = plain_text(text)
    if not _DIGIT_OR_AT.search(plain):
        return Screened(plain, False)
    replaced = plain
    for pattern in _patterns(field, _is_home(plain, place_type) if field == "place" else False):
        replaced = pattern.sub(REDACTED, replaced)
    return Screened(" ".join(replaced.split()), replaced != plain)


def plain_text(text: str) -> str:
    """A text with compatibility forms, foreign figures, invisible and control characters made plain."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    characters = []
    for char in unicodedata.normalize("NFKC", text):
        if char.isdecimal():
            characters.append(str(unicodedata.decimal(char)))
        elif unicodedata.category(char) == "Cc":
            characters.append(" ")
        elif unicodedata.category(char) != "Cf":
            characters.append(char)
    return " ".join("".join(characters).split())


def _is_home(text: str, place_type: str) -> bool:
    home = rules_file("screening")["home"]
    if place_type in home["place_types"]:
        return True
    return place_type in home["types_that_say_nothing"] and bool(_home_cue().search(text))


@cache
def _home_cue() -> re.Pattern[str]:
    return re.compile(rules_file("screening")["home"]["cue"], re.IGNORECASE)


@cache
def _patterns(field: str, at_home: bool) -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(rule["expression"], re.IGNORECASE if rule.get("ignore_case", True) else 0)
        for rule in rules_file("screening")["patterns"]
        if field in rule["fields"] and (at_home or not rule.get("at_home", False))
    )
