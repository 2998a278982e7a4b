"""The stage of linkage: what is linked, what is not, and what it says of itself."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from linkage_world import MONDAY, at, linkable, linked, made_world, prepared, record
from portable_sql import portability_faults
from splink import Linker
from splink.backends.duckdb import DuckDBAPI

from preventable.engine.duckdb import DuckDBEngine
from preventable.errors import PolicyError
from preventable.settings import StepContext, load_policy
from preventable.stages.linkage.candidates import (
    WholeWeeks,
    find_candidates,
    fold_left,
    load_sides,
    shifts_of,
    whole_weeks,
)
from preventable.stages.linkage.comparisons import COMPARED, level_sql, part_sql, pattern_sql, read_models
from preventable.stages.linkage.pair import link_pair
from preventable.stages.linkage.policy import read_linkage_policy
from preventable.stages.linkage.scoring import levels_of
from preventable.stages.linkage.stage import link_records
from preventable.tables import TABLES

MODELS = {model.pair: model for model in read_models()}


@pytest.fixture(scope="module")
def world():
    return made_world(11)


@pytest.fixture(scope="module")
def tables(world):
    return linked(world[0])


def incidents_of(rows):
    return {row["record_key"]: row for row in linked(rows)["incidents"].to_pylist()}


def test_no_record_gives_empty_tables_and_says_why():
    tables = linked([])

    assert tables["links"].num_rows == tables["incidents"].num_rows == tables["link_models"].num_rows == 0
    quality = tables["link_quality"].to_pylist()
    assert [row["pair"] for row in quality] == list(MODELS)
    assert [row["calibrated"] for row in quality] == [False] * 3
    assert all("fewer than 8 whole weeks" in row["reason"] for row in quality)
    assert [row["expected_false"] for row in quality] == [None] * 3


def test_one_record_is_an_incident_alone():
    assert incidents_of([record("a", "ed", at())]) == {
        "a": {
            "record_key": "a",
            "source": "ed",
            "victim": "a",
            "incident": "a",
            "counted_by": "a",
            "records": 1,
            "victims": 1,
            "probability": 1.0,
            "incident_probability": 1.0,
        }
    }


def test_a_source_without_records_leaves_the_other_pair_as_it_is(world):
    without = linked([row for row in world[0] if row["source"] != "ambulance"])

    quality = {row["pair"]: row for row in without["link_quality"].to_pylist()}
    assert quality["ed_police"]["calibrated"]
    assert quality["ed_police"]["links"] > 100
    assert not quality["ambulance_ed"]["calibrated"]
    assert quality["ambulance_ed"]["links"] == 0


def test_too_few_weeks_give_no_link():
    rows, _ = made_world(3, weeks=7)

    quality = linked(rows)["link_quality"].to_pylist()

    assert {row["links"] for row in quality} == {0}
    assert all("whole weeks" in row["reason"] for row in quality)


def test_too_few_chance_pairs_give_no_link():
    rows, _ = made_world(3, victims=60)

    quality = linked(rows)["link_quality"].to_pylist()

    assert {row["reason"] for row in quality} == {"too few pairs by chance to compare with"}
    assert {row["calibrated"] for row in quality} == {False}


def test_records_that_no_definition_picks_are_not_linked():
    rows = [
        record("drunk", "ambulance", at(), determinant="MPDS 17B01G"),
        record("himself", "ambulance", at(), determinant="MPDS 27D01X"),
        record("theft", "police", at(), offence_code="45"),
        record("kept", "police", at(), offence_code="8N"),
    ]

    assert set(linkable(rows)) == {"kept"}


@pytest.mark.parametrize(("hours", "together"), [(1, True), (71, True), (73, False)])
def test_a_later_visit_of_one_person_belongs_to_the_first(hours, together):
    rows = [
        record("first", "ed", at(), person_key="p"),
        record("later", "ed", at() + dt.timedelta(hours=hours), person_key="p", injury_start_utc=at()),
        record("stranger", "ed", at(hour=13), person_key="q"),
        record("nobody", "ed", at(hour=13)),
    ]

    found = incidents_of(rows)

    assert (found["later"]["victim"] == "first") is together
    assert found["later"]["counted_by"] == ("first" if together else "later")
    assert found["first"]["records"] == (2 if together else 1)
    assert found["stranger"]["victim"] == found["stranger"]["counted_by"] == "stranger"
    assert found["nobody"]["victim"] == "nobody"


def test_a_transfer_to_another_department_belongs_to_the_first_and_a_new_injury_does_not():
    """Of one person within a day: another site for the same injury; and one that is stated to be after the first visit."""
    told = at(hour=11)
    rows = [
        record("first", "ed", at(), person_key="p", injury_start_utc=told, injury_end_utc=told),
        record("moved", "ed", at(hour=16), person_key="p", site_code="H2", injury_start_utc=told, injury_end_utc=told),
        record("again", "ed", at(1), person_key="p", injury_start_utc=at(hour=23), injury_end_utc=at(hour=23)),
        record("later", "ed", at(2), person_key="p", time_basis="arrival_proxy", injury_start_utc=at(1, 1), injury_end_utc=at(2)),
    ]  # fmt: skip

    found = incidents_of(rows)

    assert {key: row["counted_by"] for key, row in found.items()} == {
        "first": "first", "moved": "first", "again": "again", "later": "again",
    }  # fmt: skip


def test_a_home_without_a_place_lies_at_the_residence():
    area = {
        "small_area": "XS1", "small_area_name": "A", "middle_area": "M", "ward": "W", "neighbourhood": "N", "district": "D",
        "easting_m": 1_000.0, "northing_m": 2_000.0, "area_km2": np.pi, "deprivation_rank": 1, "deprivation_decile": 1,
    }  # fmt: skip
    rows = [
        record("home", "ed", at(), place_type="own_home", residence_small_area="XS1"),
        record("street", "ed", at(), place_type="street_public", residence_small_area="XS1"),
        record(
            "told",
            "ed",
            at(),
            place_type="own_home",
            residence_small_area="XS1",
            easting_m=5.0,
            northing_m=6.0,
            sigma_m=30.0,
        ),
    ]

    found = linkable(rows, [area])

    # Root mean square distance from the centre of a disc of radius 1 km: 1 km over the root of 2.
    assert (found["home"]["x_m"], found["home"]["y_m"], found["home"]["sigma_m"]) == (1_000.0, 2_000.0, 707.1)
    assert found["street"]["x_m"] is None
    assert (found["told"]["x_m"], found["told"]["sigma_m"]) == (5.0, 30.0)


def test_the_two_half_past_ones_of_a_clock_change_are_an_hour_apart():
    night = dt.datetime(2026, 10, 25)
    rows = [
        record(
            "summer",
            "police",
            night,
            injury_start_utc=night + dt.timedelta(minutes=30),
            injury_end_utc=night + dt.timedelta(minutes=30),
        ),
        record(
            "winter",
            "police",
            night,
            injury_start_utc=night + dt.timedelta(minutes=90),
            injury_end_utc=night + dt.timedelta(minutes=90),
        ),
    ]

    found = linkable(rows)

    assert found["winter"]["from_min"] - found["summer"]["from_min"] == 60


def test_the_29_of_february_is_a_day():
    found = linkable(
        [record(str(day), "police", dt.datetime(2024, 2, 28) + dt.timedelta(days=day)) for day in range(3)]
    )

    assert [found[str(day)]["from_min"] - found["0"]["from_min"] for day in range(3)] == [0, 1440, 2880]


def test_a_window_that_ends_before_it_starts_is_turned_round():
    row = linkable([record("a", "police", at(), injury_start_utc=at(2), injury_end_utc=at(1))])["a"]

    assert row["to_min"] - row["from_min"] == 1440


def test_a_record_without_a_time_of_injury_has_that_of_contact():
    row = linkable([record("a", "police", at(), injury_start_utc=None, injury_end_utc=None)])["a"]

    assert row["from_min"] == row["to_min"] == row["contact_min"]


def test_a_wide_police_window_is_in_no_pair(world):
    rows = [
        row | {"injury_start_utc": row["injury_end_utc"] - dt.timedelta(hours=49)}
        if row["source"] == "police"
        else row
        for row in world[0]
    ]

    quality = {row["pair"]: row for row in linked(rows)["link_quality"].to_pylist()}

    assert quality["ed_police"]["candidates"] == 0
    assert quality["ambulance_ed"]["links"] > 0


def test_a_shift_moves_records_in_a_circle_of_whole_weeks(world):
    engine = prepared(world[0])
    model = MODELS["ed_police"]
    whole = whole_weeks(engine, model)
    load_sides(engine, model, whole, 2880, 0)
    before = {
        row["number"]: row for row in engine.table("linkage_right").to_pylist() if row["week"] is not None
    }

    load_sides(engine, model, whole, 2880, 3)
    after = {
        row["number"]: row for row in engine.table("linkage_right").to_pylist() if row["week"] is not None
    }

    assert set(after) == set(before)
    for number, row in after.items():
        moved = row["to_min"] - before[number]["to_min"]
        assert moved in (3 * 10_080, (3 - whole.weeks) * 10_080)
        assert whole.first_min <= row["to_min"] < whole.first_min + whole.weeks * 10_080


def test_records_of_the_weeks_beside_the_whole_weeks_stand_in_them_for_chance_pairs(world):
    """And in the same hour of the week; a pair that a shift brings together is never of one week."""
    engine = prepared(world[0])
    model = MODELS["ed_police"]
    whole = WholeWeeks(
        whole_weeks(engine, model).first_min + 3 * 10_080, whole_weeks(engine, model).weeks - 6
    )
    load_sides(engine, model, whole, 2880, 0)
    before = {row["number"]: row["to_min"] for row in engine.table("linkage_left").to_pylist()}
    last = whole.first_min + whole.weeks * 10_080

    fold_left(engine, model, whole, 2880)

    moved = {}
    for row in engine.table("linkage_left").to_pylist():
        moved.setdefault((row["to_min"] - before[row["number"]]) // 10_080, []).append(before[row["number"]])
        assert whole.first_min <= row["to_min"] < last
        assert (row["to_min"] - before[row["number"]]) % 10_080 == 0
    assert set(moved) == {-1, 0, 1}
    assert all(whole.first_min - 10_080 <= minute < whole.first_min for minute in moved[1])
    assert all(last <= minute < last + 10_080 for minute in moved[-1])


@pytest.mark.parametrize(
    ("weeks", "shifts"), [(0, []), (1, []), (3, [-1, -2]), (8, [-4, -3, -2, -1, 1, 2, 3])]
)
def test_no_shift_is_used_twice_or_comes_back_to_where_it_was(weeks, shifts):
    found = shifts_of(weeks, [-4, -3, -2, -1, 1, 2, 3, 4])

    assert sorted(shift % weeks for shift in found) == sorted(shift % weeks for shift in shifts)


def strangers_and_expected(rows, victim_of):
    """Candidate pairs of ED and police that are of two victims, and as many as are expected by chance."""
    engine = prepared(rows)
    model = MODELS["ed_police"]
    expected = link_pair(engine, model, widest_min=2880).chance_candidates
    load_sides(engine, model, whole_weeks(engine, model), 2880, 0)
    pairs = find_candidates(engine, model)
    keys = (
        engine.fetch("SELECT record_key FROM linkable_records ORDER BY number")
        .column("record_key")
        .to_pylist()
    )
    victims = np.array([victim_of[key] for key in keys])
    return int(((victims[pairs.left] != victims[pairs.right]) & (pairs.week >= 0)).sum()), expected


def test_expected_chance_pairs_are_those_of_strangers(world):
    strangers, expected = strangers_and_expected(*world)

    assert expected == pytest.approx(strangers, rel=0.15)


def test_weeks_that_nobody_sent_bring_nobody_together():
    """Without weights, shifts would move the records of busy weeks into the empty ones and find a third too few."""
    rows, victim_of = made_world(5, victims=4_000)
    sent = [row for row in rows if not 4 <= (row["contact_utc"] - MONDAY).days // 7 < 10]

    strangers, expected = strangers_and_expected(sent, victim_of)

    assert expected == pytest.approx(strangers, rel=0.12)


@pytest.mark.parametrize("pair", MODELS)
def test_a_pattern_is_its_levels(pair):
    model = MODELS[pair]
    counts = [len(one.levels) for one in model.comparisons]
    levels = np.array([[number % count for count in counts] for number in range(50)])
    numbers = np.arange(50) % len(model.parts)
    for column, count in enumerate(counts):
        numbers = numbers * count + levels[:, column]

    parts, found = levels_of(numbers, model.comparisons)

    assert found.tolist() == levels.tolist()
    assert parts.tolist() == [number % len(model.parts) for number in range(50)]


@pytest.mark.parametrize("pair", MODELS)
def test_conditions_keep_to_the_portable_subset(pair):
    model = MODELS[pair]
    sql = f"SELECT {pattern_sql(model.comparisons)} AS pattern, {part_sql(model)} AS found FROM pairs"

    assert portability_faults(sql) == []


@pytest.mark.parametrize("pair", MODELS)
def test_the_weight_is_the_one_that_splink_gives(world, pair):
    """Splink's own predict, with our settings, on three hundred of our candidate pairs of each model."""
    engine = prepared(world[0])
    model = MODELS[pair]
    found = link_pair(engine, model, widest_min=2880)
    load_sides(engine, model, whole_weeks(engine, model), 2880, 0)
    columns = ", ".join(("number", *COMPARED))
    sides = [
        engine.fetch(f"SELECT {columns} FROM linkage_{side} ORDER BY number") for side in ("left", "right")
    ]
    compared = 0
    for part, trained in enumerate(found.models):
        chosen = np.flatnonzero(found.part == part)[:300]
        left, right = found.left[chosen].tolist(), found.right[chosen].tolist()

        weights = splink_weights(trained, sides, left, right) if trained else {}

        ours = dict(zip(zip(left, right, strict=True), found.weight[chosen].tolist(), strict=True))
        assert weights == pytest.approx(ours, abs=1e-9)
        compared += len(weights)
    assert compared >= 200


