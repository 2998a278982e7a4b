"""A run does again what something has changed for, and packs are made of a finished run alone."""

from __future__ import annotations

import dataclasses

import pyarrow as pa
import pytest
from small_home import ED, POLICE, month_rows, small_home, small_policy, write_file

from preventable import pipeline
from preventable.errors import NothingToReleaseError, PolicyError
from preventable.intake import submit as intake
from preventable.pipeline import Step
from preventable.store.restricted import TableStore
from preventable.store.session import reading
from preventable.tables import TABLES


def one_row(name: str, figure: int = 1) -> pa.Table:
    """Any row that a table takes; its whole numbers are the figure."""
    of_type = {"text": "x", "integer": figure, "number": 1.0, "flag": True, "date": None, "timestamp": None}
    row = {
        column.name: column.allowed[0] if column.allowed else of_type[column.type]
        for column in TABLES[name].columns
    }
    return pa.Table.from_pylist([row], schema=TABLES[name].arrow_schema())


@pytest.fixture
def ran(monkeypatch):
    """A flow of two steps in place of the real one; the steps that were run."""
    names = []

    def release(engine, context):
        names.append("disclosure")
        for name in ("released", "release_register"):
            engine.load(name, one_row(name, engine.table("submissions").num_rows))

    def make(engine, context):
        names.append("packs")
        engine.load("partner_packs", one_row("partner_packs"))
        return {"partner/pack.html": b"<p>"}

    steps = (
        Step("disclosure", release, reads=("submissions",), writes=("released", "release_register")),
        Step("packs", make, reads=("released", "release_register"), writes=("partner_packs",)),
    )
    monkeypatch.setattr(pipeline, "STEPS", steps)
    return names


@pytest.fixture
def home(tmp_path, ran):
    home = small_home(tmp_path)
    send(home, tmp_path, ED, "2025-01")
    pipeline.run(home, small_policy())
    pipeline.packs(home, small_policy())
    ran.clear()
    return home


def send(home, folder, provider, month):
    path = write_file(folder / provider / f"{month}.csv", provider, month_rows(provider, month))
    intake.submit(home, path, policy=small_policy())


def stricter_policy():
    policy = small_policy()
    counts = {**policy.file("disclosure")["counts"], "minimum_count": 13}
    patterns = {**policy.file("disclosure")["patterns"], "minimum_pattern_records": 2_600}
    disclosure = {**policy.file("disclosure"), "counts": counts, "patterns": patterns}
    return dataclasses.replace(policy, files={**policy.files, "disclosure": disclosure})


def outcome(home):
    with reading(home) as tables:
        return tables.run_log.last_run()[1]


def test_a_second_run_does_nothing_again(home, ran):
    assert [report.unchanged for report in pipeline.run(home, small_policy())] == [True]
    assert [report.unchanged for report in pipeline.packs(home, small_policy())[0]] == [True]
    assert ran == []


def test_no_packs_are_made_of_figures_older_than_the_files(home, ran, tmp_path):
    send(home, tmp_path, POLICE, "2025-02")

    with pytest.raises(NothingToReleaseError, match="since disclosure ran"):
        pipeline.packs(home, small_policy())
    assert ran == []
    assert outcome(home) == "D502"

    pipeline.run(home, small_policy())
    pipeline.packs(home, small_policy())
    assert "disclosure" in ran
    assert outcome(home) == "done"


def test_no_packs_are_made_of_figures_released_under_another_policy(home, ran):
    with pytest.raises(NothingToReleaseError):
        pipeline.packs(home, stricter_policy())

    pipeline.run(home, stricter_policy())
    pipeline.packs(home, stricter_policy())
    assert ran == ["disclosure", "packs"]


@pytest.mark.parametrize(
    "name", ["disclosure", "recipients", "definitions", "linkage", "signals", "estimates", "clusters"]
)
def test_a_faulty_policy_is_said_before_the_first_step(home, ran, tmp_path, name):
    send(home, tmp_path, POLICE, "2025-02")
    policy = small_policy()
    faulty = {
        "disclosure": {**policy.files, "disclosure": {**policy.file("disclosure"), "counts": {}}},
        "recipients": {**policy.files, "recipients": {"recipients": [{"partner_type": "x"}]}},
        "definitions": policy.files,
        "linkage": {**policy.files, "linkage": {**policy.file("linkage"), "kept_probability": 2}},
        "clusters": {**policy.files, "clusters": {**policy.file("clusters"), "level": 2}},
        "signals": {**policy.files, "signals": {**policy.file("signals"), "lines": {}}},
        "estimates": {**policy.files, "estimates": {**policy.file("estimates"), "areas": {}}},
    }[name]
    definitions = {"x": {"id": "y"}} if name == "definitions" else policy.definitions
    before = outcome(home)

    with pytest.raises(PolicyError):
        pipeline.run(home, dataclasses.replace(policy, files=faulty, definitions=definitions))

    assert (ran, outcome(home)) == ([], before)


