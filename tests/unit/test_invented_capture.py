"""Each service sees and writes with the losses, delays and errors of the parameters, and each of them has a range."""

from __future__ import annotations

import numpy as np
import pytest
from invented_world import column, field, files, truth

from preventable.invented.draws import parameters
from preventable.invented.world import draw_parameters

ERRORS = ("capture", "ambulance", "ed", "police", "admissions", "words")
# Facts of the county, the forms of distributions, and limits: the same in every world.
NOT_VARIED = {
    ("capture", "ambulance_share"), ("capture", "ed_share"), ("capture", "police_share"),
    ("capture", "admissions_share"), ("capture", "severity_ed_of_ambulance"), ("capture", "sharp_severity"),
    ("capture", "blunt_severity"), ("capture", "admitted_through_ed"), ("capture", "kind_ambulance"),
    ("capture", "kind_ed"), ("capture", "kind_police"),
    ("ambulance", "call_delay_spread"), ("ambulance", "late_call_spread"), ("ambulance", "latest_call_min"),
    ("ambulance", "point_classes"), ("ambulance", "snap_m"), ("ambulance", "age_sight_sd_years"),
    ("ambulance", "age_sight_step_years"), ("ambulance", "second_vehicle_after_min"),
    ("ed", "arrival_delay_spread"), ("ed", "conveyed_delay_spread"), ("ed", "least_delay_min"),
    ("ed", "late_spread"), ("ed", "late_limits_hours"), ("ed", "guess_before_arrival_min"),
    ("ed", "area_levels"), ("ed", "venue_reach_m"), ("ed", "reattend_after_min"), ("ed", "transfer_after_min"),
    ("ed", "age_wrong_by_years"), ("ed", "distance_noise"),
    ("police", "report_delay_spread"), ("police", "point_classes"), ("police", "age_wrong_by_years"),
    ("police", "attempted_murder_above"), ("police", "murder_above"), ("police", "serious_harm_above"),
    ("police", "hate_of_injuries"), ("police", "constable_of_injuries"), ("police", "hate_of_others"),
    ("police", "constable_of_others"), ("police", "window_width_min"),
    ("admissions", "delay_spread"), ("admissions", "transfer_after_min"),
    ("words", "car_park"), ("words", "lower_case"), ("words", "upper_case"), ("words", "clip"), ("words", "cues"),
    ("words", "cue_of_area"), ("words", "generic"), ("words", "home"), ("words", "other_home"),
    ("words", "type_words"), ("words", "neighbouring_keys"), ("words", "abbreviations"),
}  # fmt: skip


def share(flags) -> float:
    return float(np.mean(flags))


def of(source: str, name: str) -> np.ndarray:
    records = truth("records")
    return column(records, name)[column(records, "source") == source]


def happened(source: str, name: str) -> np.ndarray:
    """A column of the incident of each record."""
    incident = column(truth("victims"), "incident")[of(source, "victim")]
    return column(truth("incidents"), name)[incident]


def minutes_after(source: str, stamps: str = "contact_local") -> np.ndarray:
    """Minutes from what happened to what was written."""
    gap = of(source, stamps) - happened(source, "happened_local")
    return gap.astype("timedelta64[m]").astype(float)


def metres_off(source: str) -> np.ndarray:
    """Metres between the recorded point and the true one; NaN where none was recorded."""
    east = of(source, "easting_m") - happened(source, "easting_m")
    return np.hypot(east, of(source, "northing_m") - happened(source, "northing_m"))


# --- delay ----------------------------------------------------------------------------------------


def test_calls_come_some_minutes_after_and_a_few_hours_later():
    delay = minutes_after("ambulance")[of("ambulance", "row_kind") == "first"]

    assert np.median(delay) == pytest.approx(9.5, abs=1.5)
    assert share(delay > 180) == pytest.approx(0.035, abs=0.015)


def test_a_fifth_of_patients_attend_late_and_the_others_within_hours():
    delay = minutes_after("ed")[of("ed", "row_kind") == "first"]

    assert 60 < np.median(delay[delay < 240]) < 120
    assert share(delay > 240) == pytest.approx(0.22, abs=0.03)
    assert delay.max() <= 312 * 60


def test_offences_are_reported_after_they_end_mostly_within_the_hour():
    gap = (of("police", "contact_local") - of("police", "to_local")).astype("timedelta64[m]").astype(float)

    assert np.median(gap) == pytest.approx(45, abs=10)
    # Where the stated time is later than the true one, or the clocks go back, by some minutes.
    assert share(gap < 0) < 0.001


def test_an_admission_follows_some_hours_after_what_happened():
    delay = minutes_after("admissions")[of("admissions", "row_kind") == "first"]

    assert 4 * 60 < np.median(delay) < 9 * 60


# --- places ---------------------------------------------------------------------------------------


def test_some_places_are_plainly_wrong_at_each_service():
    near = np.isin(of("ed", "place_class"), ("venue", "street"))
    wrong = of("police", "place_class") == "wrong"

    # Four in a hundred, of which a few are wrong by less.
    assert share(metres_off("ed")[near] > 2_500) == pytest.approx(0.034, abs=0.01)
    assert share(wrong) == pytest.approx(0.07, abs=0.005)
    assert np.median(metres_off("police")[wrong]) > 20 * np.median(metres_off("police")[~wrong])
    assert share(metres_off("ambulance") > 1_000) == pytest.approx(0.05, abs=0.02)


def test_points_are_as_exact_as_their_class():
    off, kind = metres_off("ed"), of("ed", "place_class")
    median = {name: np.nanmedian(off[kind == name]) for name in ("venue", "street", "area")}

    assert median["venue"] < 100 < median["street"] < 400 < median["area"] < 2_000
    assert np.isnan(off[kind == "none"]).all()