def splink_weights(trained, sides, left, right):
    """Match weights of Splink's predict without its prior, by pair of numbers."""
    connection = duckdb.connect()
    api = DuckDBAPI(connection)
    frames = [
        api.register(sides[0], table_name="a_left", dataset_display_name="a"),
        api.register(sides[1], table_name="b_right", dataset_display_name="b"),
    ]
    linker = Linker(frames, trained.settings, log_level=None)
    pairs = pa.table(
        {
            "match_key": pa.array(["0"] * len(left)),
            "join_key_l": pa.array([f"a-__-{number}" for number in left]),
            "join_key_r": pa.array([f"b-__-{number}" for number in right]),
        }
    )
    linker.table_management.register_blocked_pairs_for_predict(api.register(pairs, table_name="c_pairs"))
    rows = linker.inference.predict(warning_mode="never").as_record_list()
    share = trained.agreement.match_share
    prior = np.log2(share / (1 - share))
    return {(row["number_l"], row["number_r"]): row["match_weight"] - prior for row in rows}


def test_the_tables_of_a_model_give_its_weights_again(tables):
    rows = tables["link_models"].to_pylist()

    for model in {row["model"] for row in rows}:
        for comparison in {row["comparison"] for row in rows if row["model"] == model}:
            levels = [row for row in rows if row["model"] == model and row["comparison"] == comparison]
            told = [row for row in levels if row["matched"] is not None]
            assert sum(row["matched"] for row in told) == pytest.approx(1, abs=1e-6)
            assert sum(row["unmatched"] for row in told) == pytest.approx(1, abs=1e-6)
    assert {row["model"] for row in tables["links"].to_pylist()} <= {row["model"] for row in rows}


