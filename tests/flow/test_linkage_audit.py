"""The audit of linkage from its draw to the pack: sheets answered from the county's truth, the figure after, and undone."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import preventable

from preventable.pipeline import STEPS
from preventable.store.home import open_home
from preventable.store.session import home_checksums, reading

pytestmark = pytest.mark.slow

BY = "A. Tester (invented)"
#: Of the second reviewer: one line in so many is overlooked, one not decided, one given another reference.
OVERLOOKED, UNSURE, OTHER_REFERENCE = 17, 41, 53


def true_references(home: Path) -> dict[tuple[str, int], str]:
    """The police's reference for the victim of each row of an ED's file, by submission and row, where they have one.

    A reviewer sees a row's person in the file that the hospital sent, and looks the police's system up by name.
    """
    columns = ["source", "provider", "source_record_id", "victim"]
    truth = pq.read_table(home / "demo" / "truth" / "records.parquet", columns=columns).to_pylist()
    police = {row["victim"]: row["source_record_id"] for row in truth if row["source"] == "police"}
    victim_of = {
        (row["provider"], row["source_record_id"]): row["victim"] for row in truth if row["source"] == "ed"
    }
    with reading(open_home(home)) as tables:
        sent = tables.read("submissions")
    return {
        (row["submission_id"], row["row_number"]): police[victim]
        for row in sent.filter(pc.equal(sent["source"], "ed")).to_pylist()
        if (victim := victim_of.get((row["provider"], row["source_record_id"]))) in police
    }


def answered(
    sheet: Path, references: dict[tuple[str, int], str], reviewer: str, *, careless: bool = False
) -> None:
    """Fill a sheet as a reviewer does; the careless one errs here and there."""
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        reference = references.get((row["submission_id"], int(row["row_number"])), "")
        line = int(row["line"])
        answer = "found" if reference else "not_found"
        if careless and reference and line % OVERLOOKED == 0:
            answer, reference = "not_found", ""
        elif careless and line % UNSURE == 0:
            answer, reference = "unsure", ""
        elif careless and reference and line % OTHER_REFERENCE == 0:
            reference = "a slip of the pen"
        row |= {"reviewer": reviewer, "answer": answer, "police_reference": reference}
    written(sheet, rows)


def decided(sheet: Path) -> int:
    """Fill the third's sheet with what the first, who made no mistake, says. Returns its lines."""
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row |= {"reviewer": "EF", "answer": row["first"], "police_reference": row["first_reference"]}
    written(sheet, rows)
    return len(rows)


def written(sheet: Path, rows: list[dict[str, str]]) -> None:
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def figures(home: Path) -> dict[str, dict[str, object]]:
    """What a home says of the ED's share: its table, the register and the pack of public health."""
    with reading(open_home(home)) as tables:
        known, released, audits = (
            tables.read(name).to_pylist() for name in ("known_to_police", "released_estimates", "link_audits")
        )
    return {
        "table": next(
            row
            for row in known
            if (row["source"], row["measure"], row["breakdown"]) == ("ed", "own_record", "all")
        ),
        "released": {row["figure"]: row for row in released},
        "audits": audits,
    }


def of_linkage(home: Path) -> dict[str, str]:
    """Checksums of the tables that linkage made."""
    made = next(step.writes for step in STEPS if step.name == "linkage")
    return {name: total for name, total in home_checksums(open_home(home))["tables"].items() if name in made}


@pytest.fixture(scope="module")
def audited(demo, tmp_path_factory):
    """A home before, with, and without again the answers of an audit; and what was said on the way."""
    folder = tmp_path_factory.mktemp("audit")
    home, out = demo.copied_to(folder / "home"), folder / "out"
    found = {"home": home, "before": figures(home), "sums": of_linkage(home)}

    def verb(*arguments: object) -> str:
        return preventable("linkage", "audit-sample", *arguments, "--home", home).stdout

    found["drawn"] = verb("--out", out, "--source", "ed", "--by", BY)
    references = true_references(home)
    one, other = out / "reviewer-1.csv", out / "reviewer-2.csv"
    answered(one, references, "AB")
    answered(other, references, "CD", careless=True)
    both = ("--answers", one, "--answers", other)
    found["differ"] = verb(*both, "--by", BY)
    found["waiting"] = decided(out / "adjudicate.csv")
    found["taken"] = verb(*both, "--adjudicated", out / "adjudicate.csv", "--by", BY)
    for name in ("with", "without"):
        if name == "without":
            found["undone"] = verb("--undo", 1, "--by", BY)
        preventable("run", "--home", home)
        preventable("packs", "--home", home)
        found[name] = figures(home)
    found["sums again"] = of_linkage(home)
    found["listed"] = verb("--list")
    return found


def width(row: dict[str, object], part: str = "upper_if_hidden") -> float:
    return row[part] - row["lower"]


def test_two_reviewers_who_differ_wait_for_a_third_and_nothing_is_kept_before(audited):
    assert "to find about 300 true pairs" in audited["drawn"]
    assert f"{audited['waiting']:,} lines wait for a third" in audited["differ"]
    assert 10 < audited["waiting"]
    assert "Nothing was kept" in audited["differ"]
    assert "true pairs are kept" in audited["taken"]


def test_what_the_reviewers_found_narrows_the_figure_in_the_table(audited):
    before, after = audited["before"]["table"], audited["with"]["table"]

    (row,) = audited["with"]["audits"]
    assert (row["source"], row["used"]) == ("ed", True)
    assert row["pairs"] >= 250
    assert width(after) < width(before)
    assert after["upper_if_hidden"] == after["upper"]


def test_what_the_reviewers_found_narrows_the_figure_in_the_register(audited):
    name = audited["before"]["table"]["period_end"]
    before, after = (
        audited[state]["released"][f"unknown_to_police/ed/{name}"] for state in ("before", "with")
    )

    assert after["upper"] - after["lower_if_hidden"] < before["upper"] - before["lower_if_hidden"]
    assert after["lower_if_hidden"] == after["lower"]


def test_the_truth_lies_in_the_interval_before_and_after(audited):
    truth = json.loads((audited["home"] / "demo" / "truth" / "truth.json").read_text(encoding="utf-8"))

    for state in ("before", "with"):
        row = audited[state]["table"]
        assert row["lower"] < truth["ed_known_to_police"] < row["upper_if_hidden"]


def test_undone_answers_leave_the_home_as_it_was(audited):
    assert audited["without"] == audited["before"]
    assert audited["sums again"] == audited["sums"]
    assert "are undone from the next" in audited["undone"]
    assert "undone by" in audited["listed"]
