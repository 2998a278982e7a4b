"""A first look at many texts at once: in which of them an expression may find anything.

Expressions without their conditions on what stands before or after (look-around) find at least what they find with
them, and so many texts can be searched at once by an engine that has no such conditions (RE2, in Arrow).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_LOOK_AROUND = ("(?=", "(?!", "(?<=", "(?<!")


def may_match(texts: pa.Array, expressions: Sequence[re.Pattern[str]]) -> np.ndarray:
    """Which texts one of the expressions may match: every text that one does is among them.

    Args:
        texts: Texts without null. One that is not ASCII may match: what a letter is differs between the engines.
        expressions: With no flag but that of letters' case.

    Example:
        >>> found = may_match(pa.array(["The Anchor", "The Anchor 07700 900123"]), [re.compile(r"[0-9]{5}(?![0-9])")])
        >>> found.tolist()
        [False, True]
    """
    found = np.asarray(pc.invert(pc.string_is_ascii(texts)))
    try:
        matched = pc.match_substring_regex(texts, pattern=_together(tuple(expressions)))
    # An expression that the other engine cannot say is looked for in every text.
    except pa.ArrowInvalid:
        return np.ones(len(texts), bool)
    return found | np.asarray(matched)


def any_word(texts: pa.Array, wanted: Callable[[str], bool]) -> np.ndarray:
    """Which texts have a word that is wanted; words stand between spaces, and each distinct one is asked about once."""
    words = pc.split_pattern(texts, " ")
    distinct = words.flatten().dictionary_encode()
    is_wanted = np.array([wanted(word) for word in distinct.dictionary.to_pylist()], bool)
    if not len(texts):
        return np.zeros(0, bool)
    begins = words.offsets.to_numpy()[:-1] - words.offsets[0].as_py()
    return np.logical_or.reduceat(is_wanted[distinct.indices.to_numpy()], begins)


@cache
def _together(expressions: tuple[re.Pattern[str], ...]) -> str:
    return "|".join(map(_without_conditions, expressions))


def _without_conditions(expression: re.Pattern[str]) -> str:
    flags = "i" if expression.flags & re.IGNORECASE else "-i"
    return f"(?{flags}:{_cut(expression.pattern)})"


def _cut(expression: str) -> str:
    """An expression without its look-around."""
    kept, at = [], 0
    while at < len(expression):
        end = _end_of_piece(expression, at)
        if expression.startswith(_LOOK_AROUND, at):
            at = _end_of_group(expression, at)
            continue
        kept.append(expression[at:end])
        at = end
    return "".join(kept)


def _end_of_piece(expression: str, at: int) -> int:
    """Where an escaped character, a class or a character ends."""
    if expression[at] == "\\":
        return at + 2
    if expression[at] != "[":
        return at + 1
    # A bracket right after the opening one, or after its ^, is a member.
    end = at + 1 + expression.startswith("^", at + 1)
    end += expression.startswith("]", end)
    while expression[end] != "]":
        end += 2 if expression[end] == "\\" else 1
    return end + 1


def _end_of_group(expression: str, at: int) -> int:
    """Where the group that opens here ends."""
    depth = 0
    while True:
        depth += {"(": 1, ")": -1}.get(expression[at], 0)
        at = _end_of_piece(expression, at)
        if not depth:
            return at