def test_links_are_kept_from_the_probability_of_the_policy_on_or_stand(tables):
    kept = load_policy().file("linkage")["kept_probability"]

    links = tables["links"].to_pylist()

    assert all(row["probability"] >= kept or row["one_to_one"] for row in links)
    assert any(not row["one_to_one"] for row in links)
    incident = {row["record_key"]: row["victim"] for row in tables["incidents"].to_pylist()}
    assert all(
        (incident[row["left_record"]] == incident[row["right_record"]]) is row["one_to_one"] for row in links
    )


def test_quality_counts_the_links_that_stand_and_those_that_may_be_false(tables):
    """A link that two others of its victim hold is right at least where both of those are."""
    victim = {row["record_key"]: row["victim"] for row in tables["incidents"].to_pylist()}
    standing = [row for row in tables["links"].to_pylist() if row["one_to_one"]]
    sure = {(victim[row["left_record"]], row["pair"]): row["probability"] for row in standing}
    held = 0
    for row in tables["link_quality"].to_pylist():
        others = {"ed_police", "ambulance_police", "ambulance_ed"} - {row["pair"]}
        false = 0.0
        for one in (one for one in standing if one["pair"] == row["pair"]):
            through = math.prod(sure.get((victim[one["left_record"]], other), 0.0) for other in others)
            held += through > one["probability"]
            false += 1 - max(one["probability"], through)
        assert row["links"] == sum(one["pair"] == row["pair"] for one in standing)
        assert row["expected_false"] == pytest.approx(false, abs=0.01)
    assert held > 0


