"""Kinds of source: those we ship, those that policy declares; and policy that lies in several folders."""

import datetime as dt

import pytest

from preventable.codes import allowed, recorded_by
from preventable.errors import PolicyError
from preventable.settings import Policy, load_policy, policy_folders
from preventable.tables.source_kinds import source_kind, source_kinds

HEAD = {"owner": "o", "reviewer": "r", "reviewed": dt.date(2026, 1, 1), "review_by": dt.date(2027, 1, 1)}
COUNTS = {**HEAD, "id": "area_counts", "title": "Counts by area", "form": "counts", "monthly": True}
EVENTS = {**HEAD, "id": "dental", "title": "Dentists", "form": "events", "minutes_before_contact": 1440}


def policy(**sources):
    return Policy({}, {}, sources)


def test_kinds_that_we_ship_stand_first_and_know_what_they_record():
    kinds = source_kinds(policy(dental=EVENTS))

    assert tuple(kinds) == (*allowed("source"), "dental")
    assert [name for name, kind in kinds.items() if kind.monthly] == [*allowed("event_source"), "dental"]
    assert kinds["ed"].recorded == recorded_by("ed")
    assert not kinds["licensing"].declared


def test_a_declaration_says_what_may_be_known_of_a_row():
    kinds = source_kinds(policy(dental={**EVENTS, "recorded": ["sex"], "categories": ["assault"]}))

    assert kinds["dental"].recorded == ("sex",)
    assert kinds["dental"].categories == ("assault",)
    assert kinds["dental"].minutes_before_contact == 1440
    assert source_kinds(policy(area_counts=COUNTS))["area_counts"].form == "counts"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"form": "pages"}, "form"),
        ({"id": "other"}, "name of the file"),
        ({"title": ""}, "lacks title"),
        ({"minutes_before": 3}, "nothing reads: minutes_before"),
        ({"minutes_before_contact": -1}, "minutes_before_contact"),
        ({"monthly": "yes"}, "monthly"),
        ({"recorded": ["shoe_size"]}, "shoe_size"),
        ({"precision": "second"}, "precision"),
        ({"contact_to": "century"}, "contact_to"),
    ],
)
def test_a_declaration_that_is_not_well_formed_is_refused(change, words):
    with pytest.raises(PolicyError, match=words):
        source_kinds(policy(dental={**EVENTS, **change}))


def test_a_declaration_cannot_take_the_name_of_a_kind_that_we_ship():
    with pytest.raises(PolicyError, match="we ship"):
        source_kinds(policy(ed={**EVENTS, "id": "ed"}))


def test_a_source_that_nobody_declared_is_refused_in_the_name_of_what_named_it():
    with pytest.raises(PolicyError, match="a definition"):
        source_kind(policy(), "dental", where="a definition")


def test_policy_may_lie_in_several_folders_and_the_later_goes_first(tmp_path, monkeypatch):
    ours = policy_folders()[0]
    (tmp_path / "sources").mkdir()
    limits = (ours / "limits.toml").read_text(encoding="utf-8")
    (tmp_path / "limits.toml").write_text(limits.replace("reviewed = ", "reviewed = 2020-02-29 #"), "utf-8")
    head = 'owner="o"\nreviewer="r"\nreviewed=2026-01-01\nreview_by=2027-01-01\n'
    (tmp_path / "sources" / "dental.toml").write_text(head, encoding="utf-8")
    monkeypatch.setenv("PREVENTABLE_POLICY", f"{ours}:{tmp_path}")

    both = load_policy()

    assert both.file("limits")["reviewed"] == dt.date(2020, 2, 29)
    assert both.file("disclosure") == load_policy(ours).file("disclosure")
    assert set(both.sources) == {"dental"}
    assert both.definitions == load_policy(ours).definitions
