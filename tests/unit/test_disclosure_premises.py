"""What is told of premises: from shown counts alone, in words and intervals, to those who have the counts."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace

import pytest
from figures_world import policy

from preventable.errors import PolicyError, ReleaseRefusedError
from preventable.stages.disclosure.cells import Cell
from preventable.stages.disclosure.guard_premises import check_premises
from preventable.stages.disclosure.premises_told import (
    PREMISES_ESTIMATES,
    PREMISES_EXCESS,
    PremisesTold,
    Register,
    counts_behind,
    released_premises,
)
from preventable.stages.disclosure.recipients import read_recipients
from preventable.stages.disclosure.rule import read_release_rule
from preventable.tables import TABLES
from preventable.tables.estimate_rules import read_estimate_rules

RULE, POLICY = read_release_rule(policy()), read_estimate_rules(policy()).premises
DEFINITION = "ed_venue_attendances"
SOURCES = {DEFINITION: "ed"}
VENUES = [f"V{at:03d}" for at in range(60)]
TOLD = (
    PremisesTold("licensing-a", "XD01", PREMISES_ESTIMATES, (DEFINITION,)),
    PremisesTold("licensing-b", "XD02", PREMISES_ESTIMATES, (DEFINITION,)),
)
REGISTER = {
    venue: Register("pub" if at % 2 else "bar", 80 if at % 3 else 250, None, None)
    for at, venue in enumerate(VENUES)
}
DISTRICTS = {("venue", venue): "XD01" if at < 40 else "XD02" for at, venue in enumerate(VENUES)}


def exact(seed: int = 1) -> dict[str, int]:
    """Counts of premises, two of them bad."""
    chance = random.Random(seed)
    counts = {venue: sum(chance.random() < 0.5 for _ in range(14)) for venue in VENUES}
    return {**counts, "V005": 60, "V055": 55}


def shown(counts: dict[str, int], token: str = "") -> list[dict]:
    """The counts as the release rule shows them."""
    return [
        {
            "definition": DEFINITION, "definition_version": 1, "source": "ed", "area_type": "venue", "area": venue,
            "period_type": "last12", "period_start": "2025-01", "period_end": "2025-12",
            "value": None if count < 8 or token else float((2 * count + 5) // 10 * 5),
            "value_note": token or ("[c]" if count < 8 else ""),
        }
        for venue, count in counts.items()
    ]  # fmt: skip


def cells(rows: list[dict]) -> dict[str, Cell]:
    """The same counts as the guard of figures names them."""
    return {
        f"{DEFINITION}.v1/venue/{row['area']}/last12/2025-12/all/all": Cell(row["value"], row["value_note"])
        for row in rows
    }


def told(rows: list[dict], to=TOLD, register=REGISTER) -> list[dict]:
    """What is told, after its last look."""
    found = released_premises(rows, register, DISTRICTS, to, rule=RULE, policy=POLICY)
    check_premises(found, cells(rows), register, DISTRICTS, to, sources=SOURCES, rule=RULE, policy=POLICY)
    names = set(TABLES["released_estimates"].arrow_schema().names)
    assert all(set(row) == names for row in found)
    return found


def test_bad_premises_are_told_in_words_and_each_partner_of_its_own():
    rows = told(shown(exact()))

    words = {
        (row["recipient"], row["area"]): row["category"] for row in rows if row["estimate"] == PREMISES_EXCESS
    }
    assert {key for key, tier in words.items() if tier == "well_above"} == {
        ("licensing-a", "V005"),
        ("licensing-b", "V055"),
    }
    assert all(DISTRICTS["venue", venue] == {"licensing-a": "XD01"}.get(who, "XD02") for who, venue in words)


def test_a_rank_leaves_as_an_interval_and_never_alone():
    ranks = [row for row in told(shown(exact())) if row["estimate"] != PREMISES_EXCESS]

    assert ranks
    for row in ranks:
        assert row["value"] is None
        assert (row["value_note"], row["note"] != "") == ("[z]", True)
        assert 1 <= row["lower"] <= row["upper"]


def test_what_is_told_is_the_same_for_all_counts_that_are_shown_alike():
    """So no count is bounded more tightly than by its cell: another home with the same list is told the same."""
    first = exact()
    chance = random.Random(4)
    other = {}
    for row in shown(first):
        low, high = counts_behind(row, RULE)
        other[row["area"]] = chance.randint(low, high)

    assert other != first
    assert shown(other) == shown(first)
    assert told(shown(other)) == told(shown(first))


@pytest.mark.parametrize(
    ("value", "low", "high"), [(None, 0, 7), (10.0, 8, 12), (15.0, 13, 17), (45.0, 43, 47)]
)
def test_the_range_behind_a_cell_is_every_count_that_is_shown_so(value, low, high):
    assert counts_behind({"value": value}, RULE) == (low, high)


def test_of_premises_without_a_shown_count_or_not_available_nothing_is_told():
    counts = exact()
    rows = told(shown(counts))

    assert {row["area"] for row in rows} == {venue for venue, count in counts.items() if count >= 8}
    assert told(shown(counts, token="[x]")) == []
    assert told([]) == []


def test_premises_that_were_closed_are_neither_told_of_nor_compared_with():
    closed = {**REGISTER, "V005": replace(REGISTER["V005"], closed_on=dt.date(2024, 12, 31))}

    assert "V005" not in {row["area"] for row in told(shown(exact()), register=closed)}


def test_only_those_who_are_granted_it_are_told():
    rows = shown(exact())

    assert told(rows, to=()) == []
    assert told(rows, to=(replace(TOLD[0], definitions=()),)) == []
    only = told(rows, to=(replace(TOLD[0], estimates=(PREMISES_EXCESS,)),))
    assert {row["estimate"] for row in only} == {PREMISES_EXCESS}


def spoiled(rows, **changes):
    first = next(
        at for at, row in enumerate(rows) if row["estimate"] == PREMISES_EXCESS and row["value"] > 0.5
    )
    return [{**row, **changes} if at == first else row for at, row in enumerate(rows)]


@pytest.mark.parametrize(
    "changes",
    [
        {"value": 0.01},
        {"value": 0.999},
        {"category": "not_told_apart"},
        {"recipient": "licensing-b"},
        {"recipient": "somebody"},
        {"area": "V050"},
        {"lower": 0.5},
        {"estimate": "premises_rank"},
        {"upper": 60.0},
        {"lower_if_hidden": 0.6},
        {"note": "60 records"},
        {"figure": "premises_excess/60"},
        {"definition": "ambulance_venue_callouts"},
        {"source": "police"},
        {"period_start": "2025-01-02"},
        {"breakdown": "window"},
        {"area_type": "district"},
        {"value_note": "[z]"},
    ],
)
def test_the_guard_refuses_what_shown_counts_do_not_give(changes):
    rows = shown(exact())
    found = released_premises(rows, REGISTER, DISTRICTS, TOLD, rule=RULE, policy=POLICY)

    with pytest.raises(ReleaseRefusedError):
        check_premises(
            spoiled(found, **changes),
            cells(rows),
            REGISTER,
            DISTRICTS,
            TOLD,
            sources=SOURCES,
            rule=RULE,
            policy=POLICY,
        )


def test_the_guard_refuses_a_rank_that_is_narrower():
    rows = shown(exact())
    found = released_premises(rows, REGISTER, DISTRICTS, TOLD, rule=RULE, policy=POLICY)
    spoilt = [
        {**row, "upper": row["upper"] - 1} if row["estimate"] == "premises_rank" and row["upper"] > 1 else row
        for row in found
    ]

    with pytest.raises(ReleaseRefusedError, match="its upper"):
        check_premises(
            spoilt, cells(rows), REGISTER, DISTRICTS, TOLD, sources=SOURCES, rule=RULE, policy=POLICY
        )


@pytest.mark.parametrize(
    "change", [{"category": "60 exact"}, {"note": "60 exact"}, {"value": 1.0}, {"value_note": ""}]
)
def test_the_guard_refuses_a_rank_that_says_more(change):
    rows = shown(exact())
    found = released_premises(rows, REGISTER, DISTRICTS, TOLD, rule=RULE, policy=POLICY)
    spoilt = [row | change if row["estimate"] == "premises_rank" else row for row in found]

    with pytest.raises(ReleaseRefusedError, match=f"its {next(iter(change))} is"):
        check_premises(
            spoilt, cells(rows), REGISTER, DISTRICTS, TOLD, sources=SOURCES, rule=RULE, policy=POLICY
        )


@pytest.mark.parametrize("change", [lambda rows: rows[1:], lambda rows: [*rows, rows[0]], lambda rows: []])
def test_the_guard_refuses_premises_that_are_left_out_or_doubled(change):
    rows = shown(exact())
    found = released_premises(rows, REGISTER, DISTRICTS, TOLD, rule=RULE, policy=POLICY)

    with pytest.raises(ReleaseRefusedError, match="left out|twice"):
        check_premises(
            change(found), cells(rows), REGISTER, DISTRICTS, TOLD, sources=SOURCES, rule=RULE, policy=POLICY
        )


def test_the_guard_refuses_what_exact_counts_give():
    """Judged on exact counts premises could stand where no shown count puts them."""
    counts = exact()
    exactly = [{**row, "value": float(counts[row["area"]])} for row in shown(counts)]
    one_rule = replace(RULE, rounding_base=1, minimum_count=1)
    found = released_premises(exactly, REGISTER, DISTRICTS, TOLD, rule=one_rule, policy=POLICY)

    with pytest.raises(ReleaseRefusedError):
        check_premises(
            found, cells(shown(counts)), REGISTER, DISTRICTS, TOLD, sources=SOURCES, rule=RULE, policy=POLICY
        )


def test_estimates_of_premises_without_their_counts_are_refused():
    with pytest.raises(PolicyError, match="no counts by venue"):
        read_recipients(policy({("recipients", "recipients", 2, "estimates"): ["premises_rank"]}))


def test_who_may_have_which_counts_by_venue():
    kinds = {one.partner_type: one.counted_by_venue for one in read_recipients(policy())}

    assert kinds["licensing"] == ("ambulance_venue_callouts", "ed_venue_attendances")
    assert kinds["public_health"] == ()