@pytest.mark.parametrize(
    "change",
    [
        {"report_probability": 0.2},
        {"report_probability": "half"},
        {"kept_probability": 0},
        {"same_injury_hours": 0},
        {"widest_window_hours": 1.5},
        {"busiest_share": 0},
        {"busiest_precision": 1},
        {"linkable": {"ed": "ed_assault_attendances"}},
        {
            "linkable": {
                "ed": "police_assault_offences",
                "ambulance": "ambulance_assault_callouts",
                "police": "police_assault_offences",
            }
        },
        {"mispelt": 1},
    ],
)
def test_a_policy_that_is_not_well_formed_is_refused(change):
    policy = load_policy()
    changed = dataclasses.replace(
        policy, files={**policy.files, "linkage": {**policy.files["linkage"], **change}}
    )

    with pytest.raises(PolicyError, match=r"linkage\.toml"):
        read_linkage_policy(changed)


def test_levels_of_a_comparison_are_told_apart_by_their_first_condition():
    age = next(one for one in MODELS["ed_police"].comparisons if one.name == "age")

    def level(first, second):
        (low, high), (other_low, other_high) = first, second
        row = pa.table(
            {"age_from_l": [low], "age_to_l": [high], "age_from_r": [other_low], "age_to_r": [other_high]},
            schema=pa.schema(
                [(name, pa.int64()) for name in ("age_from_l", "age_to_l", "age_from_r", "age_to_r")]
            ),
        )
        engine = DuckDBEngine(threads=1)
        engine.load("pair", row)
        number = engine.fetch(f"SELECT {level_sql(age)} AS level FROM pair").column("level")[0].as_py()
        return age.levels[number].label

    assert level((20, 20), (20, 20)) == "the same"
    assert level((20, 20), (26, 26)) == "6 years"
    assert level((20, 20), (60, 60)) == "farther"
    assert level((20, 29), (29, 29)) == "within the band"
    assert level((20, 29), (31, 31)) == "3 years from the band"
    assert level((20, 29), (40, 40)) == "far from the band"
    assert level((None, None), (40, 40)) == "not known"


