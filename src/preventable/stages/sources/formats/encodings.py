"""The encoding of a text: told by a byte order mark or by UTF-8 itself, else declared.

Windows-1252 that nobody declared is taken if every byte has a meaning in it and nothing speaks against it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from preventable.errors import UnknownEncodingError
from preventable.stages.sources.formats.form import Notes

#: Encodings that a mapping may declare.
ENCODINGS = ("utf-8", "cp1252", "utf-16", "utf-16-le", "utf-16-be")
_PIECE_BYTES = 1 << 20
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: What Windows-1252 does not write: each reads as it well enough, and is a sign of another encoding.
_NOT_CP1252 = re.compile(
    # Bytes in the shape of UTF-8, overlong or of half a pair.
    rb"[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf7][\x80-\xbf]{3}"
    # A low or double quote, dagger, per mille or other sign right after a letter: accented letters of DOS (cp850).
    rb"|[A-Za-z][\x82\x84\x86-\x89\x8b\x9b\xa1-\xa5]"
    # A quote, dash or other sign between two letters, the apostrophe and the dashes apart.
    rb"|[A-Za-z][\x80\x85\x91\x93-\x95\x98\x99\xa6\xac\xaf\xb6\xb9\xbb][A-Za-z]"
    # A capital right after a small letter: accented letters of the Macintosh.
    rb"|[a-z][\x8a\x8c\x8e\x9f\xc0-\xd6\xd8-\xde]"
)
# What stands in a text unseen.
_UNSEEN = (
    ("\ufeff", "a byte order mark stands inside the text"),
    ("\xa0", "it has spaces that do not break, which are read as spaces"),
)


def encoding_of(content: bytes, declared: str, notes: Notes) -> tuple[str, int]:
    """The encoding of a text, and at which byte it begins.

    Args:
        content: The whole text.
        declared: What the mapping says, one of `ENCODINGS`.
        notes: Told where the encoding is not the declared one.

    Raises:
        UnknownEncodingError: None of those that are read, or a NUL is in it.
    """
    encoding, start = _told_by_mark(content) or (_told_by_content(content, declared), 0)
    if not encoding:
        raise UnknownEncodingError(
            "", f"it is not text in {declared}, nor in any other encoding that is read"
        )
    found = set()
    for text in _pieces(content, encoding, start):
        if "\0" in text:
            raise UnknownEncodingError("", f"it has a NUL character, so it is not text in {encoding}")
        found.update(char for char, _ in _UNSEEN if char in text)
    as_declared = encoding == declared or (declared == "utf-16" and encoding.startswith("utf-16"))
    if not as_declared and not content.isascii():
        notes.add(f"it is text in {encoding}, the mapping says {declared}")
    for char, words in _UNSEEN:
        if char in found:
            notes.add(words)
    return encoding, start


def _told_by_mark(content: bytes) -> tuple[str, int] | None:
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UnknownEncodingError("", "it is text in utf-32, which is not read")
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            if not _is(content, encoding, len(mark)):
                raise UnknownEncodingError(
                    "", f"its byte order mark says {encoding}, and it is not text in it"
                )
            return encoding, len(mark)
    return None


def _told_by_content(content: bytes, declared: str) -> str:
    """Empty where nothing is told."""
    if declared.startswith("utf-16"):
        own = "utf-16-le" if declared == "utf-16" else declared
        return own if _is(content, own) and b"\0" in content[:200] else _utf8_or_none(content)
    if _is(content, "utf-8"):
        return "utf-8"
    if not _is(content, "cp1252"):
        return ""
    return "cp1252" if declared == "cp1252" or not _NOT_CP1252.search(content) else ""


def _utf8_or_none(content: bytes) -> str:
    return "utf-8" if _is(content, "utf-8") else ""


def _is(content: bytes, encoding: str, start: int = 0) -> bool:
    # The error of a codec holds the whole text: it must not become the context of ours.
    try:
        for _ in _pieces(content, encoding, start):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _pieces(content: bytes, encoding: str, start: int) -> Iterator[str]:
    """The text piece by piece: as a whole it may be four times as large."""
    decoder = codecs.getincrementaldecoder(encoding)()
    whole = memoryview(content)
    for at in range(start, len(content), _PIECE_BYTES):
        yield decoder.decode(whole[at : at + _PIECE_BYTES])
    yield decoder.decode(b"", final=True)
