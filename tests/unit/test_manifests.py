"""A manifest beside a file: what it tells, what differs from it, and a month of which it says that there was nothing."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from formats_world import as_json_lines, as_ods, as_parquet, as_xlsx, zipped
from hypothesis import given
from hypothesis import strategies as st
from small_home import ED, POLICE, month_rows, small_home, small_policy, write_file, write_region
from sources_world import ROWS, checked, csv_bytes, numbered, read, xlsx_bytes, xlsx_mapping

from preventable.errors import NoPeriodError, PolicyError, TooLargeError, UsageError
from preventable.intake import submit as intake
from preventable.intake.edge import make_manifest
from preventable.intake.month_versions import month_versions
from preventable.intake_errors import ManifestFormError, NotAsManifestError
from preventable.settings import Policy
from preventable.stages.sources.control_totals import ControlTotal, columns_that_differ, control_totals
from preventable.stages.sources.manifests import (
    ENDING,
    Manifest,
    ManifestPolicy,
    manifest_of,
    read_manifest,
    read_manifest_policy,
    reconcile,
)
from preventable.stages.sources.sheet import Sheet
from preventable.store.session import reading, verify_home

PROVIDER = "ed-example"


def sheet_of(*columns: list[str]) -> Sheet:
    header = tuple(f"C{number}" for number in range(len(columns)))
    rows = tuple(zip(*columns, strict=True))
    return Sheet(header, rows, tuple(range(2, len(rows) + 2)))


def manifest_for(rows: list[dict], /, **changes: object) -> tuple[bytes, Manifest]:
    """A CSV of some rows, and its manifest."""
    content = csv_bytes(rows)
    sheet = Sheet(
        tuple(rows[0]), tuple(tuple(map(str, row.values())) for row in rows), tuple(range(2, len(rows) + 2))
    )
    made = manifest_of(sheet, content, provider=PROVIDER, period="2025-03")
    return content, replace(made, **changes)


# --- control totals -----------------------------------------------------------------------------


@given(st.lists(st.integers(-999_999_999, 999_999_999), min_size=8, max_size=30))
def test_the_total_of_numbers_is_their_sum(numbers):
    (total,) = control_totals(sheet_of([str(number) for number in numbers])).values()

    assert total == ControlTotal("number", len(numbers), str(sum(numbers)))


def test_a_total_is_exact_where_binary_fractions_are_not():
    (total,) = control_totals(sheet_of(["0.1"] * 10)).values()

    assert total.total == "1"
    assert sum([0.1] * 10) != 1
    assert sum([Decimal("0.1")] * 10) == 1


@pytest.mark.parametrize(
    ("cell", "figures"),
    [
        ("25/10/2026 01:30", 251020260130),
        ("2026-10-25T01:30:00", 20261025013000),
        ("25-Oct-26", 2526),
        ("29.02.2024", 29022024),
    ],
)
def test_the_total_of_dates_is_the_sum_of_their_figures(cell, figures):
    (total,) = control_totals(sheet_of([cell] * 8)).values()

    assert total == ControlTotal("date", 8, str(8 * figures))


def test_a_workbook_and_a_text_that_say_the_same_have_the_same_totals():
    assert control_totals(sheet_of(["2026-09-19T22:02:00"] * 8)) == control_totals(
        sheet_of(["2026-09-19 22:02:00"] * 8)
    )


@pytest.mark.parametrize(
    "cells",
    [
        ["9990000018"] * 8,  # numbers of people
        ["999-000-0018"] * 8,
        ["0121 496 0123"] * 8,
        ["1"] * 7,  # too few
        ["1"] * 7 + ["", " "],
        ["1"] * 8 + ["x"],
        ["1"] * 8 + ["01/02/2025"],
        ["\u0661"] * 8,  # figures of another script
    ],
)
def test_what_is_no_column_of_numbers_or_dates_or_has_too_few_cells_has_no_total(cells):
    assert control_totals(sheet_of(cells)) == {}


def test_columns_that_share_a_name_have_no_total():
    rows = (("1", "2"),) * 8

    assert control_totals(Sheet(("A", "A"), rows, tuple(range(2, 10)))) == {}


def test_a_file_without_rows_has_no_totals():
    assert control_totals(Sheet(("A",), (), ())) == {}


@pytest.mark.parametrize("changed", [["2"] + ["1"] * 8, ["1"] * 8 + [""], ["x"] + ["1"] * 8])
def test_a_cell_changed_emptied_or_garbled_is_seen_in_the_total(changed):
    told = control_totals(sheet_of(["1"] * 9))

    assert columns_that_differ(told, sheet_of(["1"] * 9)) == []
    assert columns_that_differ(told, sheet_of(changed)) == ["C0"]


def test_a_nought_that_was_emptied_is_seen_though_the_sum_is_the_same():
    noughts = ["1"] * 8 + ["0"]

    assert columns_that_differ(control_totals(sheet_of(noughts)), sheet_of(["1"] * 8 + [""])) == ["C0"]


# --- the file of a manifest ---------------------------------------------------------------------


def test_a_manifest_reads_back_as_it_was_written():
    _, made = manifest_for(numbered(PROVIDER, 9))

    assert read_manifest(made.as_bytes(), "x") == made
    assert made.control_totals["Age"] == ControlTotal("number", 9, str(9 * 24))


@pytest.mark.parametrize(
    "changes",
    [
        {"manifest": 2}, {"rows": -1}, {"rows": "9"}, {"rows": True}, {"nil": True}, {"rows": 0},
        {"period": "2025-13"}, {"sha256": "x"}, {"columns": "A"}, {"provider": ""}, {"more": 1},
        {"control_totals": {"Age": {"kind": "number", "cells": 0, "total": "1"}}},
        {"control_totals": {"Age": {"kind": "sum", "cells": 9, "total": "1"}}},
        {"control_totals": {"Age": {"kind": "number", "cells": 9, "total": "1e9"}}}, {"control_totals": []},
    ],
)  # fmt: skip
def test_a_manifest_that_is_not_ours_is_refused_without_a_value_of_it(changes):
    _, made = manifest_for(numbered(PROVIDER, 9))
    told = json.loads(made.as_bytes()) | changes

    with pytest.raises(ManifestFormError) as refused:
        read_manifest(json.dumps(told).encode(), "x")
    assert refused.value.__context__ is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b" " * 1_000_001, b"null"])
def test_what_is_no_json_is_refused_as_no_manifest(content):
    with pytest.raises(ManifestFormError):
        read_manifest(content, "x")


# --- reconciling --------------------------------------------------------------------------------


def test_a_file_that_is_what_its_manifest_says_is_read():
    content, manifest = manifest_for(numbered(PROVIDER, 9))

    assert read(content, manifest=manifest).rows == 9


@pytest.mark.parametrize("keep", ["half", "all but the last line", "whole rows alone"])
def test_a_truncated_file_is_refused_wherever_it_was_cut(keep):
    content, manifest = manifest_for(numbered(PROVIDER, 9))
    lines = content.splitlines(keepends=True)
    cut = {
        "half": content[: len(content) // 2],
        "all but the last line": b"".join(lines[:-1]) + lines[-1][:20],
        "whole rows alone": b"".join(lines[:6]),
    }[keep]

    with pytest.raises(NotAsManifestError, match=f"{len(cut):,} bytes arrived"):
        read(cut, manifest=manifest)


def test_without_a_manifest_a_file_cut_between_two_rows_is_read_as_a_shorter_one():
    content, _ = manifest_for(numbered(PROVIDER, 9))

    assert read(b"".join(content.splitlines(keepends=True)[:6])).rows == 5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rows": 10}, "9 rows were read of 10"),
        ({"columns": ("Att No",)}, "columns were read of 1"),
        ({"period": "2025-04"}, "its month is 2025-03, the manifest's 2025-04"),
        ({"provider": "ed-other"}, "another provider"),
        ({"schema_version": 2}, "version 2, which no mapping has"),
        ({"control_totals": {"Age": ControlTotal("number", 9, "1")}}, "1 of 1 control totals differ"),
        ({"control_totals": {"Gone": ControlTotal("number", 9, "1")}}, "1 of 1 control totals differ"),
    ],
)
def test_what_differs_from_the_manifest_refuses_the_file(changes, words):
    content, manifest = manifest_for(numbered(PROVIDER, 9), **changes)

    with pytest.raises(NotAsManifestError, match=words):
        read(content, manifest=manifest)


def test_all_that_differs_is_told_at_once():
    rows = numbered(PROVIDER, 9)
    _, manifest = manifest_for(rows, rows=8, period="2025-04")
    header = list(rows[0])
    sheet = Sheet(
        tuple(header[::-1]), tuple(tuple(row[h] for h in header[::-1]) for row in rows), tuple(range(2, 11))
    )

    with pytest.raises(NotAsManifestError, match=r"9 rows .* of 8; .* another order; its month is"):
        reconcile(manifest, sheet, month="2025-03", where="x")


def test_the_schema_version_picks_among_mappings_that_read_the_same_columns():
    content, manifest = manifest_for(numbered(PROVIDER, 9), schema_version=1)
    first = {**_mapping(), "version": 1}
    second = {**first, "version": 2}

    assert read(content, mappings=[first, second]).mapping_version == 2
    assert read(content, mappings=[first, second], manifest=manifest).mapping_version == 1


def _mapping():
    from sources_world import ED_MAPPING

    return ED_MAPPING


def test_a_workbook_is_reconciled_too(tmp_path):
    content = xlsx_bytes(numbered(PROVIDER, 9))
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    make_manifest(path, provider=PROVIDER, period="2025-03", policy=small_policy())
    manifest = read_manifest((tmp_path / f"a.xlsx{ENDING}").read_bytes(), "x")

    assert read(content, mappings=[xlsx_mapping()], manifest=manifest).rows == 9


# --- nil returns --------------------------------------------------------------------------------


def nil_manifest(month: str) -> tuple[bytes, Manifest]:
    content = csv_bytes(numbered(PROVIDER, 1)).splitlines(keepends=True)[0]
    sheet = Sheet(tuple(ROWS[PROVIDER]), (), ())
    return content, manifest_of(sheet, content, provider=PROVIDER, period=month)


def test_a_header_alone_is_refused_unless_its_manifest_says_nil():
    content, manifest = nil_manifest("2025-04")

    with pytest.raises(NoPeriodError):
        read(content)
    found = read(content, manifest=manifest)
    assert (found.rows, found.month, found.submissions.num_rows) == (0, "2025-04", 0)


def test_two_months_without_anything_are_two_submissions():
    ids = {
        read(content, manifest=told).submission_id
        for content, told in map(nil_manifest, ("2025-04", "2025-05"))
    }

    assert len(ids) == 2


def test_a_nil_return_is_a_zero_and_a_month_that_did_not_come_is_none():
    months = [read(numbered(PROVIDER, 3, **{"Period start": "01/03/2025", "Period end": "31/03/2025"}))]
    content, told = nil_manifest("2025-05")
    engine = checked([*months, read(content, manifest=told)])

    rows = {row["month"]: row for row in engine.table("coverage").to_pylist() if row["provider"] == PROVIDER}

    assert [(month, rows[month]["received"], rows[month]["rows_accepted"]) for month in sorted(rows)] == [
        ("2025-03", True, 3), ("2025-04", False, 0), ("2025-05", True, 0),
    ]  # fmt: skip


def test_rows_of_a_month_go_before_its_nil_return_in_either_order():
    rows = read(numbered(PROVIDER, 3))
    content, told = nil_manifest("2025-03")
    nil = read(content, manifest=told)

    for reads in ([rows, nil], [nil, rows]):
        (line,) = [row for row in checked(reads).table("coverage").to_pylist() if row["provider"] == PROVIDER]
        assert (line["received"], line["rows_accepted"]) == (True, 3)


# --- the door -----------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path):
    return small_home(tmp_path)


def submit(home, path, policy=None):
    return intake.submit(home, path, policy=policy or small_policy())


def sent(tmp_path, name="a.csv", month="2025-01", rows=9, provider=ED):
    """A file with its manifest beside it."""
    path = write_file(tmp_path / "submissions" / provider / name, provider, month_rows(provider, month, rows))
    make_manifest(path, provider=provider, period=month, policy=small_policy(), nil=not rows)
    return path


def test_a_file_with_its_manifest_is_loaded_and_the_manifest_is_no_file_of_its_own(home, tmp_path):
    sent(tmp_path)

    report = submit(home, tmp_path / "submissions")

    assert [(file.outcome, file.rows, file.has_manifest) for file in report.files] == [("loaded", 9, True)]
    assert "without a manifest" not in report.as_text()


def test_a_file_without_a_manifest_is_told_of_once(home, tmp_path):
    path = sent(tmp_path)
    path.with_name(path.name + ENDING).unlink()

    assert "1 new file without a manifest" in submit(home, path).as_text()
    assert "without a manifest" not in submit(home, path).as_text()


def test_policy_says_whose_files_are_refused_without_one(home, tmp_path):
    paths = {provider: sent(tmp_path, provider=provider) for provider in (ED, POLICE)}
    for path in paths.values():
        path.with_name(path.name + ENDING).unlink()
    ours = small_policy()
    asked = Policy({**ours.files, "manifests": {"providers": {ED: "refuse"}}}, ours.definitions, ours.sources)

    report = submit(home, tmp_path / "submissions", asked)

    assert [(file.provider, file.outcome) for file in report.files] == [(ED, "refused"), (POLICE, "loaded")]
    assert report.files[0].error.startswith("Q431")
    checked = intake.check(paths[ED], home=home.path, policy=asked)
    assert checked.files[0].error.startswith("Q431")


def test_a_cut_file_is_refused_with_nothing_loaded_and_the_whole_one_then_comes_in(home, tmp_path):
    path = sent(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:5]))

    (refused,) = submit(home, path).files
    with reading(home) as tables:
        assert tables.read("submissions").num_rows == 0
    path.write_bytes(whole)
    (loaded,) = submit(home, path).files

    assert refused.error.startswith("Q433")
    assert (loaded.outcome, loaded.rows) == ("loaded", 9)


def test_a_manifest_that_comes_after_a_cut_file_was_loaded_refuses_it(home, tmp_path):
    path = sent(tmp_path)
    cut = b"".join(path.read_bytes().splitlines(keepends=True)[:5])
    late = path.with_name(path.name + ENDING)
    told = late.read_bytes()
    path.write_bytes(cut)
    late.unlink()
    assert submit(home, path).files[0].outcome == "loaded"

    late.write_bytes(told)

    assert submit(home, path).files[0].error.startswith("Q433")


def test_a_manifest_without_its_file_is_refused_as_a_lost_file(home, tmp_path):
    sent(tmp_path).unlink()

    (file,) = submit(home, tmp_path / "submissions").files

    assert file.error.startswith("Q434")


def test_a_manifest_alone_is_nothing_to_submit(home, tmp_path):
    path = sent(tmp_path)

    with pytest.raises(UsageError):
        submit(home, path.with_name(path.name + ENDING))


@pytest.mark.parametrize("content", [b"{}", b" " * 1_000_001])
def test_a_file_whose_manifest_cannot_be_read_is_refused(home, tmp_path, content):
    path = sent(tmp_path)
    path.with_name(path.name + ENDING).write_bytes(content)

    assert submit(home, path).files[0].error.startswith("Q432")


def test_nil_returns_of_two_months_count_and_sent_again_change_nothing(home, tmp_path):
    """Their bytes are the same: only their manifests tell them apart."""
    for month in ("2025-01", "2025-02"):
        sent(tmp_path, name=f"{month}.csv", month=month, rows=0, provider=POLICE)

    first = submit(home, tmp_path / "submissions")
    again = submit(home, tmp_path / "submissions")

    assert sorted((file.month, file.outcome) for file in first.files) == [
        ("2025-01", "loaded"), ("2025-02", "loaded"),
    ]  # fmt: skip
    assert {file.outcome for file in again.files} == {"repeat"}
    with reading(home) as tables:
        assert [entry.rows for entry in tables.restricted.ledger.submissions()] == [0, 0]
        verify_home(home, tables)


def test_a_nil_return_comes_into_a_home_that_has_rows(home, tmp_path):
    submit(home, sent(tmp_path))
    nil = sent(tmp_path, name="nil.csv", month="2025-02", rows=0)

    assert [(file.month, file.outcome) for file in submit(home, nil).files] == [("2025-02", "loaded")]
    with reading(home) as tables:
        assert [(made.number, made.records) for made in month_versions(tables, ED, "2025-02")] == [(1, 0)]


def test_a_header_alone_without_manifest_is_refused_though_its_bytes_are_known(home, tmp_path):
    submit(home, sent(tmp_path, rows=0, provider=POLICE))
    bare = write_file(tmp_path / "submissions" / POLICE / "b.csv", POLICE, [])

    assert submit(home, bare).files[0].error.startswith("Q405")


def test_a_home_of_nil_returns_and_rows_is_sound(home, tmp_path):
    sent(tmp_path)
    sent(tmp_path, name="b.csv", month="2025-02", rows=0)

    submit(home, tmp_path / "submissions")

    with reading(home) as tables:
        verify_home(home, tables)
        assert tables.read("submissions").num_rows == 9


# --- the edge -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("encoding", "name"), [("utf-8", "Café"), ("cp1252", "Café"), ("utf-8-sig", "Bar")])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_how_a_text_is_written_is_found_and_told(tmp_path, encoding, name, delimiter):
    rows = numbered(PROVIDER, 9, Place=name)
    path = tmp_path / "a.csv"
    path.write_bytes(csv_bytes(rows, delimiter=delimiter, encoding=encoding))

    told = make_manifest(path, provider=PROVIDER, period="2025-03", policy=small_policy())

    manifest = read_manifest((tmp_path / f"a.csv{ENDING}").read_bytes(), "x")
    assert (manifest.rows, list(manifest.columns)) == (9, list(rows[0]))
    assert f"read as {'cp1252' if encoding == 'cp1252' else 'utf-8'}" in told[0]


def _rows_as(write):
    """Writes rows by column as a writer of rows of cells does."""
    return lambda rows: write([list(rows[0]), *(list(map(str, row.values())) for row in rows)])


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (_rows_as(as_json_lines), "json"),
        (_rows_as(as_parquet), "parquet"),
        (_rows_as(as_xlsx), "xlsx"),
        (_rows_as(as_ods), "ods"),
        (lambda rows: gzip.compress(csv_bytes(rows, encoding="utf-16"), mtime=0), "utf-16-le parted by comma"),
        (lambda rows: zipped({"a.csv": csv_bytes(rows, delimiter=";")}), "utf-8 parted by semicolon"),
        (lambda rows: b"sep=|\r\n" + csv_bytes(rows, delimiter="|"), "utf-8 parted by bar"),
    ],
    ids=["json", "parquet", "xlsx", "ods", "gz", "zip", "separator line"],
)  # fmt: skip
def test_whatever_the_door_reads_has_a_manifest_that_it_fits_at_the_door(tmp_path, made, told):
    content = made(numbered(PROVIDER, 9))
    path = tmp_path / "a"
    path.write_bytes(content)

    lines = make_manifest(path, provider=PROVIDER, period="2025-03", policy=small_policy())

    manifest = read_manifest((tmp_path / f"a{ENDING}").read_bytes(), "x")
    assert lines[0] == f"a: 9 rows, {len(manifest.columns)} columns, read as {told}"
    assert read(content, manifest=manifest).rows == 9


def test_a_header_of_semicolons_with_a_comma_in_a_name_is_read_by_semicolons(tmp_path):
    (tmp_path / "a.csv").write_text("id;Name, first;NHS\n1;x;y\n")

    told = make_manifest(tmp_path / "a.csv", provider=PROVIDER, period="2025-03", policy=small_policy())

    assert "1 row, 3 columns, read as utf-8 parted by semicolon" in told[0]


def test_a_file_larger_than_policy_allows_is_refused_where_it_is_made(tmp_path):
    policy = small_policy()
    limits = {**policy.file("limits"), "file": {**policy.file("limits")["file"], "bytes": 100}}
    path = write_file(tmp_path / "a.csv", ED, month_rows(ED, "2025-03", 9))

    with pytest.raises(TooLargeError):
        make_manifest(path, provider=ED, period="2025-03", policy=Policy({**policy.files, "limits": limits}))


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ({"period": "2025-3"}, 9), ({"nil": True}, 9), ({}, 0), ({"encoding": "utf-7"}, 9),
        ({"delimiter": "dots"}, 9),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_told_and_no_manifest_written(tmp_path, options, rows):
    path = write_file(tmp_path / "a.csv", ED, month_rows(ED, "2025-03", rows))
    asked = {"provider": ED, "period": "2025-03", "policy": small_policy()} | options

    with pytest.raises(UsageError):
        make_manifest(path, **asked)
    assert not path.with_name(path.name + ENDING).exists()


def test_a_manifest_is_made_without_a_home_and_the_same_again(tmp_path):
    path = write_file(tmp_path / "a.csv", ED, month_rows(ED, "2025-03", 9))
    before = path.read_bytes()
    made = []
    for _ in range(2):
        make_manifest(path, provider=ED, period="2025-03", policy=small_policy())
        made.append(path.with_name(path.name + ENDING).read_bytes())

    assert made[0] == made[1]
    assert path.read_bytes() == before
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.csv", f"a.csv{ENDING}"]


# --- policy -------------------------------------------------------------------------------------


def test_policy_goes_by_the_provider_before_all_others():
    asked = read_manifest_policy(Policy({"manifests": {"missing": "refuse", "providers": {"a": "warn"}}}))

    assert (asked.refuses("a"), asked.refuses("b")) == (False, True)
    assert read_manifest_policy(Policy({})) == ManifestPolicy()
    assert not read_manifest_policy(small_policy()).refuses(ED)


@pytest.mark.parametrize(
    "contents", [{"mising": "warn"}, {"missing": "allow"}, {"providers": {"a": True}}, {"providers": ["a"]}]
)
def test_a_policy_of_manifests_that_cannot_be_is_refused(contents):
    with pytest.raises(PolicyError):
        read_manifest_policy(Policy({"manifests": contents}))


def test_check_with_a_region_reads_manifests_too(tmp_path):
    path = sent(tmp_path)
    path.write_bytes(path.read_bytes() + b"\n")

    report = intake.check(
        path, home=tmp_path / "none", region=write_region(tmp_path / "region"), policy=small_policy()
    )

    assert report.files[0].error.startswith("Q433")
