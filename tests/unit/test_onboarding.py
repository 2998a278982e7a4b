"""The onboarding checklist: states as of a day, steps reached, and what policy must not say."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest
from conftest import preventable_here

from preventable.errors import PolicyError
from preventable.partners.onboarding import Said, read_checklist
from preventable.partners.onboarding_pages import onboarding_document, tell_onboarding
from preventable.settings import Policy, load_policy
from preventable.stages.packs.blocks import TableBlock

TOLD: dict[str, Any] = {
    "owner": "o", "reviewer": "r", "reviewed": dt.date(2026, 1, 1), "review_by": dt.date(2027, 1, 1),
    "steps": [{"id": "first", "title": "ready for the first"}, {"id": "second", "title": "ready for the second"}],
    "items": [
        {"id": "paper", "step": "second", "part": ["sends", "receives"], "title": "Paper", "renewed": True},
        {"id": "talk", "step": "first", "part": ["sends", "receives"], "title": "Talk"},
        {"id": "desk", "step": "first", "part": ["sends"], "sources": ["ed"], "title": "Desk"},
    ],
    "partners": [
        {
            "id": "ed-testwick", "name": "Testwick (invented)", "part": ["sends"], "source": "ed", "contact": "manager",
            "items": {
                "talk": {"state": "completed", "on": dt.date(2026, 2, 1)},
                "desk": {"state": "in_progress", "by": dt.date(2026, 3, 10), "next": "order it"},
                "paper": {"state": "completed", "on": dt.date(2026, 2, 1), "until": dt.date(2026, 12, 31)},
            },
        },
        {
            "id": "office", "name": "Office (invented)", "part": ["receives"], "contact": "analyst",
            "items": {
                "talk": {"state": "completed", "on": dt.date(2026, 2, 1)},
                "paper": {"state": "completed", "on": dt.date(2026, 2, 1), "until": dt.date(2026, 12, 31)},
            },
        },
    ],
}  # fmt: skip


def policy_with(*path: str | int, value: Any = None) -> Policy:
    """A policy of that checklist, one place of it changed."""
    told = copy.deepcopy(TOLD)
    at: Any = told
    for key in path[:-1]:
        at = at[key]
    if path:
        at[path[-1]] = value
    return Policy({"onboarding": told})


@pytest.mark.parametrize(
    ("said", "day", "state"),
    [
        (Said("completed", on=dt.date(2026, 2, 1)), dt.date(2026, 1, 31), "in_progress"),
        (Said("completed", on=dt.date(2026, 2, 1)), dt.date(2026, 2, 1), "completed"),
        (Said("completed", dt.date(2024, 2, 29), dt.date(2026, 2, 28)), dt.date(2026, 2, 28), "completed"),
        (Said("completed", dt.date(2024, 2, 29), dt.date(2026, 2, 28)), dt.date(2026, 3, 1), "lapsed"),
        (Said("in_progress", by=dt.date(2026, 3, 1), next_step="x"), dt.date(2026, 3, 1), "in_progress"),
        (Said("in_progress", by=dt.date(2026, 3, 1), next_step="x"), dt.date(2026, 3, 2), "overdue"),
        (Said("not_started", by=dt.date(2026, 3, 1)), dt.date(2026, 3, 2), "overdue"),
        (Said(), dt.date(2026, 3, 2), "not_started"),
    ],
    ids=["before", "that day", "last day", "day after", "aimed at", "past it", "not begun", "nothing said"],
)
def test_state_of_an_item_is_that_of_the_day(said, day, state):
    assert said.state_on(day) == state


@pytest.mark.parametrize(
    ("day", "reached"), [((2026, 1, 31), ""), ((2026, 12, 31), "second"), ((2027, 1, 1), "first")]
)
def test_a_partner_is_as_far_as_the_last_step_before_which_all_stands(day, reached):
    told = read_checklist(policy_with())

    assert told.step_of(told.partners[1], dt.date(*day)) == reached


def test_what_is_asked_of_senders_of_a_kind_is_asked_of_nobody_else():
    told = read_checklist(policy_with())

    assert [[item.id for item in told.asked(one)] for one in told.partners] == [
        ["talk", "desk", "paper"],
        ["talk", "paper"],
    ]
    assert told.step_of(told.partners[0], dt.date(2026, 6, 1)) == ""


def test_what_is_asked_of_senders_of_one_kind_is_not_asked_of_those_of_another():
    items = TOLD["partners"][1]["items"]
    police = {**TOLD["partners"][0], "id": "police", "source": "police", "items": items}

    told = read_checklist(policy_with("partners", value=[police]))

    assert [item.id for item in told.asked(told.partners[0])] == ["talk", "paper"]
    assert told.step_of(told.partners[0], dt.date(2026, 6, 1)) == "second"


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (("mispelt",), 1, "a key that nothing reads: mispelt"),
        (("items", 0, "step"), "third", "names no step"),
        (("items", 0, "part"), ["watches"], "names what we do not know: watches"),
        (("items", 0, "renewed"), "yes", "renewed is neither true nor false"),
        (("items", 0, "id"), "talk", "two of .*items.* have one id"),
        (("partners", 0, "id"), "office", "two of .*partners.* have one id"),
        (("partners", 1, "source"), "ed", "does not send"),
        (("partners", 0, "items", "tlak"), {"state": "not_started"}, "a key that nothing reads: tlak"),
        (("partners", 0, "items", "talk"), {"state": "done"}, "is none of not_started"),
        (("partners", 0, "items", "talk"), {"state": "completed"}, "lacks on"),
        (("partners", 0, "items", "talk"), {"state": "completed", "on": "soon"}, "is no day"),
        (
            ("partners", 0, "items", "talk"),
            {"state": "completed", "on": dt.datetime(2026, 2, 1, 9, tzinfo=dt.UTC)},
            "is no day",
        ),
        (
            ("partners", 0, "items", "talk"),
            {"state": "completed", "on": dt.date(2026, 2, 1), "until": dt.date(2026, 12, 31)},
            "a key that nothing reads: until",
        ),
        (("partners", 0, "items", "paper"), {"state": "completed", "on": dt.date(2026, 2, 1)}, "lacks until"),
        (
            ("partners", 0, "items", "paper"),
            {"state": "completed", "on": dt.date(2026, 2, 1), "until": dt.date(2026, 1, 31)},
            "ends before",
        ),
        (("partners", 0, "items", "desk"), {"state": "in_progress", "by": dt.date(2026, 2, 1)}, "lacks next"),
        (("partners", 0, "contact"), " ", "has no contact"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_what_policy_must_not_say_is_refused(path, value, found):
    with pytest.raises(PolicyError, match=found):
        read_checklist(policy_with(*path, value=value))


def test_an_item_may_end_on_the_day_on_which_it_was_completed():
    day = dt.date(2026, 2, 1)
    one_day = {"state": "completed", "on": day, "until": day}

    told = read_checklist(policy_with("partners", 0, "items", "paper", value=one_day))

    assert told.partners[0].said["paper"].state_on(day) == "completed"


def test_page_has_every_partner_and_puts_what_has_lapsed_first():
    told = read_checklist(policy_with())

    document = onboarding_document(told, dt.date(2027, 1, 1))

    overview, *tables = [block for block in document.blocks if isinstance(block, TableBlock)]
    assert [[cell.text for cell in row.cells] for row in overview.rows] == [
        ["preparing", "1", "1", "0", "0", "1"],
        ["ready for the first", "1", "0", "0", "0", "1"],
    ]
    assert [[row.head for row in table.rows] for table in tables] == [
        ["Paper", "Desk", "Talk"],
        ["Paper", "Talk"],
    ]
    assert document.title == "2 partners lack something"


def test_nobody_and_nothing_lacking_are_told():
    nobody = policy_with("partners", value=[])
    office = policy_with("partners", value=[TOLD["partners"][1]])

    assert tell_onboarding(nobody, on=dt.date(2026, 6, 1)) == [
        "policy/onboarding.toml names no partner on 2026-06-01"
    ]
    assert tell_onboarding(office, on=dt.date(2026, 6, 1)) == ["office: ready for the second"]


def test_the_verb_tells_the_shipped_checklist_and_writes_over_nothing(tmp_path):
    page = tmp_path / "onboarding.html"

    told = preventable_here("onboarding", "--on", "2026-11-26", "--page", page)
    again = preventable_here("onboarding", "--on", "2026-11-26", "--page", page, expect=2)
    odd = preventable_here("onboarding", "--on", "26/11/2026", expect=2)

    shipped = read_checklist(load_policy())
    assert [line.partition(":")[0] for line in told.stdout.splitlines() if line[0] != " "][:-1] == [
        one.id for one in shipped.partners
    ]
    assert b"<h1" in page.read_bytes()
    assert "not written over" in again.stderr
    assert "it is no day" in odd.stderr
