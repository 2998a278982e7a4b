"""Place texts: screened, keyed and kept apart from the rows they came with."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preventable.codes import code_file
from preventable.stages.sources.cells import broken_cells
from preventable.stages.sources.first_look import any_word
from preventable.stages.sources.rules_files import rules_file
from preventable.stages.sources.screening import REDACTED, may_be_redacted, plain_text, screen

_HASH_BYTES = 20
_LETTERS = 32
_ALPHABET = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", np.uint8)
_FIVE_BITS = np.array([16, 8, 4, 2, 1], np.uint8)
_NO_WORD = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True)
class PlaceTexts:
    """Place texts of one file.

    Attributes:
        ids: Key of each row's text, null where there is none.
        words: Number of words of each row's text as sent, null where there is none.
        problems: Position and problem.
        texts: Key, text and whether something was replaced, one row a key, in order of the keys.
    """

    ids: pa.Array
    words: pa.Array
    problems: tuple[tuple[int, str], ...]
    texts: pa.Table


def read_place_texts(texts: pa.Array, place_types: pa.Array, *, text_key: tuple[str, bytes]) -> PlaceTexts:
    """Screen the place texts of a file, each distinct pair of text and type of place once.

    Args:
        texts: Texts as sent, empty where there is none.
        place_types: Our words for the type of place, null where it is not told.
        text_key: Name and bytes of the key.
    """
    text, kind = texts.dictionary_encode(), pc.fill_null(place_types, "").dictionary_encode()
    kinds = np.array(kind.dictionary.to_pylist(), dtype=object)
    pairs, at = np.unique(_pair(text.indices, kind.indices, len(kinds)), return_inverse=True)
    of_text, of_kind = pa.array(pairs // max(len(kinds), 1)), pairs % max(len(kinds), 1)
    plain = _plain(text.dictionary)
    stored, screened = _screened(text.dictionary.take(of_text), plain.take(of_text), kinds[of_kind])
    by_text = stored.dictionary_encode()
    keys = _keys(by_text.dictionary.to_pylist(), text_key)
    ids = pa.array(keys, pa.string()).take(by_text.indices)
    told = [screened[at], *(column[text.indices.to_numpy()] for column in _problems(text.dictionary, plain))]
    return PlaceTexts(
        ids=ids.take(pa.array(at)),
        words=_words(text.dictionary, plain).take(text.indices),
        problems=_by_row(told),
        texts=_kept(dict(zip(by_text.dictionary.to_pylist(), keys, strict=True))),
    )


def _pair(texts: pa.Array, kinds: pa.Array, different_kinds: int) -> np.ndarray:
    """A number for each pair of a text's number and a kind's."""
    return texts.to_numpy().astype(np.int64) * max(different_kinds, 1) + kinds.to_numpy()


def _plain(texts: pa.Array) -> pa.Array:
    """`plain_text` of each; most are plain already."""
    odd = pc.invert(pc.match_substring_regex(texts, pattern="^[!-~]+( [!-~]+)*$"))
    others = [plain_text(text) for text in texts.filter(odd).to_pylist()]
    return pc.replace_with_mask(texts, odd, pa.array(others, pa.string()))


def _screened(texts: pa.Array, plain: pa.Array, kinds: np.ndarray) -> tuple[pa.Array, np.ndarray]:
    """Each text as it may be stored, null where there is nothing in it, and the problem of what was replaced in it."""
    problems = np.full(len(texts), "", dtype=object)
    patterns, names = may_be_redacted(plain, kinds)
    looked_at = np.flatnonzero(patterns | names)
    found = [
        screen(text, place_type=kind, patterns=pattern, names=name)
        for text, kind, pattern, name in zip(
            texts.take(pa.array(looked_at)).to_pylist(),
            *(column[looked_at].tolist() for column in (kinds, patterns, names)),
            strict=True,
        )
    ]
    formula, address = _formulas()
    for place, one in zip(looked_at.tolist(), found, strict=True):
        if one.redacted and not one.personal:
            problems[place] = "likely_name" if one.likely else "home_address"
        elif one.redacted:
            text = texts[place].as_py()
            # The address in a formula is a machine's and not a person's; it is replaced all the same.
            of_machine = re.search(formula, text) and not screen(re.sub(address, "", text)).redacted
            problems[place] = "" if of_machine else "personal_data"
    mask = np.zeros(len(texts), bool)
    mask[looked_at] = True
    stored = pc.replace_with_mask(plain, pa.array(mask), pa.array([one.text for one in found], pa.string()))
    return pc.if_else(pc.not_equal(plain, ""), stored, None), problems


def _words(texts: pa.Array, plain: pa.Array) -> pa.Array:
    """Number of words of each text, null where there is nothing in it."""
    words = np.array(pc.count_substring(plain, " ")) + 1
    odd = np.flatnonzero(pc.not_equal(texts, plain))
    words[odd] = [len(text.split()) for text in texts.take(pa.array(odd)).to_pylist()]
    return pc.if_else(pc.not_equal(plain, ""), pa.array(words, pa.int64()), None)


def _problems(texts: pa.Array, plain: pa.Array) -> Iterator[np.ndarray]:
    """What is told of a text by itself (generic, clipped, broken, a formula); nothing of one with nothing in it."""
    filled = np.asarray(pc.not_equal(plain, ""))
    generic = np.zeros(len(texts), bool)
    # Most texts have a word that is in no list.
    known = _generic_words()
    telling = any_word(
        pc.ascii_lower(texts), lambda word: word.isascii() and word.isalnum() and word not in known
    )
    asked = np.flatnonzero(filled & ~telling)
    generic[asked] = [is_generic(text) for text in texts.take(pa.array(asked)).to_pylist()]
    clipped = filled & np.isin(np.asarray(pc.utf8_length(texts)), rules_file("reading")["clipped_at"])
    broken = np.asarray(pc.match_substring_regex(texts, pattern=broken_cells()))
    formula = np.asarray(pc.match_substring_regex(texts, pattern=_formulas()[0]))
    for found, problem in (
        (generic, "generic_text"),
        (clipped, "clipped_text"),
        (broken, "broken_cell"),
        (formula, "formula_text"),
    ):
        yield np.array(["", problem], dtype=object)[found.astype(int)]


def _by_row(columns: Sequence[np.ndarray]) -> tuple[tuple[int, str], ...]:
    """Row and problem of columns of problems (empty: none), in order of the rows."""
    rows = np.flatnonzero(np.logical_or.reduce([column != "" for column in columns]))
    return tuple((row, column[row]) for row in rows.tolist() for column in columns if column[row])


def _formulas() -> tuple[str, str]:
    """Expressions of a text that a spreadsheet or a template would carry out, and of a web address in one."""
    rules = rules_file("reading")
    return rules["formula"], rules["address_in_formula"]


def is_generic(text: str) -> bool:
    """Whether a text is made only of words that tell no place (codes/generic_words)."""
    phrases, words, fillers = _generic()
    plain = _NO_WORD.sub(" ", plain_text(text).casefold().replace("'", "")).split()
    telling = [word for word in plain if word not in fillers]
    return " ".join(plain) in phrases or all(word in words for word in telling)


def _keys(texts: Sequence[str], text_key: tuple[str, bytes]) -> list[str]:
    name, secret = text_key
    named = (f"text|{text.casefold()}".encode() for text in texts)
    digests = b"".join([hmac.digest(secret, message, "sha256")[:_HASH_BYTES] for message in named])
    # Base 32: each five bits are a letter.
    bits = np.unpackbits(np.frombuffer(digests, np.uint8)).reshape(-1, 5)
    letters = _ALPHABET[bits @ _FIVE_BITS].tobytes().decode()
    return [f"{name}:{letters[at : at + _LETTERS]}" for at in range(0, len(letters), _LETTERS)]


def _kept(key_of: Mapping[str, str]) -> pa.Table:
    """One row a key, in order of the keys.

    Texts that differ in capitals alone share a key: the first by letters is kept. The text itself tells
    whether something was replaced, so that it does not depend on which file sent it.
    """
    by_key: dict[str, str] = {}
    for text, key in key_of.items():
        by_key[key] = min(text, by_key.get(key, text))
    keys = sorted(by_key)
    kept = [by_key[key] for key in keys]
    return pa.table(
        {
            "place_text_id": pa.array(keys, pa.string()),
            "text": pa.array(kept, pa.string()),
            "redacted": pa.array([REDACTED in text for text in kept], pa.bool_()),
        }
    )


@cache
def _generic() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    lists = code_file("generic_words")
    return frozenset(lists["phrases"]), frozenset(lists["words"]), frozenset(lists["fillers"])


@cache
def _generic_words() -> frozenset[str]:
    """Every word of which a generic text may be made."""
    phrases, words, fillers = _generic()
    return words | fillers | {word for phrase in phrases for word in phrase.split()}
