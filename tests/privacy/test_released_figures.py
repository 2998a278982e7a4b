"""What leaves, seen as an attacker sees it: nothing says more than the cells that are shown."""

import re
from collections import defaultdict

import pytest
from figures_world import counted, handed_on, months, random_records, record, released_from, session

from preventable import methods
from preventable.codes import code_file
from preventable.stages.indicators.populations import standard_weights

HELD = months(12)
BANDS = tuple(band["band"] for band in code_file("age_bands")["bands"])


@pytest.fixture(scope="module")
def handed():
    return handed_on(counted(random_records(11, 12_000, HELD), HELD))


@pytest.fixture(scope="module")
def exact(handed):
    return {row["figure"]: row for row in handed["indicator_values"].to_pylist()}


@pytest.fixture(scope="module")
def released(handed):
    return released_from(session(handed))


@pytest.fixture(scope="module")
def shown(released):
    return {row["figure"]: row["value"] for row in released if row["measure"] == "count"}


@pytest.fixture(scope="module")
def person_years(handed):
    return {
        (row["area"], row["period_type"], row["period_end"], row["age_band"]): row["person_years"]
        for row in handed["population_bases"].to_pylist()
    }


def stem_of(row):
    return row["figure"].rpartition("/")[0]


def test_every_released_count_obeys_the_rule_against_its_exact_count(released, exact):
    checked = 0
    for row in released:
        if row["measure"] == "count":
            true = exact[row["figure"]]["count"]
            assert row["value"] == (None if true < 8 else 5 * ((true + 2) // 5))
            checked += 1
    assert checked > 3_000


def test_every_margin_is_rounded_from_its_own_count_and_not_summed(exact, shown):
    """Region and districts: the shown parts of some shown total do not add up to it."""
    sums = defaultdict(list)
    for figure, value in shown.items():
        definition, area_type, _, *rest = figure.split("/")
        if area_type == "district" and exact[figure]["definition"] != "school_suspensions":
            sums[definition, *rest].append(value)
    unequal = [
        key
        for key, parts in sums.items()
        if None not in parts
        and "residence" not in key
        and shown["/".join((key[0], "region", "X01", *key[1:]))] not in (None, sum(parts))
    ]

    assert unequal


def test_a_crude_rate_times_its_denominator_is_the_shown_count(released, shown, person_years):
    rates = [row for row in released if row["measure"] == "crude_rate" and row["value"] is not None]

    assert rates
    for row in rates:
        years = person_years[row["area"], row["period_type"], row["period_end"], "all"]
        count = shown[f"{stem_of(row)}/count"]
        lower = methods.poisson_limits(count - 2).lower / years * row["per"]
        upper = methods.poisson_limits(count + 2).upper / years * row["per"]
        assert row["value"] == round(count / years * row["per"], 1)
        assert 0 <= lower - row["lower"] < 0.1
        assert 0 <= row["upper"] - upper < 0.1


def test_a_standardised_rate_is_that_of_the_shown_bands_and_no_exact_one_is(
    released, exact, shown, person_years
):
    weights = standard_weights("european_standard_population_2013")
    rates = [row for row in released if row["measure"] == "standardised_rate" and row["value"] is not None]
    told_apart = 0

    assert rates
    for row in rates:
        prefix = stem_of(row).rsplit("/", 2)[0]
        years = {
            band: person_years[row["area"], row["period_type"], row["period_end"], band] for band in BANDS
        }
        figures = {band: f"{prefix}/age_band/{band}/count" for band in BANDS}
        ours = sum(weights[band] * shown[figures[band]] / years[band] for band in BANDS)
        true = sum(weights[band] * exact[figures[band]]["count"] / years[band] for band in BANDS)
        assert row["value"] == pytest.approx(ours, abs=0.051)
        told_apart += row["value"] != pytest.approx(true, abs=0.051)
    assert told_apart


def test_a_share_says_no_more_than_its_two_shown_counts(released, shown):
    shares = [row for row in released if row["measure"] == "share" and row["value"] is not None]

    assert shares
    for row in shares:
        part = shown[f"{stem_of(row)}/count"]
        whole = shown[f"{stem_of(row).rsplit('/', 2)[0]}/all/all/count"]
        assert row["value"] == round(part / whole, 2 if whole < 4_000 else 3)


def test_a_share_or_rate_of_a_hidden_count_is_hidden(released, shown):
    for row in released:
        if row["measure"] in {"share", "crude_rate"} and shown[f"{stem_of(row)}/count"] is None:
            assert (row["value"], row["lower"], row["upper"]) == (None, None, None)
            assert row["value_note"] in {"[c]", "[x]"}


def test_rows_are_in_the_order_of_their_names_and_not_of_their_counts(released):
    names = [(row["recipient"], row["figure"]) for row in released]

    assert names == sorted(names)
    assert len(set(names)) == len(names)


def test_two_recipients_of_one_figure_see_the_same(released):
    seen = {}
    for row in released:
        cell = {name: value for name, value in row.items() if name != "recipient"}
        assert seen.setdefault(row["figure"], cell) == cell


def test_the_words_beside_a_cell_are_a_few_fixed_ones(released):
    """Those of the policy; the one number in them is a whole per cent of what the shown counts allow."""
    assert len({row["note"] for row in released}) <= 9
    assert {number for row in released for number in re.findall(r"\d+", row["note"])} <= set("01234578")


def test_which_rows_a_partner_receives_does_not_depend_on_any_count(released):
    """No row and no category appears or vanishes with a count: an empty region releases the same names."""
    nobody = released_from(counted([record(1, residence_small_area=None)], HELD))

    assert {(row["recipient"], row["figure"]) for row in nobody} == {
        (row["recipient"], row["figure"]) for row in released
    }
    assert {row["value_note"] for row in nobody if row["measure"] == "count"} <= {"[c]", "[x]"}


def test_no_column_of_what_leaves_names_a_record_or_a_person(released):
    names = set(released[0])

    assert names.isdisjoint(
        {"count", "coverage", "person_years", "record_key", "person_key", "submission_id"}
    )
