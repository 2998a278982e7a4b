"""Which kind of file it is: told by its content, never by its name."""

from __future__ import annotations

import re

from preventable.errors import UnknownKindError
from preventable.stages.sources.formats.containers import names_in, ungzipped, unzipped
from preventable.stages.sources.formats.form import FormatLimits, Notes, OpenedFile

#: Kinds that a mapping may declare; csv is any text with separators.
FORMATS = ("csv", "xlsx", "xlsb", "xls", "ods", "json", "parquet", "xml")
_ZIP, _EMPTY_ZIP, _GZIP = b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b"
_OLE, _PARQUET = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1"
_NOT_READ = {
    b"%PDF": "a PDF",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 file",
}
_MARKS = re.compile(rb"\A(?:\xef\xbb\xbf)?[ \t\r\n]*")
_HTML = re.compile(rb"<(?:!DOCTYPE\s+html|html|table|body)\b", re.IGNORECASE)
_XML = re.compile(rb"<\?xml\b|<[A-Za-z][\w:.-]*(?:\s[^<>]*)?/?>|<!")
_JSON = re.compile(rb"\{\s*[\"}]|\[\s*[{\]]")
#: Endings of names -> the kinds that they promise.
_PROMISED = {
    "csv": "csv", "tsv": "csv", "xlsx": "xlsx", "xlsb": "xlsb", "xls": "xls", "ods": "ods", "json": "json",
    "jsonl": "json", "ndjson": "json", "parquet": "parquet", "xml": "xml",
}  # fmt: skip


def open_file(content: bytes, limits: FormatLimits, *, name: str = "") -> OpenedFile:
    """The file out of its container, and its kind.

    Args:
        name: Not asked for the kind; a note tells where its ending promises another.

    Raises:
        UnknownKindError: It is of none of the kinds that are read.
        UnsafeContainerError: Its container is unsafe, broken, or holds another container or more than one file.
        TooLargeError: Its container unpacks to too much.
    """
    notes = Notes()
    kind = _kind(content)
    in_container = kind in ("zip", "gzip")
    if in_container:
        content = unzipped(content, limits, notes) if kind == "zip" else ungzipped(content, limits)
        kind = _kind(content)
        if kind in ("zip", "gzip"):
            raise UnknownKindError("", "its container holds another container")
    promised = _PROMISED.get(name.rpartition(".")[2].lower(), kind)
    if promised != kind and not in_container:
        notes.add(f"its name ends as that of {promised} does, its content is {kind}")
    return OpenedFile(kind, content, tuple(notes.words))


def _kind(content: bytes) -> str:
    if content.startswith((_ZIP, _EMPTY_ZIP)):
        return _kind_of_zip(names_in(content))
    if content.startswith(_GZIP):
        return "gzip"
    if content.startswith(_OLE):
        return "xls"
    if content.startswith(_PARQUET):
        return "parquet"
    for start, what in _NOT_READ.items():
        if content.startswith(start):
            raise UnknownKindError("", f"it is {what}")
    return _kind_of_text(content)


def _kind_of_zip(names: frozenset[str]) -> str:
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "xl/workbook.xml" in names or "[Content_Types].xml" in names:
        return "xlsx"
    if "mimetype" in names and "content.xml" in names:
        return "ods"
    return "zip"


def _kind_of_text(content: bytes) -> str:
    head = content[:4_096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.replace(b"\0", b"")[2:]
    begins = _MARKS.match(head)
    at = begins.end() if begins else 0
    if _HTML.match(head, at):
        raise UnknownKindError("", "it is a web page")
    if _XML.match(head, at):
        return "xml"
    return "json" if _JSON.match(head, at) else "csv"
