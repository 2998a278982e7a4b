"""The form in which a decision of a person knows a text: its words without cues, and their keyed hash.

The text itself is deleted by retention; the hash stays, and finds the phrase again in later texts.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from functools import cache

import pyarrow as pa

from preventable.stages.places.normalise import Signs, plain_letters, read_list
from preventable.tables.pseudonymous import PLACE_PHRASES

_WORD = re.compile(r"[a-z0-9]+")
_HASH_BYTES = 20


def form() -> int:
    """Number of the form that `phrase` gives."""
    return int(read_list("phrases")["form"])


def phrase(text: str) -> tuple[str, ...]:
    """Words of a text in lower case without accents, signs and cue words; with these where nothing else is left.

    No list of abbreviations is used: lists change, and a decision must find its phrase years later.

    Example:
        >>> phrase("O/S The Copper Zettle, Mill Street") == phrase("copper zettle mill street")
        True
    """
    signs, left_out = _lists()
    words = tuple(_WORD.findall(signs.as_words(plain_letters(text))))
    return tuple(word for word in words if word not in left_out) or words


def phrase_id(words: tuple[str, ...], key: bytes) -> str:
    """Keyed hash of a phrase: 32 letters and digits."""
    digest = hmac.digest(key, f"phrase|{' '.join(words)}".encode(), "sha256")[:_HASH_BYTES]
    return base64.b32encode(digest).decode().lower()


def phrase_rows(texts: Iterable[tuple[str, str | None]], key: bytes, previous: Mapping[str, str]) -> pa.Table:
    """The table `place_phrases`: the phrase of each text, that of a deleted text as an earlier run knew it.

    Args:
        texts: place_text_id and text of what records have; None where retention deleted it.
        key: The home's key of phrases.
        previous: place_text_id -> phrase_id of an earlier run.
    """
    found: dict[str, str] = {}
    of_words: dict[tuple[str, ...], str] = {}
    for text_id, text in texts:
        if text_id in found:
            continue
        if text is None:
            known = previous.get(text_id)
        else:
            words = phrase(text)
            known = of_words[words] if words in of_words else phrase_id(words, key)
            of_words[words] = known
        if known is not None:
            found[text_id] = known
    rows = [{"place_text_id": text_id, "phrase_id": found[text_id]} for text_id in sorted(found)]
    return pa.Table.from_pylist(rows, schema=PLACE_PHRASES.arrow_schema())


@cache
def _lists() -> tuple[Signs, frozenset[str]]:
    lists = read_list("phrases")
    return Signs(lists["signs"]), frozenset(lists["left_out"]["words"])