def test_changed_code_runs_again(home, ran, monkeypatch):
    monkeypatch.setattr(pipeline, "code_fingerprint", lambda: "another")

    pipeline.run(home, small_policy())
    pipeline.packs(home, small_policy())

    assert ran == ["disclosure", "packs"]


def test_a_step_that_does_not_hold_the_key_is_not_handed_it(home, monkeypatch):
    handed = {}

    def step(name, table, *, holds_key):
        def take(engine, context):
            handed[name] = (context.pseudonym_key_id, context.pseudonym_key)
            engine.load(table, one_row(table))

        return Step(name, take, reads=("submissions",), writes=(table,), holds_key=holds_key)

    steps = (step("with", "outcomes", holds_key=True), step("without", "listings", holds_key=False))
    monkeypatch.setattr(pipeline, "STEPS", steps)

    pipeline.run(home, small_policy())

    assert handed == {"with": home.pseudonym_key(), "without": ("", b"")}


@pytest.fixture
def told(monkeypatch):
    """The real quality step and one beside it; the months that each was told, the latest run's last."""
    months = []
    quality = next(step for step in pipeline.STEPS if step.name == "quality")

    def take(engine, context):
        months.append(context.period)
        engine.load("released", one_row("released", len(months)))

    def check(engine, context):
        assert context.period == ""
        quality.run(engine, context)

    steps = (
        dataclasses.replace(quality, run=check),
        Step("disclosure", take, reads=("outcomes",), writes=("released",), told_period=True),
    )
    monkeypatch.setattr(pipeline, "STEPS", steps)
    return months


def test_a_mistyped_month_is_the_last_one_no_more_once_it_is_mended(tmp_path, told):
    home = small_home(tmp_path)
    for provider in (ED, POLICE):
        send(home, tmp_path, provider, "2025-01")
    wrong = month_rows(POLICE, "2025-06", version=1)
    right = [[*month_rows(POLICE, "2025-01")[row][:2], old[2], "2", f"0{row + 1}/01/2025 09:00", "8N"]
             for row, old in enumerate(wrong)]  # fmt: skip
    for rows in (wrong, right):
        pipeline.run(home, small_policy())
        intake.submit(home, write_file(tmp_path / POLICE / "x.csv", POLICE, rows), policy=small_policy())
    pipeline.run(home, small_policy())

    assert told == ["2025-01", "2025-06", "2025-01"]


def test_no_packs_are_made_of_a_run_that_was_cut_short(home, ran, tmp_path, monkeypatch):
    send(home, tmp_path, POLICE, "2025-02")
    with monkeypatch.context() as patch:
        patch.setattr(TableStore, "replace_in_pieces", cut)
        with pytest.raises(KeyboardInterrupt):
            pipeline.run(home, small_policy())
    ran.clear()

    with pytest.raises(NothingToReleaseError):
        pipeline.packs(home, small_policy())
    assert ran == []


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_cut_short_at_any_table_ends_as_one_that_was_not(home, ran, tmp_path, monkeypatch, at, when):
    send(home, tmp_path, POLICE, "2025-02")
    calls = [0]
    replace = TableStore.replace_in_pieces

    def cut_at(store, name, pieces):
        calls[0] += 1
        if (calls[0], when) == (at, "before"):
            raise KeyboardInterrupt
        rows = replace(store, name, pieces)
        if calls[0] == at:
            raise KeyboardInterrupt
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(TableStore, "replace_in_pieces", cut_at)
        with pytest.raises(KeyboardInterrupt):
            pipeline.run(home, small_policy())
    ran.clear()

    pipeline.run(home, small_policy())
    pipeline.packs(home, small_policy())

    assert ran == ["disclosure", "packs"]
    with reading(home) as tables:
        assert tables.read("released").equals(one_row("released", 8))
        assert tables.read("release_register").equals(one_row("release_register", 8))


def cut(*_):
    raise KeyboardInterrupt


def test_a_home_whose_only_month_is_held_back_for_the_most_part_says_so(tmp_path):
    home = small_home(tmp_path)
    rows = month_rows(ED, "2025-01")
    for row in rows[:2]:
        row[4] = "no date"
    intake.submit(home, write_file(tmp_path / ED / "a.csv", ED, rows), policy=small_policy())

    with pytest.raises(NothingToReleaseError, match="of no month"):
        pipeline.run(home, small_policy())
    assert outcome(home) == "D502"
