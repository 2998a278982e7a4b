"""Tables of the restricted side: what is shown is the table's, in order, and a topic that does not fit is refused."""

from __future__ import annotations

import csv
import re
import stat

import pyarrow as pa
import pytest
from small_home import small_home

from preventable.errors import NotYetMadeError, PolicyError, UnknownTopicError, UsageError
from preventable.inside.exact_tables import RESTRICTED, inside
from preventable.inside.topics import FORMATS, read_topics, topics_of
from preventable.store.session import writing
from preventable.tables import TABLES, Sensitivity

HEAD = """owner = "A"
reviewer = "B"
reviewed = 2026-11-26
review_by = 2027-11-26
"""
COVERED = """[[topics]]
id = "months"
title = "Months"
table = "coverage"
read = "A month that did not come is a gap."
rows = 2
order = ["received", "-month"]
columns = [{ column = "provider", format = "area" }, { column = "rows_accepted", format = "whole" }]
"""


def months(*rows):
    schema = TABLES["coverage"].arrow_schema()
    names = ("provider", "source", "month", "received", "rows_accepted", "rows_quarantined")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=schema)


@pytest.fixture
def home(tmp_path):
    """A home with coverage alone: four provider-months, one of them a gap."""
    made = small_home(tmp_path)
    rows = months(
        ("ed-a", "ed", "2025-01", True, 1200, 0),
        ("ed-a", "ed", "2025-02", True, 1100, 3),
        ("police", "police", "2025-01", True, 800, 0),
        ("police", "police", "2025-02", False, 0, 0),
    )
    with writing(made) as tables:
        tables.replace("coverage", rows)
    return made


def test_topics_are_listed_with_their_rows_and_what_is_not_made_yet(home):
    lines = inside(home, None)

    assert lines[0] == RESTRICTED
    told = {line.split()[0]: line for line in lines[2:]}
    assert list(told) == list(read_topics())
    assert "  4 rows  " in told["coverage"]
    assert "  not made yet  " in told["signals"]


def test_a_table_has_its_headings_its_order_and_how_to_read_it(home):
    lines = inside(home, "coverage")

    assert lines[0] == RESTRICTED
    cells = [re.split(r"\s{2,}", line) for line in lines[4:9]]
    assert cells == [
        ["provider", "source", "month", "received", "records", "in quarantine"],
        ["police", "police", "2025-02", "no", "0", "0"],
        ["ed-a", "ed", "2025-02", "yes", "1,100", "3"],
        ["ed-a", "ed", "2025-01", "yes", "1,200", "0"],
        ["police", "police", "2025-01", "yes", "800", "0"],
    ]
    assert "a gap, never a zero" in " ".join(lines)


def test_the_terminal_has_the_first_rows_and_the_file_all(home, tmp_path, monkeypatch):
    monkeypatch.setattr("preventable.inside.exact_tables.read_topics", lambda: topics_of(HEAD + COVERED))

    lines = inside(home, "months")
    told = inside(home, "months", out=tmp_path / "all.csv")

    assert "2 more: write them all with --csv FILE" in lines
    assert told == [RESTRICTED, f"4 rows of months are in {tmp_path / 'all.csv'}"]
    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["provider", "provider_name", *list(TABLES["coverage"].arrow_schema().names)[1:]]
    assert [(row["provider"], row["month"], row["received"]) for row in rows][:2] == [
        ("police", "2025-02", "False"),
        ("ed-a", "2025-02", "True"),
    ]
    assert stat.S_IMODE((tmp_path / "all.csv").stat().st_mode) == 0o600


def test_a_file_never_lies_where_partners_files_do_and_is_never_written_over(home, tmp_path):
    there = tmp_path / "there.csv"
    there.write_text("kept", encoding="utf-8")

    for path in (there, home.released / "inside.csv", tmp_path / "no-folder" / "inside.csv"):
        with pytest.raises(UsageError):
            inside(home, "coverage", out=path)
    with pytest.raises(UsageError):
        inside(home, None, out=tmp_path / "inside.csv")
    assert there.read_text(encoding="utf-8") == "kept"
    assert not (home.released / "inside.csv").exists()


