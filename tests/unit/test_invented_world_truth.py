"""The invented county behaves as the sources say, and what is planted is there."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely
from invented_world import column, planted, small_world, truth

from preventable.errors import UsageError
from preventable.invented.capture import Seen, ed_records, police_records
from preventable.invented.incidents import Incidents, Victims, draw_incidents, nhs_numbers
from preventable.invented.invent import invent
from preventable.invented.planted import Planted, draw_planted, list_planted
from preventable.invented.world import Months, World, draw_parameters, read_world

YEARLY = {"ed": 20_000, "ambulance": 12_000, "police": 68_000, "admissions": 3_000}


def of_source(name: str, source: str) -> np.ndarray:
    records = truth("records")
    return column(records, name)[column(records, "source") == source]


def share(flags: np.ndarray) -> float:
    return float(np.mean(flags))


def test_the_span_ends_with_december_2025():
    assert Months.ending(months=1).names == ("2025-12",)
    assert Months.ending(months=14).names[0] == "2024-11"
    assert Months.ending(months=3).end == dt.date(2026, 1, 1)


@pytest.mark.parametrize(("months", "seed"), [(0, 1), (49, 1), (3, -1)])
def test_a_span_or_seed_out_of_range_is_refused(tmp_path, months, seed):
    with pytest.raises(UsageError):
        invent(months=months, seed=seed, out=tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_another_county_is_refused_and_left_as_it_was(tmp_path):
    invent(months=1, seed=1, out=tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    for months, seed in ((1, 2), (2, 1)):
        with pytest.raises(UsageError, match="holds something else"):
            invent(months=months, seed=seed, out=tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_the_same_county_may_be_written_again(tmp_path):
    one = invent(months=1, seed=1, out=tmp_path)

    assert invent(months=1, seed=1, out=tmp_path) == one


def test_a_folder_with_submissions_of_unknown_origin_is_refused(tmp_path):
    (tmp_path / "submissions").mkdir()

    with pytest.raises(UsageError, match="holds something else"):
        invent(months=1, seed=1, out=tmp_path)


def test_nhs_numbers_that_the_range_does_not_hold_are_refused():
    with pytest.raises(UsageError):
        nhs_numbers(1_000_001, seed=1)


def test_every_person_has_one_nhs_number_and_every_number_one_person():
    victims = truth("victims")
    pairs = set(zip(column(victims, "person"), column(victims, "nhs_number"), strict=True))

    assert len(pairs) == len({person for person, _ in pairs}) == len({number for _, number in pairs})


@pytest.mark.parametrize(("seed", "vary"), [(1, False), (2, False), (3, False), (1, True), (2, True)])
def test_volumes_of_a_quarter_are_a_quarter_of_the_years_also_in_varied_worlds(seed, vary):
    sources = column(truth("records", seed, vary=vary), "source")
    found = {source: int(np.sum(sources == source)) for source in YEARLY}

    assert found == pytest.approx({s: volume * 92 / 365.25 for s, volume in YEARLY.items()}, rel=0.10)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "vary"), [(1, False), (2, False), (1, True)])
def test_volumes_of_two_years_are_within_a_tenth(tmp_path, seed, vary):
    made = invent(months=24, seed=seed, out=tmp_path, vary=vary)

    assert {s: made["records"][s] / 2 for s in YEARLY} == {
        s: pytest.approx(YEARLY[s], rel=0.10) for s in YEARLY
    }


def test_shares_known_to_police_are_those_of_the_model():
    summary = json.loads((small_world() / "truth" / "truth.json").read_text(encoding="utf-8"))

    assert summary["ed_known_to_police"] == pytest.approx(0.484, abs=0.03)
    assert summary["ambulance_known_to_police"] == pytest.approx(0.59, abs=0.03)
    assert summary["ed_unknown_to_police"] == pytest.approx(1 - summary["ed_known_to_police"])


def test_the_share_seen_by_neither_is_of_ambulance_patients_whom_the_other_two_did_not_see():
    summary = json.loads((small_world() / "truth" / "truth.json").read_text(encoding="utf-8"))
    victims = truth("victims")
    ambulance, *others = (column(victims, f"seen_by_{name}") for name in ("ambulance", "ed", "police"))

    by_flags = share(~(others[0] | others[1])[ambulance])

    assert summary["ambulance_seen_by_neither"] == pytest.approx(by_flags, abs=0.01)
    assert 0 < by_flags < summary["ambulance_unknown_to_police"]


def test_three_quarters_of_ambulance_patients_are_seen_by_a_hospital():
    victims = truth("victims")
    in_ambulance = column(victims, "seen_by_ambulance")

    assert share(column(victims, "seen_by_ed")[in_ambulance]) == pytest.approx(0.74, abs=0.03)


def test_the_severe_are_seen_more_and_by_more_services():
    victims = truth("victims")
    severity, ambulance = column(victims, "severity"), column(victims, "seen_by_ambulance")
    ed, police = column(victims, "seen_by_ed"), column(victims, "seen_by_police")
    severe = severity > np.quantile(severity, 0.8)

    for seen in (ambulance, ed, police, column(victims, "seen_by_admissions")):
        assert share(seen[severe]) > share(seen[~severe])
    assert share(police[ed | ambulance]) > share(police[~(ed | ambulance)]) + 0.05


def region(name: str) -> list[dict]:
    return pq.read_table(small_world() / "region" / f"{name}.parquet").to_pylist()


def test_weekend_nights_and_venues_go_together():
    incidents = truth("incidents")
    when = column(incidents, "happened_local").astype("datetime64[h]").astype(int)
    kind = column(incidents, "kind")
    weekday, hour = (when // 24 + 3) % 7, when % 24
    weekend_night = np.isin(weekday, (5, 6)) & (hour < 4)

    assert share(weekend_night[kind == "venue"]) > 2 * share(weekend_night[kind == "home"])
    assert share(weekend_night[kind == "venue"]) > 4 * (2 * 4 / 168)


def test_nobody_is_twice_a_victim_of_one_incident():
    victims = truth("victims")
    pairs = np.column_stack([column(victims, "incident"), column(victims, "person")])

    assert len(np.unique(pairs, axis=0)) == len(pairs)


def test_incidents_lie_in_the_small_area_that_they_name():
    areas = pq.read_table(small_world() / "region" / "areas.parquet")
    small = column(areas, "area_type") == "small_area"
    polygons = dict(
        zip(column(areas, "area")[small], shapely.from_wkb(areas["polygon"].to_numpy()[small]), strict=True)
    )
    incidents = truth("incidents").slice(0, 4_000)
    points = shapely.points(column(incidents, "easting_m"), column(incidents, "northing_m"))
    named = np.array([polygons[code] for code in column(incidents, "small_area")])

    # Streets at the edge of the county may reach beyond it.
    assert share(shapely.intersects(named, points)) > 0.99


def test_places_of_attendances_have_the_shares_of_the_model():
    classes = of_source("place_class", "ed")

    found = {name: share(classes == name) for name in ("venue", "street", "area", "none")}
    assert found == pytest.approx({"venue": 0.33, "street": 0.29, "area": 0.20, "none": 0.18}, abs=0.03)


def test_stated_times_are_missing_rounded_and_at_times_a_day_wrong():
    stated = of_source("from_local", "ed")
    missing = np.isnat(stated)
    minute = stated[~missing].astype("datetime64[m]").astype(int) % 60
    victims, incidents = truth("victims"), truth("incidents")
    incident = column(victims, "incident")[of_source("victim", "ed")]
    gap = stated - column(incidents, "happened_local")[incident]
    hours = gap[~missing].astype("timedelta64[m]").astype(int) / 60
    day_off = (np.abs(hours) > 20) & (np.abs(hours) < 28)

    assert share(missing) == pytest.approx(0.28, abs=0.02)
    assert 0.5 < share(minute == 0) < 0.65
    assert share(day_off) == pytest.approx(0.05, abs=0.015)


def test_ambulance_points_are_snapped_and_some_patients_have_two_vehicles():
    east, north = of_source("easting_m", "ambulance"), of_source("northing_m", "ambulance")

    assert share((east % 200 == 0) & (north % 200 == 0)) == pytest.approx(0.20, abs=0.03)
    assert share(of_source("row_kind", "ambulance") == "second_vehicle") == pytest.approx(
        0.06 / 1.06, abs=0.015
    )


def test_police_windows_have_the_shares_of_the_model():
    width = of_source("to_local", "police") - of_source("from_local", "police")
    hours = width.astype("timedelta64[m]").astype(int) / 60
    inner = column(truth("records"), "month") != "2025-10"
    hours = hours[inner[column(truth("records"), "source") == "police"]]

    found = [
        share(hours == 0),
        share((hours > 0) & (hours < 5.2)),
        share((hours > 6.5) & (hours < 15)),
        share(hours > 22),
    ]
    assert found == [pytest.approx(value, abs=0.015) for value in (0.60, 0.26, 0.10, 0.04)]


def minutes_of(local: dt.datetime) -> int:
    return int((local - dt.datetime(1970, 1, 1)).total_seconds()) // 60


def hurt_at(world: World, local: dt.datetime, *, number: int) -> tuple[Incidents, Victims, Seen]:
    """So many incidents of one victim at one time, all seen by a hospital an hour later and by the police."""
    none, no = np.full(number, -1), np.zeros(number, dtype=bool)
    when, zeros = np.full(number, minutes_of(local)), np.zeros(number, dtype=np.int64)
    incidents = Incidents(
        kind=np.full(number, 2), utc_min=world.clock.utc(when), local_min=when,
        points=np.tile(world.street_points[0], (number, 1)), area=zeros, district=zeros, venue=none,
        street=zeros, institution=none, household=none, place_type=zeros, method=zeros, domestic=no,
        planted=np.full(number, "", dtype=object),
    )  # fmt: skip
    victims = Victims(
        incident=np.arange(number), person=np.arange(number), nhs_numbers=nhs_numbers(number, seed=1),
        sex=zeros, age=zeros + 30, residence=zeros, injured=~no, severity=np.zeros(number), at_own_home=no,
    )  # fmt: skip
    arrival = incidents.utc_min + 60
    return incidents, victims, Seen(no, no, ~no, ~no, no, none, arrival, no)


def test_no_time_lies_in_the_hour_that_the_clocks_skip():
    tables = {path.stem: pq.read_table(path) for path in (small_world() / "region").glob("*.parquet")}
    world = read_world(tables, Months.ending(months=1, last_month=3))
    told = hurt_at(world, dt.datetime(2025, 3, 30, 0, 50), number=2_000)
    begin = minutes_of(dt.datetime(2025, 3, 30, 1, 0))

    ed = ed_records(world, draw_parameters(seed=1), *told, np.zeros(2_000, dtype=np.int64), seed=1)
    police = police_records(world, draw_parameters(seed=1), *told, seed=1)

    for times in (
        ed["contact_min"],
        ed["from_min"],
        *(police[n] for n in ("from_min", "to_min", "contact_min")),
    ):
        assert not np.any((times >= begin) & (times < begin + 60))
    assert np.sum(ed["from_min"] == begin + 60) > 100


def test_times_of_the_doubled_hour_occur():
    contact = column(truth("records"), "contact_local")
    doubled = (contact >= np.datetime64("2025-10-26T01:00")) & (contact < np.datetime64("2025-10-26T02:00"))

    assert doubled.sum() > 10


def test_badly_run_venues_exceed_what_their_size_explains_and_big_ones_do_not():
    venue = column(truth("incidents"), "venue")
    found = {kind: [p for p in planted() if p["kind"] == kind] for kind in ("badly_run_venue", "big_venue")}
    capacity = {row["venue"]: row["capacity"] for row in region("venues")}
    rate = {
        kind: np.mean([np.sum(venue == p["venue"]) / capacity[p["venue"]] for p in items])
        for kind, items in found.items()
    }

    assert len(found["badly_run_venue"]) == 6
    assert all(p["factor"] > 3 for p in found["badly_run_venue"])
    assert rate["badly_run_venue"] > 2 * rate["big_venue"]


def test_clusters_are_where_and_when_the_list_says():
    incidents = truth("incidents")
    points = np.column_stack([column(incidents, "easting_m"), column(incidents, "northing_m")])
    day = column(incidents, "happened_local").astype("datetime64[D]")
    tags = column(incidents, "planted")
    spots = [p for p in planted() if p["kind"] in ("space_cluster", "space_time_cluster")]

    assert len(spots) == 3
    for spot in spots:
        mine = tags == spot["name"]
        gap = np.hypot(*(points[mine] - [spot["easting_m"], spot["northing_m"]]).T)
        assert mine.sum() > 0.5 * spot["expected_extra_incidents"]
        assert gap.max() <= spot["radius_m"]
        assert day[mine].min() >= np.datetime64(spot["first_day"])
        assert day[mine].max() <= np.datetime64(spot["last_day"])


def test_the_cluster_in_time_is_an_excess_in_its_district():
    (cluster,) = [p for p in planted() if p["kind"] == "time_cluster"]
    incidents = truth("incidents")
    day = column(incidents, "happened_local").astype("datetime64[D]")
    mine = np.isin(column(incidents, "kind"), ("venue", "street"))
    mine &= column(incidents, "district") == cluster["district"]
    within = (day >= np.datetime64(cluster["first_day"])) & (day <= np.datetime64(cluster["last_day"]))
    days = (np.datetime64(cluster["last_day"]) - np.datetime64(cluster["first_day"])).astype(int) + 1
    all_days = (day.max() - day.min()).astype(int) + 1

    ratio = (mine & within).sum() / days / ((mine & ~within).sum() / (all_days - days))
    assert ratio == pytest.approx(cluster["factor"], rel=0.25)


@pytest.fixture(scope="module")
def tables() -> dict:
    return {path.stem: pq.read_table(path) for path in (small_world() / "region").glob("*.parquet")}


def drawn_planted(world: World) -> Planted:
    return draw_planted(
        world,
        draw_parameters(seed=1),
        seed=1,
        changed_provider="ed-tarquist",
        corrected_provider="ed-oxmundle",
    )


@pytest.mark.parametrize("months", [1, 2, 3, 24])
def test_whatever_is_planted_for_some_days_lies_within_the_span(tables, months):
    span = Months.ending(months=months)
    world = read_world(tables, span)
    lasting = [item for item in list_planted(world, drawn_planted(world)) if "first_day" in item]

    assert len(lasting) == 4
    for item in lasting:
        assert span.firsts[0].isoformat() <= item["first_day"] <= item["last_day"] < span.end.isoformat()


def test_a_cluster_at_the_edge_of_the_county_counts_beside_it(tables):
    world = read_world(tables, Months.ending(months=1))
    shapes = {
        a["area"]: shapely.from_wkb(a["polygon"]) for a in region("areas") if a["area_type"] == "small_area"
    }
    edge = shapely.unary_union(list(shapes.values())).boundary
    east, north = world.street_points[np.argmin(shapely.distance(edge, shapely.points(world.street_points)))]
    planted = drawn_planted(world)
    spot = replace(planted.spots[0], easting_m=east, northing_m=north, expected_extra=400.0)

    incidents = draw_incidents(world, draw_parameters(seed=1), replace(planted, spots=(spot,)), seed=1)
    mine = incidents.planted == spot.name
    points = shapely.points(incidents.points[mine])
    counted_in = [shapes[code] for code in world.area_codes[incidents.area[mine]]]

    assert shapely.distance(edge, points).max() > 0
    assert not shapely.covers(shapely.union_all(list(shapes.values())), points).all()
    assert shapely.distance(counted_in, points).max() < spot.radius_m


def test_everything_planted_is_listed_also_when_it_needs_a_longer_span():
    kinds = [p["kind"] for p in planted()]
    begins = [p["beginning_in_span"] for p in planted() if p["kind"] in ("slow_rise", "programme")]

    assert {
        "badly_run_venue",
        "time_cluster",
        "space_cluster",
        "space_time_cluster",
        "slow_rise",
        "late_month",
        "changed_format",
        "programme",
        "correction",
    } <= set(kinds)
    effects = [p["factor_of_venue_incidents"] for p in planted() if p["kind"] == "programme"]
    assert len(effects) == 3
    assert effects.count(1.0) == 2
    assert begins == [False] * 4
    assert all(p["what"] for p in planted())
