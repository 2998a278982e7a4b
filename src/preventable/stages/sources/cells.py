"""Cells to values: each distinct text of a column is read once.

A parser takes a text without spaces at its ends and returns the value (None: nothing) and the problem (empty:
none).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preventable.stages.sources.rules_files import rules_file
from preventable.stages.sources.screening import plain_text

Parser = Callable[[str], tuple[object, str]]
#: Many texts to values, null where a parser has to look.
Plain = Callable[[pa.Array], pa.Array]
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


def read_cells(texts: pa.Array, parser: Parser, kind: pa.DataType, plain: Plain | None = None) -> Reading:
    """Read a column of texts.

    Args:
        parser: Reads a text.
        plain: Reads many texts at once as the parser does, where they are plainly right; the parser reads the others.
    """
    distinct = texts.dictionary_encode()
    of_text = pa.nulls(len(distinct.dictionary), kind) if plain is None else plain(distinct.dictionary)
    rest = np.flatnonzero(of_text.is_null())
    read = [
        _told_broken(text, *parser(text)) for text in distinct.dictionary.take(pa.array(rest)).to_pylist()
    ]
    others = pa.array([value for value, _ in read], kind)
    of_text = pc.replace_with_mask(of_text, of_text.is_null(), others)
    problems = np.full(len(of_text), "", dtype=object)
    problems[rest] = [problem for _, problem in read]
    values = of_text.take(distinct.indices)
    other = problems == "other_form"
    if other.any() and 2 * np.count_nonzero(other[distinct.indices]) > len(values) - values.null_count:
        problems[other] = ""  # it is the column's own form
    return Reading(values, _at_rows(distinct, problems))


def _at_rows(distinct: pa.DictionaryArray, of_text: np.ndarray) -> tuple[tuple[int, str], ...]:
    """Rows with a problem, of the problem of each distinct text (empty: none)."""
    if not of_text.any():
        return ()
    at = distinct.indices.to_numpy()
    rows = np.flatnonzero((of_text != "")[at])
    return tuple(zip(rows.tolist(), of_text[at[rows]].tolist(), strict=True))


def _told_broken(text: str, value: object, problem: str) -> tuple[object, str]:
    """The problem `broken_cell` in the place of another, where the text is the mark of a failed export."""
    if problem and re.search(broken_cells(), text):
        return None, "broken_cell"
    return value, problem


@cache
def broken_cells() -> str:
    """Expression of what an export or a spreadsheet writes where it failed, and of signs that steer a terminal."""
    rules = rules_file("reading")
    return f"^(?:{rules['broken']})$|{rules['control_signs']}"


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
        whole, _, fraction = text.partition(".")
        if not low <= int(whole) <= high:
            return None, "out_of_range"
        return int(whole), "other_form" if fraction else ""

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
            return (None, problem) if value is None else ((value, value, value), "")
        band = _BAND.fullmatch(text)
        if not band:
            return None, "finer_than_agreed" if _WHOLE.fullmatch(text) else "not_a_number"
        first = int(band[1] or band[3])
        last = int(band[2]) if band[2] else high
        return ((None, first, last), "") if low <= first <= last <= high else (None, "out_of_range")

    return parse


def read_ages(texts: pa.Array, style: str) -> tuple[dict[str, pa.Array], tuple[tuple[int, str], ...]]:
    """The three columns of age, and the problems of the age."""
    distinct = texts.dictionary_encode()
    parser = ages(style)
    read = [_told_broken(text, *parser(text)) for text in distinct.dictionary.to_pylist()]
    columns = {
        name: pa.array([value and value[place] for value, _ in read], pa.int64()).take(distinct.indices)
        for place, name in enumerate(("age_years", "age_from", "age_to"))
    }
    return columns, _at_rows(distinct, np.array([problem for _, problem in read], dtype=object))


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
    right = _is_check_digit_right([*map(int, digits)])
    return (digits, "") if right else (None, "not_an_nhs_number")


def _is_check_digit_right(figures: Sequence[Any]) -> Any:
    """Whether the tenth of ten figures, or columns of them, checks the nine before it."""
    return (11 - sum(map(mul, _NHS_WEIGHTS, figures)) % 11) % 11 == figures[9]


def plain_nhs_numbers(texts: pa.Array) -> pa.Array:
    """Texts that are an NHS number and nothing else."""
    is_ten = pc.match_substring_regex(texts, pattern=f"^{_TEN_DIGITS.pattern}$")
    tens = texts.filter(is_ten)
    figures = (
        np.frombuffer("".join(tens.to_pylist()).encode(), np.uint8).reshape(len(tens), 10).T.astype(int) - 48
    )
    right = _is_check_digit_right(figures) & (figures != figures[0]).any(axis=0)
    is_right = np.zeros(len(texts), bool)
    is_right[np.flatnonzero(is_ten)] = right
    return pc.if_else(pa.array(is_right), texts, None)


def plain_numbers(name: str) -> Plain:
    """Decimal numbers within their range in reading.toml, as `number` reads them."""
    low, high = rules_file("reading")["ranges"][name]

    def read(texts: pa.Array) -> pa.Array:
        is_number = pc.match_substring_regex(texts, pattern=f"^(?:{_DECIMAL.pattern})$")
        values = pc.if_else(is_number, texts, None).cast(pa.float64())
        within = pc.and_(pc.greater_equal(values, low), pc.less_equal(values, high))
        return pc.if_else(within, values, None)

    return read


def plain_shapes(name: str) -> Plain:
    """Codes in ASCII by their pattern in reading.toml, as `shaped` reads them."""
    pattern = rules_file("reading")["patterns"][name]
    joined = " ".join(f"\\{place + 1}" for place in range(re.compile(pattern).groups)) or "\\0"

    def read(texts: pa.Array) -> pa.Array:
        capitals = pc.ascii_upper(texts)
        fits = pc.and_(
            pc.string_is_ascii(texts), pc.match_substring_regex(capitals, pattern=f"^(?:{pattern})$")
        )
        return pc.if_else(fits, pc.replace_substring_regex(capitals, f"^(?:{pattern})$", joined), None)

    return read


def plain_texts(texts: pa.Array) -> pa.Array:
    """Texts as they are, without the empty ones."""
    return pc.if_else(pc.not_equal(texts, ""), texts, None)


def text_as_sent(text: str) -> tuple[object, str]:
    """A text; None where it is empty."""
    return text or None, ""


def present(texts: pa.Array) -> Sequence[tuple[int, str]]:
    """The problem `missing` at every empty text."""
    empty = pc.equal(texts, "").to_numpy(zero_copy_only=False)
    return tuple((i, "missing") for i in np.flatnonzero(empty).tolist())
