"""At the provider's edge: what is not named together sends nothing, and a sheet or a blank cell is told for what it is."""

from __future__ import annotations

import io

import openpyxl
import pytest
from small_home import ED, month_rows, small_policy, write_file
from sources_world import NHS_NUMBERS

from preventable.errors import UsageError
from preventable.intake.edge import make_manifest, pseudonymise, to_be_sent
from preventable.stages.sources.linkage_keys import LinkageKey
from preventable.stages.sources.manifests import ENDING, read_manifest


def key_file(folder):
    path = folder / "k1.linkage-key.toml"
    path.write_bytes(LinkageKey("k1", "tests alone", bytes(range(32))).as_bytes())
    return path


@pytest.mark.parametrize(
    "named",
    [("key",), ("out",), ("columns",), ("key", "out"), ("columns", "key"), ("columns", "out")],
    ids=" and ".join,
)
def test_what_makes_a_copy_with_pseudonyms_is_named_together_or_nothing_is_to_be_sent(tmp_path, named):
    path = write_file(tmp_path / "a.csv", ED, month_rows(ED, "2025-01"))
    given = {"columns": ["NHS"], "key": key_file(tmp_path), "out": tmp_path / "b.csv"}
    asked = {
        name: value if name in named else [] if name == "columns" else None for name, value in given.items()
    }

    with pytest.raises(UsageError, match="go together"):
        to_be_sent(path, policy=small_policy(), **asked)

    assert not given["out"].exists()


def test_a_file_without_columns_to_be_pseudonyms_is_sent_as_it_is(tmp_path):
    path = write_file(tmp_path / "a.csv", ED, month_rows(ED, "2025-01"))

    assert to_be_sent(path, [], None, None, small_policy()) == (path, [])


def test_a_cell_of_spaces_held_no_number_that_was_lost(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"id,NHS\n1,  \n2,\n3, {NHS_NUMBERS[0]} \n4,none\n", encoding="utf-8")

    told = pseudonymise(
        path, columns=["NHS"], key=key_file(tmp_path), out=tmp_path / "b.csv", policy=small_policy()
    )

    assert told[1] == "NHS: 1 pseudonyms of k1; cells that held no NHS number and are empty now: 1"


def test_no_manifest_is_made_of_a_manifest(tmp_path):
    path = write_file(tmp_path / "a.csv", ED, month_rows(ED, "2025-01"))
    asked = {"provider": ED, "period": "2025-01", "policy": small_policy()}
    make_manifest(path, **asked)

    with pytest.raises(UsageError, match="no file to be sent"):
        make_manifest(path.with_name(path.name + ENDING), **asked)


def test_the_manifest_of_a_workbook_of_several_sheets_is_of_the_one_that_is_named(tmp_path):
    book = openpyxl.Workbook()
    for title, rows in (("Cover", 1), ("Data", 3)):
        sheet = book.create_sheet(title)
        for row in [("id", "Age"), *((str(number), "30") for number in range(rows))]:
            sheet.append(row)
    book.remove(book.worksheets[0])
    content = io.BytesIO()
    book.save(content)
    path = tmp_path / "a.xlsx"
    path.write_bytes(content.getvalue())

    told = make_manifest(path, provider=ED, period="2025-01", policy=small_policy(), sheet="Data")

    assert told[0] == "a.xlsx: 3 rows, 2 columns, read as xlsx"
    assert read_manifest((tmp_path / f"a.xlsx{ENDING}").read_bytes(), "x").rows == 3
