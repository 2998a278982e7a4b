"""XML of the minimum data set (ISTV): a header with the period and the site, and an element an assault.

The schema is not public, so the form is the one that the standard's table of elements gives: under the root one
header and any number of records, each with flat elements, whose names are the columns. What the header says stands in
every row.
"""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, iterparse

from preventable.counted import counted
from preventable.errors import UnreadableFileError, UnsafeContainerError
from preventable.stages.sources.formats.encodings import encoding_of
from preventable.stages.sources.formats.form import FileForm, Line, Notes

_DECLARATION = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_OWN_ENCODING = re.compile(r"\A\s*<\?xml[^>]*\?>")
_NAMES = tomllib.loads((Path(__file__).parent / "istv_xml.toml").read_text(encoding="utf-8"))
_HEADERS, _RECORDS = frozenset(_NAMES["header"]), frozenset(_NAMES["record"])


def istv_lines(content: bytes, form: FileForm, notes: Notes) -> Iterator[Line]:
    """The names of the elements in the order in which they first occur, the header's first, then a line a record.

    Raises:
        UnsafeContainerError: It declares a document type or an entity.
        UnreadableFileError: Not sound XML, or not of this form.
    """
    encoding, start = encoding_of(content, form.encoding, notes)
    text = content[start:].decode(encoding)
    if _DECLARATION.search(text):
        raise UnsafeContainerError("", "it declares a document type or an entity")
    # What it says of its own encoding is no longer true of the text.
    plain = _OWN_ENCODING.sub("", text).encode()
    del text
    names: dict[str, None] = {}
    for _, cells in _elements(plain):
        names.update(dict.fromkeys(cells))
    yield 1, tuple(names)
    header: dict[str, str] = {}
    number = 1
    for is_header, cells in _elements(plain):
        if is_header:
            header = cells
            continue
        number += 1
        cells = header | cells
        yield number, tuple(cells.get(name, "") for name in names)


def _elements(xml: bytes) -> Iterator[tuple[bool, dict[str, str]]]:
    """Whether it is the header, and its elements, of each part under the root; the header must come first."""
    depth = records = headers = 0
    root: Element | None = None
    try:
        for event, element in iterparse(io.BytesIO(xml), events=("start", "end")):
            if event == "start":
                root = element if root is None else root
                depth += 1
                continue
            depth -= 1
            if depth != 1:
                continue
            name = _plain(element)
            if name in _HEADERS:
                headers += 1
            elif name in _RECORDS:
                records += 1
            else:
                raise UnreadableFileError("", "an element under the root is neither its header nor a record")
            if headers > 1 or (name in _HEADERS and records):
                raise UnreadableFileError("", "it has several headers, or one that does not come first")
            yield name in _HEADERS, _cells(element, records + 1)
            if root is not None:
                root.clear()
    # What the parser raises tells line and column alone, and still none of it goes on.
    except (ParseError, ValueError):
        raise UnreadableFileError(
            "", f"it is not sound XML; reading stopped after {counted(records, 'record')}"
        ) from None


def _cells(element: Element, number: int) -> dict[str, str]:
    cells: dict[str, str] = {}
    if (element.text or "").strip():
        raise UnreadableFileError("", "a record has text outside its elements", (number,))
    for child in element:
        name = child.tag.rpartition("}")[2]
        if len(child) or child.attrib or name in cells or (child.tail or "").strip():
            found = "a record is not flat: an element has elements or attributes, or stands twice"
            raise UnreadableFileError("", found, (number,))
        cells[name] = (child.text or "").strip()
    return cells


def _plain(element: Element) -> str:
    """An element's name in small letters, without what joins words."""
    return re.sub(r"[^a-z]", "", element.tag.rpartition("}")[2].lower())
