"""Missing months behind [x]: told to who sees the mark, by service and month alone, and in the pack's own notes."""

from __future__ import annotations

import pytest
from figures_world import context, counted, months, random_records
from packs_page import only_pages
from packs_world import COMMUNITY, PARTNERS, make_world

from preventable.errors import ReleaseRefusedError
from preventable.stages.disclosure.guard_late import check_gaps
from preventable.stages.disclosure.stage import protect_indicators
from preventable.stages.packs.stage import make_packs
from preventable.tables import TABLES

HELD = months(12)
RECORDS = random_records(11, 3_000, HELD)


def gaps(*missing):
    """Rows of released_gaps where some provider-months never came, and the session."""
    engine = counted(RECORDS, HELD, missing=missing)
    protect_indicators(engine, context(None, HELD[-1]))
    return TABLES["released_gaps"].conform(engine.table("released_gaps")).to_pylist(), engine


def test_a_provider_that_stopped_is_told_to_partners_whose_counts_are_marked_for_it():
    stopped = [("ed-south", month) for month in HELD[-3:]]

    rows, engine = gaps(*stopped)

    (row,) = [row for row in rows if row["recipient"] == "community_safety-XD01"]
    assert (row["figure"], row["provider"], row["kind"], row["period_start"], row["period_end"]) == (
        f"gap/ed/ed-south/{HELD[-3]}", "ed-south", "stopped", HELD[-3], HELD[-1],
    )  # fmt: skip
    marked = {
        one["recipient"]
        for one in engine.table("released").to_pylist()
        if one["source"] == "ed" and one["measure"] == "count" and one["value_note"] == "[x]"
        and one["period_end"] >= HELD[-3]
    }  # fmt: skip
    assert {one["recipient"] for one in rows} == marked
    registered = {one["figure"]: one for one in engine.table("release_register").to_pylist()}
    assert registered[row["figure"]]["value_note"] == f"stopped to {HELD[-1]}"
    assert registered[row["figure"]]["value"] is None


def test_where_every_month_came_nothing_is_told():
    assert gaps()[0] == []


def test_what_a_provider_carries_never_leaves():
    assert {column.type for column in TABLES["released_gaps"].columns} == {"text"}


FINDING = {
    "source": "ed", "provider": "ed-south", "kind": "gap", "first_month": "2025-03", "last_month": "2025-04",
}  # fmt: skip
TOLD = {
    "recipient": "one", "figure": "gap/ed/ed-south/2025-03", "source": "ed", "provider": "ed-south", "kind": "gap",
    "period_start": "2025-03", "period_end": "2025-04",
}  # fmt: skip
MARK = {
    "recipient": "one", "source": "ed", "measure": "count", "value_note": "[x]", "period_start": "2025-04",
    "period_end": "2025-04",
}  # fmt: skip


def test_the_guard_passes_a_gap_that_is_found_and_marked():
    check_gaps([TOLD], [MARK], [FINDING])
    check_gaps([], [], [])


@pytest.mark.parametrize(
    ("told", "mark", "finding", "words"),
    [
        ({}, {}, {"last_month": "2025-03"}, "not found"),
        ({"provider": "ed-north"}, {}, {}, "not found"),
        ({"kind": "stopped"}, {}, {}, "not found"),
        ({"recipient": "two"}, {}, {}, "is marked"),
        ({}, {"source": "police"}, {}, "is marked"),
        ({}, {"value_note": "[c]"}, {}, "is marked"),
        ({}, {"measure": "crude_rate"}, {}, "is marked"),
        ({}, {"period_start": "2025-05", "period_end": "2025-05"}, {}, "is marked"),
        ({"figure": "gap/7 records lost"}, {}, {}, "its name"),
        ({"kind": "areas_changed"}, {}, {"kind": "areas_changed"}, "not found"),
        ({"share": 0.4}, {}, {}, "columns"),
    ],
)
def test_the_guard_refuses_a_gap_that_is_not_there_or_not_marked(told, mark, finding, words):
    with pytest.raises(ReleaseRefusedError, match=words):
        check_gaps([TOLD | told], [MARK | mark], [FINDING | finding])


@pytest.mark.parametrize(("rows", "words"), [([], "left out"), ([TOLD, TOLD], "twice")])
def test_the_guard_refuses_a_gap_that_is_left_out_or_doubled(rows, words):
    with pytest.raises(ReleaseRefusedError, match=words):
        check_gaps(rows, [MARK], [FINDING])


def test_areas_that_changed_are_no_months_that_did_not_come():
    check_gaps([], [MARK], [FINDING | {"kind": "areas_changed"}])


def test_a_pack_names_the_service_and_the_months_and_another_partners_pack_does_not():
    world = make_world(months=12).only(*PARTNERS[:2])
    rows = [
        TOLD | {"recipient": PARTNERS[0], "figure": f"gap/{kind}/{first}", "kind": kind}
        | {"provider": "unlisted-service", "period_start": first, "period_end": last}
        for kind, first, last in (
            ("gap", "2025-03", "2025-04"), ("gap", "2025-06", "2025-06"), ("stopped", "2025-10", "2025-12"),
            ("not_yet_sent", "2025-12", "2025-12"), ("never_sent", "2025-01", "2025-12"),
        )
    ]  # fmt: skip
    gapped = world.with_gaps(rows)

    made = only_pages(gapped)

    page, other = (made[name].decode() for name in (COMMUNITY, f"{PARTNERS[1]}/licensing.html"))
    for words in (
        "has not sent March 2025 to April 2025.",
        "has not sent June 2025.",
        "has sent nothing from October 2025 on.",
        "has not sent December 2025 yet.",
        "has never sent.",
    ):
        assert f"unlisted-service {words}" in page
    assert "Months that have not come" not in other


def test_a_gap_that_is_not_registered_makes_no_pack():
    world = make_world(months=12).only(PARTNERS[0])
    gapped = world.with_gaps([TOLD | {"recipient": PARTNERS[0]}])
    gapped.tables["release_register"] = world.tables["release_register"]

    with pytest.raises(ReleaseRefusedError, match="not in the release register"):
        make_packs(gapped.engine(), gapped.context)
