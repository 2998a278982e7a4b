"""Labels read from a file, what is learnt of them, and the sentence about a hundred more."""

from __future__ import annotations

import datetime as dt
import tomllib

import pytest
from places_gazetteer import HOSPITALS, ROWS, SITE

from preventable.errors import PolicyError, TooFewLabelsError
from preventable.settings import Policy
from preventable.stages.places.directory import Place
from preventable.stages.places.gazetteer import gazetteer_of_rows
from preventable.stages.places.labels import learn_from, lesson_file, next_hundred, read_labels
from preventable.stages.places.learn import CurvePoint
from preventable.stages.places.made_texts import make_texts
from preventable.stages.places.resolver import Resolver
from preventable.stages.places.weights import policy_weights

GAZETTEER = gazetteer_of_rows(ROWS)
PLACES = {row["place_id"]: Place(row["place_id"], row["kind"], row["name"]) for row in ROWS}
SITES = {"ZXA01": SITE, "ZXB01": HOSPITALS[1]}
HEADER = "text,site,kind,id\n"


def read(text, header=HEADER):
    return read_labels((header + text).encode(), where="labels.csv", places=PLACES, sites=SITES)


def made(count, seed=5):
    lines = []
    for text in make_texts(GAZETTEER, HOSPITALS, count, seed):
        site = "ZXA01" if text.site == SITE else "ZXB01"
        where = (
            "none,"
            if text.entry is None
            else f"{GAZETTEER.kind[text.entry]},{GAZETTEER.place_id[text.entry]}"
        )
        if text.text:
            lines.append(f'"{text.text}",{site},{where}')
    return "\n".join(lines)


@pytest.fixture(scope="module")
def lesson():
    labels, errors = read(made(330))
    assert errors == []
    return learn_from(Resolver(GAZETTEER, hospitals=HOSPITALS), labels)


# --- reading ------------------------------------------------------------------------------------


def test_labels_are_read_with_their_site_and_place():
    labels, errors = read("copper zettle,ZXA01,premises,zettle-1\npub,,none,\n")

    assert errors == []
    assert [(one.text, one.site, one.place_id) for one in labels.lines] == [
        ("copper zettle", SITE, "zettle-1"),
        ("pub", None, None),
    ]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (",ZXA01,premises,zettle-1", "G010"),
        ("a,ZXA01,shop,zettle-1", "G010"),
        ("a,ZXC99,premises,zettle-1", "G010"),
        ("a,ZXA01,premises,", "G010"),
        ("a,ZXA01,none,zettle-1", "G010"),
        ("a,ZXA01,street,zettle-1", "G010"),
        ("a,ZXA01,premises,zettle-9", "G006"),
        ("a,ZXA01,premises", "G002"),
    ],
)
def test_a_label_that_cannot_be_learnt_from_says_why_and_in_which_row(line, number):
    labels, (error,) = read(f"quay lane,ZXA01,street,quay\n\n{line}\n")

    assert (error.number, error.rows) == (number, (4,))
    assert len(labels.lines) == 1


def test_a_text_that_is_not_utf8_is_not_learnt_from_in_other_letters():
    content = "text,site,kind,id\ncaf\u00e9 quay,ZXA01,street,quay\n".encode("cp1252")

    labels, (error,) = read_labels(content, where="x", places=PLACES, sites=SITES)

    assert (labels.lines, error.number, error.rows) == ((), "G010", (2,))
    assert "quay" not in str(error)


def test_a_file_without_the_columns_is_refused():
    assert [error.number for error in read("a,b\n", "text,place\n")[1]] == ["G003"]


def test_a_phrase_of_a_site_counts_once_for_each_place_it_means():
    labels, _ = read(
        "copper zettle,ZXA01,premises,zettle-1\nO/S Copper Zettle,ZXA01,premises,zettle-1\n"
        "copper zettle,ZXA01,premises,zettle-2\ncopper zettle,ZXB01,premises,zettle-1\n"
    )

    assert (len(labels.lines), labels.repeats) == (3, 1)


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_file_of_a_spreadsheet_is_read_with_either_separator_and_its_mark(separator):
    text = "\ufeff" + "text,site,kind,id\r\nquay lane,ZXA01,street,quay\r\n".replace(",", separator)

    labels, errors = read_labels(text.encode(), where="x", places=PLACES, sites=SITES)

    assert (len(labels.lines), errors) == (1, [])


# --- learning -----------------------------------------------------------------------------------


def test_too_few_labels_are_refused():
    labels, _ = read(made(30))

    with pytest.raises(TooFewLabelsError):
        learn_from(Resolver(GAZETTEER, hospitals=HOSPITALS), labels)


