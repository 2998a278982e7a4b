"""A file whose columns or codes have changed is refused, and a mapping that would read it is drafted beside its report."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from small_home import ED, HEADERS, MAPPINGS, POLICE, month_rows, small_home, small_policy, write_file

from preventable import __main__ as command_line
from preventable.intake.mapping_drafts import draft_of_file, draft_refused
from preventable.intake.submit import check
from preventable.store.home import Home, open_home


@pytest.fixture
def home(tmp_path) -> Home:
    return small_home(tmp_path)


def typed(monkeypatch, capsys, *words: object) -> tuple[int, str]:
    """Exit code and output of a command, in this process."""
    monkeypatch.setattr(sys, "argv", ["preventable", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    return ended.value.code, "".join(capsys.readouterr())


def renamed(path: Path, old: str, new: str) -> Path:
    """The file with one column under another name."""
    header, rest = path.read_text(encoding="utf-8").split("\n", 1)
    assert old in header.split(",")
    path.write_text(
        f"{','.join(new if one == old else one for one in header.split(','))}\n{rest}", encoding="utf-8"
    )
    return path


def ed_file(folder: Path, month: str = "2025-03", rows: int = 25) -> Path:
    return write_file(folder / "submissions" / ED / f"{month}.csv", ED, month_rows(ED, month, rows))


def test_a_renamed_column_is_refused_with_a_draft_that_reads_it(home, tmp_path, monkeypatch, capsys):
    path = renamed(ed_file(tmp_path), "Arrival", "Arrival time")
    folder = tmp_path / "report"

    code, said = typed(monkeypatch, capsys, "submit", path, "--home", home.path, "--report", folder)

    assert code == 3
    assert "Q403" in said
    assert f"{ED}.v2.draft.toml" in said
    draft = folder / f"{ED}.v2.draft.toml"
    assert tomllib.loads(draft.read_text())["columns"]["contact"] == "Arrival time"
    completed = tmp_path / f"{ED}.v2.toml"
    completed.write_text(
        draft.read_text()
        .replace("approved_by = []", 'approved_by = ["A. Tester (invented)", "B. Tester (invented)"]')
        .replace("# approved_on = the day on which it was approved", "approved_on = 2025-04-01")
    )
    code, said = typed(monkeypatch, capsys, "submit", path, "--home", home.path, "--mapping", completed)
    assert code == 0
    assert "loaded       1 file " in said


def test_a_draft_of_a_drifted_file_keeps_what_the_earlier_mapping_says(home, tmp_path, monkeypatch, capsys):
    path = renamed(ed_file(tmp_path), "Arrival", "Arrival time")
    folder = tmp_path / "report"

    typed(monkeypatch, capsys, "check", path, "--home", home.path, "--report", folder)

    drafted = tomllib.loads((folder / f"{ED}.v2.draft.toml").read_text())
    (earlier,) = open_home(home.path).mappings(ED)
    assert drafted["columns"] == {**earlier["columns"], "contact": "Arrival time"}
    assert drafted["constants"] == {"site_code": "ZXA01"}
    assert drafted["ignored"] == earlier["ignored"]
    assert drafted["codes"] == earlier["codes"]
    assert drafted["period"] == earlier["period"]


def test_new_codes_are_refused_with_a_draft_that_lists_them(home, tmp_path, monkeypatch, capsys):
    rows = month_rows(ED, "2025-03", 60)
    for row in rows[:30]:
        row[HEADERS[ED].index("Method")] = "ZZ"
    path = write_file(tmp_path / "submissions" / ED / "2025-03.csv", ED, rows)
    folder = tmp_path / "report"

    code, said = typed(monkeypatch, capsys, "submit", path, "--home", home.path, "--report", folder)

    assert code == 3
    assert "Q407" in said
    assert '# "ZZ" = ""' in (folder / f"{ED}.v2.draft.toml").read_text()


def test_files_that_changed_alike_have_one_draft(home, tmp_path, monkeypatch, capsys):
    for month in ("2025-01", "2025-02", "2025-03"):
        renamed(ed_file(tmp_path, month), "Arrival", "Arrival time")
    renamed(ed_file(tmp_path, "2025-04"), "NHS", "NHS number")

    typed(
        monkeypatch,
        capsys,
        "submit",
        tmp_path / "submissions",
        "--home",
        home.path,
        "--report",
        tmp_path / "report",
    )

    drafts = {path.name for path in (tmp_path / "report").glob("*.draft.toml")}
    assert drafts == {f"{ED}.v2.draft.toml", f"{ED}.v2-2.draft.toml"}


def test_files_that_are_read_have_no_draft_nor_have_reports_that_nobody_asked_for(
    home, tmp_path, monkeypatch, capsys
):
    write_file(tmp_path / "submissions" / POLICE / "2025-03.csv", POLICE, month_rows(POLICE, "2025-03"))
    drifted = renamed(ed_file(tmp_path), "Arrival", "Arrival time")

    typed(monkeypatch, capsys, "submit", tmp_path / "submissions" / POLICE, "--home", home.path,
          "--report", tmp_path / "report")  # fmt: skip
    typed(monkeypatch, capsys, "submit", drifted, "--home", home.path)

    assert list(tmp_path.rglob("*.draft*.toml")) == []


def test_a_file_without_a_header_is_told_to_have_no_draft(home, tmp_path, monkeypatch, capsys):
    path = ed_file(tmp_path)
    path.write_text("\n".join(path.read_text().split("\n")[1:]))

    code, said = typed(
        monkeypatch, capsys, "submit", path, "--home", home.path, "--report", tmp_path / "report"
    )

    assert code == 3
    assert "No mapping was drafted. Q450" in said


def test_a_draft_is_one_version_after_the_newest_and_takes_its_codes_from_the_mapping_nearest_to_the_file(
    home, tmp_path
):
    for version, changes in (
        (3, ()),
        (4, (('"Comments"', '"Comments", "Ward", "Bed"'), ("knife_sharp", "glass"))),
    ):
        text = MAPPINGS[ED].replace("version = 1", f"version = {version}")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / f"{ED}.v{version}.toml"
        path.write_text(text, encoding="utf-8")
        home.give_mapping(path)
    path = renamed(ed_file(tmp_path), "Arrival", "Arrival time")

    draft_of_file(path, policy=small_policy(), provider=ED, home=home, out=tmp_path / "draft.toml")

    made = tomllib.loads((tmp_path / "draft.toml").read_text())
    assert made["version"] == 5
    assert made["codes"]["method"]["K"] == "knife_sharp"


def test_of_files_that_changed_alike_the_one_with_most_rows_is_drafted(home, tmp_path, monkeypatch, capsys):
    for month, rows in (("2025-01", 9), ("2025-02", 40), ("2025-03", 12)):
        sent = [[*row[:7], "Z" if rows == 40 else row[7], *row[8:]] for row in month_rows(ED, month, rows)]
        path = write_file(tmp_path / "submissions" / ED / f"{month}.csv", ED, sent)
        renamed(path, "Arrival", "Arrival time")
    folder = tmp_path / "report"

    typed(monkeypatch, capsys, "check", tmp_path / "submissions", "--home", home.path, "--report", folder)

    assert '# "Z" = ""' in (folder / f"{ED}.v2.draft.toml").read_text()


def test_columns_that_are_not_sure_are_counted_and_told_with_what_else_they_could_be(home, tmp_path):
    path = renamed(renamed(ed_file(tmp_path), "Arrival", "Arrival time"), "Comments", "XQZ")
    folder = tmp_path / "report"
    report = check(path, home=home.path, policy=small_policy())

    (line,) = draft_refused(report, path, folder, policy=small_policy(), home=home.path)
    told = draft_of_file(path, policy=small_policy(), provider=ED, home=home, out=tmp_path / "draft.toml")

    columns = [one for one in told if one.startswith("  ")]
    doubtful = [one for one in columns if " sure " not in one]
    assert len(columns) == len(HEADERS[ED])
    assert line.endswith(f"not sure: {len(doubtful)} of {len(columns)} columns")
    assert [one for one in columns if "; else " in one] == doubtful
    assert 0 < len(doubtful) < len(columns)
