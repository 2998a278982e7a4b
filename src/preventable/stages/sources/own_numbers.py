"""Numbers of records and codes of sites as their senders give them, unless they are a person's own."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from preventable.stages.sources.cells import Parser, Plain, nhs_number, plain_texts, shaped, text_as_sent
from preventable.stages.sources.rules_files import rules_file
from preventable.stages.sources.screening import may_be_personal, plain_text, screen

_PERSONAL = (None, "personal_data")


def personal_numbers(texts: pa.Array) -> frozenset[str]:
    """Those of the record numbers of a file that are a person's own, or a name.

    Of all numbers of ten figures one in eleven has the check digit of an NHS number. Where most numbers of a file have
    ten figures they are taken for NHS numbers if nearly all have that digit; else each that has it is. So too where the
    ten figures begin or end a longer number. What most numbers of a file look like is its sender's own form, though
    National Insurance numbers have it too.
    """
    rules = rules_file("screening")["record_numbers"]
    distinct = pc.unique(texts)
    ten = {text: text for text in _matching(distinct, rules["ten_figures"])}
    within = {
        text: "".join(figures)
        for text in _matching(distinct, rules["ten_figures_within"])
        if text not in ten
        for figures in re.findall(rules["ten_figures_within"], plain_text(text))[:1]
    }
    usual = rules["usual_share"] * len(distinct)
    numbers = _nhs_numbers(ten, usual) | _nhs_numbers(within, usual)
    looked_at = distinct.filter(pc.match_substring_regex(distinct, rules["looked_at"])).to_pylist()
    personal = {text for text in looked_at if screen(text, field="record").personal}
    of_one_word = {text for text in personal if text.isalnum()}
    if len(of_one_word) > usual:
        personal -= of_one_word
    return frozenset(personal | numbers | _departing(distinct))


def _departing(distinct: pa.Array) -> set[str]:
    """Those of the distinct numbers that are written otherwise than the file's others, and like a person's own."""
    suspect = distinct.filter(pa.array(may_be_personal(distinct, field="odd_record")))
    if not len(suspect):
        return set()
    rules = rules_file("screening")["record_numbers"]
    of_form = {row["values"]: row["counts"] for row in pc.value_counts(_forms(distinct)).to_pylist()}
    most = max(of_form.values())

    def departs(form: str) -> bool:
        is_single = of_form[form] == 1 and most > max(1, rules["usual_share"] * len(distinct))
        return is_single or of_form[form] <= rules["rare_share"] * len(distinct)

    pairs = zip(suspect.to_pylist(), _forms(suspect).to_pylist(), strict=True)
    return {text for text, form in pairs if departs(form) and screen(text, field="odd_record").personal}


def _forms(numbers: pa.Array) -> pa.Array:
    """Each number with 9 for any figure and a for any letter."""
    return pc.replace_substring_regex(pc.replace_substring_regex(numbers, "[0-9]", "9"), "[A-Za-z]", "a")


def _nhs_numbers(figures_of: Mapping[str, str], usual: float) -> set[str]:
    """Those of the numbers of one form whose ten figures are an NHS number, unless the form is the sender's own."""
    valid = {text for text, figures in figures_of.items() if nhs_number(figures)[0]}
    nearly_all = rules_file("screening")["record_numbers"]["share_of_nhs_numbers"] * len(figures_of)
    return valid if len(figures_of) <= usual or len(valid) >= nearly_all else set()


def record_number(personal: Collection[str]) -> Parser:
    """How a record number is read: as sent, unless it is one of these."""
    return lambda text: _PERSONAL if text in personal else text_as_sent(text)


def plain_record_numbers(personal: Collection[str]) -> Plain:
    """Record numbers as they are, without the empty ones and without these."""
    named = pa.array(sorted(personal), pa.string())
    return lambda texts: pc.if_else(pc.is_in(texts, named), None, plain_texts(texts))


def site(name: str) -> Parser:
    """The code of a site by its pattern in reading.toml, unless it is a number of a person or of a vehicle."""
    by_shape = shaped(name, "unknown_code")

    def parse(text: str) -> tuple[object, str]:
        return _PERSONAL if screen(text, field="site").personal else by_shape(text)

    return parse


def _matching(texts: pa.Array, expression: str) -> list[str]:
    """Texts that match, those that are not ASCII by their plain form."""
    is_ascii = pc.string_is_ascii(texts)
    others = texts.filter(pc.invert(is_ascii)).to_pylist()
    found: list[str] = texts.filter(
        pc.and_(is_ascii, pc.match_substring_regex(texts, expression))
    ).to_pylist()
    return [*found, *(text for text in others if re.search(expression, plain_text(text)))]
