"""A first look at many texts at once passes over no text in which an expression finds something."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.codes import allowed
from preventable.stages.sources.first_look import may_match
from preventable.stages.sources.person_names import _Text, name_spans
from preventable.stages.sources.screening import Screened, may_be_redacted, plain_text, screen

#: Pieces of what the patterns look for, and of what stands around it.
PIECES = (
    "07700 900123", "0121 496 0000", "999 000 0018", "9990000018", "QQ 12 34 56 C", "AB12 CDE", "ab12cde", "A123 BCD",
    "reg", "a@b.example", "www.b.example", "dob", "d.o.b.", "born", "1/2/1990", "01021990", "3rd of May 1990", "May 3, 90",
    "crime no", "20/123456/21", "WM-123456-21", "mrn", "ref:", "52.123456", "-1.234567", "flat 3", "12", "high st",
    "ZZ1 2AB", "J. Smith", "Mr Example", "John", "O'Neill", "Dr.", "J P", "next of kin", "@somebody", "insta", "lives at", "home", "his house", "pub", "the", "2", "é", "ﬁ", "７",
    "hit by", "with", "and", "outside", "kasia", "Wrzoszczyk", "van der", "'s house", "'s", "'", "JaneDoe", "janeDoe", "Nowak-Wrzoszczyk", "K", "punched", "fighting",
    "_", "\u200b", "-", "/", ",", ".", "(", ":",
)  # fmt: skip
TEXTS = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from(("", " ", "  ", "/", "-"))), max_size=7
).map(lambda parts: "".join(piece + gap for piece, gap in parts).strip())
TYPES = st.sampled_from(["", *allowed("place_type")])


@given(st.lists(st.tuples(TEXTS, TYPES), min_size=1, max_size=30))
def test_a_text_that_is_not_looked_at_is_one_that_the_screen_leaves_as_it_is(pairs):
    texts = [plain_text(text) for text, _ in pairs]
    kinds = np.array([kind for _, kind in pairs], dtype=object)

    patterns, names = may_be_redacted(pa.array(texts, pa.string()), kinds)

    for text, kind, pattern, name in zip(texts, kinds, patterns.tolist(), names.tolist(), strict=True):
        whole = screen(text, place_type=kind)
        assert screen(text, place_type=kind, patterns=pattern, names=name) == whole
        assert pattern or name or whole == Screened(text, redacted=False, personal=False)


@given(TEXTS, st.integers(1, 9))
def test_where_a_name_stands_no_figure_matters(text, figure):
    figures = str.maketrans("123456789", str(figure) * 9)

    assert name_spans(text) == name_spans(text.translate(figures)) == list(_Text(text).spans())


def test_most_texts_of_places_are_passed_over():
    texts = pa.array(["The Anchor, Mill St", "outside Bar Beispiel", "12 High St", "call 07700 900123"])

    patterns, names = may_be_redacted(texts, np.array([""] * 4, dtype=object))

    assert patterns.tolist() == [False, False, False, True]
    assert not names.any()


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (r"(?<!\d)\d{3}(?!\d|\))", "x 123"),
        (r"[](?!\d)]x", "(x"),
        (r"[^](?=a]b", "zb"),
        (r"a\(?=b", "a(=b"),
        (r"\b(?:ab(?=(?:c|[)])))c", "abc"),
        (r"ab\\(?!c)", "ab\\d"),
    ],
    ids=["around", "bracket first", "not bracket", "escaped", "nested", "backslash"],
)
def test_conditions_on_what_stands_around_are_left_out_and_nothing_else(expression, text):
    pattern = re.compile(expression)
    assert pattern.search(text)

    assert may_match(pa.array([text, "quite another text"]), [pattern]).tolist() == [True, False]


def test_letters_case_counts_where_the_expression_says_so():
    texts = pa.array(["AB", "ab"])

    assert may_match(texts, [re.compile("AB"), re.compile("no")]).tolist() == [True, False]
    assert may_match(texts, [re.compile("no"), re.compile("AB", re.IGNORECASE)]).tolist() == [True, True]


def test_an_expression_that_cannot_be_said_otherwise_is_looked_for_in_every_text():
    assert may_match(pa.array(["aa", "b"]), [re.compile(r"(a)\1")]).tolist() == [True, True]


def test_what_is_not_ascii_is_looked_at():
    assert may_match(pa.array(["é", "e"]), [re.compile(r"\bx")]).tolist() == [True, False]
