"""What packs say of rates beside the region: similar districts, deprivation, limits by residents, dispersion, shares."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from packs_page import Page, only_page, only_pages
from packs_world import COMMUNITY, HEALTH, PARTNERS, make_world

from preventable.methods import verdict
from preventable.methods.words import PositionEvidence, Words
from preventable.settings import load_policy
from preventable.stages.packs.findings import word_rules
from preventable.stages.packs.funnel import position

DEFINITION, SPAN = "ed_assault_attendances", ("2025-01", "2025-12")
RULES = word_rules(0.10, 0.005)


def row(
    partner,
    estimate,
    category="",
    *,
    area=("region", "X01"),
    breakdown="deprivation",
    numbers=(None,) * 3,
    note="",
):
    value, lower, upper = numbers
    return {
        "recipient": partner, "figure": "/".join((estimate, DEFINITION, *area, category)), "estimate": estimate,
        "definition": DEFINITION, "source": "ed", "area_type": area[0], "area": area[1], "breakdown": breakdown,
        "category": category, "period_start": SPAN[0], "period_end": SPAN[1], "value": value, "lower": lower,
        "upper": upper, "lower_if_hidden": None, "value_note": "[x]" if value is None else "", "note": note,
    }  # fmt: skip


def estimates(partner, *, similar=(120.0, 118.0, 122.0), phi=1.3, wards=("XW006", "XW007", "XW008")):
    own = ("district", "XD02")
    rows = [
        row(partner, "dispersion", "district", breakdown="level", numbers=(phi, None, None), note="" if phi else "too few months"),
        row(partner, "similar_areas", "crude_rate XD01 XD05", area=own, breakdown="similar", numbers=similar,
            note="" if similar[0] else "too few districts to choose similar ones from"),
        row(partner, "inequality_slope", numbers=(300.0, 250.0, 350.0)),
        row(partner, "inequality_ratio", numbers=(2.5, 2.1, 3.0)),
        *(row(partner, "deprivation_rate", f"{n} of 5", numbers=(100.0 * n, 90.0 * n, 110.0 * n)) for n in range(1, 6)),
    ]  # fmt: skip
    limits = {"95": (300.0, 1.0, 20.0), "99.8": (300.0, 0.0, 10_000.0)}
    for ward in wards:
        rows += [
            row(partner, "funnel", level, area=("ward", ward), breakdown="funnel", numbers=numbers)
            for level, numbers in limits.items()
        ]
    return rows


@pytest.fixture(scope="module")
def world():
    return make_world(months=13).only(*PARTNERS)


def pages(world, **changes):
    """Pages of public health and community safety with such estimates beside the others."""
    kept = world.tables["released_estimates"].to_pylist()
    health = estimates(PARTNERS[2], **changes)
    safety = [one for one in estimates(PARTNERS[0], **changes) if one["estimate"] in ("dispersion", "funnel")]
    told = world.with_told(estimates=[*kept, *health, *safety])
    made = only_pages(told)
    return Page(made[HEALTH]), Page(made[COMMUNITY])


@pytest.fixture(scope="module")
def both(world):
    return pages(world)


def said(page):
    return " ".join(element.text for element in page.all("p", "li", "figcaption", "desc"))


def test_similar_districts_stand_beside_the_own_rate_with_which_they_are_and_why(both):
    health, _safety = both

    _head, line, *_others = health.table("beside-similar")

    assert line[0].text.startswith("ED assault attendances")
    assert [cell.text for cell in line[5:8]] == ["120.0", "118.0", "122.0"]
    assert line[8].text == "higher than similar districts"
    assert (
        "Districts most like Quillmarsh: Eskerley and Wrenmoor. They were chosen by how deprived they are"
        in said(health)
    )


def test_where_no_similar_district_can_be_chosen_the_page_says_so(world):
    health, _safety = pages(world, similar=(None, None, None))

    assert "none is shown (too few districts to choose similar ones from)" in said(health)
    assert not [table for table in health.all("table") if table.attributes.get("id") == "beside-similar"]


def test_a_gradient_is_told_with_its_limits_and_as_no_cause(both):
    health, safety = both

    cells = {
        line[0].text: [cell.text for cell in line[1:]]
        for line in health.table(f"deprivation-table-{DEFINITION}")
    }

    assert cells["1, least deprived"] == ["100.0", "90.0", "110.0"]
    assert cells["Relative index: most over least deprived end"] == ["2.50", "2.10", "3.00"]
    assert "It is an association of places, not a cause." in said(health)
    assert not [h for h in safety.all("h2") if "deprivation" in h.text]


def test_wards_outside_their_limits_are_named_and_the_others_are_inside(both):
    for page in both:
        _head, *lines = page.table(f"funnel-table-{DEFINITION}")

        assert len(lines) == 3
        assert {line[-1].text for line in lines} <= {"above the 95 % limits", "inside the limits"}
        assert [cell.attributes["data-part"] for cell in lines[0][3:7]] == [
            "lower",
            "upper",
            "lower",
            "upper",
        ]


def test_dispersions_are_told_as_measured_here_or_as_taken_from_elsewhere(world, both):
    assert re.search(
        r"Variance over mean of a district's counts, 1 being chance alone: .+ 1.3\.", said(both[1])
    )

    health, _safety = pages(world, phi=None)
    assert "In its place stands 5.6 for a change and 2.5 for a rate beside another" in said(health)


def test_shares_stand_with_their_limits_in_per_cent(both):
    health, _safety = both

    _head, *lines = health.table("shares-by-age-band")

    assert len(lines) > 5
    for line in lines:
        value, lower, upper = (float(cell.text) for cell in line[1:4])
        assert 0 <= lower <= value <= upper <= 100


@pytest.mark.parametrize("missing", ["value", "lower", "upper"])
def test_an_area_of_which_a_limit_is_not_told_has_no_place_in_a_funnel_and_is_never_drawn_at_none(
    world, missing
):
    """A missing upper limit taken as none would put every ward above it."""
    told = [
        {**one, missing: None} if (one["estimate"], one["area"]) == ("funnel", "XW007") else one
        for one in estimates(PARTNERS[2])
    ]
    made = world.with_told(estimates=told)

    page = Page(only_page(made, HEALTH))

    _head, *lines = page.table(f"funnel-table-{DEFINITION}")
    assert len(lines) == 2


@pytest.mark.parametrize("estimate", ["deprivation_rate", "inequality_slope"])
def test_a_gradient_with_a_number_missing_is_not_drawn(world, estimate):
    told = [{**one, "lower": None} if one["estimate"] == estimate else one for one in estimates(PARTNERS[2])]
    made = world.with_told(estimates=told)

    page = Page(only_page(made, HEALTH))

    assert "No gradient is told" in said(page)


def test_rates_beside_similar_districts_are_not_denied_where_the_regions_rate_is_missing(world):
    tables = world.tables["released"].to_pylist()
    own_alone = [
        {**one, "value": None, "lower": None, "upper": None, "value_note": "[x]", "note": "not complete"}
        if (one["area_type"], one["measure"]) == ("region", "crude_rate")
        or one["measure"] == "standardised_rate"
        else one
        for one in tables
    ]
    made = world.with_told(estimates=estimates(PARTNERS[2])).with_released(own_alone)

    page = Page(only_page(made, HEALTH))

    heads = {head.text for head in page.all("h3")}
    assert "Crude rates: none can be compared with the region's" in heads
    assert page.table("beside-similar")


@pytest.mark.parametrize(
    ("bounds", "place", "words"),
    [
        ((41, 45), "far_above", Words.HIGHER),
        ((38, 42), "above", Words.SOMEWHAT_HIGHER),
        ((28, 32), "inside", Words.SIMILAR),
        ((0, 7), "inside", Words.SIMILAR),
        ((3, 6), "below", Words.SOMEWHAT_LOWER),
        ((0, 1), "far_below", Words.LOWER),
    ],
)
def test_an_area_lies_outside_only_where_every_count_behind_the_shown_one_does(bounds, place, words):
    inner, outer = (7.0, 10.0, 30.0), (2.0, 10.0, 40.0)

    found = verdict(PositionEvidence(position(bounds, inner, outer)), RULES)

    assert position(bounds, inner, outer) == place
    assert found.words == words
    assert verdict(found.evidence, found.rules) == found


def test_the_rules_of_words_are_those_of_the_data_files():
    signals = load_policy().file("signals")["lines"]

    assert RULES == replace(RULES, signal_q=signals["false_discovery_rate"], watch_p=signals["watch_p"])
