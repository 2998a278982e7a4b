"""What a workbook holds and does not show: it is not read, but where it points at a person the file is refused."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from xml.etree.ElementTree import ParseError, fromstring

from preventable.errors import UnreadableFileError
from preventable.intake_errors import HiddenPersonalDataError
from preventable.stages.sources.screening import screen

_COMMENTS = re.compile(r"comments?[^/]*\.xml\Z", re.IGNORECASE)
_SHOWN_TEXT = frozenset({"t", "text"})


def refuse_personal_data(values: Iterable[object], what: str) -> None:
    """Refuse the file where a text that is not shown points at a person; numbers and days are let through as such.

    Args:
        what: Where the texts stand, in words.

    Raises:
        HiddenPersonalDataError: One does.
    """
    texts = {_text(value) for value in values}
    if any(screen(text, field="hidden").personal for text in texts):
        raise HiddenPersonalDataError("", f"{what} point at a person")


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int) else ""


def comments_of(content: bytes) -> list[str] | None:
    """Texts of the comments on cells of an XLSX, without the name of who wrote them; None where it has none.

    Raises:
        UnreadableFileError: They are not well formed.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as container:
        parts = [container.read(name) for name in container.namelist() if _COMMENTS.search(name)]
    try:
        return [text for part in parts for text in _texts(part)] if parts else None
    except ParseError:
        pass
    raise UnreadableFileError("", "its comments are not well formed")


def _texts(part: bytes) -> list[str]:
    """Texts of a part that is known to declare no document type; each comment is one."""
    root = fromstring(part)
    authors = [element.text for element in root.iter() if _name(element.tag) == "author" and element.text]
    found = []
    for comment in root.iter():
        if _name(comment.tag) in ("comment", "threadedComment"):
            pieces = [piece.text or "" for piece in comment.iter() if _name(piece.tag) in _SHOWN_TEXT]
            text = " ".join(pieces)
            for author in authors:
                text = text.replace(f"{author}:", " ")
            found.append(text)
    return found


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]
