"""None, one, all, and what must be refused."""

import pytest

from preventable import methods
from preventable.errors import CountError, DenominatorError, LevelError, StandardPopulationError

BANDS = ("0-24", "25-64", "65+")
STANDARD = {"0-24": 30_000, "25-64": 50_000, "65+": 20_000}
YEARS = dict.fromkeys(BANDS, 5_000)


def test_no_events_give_a_rate_of_zero_with_an_upper_limit():
    rate = methods.crude_rate(0, 10_000)

    assert (rate.value, rate.lower) == (0.0, 0.0)
    assert rate.upper == pytest.approx(36.8888, abs=1e-3)


def test_the_limits_change_from_exact_to_byar_at_ten_events():
    assert methods.poisson_limits(9) == methods.exact_poisson_limits(9)
    assert methods.poisson_limits(10) == methods.byar_limits(10)


@pytest.mark.parametrize(("total", "given_out"), [(0, False), (9, False), (10, True)])
def test_dsr_needs_ten_events(total, given_out):
    events = {"0-24": total, "25-64": 0, "65+": 0}

    rate = methods.directly_standardised_rate(events, YEARS, STANDARD)

    assert (rate is not None) is given_out


def test_dsr_of_no_events_is_withheld_even_where_policy_asks_for_none():
    assert (
        methods.directly_standardised_rate(dict.fromkeys(BANDS, 0), YEARS, STANDARD, minimum_events=0) is None
    )


def test_dsr_equals_the_crude_rate_where_every_band_has_the_same_rate():
    events = {band: 10 * (index + 1) for index, band in enumerate(BANDS)}
    years = {band: 1_000.0 * (index + 1) for index, band in enumerate(BANDS)}

    rate = methods.directly_standardised_rate(events, years, STANDARD)

    assert rate.value == pytest.approx(1_000.0)


@pytest.mark.parametrize(("shown", "given_out"), [(10, False), (15, True)])
def test_dsr_from_rounded_counts_needs_ten_events_at_the_least_they_can_be(shown, given_out):
    rate = methods.directly_standardised_rate_from_rounded(
        {"all": shown}, {"all": 1_000}, {"all": 1}, rounding_error=2
    )

    assert (rate is not None) is given_out


def test_the_interval_of_a_rounded_count_covers_that_of_every_count_behind_it():
    rounded = methods.crude_rate_from_rounded(10, 1_000, rounding_error=2)

    for count in (8, 9, 10, 11, 12):
        exact = methods.crude_rate(count, 1_000)
        assert rounded.lower <= exact.lower
        assert exact.upper <= rounded.upper


def test_everybody_gives_a_proportion_of_one_with_a_lower_limit():
    share = methods.wilson_proportion(12, 12)

    assert (share.value, share.upper) == (1.0, 1.0)
    assert 0.7 < share.lower < 1.0


def test_a_rounded_part_never_exceeds_its_rounded_whole():
    share = methods.proportion_from_rounded(10, 10, rounding_error=2)

    assert share.upper == 1.0


@pytest.mark.parametrize("person_years", [0, -1, float("nan"), float("inf")])
def test_no_population_is_refused(person_years):
    with pytest.raises(DenominatorError):
        methods.crude_rate(1, person_years)


def test_a_band_without_population_is_refused():
    with pytest.raises(DenominatorError):
        methods.directly_standardised_rate(dict.fromkeys(BANDS, 9), {**YEARS, "65+": 0}, STANDARD)


def test_bands_that_differ_are_refused():
    with pytest.raises(StandardPopulationError):
        methods.directly_standardised_rate({"0-24": 30}, YEARS, STANDARD)
    with pytest.raises(StandardPopulationError):
        methods.expected_events({"0-24": 30}, {"25+": 1}, {"25+": 10})


def test_a_standard_without_weight_is_refused():
    with pytest.raises(StandardPopulationError):
        methods.directly_standardised_rate(dict.fromkeys(BANDS, 9), YEARS, {**STANDARD, "65+": 0})


@pytest.mark.parametrize("events", [-1, float("nan")])
def test_a_negative_count_is_refused(events):
    with pytest.raises(CountError):
        methods.crude_rate(events, 1_000)
    with pytest.raises(CountError):
        methods.directly_standardised_rate({"0-24": events, "25-64": 90, "65+": 0}, YEARS, STANDARD)


def test_a_part_larger_than_its_whole_is_refused():
    with pytest.raises(CountError):
        methods.wilson_proportion(11, 10)
    with pytest.raises(DenominatorError):
        methods.wilson_proportion(0, 0)


@pytest.mark.parametrize(("gained", "lost"), [(-1, 0), (0, -1), (6, 5)])
def test_more_changes_than_things_are_refused(gained, lost):
    with pytest.raises(CountError):
        methods.matched_difference(gained, lost, 10)


def test_changes_of_nothing_are_refused_and_none_or_all_changed_is_not():
    with pytest.raises(DenominatorError):
        methods.matched_difference(0, 0, 0)

    none, every = methods.matched_difference(0, 0, 100), methods.matched_difference(10, 0, 10)

    assert none.lower == -none.upper < 0.0
    assert (every.value, every.upper) == (1.0, 1.0)


def test_nothing_expected_is_refused():
    with pytest.raises(DenominatorError):
        methods.indirectly_standardised_ratio(3, 0)
    with pytest.raises(DenominatorError):
        methods.expected_events({"all": 10}, {"all": 1}, {"all": 0})


@pytest.mark.parametrize("level", [0, 1, 1.5, -0.1])
def test_a_level_outside_0_to_1_is_refused(level):
    with pytest.raises(LevelError):
        methods.poisson_limits(5, level=level)
    with pytest.raises(LevelError):
        methods.byar_limits(5, level=level)


@pytest.mark.parametrize(
    ("shown", "base", "minimum", "counts"),
    [
        (10, 5, 8, [8, 9, 10, 11, 12]),
        (15, 5, 8, [13, 14, 15, 16, 17]),
        (20, 10, 10, list(range(15, 25))),
        (5, 5, 8, []),
    ],
)
def test_counts_behind_a_shown_count(shown, base, minimum, counts):
    assert list(methods.counts_shown_as(shown, base, minimum)) == counts


def test_rounding_refuses_what_cannot_be():
    with pytest.raises(CountError):
        methods.round_half_up(-1, 5)
    with pytest.raises(CountError):
        methods.round_half_up(1, 0)
    with pytest.raises(CountError):
        methods.counts_shown_as(11, 5, 8)
    with pytest.raises(CountError):
        methods.crude_rate_from_rounded(-5, 100, rounding_error=2)