#: A man of 30 at one place and time, as both services may tell of him; `hospital` of the ambulance is where it took him.
ALIKE = {
    "contact_min": 1_000, "from_min": 990, "to_min": 1_000, "time_stated": "yes", "x_m": 0.0, "y_m": 0.0, "sigma_m": 50.0,
    "age_from": 30, "age_to": 30, "sex": "male", "hospital": "H1",
}  # fmt: skip
TEXTS = ("time_stated", "sex", "hospital", "place_class", "domestic", "informed", "severity", "sharp")
NO_PLACE = {"x_m": None, "y_m": None, "sigma_m": None}
NO_AGE = {"age_from": None, "age_to": None}


def part_of(pair, left, right):
    """Name of the part of a pair of records that differ from `ALIKE`; None where they are not compared."""
    values, fields = {}, []
    for side, told in (("l", left), ("r", right)):
        for name in COMPARED:
            kind = pa.string() if name in TEXTS else pa.float64() if name.endswith("_m") else pa.int64()
            fields.append((f"{name}_{side}", kind))
            values[f"{name}_{side}"] = [{**ALIKE, **told}.get(name)]
    engine = DuckDBEngine(threads=1)
    engine.load("pair", pa.table(values, schema=pa.schema(fields)))
    number = engine.fetch(f"SELECT {part_sql(MODELS[pair])} AS part FROM pair").column("part")[0].as_py()
    return None if number < 0 else MODELS[pair].parts[number][0]


