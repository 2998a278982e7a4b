"""A filled-in file of the queue: what is taken, and what each line that cannot be taken is told."""

from __future__ import annotations

import csv
import io

import pytest

from preventable.errors import LinesRefusedError
from preventable.stages.places.answers import HEADER, Answer, queue_rows, read_answers
from preventable.stages.places.directory import Place, find_places
from preventable.stages.places.review import Choice, QueueLine, review_id

KNOWN = {"a": ("p", "ZXA01"), "b": ("q", "ZXA01"), "c": ("p", "")}
PLACES = {"XV1", "XV2", "XT1"}


def file_of(*lines, delimiter=",", mark=""):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, HEADER, delimiter=delimiter)
    writer.writeheader()
    for line in lines:
        writer.writerow({"place_1": "XV1", "place_2": "XV2", "text": "ä copper, zettle", **line})
    return (mark + text.getvalue()).encode()


def read(*lines, **form):
    return read_answers(file_of(*lines, **form), where="f.csv", known=KNOWN, places=PLACES)


@pytest.mark.parametrize(
    ("line", "choice", "place", "site"),
    [
        ({"decision": "1"}, "place", "XV1", "ZXA01"),
        ({"decision": "accept 2"}, "place", "XV2", "ZXA01"),
        ({"decision": "Other", "other_place": "XT1"}, "place", "XT1", "ZXA01"),
        ({"decision": "none"}, "none", None, "ZXA01"),
        ({"decision": " GENERIC "}, "generic", None, "ZXA01"),
        ({"decision": "1", "for_sites": "ALL"}, "place", "XV1", "*"),
    ],
)
def test_each_decision_is_taken(line, choice, place, site):
    answers, errors = read({"review_id": "a", **line})

    assert errors == []
    assert answers == [Answer(2, "p", site, choice, place)]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ({"review_id": "z", "decision": "1"}, "G004"),
        ({"decision": "yes"}, "G005"),
        ({"decision": "4"}, "G005"),
        ({"decision": "3"}, "G005"),
        ({"decision": "other"}, "G006"),
        ({"decision": "other", "other_place": "XV9"}, "G006"),
        ({"decision": "1", "place_1": "XV9"}, "G006"),
        ({"decision": "1", "for_sites": "ZXB01"}, "G007"),
    ],
)
def test_each_line_that_cannot_be_taken_is_told_with_its_row_and_remedy(line, number):
    answers, (error,) = read({"review_id": "b", "decision": "1"}, {"review_id": "a", **line})

    assert (error.number, error.rows, error.exit_code) == (number, (3,), 3)
    assert len(answers) == 1
    assert "zettle" not in str(error)
    assert str(LinesRefusedError.of("f.csv", [error])).splitlines()[0] == str(error)


def test_a_line_without_a_decision_is_left():
    assert read({"review_id": "z"}, {"review_id": "a", "decision": " "}) == ([], [])


def test_lines_that_say_different_things_of_one_text_are_refused_and_equal_ones_count_once():
    twice = read({"review_id": "a", "decision": "1"}, {"review_id": "a", "decision": "1"})
    other = read({"review_id": "a", "decision": "1"}, {"review_id": "a", "decision": "2"})
    scoped = read(
        {"review_id": "a", "decision": "1"}, {"review_id": "a", "decision": "2", "for_sites": "all"}
    )

    assert (len(twice[0]), twice[1]) == (1, [])
    assert [error.number for error in other[1]] == ["G008"]
    assert (len(scoped[0]), scoped[1]) == (2, [])


def test_a_text_of_no_site_is_not_one_of_all_sites():
    (answer,), _ = read({"review_id": "c", "decision": "1"})

    assert answer.site_code == ""


