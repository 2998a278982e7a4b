"""Counts of areas: each figure is the sum of its lines, and a month that did not come is a gap, never a zero."""

import random
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from counts_world import (
    AREAS,
    DEFINITION,
    SENDERS,
    SOURCE,
    counted_lines,
    counts_policy,
    line,
    name_of,
)
from figures_world import (
    DISTRICTS,
    REGION,
    SMALL_AREAS,
    counted,
    figures,
    months,
    record,
    region_tables,
    released_from,
)

from preventable.errors import PolicyError
from preventable.stages.disclosure.recipients import read_recipients
from preventable.stages.indicators.definitions import read_definitions
from preventable.stages.indicators.weekly import weekly_definitions
from preventable.tables.signal_rules import read_signal_rules

HELD = months(24)
MISSING = [("counts-1", "2025-03"), ("counts-2", "2024-07"), ("counts-2", "2025-11")]
OF_PROVIDER = {district: provider for provider, district in SENDERS.items()}


def areas_of(code):
    index = SMALL_AREAS.index(code)
    return {
        "region": REGION,
        "district": DISTRICTS[index // 4],
        "ward": f"XW{index // 2:03d}",
        "neighbourhood": f"XN{index // 4:02d}",
        "middle_area": f"XM{index // 2:04d}",
        "small_area": code,
    }


def sender(code):
    return OF_PROVIDER[areas_of(code)["district"]]


def every_month(quantity=20, held=HELD):
    """The same count of every small area and month."""
    return [line(sender(code), month, code, quantity) for month in held for code in SMALL_AREAS]


@pytest.fixture(scope="module")
def lines():
    draw = random.Random(5)
    return [
        line(sender(code), month, code, draw.randrange(40), category)
        for month in HELD
        for code in SMALL_AREAS
        for category in ("violence", "robbery")
        if draw.random() < 0.8
    ]


@pytest.fixture(scope="module")
def found(lines):
    return figures(counted_lines(lines, HELD, missing=MISSING))


def test_every_count_is_the_sum_of_its_lines_by_hand(lines, found):
    slow = Counter()
    for one in lines:
        if one["subject_type"] == "violence" and (one["provider"], one["month"]) not in MISSING:
            for area_type, area in areas_of(one["subject_area"]).items():
                slow[area_type, area, one["month"]] += one["quantity"]
    spans = {"month": 1, "quarter": 3, "year": 12, "last12": 12}
    for row in found.values():
        ends = HELD.index(row["period_end"]) + 1
        held = HELD[ends - spans[row["period_type"]] : ends]
        assert row["count"] == sum(slow[row["area_type"], row["area"], month] for month in held), row[
            "figure"
        ]
    assert {row["area_type"] for row in found.values()} == set(AREAS)


def test_an_authoritys_missing_month_is_its_own_gap_and_the_regions(found):
    of_month = {
        (row["area"], row["period_end"]): row["coverage"]
        for row in found.values()
        if row["period_type"] == "month" and row["area_type"] in ("district", "region")
    }

    assert {of_month["XD01", month] for month in HELD} == {0.0, 1.0}
    assert [month for month in HELD if of_month["XD01", month] < 1] == ["2025-03"]
    assert [month for month in HELD if of_month["XD02", month] < 1] == ["2024-07", "2025-11"]
    assert {of_month["XD03", month] for month in HELD} == {1.0}
    assert 0.5 < of_month[REGION, "2025-03"] < 0.9


def test_a_small_area_of_a_missing_month_has_no_coverage_and_never_a_whole_zero(found):
    for code in SMALL_AREAS[:4]:
        row = found[name_of("small_area", code, "month", "2025-03")]
        assert (row["count"], row["coverage"]) == (0, 0.0)


def test_a_zero_of_a_month_that_came_is_whole():
    silent = [one for one in every_month() if one["subject_area"] != SMALL_AREAS[0]]

    row = figures(counted_lines(silent, HELD))[name_of("small_area", SMALL_AREAS[0], "month", "2025-03")]

    assert (row["count"], row["coverage"]) == (0, 1.0)


def test_longer_periods_with_a_gap_are_shown_as_incomplete():
    made = counted_lines(every_month(), HELD, missing=MISSING, given=granting("count", "quarter", "last12"))

    rows = {row["figure"]: row for row in released_from(made, granting("count", "quarter", "last12"))}

    def shown(area, period_type, end):
        return rows[name_of("district", area, period_type, end)]["value_note"]

    assert shown("XD01", "quarter", "2025-03") == "[x]"
    assert shown("XD01", "last12", "2025-12") == "[x]"
    assert shown("XD01", "quarter", "2025-06") == ""
    assert shown("XD03", "last12", "2025-12") == ""


def test_a_count_whose_providers_have_all_sent_is_not_called_nearly_complete_for_anothers_gap():
    given = granting("count", "month")
    nearly = {"counts-1": "XD01", "counts-1b": "XD01", "counts-2": "XD02", "counts-3": "XD03"}
    made = [*every_month(100), *(line("counts-1b", month, SMALL_AREAS[0], 8) for month in HELD)]
    missing = [("counts-1b", "2025-06"), ("counts-2", "2025-06")]

    rows = released_from(counted_lines(made, HELD, senders=nearly, missing=missing, given=given), given)

    notes = {
        row["area"]: (row["value_note"], row["note"])
        for row in rows
        if row["area_type"] == "district" and row["period_end"] == "2025-06"
    }
    assert notes["XD03"] == ("", "")
    assert notes["XD01"][1].startswith("nearly complete")
    assert notes["XD02"][0] == "[x]"


def granting(*words):
    """The policy with grants of some measures and periods to public health."""
    given = counts_policy()
    entry = next(
        one for one in given.files["recipients"]["recipients"] if one["partner_type"] == "public_health"
    )
    measures = [word for word in words if word in ("count", "crude_rate", "standardised_rate")]
    entry["allowed"].append(
        {
            "definitions": ["street_violence"],
            "area_types": ["region", "district"],
            "period_types": [word for word in words if word not in measures],
            "dimensions": ["all"],
            "measures": measures,
        }
    )
    return given


def test_an_authority_that_has_never_sent_is_missing_in_its_own_district_and_the_region_alone():
    never = [("counts-2", month) for month in HELD]

    found = figures(counted_lines(every_month(), HELD, missing=never))

    def coverage(area_type, area):
        return found[name_of(area_type, area, "month", "2025-12")]["coverage"]

    assert coverage("district", "XD02") == coverage("small_area", SMALL_AREAS[4]) == 0.0
    assert coverage("district", "XD01") == coverage("small_area", SMALL_AREAS[0]) == 1.0
    assert coverage("region", REGION) == pytest.approx(2 / 3)


def test_what_others_sent_says_nothing_of_an_authority_with_too_little_to_tell_what_is_usual():
    made = [one for one in every_month() if one["provider"] != "counts-3"]
    made += [line("counts-3", month, SMALL_AREAS[8], 1 if month == HELD[0] else 0) for month in HELD]

    found = figures(counted_lines(made, HELD, missing=[("counts-3", "2025-06")]))

    of_month = {end: found[name_of("district", "XD03", "month", end)]["coverage"] for end in HELD}
    assert [end for end in HELD if of_month[end] == 0] == ["2025-06"]
    assert {of_month[end] for end in HELD} == {0.0, 1.0}


def test_one_that_has_never_sent_is_missing_once_where_nothing_tells_what_is_usual():
    senders = {**SENDERS, "counts-3b": "XD03"}
    made = [one for one in every_month() if one["provider"] != "counts-3"]
    made += [line("counts-3", month, SMALL_AREAS[8], 0) for month in HELD]

    found = figures(
        counted_lines(made, HELD, senders=senders, missing=[("counts-3b", month) for month in HELD])
    )

    assert found[name_of("district", "XD03", "month", "2025-12")]["coverage"] == pytest.approx(1 / 2)


def test_one_that_is_not_expected_is_told_beside_the_figures_of_its_own_district_and_the_region():
    given = counts_policy()
    given.files["disclosure"]["coverage"]["providers_not_expected"] = ["counts-2"]
    never = [("counts-2", month) for month in HELD]

    found = figures(counted_lines(every_month(), HELD, given=given, missing=never))

    areas = [("region", REGION), *(("district", one) for one in DISTRICTS)]
    rows = [found[name_of(*area, "month", "2025-12")] for area in areas]
    assert [row["providers_not_expected"] for row in rows] == [1, 0, 1, 0]
    assert rows[1]["coverage"] == 1.0


def test_of_two_providers_of_one_district_each_counts_for_its_share():
    both = {"counts-1": "XD01", "counts-1b": "XD01", "counts-2": "XD02", "counts-3": "XD03"}
    made = [
        *every_month(30),
        *(line("counts-1b", month, code, 10) for month in HELD for code in SMALL_AREAS[:4]),
    ]

    found = figures(counted_lines(made, HELD, senders=both, missing=[("counts-1b", "2025-06")]))

    assert found[name_of("district", "XD01", "month", "2025-05")]["count"] == 160
    assert found[name_of("district", "XD01", "month", "2025-06")]["count"] == 120
    assert found[name_of("district", "XD01", "month", "2025-06")]["coverage"] == pytest.approx(0.75)
    assert found[name_of("district", "XD02", "month", "2025-06")]["coverage"] == 1.0


def test_a_provider_of_the_whole_region_is_missing_everywhere():
    one = {"force": None}
    made = [{**given, "provider": "force"} for given in every_month()]

    found = figures(counted_lines(made, HELD, senders=one, missing=[("force", "2025-06")]))

    of_june = {
        row["coverage"]
        for row in found.values()
        if row["period_type"] == "month" and row["period_end"] == "2025-06"
    }
    assert of_june == {0.0}
    assert {row["coverage"] for row in found.values() if row["period_end"] == "2025-08"} == {1.0}


def test_a_provider_of_the_whole_region_that_has_never_sent_is_missing_in_every_district():
    senders = {**SENDERS, "force": None}
    never = [("force", month) for month in HELD]

    found = figures(counted_lines(every_month(), HELD, senders=senders, missing=never))

    for area_type, area, share in (
        ("region", REGION, 3 / 4),
        *(("district", one, 1 / 2) for one in DISTRICTS),
    ):
        assert found[name_of(area_type, area, "month", "2025-12")]["coverage"] == pytest.approx(share)


def test_where_every_month_is_missing_nothing_is_whole():
    none = [(provider, month) for provider in SENDERS for month in HELD]

    found = figures(counted_lines(every_month(), HELD, missing=none))

    assert found
    assert {(row["count"], row["coverage"]) for row in found.values()} == {(0, 0.0)}


def test_without_a_month_there_is_no_figure():
    assert figures(counted_lines([], HELD, senders={})) == {}


def test_a_region_of_one_small_area_counts_it_at_every_level():
    whole = region_tables()
    only = {
        name: whole[name].filter(pc.equal(whole[name].column("small_area"), SMALL_AREAS[0]))
        for name in ("small_areas", "populations", "venues")
    }
    made = [line("counts-1", month, SMALL_AREAS[0], 9) for month in HELD]

    found = figures(counted_lines(made, HELD, senders={"counts-1": "XD01"}, changed=only))

    of_march = [
        row for row in found.values() if (row["period_type"], row["period_end"]) == ("month", "2025-03")
    ]
    assert {row["area_type"] for row in of_march} == set(AREAS)
    assert {(row["count"], row["coverage"]) for row in of_march} == {(9, 1.0)}
    assert len({row["person_years"] for row in of_march}) == 1


def test_lines_of_a_wider_area_count_for_what_it_lies_in_and_nothing_below():
    wards = [
        line(sender(code), month, areas_of(code)["ward"], 12) for month in HELD for code in SMALL_AREAS[::2]
    ]

    found = figures(counted_lines(wards, HELD))

    assert {row["area_type"] for row in found.values()} == {"region", "district", "ward"}
    assert found[name_of("ward", "XW000", "month", "2025-12")]["count"] == 12
    assert found[name_of("district", "XD01", "month", "2025-12")]["count"] == 24
    assert found[name_of("region", REGION, "month", "2025-12")]["count"] == 72


def test_where_one_authority_counts_by_district_its_small_areas_alone_have_no_figure():
    made = [one for one in every_month() if one["provider"] != "counts-2"]
    made += [line("counts-2", month, "XD02", 80) for month in HELD]

    found = figures(counted_lines(made, HELD))

    assert {row["area"] for row in found.values() if row["area_type"] == "small_area"} == {
        code for code in SMALL_AREAS if areas_of(code)["district"] != "XD02"
    }
    assert found[name_of("district", "XD02", "month", "2025-12")]["count"] == 80
    assert found[name_of("region", REGION, "month", "2025-12")]["count"] == 240


def test_lines_of_no_known_area_and_without_a_quantity_add_nothing():
    more = [line("counts-1", "2025-12", "nowhere", 500), line("counts-1", "2025-12", SMALL_AREAS[0], None)]

    found = figures(counted_lines([*every_month(), *more], HELD))

    assert found[name_of("region", REGION, "month", "2025-12")]["count"] == 240


def test_a_leap_february_is_at_risk_for_its_29_days():
    held = months(12, last="2024-02")

    found = figures(counted_lines(every_month(held=held), held))

    residents = 4 * 300 * 2 * 9
    assert found[name_of("district", "XD01", "month", "2024-02")]["person_years"] == pytest.approx(
        residents * 29 / 366, rel=1e-9
    )


def test_residents_stand_under_every_level_where_they_are_asked_for(found):
    with_residents = {row["area_type"] for row in found.values() if row["person_years"]}
    without = figures(counted_lines(every_month(), HELD, given=counts_policy(denominator="none")))

    assert with_residents == set(AREAS)
    assert {row["person_years"] for row in without.values()} == {None}


@pytest.mark.parametrize("years", [(2024, 2025), (2024,)])
def test_an_area_without_population_has_no_denominator_nor_has_what_it_lies_in(years):
    populations = region_tables()["populations"]
    absent = pc.and_(
        pc.equal(populations.column("small_area"), SMALL_AREAS[0]),
        pc.is_in(populations.column("year"), pa.array(years)),
    )

    found = figures(
        counted_lines(every_month(), HELD, changed={"populations": populations.filter(pc.invert(absent))})
    )

    def residents(area_type, area, end):
        return found[name_of(area_type, area, "month", end)]["person_years"]

    inside = areas_of(SMALL_AREAS[0])
    assert {residents(area_type, area, "2025-01") for area_type, area in inside.items()} == {None}
    assert residents("small_area", SMALL_AREAS[1], "2025-01") > 0
    assert residents("district", "XD02", "2025-01") > 0
    held_later = residents("district", "XD01", "2025-12")
    assert (held_later is None) is (2025 in years)


def test_a_region_without_populations_gives_counts_and_no_rates():
    none = region_tables()["populations"].slice(0, 0)
    given = granting("count", "crude_rate", "last12")

    rows = released_from(
        counted_lines(every_month(), HELD, given=given, changed={"populations": none}), given
    )

    tokens = {(row["measure"], row["value_note"]) for row in rows}
    assert tokens == {("count", ""), ("crude_rate", "[x]")}


def test_rates_of_counts_are_worked_out_from_what_is_shown():
    given = granting("count", "crude_rate", "last12")

    rows = {
        row["figure"]: row for row in released_from(counted_lines(every_month(21), HELD, given=given), given)
    }

    rate = rows[name_of("district", "XD01", "last12", "2025-12", "crude_rate")]
    assert rows[name_of("district", "XD01", "last12", "2025-12")]["value"] == 1_010
    assert rate["value"] == round(1_010 / (4 * 300 * 2 * 9) * 100_000, 1)
    assert rate["lower"] < rate["value"] < rate["upper"]


def test_a_definition_whose_source_nobody_sends_has_no_figure():
    only_counts = figures(counted_lines(every_month(), HELD))
    only_events = figures(counted([record(1)], HELD, policy=counts_policy()))

    assert {row["definition"] for row in only_counts.values()} == {"street_violence"}
    assert only_events
    assert "street_violence" not in {row["definition"] for row in only_events.values()}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"area_basis": "place"}, "the form counts"),
        ({"source": "ed"}, "the form events"),
        ({"source": "nobody"}, "its source is not one of"),
        ({"denominator": "houses"}, "its denominator is not one of residents, none"),
        ({"conditions": [{"column": "sex", "operator": "is", "values": ["male"]}]}, "its column"),
        ({"levels": [{**DEFINITION["levels"][0], "area_types": ["venue"]}]}, "no count stands under a venue"),
        ({"levels": [{**DEFINITION["levels"][0], "dimensions": ["sex"]}]}, "does not record sex"),
    ],
)
def test_a_definition_of_counts_that_is_not_well_formed_is_refused(changes, words):
    with pytest.raises(PolicyError, match=words):
        read_definitions(counts_policy(**changes))