@pytest.mark.parametrize("placed", [0, 24])
def test_labels_of_no_place_alone_are_refused_since_they_teach_to_answer_nothing(placed):
    nowhere = "".join(f"qx{number} vwz,ZXA01,none,\n" for number in range(140))
    streets = "".join(f"{number} quay lane,ZXA01,street,quay\n" for number in range(placed))
    labels, _ = read(nowhere + streets)

    with pytest.raises(TooFewLabelsError, match=f"{placed} name a place"):
        learn_from(Resolver(GAZETTEER, hospitals=HOSPITALS), labels)


def test_weights_that_could_not_be_measured_are_refused():
    labels, _ = read(made(90))
    few = learn_from(Resolver(GAZETTEER, hospitals=HOSPITALS), labels)

    assert "It takes 125 labels" in few.as_text()
    with pytest.raises(TooFewLabelsError):
        few.must_be_measured()


def test_the_file_says_who_when_from_what_and_how_good(lesson):
    at = dt.datetime(2028, 2, 29, 12, 0, tzinfo=dt.UTC)

    contents = tomllib.loads(lesson_file(lesson, by='A. "Tester"', at=at).decode())

    learnt = contents["learnt"]
    assert (learnt["by"], learnt["at"]) == ('A. "Tester"', "2028-02-29T12:00:00+00:00")
    assert learnt["labels"] == len(lesson.labels.lines)
    assert learnt["labels_sha256"] == lesson.labels.sha256
    assert learnt["right"] == round(lesson.curve[-1].right, 4)
    assert (contents["reviewed"], contents["review_by"]) == (dt.date(2028, 2, 29), dt.date(2029, 2, 28))


def test_the_same_labels_give_the_same_bytes(lesson):
    again = learn_from(Resolver(GAZETTEER, hospitals=HOSPITALS), lesson.labels)
    at = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)

    assert lesson_file(again, by="A", at=at) == lesson_file(lesson, by="A", at=at)


def test_weights_hold_once_somebody_who_looked_at_them_is_named(lesson):
    contents = tomllib.loads(lesson_file(lesson, by="A", at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC)).decode())

    with pytest.raises(PolicyError, match="reviewer"):
        policy_weights(Policy({"place_weights": contents}))
    used = policy_weights(Policy({"place_weights": {**contents, "reviewer": "B. Tester"}}))

    assert used.candidate == pytest.approx(lesson.weights.candidate, abs=1e-4)
    assert used.temperature == lesson.weights.temperature
    assert policy_weights(Policy({})) is None


@pytest.mark.parametrize(
    "spoilt",
    [
        {"candidate": {"likeness": 1.0}},
        {"none": 3},
        {"temperature": 0},
        {"temperature": "1"},
        {"weight": 1},
    ],
)
def test_a_file_of_weights_that_is_not_well_formed_is_refused(lesson, spoilt):
    contents = tomllib.loads(lesson_file(lesson, by="A", at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC)).decode())

    with pytest.raises(PolicyError):
        policy_weights(Policy({"place_weights": {**contents, "reviewer": "B. Tester", **spoilt}}))


# --- what a hundred more would buy --------------------------------------------------------------


def point(lines, each):
    right = sum(each) / len(each)
    return CurvePoint(lines, right, None, 0.0, 0.0, 0.0, tuple(each))


def changed(each, gained=0, lost=0):
    """The same labels with so many more right, and so many others wrong."""
    wrong = [i for i, right in enumerate(each) if not right][:gained]
    right = [i for i, is_right in enumerate(each) if is_right][:lost]
    return [True if i in wrong else False if i in right else was for i, was in enumerate(each)]


START = [i % 4 > 0 for i in range(400)]


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([START], "It takes 125 labels to measure"),
        ([START, changed(START, 30)], "It takes 250 labels to say"),
        ([START, changed(START, 30)], "better than the shipped weights"),
        ([START, changed(START, 0, 30)], "worse: keep the shipped weights"),
        ([START, changed(START, 0, 4)], "no better and no worse"),
        ([START, START, changed(START, 30)], "would buy at most as much"),
        ([START, START, changed(START, 3, 2)], "cannot be told; more than +"),
        ([START, START, changed(START, 0, 30)], "nothing that could be seen"),
    ],
)
def test_a_sentence_says_what_more_labels_buy_or_that_it_cannot_be_told(points, words):
    curve = [point(100 * number, each) for number, each in enumerate(points)]

    assert words in next_hundred(curve)
