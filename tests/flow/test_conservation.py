"""No record is lost or counted twice: every row of every file has one outcome."""

import contextlib
import datetime as dt
from collections import Counter

import pytest
from small_home import ED, HEADERS, POLICE, month_rows, small_home, small_policy, write_file
from supplier_files import count_rows, mapping_of, read_cells, supplier_files

from preventable import pipeline
from preventable.conservation import conservation
from preventable.intake import submit as intake
from preventable.store.home import open_home
from preventable.store.session import reading


@pytest.fixture(scope="module")
def balance(demo):
    return conserved(open_home(demo.home))


def conserved(home):
    with reading(home) as tables:
        return conservation(tables).to_pylist()


def test_rows_submitted_are_the_rows_of_the_files(demo, balance):
    in_files = Counter()
    for path in supplier_files(demo.invented / "submissions"):
        in_files[path.parent.name] += count_rows(path)

    submitted = Counter()
    for line in balance:
        submitted[line["provider"]] += line["submitted"]
    assert submitted == in_files
    assert sum(in_files.values()) > 15_000


def test_every_provider_month_balances(balance):
    for line in balance:
        done = line["accepted"] + line["quarantined"] + line["refused"] + line["duplicate"]
        assert line["submitted"] == done, (line["provider"], line["month"])


def test_no_file_stays_refused_once_its_mapping_is_given(balance):
    assert sum(line["refused"] for line in balance) == 0


def test_the_corrected_month_has_duplicates_and_loses_nothing(balance):
    assert sum(line["duplicate"] for line in balance) > 0


def test_each_months_rows_are_those_of_its_own_files(demo, balance):
    in_files = Counter()
    for path in supplier_files(demo.invented / "submissions"):
        month = month_told_by(path, mapping_of(path, demo.invented / "region"))
        in_files[path.parent.name, month] += count_rows(path)

    assert {(line["provider"], line["month"]): line["submitted"] for line in balance} == dict(in_files)


def month_told_by(path, mapping):
    """Month of a file by its period's last day, else by its first record, read with strptime alone."""
    header, first = read_cells(path, mapping)[:2]
    if mapping["period"]["from"] == "columns":
        named, formats = mapping["period"]["end"], [mapping["period"]["format"]]
    else:
        named, formats = mapping["columns"]["contact"], mapping["time"]["formats"]
    parts = [first[header.index(name)] for name in ([named] if isinstance(named, str) else named)]
    if isinstance(parts[0], dt.date):
        return f"{parts[0]:%Y-%m}"
    for form in formats:
        with contextlib.suppress(ValueError):
            return f"{dt.datetime.strptime(' '.join(map(str, parts)), form):%Y-%m}"
    raise AssertionError(f"no format reads the period of a file of {path.parent.name}")


def bad_files(folder):
    """Good, bad, repeated, corrected and unreadable files of two suppliers: path -> rows that the csv module counts."""
    rows = month_rows(ED, "2025-01", rows=6)
    faulty = month_rows(ED, "2025-02", rows=6)
    faulty[0][HEADERS[ED].index("Att No")] = ""
    faulty[1][HEADERS[ED].index("Arrival")] = "01/03/2025 00:10"
    faulty[2][HEADERS[ED].index("Arrival")] = "soon"
    faulty[4] = [*faulty[3][:5], "77", *faulty[3][6:]]
    corrected = [*rows[:4], *month_rows(ED, "2025-01", rows=6, version=2)[4:]]
    files = [
        write_file(folder / ED / "good.csv", ED, rows),
        write_file(folder / ED / "good, the other way round.csv", ED, rows[::-1]),
        write_file(folder / ED / "good, with a row twice.csv", ED, [*rows, rows[0]]),
        write_file(folder / ED / "corrected.csv", ED, corrected),
        write_file(folder / ED / "faulty.csv", ED, faulty),
        write_file(folder / POLICE / "good.csv", POLICE, month_rows(POLICE, "2025-01", rows=5)),
        write_file(folder / POLICE / "ragged.csv", POLICE, [*month_rows(POLICE, "2025-02"), ["x"]]),
        write_file(folder / "ed-nowhere" / "unknown.csv", ED, rows),
    ]
    renamed = write_file(folder / POLICE / "renamed.csv", POLICE, month_rows(POLICE, "2025-03", rows=3))
    renamed.write_text(renamed.read_text().replace("Offence", "Offence code"))
    return {path: count_rows(path) for path in [*files, renamed]}


def test_rows_of_bad_files_are_counted_once_each(tmp_path, monkeypatch):
    home = small_home(tmp_path)
    sent = bad_files(tmp_path / "submissions")
    monkeypatch.setattr(pipeline, "STEPS", pipeline.STEPS[:1])
    for _ in range(2):
        intake.submit(home, tmp_path / "submissions", policy=small_policy())
        pipeline.run(home, small_policy())

    lines = conserved(home)

    for line in lines:
        done = line["accepted"] + line["quarantined"] + line["refused"] + line["duplicate"]
        assert line["submitted"] == done, (line["provider"], line["month"])
    submitted = Counter()
    for line in lines:
        submitted[line["provider"]] += line["submitted"]
    in_files = Counter()
    for path, rows in sent.items():
        in_files[path.parent.name] += rows
    # The file of a provider unknown is not opened: how many rows it has is not known.
    del in_files["ed-nowhere"]
    assert +submitted == in_files
    of = {(line["provider"], line["month"]): line for line in lines}
    assert of[ED, "2025-01"] == {
        "provider": ED, "month": "2025-01", "submitted": 25, "accepted": 8, "quarantined": 0, "refused": 0,
        "duplicate": 17, "replaced": 0,
    }  # fmt: skip
    assert (of[ED, "2025-02"]["quarantined"], of[ED, "2025-02"]["accepted"]) == (5, 1)
    assert sum(line["refused"] for line in lines if line["provider"] == POLICE) == 8


def test_the_late_month_is_absent_and_no_zero(demo):
    later = [path for path in (demo.invented / "later").rglob("*") if path.is_file()]

    with reading(open_home(demo.home)) as tables:
        coverage = tables.read("coverage").to_pylist()

    missing = [line for line in coverage if not line["received"]]
    assert {line["provider"] for line in missing} == {path.parent.name for path in later}
    assert len(missing) == 1
