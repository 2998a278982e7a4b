"""Sentences of estimates and weekly series: each is what its released fields say, and nothing more."""

from __future__ import annotations

import re
import tomllib

import pytest
from packs_page import Page, only_page
from packs_workbooks import xlsx_sheets
from packs_world import COMMUNITY, HEALTH, LICENSING, PARTNERS, make_world
from repository import ROOT

from preventable.stages.packs.signal_lines import days_text
from preventable.stages.packs.stage import make_packs


@pytest.fixture(scope="module")
def world():
    return make_world(months=3).only(*PARTNERS)


def page_of(world, path=COMMUNITY):
    return Page(only_page(world, path))


def said(page):
    return [p.text for p in page.all("p")]


def rows(world, table):
    return world.tables[table].to_pylist()


def test_a_line_says_its_count_its_days_and_what_is_usual(world):
    lines = said(page_of(world))

    assert (
        "More than expected: about 60 emergency attendances of residents after assault in Quillmarsh, 1 to 14 December"
        " 2025; 30 to 45 would be usual, going by the rest of the region. It was told last month too."
    ) in lines
    assert (
        "Worth watching: about 115 ambulance call-outs to assaults in Quillmarsh, 24 November to 21 December 2025;"
        " 70 to 100 would be usual."
    ) in lines


def test_the_title_counts_the_measures_of_the_district_that_were_more_than_expected(world):
    signals = [
        {**row, "verdict": "signal"} if row["line"] else row for row in rows(world, "released_signals")
    ]
    of_region = [{**row, "area_type": "region", "area": "X01"} for row in signals]

    both = page_of(world.with_told(signals=signals))
    none = page_of(world.with_told(signals=of_region))

    assert both.all("h1")[0].text == "Quillmarsh: 2 measures were more than expected"
    assert "expected" not in none.all("h1")[0].text


def test_a_line_out_of_less_than_a_year_says_that_a_season_may_look_like_it(world):
    a_year = make_world(months=12).only(*PARTNERS)

    assert any(sentence.startswith("Fewer than twelve months are held") for sentence in said(page_of(world)))
    assert not any(
        sentence.startswith("Fewer than twelve months are held") for sentence in said(page_of(a_year))
    )


def test_every_number_of_a_line_is_a_field_of_it(world):
    lines = [one for one in said(page_of(world)) if one.startswith(("More than expected", "Worth watching"))]
    fields = [
        row for row in rows(world, "released_signals") if row["line"] and row["recipient"] == PARTNERS[0]
    ]

    for line, row in zip(lines, sorted(fields, key=lambda row: row["line"]), strict=True):
        numbers = [int(n) for n in re.findall(r"about (\d+)|; (\d+) to (\d+)", line)[0] if n]
        low, high = re.search(r"; (\d+) to (\d+) would", line).groups()
        assert numbers == [row["value"]]
        assert (float(low), float(high)) == (row["usual_lower"], row["usual_upper"])


def test_without_a_line_the_page_says_how_many_series_were_judged(world):
    none = [
        {**row, "line": 0, "verdict": "none", "kind": "", "first_day": "", "last_day": "", "value": None,
         "usual_lower": None, "usual_upper": None}
        for row in rows(world, "released_signals")
    ]  # fmt: skip

    assert "Nothing stood out from chance in December 2025: 6 weekly series were judged." in said(
        page_of(world.with_told(signals=none))
    )


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (
            "not_enough_history",
            "Not enough history to say what is usual: emergency attendances of residents after",
        ),
        ("incomplete", "No complete week in December 2025: emergency attendances of residents after assault"),
    ],
)
def test_a_series_that_was_not_judged_says_why(world, verdict, words):
    silent = [
        {**row, "line": 0, "verdict": verdict, "kind": "", "first_day": "", "last_day": "", "value": None,
         "usual_lower": None, "usual_upper": None}
        for row in rows(world, "released_signals")
    ]  # fmt: skip

    lines = said(page_of(world.with_told(signals=silent)))

    assert [one for one in lines if one.startswith(words)]
    assert not [one for one in lines if one.startswith("Nothing stood out")]


def test_what_has_no_yearly_change_is_what_the_stage_gives_none(world):
    weeks = tomllib.loads((ROOT / "src/preventable/stages/signals/rules.toml").read_text())["history"]

    said_of_it = " ".join(text for text, _inside in page_of(world).texts)

    assert (weeks["change_weeks"], weeks["guard_weeks"]) == (52, 4)
    assert "series with less than a year of complete weeks; the newest four weeks" in said_of_it


def test_a_share_is_said_with_its_limits_and_its_period(world):
    assert (
        "Invented County, 1 January 2024 to 28 December 2025: of people treated in emergency departments after an"
        " assault, about 52 % have no police record of it (95 % limits 49 % to 55 %)."
    ) in said(page_of(world))


