"""What holds for every input of `methods`."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import binom

from preventable import methods

BANDS = ("0-24", "25-64", "65+")
STANDARD = {"0-24": 30_000, "25-64": 50_000, "65+": 20_000}
counts = st.fixed_dictionaries({band: st.integers(4, 5_000) for band in BANDS})
years = st.fixed_dictionaries({band: st.floats(100, 1e6) for band in BANDS})
levels = st.floats(0.5, 0.999)


@given(events=counts, person_years=years, level=levels)
@example(
    events=dict.fromkeys(BANDS, 4),
    person_years={"0-24": 100.0, "25-64": 3637.0, "65+": 311026.0},
    level=0.9921875,
)
def test_dsr_lies_within_its_own_limits(events, person_years, level):
    rate = methods.directly_standardised_rate(events, person_years, STANDARD, level=level)

    assert 0 <= rate.lower < rate.value < rate.upper


@given(events=counts, person_years=years, factor=st.floats(0.01, 100))
def test_dsr_does_not_depend_on_the_scale_of_the_standard(events, person_years, factor):
    scaled = {band: weight * factor for band, weight in STANDARD.items()}

    first = methods.directly_standardised_rate(events, person_years, STANDARD)
    second = methods.directly_standardised_rate(events, person_years, scaled)

    assert math.isclose(first.value, second.value, rel_tol=1e-12)
    assert math.isclose(first.lower, second.lower, rel_tol=1e-9)


@given(events=counts, person_years=years, order=st.permutations(BANDS))
def test_dsr_does_not_depend_on_the_order_of_the_bands(events, person_years, order):
    first = methods.directly_standardised_rate(events, person_years, STANDARD)
    second = methods.directly_standardised_rate(
        {band: events[band] for band in order},
        {band: person_years[band] for band in order},
        {band: STANDARD[band] for band in order},
    )

    assert first == second


@given(events=counts, person_years=years)
def test_dsr_per_thousand_is_a_hundredth_of_the_one_per_hundred_thousand(events, person_years):
    thousand = methods.directly_standardised_rate(events, person_years, STANDARD, per=1_000)
    hundred_thousand = methods.directly_standardised_rate(events, person_years, STANDARD)

    assert math.isclose(thousand.upper * 100, hundred_thousand.upper, rel_tol=1e-12)


@given(shown=counts, person_years=years, error=st.integers(0, 4))
def test_the_interval_of_rounded_bands_covers_the_interval_of_the_same_counts_unrounded(
    shown, person_years, error
):
    exact = methods.directly_standardised_rate(shown, person_years, STANDARD)
    rounded = methods.directly_standardised_rate_from_rounded(
        shown, person_years, STANDARD, rounding_error=error, minimum_events=0
    )

    if rounded is not None:
        assert rounded.value == exact.value
        assert rounded.lower <= exact.lower * (1 + 1e-12)
        assert exact.upper <= rounded.upper * (1 + 1e-12)


@given(events=st.integers(1, 10**6), person_years=st.floats(1, 1e8), level=levels)
def test_a_crude_rate_lies_within_its_limits(events, person_years, level):
    rate = methods.crude_rate(events, person_years, level=level)

    assert rate.lower < rate.value < rate.upper


@given(events=st.integers(0, 10**5))
def test_limits_rise_with_the_count(events):
    fewer, more = methods.poisson_limits(events), methods.poisson_limits(events + 1)

    assert fewer.lower < more.lower
    assert fewer.upper < more.upper


@given(whole=st.integers(1, 10**6), share=st.floats(0, 1), level=levels)
def test_a_proportion_lies_within_its_limits_and_they_within_0_and_1(whole, share, level):
    part = min(whole, round(whole * share))

    found = methods.wilson_proportion(part, whole, level=level)

    assert 0 <= found.lower <= found.value <= found.upper <= 1


@given(part=st.integers(0, 500), rest=st.integers(0, 500))
def test_the_limits_of_the_complement_are_the_complements_of_the_limits(part, rest):
    whole = part + rest
    if whole == 0:
        return

    one, other = methods.wilson_proportion(part, whole), methods.wilson_proportion(rest, whole)

    assert one.lower == pytest.approx(1 - other.upper, abs=1e-12)


@given(gained=st.integers(0, 200), lost=st.integers(0, 200), rest=st.integers(1, 500))
def test_gains_and_losses_changed_about_change_the_sign_of_a_matched_difference(gained, lost, rest):
    whole = gained + lost + rest

    one, other = (methods.matched_difference(*pair, whole) for pair in ((gained, lost), (lost, gained)))

    assert one.value == -other.value
    assert one.lower == pytest.approx(-other.upper, abs=1e-12)
    assert -1 <= one.lower <= one.upper <= 1


@pytest.mark.parametrize("chances", [(0.02, 0.02), (0.0, 0.05), (0.1, 0.02)])
def test_the_limits_of_a_matched_difference_hold_it_as_often_as_they_say(chances):
    """Counted over every outcome of 100 things, by the binomial law: no draw, so no luck."""
    up, down = chances
    held = 0.0
    for gained in range(30):
        first = binom.pmf(gained, 100, up)
        for lost in range(30):
            change = methods.matched_difference(gained, lost, 100)
            if change.lower <= up - down <= change.upper:
                held += first * binom.pmf(lost, 100 - gained, down / (1 - up))

    assert held >= 0.94


@given(events=st.integers(1, 10**5), expected=st.floats(0.01, 1e5))
def test_a_ratio_lies_within_its_limits(events, expected):
    ratio = methods.indirectly_standardised_ratio(events, expected)

    assert ratio.lower < ratio.value < ratio.upper


@given(count=st.integers(0, 10**6), base=st.integers(1, 50))
def test_rounding_gives_the_nearest_multiple_and_the_half_way_count_goes_up(count, base):
    shown = methods.round_half_up(count, base)

    assert shown % base == 0
    assert count - base / 2 < shown <= count + base / 2


@given(count=st.integers(8, 10**5))
def test_a_count_is_among_the_counts_shown_as_it_is_and_they_are_five(count):
    behind = methods.counts_shown_as(methods.round_half_up(count, 5), 5, 8)

    assert count in behind
    assert len(behind) == 5
