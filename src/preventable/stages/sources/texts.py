"""Place texts: screened, keyed and kept apart from the rows they came with."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from preventable.codes import code_file
from preventable.stages.sources.rules_files import rules_file
from preventable.stages.sources.screening import REDACTED, plain_text, screen

_HASH_BYTES = 20
_LETTERS = 32
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


@dataclass(frozen=True)
class _Text:
    text: str
    words: int
    problems: tuple[str, ...]


def read_place_texts(texts: pa.Array, place_types: pa.Array, *, text_key: tuple[str, bytes]) -> PlaceTexts:
    """Screen the place texts of a file, each distinct pair of text and type of place once.

    Args:
        texts: Texts as sent, empty where there is none.
        place_types: Our words for the type of place, null where it is not told.
        text_key: Name and bytes of the key.
    """
    pairs = list(zip(texts.to_pylist(), place_types.to_pylist(), strict=True))
    distinct = sorted(
        {pair for pair in pairs if plain_text(pair[0])}, key=lambda pair: (pair[0], pair[1] or "")
    )
    read = {pair: _read(*pair) for pair in distinct}
    stored = [text.text for text in read.values()]
    key_of = dict(zip(stored, _keys(stored, text_key), strict=True))
    found = [read.get(pair) for pair in pairs]
    return PlaceTexts(
        ids=pa.array([text and key_of[text.text] for text in found], pa.string()),
        words=pa.array([text and text.words for text in found], pa.int64()),
        problems=tuple((i, problem) for i, text in enumerate(found) if text for problem in text.problems),
        texts=_kept(key_of),
    )


def is_generic(text: str) -> bool:
    """Whether a text is made only of words that tell no place (codes/generic_words)."""
    phrases, words, fillers = _generic()
    plain = _NO_WORD.sub(" ", plain_text(text).casefold().replace("'", "")).split()
    telling = [word for word in plain if word not in fillers]
    return " ".join(plain) in phrases or all(word in words for word in telling)


def _read(text: str, place_type: str | None) -> _Text:
    screened = screen(text, place_type=place_type or "")
    problems = []
    if screened.redacted:
        problems.append("personal_data")
    if is_generic(text):
        problems.append("generic_text")
    if len(text) in rules_file("reading")["clipped_at"]:
        problems.append("clipped_text")
    return _Text(screened.text, len(text.split()), tuple(problems))


def _keys(texts: Sequence[str], text_key: tuple[str, bytes]) -> list[str]:
    name, secret = text_key
    named = (f"text|{text.casefold()}".encode() for text in texts)
    digests = [hmac.digest(secret, message, "sha256")[:_HASH_BYTES] for message in named]
    # Five bytes are eight letters: a run of hashes of twenty bytes is their letters one after another.
    letters = base64.b32encode(b"".join(digests)).decode().lower()
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
