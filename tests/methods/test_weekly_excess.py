"""The weekly regression: what holds of any series, the awkward ones, and how often it is wrong when nothing happens."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm
from scipy.stats import t as student
from weekly_world import LEVEL, PLAIN, RELATIVE, negative_binomial, null_counts, plain_series

from preventable.errors import CountError, LevelError
from preventable.methods import (
    WeeklySeries,
    YearlyChange,
    combined_p,
    detectable_change,
    fit_baseline,
    others_offsets,
    predict_window,
    upper_mid_p,
    yearly_changes,
)
from preventable.methods.quasi_poisson_kernel import square_share

LAST = 103
seeds = st.integers(0, 10_000)
few = settings(max_examples=15, deadline=None)


def predicted(series, week=LAST, length=1, rules=PLAIN):
    """Mean and variance of each series; not a number where there is no prediction."""
    found = predict_window(series, fit_baseline(series, week, rules), length, rules)
    return np.array([(one.mean, one.variance) if one else (np.nan, np.nan) for one in found])


@few
@given(seed=seeds, more=st.floats(-3, 3))
def test_what_the_mean_is_proportional_to_may_be_told_in_any_unit(seed, more):
    series = plain_series(null_counts(seed))
    scaled = replace(series, offsets=series.offsets + more)

    assert predicted(scaled) == pytest.approx(predicted(series), rel=1e-6)


@few
@given(seed=seeds, factor=st.integers(2, 9))
def test_a_level_of_counts_times_as_large_is_times_as_large(seed, factor):
    """With one limit of outliers for all counts: as the product has it, it rises with their skewness."""
    counts = null_counts(seed, weeks=24, spread=3.0)
    one_limit = replace(PLAIN.learning, outlier_residual=2.58, outlier_by_skewness=0.0, full_weight_mean=1e-9)
    rules = replace(PLAIN, learning=one_limit)

    means = predicted(plain_series(counts), 23, rules=rules)[:, 0]
    larger = predicted(plain_series(factor * counts), 23, rules=rules)[:, 0]

    assert larger == pytest.approx(factor * means, rel=0.02)


@few
@given(seed=seeds, before=st.integers(1, 200))
def test_it_does_not_matter_where_the_count_of_weeks_begins(seed, before):
    counts = null_counts(seed)
    padded = np.hstack([np.zeros((7, before)), counts])
    usable = np.hstack([np.zeros((7, before), bool), np.ones(counts.shape, bool)])

    assert predicted(plain_series(padded, usable), LAST + before) == pytest.approx(
        predicted(plain_series(counts)), rel=1e-6
    )


@few
@given(seed=seeds)
def test_the_order_of_the_siblings_does_not_matter(seed):
    counts = null_counts(seed)
    order = np.random.default_rng(seed).permutation(len(counts))

    assert predicted(plain_series(counts[order])) == pytest.approx(
        predicted(plain_series(counts))[order], rel=1e-6
    )


@few
@given(seed=seeds, count=st.integers(0, 300))
def test_nothing_in_the_guard_or_after_the_week_changes_what_is_expected(seed, count):
    counts = null_counts(seed)
    changed = np.hstack([counts, np.full((7, 5), 1e6)])
    changed[:, LAST - 3 : LAST + 1] = count

    assert (predicted(plain_series(changed)) == predicted(plain_series(counts))).all()


@few
@given(seed=seeds)
def test_one_more_event_in_the_newest_week_is_never_less_of_an_excess(seed):
    mean, variance = predicted(plain_series(null_counts(seed)))[0]

    values = [upper_mid_p(count, mean, variance) for count in range(200)]

    assert all(later <= earlier for earlier, later in zip(values, values[1:], strict=False))
    assert values[0] >= 0.5


@few
@given(seed=seeds, instead=st.sampled_from([0.0, 7.0, 1e6, -1.0, float("nan")]))
def test_a_gap_is_a_gap_whatever_stands_in_it(seed, instead):
    counts = null_counts(seed)
    usable = np.ones(counts.shape, bool)
    usable[2, 40:49] = False
    filled = np.where(usable, counts, instead)

    assert (predicted(plain_series(filled, usable)) == predicted(plain_series(counts, usable))).all()


def test_a_gap_is_not_a_zero():
    counts = null_counts(5)
    usable = np.ones(counts.shape, bool)
    usable[2, 60:90] = False
    zeros = np.where(usable, counts, 0.0)

    left_out, taken_for_none = (
        predicted(plain_series(zeros, usable))[2, 0],
        predicted(plain_series(zeros))[2, 0],
    )

    assert left_out == pytest.approx(predicted(plain_series(counts))[2, 0], rel=0.25)
    assert taken_for_none < 0.7 * left_out


def test_a_past_outbreak_does_not_teach_the_baseline():
    counts = null_counts(8)
    outbreak = counts.copy()
    outbreak[0, 80:84] *= 4

    plain, robust = (
        predicted(
            plain_series(outbreak),
            rules=replace(
                PLAIN,
                learning=replace(
                    PLAIN.learning,
                    outlier_residual=limit,
                    outlier_by_skewness=0.0,
                    largest_outlier_residual=limit,
                ),
            ),
        )[0]
        for limit in (1e9, 2.58)
    )
    quiet = predicted(plain_series(counts))[0]

    assert abs(robust[0] - quiet[0]) < abs(plain[0] - quiet[0])
    assert robust[1] < 0.7 * plain[1]


def test_a_misfit_of_the_season_makes_the_tail_wider_in_proportion_to_the_square():
    series = plain_series(null_counts(2))

    with_it, without = (
        predicted(series, rules=replace(PLAIN, misfit_variance=variance)) for variance in (0.04, 0.0)
    )

    assert with_it[:, 0] == pytest.approx(without[:, 0])
    assert with_it[:, 1] - without[:, 1] == pytest.approx(0.04 * without[:, 0] ** 2, rel=0.1)


def test_siblings_share_their_spread():
    counts = null_counts(3, spread=1.0)
    wild = np.vstack([counts, negative_binomial(np.random.default_rng(3), np.full((1, 104), 20.0), 6.0)])

    alone = fit_baseline(plain_series(wild[-1:]), LAST, PLAIN).dispersion[0]
    together = fit_baseline(plain_series(wild), LAST, PLAIN).dispersion[-1]

    assert alone > together > 2.0


def test_siblings_near_each_other_share_nearly_all_their_spread_and_siblings_apart_little():
    draw = np.random.default_rng(11)
    means = np.full((30, 104), 20.0)
    alike = negative_binomial(draw, means, 2.0)
    apart = np.vstack([negative_binomial(draw, means, spread) for spread in (1.0, 5.0)])

    of_alike, of_apart = (
        fit_baseline(plain_series(counts), LAST, PLAIN).dispersion for counts in (alike, apart)
    )

    assert np.std(of_alike) < 0.15 * 2.0 * np.sqrt(2 / 100) * 4
    assert np.mean(of_apart[:30]) == pytest.approx(1.2, abs=0.2)
    assert np.mean(of_apart[30:]) == pytest.approx(4.7, abs=0.4)


@pytest.mark.parametrize(("weeks", "free"), [(24, 19), (104, 94)])
def test_the_tail_of_siblings_that_share_shocks_is_that_of_students_t(weeks, free):
    series = plain_series(null_counts(9, weeks=weeks))
    baseline = fit_baseline(series, weeks - 1, PLAIN)

    shared, apart = (
        predict_window(series, baseline, 1, replace(PLAIN, siblings_share_shocks=shocks))
        for shocks in (True, False)
    )

    for place in range(7):
        more = shared[place].variance - apart[place].variance
        share = (student.ppf(0.99, free) / norm.ppf(0.99)) ** 2 - 1
        assert more == pytest.approx(share * baseline.dispersion[place] * apart[place].mean, rel=1e-9)


def test_dispersion_is_averaged_before_it_is_cut_off_at_one():
    """Of Poisson series half lie below 1: cut off first, the mean of these would be about 1.1."""
    made = [null_counts(seed, series=30, weeks=34, spread=1.0) for seed in range(12)]

    means = [fit_baseline(plain_series(counts), 33, PLAIN).sibling_dispersion for counts in made]

    assert np.mean(means) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("limit", [1.5, 1.98, 2.58, 4.0])
@pytest.mark.parametrize("power", [1.0, 3.0])
def test_what_weighing_down_takes_from_chance_weeks_is_the_integral_of_the_normal(limit, power):
    def weight(r):
        return min(1.0, (limit / r) ** 2) if r > 0 else 1.0

    squares, weights = (
        sum(
            quad(lambda r, f=f: f(r) * np.exp(-r * r / 2), low, high)[0]
            for low, high in ((-12, limit), (limit, 12))
        )
        for f in (lambda r: weight(r) ** power * r * r, weight)
    )

    assert square_share(limit, power) == pytest.approx(squares / weights, rel=1e-8)


@pytest.mark.parametrize(("spread", "within"), [(1.2, 0.03), (3.0, 0.08)])
def test_weighing_outliers_down_leaves_the_spread_of_weeks_of_chance_nearly_as_it_is(spread, within):
    """Residuals are taken for normal; they are more skew: 2 % is missing, of a spread of 3, 7 %."""
    made = [null_counts(seed, series=30, weeks=108, spread=spread) for seed in range(8)]

    means = [fit_baseline(plain_series(counts), 107, PLAIN).sibling_dispersion for counts in made]

    assert np.mean(means) == pytest.approx(spread, rel=within)


@pytest.mark.parametrize(("weeks", "known"), [(1, False), (15, False), (16, True), (29, True), (30, True)])
def test_with_fewer_than_twelve_usable_weeks_before_the_guard_nothing_is_predicted(weeks, known):
    series = plain_series(null_counts(1, weeks=weeks))

    found = predict_window(series, fit_baseline(series, weeks - 1, PLAIN), 1, PLAIN)

    assert [one is not None for one in found] == [known] * 7


@pytest.mark.parametrize(("usable_weeks", "level_alone"), [(25, True), (26, False)])
def test_with_fewer_than_twenty_six_there_is_a_level_alone_with_the_siblings_spread(
    usable_weeks, level_alone
):
    counts = null_counts(4, weeks=usable_weeks + 4)
    baseline = fit_baseline(plain_series(counts), usable_weeks + 3, PLAIN)

    assert (np.abs(baseline.coefficients[:, 1:]).max() < 1e-9) == level_alone
    assert (len(set(baseline.dispersion)) == 1) == level_alone
    if level_alone:
        assert np.exp(baseline.coefficients[:, 0]) == pytest.approx(
            counts[:, :usable_weeks].mean(axis=1), rel=0.05
        )


def test_usable_weeks_are_counted_and_not_weeks():
    usable = np.ones((7, 104), bool)
    usable[0, :90] = False
    usable[1, 11:] = False
    usable[1, LAST] = True

    baseline = fit_baseline(plain_series(null_counts(1), usable), LAST, PLAIN)

    assert baseline.history_weeks.tolist() == [10, 11, 100, 100, 100, 100, 100]
    assert baseline.learned.tolist() == [False, False, True, True, True, True, True]


def test_no_more_than_five_years_are_read():
    counts = null_counts(1, weeks=400)
    changed = counts.copy()
    changed[:, : 399 - 3 - 260] = 1_000

    assert (predicted(plain_series(changed), 399) == predicted(plain_series(counts), 399)).all()
    assert fit_baseline(plain_series(counts), 399, PLAIN).history_weeks.tolist() == [260] * 7


def test_a_series_of_zeros_has_no_regression_and_spoils_no_sibling():
    counts = null_counts(2)
    with_zeros = np.vstack([counts, np.zeros((1, 104))])

    baseline = fit_baseline(plain_series(with_zeros), LAST, PLAIN)

    assert baseline.learned.tolist() == [True] * 7 + [False]
    assert baseline.dispersion[-1] == baseline.sibling_dispersion
    assert predicted(plain_series(with_zeros))[:7] == pytest.approx(predicted(plain_series(counts)))
    assert not fit_baseline(plain_series(np.zeros((2, 104))), LAST, PLAIN).learned.any()


def test_one_event_in_two_years_is_enough_to_learn_from():
    counts = np.zeros((1, 104))
    counts[0, 50] = 1

    mean, variance = predicted(plain_series(counts))[0]

    assert 0 < mean < 0.1
    assert upper_mid_p(0, mean, variance) >= 0.5
    assert upper_mid_p(3, mean, variance) < 0.01


@pytest.mark.parametrize(
    ("length", "missing", "known"), [(1, 2, True), (2, 2, True), (4, 2, False), (1, 0, False)]
)
def test_a_window_with_a_week_missing_is_not_predicted(length, missing, known):
    usable = np.ones((7, 104), bool)
    usable[0, LAST - missing] = False
    series = plain_series(null_counts(1), usable)

    found = predict_window(series, fit_baseline(series, LAST, PLAIN), length, PLAIN)

    assert [one is not None for one in found] == [known] + [True] * 6


def test_a_window_longer_than_the_series_is_not_predicted():
    series = plain_series(null_counts(1, weeks=40))

    assert predict_window(series, fit_baseline(series, 2, PLAIN), 4, PLAIN) == (None,) * 7


def test_a_holiday_of_the_past_is_expected_again_and_a_new_kind_of_day_is_unsure():
    draw = np.random.default_rng(1)
    days = np.zeros((1, 104, 2))
    days[0, 7::13, 0] = 1.0
    days[0, LAST, :] = (1.0, 0.0)
    counts = negative_binomial(draw, 40 * np.exp(0.4 * days[:, :, 0]), 1.1)
    series = replace(plain_series(counts), calendar=days)
    ordinary = replace(series, calendar=np.where(np.arange(104)[None, :, None] == LAST, 0.0, days))
    strange = days.copy()
    strange[0, LAST] = (0.0, 1.0)

    means = [predicted(one, rules=LEVEL)[0] for one in (ordinary, series, replace(series, calendar=strange))]

    assert means[1][0] / means[0][0] == pytest.approx(np.exp(0.4), rel=0.15)
    assert means[2][1] > 3 * means[0][1]


# --- relative series ------------------------------------------------------------------------------


def test_a_week_that_doubles_everywhere_is_no_excess_against_the_others():
    counts = null_counts(6)
    counts[:, LAST] *= 2
    usable = np.ones(counts.shape, bool)
    offsets, known = others_offsets(counts, usable, least_share=0.5)

    relative = predicted(replace(plain_series(counts), offsets=offsets), rules=RELATIVE)
    level = predicted(plain_series(counts))

    assert known.all()
    assert relative[:, 0].sum() == pytest.approx(counts[:, LAST].sum(), rel=0.2)
    assert np.median(relative[:, 0] / level[:, 0]) == pytest.approx(2.0, rel=0.2)


@few
@given(seed=seeds, count=st.integers(0, 500))
def test_an_area_is_never_compared_with_itself(seed, count):
    counts = null_counts(seed)
    changed = counts.copy()
    changed[3, LAST] = count
    usable = np.ones(counts.shape, bool)

    before, after = (others_offsets(one, usable, least_share=0.5)[0] for one in (counts, changed))

    assert after[3] == pytest.approx(before[3], abs=1e-12)


def test_an_area_that_is_missing_stands_with_its_usual_count_times_the_week():
    """Three areas of 10, 20 and 30 a week, of which the last is missing in a week when the others double."""
    counts = np.repeat([[10.0], [20.0], [30.0]], 50, axis=1)
    counts[:2, 40] *= 2
    usable = np.ones(counts.shape, bool)
    usable[2, 40] = False

    offsets, known = others_offsets(counts, usable, least_share=0.3)

    assert np.exp(offsets[0, 40] - offsets[0, 39]) == pytest.approx(2.0, rel=0.03)
    assert known[:, 40].tolist() == [True, False, True]


def test_a_week_in_which_too_few_others_are_there_is_not_compared():
    counts = np.repeat([[10.0], [20.0], [30.0]], 50, axis=1)
    usable = np.ones(counts.shape, bool)
    usable[1:, 40] = False

    _offsets, known = others_offsets(counts, usable, least_share=0.5)

    assert known[:, 40].tolist() == [False, False, False]
    assert known[:, 39].all()


def test_one_area_has_no_others():
    offsets, known = others_offsets(np.full((1, 30), 9.0), np.ones((1, 30), bool), least_share=0.5)

    assert not known.any()
    assert (offsets == 0).all()


def test_others_without_an_event_in_a_week_give_a_number():
    counts = np.repeat([[10.0], [1.0]], 30, axis=1)
    counts[1, 12] = 0

    offsets, known = others_offsets(counts, np.ones(counts.shape, bool), least_share=0.5)

    assert known.all()
    assert np.isfinite(offsets).all()


# --- yearly change --------------------------------------------------------------------------------


def against_others(counts):
    """Relative series of areas."""
    series = plain_series(counts)
    offsets, known = others_offsets(counts, series.usable, least_share=0.5)
    return replace(series, offsets=offsets, usable=known)


def test_a_slow_rise_of_one_district_is_its_yearly_change_and_no_excess_once_it_is_history():
    """3 % of the level more each month from the seventh month on, as it stands at the end of two years."""
    counts = np.full((7, 104), 30.0)
    rise = 1 + 0.03 * np.maximum(0, (np.arange(104) - 26) / 4.35)
    draw = np.random.default_rng(4)
    counts = negative_binomial(draw, counts * np.where(np.arange(7)[:, None] == 2, rise, 1.0), 1.1)
    series = against_others(counts)

    baseline = fit_baseline(series, LAST, RELATIVE)
    changes = yearly_changes(baseline, RELATIVE)
    window = predict_window(series, baseline, 4, RELATIVE)[2]

    assert changes[2].log_change == pytest.approx(np.log(rise[-1]) / 1.5, abs=0.1)
    assert changes[2].p < 1e-4
    assert min(one.p for place, one in enumerate(changes) if place != 2) > 0.01
    assert upper_mid_p(counts[2, -4:].sum(), window.mean, window.variance) > 0.005


@pytest.mark.parametrize(("weeks", "told"), [(55, False), (56, True)])
def test_a_change_is_told_from_a_year_of_baseline_on(weeks, told):
    series = plain_series(null_counts(1, weeks=weeks))

    changes = yearly_changes(fit_baseline(series, weeks - 1, LEVEL), LEVEL)

    assert [one is not None for one in changes] == [told] * 7


def test_without_an_event_there_is_no_change_to_tell():
    series = plain_series(np.vstack([null_counts(1), np.zeros((1, 104))]))

    assert yearly_changes(fit_baseline(series, LAST, LEVEL), LEVEL)[-1] is None


def test_when_nothing_changes_one_in_twenty_changes_is_about_one_in_twenty():
    found = [
        one.p <= 0.05
        for county in range(60)
        for one in yearly_changes(fit_baseline(against_others(null_counts(county)), LAST, RELATIVE), RELATIVE)
    ]

    assert 0.5 <= np.mean(found) / 0.05 <= 1.6


def test_a_detectable_change_is_found_with_its_power():
    change = detectable_change(0.05, level=0.005, power=0.8)
    estimates = np.random.default_rng(1).normal(change, 0.05, 4_000)

    found = [YearlyChange(float(one), 0.05).p <= 0.005 for one in estimates]

    assert np.mean(found) == pytest.approx(0.8, abs=0.02)
    assert detectable_change(0.05, level=0.5, power=0.1) == 0.0


@pytest.mark.parametrize(("level", "power"), [(0.0, 0.8), (0.005, 1.0)])
def test_a_level_or_power_that_is_none_is_refused(level, power):
    with pytest.raises(LevelError):
        detectable_change(0.05, level=level, power=power)


# --- when nothing happens -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["level", "relative"])
def test_one_in_a_hundred_is_about_one_in_a_hundred_when_nothing_happens(kind):
    """At nominal 1 % between 0.5 and 1.6 of it, over 40 counties of 7 districts and the last 8 weeks of two years."""
    found = tested = 0
    for county in range(40):
        counts = null_counts(1_000 + county)
        series = plain_series(counts)
        if kind == "relative":
            series = against_others(counts)
        rules = RELATIVE if kind == "relative" else LEVEL
        for week in range(96, 104):
            baseline = fit_baseline(series, week, rules)
            windows = [predict_window(series, baseline, length, rules) for length in (1, 2)]
            for place in range(7):
                newest, both = (
                    upper_mid_p(
                        counts[place, week + 1 - length : week + 1].sum(),
                        one[place].mean,
                        one[place].variance,
                    )
                    for length, one in zip((1, 2), windows, strict=True)
                )
                found += combined_p(newest, both, newest_weight=2, correlation=0.75) <= 0.01
                tested += 1

    assert 0.5 <= found / tested / 0.01 <= 1.6


@pytest.mark.parametrize(
    "broken",
    [
        lambda: plain_series([[1.0, -2.0]]),
        lambda: plain_series([[1.0, float("nan")]]),
        lambda: WeeklySeries(np.ones((1, 3)), np.ones((1, 2), bool), np.zeros((1, 3)), np.zeros((1, 3, 0))),
        lambda: WeeklySeries(np.ones(3), np.ones(3, bool), np.zeros(3), np.zeros((3, 0))),
    ],
)
def test_what_is_no_count_is_refused(broken):
    with pytest.raises(CountError):
        broken()
