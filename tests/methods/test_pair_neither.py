"""The share whom neither police nor a second service saw, on a world of three services whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest
from pair_world import RULES, no_health, pair_world

from preventable.methods.pair_excess import known_to_police
from preventable.methods.pair_excess_records import HealthRecords, chosen
from preventable.methods.pair_neither import _Both
from preventable.settings import load_policy
from preventable.stages.linkage.known import arrival_rules, read_known_rules
from preventable.stages.linkage.known import seen_by_either as rows_of
from preventable.stages.linkage.policy import read_linkage_policy

KNOWN_RULES = read_known_rules(read_linkage_policy(load_policy()))
ARRIVALS = arrival_rules(KNOWN_RULES)
ARRIVE = 0.6


def arrivals_of(ambulance, seed, share=ARRIVE):
    """Records of the emergency department of a part of the patients, an hour or two after the call, and who they are."""
    draw = np.random.default_rng(seed)
    rows = np.flatnonzero(draw.random(len(ambulance)) < share)
    came = chosen(ambulance, rows)
    arrival = came.contact_min + draw.uniform(60, 150, len(came))
    moved = draw.normal(0, 100, (2, len(came)))
    return rows, HealthRecords(
        arrival,
        came.contact_min,
        came.contact_min,
        np.zeros(len(came), np.int64),
        came.easting_m + moved[0],
        came.northing_m + moved[1],
        came.place_class,
        came.age_from,
        came.age_to,
        came.sex,
    )


@pytest.fixture(scope="module")
def made():
    """A world with arrivals, and what is said of it."""
    world = pair_world(3, known=0.5)
    _, arrivals = arrivals_of(world.health, 4)
    said = known_to_police(
        {"ed": arrivals, "ambulance": world.health},
        world.police,
        weeks=world.weeks,
        rules=RULES,
        arrivals=ARRIVALS,
    )
    return world, arrivals, said


def test_who_arrived_is_found(made):
    either = made[2]["ambulance"].either

    assert either.reason == ""
    assert either.arrived == pytest.approx(ARRIVE, abs=0.05)


def test_the_interval_holds_the_share_seen_by_either(made):
    """Arrival is by lot here, regardless of the police: the rest is (1 - known) (1 - arrived)."""
    world, _, said = made
    either = said["ambulance"].either
    truth = 1 - (1 - world.share) * (1 - ARRIVE)

    assert either.lower <= truth <= either.upper
    assert either.upper - either.lower < 0.2
    assert either.dependence == pytest.approx(1.0, abs=3 * either.dependence_error)


def test_it_is_known_and_arrived_less_both(made):
    share = made[2]["ambulance"]
    either = share.either

    both = either.dependence * share.estimate * either.arrived
    assert either.estimate == pytest.approx(share.estimate + either.arrived - both)
    assert max(share.estimate, either.arrived) < either.estimate < 1


def test_a_dependence_is_drawn_towards_one_by_how_sure_it_is(made):
    either = made[2]["ambulance"].either
    stated = either.dependence_error**2 / (either.dependence_error**2 + ARRIVALS.dependence_sd**2)

    assert either.dependence == pytest.approx(either.seen_dependence + stated * (1 - either.seen_dependence))


def test_hidden_police_records_raise_it_by_those_who_did_not_arrive(made):
    share = made[2]["ambulance"]
    either = share.either
    hidden = share.estimate * RULES.hidden_share / (1 - RULES.hidden_share)

    expected = either.upper + hidden * (1 - either.dependence * either.arrived)
    assert either.upper_if_hidden == pytest.approx(min(expected, 1.0))


def test_the_same_patients_twice_over_would_be_a_dependence_above_one():
    """Of four records two are known and the same two arrived: both 2 of 4, by lot 1 of 4."""
    both = _Both(
        np.full(4, 1.0), np.array([1.0, 1, 0, 0]), np.array([1.0, 1, 0, 0]), np.array([1.0, 1, 0, 0])
    )

    ratio, without = both.dependence()

    assert ratio == pytest.approx(2.0)
    assert without[0] == pytest.approx(3.0)
    assert without[2] == pytest.approx(1.5)


def test_no_arrivals_have_a_reason_and_no_share(made):
    world, _, _ = made
    said = known_to_police(
        {"ed": no_health(), "ambulance": world.health},
        world.police,
        weeks=world.weeks,
        rules=RULES,
        arrivals=ARRIVALS,
    )["ambulance"]

    assert said.calibrated
    assert said.either.estimate is None
    assert "no records of the other service" in said.either.reason


def test_arrivals_of_other_people_have_no_share(made):
    """At random times: no pair of a call and an arrival is beyond chance."""
    world, arrivals, _ = made
    draw = np.random.default_rng(9)
    at = draw.permutation(len(arrivals))
    strangers = replace(arrivals, contact_min=arrivals.contact_min[at])
    said = known_to_police(
        {"ed": strangers, "ambulance": world.health},
        world.police,
        weeks=world.weeks,
        rules=RULES,
        arrivals=ARRIVALS,
    )["ambulance"]

    assert said.either.estimate is None
    assert said.either.reason == "too few pairs of calls and arrivals beyond chance"


def test_where_the_police_share_has_no_figure_this_has_its_reason(made):
    world, arrivals, _ = made
    said = known_to_police(
        {"ed": arrivals, "ambulance": chosen(world.health, np.arange(0))},
        world.police,
        weeks=world.weeks,
        rules=RULES,
        arrivals=ARRIVALS,
    )["ambulance"]

    assert said.either.estimate is None
    assert said.either.reason == said.reason != ""


def test_fewer_are_seen_by_neither_by_incident_and_the_part_is_the_stated_one(made):
    own, incident = rows_of(made[2]["ambulance"], KNOWN_RULES)

    assert (own["measure"], incident["measure"]) == ("own_record_or_ed", "incident_or_ed")
    part = KNOWN_RULES["incident"]["neither_part"]
    assert 1 - incident["estimate"] == pytest.approx((1 - part) * (1 - own["estimate"]))
    assert incident["lower"] <= incident["estimate"] <= incident["upper"] <= incident["upper_if_hidden"]
