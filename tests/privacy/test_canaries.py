"""Marked values in every text column of every source reach no log, error, pack, released file or later table."""

import os
import re
import shutil
import tomllib
import zipfile
from functools import partial
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from conftest import preventable as plain
from pdf_reader import PdfReader
from repository import ROOT
from supplier_files import mapping_of, read_cells, supplier_files, written

from preventable.store.home import open_home
from preventable.store.session import reading
from preventable.tables import FLOW_TABLES, Sensitivity

CANARIES = (
    "999 022 7716",
    "9990227716",
    "07700 900731",
    "03/02/1987",
    "q.canary@example.org",
    "Zzyxquill Fishbarn",
)
#: Fields to join by, in clear as a supplier sends them (the name and the day of birth are marks above), and as read.
KEYS = {"surname": "Zzyxquill Fishbarn", "birth_date": "03/02/1987", "dispatch_number": "CAD0990731XQ"}
READ_KEYS = ("1987-02-03", "CAD0990731XQ")
#: The raw rows and the one place for screened text; findings and outcomes come after and hold no value.
AT_THE_DOOR = {"submissions", "intake_problems", "place_texts"}


def canary_text() -> str:
    return "; ".join(CANARIES)


@pytest.fixture(scope="module")
def marked(demo, tmp_path_factory):
    """A home where every text column of one file of each provider has the marks in some rows."""
    folder = tmp_path_factory.mktemp("canaries")
    region = folder / "region"
    shutil.copytree(demo.invented / "region", region)
    for mapping in (region / "mappings" / "later").glob("*.toml"):
        shutil.move(mapping, region / "mappings" / mapping.name)
    said = ""
    columns: dict[str, set[str]] = {}
    for path in supplier_files(demo.invented / "submissions"):
        if path.parent.name not in columns:
            mapping = mapping_of(path, demo.invented / "region")
            target = folder / "submissions" / path.parent.name / path.name
            columns[path.parent.name] = mark(path, mapping, target)
    agreed = add_join_keys(folder, region)
    broken = folder / "submissions" / "police" / "broken.csv"
    header = read_cells(
        next(p for p in supplier_files(demo.invented / "submissions") if p.parent.name == "police")
    )[0]
    broken.write_text(
        ",".join(header) + '\n"' + canary_text() + "\n" + canary_text() + ",x\n", encoding="utf-8"
    )
    other = folder / "submissions" / "police" / "other.csv"
    other.write_text(f"{canary_text()},{CANARIES[-1]}\n1,2\n", encoding="utf-8")
    formula = folder / "submissions" / workbook_provider(demo) / "formula.xlsx"
    write_workbook(formula, [["A header"], [f'=CONCATENATE("{canary_text()}")']])

    home = folder / "home"
    policy = f"{ROOT / 'policy'}{os.pathsep}{agreed}"
    preventable = partial(plain, PREVENTABLE_POLICY=policy)
    done = preventable("submit", folder / "submissions", "--home", home, "--region", region, expect=3)
    said += done.stdout + done.stderr
    for verb in ("run", "packs", "doctor", "checksums"):
        done = preventable(verb, "--home", home)
        said += done.stdout + done.stderr
    for options in ((), ("--json",)):
        done = preventable("check", folder / "submissions", "--home", home, *options, expect=3)
        said += done.stdout + done.stderr
    return home, said, columns


def add_join_keys(folder: Path, region: Path) -> Path:
    """Fields to join by in every row of a marked file of the police; returns a policy that agrees to them in clear."""
    path = next(iter(sorted((folder / "submissions" / "police").glob("*.csv"))))
    given = next(path for path in (region / "mappings").glob("*.toml") if is_mapping_of(path, "police"))
    text = given.read_text(encoding="utf-8")
    fields = "".join(f'{name} = "Key {name}"\n' for name in KEYS)
    given.with_name("police-keys.toml").write_text(
        re.sub(r"(?m)^version = \d+", "version = 99", text).replace("[columns]\n", f"[columns]\n{fields}"),
        encoding="utf-8",
    )
    header, *body = read_cells(path, tomllib.loads(text))
    rows = [[*header, *(f"Key {name}" for name in KEYS)], *([*row, *KEYS.values()] for row in body)]
    file = tomllib.loads(text)["file"]
    path.write_text(
        written(rows[0], rows[1:], file.get("delimiter", ",")),
        encoding=file.get("encoding", "utf-8"),
        newline="",
    )
    policy = folder / "policy"
    policy.mkdir()
    shipped = (ROOT / "policy" / "join_keys.toml").read_text(encoding="utf-8")
    for name in KEYS:
        shipped = shipped.replace(f'{name} = "none"', f'{name} = "clear"')
    (policy / "join_keys.toml").write_text(shipped, encoding="utf-8")
    return policy


def is_mapping_of(path: Path, provider: str) -> bool:
    return bool(tomllib.loads(path.read_text(encoding="utf-8"))["provider"] == provider)


def workbook_provider(demo) -> str:
    return next(p.parent.name for p in supplier_files(demo.invented / "submissions") if p.suffix == ".xlsx")