# --- duplicates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "kind", "expected", "hours"),
    [
        ("ambulance", "second_vehicle", 0.06, (0, 0.15)),
        ("ed", "reattendance", 0.02, (10, 70)),
        ("ed", "transfer", 0.0085, (1.6, 8.4)),
        ("admissions", "transfer", 0.03, (12, 60)),
    ],
)
def test_a_share_of_patients_has_a_second_row_some_time_later(source, kind, expected, hours):
    victim, row_kind, contact = (of(source, name) for name in ("victim", "row_kind", "contact_local"))
    first = {
        v: (c, p)
        for v, c, p, k in zip(victim, contact, of(source, "provider"), row_kind, strict=True)
        if k == "first"
    }
    again = [
        (c - first[v][0], p == first[v][1])
        for v, c, p, k in zip(victim, contact, of(source, "provider"), row_kind, strict=True)
        if k == kind and v in first
    ]
    gap = np.array([later for later, _ in again]).astype("timedelta64[m]").astype(float) / 60

    assert len(again) / len(first) == pytest.approx(expected, abs=max(0.004, expected / 4))
    # The clocks go back within these months.
    assert hours[0] - 1 <= gap.min()
    assert gap.max() <= hours[1]
    if source == "ed":
        assert {same for _, same in again} == {kind == "reattendance"}


# --- what is missing or wrong in the files ----------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "name", "blank", "expected"),
    [
        ("ambulance", "age", "", 0.15),
        ("ambulance", "sex", "U", 0.05),
        ("police", "age", "", 0.12),
        ("police", "sex", "Not known", 0.04),
        ("police", "place_text", "", 0.05),
        ("ed", "nhs_number", "", 0.05),
        ("ed", "residence_small_area", "", 0.03),
        ("admissions", "nhs_number", "", 0.01),
        ("admissions", "residence_small_area", "", 0.01),
    ],
)
def test_a_share_of_cells_is_missing(source, name, blank, expected):
    cells = [str(value) for path in files(source) for value in field(path, name)]

    chance = 4 * np.sqrt(expected / len(cells))
    assert share([cell == blank for cell in cells]) == pytest.approx(expected, abs=chance)


def test_an_eighth_of_admissions_has_an_unspecified_cause():
    causes = [value for path in files("admissions") for value in field(path, "icd10_external_cause")]

    assert share([cause.startswith("Y09") for cause in causes]) == pytest.approx(0.12, abs=0.03)


def test_domestic_abuse_is_mostly_flagged_and_hardly_anything_else():
    domestic, flagged = happened("police", "domestic"), {}
    for path in files("police"):
        flagged.update(zip(field(path, "source_record_id"), field(path, "domestic_flag"), strict=True))
    told = np.array([flagged[number] == "Y" for number in of("police", "source_record_id")])

    assert share(told[domestic]) == pytest.approx(0.86, abs=0.02)
    assert share(told[~domestic]) == pytest.approx(0.015, abs=0.005)


# --- parameters and their ranges --------------------------------------------------------------------


def ranged(node: dict, path: tuple = ()) -> dict[tuple, dict]:
    found = {}
    for name, child in node.items():
        if isinstance(child, dict) and set(child) == {"value", "low", "high"}:
            found[(*path, name)] = child
        elif isinstance(child, dict):
            found |= ranged(child, (*path, name))
    return found


def at(node: dict, path: tuple) -> float:
    for name in path:
        node = node[name]
    return node


def test_varied_parameters_lie_in_their_ranges_and_differ_between_seeds():
    ranges = ranged(parameters("world"))
    one, two = (draw_parameters(seed=seed, vary=True) for seed in (1, 2))

    assert len(ranges) > 70
    for path, bounds in ranges.items():
        assert bounds["low"] <= at(one, path) <= bounds["high"]
        assert bounds["low"] < bounds["value"] < bounds["high"]
        assert at(one, path) != at(two, path)


def test_unvaried_parameters_are_the_values_whatever_the_seed():
    ranges = ranged(parameters("world"))
    plain = draw_parameters(seed=5)

    assert {path: at(plain, path) for path in ranges} == {path: b["value"] for path, b in ranges.items()}
    assert draw_parameters(seed=6) == plain


def test_every_parameter_of_capture_and_error_has_a_range_or_is_named_as_a_fact():
    rules = parameters("world")
    varied = {(path[0], path[1]) for path in ranged(rules)}
    all_of_them = {(section, name) for section in ERRORS for name in rules[section]}

    assert all_of_them - varied == NOT_VARIED
    assert {section for section, _ in varied} == set(ERRORS)


@pytest.mark.parametrize("seed", range(20))
def test_varied_shares_stay_shares(seed):
    rules = draw_parameters(seed=seed, vary=True)
    plain = {path: at(rules, path) for path in ranged(parameters("world"))}
    numbers = {path for path in plain if path[-1].split("_")[-1] in ("min", "m", "hours", "scale")}
    numbers |= {
        path
        for path in plain
        if "severity" in path[-1]
        or path[-1] in ("incident_spread_police", "male_admissions", "typing_errors")
    }

    assert all(0 < value < 1 for path, value in plain.items() if path not in numbers)
    assert rules["words"]["with_street"] + rules["words"]["with_area"] <= 1.0
    assert rules["ed"]["late"] < 0.5


def test_rows_outside_the_span_are_left_out_and_the_others_are_in_order():
    for source in ("ed", "ambulance", "police", "admissions"):
        contact, month = of(source, "contact_local"), of(source, "month")
        assert contact.min() >= np.datetime64("2025-10-01")
        assert contact.max() < np.datetime64("2026-01-01")
        assert month.tolist() == [str(m) for m in contact.astype("datetime64[M]")]
