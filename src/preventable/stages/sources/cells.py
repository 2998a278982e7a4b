"""Cells to values: each distinct text of a column is read once.

A parser takes a text without spaces at its ends and returns the value (None: nothing) and the problem (empty:
none).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import mul

import numpy as np
import pyarrow as pa

from preventable.stages.sources.rules_files import rules_file
from preventable.stages.sources.screening import plain_text

Parser = Callable[[str], tuple[object, str]]
#: In a code list: every other text.
REST = "*"
_SEPARATORS_OF_NUMBERS = re.compile(r"[\s.'\u2010-\u2015\-]+")
_WHOLE = re.compile(r"[0-9]{1,15}(\.0+)?")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_BAND = re.compile(r"([0-9]{1,3})\s*(?:-|\u2013|to)\s*([0-9]{1,3})|([0-9]{1,3})\s*\+")
_TEN_DIGITS = re.compile(r"[0-9]{10}")
_NHS_WEIGHTS = tuple(range(10, 1, -1))


@dataclass(frozen=True)
class Reading:
    """A column of values with its problems: position and problem, in order of position."""

    values: pa.Array
    problems: tuple[tuple[int, str], ...] = ()


def read_cells(texts: pa.Array, parser: Parser, kind: pa.DataType) -> Reading:
    """Read a column of texts."""
    distinct = texts.dictionary_encode()
    read = [parser(text) for text in distinct.dictionary.to_pylist()]
    values = pa.array([value for value, _ in read], kind).take(distinct.indices)
    problems = np.array([problem for _, problem in read], dtype=object)[distinct.indices.to_numpy()]
    return Reading(values, tuple((int(i), problems[i]) for i in np.flatnonzero(problems != "")))


def words(codes: Mapping[str, str]) -> Parser:
    """A supplier's code to our word: as written, else without regard to case, else that of `*`."""
    rest = codes.get(REST)
    folded = {code.strip().casefold(): word for code, word in codes.items()}

    def parse(text: str) -> tuple[object, str]:
        if not text:
            return None, ""
        word = codes.get(text) or folded.get(text.casefold()) or rest
        return word, "" if word else "unknown_code"

    return parse


def listed(codes: Collection[str]) -> Parser:
    """A code of a published list, in capitals."""
    known = frozenset(codes)

    def parse(text: str) -> tuple[object, str]:
        code = text.upper()
        return (code, "") if code in known else (None, "unknown_code" if code else "")

    return parse


def shaped(name: str, problem: str) -> Parser:
    """A code by its pattern in reading.toml, in capitals; groups are joined by one space."""
    pattern = re.compile(rules_file("reading")["patterns"][name])

    def parse(text: str) -> tuple[object, str]:
        found = pattern.fullmatch(text.upper())
        if not found:
            return None, problem if text else ""
        return " ".join(found.groups()) or found[0], ""

    return parse


def integer(name: str) -> Parser:
    """A whole number within its range in reading.toml."""
    low, high = rules_file("reading")["ranges"][name]

    def parse(text: str) -> tuple[object, str]:
        if not text:
            return None, ""
        if not _WHOLE.fullmatch(text):
            return None, "not_a_number"
        value = int(text.partition(".")[0])
        return (value, "") if low <= value <= high else (None, "out_of_range")

    return parse


def number(name: str) -> Parser:
    """A decimal number within its range in reading.toml."""
    low, high = rules_file("reading")["ranges"][name]

    def parse(text: str) -> tuple[object, str]:
        if not text:
            return None, ""
        if not _DECIMAL.fullmatch(text):
            return None, "not_a_number"
        value = float(text)
        return (value, "") if low <= value <= high else (None, "out_of_range")

    return parse


def ages(style: str) -> Parser:
    """An age as (years, from, to): years, or a ten-year band such as `20-29` or `80+`."""
    low, high = rules_file("reading")["ranges"]["age"]

    def parse(text: str) -> tuple[object, str]:
        if not text:
            return None, ""
        if style == "years":
            value, problem = integer("age")(text)
            return ((value, value, value), "") if not problem else (None, problem)
        band = _BAND.fullmatch(text)
        if not band:
            return None, "not_a_number"
        first = int(band[1] or band[3])
        last = int(band[2]) if band[2] else high
        return ((None, first, last), "") if low <= first <= last <= high else (None, "out_of_range")

    return parse


def read_ages(texts: pa.Array, style: str) -> tuple[dict[str, pa.Array], tuple[tuple[int, str], ...]]:
    """The three columns of age, and the problems of the age."""
    triple = pa.list_(pa.int64(), 3)
    reading = read_cells(texts, ages(style), triple)
    rows = reading.values.to_pylist()
    columns = {
        name: pa.array([row and row[place] for row in rows], pa.int64())
        for place, name in enumerate(("age_years", "age_from", "age_to"))
    }
    return columns, reading.problems


def nhs_number(text: str) -> tuple[object, str]:
    """Ten digits whose check digit is right; separators, full-width figures, an apostrophe are mended.

    Sources:
        NHS Data Dictionary, NHS NUMBER: modulus 11 over nine digits; a result of 10 is no number.
    """
    if not text:
        return None, ""
    digits = text if _TEN_DIGITS.fullmatch(text) else _SEPARATORS_OF_NUMBERS.sub("", plain_text(text))
    if not _TEN_DIGITS.fullmatch(digits) or len(set(digits)) == 1:
        return None, "not_an_nhs_number"
    *first_nine, check_digit = map(int, digits)
    right = (11 - sum(map(mul, _NHS_WEIGHTS, first_nine)) % 11) % 11 == check_digit
    return (digits, "") if right else (None, "not_an_nhs_number")


def text_as_sent(text: str) -> tuple[object, str]:
    """A text; None where it is empty."""
    return text or None, ""


def present(texts: pa.Array) -> Sequence[tuple[int, str]]:
    """The problem `missing` at every empty text."""
    empty = np.array(texts.to_pylist(), dtype=object) == ""
    return tuple((int(i), "missing") for i in np.flatnonzero(empty))