def mark(path: Path, mapping: dict, target: Path) -> set[str]:
    """Write a file again with the marks in every text column, a few rows each; returns the columns' fields."""
    header, *body = read_cells(path, mapping)
    fields = {
        name: field
        for field, named in mapping["columns"].items()
        for name in ([named] if isinstance(named, str) else named)
        if field not in NO_TEXT
    }
    fields |= dict.fromkeys(mapping.get("ignored", {}).get("columns", []), "ignored")
    step = max(1, len(body) // (ROWS_A_COLUMN * len(fields)))
    for turn, number in enumerate(range(0, min(len(body), step * ROWS_A_COLUMN * len(fields)), step)):
        body[number][header.index(sorted(fields)[turn % len(fields)])] = canary_text()
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".xlsx":
        write_workbook(target, [header, *body])
    else:
        delimiter = mapping["file"].get("delimiter", ",")
        encoding = mapping["file"].get("encoding", "utf-8")
        target.write_text(written(header, body, delimiter), encoding=encoding, newline="")
    return set(fields.values())


def write_workbook(target: Path, rows: list[list]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(target)


ROWS_A_COLUMN = 2
#: Fields of numbers and stamps; the marks go into every other.
NO_TEXT = {
    "record_version", "contact", "injury_from", "injury_to", "age", "easting", "northing", "point_sd", "quantity",
}  # fmt: skip


def found_in(text: str) -> list[str]:
    marks = (*CANARIES, *READ_KEYS, "Zzyxquill", "Fishbarn", "q.canary")
    return [mark for mark in marks if mark.lower() in text.lower()]


def test_every_text_column_of_every_source_was_marked(demo, marked):
    providers = {path.parent.name for path in supplier_files(demo.invented / "submissions")}
    fields = set().union(*marked[2].values())

    assert set(marked[2]) == providers
    assert {
        "place_text",
        "source_record_id",
        "nhs_number",
        "postcode",
        "sex",
        "subject_name",
        "ignored",
    } <= fields


def test_nothing_said_holds_a_mark(marked):
    assert found_in(marked[1]) == []


def test_the_marks_are_inside_to_be_found(marked):
    with reading(open_home(marked[0])) as tables:
        inside = " ".join(map(str, tables.read("place_texts").column("text").to_pylist()))

    with reading(open_home(marked[0])) as tables:
        submitted = tables.read("submissions")
        keyed = tables.read("pseudonymous_records")
    assert set(READ_KEYS) <= {
        *submitted.column("birth_date").to_pylist(),
        *submitted.column("dispatch_number").to_pylist(),
    }
    assert "Z241" not in repr(keyed.column("surname_key").unique().to_pylist())
    for name in ("surname_key", "birth_date_key", "dispatch_key"):
        assert len(keyed.column(name).drop_null().unique()) == 1

    # Otherwise the tests below look for what never came in: names cannot be screened, and stay there.
    assert "zzyxquill" in inside.lower()
    assert "9990227716" not in inside
    assert "q.canary" not in inside


@pytest.mark.parametrize("table", [table.name for table in FLOW_TABLES if table.name not in AT_THE_DOOR])
def test_no_table_after_the_door_holds_a_mark(marked, table):
    with reading(open_home(marked[0])) as tables:
        data = tables.read(table)

    for column in data.column_names:
        for value in set(map(str, data.column(column).to_pylist())):
            assert found_in(value) == [], column


def test_no_parquet_byte_after_the_door_holds_a_mark(marked):
    home = marked[0]
    searched = 0
    for path in [*home.rglob("*.parquet")]:
        if set(path.parts) & (AT_THE_DOOR | {"region"}):
            continue
        table = pq.ParquetFile(path).read()
        text = path.read_bytes().decode("latin-1") + repr(table.to_pydict())
        assert found_in(text) == [], path.parent.name
        searched += 1
    assert searched > 10


def text_of(path: Path) -> str:
    """A file as text, a workbook with the texts of its parts, a PDF with its words and what it says of itself."""
    texts = [path.read_bytes().decode("latin-1")]
    if path.suffix == ".pdf":
        read = PdfReader(path.read_bytes())
        texts += [*(node.text for node in read.root.walk()), *read.pages, str(read.pdf.docinfo)]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as parts:
            texts += [parts.read(name).decode("latin-1") for name in parts.namelist()]
    return "\n".join(texts)


def test_no_other_file_of_the_home_holds_a_mark(marked):
    home = marked[0]
    for path in home.rglob("*"):
        if path.is_file() and path.suffix != ".parquet" and not set(path.parts) & {"region"}:
            assert found_in(text_of(path)) == [], path.relative_to(home)


def test_released_side_has_no_ten_digit_number(marked):
    for path in (marked[0] / "released").rglob("*"):
        if path.is_file() and path.suffix in {".html", ".pdf", ".csv", ".json", ".xlsx", ".ods"}:
            assert not re.search(r"\b999\d{7}\b", text_of(path)), path.name


def test_tables_called_later_are_less_sensitive_than_the_door():
    for table in FLOW_TABLES:
        if table.sensitivity < Sensitivity.IDENTIFIABLE:
            assert table.name not in AT_THE_DOOR