def test_counts_that_are_not_owed_monthly_are_told_by_month_alone():
    with pytest.raises(PolicyError, match="not owed monthly"):
        read_definitions(counts_policy({"monthly": False}))

    by_month = {**DEFINITION["levels"][0], "period_types": ["month"]}
    given = counts_policy({"monthly": False}, levels=[by_month])
    assert {one.period_type for one in definition_of(given).levels} == {"month"}

    missing = [(provider, "2025-06") for provider in SENDERS]
    found = figures(counted_lines(every_month(), HELD, given=given, missing=missing))
    assert name_of("district", "XD01", "month", "2025-07") in found
    assert name_of("district", "XD01", "month", "2025-06") not in found


def definition_of(given):
    return next(one for one in read_definitions(given) if one.id == "street_violence")


def test_a_list_has_no_residents_under_it():
    given = counts_policy()
    given.definitions["school_suspensions"]["denominator"] = "residents"

    with pytest.raises(PolicyError, match="a list has no rate"):
        read_definitions(given)


def test_counts_have_no_weeks():
    given = counts_policy()
    given.files["signals"]["series"].append({"definition": "street_violence", "severity_weight": 1.0})

    with pytest.raises(PolicyError, match="counts of months, which has no weeks"):
        weekly_definitions(read_definitions(given), read_signal_rules(given))


