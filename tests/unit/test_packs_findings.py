"""What may be said, and with which words."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from preventable.codes import allowed
from preventable.methods import verdict
from preventable.methods.words import Words
from preventable.settings import load_policy
from preventable.stages.packs import community_safety
from preventable.stages.packs.findings import (
    ReleaseRule,
    change_headline,
    change_words,
    comparison_words,
    dispersion_of,
    largest,
    limits_of,
    per_capacity,
    word_rules,
)
from preventable.stages.packs.findings import change_finding as found_change
from preventable.stages.packs.findings import comparison_finding as found_comparison
from preventable.stages.packs.sections import name_patterns, ordered_categories
from preventable.stages.packs.shown import Shown
from preventable.stages.packs.words import (
    category_label,
    count_text,
    data_file,
    listed,
    month_text,
    percent_text,
    span_text,
)
from preventable.tables.months import months_between

RULE = ReleaseRule(minimum=8, base=5, least_coverage=0.95, limits_level=0.95)
RULES = word_rules(0.10, 0.005)
#: Those of the data file, as where nothing was measured.
ASSUMED = dispersion_of(None)
MONTHS = months_between("2024-01", "2025-12")


def shown(value: float | None, *, month: str = "2025-12", token: str = "", lower=None, upper=None) -> Shown:
    measure = "count" if lower is None else "crude_rate"
    return Shown(
        f"d.v1/district/XD01/month/{month}/all/all/{measure}",
        "d",
        1,
        "ed",
        measure,
        "district",
        "XD01",
        "month",
        month,
        month,
        "all",
        "all",
        value,
        lower,
        upper,
        None,
        token,
        "",
    )


def change_finding(monthly, rule=RULE, dispersion=ASSUMED):
    return found_change(monthly, rule, dispersion, RULES)


def comparison_finding(own, other, dispersion=ASSUMED):
    return found_comparison(own, limits_of(other), RULE, dispersion, RULES, figure=other.figure)


def series(earlier: list[float | None], later: list[float | None], token: str = "[x]") -> list[Shown]:
    values = [*earlier, *later]
    return [
        shown(v, month=m, token="" if v is not None else token) for m, v in zip(MONTHS, values, strict=True)
    ]


@pytest.mark.parametrize(
    ("earlier", "later", "words"),
    [
        (200, 400, Words.ROSE),
        (400, 200, Words.FELL),
        (200, 230, Words.MAY_HAVE_RISEN),
        (230, 200, Words.MAY_HAVE_FALLEN),
        (2000, 2000, Words.ABOUT_THE_SAME),
        (200, 200, Words.NO_CLEAR_CHANGE),
        (200, 205, Words.NO_CLEAR_CHANGE),
    ],
)
def test_the_verdict_follows_the_ladder(earlier, later, words):
    finding = change_finding(series([earlier] * 12, [later] * 12), RULE)

    assert finding.words == words
    assert len(finding.figures) == 24


def test_small_counts_may_be_anything_from_0_to_7():
    finding = change_finding(series([None] * 12, [10.0] * 12, token="[c]"), RULE)

    assert finding.verdict.evidence.earlier == range(85)
    assert finding.verdict.evidence.later == range(96, 145)
    assert finding.words == Words.TOO_FEW


def test_a_month_that_is_not_complete_leaves_the_comparison_in_both_years():
    gap = [400.0] * 12
    whole = [200.0] * 12

    finding = change_finding(series([*whole[:2], None, *whole[3:]], gap), RULE)

    assert finding.months == 11
    assert finding.verdict.evidence.later == range(11 * 398, 11 * 402 + 1)


def test_fewer_than_six_months_to_compare_are_not_compared():
    finding = change_finding(series([None] * 7 + [200.0] * 5, [400.0] * 12), RULE)

    assert finding.verdict is None


def test_months_before_the_two_years_do_not_count():
    older = [shown(9_000, month=month) for month in months_between("2023-01", "2023-12")]

    finding = change_finding([*older, *series([200] * 12, [200] * 12)], RULE)

    assert finding.months == 12
    assert finding.verdict.evidence.earlier == range(12 * 198, 12 * 202 + 1)


@pytest.mark.parametrize(
    ("own", "region", "words"),
    [
        ((150, 140, 160), (120, 118, 122), Words.HIGHER),
        ((145, 135, 155), (120, 118, 122), Words.HIGHER),
        ((140, 130, 151), (120, 118, 122), Words.SOMEWHAT_HIGHER),
        ((100, 90, 110), (120, 118, 122), Words.SOMEWHAT_LOWER),
        ((90, 82, 98), (120, 118, 122), Words.LOWER),
        ((130, 123, 139), (120, 118, 122), Words.SIMILAR),
    ],
)
def test_rates_differ_by_the_ladder_although_limits_may_lie_apart(own, region, words):
    rates = [shown(value, lower=lower, upper=upper) for value, lower, upper in (own, region)]

    finding = comparison_finding(*rates)

    assert finding.words == words
    assert finding.figures == tuple(rate.figure for rate in rates)


def test_the_dispersion_that_was_measured_decides():
    rates = [
        shown(value, lower=lower, upper=upper) for value, lower, upper in ((140, 130, 151), (120, 118, 122))
    ]

    assert comparison_finding(*rates, dispersion_of(1.0)).words == Words.HIGHER
    assert change_finding(series([200] * 12, [230] * 12), dispersion=dispersion_of(1.3)).words == Words.ROSE


@pytest.mark.parametrize("later", [205, 230, 400, 8])
def test_a_verdict_is_made_again_from_the_numbers_that_a_finding_keeps(later):
    finding = change_finding(series([200] * 12, [later] * 12))
    beside = comparison_finding(
        shown(later, lower=later - 2, upper=later + 2), shown(200, lower=190, upper=210)
    )

    for one in (finding.verdict, beside.verdict):
        assert verdict(one.evidence, one.rules) == one


def test_days_of_a_leap_year_are_no_change():
    evidence = change_finding(series([200] * 12, [200] * 12)).verdict.evidence

    assert evidence.exposure == 365 / 366


def test_months_that_lack_something_may_lack_as_much_as_the_rule_lets_pass():
    months = series([200] * 12, [400] * 12)
    lacking = [*months[:-1], replace(months[-1], note="nearly complete")]

    assert change_finding(lacking).words == Words.ROSE
    assert change_finding(lacking, replace(RULE, least_coverage=0.9)).words == Words.MAY_HAVE_RISEN


def test_a_rate_that_is_not_shown_cannot_be_compared():
    finding = comparison_finding(shown(None, token="[c]"), shown(120, lower=118, upper=122))

    assert comparison_words(finding, "the region") == "cannot be compared"


@pytest.mark.parametrize(("value", "bounds"), [(10.0, (8, 12)), (15.0, (13, 17)), (None, (0, 7))])
def test_a_shown_count_bounds_its_true_count(value, bounds):
    assert RULE.bounds(shown(value, token="" if value else "[c]")) == bounds


def test_the_range_is_part_of_the_sentence():
    words = change_words(change_finding(series([200] * 12, [200] * 12), RULE))

    assert words.startswith("no clear change on the year before (between −")
    assert "%" in words


@pytest.mark.parametrize(("months", "words"), [(1, "(1 month held)"), (3, "(3 months held)")])
def test_few_months_are_told_by_their_number(months, words):
    finding = change_finding([shown(200, month=month) for month in MONTHS[-months:]], RULE)

    assert change_words(finding).endswith(words)


def test_names_drawn_together_become_one_pattern_a_definition_and_level():
    names = [f"a.v1/district/XD01/month/2025-{month:02d}/all/all/count" for month in (1, 2)]

    patterns = name_patterns([*names, "b.v2/ward/XW001/last12/2025-12/sex/male/count"])

    assert patterns == [
        "a.v1/district/XD01/month/*/all/all/count",
        "b.v2/ward/XW001/last12/2025-12/sex/male/count",
    ]


def band(category: str, value: float | None, token: str = "") -> Shown:
    return replace(shown(value, token=token), category=category)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        # Limits of Poisson counts: of 48, 35.4 to 63.6; of 22, 13.8 to 33.3; of 12, 6.2 to 21.0.
        ({"a": 50.0, "b": 20.0}, ["a"]),
        ({"a": 20.0, "b": 10.0}, ["a", "b"]),
        ({"a": 20.0, "b": 20.0}, ["a", "b"]),
        ({"a": 100.0, "b": 20.0, "c": 90.0}, ["a", "c"]),
        ({"a": 50.0, "b": None}, ["a"]),
        ({"a": 10.0, "b": None}, ["a", "b"]),
        ({"a": None, "b": None}, []),
    ],
)
def test_the_largest_are_all_that_rounding_and_chance_do_not_tell_apart(values, names):
    figures = [band(name, value, "" if value else "[c]") for name, value in values.items()]

    assert [figure.category for figure in largest(figures, RULE)] == names


def test_what_is_not_available_may_not_be_called_the_largest():
    figures = [band("a", 50.0), band("b", None, "[x]")]

    top = largest(figures, RULE, size=lambda figure: {"a": 24.0, "b": 3.0}[figure.category])

    assert [figure.category for figure in top] == ["a"]


def test_a_small_count_may_be_the_largest_for_its_size():
    figures = [band("a", 50.0), band("b", None, "[c]")]

    top = largest(figures, RULE, size=lambda figure: {"a": 24.0, "b": 3.0}[figure.category])

    assert [figure.category for figure in top] == ["a", "b"]


def test_a_count_beside_its_capacity_is_a_range_rounded_outwards():
    assert per_capacity(shown(10), 300, RULE) == (2.6, 4.0)
    assert per_capacity(shown(None, token="[c]"), 300, RULE) is None
    assert per_capacity(shown(10), 0, RULE) is None


RISEN = change_finding(series([200] * 12, [400] * 12), RULE)
MAYBE = change_finding(series([200] * 12, [230] * 12), RULE)
SHORT = change_finding([shown(200)], RULE)
FEW = change_finding(series([None] * 12, [None] * 12, token="[c]"), RULE)


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ({"a": MAYBE, "b": RISEN}, "b rose on the year before"),
        ({"a": MAYBE, "b": SHORT}, "no count clearly changed on the year before"),
        ({"a": SHORT, "b": SHORT}, "too few months yet to tell a change"),
        ({"a": FEW, "b": SHORT}, "too few records to tell a change"),
    ],
)
def test_only_what_is_sure_stands_in_a_title(findings, words):
    assert change_headline(findings) == words


def test_a_comparison_of_fewer_months_says_how_many():
    finding = change_finding(series([200, None, *[200] * 10], [200] * 12), RULE)

    assert change_words(finding).endswith("; 11 months compared)")


def test_ages_stand_in_order_and_what_is_not_known_last():
    assert ordered_categories("age_band", {"80+", "unknown", "0-9", "10-19"}) == [
        "0-9",
        "10-19",
        "80+",
        "unknown",
    ]


@pytest.mark.parametrize("dimension", ["weapon_class", "place_type", "sex"])
def test_every_word_of_a_code_list_has_a_name(dimension):
    assert set(data_file("words.toml")["category"][dimension]) == set(allowed(dimension))


def _granted() -> set[str]:
    """Definitions that any kind of partner may receive: others are counted and go nowhere."""
    recipients = load_policy().file("recipients")["recipients"]
    return {name for one in recipients for grant in one["allowed"] for name in grant["definitions"]}


def test_every_definition_that_leaves_has_a_short_name():
    words = data_file("words.toml")

    assert _granted() == set(words["definition_head"]) == set(words["definition_sentence"])


def test_every_definition_of_the_contents_is_in_policy():
    contents = data_file("contents.toml")
    named = {
        definition
        for document in ("community_safety", "licensing", "public_health")
        for part, definitions in contents[document].items()
        if part != "dimensions"
        for definition in definitions
    }

    assert named == _granted()


def test_words_of_months_numbers_and_lists():
    assert span_text("2025-10", "2025-12") == "3 months to December 2025"
    assert span_text("2025-12", "2025-12") == "December 2025"
    assert month_text("2025-01", short=True) == "Jan 2025"
    assert category_label("weekday_hour", "Fri 21-24") == "Fri, 21 to 24"
    assert category_label("age_band", "80+") == "80 and over"
    assert count_text(12345.0) == "12,345"
    assert [percent_text(ratio) for ratio in (0.93, 1.0, 1.126)] == ["−7\u00a0%", "0\u00a0%", "+13\u00a0%"]
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_the_busiest_band_is_that_with_most_for_its_hours():
    counts = {"Mon-Thu 12-18": 300.0, "Fri 21-24": 90.0, "Sat 00-03": 20.0, "unknown": 900.0}
    figures = [replace(shown(count), category=band) for band, count in counts.items()]

    assert community_safety._busiest_bands(SimpleNamespace(rule=RULE), figures) == ["Fri, 21 to 24"]