def test_an_unknown_topic_names_those_that_there_are(home):
    with pytest.raises(UnknownTopicError, match=r"U107 .*signals, .*coverage"):
        inside(home, "hotspots")


def test_a_home_that_has_not_run_is_told_so(tmp_path):
    home = small_home(tmp_path)

    for topic in (None, *read_topics()):
        with pytest.raises(NotYetMadeError, match=r"U108 .*preventable run"):
            inside(home, topic)


def test_no_row_is_told_in_the_topics_own_words(home):
    with writing(home) as tables:
        tables.replace("signals", TABLES["signals"].empty())

    assert inside(home, "signals")[-1] == read_topics()["signals"].none


@pytest.mark.parametrize("topic", read_topics().values(), ids=lambda topic: topic.id)
def test_a_topic_shows_exact_counts_at_most_and_says_how_to_read_them(topic):
    """What a topic's file may not hold is refused as it is read; its words are read here."""
    assert TABLES[topic.table].sensitivity == Sensitivity.AGGREGATE
    assert topic.read.endswith(".")
    assert len(topic.title) <= 80
    assert "hotspot" not in f"{topic.title} {topic.read}".lower()
    assert topic.of(TABLES[topic.table].empty()).num_rows == 0


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ('{ column = "provider", operator = "is", values = ["ed-a"] }', 2),
        ('{ column = "provider", operator = "is_not", values = ["ed-a"] }', 2),
        ('{ column = "received", operator = "is", values = [false] }', 1),
        ('{ column = "rows_accepted", operator = "at_least", value = 1100 }', 2),
        ('{ column = "rows_accepted", operator = "at_most", value = 800 }', 2),
        ('{ column = "month", operator = "latest" }', 2),
        ('{ column = "received", operator = "is", values = [true] }, { column = "rows_accepted", operator = "latest" }', 1),
        ('{ column = "month", operator = "empty" }', 0),
        ('{ column = "month", operator = "filled" }', 4),
    ],
)  # fmt: skip
def test_conditions_leave_the_rows_that_they_say(home, where, left, monkeypatch):
    text = f"{HEAD}{COVERED}where = [{where}]\n"
    monkeypatch.setattr("preventable.inside.exact_tables.read_topics", lambda: topics_of(text))

    assert inside(home, None)[-1].split()[1] == str(left)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('table = "coverage"', 'table = "no_such"', "none of the flow's"),
        ('table = "coverage"', 'table = "located_records"', "a row a record"),
        ('column = "provider", ', 'column = "person", ', "not in coverage"),
        ('"-month"', '"-week"', "not in coverage"),
        ('format = "whole"', 'format = "number"', "is not one of"),
        ('format = "whole"', 'format = "share.1"', "does not show"),
        ('format = "area"', 'format = "colour"', "is not one of"),
        ("rows = 2", "rows = 0", "rows is not"),
        ('id = "months"', 'id = "Months of"', "small letters"),
        ('title = "Months"', 'name = "Months"', "nothing reads"),
        ("rows = 2", "", "lacks rows"),
        ("rows = 2", 'rows = 2\nwhere = [{ column = "month", operator = "like" }]', "an operator"),
        ("rows = 2", 'rows = 2\nwhere = [{ column = "month", operator = "is" }]', "lacks values"),
        ("rows = 2", 'rows = 2\nwhere = [{ column = "month", operator = "is", values = [1] }]', "another type"),
        ('owner = "A"', "", "lacks owner"),
        ("rows = 2", "rows = ", "TOML"),
    ],
)  # fmt: skip
def test_a_topic_that_does_not_fit_is_refused_with_what_is_wrong(before, after, words):
    text = HEAD + COVERED
    assert before in text

    with pytest.raises(PolicyError, match=words):
        topics_of(text.replace(before, after))


def test_two_topics_of_one_id_are_refused():
    with pytest.raises(PolicyError, match="two topics"):
        topics_of(HEAD + COVERED + COVERED)


def test_every_format_is_told_at_the_head_of_the_file():
    from importlib.resources import files

    head = (files("preventable.inside") / "topics.toml").read_text(encoding="utf-8").split("owner =")[0]

    assert [name for name in FORMATS if not re.search(rf"\b{name}\b", head)] == []