@pytest.mark.parametrize(
    ("lower", "words"),
    [
        (0.37, "At least 37 % are unknown to the police"),
        (0.5, "At least 49 % are unknown to the police"),
        (0.51, "Most of these victims are unknown to the police"),
    ],
)
def test_the_headline_of_the_shares_says_what_the_least_lower_limit_bears(world, lower, words):
    """Of emergency departments it is 49 %, or 51 % where that of the ambulance is."""
    limits = {"ambulance": lower, "ed": 0.51 if lower == 0.51 else 0.49}
    estimates = [
        {**row, "lower": limits[row["source"]]} if row["estimate"] == "unknown_to_police" else row
        for row in rows(world, "released_estimates")
    ]

    assert words in [head.text for head in page_of(world.with_told(estimates=estimates), HEALTH).all("h3")]


ASSUMED = "the last column says how low the share could be if one police record in twenty were so"


def with_audit(world):
    """The estimates of a world in which the attendances were audited."""
    estimates = rows(world, "released_estimates")
    audits = [
        {**row, "figure": "linkage_check/ed/hidden/ed", "estimate": "linkage_check", "breakdown": "hidden"}
        | {"category": "ed", "value": 0.07, "lower": None, "upper": None, "lower_if_hidden": None}
        for row in estimates
        if (row["estimate"], row["source"]) == ("unknown_to_police", "ed")
    ]
    return world.with_told(estimates=[*estimates, *audits])


def test_what_no_comparison_sees_is_assumed_without_an_audit(world):
    (line,) = [item.text for item in page_of(world, HEALTH).all("p") if ASSUMED in item.text]

    assert line.startswith("A police record with a date that is days off cannot be seen")


def test_what_an_audit_measured_is_no_longer_assumed_for_its_service_alone(world):
    told = [item.text for item in page_of(with_audit(world), HEALTH).all("p")]

    (measured,) = [text for text in told if "looked a random sample up with names" in text]
    (assumed,) = [text for text in told if ASSUMED in text]
    assert measured.startswith("Emergency departments: ")
    assert "At most 7 % of the true pairs" in measured
    assert assumed.startswith("Ambulance service: ")


def test_windows_are_a_matrix_of_minutes_by_metres_for_each_service(world):
    estimates = rows(world, "released_estimates")
    (share,) = [
        row
        for row in estimates
        if row["recipient"] == HEALTH.split("/")[0] and row["figure"].startswith("unknown_to_police/ed/")
    ]
    windows = [
        {**share, "figure": f"plain_unknown/ed/{breakdown}/{category}", "estimate": "plain_unknown"}
        | {"breakdown": breakdown, "category": category, "value": value, "lower_if_hidden": None}
        for breakdown, category, value in (
            ("window", "30 min 100 m", 0.9),
            ("window", "120 min 1000 m", 0.49),
            ("window_by_chance", "120 min 1000 m", 0.62),
        )
    ]

    page = page_of(world.with_told(estimates=[*estimates, *windows]), HEALTH)

    head, *body = [[cell.text for cell in row] for row in page.table("other-ways-ed")]
    assert head == ["A police record", "within 100 m", "within 1,000 m"]
    assert body == [
        ["within 30 min", "90", "[z]"],
        ["within 2 h", "[z]", "49"],
        ["within 30 min, but of another week (chance)", "[z]", "[z]"],
        ["within 2 h, but of another week (chance)", "[z]", "62"],
    ]


def test_a_share_that_is_not_calibrated_is_words_and_no_drawing(world):
    bare = dict.fromkeys(("value", "lower", "upper", "lower_if_hidden"))
    estimates = [
        {**row, **bare, "value_note": "[x]", "note": "not calibrated: fewer than 8 whole weeks"}
        if row["estimate"] == "unknown_to_police"
        else row
        for row in rows(world, "released_estimates")
    ]

    page = page_of(world.with_told(estimates=estimates), HEALTH)

    assert (
        "Invented County: no figure for people treated in emergency departments after an assault ([x], not calibrated:"
        " fewer than 8 whole weeks)."
    ) in said(page)
    assert not [svg for svg in page.all("svg") if "unknown" in svg.attributes["aria-labelledby"]]