@pytest.mark.parametrize(
    "form", [{"delimiter": ";"}, {"mark": "\ufeff"}, {"delimiter": ";", "mark": "\ufeff"}]
)
def test_what_a_spreadsheet_makes_of_the_file_is_read(form):
    answers, errors = read({"review_id": "a", "decision": "1"}, **form)

    assert (len(answers), errors) == (1, [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_text_that_a_spreadsheet_saves_with_tabs_is_read(encoding):
    mark = "" if encoding == "utf-16" else "\ufeff"
    content = (
        file_of({"review_id": "a", "decision": "1"}, delimiter="\t", mark=mark).decode().encode(encoding)
    )

    answers, errors = read_answers(content, where="f.csv", known=KNOWN, places=PLACES)

    assert (len(answers), errors) == (1, [])


@pytest.mark.parametrize("column", ["text", "p_3"])
@pytest.mark.parametrize("cell", ["zettle " * 20_000, '"zettle'])
def test_a_cell_too_long_or_that_never_closes_is_refused_and_hides_no_line(column, cell):
    lines = [{"review_id": "a", "decision": "1"}, {"review_id": "b", "decision": "1", column: "CELL"}]
    content = file_of(*lines, {"review_id": "c", "decision": "2"}).replace(b"CELL", cell.encode())

    answers, errors = read_answers(content, where="f.csv", known=KNOWN, places=PLACES)

    assert [error.number for error in errors] == ["G002"]
    assert "zettle" not in str(errors[0])
    assert len(answers) == 1


def test_a_quotation_mark_in_the_last_column_that_never_closes_hides_no_line():
    lines = [{"review_id": "a", "decision": "1", "p_3": "CELL"}, {"review_id": "b", "decision": "2"}]
    content = file_of(*[{"text": "zettle", **line} for line in lines]).replace(b"CELL", b'"0.1')

    answers, (error,) = read_answers(content, where="f.csv", known=KNOWN, places=PLACES)

    assert (answers, error.number, error.rows) == ([], "G002", (2,))


def test_what_is_wrong_with_many_lines_is_told_once_with_their_rows():
    _, errors = read(*[{"review_id": "z", "decision": "1"}] * 30, {"review_id": "a", "decision": "yes"})

    told = str(LinesRefusedError.of("f.csv", errors)).splitlines()
    assert [line[:4] for line in told] == ["G004", "G005", "G001"]
    assert "(rows 2, 3, 4, " in told[0]
    assert ", 21 and 10 more)" in told[0]
    assert "(row 32)" in told[1]
    assert "31 lines" in told[2]


def test_a_file_in_another_encoding_is_read_since_its_texts_are_not():
    content = file_of({"review_id": "a", "decision": "1"}).decode().encode("cp1252")

    answers, errors = read_answers(content, where="f.csv", known=KNOWN, places=PLACES)

    assert (len(answers), errors) == (1, [])


@pytest.mark.parametrize("content", [b"", b"review_id,decision\na,1\n", b"\x00\x01"])
def test_a_file_without_the_columns_is_refused_at_its_first_row(content):
    answers, (error,) = read_answers(content, where="f.csv", known=KNOWN, places=PLACES)

    assert (answers, error.number, error.rows) == ([], "G003", (1,))


def test_a_line_of_another_width_is_refused():
    content = file_of({"review_id": "a", "decision": "1"}) + b"b,1\r\n"

    answers, (error,) = read_answers(content, where="f.csv", known=KNOWN, places=PLACES)

    assert (len(answers), error.number, error.rows) == (1, "G002", (3,))


def test_a_line_of_the_queue_comes_back_as_it_was_decided():
    place = Place("XV1", "premises", "Bar Verazul", "bar", "Quellborough", "Mill Street")
    line = QueueLine("a", "ZXA01", "bar", 2, 7, "2025-01", "2025-03", 0.6, (Choice(place, 0.55),))
    (row,) = queue_rows([line])

    answers, _ = read({**row, "decision": "1", "place_2": ""})

    assert row["name_1"] == "Bar Verazul, bar, Mill Street, Quellborough"
    assert (line.weight, row["p_1"], row["place_3"]) == (pytest.approx(2.8), "0.550", "")
    assert answers == [Answer(2, "p", "ZXA01", "place", "XV1")]


def test_a_review_id_is_of_a_phrase_and_a_site():
    assert len({review_id(phrase, site) for phrase in "pq" for site in ("", "A", "B")}) == 6
    # openssl: printf 'p|A' | openssl dgst -sha256 -binary | base32 | head -c 11, in small letters after an r
    assert review_id("p", "A") == "rdny6hzs5owc"


# --- finding a place ----------------------------------------------------------------------------

HELD = [
    Place(
        "XV1", "premises", "Bar Verazul", "bar", other_names=(("The Old Wherry", None),), licence_number="L/1"
    ),
    Place("XV2", "premises", "Copper Zettle", "takeaway"),
    Place("XT1", "street", "Verazul Lane"),
]


@pytest.mark.parametrize("words", ["bar verazul", "Bar Verazull", "XV1", "L/1", "old wherry"])
def test_a_place_is_found_by_name_other_name_licence_or_id(words):
    assert find_places(HELD, words)[0].place_id == "XV1"


@pytest.mark.parametrize("words", ["", "qqqq"])
def test_nothing_like_it_finds_nothing(words):
    assert find_places(HELD, words) == []