@pytest.mark.parametrize(
    ("pair", "left", "right", "part"),
    [
        ("ed_police", {}, {"x_m": 2_999.0}, "located"),
        ("ed_police", {}, {"x_m": 3_001.0, "age_from": 40, "age_to": 40}, None),
        ("ed_police", {"sigma_m": 1_500.0}, {"x_m": 3_700.0, "age_from": 40, "age_to": 40}, "located"),
        ("ed_police", {}, {"x_m": 9_000.0}, "elsewhere"),
        ("ed_police", {}, {"x_m": 9_000.0, "from_min": 1_050, "to_min": 1_050}, None),
        ("ed_police", {}, {"x_m": 9_000.0, "sex": None}, None),
        ("ed_police", NO_PLACE, {"age_from": 33, "age_to": 33}, "unlocated"),
        ("ed_police", NO_PLACE, {"age_from": 34, "age_to": 34}, None),
        ("ed_police", NO_PLACE, {"sex": "female"}, None),
        ("ed_police", NO_PLACE, {"sex": None}, "unlocated"),
        ("ed_police", NO_PLACE, NO_AGE, None),
        ("ambulance_ed", NO_AGE, {**NO_PLACE, "contact_min": 1_060}, "unlocated, no age"),
        ("ambulance_ed", NO_AGE, {**NO_PLACE, "contact_min": 1_060, "hospital": "H2"}, None),
        ("ambulance_ed", {}, {"x_m": 9_000.0, "contact_min": 1_060}, "elsewhere"),
        ("ambulance_ed", {}, {"x_m": 9_000.0, "contact_min": 1_300}, None),
    ],
)
def test_a_pair_is_in_the_first_part_that_it_fits(pair, left, right, part):
    assert part_of(pair, left, right) == part


def test_progress_rises_to_the_whole(world):
    told: list[float] = []
    engine = DuckDBEngine(threads=1)
    schema = TABLES["located_records"].arrow_schema()
    rows = [{name: row.get(name) for name in schema.names} for row in world[0]]
    engine.load("located_records", pa.Table.from_pylist(rows, schema=schema))
    for name in ("small_areas", "linkage_audits"):
        engine.load(name, TABLES[name].empty())

    link_records(engine, StepContext(policy=load_policy(), region={}, progress=told.append))

    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 5
    assert not any(engine.has(name) for name in ("linkable_records", "linkage_left", "linkage_right"))
