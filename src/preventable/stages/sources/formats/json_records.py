"""JSON and JSON Lines: a list of flat objects, a row each, whose names are the columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NoReturn

from preventable.counted import counted
from preventable.errors import RefusedFileError, UnreadableFileError
from preventable.stages.sources.formats.encodings import encoding_of
from preventable.stages.sources.formats.form import FileForm, Line, Notes

_SPACE = re.compile(r"[ \t\r\n]*")


def json_lines(content: bytes, form: FileForm, notes: Notes) -> Iterator[Line]:
    """The names of all objects in the order in which they first occur, then a line an object.

    Numbers stand as written, true and false in capitals, null and what an object lacks as nothing.

    Raises:
        UnknownEncodingError: The encoding cannot be told.
        UnreadableFileError: Not a list or lines of objects, a value that is itself a list or object, one name twice
            in an object, or what JSON does not have (NaN).
    """
    encoding, start = encoding_of(content, form.encoding, notes)
    text = content[start:].decode(encoding)
    names = dict.fromkeys(name for record in _records(text) for name in record)
    yield 1, tuple(names)
    lacking = False
    for number, record in enumerate(_records(text), start=2):
        lacking = lacking or len(record) < len(names)
        yield number, tuple(record.get(name, "") for name in names)
    if lacking:
        notes.add("some of its records lack a name that others have, which is read as empty")


def _records(text: str) -> Iterator[dict[str, str]]:
    """The objects one after another, so that the whole is never in memory as objects."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_record, parse_int=str, parse_float=str, parse_constant=_refuse_constant
    )
    at = _past_space(text, 0)
    in_list = text[at : at + 1] == "["
    at = _past_space(text, at + in_list)
    count = 0
    try:
        while at < len(text) and not (in_list and text[at] == "]"):
            if in_list and count:
                if text[at] != ",":
                    raise ValueError
                at = _past_space(text, at + 1)
            record, at = decoder.raw_decode(text, at)
            if not isinstance(record, dict):
                raise UnreadableFileError("", "it is no list of records", (count + 2,))
            count += 1
            yield record
            at = _past_space(text, at)
    except RefusedFileError:
        raise
    # The error of the parser holds the whole text.
    except (ValueError, RecursionError, IndexError):
        raise UnreadableFileError(
            "", f"it is not sound JSON; reading stopped after {counted(count, 'record')}"
        ) from None
    if in_list and (at >= len(text) or text[at + 1 :].strip(" \t\r\n")):
        raise UnreadableFileError("", "its list is cut off, or something stands after it")


def _record(pairs: list[tuple[str, object]]) -> dict[str, str]:
    record = {name: _text(value) for name, value in pairs}
    if len(record) != len(pairs):
        raise UnreadableFileError("", "a record has one name twice")
    return record


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (list, dict)):
        raise UnreadableFileError("", "a value of a record is a list or a record")
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _refuse_constant(_: str) -> NoReturn:
    raise UnreadableFileError("", "a number is none that JSON has")


def _past_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
