"""Changes with the dispersion of their level, and what may be said of them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from swapped_months import RULES

from preventable import methods
from preventable.errors import AreasError, CountError, DenominatorError
from preventable.methods import ChangeEvidence, PositionEvidence, ProgrammeEvidence, SignalEvidence, Words

bands = st.tuples(st.integers(0, 300), st.integers(1, 12)).map(lambda ends: range(ends[0], sum(ends)))


def known(earlier, later, *, dispersion=1.0, completeness=(1.0, 1.0)):
    counts = range(earlier, earlier + 1), range(later, later + 1)
    return ChangeEvidence(*counts, dispersion, 1.0, *completeness)


def said(evidence):
    return methods.verdict(evidence, RULES).words


def test_a_change_is_that_worked_by_hand():
    """ln(130.5 / 100.5) = 0.26121; SE = sqrt(1.7 (1/100.5 + 1/130.5)) = 0.17304; 1.95996 SE = 0.33915."""
    change = methods.change_between(100, 130, dispersion=1.7)

    assert math.log(change.ratio) == pytest.approx(0.26121, abs=1e-5)
    assert math.log(change.upper / change.ratio) == pytest.approx(0.33915, abs=1e-5)


@pytest.mark.parametrize("phi", [1.0, 1.6, 5.0])
def test_the_dispersion_of_a_level_is_found_again(phi):
    """NB1 counts: variance phi x mean, means that differ between areas and months."""
    random = np.random.default_rng(11)
    means = random.uniform(0.5, 30, (400, 12))
    shape = means / max(phi - 1, 1e-9)
    rates = [random.gamma(shape) * (phi - 1) if phi > 1 else means for _ in range(2)]

    found = methods.level_dispersion(*(random.poisson(rate).astype(float) for rate in rates), winsorised=0.1)

    assert found.measured == pytest.approx(phi, rel=0.08)
    assert (found.areas, found.pairs) == (400, 4_800)


def test_dispersions_are_averaged_before_they_are_cut_off():
    quiet, loud = [[10.0, 10.0]], [[10.0, 20.0]]
    earlier, later = np.array(quiet + loud), np.array(quiet + [[20.0, 10.0]])

    found = methods.level_dispersion(earlier, later, winsorised=0.0)

    assert found.value == pytest.approx((0 + 200 / 60) / 2)


def test_missing_months_and_areas_without_events_tell_nothing():
    earlier = np.array([[5.0, np.nan, 8.0], [0.0, 0.0, 0.0], [np.nan, 1.0, np.nan]])
    later = np.array([[9.0, 50.0, 8.0], [0.0, 0.0, 0.0], [3.0, np.nan, 4.0]])

    found = methods.level_dispersion(earlier, later, winsorised=0.0)

    assert (found.areas, found.pairs, found.value) == (1, 2, 1.0)
    assert found.measured == pytest.approx(16 / 30)
    with pytest.raises(AreasError):
        methods.level_dispersion(earlier[1:], later[1:], winsorised=0.0)


@given(earlier=bands, later=bands, dispersion=st.floats(1, 8), exposure=st.floats(0.5, 2))
def test_limits_of_bands_hold_for_every_count_behind_them(earlier, later, dispersion, exposure):
    options = {"dispersion": dispersion, "exposure": exposure}
    wide = methods.change_between_bands(earlier, later, **options)

    for x in earlier:
        for y in later:
            change = methods.change_between(x, y, **options)
            assert wide.lower <= change.lower <= change.upper <= wide.upper


@given(earlier=bands, later=bands, dispersion=st.floats(1, 8))
def test_what_is_said_of_bands_as_sure_would_be_said_of_every_count(earlier, later, dispersion):
    found = methods.verdict(ChangeEvidence(earlier, later, dispersion, 1.0, 1.0, 1.0), RULES)

    if found.words in (Words.ROSE, Words.FELL, Words.ABOUT_THE_SAME):
        counts = ((x, y) for x in (earlier[0], earlier[-1]) for y in (later[0], later[-1]))
        told = {said(known(x, y, dispersion=dispersion)) for x, y in counts}
        if found.words != Words.ABOUT_THE_SAME:
            assert told == {found.words}
        assert Words.TOO_FEW not in told


@given(earlier=bands, later=bands, dispersion=st.floats(1, 8), gap=st.floats(0, 0.2))
def test_a_verdict_is_made_again_from_its_own_fields(earlier, later, dispersion, gap):
    found = methods.verdict(ChangeEvidence(earlier, later, dispersion, 1.0, 1.0, 1.0 - gap), RULES)

    assert methods.verdict(found.evidence, found.rules) == found


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (known(100, 140), Words.ROSE),
        (known(140, 100), Words.FELL),
        (known(100, 140, dispersion=2.5), Words.MAY_HAVE_RISEN),
        (known(140, 100, dispersion=2.5), Words.MAY_HAVE_FALLEN),
        (known(100, 140, completeness=(1.0, 0.94)), Words.MAY_HAVE_RISEN),
        (known(100, 140, completeness=(0.95, 1.0)), Words.ROSE),
        (known(100_000, 104_900), Words.MAY_HAVE_RISEN),
        (known(10_000, 10_010), Words.ABOUT_THE_SAME),
        (known(100, 105), Words.NO_CLEAR_CHANGE),
        (known(0, 19), Words.TOO_FEW),
        (known(0, 20), Words.ROSE),
        (known(0, 0), Words.TOO_FEW),
        (PositionEvidence("far_above"), Words.HIGHER),
        (PositionEvidence("above"), Words.SOMEWHAT_HIGHER),
        (PositionEvidence("inside"), Words.SIMILAR),
        (PositionEvidence("below"), Words.SOMEWHAT_LOWER),
        (PositionEvidence("far_below"), Words.LOWER),
        (SignalEvidence(q=0.1, p=0.001), Words.MORE_THAN_EXPECTED),
        (SignalEvidence(q=None, p=0.005), Words.WORTH_WATCHING),
        (SignalEvidence(q=0.2, p=0.006), Words.AS_EXPECTED),
        (ProgrammeEvidence(0.04, 0.85, 0, True, 0.12), Words.REDUCED),
        (ProgrammeEvidence(0.04, 1.15, 0, True, 0.12), Words.FOLLOWED_BY),
        (ProgrammeEvidence(0.04, 0.85, 1, True, 0.12), Words.FOLLOWED_BY),
        (ProgrammeEvidence(0.04, 0.85, 0, False, 0.12), Words.FOLLOWED_BY),
        (ProgrammeEvidence(0.06, 0.85, 0, True, 0.12), Words.FOLLOWED_BY),
    ],
)
def test_the_table_of_words(evidence, words):
    assert said(evidence) == words


def test_too_few_events_get_no_percentage_and_no_clear_change_gets_its_range():
    few, unclear = (methods.verdict(known(*pair), RULES) for pair in ((5, 6), (100, 105)))

    assert methods.change_sentence(few, "Violence") == "Violence had too few events to say."
    assert methods.change_sentence(unclear, "Violence").endswith("(between -20 % and +38 %).")


def test_a_sentence_of_bands_tells_the_interval_that_holds_for_all_of_them():
    evidence = ChangeEvidence(range(98, 103), range(103, 108), 1.0, 1.0, 1.0, 1.0)

    found = methods.verdict(evidence, RULES)

    assert methods.change_sentence(found, "Violence").endswith("(between -23 % and +43 %).")


def test_words_refuse_what_cannot_be():
    with pytest.raises(CountError):
        said(replace(known(1, 2), later=range(0)))
    with pytest.raises(CountError):
        said(replace(known(1, 2), dispersion=0.5))
    with pytest.raises(DenominatorError):
        said(replace(known(1, 2), exposure=0.0))
    with pytest.raises(CountError):
        said(SignalEvidence(q=None, p=1.5))
    with pytest.raises(CountError):
        said("risen")
    with pytest.raises(CountError):
        methods.change_sentence(methods.verdict(PositionEvidence("inside"), RULES), "Violence")


def beside(own, other, dispersion=1.0):
    return methods.RateEvidence(own, other, 0.95, dispersion)


@pytest.mark.parametrize(
    ("own", "dispersion", "words"),
    [
        ((140.0, 150.0, 160.0), 1.0, Words.HIGHER),
        ((118.0, 127.0, 136.5), 1.0, Words.SIMILAR),
        ((124.0, 132.0, 140.5), 1.0, Words.SOMEWHAT_HIGHER),
        ((124.0, 132.0, 140.5), 1.7, Words.SOMEWHAT_HIGHER),
        ((124.0, 132.0, 140.5), 2.5, Words.SIMILAR),
        ((100.0, 108.0, 116.6), 1.7, Words.SOMEWHAT_LOWER),
        ((80.0, 88.0, 97.0), 1.0, Words.LOWER),
    ],
)
def test_a_rate_beside_another_by_hand(own, dispersion, words):
    """Other 120 (118 to 122): SE .0086; own 132: SE .0319; ln 1.1 / .0330 = 2.89, over the roots 2.21 and 1.83."""
    found = methods.verdict(beside(own, (118.0, 120.0, 122.0), dispersion), RULES)

    assert found.words == words
    assert methods.verdict(found.evidence, found.rules) == found


@pytest.mark.parametrize("own", [(0.0, 5.0, 9.0), (6.0, 5.0, 9.0), (1.0, 10.0, 9.0), (1.0, math.nan, 9.0)])
def test_a_rate_that_lies_outside_its_limits_is_refused(own):
    with pytest.raises(CountError):
        methods.verdict(beside(own, (1.0, 2.0, 3.0)), RULES)


def test_a_band_that_reaches_down_to_none_has_no_percentage():
    assert said(ChangeEvidence(range(85), range(96, 145), 1.0, 1.0, 1.0, 1.0)) == Words.TOO_FEW


@pytest.mark.parametrize("base", [1, 5, 10])
def test_what_rounding_adds_to_a_dispersion_is_taken_off(base):
    random = np.random.default_rng(5)
    exact = [random.poisson(40.0, (300, 12)).astype(float) for _ in range(2)]
    rounded = [np.floor(counts / base + 0.5) * base for counts in exact]

    found = methods.level_dispersion(*rounded, winsorised=0.1, rounded_to=base)

    assert found.measured == pytest.approx(1.0, abs=0.05)
    with pytest.raises(CountError):
        methods.level_dispersion(*rounded, winsorised=0.1, rounded_to=0)
