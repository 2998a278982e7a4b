"""Counts on areas of another year: what went whole is led, what was split is shared out and told to nobody."""

import random
import tomllib
from dataclasses import replace

import pytest
from counts_world import SENDERS, counted_lines, counts_policy, counts_session, line, name_of
from figures_world import (
    DISTRICTS,
    REGION,
    SMALL_AREAS,
    context,
    figures,
    months,
    region_tables,
    released_from,
    rows_of,
)
from region_files import built, write_files
from test_counts import granting

from preventable.errors import SchemaError
from preventable.settings import load_policy
from preventable.stages.disclosure.guard import shown_counts
from preventable.stages.disclosure.rule import read_release_rule
from preventable.stages.indicators.stage import count_indicators

HELD = months(24)
#: Small areas of the first district; its first two are of one ward, the third and the fourth of another.
A, B, C, D = SMALL_AREAS[:4]
OLDER = {"OLD-A": [A], "OLD-BC": [B, C], "OLD-D": [D]}
NOTES = load_policy().file("disclosure")["notes"]
LED, SHARED = NOTES["older_areas"], NOTES["shared_out"]


def lines(of_older, held=HELD, quantities=None):
    """The first district counts on older areas in some months and on the region's own in the others."""
    given = quantities or {}
    made = []
    for month in held:
        codes = OLDER if month in of_older else (A, B, C, D)
        made += [line("counts-1", month, code, given.get((month, code), 30)) for code in codes]
        for number, district in list(enumerate(DISTRICTS))[1:]:
            own = SMALL_AREAS[4 * number : 4 * number + 4]
            provider = next(one for one, of in SENDERS.items() if of == district)
            made += [line(provider, month, code, 30) for code in own]
    return made


@pytest.fixture(scope="module")
def found():
    return figures(counted_lines(lines(HELD[:12]), HELD, older=OLDER))


def test_an_area_that_went_whole_is_led_and_one_that_was_split_is_shared_out(found):
    def of(area_type, area, month="2024-05"):
        row = found[name_of(area_type, area, "month", month)]
        return row["count"], row["older_areas"]

    assert of("small_area", A) == of("small_area", D) == (30, "led")
    assert of("small_area", B) == of("small_area", C) == (15, "shared_out")
    # The first ward holds the area that was led whole and a part of the one that was split.
    assert of("ward", "XW000") == of("ward", "XW001") == (45, "shared_out")
    assert of("district", "XD01") == (90, "led")
    assert of("region", REGION) == (90 + 2 * 120, "led")
    assert of("district", "XD02") == (120, None)
    assert of("small_area", B, "2025-05") == (30, None)


def test_a_period_with_one_month_on_older_areas_is_marked(found):
    assert found[name_of("ward", "XW000", "year", "2024-12")]["older_areas"] == "shared_out"
    assert found[name_of("ward", "XW000", "year", "2025-12")]["older_areas"] is None


def test_what_is_shared_out_adds_up_to_what_was_sent_in_every_month():
    draw = random.Random(3)
    given = {(month, "OLD-BC"): draw.randrange(60) for month in HELD}

    made = figures(counted_lines(lines(HELD, quantities=given), HELD, older=OLDER))

    parts = [
        tuple(made[name_of("small_area", code, "month", month)]["count"] for code in (B, C)) for month in HELD
    ]
    assert [sum(part) for part in parts] == [given[month, "OLD-BC"] for month in HELD]
    assert abs(sum(part[0] - part[1] for part in parts)) <= 1


def test_parts_get_their_share_by_residents():
    residents = [
        {**row, "persons": row["persons"] * (3 if row["small_area"] == B else 1)}
        for row in region_tables()["populations"].to_pylist()
    ]

    made = figures(
        counted_lines(
            lines(HELD, quantities={(month, "OLD-BC"): 40 for month in HELD}),
            HELD,
            older=OLDER,
            changed={"populations": rows_of("populations", residents)},
        )
    )

    assert [made[name_of("small_area", code, "month", "2025-05")]["count"] for code in (B, C)] == [30, 10]