def test_a_share_that_is_not_calibrated_beside_one_that_is_keeps_its_token_and_its_reason(world):
    bare = dict.fromkeys(("value", "lower", "upper", "lower_if_hidden"))
    estimates = [
        {**row, **bare, "value_note": "[x]", "note": "not calibrated: too few"}
        if row["estimate"] == "unknown_to_police" and row["source"] == "ambulance"
        else row
        for row in rows(world, "released_estimates")
    ]
    told = world.with_told(estimates=estimates)
    made = make_packs(told.engine(), told.context)

    page = Page(made[HEALTH])
    cells = {row[0].text: [cell.text for cell in row[1:]] for row in page.table("unknown-table")}
    (name,) = [
        n
        for n, sheet in xlsx_sheets(made[HEALTH.replace(".html", ".xlsx")]).items()
        if n.startswith("Unknown")
    ]
    sheet = {row[0]: row[1:] for row in xlsx_sheets(made[HEALTH.replace(".html", ".xlsx")])[name]}

    assert cells["Emergency departments"] == ["52", "49", "55", "46"]
    assert cells["Ambulance service"] == sheet["Ambulance service"] == ["[x]"] * 4
    assert sheet["Emergency departments"] == [52, 49, 55, 46]
    assert [dd for dd in page.all("dd") if "[x], not calibrated: too few" in dd.text]


def test_a_change_is_a_sentence_only_where_it_is_sure(world):
    lines = [one for one in said(page_of(world)) if " a year" in one]

    assert lines == [
        "Emergency attendances of residents after assault in Quillmarsh rose by about 12 % a year against the rest of the"
        " region (99 % limits 4 % to 20 %).",
        "Emergency attendances of residents after assault in Invented County rose by about 12 % a year (99 % limits 4 % to"
        " 20 %).",
    ]


@pytest.mark.parametrize(
    ("value", "lower", "upper", "words"),
    [
        (
            -0.12,
            -0.2,
            -0.04,
            "fell by about 12 % a year against the rest of the region (99 % limits 4 % to 20 %)",
        ),
        (0.04, 0.01, 0.07, ""),
        (0.2, -0.01, 0.4, ""),
    ],
)
def test_a_small_or_unsure_change_is_no_sentence(world, value, lower, upper, words):
    estimates = [
        {**row, "value": value, "lower": lower, "upper": upper}
        for row in rows(world, "released_estimates")
        if row["estimate"] == "yearly_change" and row["area_type"] == "district"
    ]

    lines = [one for one in said(page_of(world.with_told(estimates=estimates))) if " a year" in one]

    assert bool(lines) == bool(words)
    assert all(words in one for one in lines)


def test_what_is_known_what_goes_on_and_what_is_taken_back_is_said(world):
    signals = [
        {**row, "note": "the department moved" if row["line"] == 1 else ""}
        for row in rows(world, "released_signals")
    ]
    quiet = [row for row in signals if not row["line"]]
    days = {
        "first_day": "2025-11-03",
        "last_day": "2025-11-16",
        "state": "withdrawn",
        "period_end": "2025-11",
    }
    taken = [{**row, **days, "figure": f"{row['figure'][:-2]}11"} for row in quiet if row["area"] == "XD02"][
        :1
    ]

    told = said(page_of(world.with_told(signals=[*signals, *taken])))

    known = [one for one in told if "Known of these days" in one]
    assert [one.partition(" It was told")[2] for one in known] == [
        " last month too. Known of these days: the department moved."
    ]
    assert len([one for one in told if "It was told last month too." in one]) == 1
    [withdrawn] = [one for one in told if one.startswith("Withdrawn: ")]
    assert "3 to 16 November 2025, stood out. With the records held now they do not." in withdrawn


def test_a_partner_s_lines_and_estimates_are_in_its_own_pack_alone(world):
    """Those of one partner are made unlike those of the other, which stands before it."""
    own = PARTNERS[2]
    signals = [
        {**row, "value": 995.0} if row["line"] and row["recipient"] == own else row
        for row in rows(world, "released_signals")
    ]
    estimates = [
        {**row, "value": 0.97, "upper": 0.99} if row["value"] and row["recipient"] == own else row
        for row in rows(world, "released_estimates")
    ]

    told = world.with_told(signals=signals, estimates=estimates)
    made = make_packs(told.engine(), told.context)

    for words in ("about 995 emergency attendances", "about 97 % have no police record"):
        has = {path for path in (COMMUNITY, HEALTH) if [p for p in said(Page(made[path])) if words in p]}
        assert has == {HEALTH}
    for ending in ("-signals.csv", "-estimates.csv"):
        number = {"-signals.csv": b",995,", "-estimates.csv": b",0.97,"}[ending]
        assert number in made[HEALTH.replace(".html", ending)]
        assert number not in made[COMMUNITY.replace(".html", ending)]


def test_who_is_granted_neither_has_neither_section(world):
    heads = {head.text for head in page_of(world, LICENSING).all("h2")}

    assert heads.isdisjoint({"What was more than expected", "What the police do not hear of"})


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2025-12-01", "2025-12-14", "1 to 14 December 2025"),
        ("2025-11-24", "2025-12-07", "24 November to 7 December 2025"),
        ("2024-12-30", "2025-01-05", "30 December 2024 to 5 January 2025"),
        ("2024-02-26", "2024-02-29", "26 to 29 February 2024"),
    ],
)
def test_days_are_said_without_repeating_month_or_year(first, last, words):
    assert days_text(first, last) == words
