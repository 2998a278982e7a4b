"""A source that nobody knew (examples/dentists: invented practices) reaches a pack with no line of Python."""

from __future__ import annotations

import csv
import datetime as dt
import re
import shutil
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import preventable
from repository import PACKAGE, ROOT

from preventable.store.home import open_home
from preventable.store.session import reading

EXAMPLE = ROOT / "examples" / "dentists"
FILES = sorted((EXAMPLE / "submissions" / "dental-quarnmere").glob("*.csv"))
POLICY = f"{ROOT / 'policy'}:{EXAMPLE / 'policy'}"
DISTRICTS = {"Zumbleford": "XD01", "Quixhaven": "XD02"}
COUNTED = {"TF", "TL", "JF"}


@pytest.fixture(scope="module")
def home(demo, tmp_path_factory) -> Path:
    """A home of the invented county that holds what the practices sent, and nothing else."""
    folder = tmp_path_factory.mktemp("dentists")
    region = Path(shutil.copytree(demo.invented / "region", folder / "region"))
    add_provider(region / "providers.parquet")
    mapping = EXAMPLE / "mappings" / "dental-quarnmere.v1.toml"
    sent = ("submit", EXAMPLE / "submissions", "--home", folder / "home", "--region", region)
    preventable(*sent, "--mapping", mapping, PREVENTABLE_POLICY=POLICY)
    preventable("run", "--home", folder / "home", PREVENTABLE_POLICY=POLICY)
    preventable("packs", "--home", folder / "home", PREVENTABLE_POLICY=POLICY)
    return folder / "home"


def add_provider(path: Path) -> None:
    """The provider's row, as docs/how-to/add-a-source.md adds one."""
    held = pq.read_table(path)
    new = dict.fromkeys(held.column_names) | {
        "provider": "dental-quarnmere",
        "provider_name": "Quarnmere Dental Practices",
        "source": "dental",
        "site_code": "ZXD01",
    }
    pq.write_table(pa.concat_tables([held, pa.Table.from_pylist([new], schema=held.schema)]), path)


def tables(home: Path, *names: str) -> list[list[dict]]:
    with reading(open_home(home)) as held:
        return [held.read(name).to_pylist() for name in names]


def sent_rows() -> list[dict[str, str]]:
    """Every row that the practices sent, read by nothing of ours."""
    rows = []
    for path in FILES:
        with path.open(encoding="utf-8", newline="") as file:
            rows += list(csv.DictReader(file, delimiter=";"))
    return rows


def standing_visits() -> list[dict[str, str]]:
    """Visits that stand: in the month of their file, the highest version, not cancelled."""
    highest: dict[tuple[str, str], dict[str, str]] = {}
    for row in sent_rows():
        if dt.datetime.strptime(row["Seen"], "%d.%m.%Y %H:%M").strftime("%m/%Y") != row["Month"]:
            continue
        visit = (row["Practice"], row["Visit"])
        if visit not in highest or int(row["Version"]) > int(highest[visit]["Version"]):
            highest[visit] = row
    return [row for row in highest.values() if row["State"] == "open"]


def test_no_code_knows_of_the_source():
    named = [
        path.name for path in PACKAGE.rglob("*.py") if re.search(r"dental|dentist", path.read_text("utf-8"))
    ]

    assert named == []


def test_every_row_that_was_sent_has_one_outcome(home):
    outcomes, submissions = tables(home, "outcomes", "submissions")

    assert len(outcomes) == len(submissions) == len(sent_rows())
    assert len({(row["submission_id"], row["row_number"]) for row in outcomes}) == len(outcomes)
    held = Counter(row["outcome"] for row in outcomes)
    assert held == {"accepted": len(sent_rows()) - len(FILES), "quarantined": len(FILES)}
    assert sum(row["standing"] for row in outcomes) == len(standing_visits())


def test_what_was_held_back_is_said_with_its_rule(home):
    (findings,) = tables(home, "findings")

    met = Counter(row["rule"] for row in findings if row["level"] != "information")
    assert met == {"V03": len(FILES), "V19": 2 * len(FILES)}


def test_months_are_owed_and_received(home):
    (coverage,) = tables(home, "coverage")

    of_practices = [row for row in coverage if row["provider"] == "dental-quarnmere"]
    assert sorted(row["month"] for row in of_practices) == ["2025-10", "2025-11", "2025-12"]
    assert all(row["received"] for row in of_practices)


def test_counts_are_those_of_a_recount_by_hand(home):
    (values,) = tables(home, "indicator_values")
    expected: Counter[tuple[str, str]] = Counter()
    for row in standing_visits():
        if row["Finding"] in COUNTED and row["Town"] in DISTRICTS:
            expected[DISTRICTS[row["Town"]], f"{row['Month'][3:]}-{row['Month'][:2]}"] += 1

    found = {
        (row["area"], row["period_end"]): row["count"]
        for row in values
        if row["definition"] == "dental_injuries" and row["area_type"] == "district"
        and row["period_type"] == "month"
    }  # fmt: skip

    assert {key: count for key, count in found.items() if count} == dict(expected)
    assert len({area for area, _ in found}) == 7


def test_the_injury_lies_in_the_two_weeks_that_the_declaration_says(home):
    (records,) = tables(home, "located_records")

    spans = {row["contact_utc"] - row["injury_start_utc"] for row in records}
    assert spans == {dt.timedelta(minutes=20_160)}
    assert {row["time_basis"] for row in records} == {"arrival_proxy"}


def test_a_pack_shows_the_source_by_its_title(home):
    (page,) = home.glob("released/packs/*/csp-quellborough/community_safety.html")
    text = page.read_text(encoding="utf-8")

    assert "dental practices" in text.lower()
    assert "Injuries of teeth and jaw seen by dentists" in text
    assert "dental_injuries.v1/district/XD01/month/2025-12/all/all/count" in text
    assert {path.suffix for path in page.parent.iterdir()} >= {".html", ".pdf", ".xlsx", ".ods", ".csv"}
