"""No record is lost or counted twice: every row of every file has one outcome."""

from collections import Counter

import pytest
from supplier_files import count_rows, sha256_of, supplier_files

from preventable.intake import conservation
from preventable.store.home import open_home
from preventable.store.session import reading


@pytest.fixture(scope="module")
def balance(demo):
    return conservation(open_home(demo.home)).to_pylist()


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
    with reading(open_home(demo.home)) as tables:
        receipts = tables.restricted.ledger.receipts()
    months = {receipt.file_sha256: receipt.month for receipt in receipts if receipt.month}
    in_files = Counter()
    for path in supplier_files(demo.invented / "submissions"):
        in_files[path.parent.name, months[sha256_of(path)]] += count_rows(path)

    assert {(line["provider"], line["month"]): line["submitted"] for line in balance} == dict(in_files)


def test_the_late_month_is_absent_and_no_zero(demo):
    later = [path for path in (demo.invented / "later").rglob("*") if path.is_file()]

    with reading(open_home(demo.home)) as tables:
        coverage = tables.read("coverage").to_pylist()

    missing = [line for line in coverage if not line["received"]]
    assert {line["provider"] for line in missing} == {path.parent.name for path in later}
    assert len(missing) == 1
