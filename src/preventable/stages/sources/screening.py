"""Free text, screened at the door: what could point at a person is replaced before anything is stored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from preventable.stages.sources.first_look import may_match
from preventable.stages.sources.person_names import (
    may_hold_name,
    may_hold_names,
    may_name_another,
    name_spans,
    replaced,
    words_of,
)
from preventable.stages.sources.rules_files import rules_file

REDACTED = "[redacted]"
#: Fields in which names of persons are looked for: in a register a premises may be called like one.
_WITH_NAMES = ("place", "hidden", "file", "record")
_JOINED = re.compile(r"[_\-.+ ]+")
_ENDING = re.compile(r"[A-Za-z]{1,8}")
_DIGIT_OR_AT = re.compile(r"[\d@]")


@dataclass(frozen=True)
class Screened:
    """A text as it may be stored.

    Attributes:
        text: The text, what was found in it replaced.
        redacted: Whether something was replaced.
        personal: Whether it points at a person, and not at a home by its address alone, nor by a likely name alone:
            such a row is held back.
        likely: Whether a name was replaced that no list has and that nothing tells to be a person's.
    """

    text: str
    redacted: bool
    personal: bool
    likely: bool = False


def screen(
    text: str, *, field: str = "place", place_type: str = "", patterns: bool = True, names: bool = True
) -> Screened:
    """Replace what the patterns of screening.toml find, and in place texts names of persons.

    Args:
        text: The text as sent.
        field: `place` or another that screening.toml names: which patterns apply.
        place_type: Our word for the type of place, empty where it is not told. Homes are screened for
            addresses.
        patterns: False where a first look (`may_be_redacted`) said that no pattern finds anything.
        names: False where it said that there is no name of a person.

    Example:
        >>> screen("outside Bar Beispiel, call 07700 900 123").text
        'outside Bar Beispiel, call [redacted]'
    """
    plain = plain_text(text)
    has_figure = bool(_DIGIT_OR_AT.search(plain))
    words = words_of(plain)
    screened, only_likely = plain, False
    if patterns and (has_figure or _has_hint(plain, words)):
        screened = _replaced(screened, _patterns(field, False, has_figure))
    likely = field == "place"
    if names and field in _WITH_NAMES and may_hold_name(plain, words, likely=likely):
        screened, only_likely = _without_names(screened, likely=likely, stands=screened == plain)
    personal = screened != plain and not only_likely
    # Where a name was replaced a pattern may match that did not before.
    if (patterns or screened != plain) and has_figure and field == "place":
        told, by_type = _home(plain, place_type)
        if told or by_type:
            found = _replaced(screened, _patterns(field, True, has_figure))
            personal = personal or (told and found != screened)
            # Of both the address is told: a likely name that was replaced beside it stands in no text.
            only_likely = only_likely and found == screened
            screened = found
    return Screened(" ".join(screened.split()), screened != plain, personal, only_likely)


def _without_names(text: str, *, likely: bool, stands: bool) -> tuple[str, bool]:
    """A text with its names replaced, and whether its row stands though there were some.

    It does where it stood before and its names are likely ones alone: they may as well be places that no list has.
    """
    found = replaced(text, name_spans(text, likely=likely), REDACTED)
    if found == text:
        return text, False
    only_likely = stands and likely and not name_spans(text, likely=True, told=True)
    # Beside a name another may stand that what joins them hides ("and", "&"): then nothing of the text is kept.
    if may_name_another(found.replace(REDACTED, " "), listed=only_likely):
        return REDACTED, False
    return found, only_likely


def _replaced(text: str, patterns: Iterable[re.Pattern[str]]) -> str:
    for pattern in patterns:
        text = pattern.sub(REDACTED, text)
    return text


def shown_path(path: str, mark: str) -> str:
    """A path as it may be told, logged and kept: printable, a part that points at a person replaced by a mark.

    Args:
        path: Parts parted by "/".
        mark: What tells the file from others, such as the beginning of its sha256.

    Example:
        >>> shown_path("Jane_Doe/9990000042.csv", "0f1e2d")
        'named-0f1e2d/named-0f1e2d.csv'
    """
    return "/".join(_shown(part, mark) for part in path.split("/"))


def printable(text: str) -> str:
    """A text without what could steer a terminal, or what no encoding writes.

    Example:
        >>> printable("export\\x1b[31m.csv")
        'export?[31m.csv'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char.isspace() else "?" for char in text)


def _shown(part: str, mark: str) -> str:
    stem, dot, ending = part.rpartition(".")
    whole = stem if dot else part
    # Words of names of files are parted by other signs than spaces.
    forms = (part, whole, _JOINED.sub(" ", whole))
    if not any(screen(form, field="file").personal for form in forms):
        return printable(part)
    plain_ending = ending if dot and _ENDING.fullmatch(ending) else ""
    return f"named-{mark}{'.' if plain_ending else ''}{plain_ending}"


def may_be_redacted(texts: pa.Array, place_types: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A first look at place texts: those in which a pattern finds something, those with a name, and some more of each.

    Args:
        texts: Texts as `plain_text` makes them.
        place_types: Our word for the type of each text's place, empty where it is not told.

    Returns:
        What `screen` takes as `patterns` and as `names`, for each text. It replaces nothing where both are false.
    """
    home = rules_file("screening")["home"]
    is_home = np.isin(place_types, home["place_types"]) | may_match(texts, (_expression("sure_cue"),))
    is_home |= np.isin(place_types, home["types_that_say_nothing"]) & may_match(texts, (_expression("cue"),))
    at_home = is_home & may_match(texts, _patterns("place", True, True))
    return at_home | may_match(texts, _patterns("place", False, True)), may_hold_names(texts)


def may_be_personal(texts: pa.Array, *, field: str) -> np.ndarray:
    """A first look at texts of a field without names: those in which a pattern finds something, and some more.

    Args:
        texts: Texts without null.
        field: A field that screening.toml names.
    """
    return may_match(texts, _patterns(field, False, True))


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


def _home(text: str, place_type: str) -> tuple[bool, bool]:
    """Whether a text tells whose home a place is, and whether it is one by its type."""
    home = rules_file("screening")["home"]
    told = bool(_expression("sure_cue").search(text))
    if place_type in home["types_that_say_nothing"]:
        told = told or bool(_expression("cue").search(text))
    return told, place_type in home["place_types"]


@cache
def _expression(name: str) -> re.Pattern[str]:
    return re.compile(rules_file("screening")["home"][name], re.IGNORECASE)


def _has_hint(text: str, words: Sequence[str]) -> bool:
    return "." in text or "(" in text or "[" in text or not _hints().isdisjoint(words)


@cache
def _hints() -> frozenset[str]:
    return frozenset(rules_file("screening")["hints"].split())


@cache
def _patterns(field: str, at_home: bool, has_figure: bool) -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(_whole(rule["expression"]), re.IGNORECASE if rule.get("ignore_case", True) else 0)
        for rule in rules_file("screening")["patterns"]
        if field in rule["fields"]
        and at_home == rule.get("at_home", False)
        and (has_figure or rule.get("without_figure", False))
    )


def _whole(expression: str) -> str:
    """An expression with the parts that several share."""
    for name, part in rules_file("screening")["parts"].items():
        expression = expression.replace(f"{{{name}}}", part)
    return expression
