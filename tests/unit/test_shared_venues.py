"""Records whose words leave their place between several venues: what figures of these venues get of them."""

from __future__ import annotations

import pytest
from figures_world import (
    SMALL_AREAS,
    context,
    figures,
    handed_on,
    months,
    record,
    released_from,
    rows_of,
    session,
    world,
)

from preventable.errors import ReleaseRefusedError
from preventable.stages.disclosure import stage as disclosure
from preventable.stages.indicators.stage import count_indicators
from preventable.tables import TABLES

MONTHS = months(12)
V2 = {"venue_id": "V002", "small_area": SMALL_AREAS[4]}


def counted(named, shares, **columns):
    """The session after figures: `named` records name V002, and others may mean venues by these shares."""
    between = [record(900 + number, place_kind="none", **columns) for number in range(len(shares))]
    engine = world([*(record(number, **V2) for number in range(named)), *between], MONTHS)
    rows = [
        {"record_key": one["record_key"], "rank": rank, "place_id": place, "weight": weight}
        for one, of in zip(between, shares, strict=True)
        for rank, (place, weight) in enumerate(of.items(), 1)
    ]
    engine.load("shared_records", rows_of("shared_records", rows))
    count_indicators(engine, context())
    return engine


def shares_of(engine):
    rows = TABLES["venue_shares"].conform(engine.table("venue_shares")).to_pylist()
    return {row["figure"]: row["millionths"] for row in rows}


def name_of(venue, definition="ed_venue_attendances"):
    return f"{definition}.v1/venue/{venue}/last12/2025-12/all/all/count"


def shown(engine, venue="V002"):
    rows = released_from(session(handed_on(engine)))
    return {(row["value"], row["value_note"]) for row in rows if row["figure"] == name_of(venue)}


def test_each_venue_gets_the_sum_of_its_shares_and_no_count_changes():
    engine = counted(2, [{"V002": 0.6, "V003": 0.25}, {"V002": 0.3, "V003": 0.3}, {"XT1": 0.9}])

    assert shares_of(engine) == {name_of("V002"): 900_000, name_of("V003"): 550_000}
    assert {venue: figures(engine)[name_of(venue)]["count"] for venue in ("V002", "V003")} == {
        "V002": 2,
        "V003": 0,
    }


@pytest.mark.parametrize("columns", [{"month": "2024-12"}, {"provider": "police", "source": "police"}])
def test_what_a_definition_does_not_count_is_not_shared(columns):
    assert shares_of(counted(0, [{"V002": 0.6}], **columns)) == {}


@pytest.mark.parametrize(
    ("named", "shares", "value", "note"),
    [
        (8, [], 10.0, ""),
        (10, [0.5] * 4, 10.0, ""),
        (10, [0.5] * 5, 15.0, ""),
        (12, [0.499_999], 10.0, ""),
        (12, [0.5], 15.0, ""),
        (7, [0.9] * 20, None, "[c]"),
        (0, [0.9] * 20, None, "[c]"),
    ],
)
def test_shares_make_a_shown_count_fuller_and_never_show_one(named, shares, value, note):
    assert shown(counted(named, [{"V002": share} for share in shares])) == {(value, note)}


def test_the_guard_refuses_a_count_without_its_shares(monkeypatch):
    engine = session(handed_on(counted(12, [{"V002": 0.5}])))
    without = disclosure._statement("shown_counts").replace("coalesce(h.millionths, 0)", "0")
    true = disclosure._statement
    monkeypatch.setattr(
        disclosure, "_statement", lambda name: without if name == "shown_counts" else true(name)
    )

    with pytest.raises(ReleaseRefusedError):
        disclosure.protect_indicators(engine, context())
