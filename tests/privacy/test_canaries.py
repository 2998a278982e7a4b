"""Marked values in every text column of every source reach no log, error, pack, released file or later table."""

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import preventable
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
    "Zzyxquill Vantongeren",
)
#: The raw rows and the one place for screened text; findings and outcomes come after and hold no value.
AT_THE_DOOR = {"submissions", "intake_problems", "place_texts", "records"}


def canary_text(length: int | None = None) -> str:
    return "; ".join(CANARIES)


@pytest.fixture(scope="module")
def marked(demo, tmp_path_factory):
    """A home where one row in ten of one file of each provider has the marks in its text columns."""
    folder = tmp_path_factory.mktemp("canaries")
    region = folder / "region"
    import shutil

    shutil.copytree(demo.invented / "region", region)
    for mapping in (region / "mappings" / "later").glob("*.toml"):
        shutil.move(mapping, region / "mappings" / mapping.name)
    said = ""
    providers = set()
    for path in supplier_files(demo.invented / "submissions"):
        if path.suffix != ".csv" or path.parent.name in providers:
            continue
        providers.add(path.parent.name)
        mark(
            path,
            mapping_of(path, demo.invented / "region"),
            folder / "submissions" / path.parent.name / path.name,
        )
    broken = folder / "submissions" / "police" / "broken.csv"
    header = read_cells(
        next(p for p in supplier_files(demo.invented / "submissions") if p.parent.name == "police")
    )[0]
    broken.write_text(
        ",".join(header) + '\n"' + canary_text() + "\n" + canary_text() + ",x\n", encoding="utf-8"
    )
    other = folder / "submissions" / "police" / "other.csv"
    other.write_text(f"{canary_text()},{CANARIES[-1]}\n1,2\n", encoding="utf-8")

    home = folder / "home"
    done = preventable("submit", folder / "submissions", "--home", home, "--region", region, expect=3)
    said += done.stdout + done.stderr
    for verb in ("run", "packs"):
        done = preventable(verb, "--home", home)
        said += done.stdout + done.stderr
    for path in supplier_files(folder / "submissions"):
        expected = 3 if path in (broken, other) else 0
        done = preventable("check", path, "--home", home, expect=expected)
        said += done.stdout + done.stderr
    return home, said, len(providers)


def mark(path: Path, mapping: dict, target: Path) -> None:
    cells = read_cells(path, mapping)
    coded = {"sex", "record_status", "severity"}
    texts = []
    for field, named in mapping["columns"].items():
        if isinstance(named, str) and field in TEXT_FIELDS | coded:
            texts.append(cells[0].index(named))
    texts += [cells[0].index(name) for name in mapping.get("ignored", {}).get("columns", [])]
    for number, row in enumerate(cells[1:]):
        if number % 40 == 0:
            row[texts[(number // 40) % len(texts)]] = canary_text()
    target.parent.mkdir(parents=True, exist_ok=True)
    delimiter = mapping["file"].get("delimiter", ",")
    target.write_text(
        written(cells[0], cells[1:], delimiter), encoding=mapping["file"].get("encoding", "utf-8"), newline=""
    )


TEXT_FIELDS = {
    "place_text",
    "source_record_id",
    "nhs_number",
    "postcode",
    "offence_code",
    "determinant",
    "method",
    "place_type",
    "site_code",
    "conveyed_site",
    "domestic_flag",
    "police_informed",
    "icd10_external_cause",
    "admission_method",
    "residence_small_area",
    "subject_name",
    "subject_code",
    "subject_type",
    "subject_area",
}


def found_in(text: str) -> list[str]:
    return [
        mark for mark in (*CANARIES, "Zzyxquill", "Vantongeren", "q.canary") if mark.lower() in text.lower()
    ]


def test_sources_of_every_kind_were_marked(marked):
    assert marked[2] >= 8


def test_nothing_said_holds_a_mark(marked):
    assert found_in(marked[1]) == []


def test_the_marks_are_inside_to_be_found(marked):
    with reading(open_home(marked[0])) as tables:
        inside = " ".join(map(str, tables.read("place_texts").column("text").to_pylist()))

    # Otherwise the tests below look for what never came in: names cannot be screened, and stay there.
    assert "zzyxquill" in inside.lower()
    assert "9990227716" not in inside
    assert "q.canary" not in inside


@pytest.mark.parametrize("table", [table.name for table in FLOW_TABLES if table.name not in AT_THE_DOOR])
def test_no_table_after_records_holds_a_mark(marked, table):
    with reading(open_home(marked[0])) as tables:
        data = tables.read(table)

    for column in data.column_names:
        for value in set(map(str, data.column(column).to_pylist())):
            assert found_in(value) == [], column


def test_no_parquet_byte_after_records_holds_a_mark(marked):
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


def test_no_other_file_of_the_home_holds_a_mark(marked):
    home = marked[0]
    for path in home.rglob("*"):
        if path.is_file() and path.suffix != ".parquet" and not set(path.parts) & {"region"}:
            text = path.read_bytes().decode("latin-1")
            if set(path.parts) & AT_THE_DOOR:
                continue  # Delta's log keeps smallest and largest values of a file beside it
            assert found_in(text) == [], path.relative_to(home)


def test_released_side_has_no_ten_digit_number(marked):
    for path in (marked[0] / "released").rglob("*"):
        if path.is_file() and path.suffix in {".html", ".csv", ".json"}:
            assert not re.search(r"\b999\d{7}\b", path.read_text(encoding="utf-8", errors="replace")), (
                path.name
            )


def test_tables_called_later_are_less_sensitive_than_the_door():
    for table in FLOW_TABLES:
        if table.sensitivity < Sensitivity.IDENTIFIABLE:
            assert table.name not in AT_THE_DOOR
