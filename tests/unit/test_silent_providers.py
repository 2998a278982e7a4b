"""A provider that the region lists and that has never sent is a gap, unless policy says that nobody expects it."""

import pytest
from figures_world import (
    REGION,
    SMALL_AREAS,
    counted,
    figures,
    handed_on,
    months,
    policy,
    record,
    released_from,
    session,
)

from preventable.errors import PolicyError
from preventable.settings import load_policy
from preventable.stages.disclosure.rule import read_release_rule

HELD = months(12)
#: All of XD01, and enough of it for rates. Nobody of XD02 is seen: its hospital is the silent one.
MADE = [
    record(n, month=HELD[n % 12], age_from=n % 90, age_to=n % 90, residence_small_area=SMALL_AREAS[n % 4])
    for n in range(1_600)
]
SILENT = [("ed-south", month) for month in HELD]
NOT_EXPECTED = {("disclosure", "coverage", "providers_not_expected"): ["ed-south"]}
AREAS = (("region", REGION), ("district", "XD01"), ("district", "XD02"), ("small_area", SMALL_AREAS[8]))


def ed_count(area_type, area, period_type="last12"):
    return f"ed_assault_attendances.v1/{area_type}/{area}/{period_type}/2025-12/all/all/count"


@pytest.fixture(scope="module")
def silent():
    return counted(MADE, HELD, missing=SILENT)


@pytest.fixture(scope="module")
def not_expected():
    return counted(MADE, HELD, missing=SILENT, policy=policy(NOT_EXPECTED))


@pytest.mark.parametrize(("area_type", "area"), AREAS)
def test_one_of_two_hospitals_that_has_never_sent_is_half_of_the_coverage(silent, area_type, area):
    period = "year" if area_type == "small_area" else "last12"

    assert figures(silent)[ed_count(area_type, area, period)]["coverage"] == 0.5


def test_other_kinds_of_source_are_whole_beside_a_silent_hospital(silent):
    found = figures(silent)

    assert {row["coverage"] for row in found.values() if row["source"] in ("police", "education")} == {1.0}


def test_one_month_is_enough_to_have_sent(silent):
    found = figures(counted(MADE, HELD, missing=SILENT[1:]))

    assert found[ed_count("district", "XD01")]["coverage"] == 1.0


def test_a_district_whose_hospital_is_silent_is_not_available_and_never_few(silent):
    rows = released_from(session(handed_on(silent)))

    tokens = {(row["value_note"], row["value"]) for row in rows if row["source"] == "ed"}
    assert tokens == {("[x]", None)}


@pytest.mark.parametrize(("area_type", "area"), AREAS)
def test_a_hospital_that_nobody_expects_is_not_waited_for(not_expected, area_type, area):
    period = "year" if area_type == "small_area" else "last12"
    row = figures(not_expected)[ed_count(area_type, area, period)]

    assert (row["coverage"], row["providers_not_expected"]) == (1.0, 1)


def test_each_figure_says_that_a_hospital_does_not_send(not_expected):
    words = load_policy().file("disclosure")["notes"]["not_expected"]["ed"]
    rows = released_from(session(handed_on(not_expected)), policy(NOT_EXPECTED))

    counts = [row for row in rows if row["source"] == "ed" and row["measure"] == "count"]
    assert {row["value_note"] for row in counts} == {"", "[c]"}
    assert all(words in row["note"].split("; ") for row in counts)
    shown = [row for row in rows if row["source"] == "ed" and row["value"] is not None]
    assert {"crude_rate", "standardised_rate", "share"} <= {row["measure"] for row in shown}
    assert all(words in row["note"].split("; ") for row in shown)
    assert not any(words in row["note"] for row in rows if row["source"] != "ed")


def test_the_words_for_other_sources_stand_where_a_source_has_none_of_its_own(not_expected):
    changes = {**NOT_EXPECTED, ("disclosure", "notes", "not_expected"): {"other": "some do not send"}}
    rows = released_from(session(handed_on(not_expected)), policy(changes))

    assert all("some do not send" in row["note"] for row in rows if row["source"] == "ed" and row["value"])


def test_a_provider_that_has_sent_is_expected_whatever_the_policy_says():
    some = [("ed-south", month) for month in HELD[6:]]
    found = figures(counted(MADE, HELD, missing=some, policy=policy(NOT_EXPECTED)))

    assert {row["providers_not_expected"] for row in found.values()} == {0}


@pytest.mark.parametrize("given", ["ed-south", [1], {"ed-south": 1}])
def test_providers_that_are_not_expected_are_a_list_of_words(given):
    with pytest.raises(PolicyError):
        read_release_rule(policy({("disclosure", "coverage", "providers_not_expected"): given}))
