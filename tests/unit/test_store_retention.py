"""policy/retention.toml decides what is deleted, and when."""

import dataclasses
import datetime as dt

import pytest
from small_home import ED, month_rows, small_home, small_policy, write_file, write_months

from preventable import pipeline
from preventable.errors import PolicyError
from preventable.intake import submit as intake
from preventable.store.retention import prune, prune_tables
from preventable.store.session import reading


def policy_of(days):
    policy = small_policy()
    kept = {"spool": 365} | days if isinstance(days, dict) and days else days
    retention = {**policy.file("retention"), "days_since_received": kept}
    return dataclasses.replace(policy, files={**policy.files, "retention": retention})


LATE = dt.date(2199, 1, 1)
#: When every file here was received.
RECEIVED = dt.datetime(2025, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def home(tmp_path):
    home = small_home(tmp_path)
    intake.submit(home, write_months(tmp_path, months=1), policy=small_policy(), clock=lambda: RECEIVED)
    return home


def texts(home):
    with reading(home) as tables:
        return tables.read("place_texts").num_rows


def days_from_now(days):
    return RECEIVED.date() + dt.timedelta(days=days)


def test_the_policy_of_the_house_keeps_place_texts_ninety_days(home):
    assert prune(home, small_policy(), days_from_now(90)) == {"place_texts": 0, "spool": 2}
    assert texts(home) == 4

    assert prune(home, small_policy(), days_from_now(91)) == {"place_texts": 4, "spool": 0}
    assert texts(home) == 0


@pytest.mark.parametrize(("days", "left"), [(10, 0), (100, 4)])
def test_other_days_in_the_policy_change_what_is_left(home, days, left):
    prune(home, policy_of({"place_texts": days}), days_from_now(50))

    assert texts(home) == left


def test_deleted_texts_are_on_the_disk_no_more(home):
    prune(home, small_policy(), days_from_now(200))

    assert not list((home.restricted / "tables" / "place_texts").glob("*.parquet"))


def test_texts_of_a_version_that_was_replaced_are_deleted_with_the_others(tmp_path):
    home = small_home(tmp_path)
    for version, place in enumerate(("bar", "BAR"), start=1):
        path = tmp_path / ED / f"{version}.csv"
        write_file(path, ED, month_rows(ED, "2025-01", version=version, place=place))
        intake.submit(home, path, policy=small_policy(), clock=lambda: RECEIVED)
    files = home.restricted / "tables" / "place_texts"
    assert len(list(files.glob("*.parquet"))) == 2

    prune(home, small_policy(), days_from_now(90))
    assert len(list(files.glob("*.parquet"))) == 2

    prune(home, small_policy(), days_from_now(91))
    assert list(files.glob("*.parquet")) == []
    with reading(home) as tables:
        assert tables.verify() > 0


def test_a_run_prunes_too(home, monkeypatch):
    monkeypatch.setattr(pipeline, "STEPS", ())
    for day, left in ((RECEIVED.date(), 4), (LATE, 0)):
        monkeypatch.setattr(
            pipeline, "prune_tables", lambda tables, policy, _, day=day: prune_tables(tables, policy, day)
        )
        pipeline.run(home, small_policy())

        assert texts(home) == left


def test_rows_and_receipts_stay(home):
    with reading(home) as tables:
        before = tables.read("submissions"), tables.restricted.ledger.receipts()

    prune(home, small_policy(), days_from_now(200))

    with reading(home) as tables:
        assert (tables.read("submissions"), tables.restricted.ledger.receipts()) == before


def test_a_dry_run_deletes_nothing(home):
    assert prune(home, small_policy(), days_from_now(200), dry_run=True) == {"place_texts": 4, "spool": 2}
    assert texts(home) == 4


def test_submitting_prunes_too(home, tmp_path):
    later = RECEIVED + dt.timedelta(days=200)

    report = intake.submit(home, tmp_path / "submissions", policy=small_policy(), clock=lambda: later)

    assert report.pruned == {"place_texts": 4, "spool": 2}
    assert "place_texts: 4 rows deleted by retention" in report.as_text()
    assert texts(home) == 0


@pytest.mark.parametrize(
    "days",
    [
        {},
        90,
        {"place_texts": 90, "submissions": 90},
        {"place_texts": 0},
        {"spool": 0, "place_texts": 90},
        {"place_texts": "90"},
        {"place_texts": True},
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused(home, days):
    with pytest.raises(PolicyError):
        prune(home, policy_of(days), days_from_now(200))

    assert texts(home) == 4


@pytest.mark.parametrize("misspelt", ["days_since_receive", "days_since_received_"])
def test_a_misspelt_section_is_told_and_keeps_nothing_for_ever_unseen(home, misspelt):
    policy = small_policy()
    retention = dict(policy.file("retention"))
    days = retention.pop("days_since_received")
    for sections in ({misspelt: days}, {misspelt: days, "days_since_received": days}, {}):
        faulty = dataclasses.replace(policy, files={**policy.files, "retention": retention | sections})
        with pytest.raises(PolicyError, match=r"policy/retention.toml: .*days_since_receive"):
            prune(home, faulty, days_from_now(200))