@pytest.mark.parametrize("contact_to", ["day", "month"])
def test_contacts_told_to_the_day_or_month_have_neither_hours_nor_weeks(contact_to):
    events = {"form": "events", "contact_to": contact_to}
    by_place = {"area_basis": "place", "conditions": []}
    given = counts_policy(events, **by_place)
    given.files["signals"]["series"].append({"definition": "street_violence", "severity_weight": 1.0})
    hours = [{**DEFINITION["levels"][0], "dimensions": ["weekday_hour"]}]

    with pytest.raises(PolicyError, match=f"to the {contact_to}: no weeks"):
        weekly_definitions(read_definitions(given), read_signal_rules(given))
    with pytest.raises(PolicyError, match="does not record weekday_hour"):
        read_definitions(counts_policy(events, levels=hours, **by_place))


def test_a_category_that_a_source_does_not_declare_is_refused():
    events = {"form": "events", "categories": ["assault", "other"]}
    condition = {"column": "record_category", "operator": "in", "values": ["assualt"]}

    with pytest.raises(PolicyError, match="assualt"):
        read_definitions(counts_policy(events, area_basis="place", conditions=[condition]))


def test_the_source_is_named_beside_every_figure(found):
    assert {row["source"] for row in found.values()} == {SOURCE}


@pytest.mark.parametrize(
    ("changes", "measure", "words"),
    [
        ({"denominator": "none"}, "crude_rate", "whose denominator is not residents"),
        ({}, "standardised_rate", "age_band, which its definition does not count"),
    ],
)
def test_a_rate_that_has_no_ground_is_not_granted(changes, measure, words):
    given = granting(measure, "last12")
    given.definitions["street_violence"].update(changes)

    with pytest.raises(PolicyError, match=words):
        read_recipients(given)


