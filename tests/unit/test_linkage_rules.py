"""Which records are linked and by which rules: visits, clocks, weeks, probabilities of policy."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from linkage_world import at, linkable, linked, made_world, prepared, record

from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import load_policy
from preventable.stages.linkage.calibration import Signs, Weighed, _too_high, judge, log_odds_of
from preventable.stages.linkage.candidates import WholeWeeks, load_sides, whole_weeks
from preventable.stages.linkage.comparisons import read_models, read_one_source_models
from preventable.stages.linkage.pair import _expected

_OF_SIGNS = ("left", "right", "shift", "part", "log_odds", "near", "counted")
MODELS = {model.pair: model for model in read_models()}


@pytest.fixture(scope="module")
def world():
    return made_world(11)


@pytest.fixture(scope="module")
def tables(world):
    return linked(world[0])


def test_the_share_known_is_of_the_records_that_the_definitions_pick():
    rows = [
        *(record(f"assault {day}", "police", at(day), injury_start_local=at(day)) for day in range(5)),
        *(
            record(f"theft {day}", "police", at(day), injury_start_local=at(day), offence_code="45")
            for day in range(7)
        ),
        *(record(f"call {day}", "ambulance", at(day), sex="male") for day in range(3)),
        *(
            record(f"drunk {day}", "ambulance", at(day), sex="male", determinant="MPDS 17B01G")
            for day in range(4)
        ),
        record("of nobody", "ambulance", at()),  # neither age nor sex: left out
    ]

    known = {row["source"]: row for row in linked(rows)["known_to_police"].to_pylist()}

    assert {row["police_records"] for row in known.values()} == {5}
    assert (known["ambulance"]["records"], known["ed"]["records"]) == (3, 0)


def test_a_call_and_a_visit_of_one_person_are_not_two_visits():
    """The visit is linked by itself: only a visit to the same service before it would speak for it."""
    rows = [
        record("call", "ambulance", at(), person_key="p"),
        record("visit", "ed", at(hour=13), person_key="p"),
        record("again", "ed", at(hour=14), person_key="p", injury_start_utc=at()),
    ]

    found = linkable(rows)

    assert {key: row["is_later"] for key, row in found.items()} == {"call": 0, "visit": 0, "again": 1}


def test_a_later_visit_is_compared_with_nothing_by_itself():
    rows = [
        record("first", "ed", at(), person_key="p"),
        record("later", "ed", at(1), person_key="p", injury_start_utc=at()),
        record("other", "ed", at(1), person_key="q"),
    ]
    engine = prepared(rows)

    load_sides(engine, MODELS["ed_police"], WholeWeeks(0, 0), 2880, 0)

    keys = engine.fetch(
        "SELECT record_key FROM linkage_left JOIN linkable_records USING (number) ORDER BY record_key"
    )
    assert keys.column("record_key").to_pylist() == ["first", "other"]


def test_contact_and_injury_are_on_one_clock_in_summer_too():
    """Both in UTC: a call at noon, 13:00 on the local clock, is at the time of the injury at noon."""
    row = linkable(
        [record("a", "ambulance", at(), contact_local=at(hour=13), injury_start_local=at(hour=13))]
    )["a"]

    assert (
        row["contact_min"]
        == row["from_min"]
        == row["to_min"]
        == linkable([record("b", "police", at())])["b"]["to_min"]
    )


@pytest.mark.parametrize(("basis", "stated"), [("arrival_proxy", "no"), ("stated", "yes")])
def test_an_arrival_in_place_of_the_injury_is_no_stated_time(basis, stated):
    assert linkable([record("a", "ed", at(), time_basis=basis)])["a"]["time_stated"] == stated


def test_chance_is_scaled_by_the_records_of_a_week_over_those_that_shifts_bring_there():
    """A shift by one week brings the 4 of the first week to the second, and the 6 of the last to the first."""
    engine = DuckDBEngine(threads=1)
    engine.load("linkage_right", pa.table({"week": [0] * 4 + [1] * 2 + [3] * 6 + [None]}))

    scale = _expected(engine, WholeWeeks(0, 4), [1])

    assert scale.tolist() == [4 / 6, 2 / 4, 0, 0]


def test_weeks_in_which_a_source_sends_next_to_nothing_are_no_weeks_of_its_span():
    """One record a year early, and a window of weeks: shifts would bring nothing there, and chance would look rare."""
    rows = [
        record(f"{source} {day} {hour}", source, at(day, hour=hour), injury_start_utc=at(day, hour=hour),
               injury_end_utc=at(day, hour=hour))
        for source in ("ed", "police") for day in range(8 * 7) for hour in (10, 20)
    ]  # fmt: skip
    stray = [
        record("a year early", "police", at(-364), injury_start_utc=at(-364), injury_end_utc=at(-364)),
        record("of weeks", "police", at(3), injury_start_utc=at(3), injury_end_utc=at(90)),
    ]
    model = next(one for one in read_one_source_models() if one.pair == "police_police")

    spans = [whole_weeks(prepared(those), model) for those in (rows, rows + stray)]

    assert spans[0] == spans[1]
    assert spans[0].weeks == 6  # neither the first nor the last is seen whole
    assert whole_weeks(prepared([]), model) == WholeWeeks(0, 0)


def test_no_more_pairs_of_one_source_are_expected_to_match_than_there_are_beyond_chance():
    """Log odds of half an even chance each, 40 pairs of 100 beyond chance: lowered until 40 are expected; never raised."""
    pairs, chance = (
        weighed(range(100), range(100, 200), [0.0] * 100, 1.0),
        weighed(range(60), range(60), [0.0] * 60, 1.0),
    )
    signs = [Signs(*(getattr(one, name) for name in _OF_SIGNS), none, none) for one, none in
             ((pairs, np.zeros(100)), (chance, np.zeros(60)))]  # fmt: skip

    assert _too_high(pairs.log_odds, *signs) == pytest.approx(np.log(60 / 40), abs=1e-6)
    assert _too_high(pairs.log_odds - 3, *signs) == 0.0


def weighed(left, right, log_odds, counted, shift=0):
    """Pairs of one part, all near."""
    number = len(left)
    yes, odds = np.ones(number, dtype=bool), np.array(log_odds, dtype=float)
    return Weighed(
        np.array(left, dtype=np.int64),
        np.array(right, dtype=np.int64),
        np.full(number, shift, dtype=np.int64),
        np.zeros(number, dtype=np.int64),
        odds,
        yes,
        np.full(number, counted),
        yes,
        yes,
    )


def test_no_pair_is_certain_where_chance_made_none_so_alike():
    pairs = weighed([0, 1, 2], [3, 4, 5], [30.0, 30.0, 30.0], 1.0)
    chance = weighed([0, 1], [4, 5], [-9.0, -9.0], 0.25, shift=1)

    judged = judge(pairs, chance, parts=["all"], shifts=4, strata=1, prior_strength=1.0)

    assert judged.probability.tolist() == pytest.approx([0.9999] * 3)


def test_without_chance_pairs_the_odds_are_at_least_those_of_the_model():
    pairs = weighed([0, 1, 2], [3, 4, 5], [0.0, 1.0, 2.0], 1.0)
    none = weighed([], [], [], 0.25)

    judged = judge(pairs, none, parts=["all"], shifts=4, strata=1, prior_strength=1.0)

    assert (judged.probability >= 1 / (1 + np.exp([0.0, -1.0, -2.0])) - 1e-9).all()
    assert (np.diff(judged.probability) > 0).all()


def many(count, rivals):
    """`count` pairs of new records each, every second one of which (its first record) has another pair as good."""
    left = np.arange(count)
    pairs_left, pairs_right = [left], [left + 10_000]
    if rivals:
        pairs_left.append(left[::2])
        pairs_right.append(left[::2] + 20_000)
    return np.concatenate(pairs_left), np.concatenate(pairs_right)


def test_a_pair_whose_record_has_another_as_good_is_less_probable():
    """Half the records have a stranger beside their match; chance pairs are of records with a match of their own."""
    left, right = many(600, rivals=True)
    pairs = weighed(left, right, np.zeros(len(left)), 1.0)
    strangers = np.repeat(np.arange(600), 2)
    chance = weighed(strangers, strangers + 30_000, np.zeros(1_200), 0.25)

    judged = judge(pairs, chance, parts=["all"], shifts=4, strata=1, prior_strength=1.0)

    alone = judged.probability[(left % 2 == 1) & (right < 20_000)]
    rivalled = judged.probability[left % 2 == 0]
    assert alone.min() > rivalled.max()


def signs(of, busy):
    names = ("left", "right", "shift", "part", "log_odds", "near", "counted")
    return Signs(*(getattr(of, name) for name in names), busy, np.empty((len(busy), 0)))


def test_probability_never_falls_as_the_weight_rises_at_a_place_as_busy():
    draw = np.random.default_rng(5)
    left = np.arange(3_000)
    matches = draw.random(3_000) < 0.4
    odds = np.where(matches, draw.normal(2, 2, 3_000), draw.normal(-2, 2, 3_000))
    strangers = draw.integers(0, 3_000, 7_200)  # 1,800 a shift, as many as there are false pairs
    pairs = weighed(left, left + 5_000, odds, 1.0)
    chance = weighed(strangers, strangers + 9_000, draw.normal(-2, 2, 7_200), 0.25)
    busy = np.bincount(strangers, minlength=3_000)

    found, _ = log_odds_of(
        signs(pairs, np.log1p(busy)),
        signs(chance, np.log1p(busy[strangers] - 1)),
        parts=1,
        prior_strength=1.0,
    )

    for number in range(5):
        alike = np.flatnonzero(busy == number)
        assert (np.diff(found[alike[np.argsort(odds[alike])]]) >= -1e-12).all()
    assert (1 / (1 + np.exp(-found))).sum() == pytest.approx(matches.sum(), rel=0.1)


def test_an_incident_is_as_probable_as_its_link_and_one_alone_is_sure(tables):
    links = {
        frozenset((row["left_record"], row["right_record"])): row["probability"]
        for row in tables["links"].to_pylist()
    }
    members = {}
    for row in tables["incidents"].to_pylist():
        members.setdefault(row["victim"], []).append(row)
    twos = [rows for rows in members.values() if len({row["source"] for row in rows}) == len(rows) == 2]

    assert all(rows[0]["probability"] == 1 for rows in members.values() if len(rows) == 1)
    assert len(twos) > 100
    for rows in twos:
        expected = links[frozenset(row["record_key"] for row in rows)]
        assert [row["probability"] for row in rows] == [expected] * 2
    assert any(rows[0]["probability"] < 1 for rows in twos)
    least = load_policy().file("linkage")["report_probability"]
    assert all(row["probability"] >= least for rows in members.values() for row in rows)
    assert any(probability < least for probability in links.values())


def test_probabilities_from_which_links_stand_and_are_kept_are_those_of_policy(world):
    policy = load_policy()
    numbers = {**policy.file("linkage"), "report_probability": 0.97, "kept_probability": 0.95}

    made = linked(world[0], policy=dataclasses.replace(policy, files={**policy.files, "linkage": numbers}))

    assert min(row["probability"] for row in made["incidents"].to_pylist()) >= 0.97
    assert all(row["probability"] >= 0.95 or row["one_to_one"] for row in made["links"].to_pylist())
    assert any(0.95 <= row["probability"] < 0.97 for row in made["links"].to_pylist())
    # The weakest pair of three records of one incident, which the other two hold together.
    assert any(row["probability"] < 0.95 for row in made["links"].to_pylist())
