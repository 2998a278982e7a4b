"""What packs say of when and where violence concentrates: numbers as released, words only where they are sure."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from packs_page import Page, only_page
from packs_world import COMMUNITY, HEALTH, PARTNERS, make_world

from preventable.settings import load_policy
from preventable.stages.packs.blocks import Figure, Paragraph, TableBlock
from preventable.stages.packs.patterns import when_and_where
from preventable.stages.packs.shown import ShownEstimate
from preventable.tables.time_masks import read_time_masks

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ED, POLICE = "ed_assault_places", "police_assault_offences"
FEW = "too few records to tell hours of the week"


def row(estimate, breakdown, category="", *, district=False, definition=ED, note="", **numbers):
    """One released estimate of the region, or of the district."""
    area = ("district", "XD02") if district else ("region", "X01")
    value = numbers.get("value")
    return ShownEstimate(
        "/".join((estimate, definition, *area, breakdown, category, "2025-12-31")),
        estimate,
        definition,
        definition.partition("_")[0],
        *area,
        breakdown,
        category,
        "2025-01-01",
        "2025-12-31",
        value,
        numbers.get("lower"),
        numbers.get("upper"),
        None,
        "" if value is not None else "[x]",
        note,
    )


def hours(*, district=True, busy="Sat 23"):
    return [
        row(
            "hour_share",
            "hour_of_week",
            f"{day} {hour:02d}",
            district=district,
            value=0.03 if f"{day} {hour:02d}" == busy else 0.01 if hour >= 20 or hour < 6 else 0.0,
        )
        for day in DAYS
        for hour in range(24)
    ]


NIGHTS = read_time_masks(load_policy())["night_time_economy"]


def blocks(*estimates, nights=NIGHTS):
    """The section for a partner of the district."""
    inputs = SimpleNamespace(
        district="XD02",
        district_name="Two",
        region_name="Region",
        region_area=SimpleNamespace(area="X01"),
        partner_type="community_safety",
        as_at_text="December 2025",
        estimates_of=lambda name: tuple(one for one in estimates if one.estimate == name),
        area_name=lambda area_type, area: {"XD02": "Two", "X01": "Region"}[area],
        title=lambda definition: definition.split("_")[0].upper(),
        in_sentence=lambda definition: f"{definition.split('_')[0]} records",
        source_title=lambda source: source,
        nights=nights,
    )
    return when_and_where(inputs)


def said(found):
    figures = [one.summary for one in found if isinstance(one, Figure)]
    return figures + [one.text for one in found if isinstance(one, Paragraph)]


def table(found, anchor):
    tables = [one for one in found if isinstance(one, TableBlock)]
    tables += [one.table for one in found if isinstance(one, Figure)]
    return {
        line.head: [cell.text for cell in line.cells]
        for one in tables
        if one.anchor == anchor
        for line in one.rows
    }


@pytest.mark.parametrize("district", [True, False])
def test_hours_are_a_table_of_24_by_7_and_a_sentence_that_adds_them_up(district):
    found = blocks(*hours(district=district))

    lines = table(found, "hours-table")
    assert lines["23 to 00"] == ["1", "1", "1", "1", "1", "3", "1"]
    assert len(lines) == 24
    # 2 x 10 hours of 1 per cent, one of them 3: 22 per cent.
    assert said(found) == [
        "Weekend nights (from 20:00 on Friday and on Saturday to 06:00 the next morning) have about 22\u00a0% of ed records"
        f" in {'Two' if district else 'Region'}, in 12\u00a0% of the hours of the week. Among the fullest hours is Sat, 23 to 00,"
        " with about 3\u00a0%."
    ]


def test_every_number_of_the_hours_names_the_figure_that_it_shows():
    (figure,) = (one for one in blocks(*hours()) if isinstance(one, Figure))

    names = {cell.figure for line in figure.table.rows for cell in line.cells}
    assert names == {one.figure for one in hours()}


def test_the_hours_that_are_added_up_are_those_of_the_mask_of_policy():
    late = replace(NIGHTS, title="Late", plain="Saturday from 23:00", hours=(5 * 24 + 23,))
    (figure,) = (one for one in blocks(*hours(), nights=late) if isinstance(one, Figure))

    assert figure.headline == "Late: about 3\u00a0% of the week"
    assert figure.summary.startswith("Late (Saturday from 23:00) have about 3\u00a0% of ed records")


def test_where_policy_names_no_hours_none_are_added_up():
    (figure,) = (one for one in blocks(*hours(), nights=None) if isinstance(one, Figure))

    assert figure.headline == "Hours of the week"
    assert figure.summary == "Among the fullest hours is Sat, 23 to 00, with about 3\u00a0%."


def test_no_hour_is_called_the_fullest_where_rounding_does_not_tell():
    assert not any("fullest" in text for text in said(blocks(*hours(busy="never"))))


def test_where_the_district_has_too_few_it_says_so_and_shows_the_region():
    few = row("hour_share", "hour_of_week", district=True, note=FEW)

    found = blocks(few, *hours(district=False))

    assert f"Hours of the week are not told of Two ([x]). Ed records: {FEW}." in said(found)
    assert table(found, "hours-table")


def test_where_nobody_has_enough_there_is_one_sentence_and_no_table():
    found = blocks(row("hour_share", "hour_of_week", note=FEW))

    assert said(found) == [f"Hours of the week are not told of Region ([x]). Ed records: {FEW}."]
    assert not table(found, "hours-table")


def test_special_days_are_told_in_words_only_where_they_are_sure():
    police = {"definition": POLICE}
    found = blocks(
        row("special_days", "bank_holiday", value=1.15, lower=1.1, upper=1.21, **police),
        row("special_days", "event", value=1.04, lower=0.98, upper=1.11, **police),
        row("special_days", "event", "New Year's Eve", value=1.53, lower=1.37, upper=1.71, **police),
        row("special_days", "event", "Fair", value=1.1, lower=0.9, upper=1.3, **police),
    )

    assert said(found) == [
        "Bank holidays in Region, in per cent of ordinary days of the same weekday: police records 115\u00a0%"
        " (110\u00a0% to 121\u00a0%)."
    ]
    assert list(table(found, "special-days-table")) == [
        "all bank holidays",
        "all days of events",
        "New Year's Eve",
    ]


@pytest.mark.parametrize(("value", "lower", "upper"), [(1.04, 1.01, 1.07), (1.2, 1.0, 1.4), (0.9, 0.8, 1.0)])
def test_a_day_within_its_limits_or_within_5_per_cent_is_not_said_to_differ(value, lower, upper):
    found = blocks(row("special_days", "event", value=value, lower=lower, upper=upper))

    assert said(found)[0].startswith("No kind of special day surely had more or less")


def places(overlap):
    return (
        row("top_places_share", "top_places", value=0.28, lower=0.26, upper=0.3),
        row("top_places_share", "top_places_by_chance", value=0.09, lower=0.08, upper=0.1),
        row("place_agreement", "top_overlap", POLICE, value=overlap),
        row("place_agreement", "top_overlap_if_same", POLICE, value=0.9, lower=0.86, upper=0.94),
        row("place_agreement", "top_overlap_by_chance", POLICE, value=0.05),
    )


def test_how_few_places_stands_beside_chance_and_agreement_beside_one_risk():
    apart, alike = (said(blocks(*places(overlap))) for overlap in (0.74, 0.9))

    assert apart[0].startswith(
        "The 5 % of small areas with the most had about 28\u00a0% of ed records in Region"
    )
    assert apart[0].endswith("chance would give their top 5 % about 9\u00a0%.")
    assert apart[1].endswith("86\u00a0% to 94\u00a0%: in part they see different places.")
    assert alike[1].endswith("86\u00a0% to 94\u00a0%: no sign that they see different places.")


def test_places_that_are_withheld_say_why():
    found = blocks(row("top_places_share", "top_places", note="too many small areas are hidden"))

    assert any(text.endswith("is not told ([x], too many small areas are hidden).") for text in said(found))


def test_nothing_is_said_where_nothing_is_granted():
    assert blocks() == ()


@pytest.mark.parametrize("pack", [COMMUNITY, HEALTH])
def test_the_section_stands_in_the_packs_of_those_who_are_granted_it(pack):
    world = make_world(months=3).only(next(one for one in PARTNERS if pack.startswith(one)))
    recipient = pack.partition("/")[0]
    names = ("figure", "estimate", "definition", "source", "area_type", "area", "breakdown", "category")
    numbers = (
        "period_start",
        "period_end",
        "value",
        "lower",
        "upper",
        "lower_if_hidden",
        "value_note",
        "note",
    )
    told = [
        {"recipient": recipient, **{name: getattr(one, name) for name in (*names, *numbers)}}
        for one in (*hours(), *places(0.74))
    ]
    made = world.with_told(estimates=[*world.tables["released_estimates"].to_pylist(), *told])

    page = Page(only_page(made, pack))

    assert [h.text for h in page.all("h2") if "concentrates" in h.text]
    assert len(page.table("hours-table")) == 25