@pytest.mark.parametrize(
    ("area_type", "kind", "refused"),
    [
        ("ward", "possession_of_weapons", True),
        ("ward", "Possession of weapons", True),
        ("ward", "sexual_offences", True),
        ("small_area", "domestic_abuse", True),
        ("ward", "violence", False),
        ("district", "possession_of_weapons", False),
    ],
)
def test_counts_of_weapons_sexual_and_domestic_violence_stop_at_the_district(area_type, kind, refused):
    condition = {"column": "subject_type", "operator": "is", "values": [kind]}
    given = counts_policy(conditions=[condition])
    grant = {
        "definitions": ["street_violence"],
        "area_types": [area_type],
        "period_types": ["year"],
        "dimensions": ["all"],
        "measures": ["count"],
    }
    given.files["recipients"]["recipients"][0]["allowed"].append(grant)

    if not refused:
        assert read_recipients(given)
        return
    with pytest.raises(PolicyError, match="stops? at the district"):
        read_recipients(given)


def test_rates_of_counts_below_the_district_stay_refused():
    given = granting("crude_rate", "last12")
    given.files["recipients"]["recipients"][-1]["allowed"][-1]["area_types"] = ["ward"]

    with pytest.raises(PolicyError, match="rates and shares of small numbers"):
        read_recipients(given)