def test_codes_that_the_region_does_not_know_stay_in_no_figure():
    without = {"OLD-A": [A]}

    made = figures(counted_lines(lines(HELD), HELD, older=without))

    assert made[name_of("district", "XD01", "month", "2025-05")]["count"] == 30


def test_a_code_of_the_region_is_its_own_whatever_it_was():
    made = figures(counted_lines(lines([]), HELD, older={A: [B, C]}))

    row = made[name_of("small_area", A, "month", "2025-05")]
    assert (row["count"], row["older_areas"]) == (30, None)


def test_a_mark_does_not_tell_an_area_without_a_line_from_one_with_a_small_count():
    """A publisher leaves zeros out: marks go by the months of the provider, never by the lines of an area."""
    silent = [one for one in lines(HELD[:12]) if (one["subject_area"], one["month"]) != ("OLD-BC", "2024-05")]

    some, none = (figures(counted_lines(made, HELD, older=OLDER)) for made in (lines(HELD[:12]), silent))

    assert {name: row["older_areas"] for name, row in some.items()} == {
        name: row["older_areas"] for name, row in none.items()
    }
    assert none[name_of("small_area", B, "month", "2024-05")]["count"] == 0


def test_partners_get_what_was_led_with_its_note_and_nothing_of_what_was_shared_out():
    given = granting("count", "month", "quarter", "crude_rate", "last12")
    grant = given.files["recipients"]["recipients"]
    allowed = next(one for one in grant if one["partner_type"] == "public_health")["allowed"]
    allowed[-1]["period_types"] = ["last12"]
    ward = {"area_types": ["ward"], "period_types": ["quarter"], "measures": ["count"]}
    month = {"area_types": ["region", "district"], "period_types": ["month"], "measures": ["count"]}
    allowed += [{**allowed[-1], **ward}, {**allowed[-1], **month}]

    rows = {
        row["figure"]: row
        for row in released_from(counted_lines(lines(HELD[:20]), HELD, older=OLDER, given=given), given)
    }

    def told(area_type, area, period_type, end, measure="count"):
        row = rows[name_of(area_type, area, period_type, end, measure)]
        return row["value"], row["value_note"], row["note"]

    assert told("district", "XD01", "month", "2025-05") == (90, "", LED)
    assert told("district", "XD01", "month", "2025-12") == (120, "", "")
    assert told("district", "XD02", "month", "2025-05") == (120, "", "")
    assert told("ward", "XW000", "quarter", "2025-09") == (None, "[x]", SHARED)
    assert told("ward", "XW002", "quarter", "2025-12") == (180, "", "")
    assert told("district", "XD01", "last12", "2025-12", "crude_rate")[2] == LED


def test_the_guard_shows_no_count_that_was_shared_out():
    exact = counted_lines(lines(HELD), HELD, older=OLDER).table("indicator_values")

    shown = shown_counts(exact, {}, read_release_rule(load_policy()))

    def of(area_type, area):
        return shown[name_of(area_type, area, "year", "2025-12").rpartition("/")[0]]

    assert (of("ward", "XW000").value, of("ward", "XW000").token, of("ward", "XW000").note) == (
        None,
        "[x]",
        SHARED,
    )
    assert (of("district", "XD01").value, of("district", "XD01").note) == (1080.0, LED)


def test_a_region_tells_the_codes_that_it_no_longer_has_with_where_they_went(tmp_path):
    files = write_files(tmp_path)

    built(files)

    told = tomllib.loads((files / "region" / "region.toml").read_text(encoding="utf-8"))["older_areas"]
    assert {row["older"]: row["newer"] for row in told} == {
        "ZO1": ["ZS1"], "ZO2": ["ZS2", "ZS3"], "ZO3": ["ZS4"], "ZO4": ["ZS4"], "ZO5": ["ZS5"],
    }  # fmt: skip


@pytest.mark.parametrize("row", [{"older": "OLD-A"}, {"newer": [A]}, "OLD-A"])
def test_older_areas_that_are_not_well_formed_are_refused(row):
    told = context(counts_policy(), HELD[-1])
    broken = replace(told, region={**told.region, "older_areas": [row]})

    with pytest.raises(SchemaError, match="older_areas"):
        count_indicators(counts_session(lines([]), HELD), broken)
