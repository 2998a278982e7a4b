"""Decisions about place texts: added and never changed, whole or not at all, undone by another act."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import replace

import pytest
from small_home import small_home

from preventable.errors import DamagedFileError, HomeBusyError, UnknownDecisionError
from preventable.store import durable
from preventable.store.decisions import (
    NewDecision,
    decisions_table,
    keep_decisions,
    kept_decisions,
    undo_decision,
)
from preventable.store.session import writing

ONE, TWO = NewDecision("p", 1, "ZXA01", "place", "XV1"), NewDecision("q", 1, "*", "none", None)
OTHER = NewDecision("p", 1, "ZXA01", "none", None)
FILE = b"as it was filled in"


def keep(home, *decisions, by="A. Tester (invented)", at="2026-01-02T03:04:05+00:00"):
    return keep_decisions(home, decisions, by=by, at=at, source=FILE)


def undo(home, number):
    return undo_decision(home, number, by="B. Tester (invented)", at="2026-02-03T04:05:06+00:00")


@pytest.fixture
def home(tmp_path):
    return small_home(tmp_path)


def numbers(home):
    return decisions_table(kept_decisions(home)).column("decision").to_pylist()


def test_a_home_without_decisions_has_an_empty_table(home):
    assert kept_decisions(home) == []
    assert decisions_table([]).num_rows == 0


def test_decisions_are_numbered_on_and_keep_who_when_and_from_which_file(home):
    first, second = keep(home, ONE, TWO), keep(home, OTHER)

    assert [one.decision for one in first + second] == [1, 2, 3]
    assert kept_decisions(home) == first + second
    assert (first[0].by, first[0].at) == ("A. Tester (invented)", "2026-01-02T03:04:05+00:00")
    assert first[0].source_sha256 == hashlib.sha256(FILE).hexdigest()


def test_a_file_without_a_decision_is_no_act(home):
    assert keep(home) == []
    assert not (home.restricted / "decisions").exists()


def test_two_decisions_about_one_text_are_both_kept(home):
    keep(home, ONE, NewDecision("p", 1, "ZXA01", "generic", None))

    assert numbers(home) == [1, 2]


def test_a_decision_undone_is_kept_and_not_in_the_table(home):
    keep(home, ONE, TWO)

    undo(home, 1)

    assert [(one.decision, one.undone, one.undone_by) for one in kept_decisions(home)] == [
        (1, True, "B. Tester (invented)"),
        (2, False, ""),
    ]
    assert numbers(home) == [2]


def test_a_decision_taken_after_an_undo_has_a_new_number(home):
    keep(home, ONE)
    undo(home, 1)

    assert [one.decision for one in keep(home, ONE)] == [2]


@pytest.mark.parametrize(("number", "words"), [(2, "has 1 decisions"), (1, "undone before")])
def test_what_cannot_be_undone_says_why(home, number, words):
    keep(home, ONE)
    if number == 1:
        undo(home, 1)

    with pytest.raises(UnknownDecisionError, match=words):
        undo(home, number)


def test_the_files_are_private_and_never_change(home):
    keep(home, ONE)
    folder = home.restricted / "decisions"
    before = (folder / "000001.json").read_bytes()

    keep(home, TWO)
    undo(home, 1)

    assert sorted(path.name for path in folder.glob("*.json")) == [
        "000001.json",
        "000002.json",
        "000003.json",
    ]
    assert (folder / "000001.json").read_bytes() == before
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_changed_act_is_found(home):
    keep(home, ONE)
    path = home.restricted / "decisions" / "000001.json"
    path.write_bytes(path.read_bytes().replace(b"XV1", b"XV2"))

    with pytest.raises(DamagedFileError):
        kept_decisions(home)
    with pytest.raises(DamagedFileError):
        home.verify()


def test_nothing_is_taken_while_another_process_writes(home):
    with writing(home), pytest.raises(HomeBusyError):
        keep(home, ONE)


@pytest.mark.parametrize(
    "act", [lambda home: keep(home, TWO, OTHER), lambda home: undo(home, 1)], ids=["take", "undo"]
)
def test_an_act_cut_short_at_any_call_counts_whole_or_not_at_all(tmp_path, monkeypatch, act):
    """Each write, fsync and rename fails in its turn, as when the process is killed: nothing after it is done."""
    calls, failed = 0, 0
    while True:
        calls += 1
        home = small_home(tmp_path / str(calls))
        keep(home, ONE)
        before = kept_decisions(home)
        with monkeypatch.context() as patch:
            left = _fail_at(patch, calls)
            try:
                act(home)
            except OSError:
                failed += 1
            if left() > 0:
                break
        after = kept_decisions(home)
        assert after == before or _is_whole(before, after)
        if after == before:
            act(home)
            assert _is_whole(before, kept_decisions(home))
        with writing(home):
            pass
        assert [path.name for path in (home.restricted / "decisions").glob("*.tmp")] == []
        home.verify()

    assert failed == calls - 1 >= 6


def _is_whole(before, after):
    return len(after) == len(before) + 2 or (len(after) == len(before) and after[0].undone)


def _fail_at(patch, number):
    """Let the call of that number fail, and no file be removed after it; tells how many calls were left over."""
    left = number

    def counted(name):
        original = getattr(os, name)

        def call(*arguments):
            nonlocal left
            left -= 1
            if left == 0:
                patch.setattr(durable.Path, "unlink", lambda *_, **__: None)
            if left <= 0:
                raise OSError(5, "killed here")
            return original(*arguments)

        return call

    for name in ("write", "fsync", "replace"):
        patch.setattr(durable.os, name, counted(name))
    return lambda: left


@pytest.mark.parametrize(
    ("before", "taken", "added"),
    [
        ([ONE, TWO], [ONE, TWO], []),
        ([ONE], [ONE, TWO, TWO], [TWO]),
        ([ONE, OTHER], [ONE], [ONE]),
        # A decision for all sites went over that of one site: taken again, that one goes over it.
        ([ONE, replace(OTHER, site_code="*")], [ONE], [ONE]),
        ([replace(ONE, site_code="*"), OTHER], [replace(ONE, site_code="*")], [replace(ONE, site_code="*")]),
        # Another site is not concerned, nor another form of phrases.
        ([ONE, replace(OTHER, site_code="ZXB01")], [ONE], []),
        ([replace(ONE, form=0)], [ONE], [ONE]),
    ],
)
def test_what_holds_already_is_not_taken_again(home, before, taken, added):
    keep(home, *before)

    assert [one.said for one in keep(home, *taken)] == added
    assert [one.said for one in kept_decisions(home)] == before + added


def test_a_decision_that_was_undone_may_be_taken_again_and_undone_once_more(home):
    keep(home, ONE)
    undo(home, 1)
    keep(home, ONE)
    keep(home, ONE)

    assert numbers(home) == [2]
    undo(home, 2)
    assert numbers(home) == []
