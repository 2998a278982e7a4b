"""A reviewed file, line by line: what a person decided, or what is wrong with the line."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from preventable.counted import counted
from preventable.errors import (
    ColumnsError,
    DecidedTwiceError,
    LineError,
    UnknownChoiceError,
    UnknownPlaceError,
    UnknownReviewError,
    UnknownScopeError,
)
from preventable.stages.places.decisions import NOWHERE
from preventable.stages.places.review import CHOICES, QueueLine
from preventable.tables.pseudonymous import ALL_SITES

#: What a person fills in; all else on a line is for reading.
FILLED_IN = ("decision", "other_place", "for_sites")
_OF_CHOICE = ("place", "name", "p")
HEADER = (
    "review_id", *FILLED_IN, "text", "site", "records", "texts", "first_month", "last_month", "probability",
    *(f"{what}_{number}" for number in range(1, CHOICES + 1) for what in _OF_CHOICE),
)  # fmt: skip
_NEEDED = ("review_id", *FILLED_IN, *(f"place_{number}" for number in range(1, CHOICES + 1)))
_OTHER = "other"
_BETWEEN_CELLS = ",;\t"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Answer:
    """What one line decides: the phrase, the site that it holds for (* for all), and what holds."""

    row: int
    phrase_id: str
    site_code: str
    choice: str
    place_id: str | None


def queue_rows(queue: Sequence[QueueLine]) -> list[dict[str, str]]:
    """Lines of a file for review, a column of `HEADER` each."""
    return [_queue_row(line) for line in queue]


def _queue_row(line: QueueLine) -> dict[str, str]:
    row = dict.fromkeys(HEADER, "")
    row |= {
        "review_id": line.review_id,
        "text": line.text,
        "site": line.site_code,
        "records": str(line.records),
        "texts": str(line.texts),
        "first_month": line.first_month,
        "last_month": line.last_month,
        "probability": f"{line.probability:.3f}",
    }
    for number, choice in enumerate(line.choices, 1):
        row[f"place_{number}"] = choice.place.place_id
        row[f"name_{number}"] = choice.place.words
        row[f"p_{number}"] = f"{choice.probability:.3f}"
    return row


def read_answers(
    content: bytes,
    *,
    where: str,
    known: Mapping[str, tuple[str, str]],
    places: Collection[str],
) -> tuple[list[Answer], list[LineError]]:
    """Decisions of a reviewed file, and every line that cannot be taken. A line without a decision is neither.

    Args:
        content: CSV with the header that `places review` wrote, or what a spreadsheet makes of it.
        where: Name of the file, for messages.
        known: review_id -> phrase and site.
        places: Ids of the gazetteer.
    """
    lines, errors = csv_lines(content, where, _NEEDED)
    answers: list[Answer] = []
    of_key: dict[tuple[str, str], Answer] = {}
    for row, cells in lines:
        if not cells["decision"]:
            continue
        try:
            answer = _answer(where, row, cells, known, places)
            before = of_key.setdefault((answer.phrase_id, answer.site_code), answer)
            if (before.choice, before.place_id) != (answer.choice, answer.place_id):
                raise DecidedTwiceError(where, f"row {before.row} decides otherwise", (row,))
        except LineError as error:
            errors.append(error)
            continue
        if before is answer:
            answers.append(answer)
    return answers, errors


def csv_lines(
    content: bytes, where: str, needed: Sequence[str]
) -> tuple[list[tuple[int, dict[str, str]]], list[LineError]]:
    """Lines of a CSV by column, each with its number in the file, blank ones left out; and those of another width.

    Args:
        content: Commas, semicolons or tabs; UTF-8, or UTF-16 with its mark. Other letters are replaced.
        where: Name of the file, for messages.
        needed: Columns that must be there.
    """
    rows, errors = _rows(content, where)
    header = [name.strip() for name in rows.pop(0)[1]] if rows else []
    absent = [name for name in needed if header.count(name) != 1]
    if absent:
        return [], [ColumnsError(where, f"it has not once each of {', '.join(absent)}", (1,))]
    lines: list[tuple[int, dict[str, str]]] = []
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            found = f"it has {counted(len(cells), 'cell')}, the header {len(header)}"
            errors.append(LineError(where, found, (number,)))
            continue
        lines.append((number, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
    return lines, errors


def _rows(content: bytes, where: str) -> tuple[list[tuple[int, list[str]]], list[LineError]]:
    """Cells of a CSV, each row with the number of its last line, up to one whose end cannot be told."""
    encoding = "utf-16" if content.startswith(_UTF16) else "utf-8-sig"
    text = content.decode(encoding, errors="replace")
    delimiter = max(_BETWEEN_CELLS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend((reader.line_num, cells) for cells in reader)
    except csv.Error:
        found = "a cell is too long, or its quotation mark does not close where the cell ends"
        return rows, [LineError(where, found, (rows[-1][0] + 1 if rows else 1,))]
    return rows, []


def _answer(
    where: str,
    row: int,
    cells: Mapping[str, str],
    known: Mapping[str, tuple[str, str]],
    places: Collection[str],
) -> Answer:
    if cells["review_id"] not in known:
        raise UnknownReviewError(where, "the home has no text of this review_id", (row,))
    phrase_id, site_code = known[cells["review_id"]]
    if cells["for_sites"].lower() not in ("", "all"):
        raise UnknownScopeError(where, "for_sites is neither empty nor all", (row,))
    site = ALL_SITES if cells["for_sites"] else site_code
    said = cells["decision"].lower().removeprefix("accept").strip()
    if said in NOWHERE:
        return Answer(row, phrase_id, site, said, None)
    place = _place(where, row, said, cells)
    if place not in places:
        raise UnknownPlaceError(where, "its place is not in the gazetteer", (row,))
    return Answer(row, phrase_id, site, "place", place)


def _place(where: str, row: int, said: str, cells: Mapping[str, str]) -> str:
    if said == _OTHER:
        if not cells["other_place"]:
            raise UnknownPlaceError(where, "the decision is other, and other_place is empty", (row,))
        return cells["other_place"]
    if said not in {str(number) for number in range(1, CHOICES + 1)}:
        raise UnknownChoiceError(where, "the decision is another word", (row,))
    if not cells[f"place_{said}"]:
        raise UnknownChoiceError(where, f"the line offers no place {said}", (row,))
    return cells[f"place_{said}"]
