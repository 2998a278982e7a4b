"""Sources that a partnership declares: events told to the minute or the month, counts by area; and what a mapping may say."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import sources_world
from declared_world import (
    DECLARED,
    KINDS,
    MAPPINGS,
    PLACES,
    POLICY,
    ROWS,
    SOURCES,
    checked_declared,
    read_declared,
    rows_of,
)
from sources_world import PROVIDERS, read, records_of, stamp, xlsx_bytes

from preventable.errors import (
    ChangedFormatError,
    MappingError,
    NoMappingError,
    NoPeriodError,
    PolicyError,
    UnknownProviderError,
)
from preventable.methods.projection import (
    LONGITUDE_LATITUDE,
    best_transformer,
    is_metric_projection,
    metres_of_degrees,
    reference_system,
)
from preventable.settings import Policy, StepContext
from preventable.stages.sources.mapping import readable_kinds
from preventable.stages.sources.region_places import RegionPlaces, region_places
from preventable.tables.source_kinds import source_kinds


def one(provider, mapping=None, region=PLACES, **change):
    changed = {key.replace("_", " "): value for key, value in change.items()}
    found = read_declared(rows_of(provider, changed), provider, mapping=mapping, region=region)
    return found.submissions.to_pylist()[0], {
        (row["field"], row["problem"]) for row in found.intake_problems.to_pylist()
    }


def with_parts(provider, **parts):
    """The provider's mapping with other parts; tables are joined."""
    mapping = MAPPINGS[provider]
    return {**mapping, **{name: {**mapping.get(name, {}), **part} for name, part in parts.items()}}


def without(provider, part, key):
    mapping = MAPPINGS[provider]
    return {**mapping, part: {name: value for name, value in mapping[part].items() if name != key}}


# --- events -------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", sorted(MAPPINGS))
def test_a_right_row_has_no_problem(provider):
    assert one(provider)[1] == set()


def test_what_a_declaration_requires_is_missed_where_it_is_not_there():
    declared = {**SOURCES["dental"], "required": ["source_record_id", "sex"]}
    kinds = source_kinds(Policy({}, {}, {"dental": declared}))

    found = read_declared(rows_of("dental", {"Visit": "", "Sex": "", "Ver": ""}), "dental", kinds=kinds)

    missed = {row["field"] for row in found.intake_problems.to_pylist() if row["problem"] == "missing"}
    assert missed == {"source_record_id", "sex"}


def test_an_injury_that_was_not_stated_lies_in_the_minutes_that_the_source_declares():
    row, _ = one("dental")

    assert (row["injury_start_local"], row["injury_end_local"]) == (
        stamp(2025, 3, 12, 9, 10), stamp(2025, 3, 14, 9, 10),
    )  # fmt: skip
    assert (row["time_basis"], row["time_precision"]) == ("arrival_proxy", "unknown")
    assert row["severity"] == "unknown"


def test_an_injury_that_was_stated_is_taken_as_stated():
    row, _ = one("dental", Hurt="13/03/2025 22:41")

    assert (row["injury_start_local"], row["time_basis"]) == (stamp(2025, 3, 13, 22, 41), "stated")


def test_an_injury_of_the_day_of_the_contact_had_happened_by_the_contact():
    row, _ = one("dental", Hurt="14/03/2025")

    assert (row["injury_start_local"], row["injury_end_local"]) == (
        stamp(2025, 3, 14), stamp(2025, 3, 14, 9, 10),
    )  # fmt: skip
    assert row["time_precision"] == "day"


def test_a_source_told_to_the_month_has_no_hour_and_no_injury_time():
    row, _ = one("street")

    assert row["contact_local"] == stamp(2025, 3, 1)
    assert row["injury_start_local"] is row["time_basis"] is row["time_precision"] is None


@pytest.mark.parametrize("change", [{"recorded": ["weekday_hour"]}, {"minutes_before_contact": 60}])
def test_what_is_told_to_the_month_is_not_declared_to_have_an_hour(change):
    street = {**SOURCES["street"], **change}

    with pytest.raises(PolicyError, match="no hour"):
        source_kinds(Policy({}, {}, {"street": street}))


@pytest.mark.parametrize(
    ("sent", "word"), [("T", "tooth_injury"), ("j", "jaw_injury"), ("never seen", "other"), ("", None)]
)
def test_a_category_is_a_declared_word_and_the_rest_goes_where_the_mapping_says(sent, word):
    row, problems = one("dental", What=sent)

    assert (row["record_category"], problems) == (word, set())


def test_without_a_word_for_the_rest_an_unknown_category_is_a_problem():
    mapping = with_parts("dental", codes={"record_category": {"T": "tooth_injury"}})

    row, problems = one("dental", mapping, What="X")

    assert row["record_category"] is None
    assert problems == {("record_category", "unknown_code")}


# --- places -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "area"),
    [
        ("XW002", "XW002"),
        ("xs00001", "XS00001"),
        ("zedshire  RIVERSIDE", "XN01"),
        ("The Quay", "XW001"),
        ("abroad", None),
        ("", None),
        ("E01000917", "E01000917"),
    ],
)
def test_an_area_is_told_by_its_code_or_by_its_name(sent, area):
    row, problems = one("dental", Area=sent)

    assert (row["place_area"], problems) == (area, set())


@pytest.mark.parametrize("sent", ["Nowhere", "Tarnfold"])
def test_a_name_that_the_region_lacks_or_that_two_places_have_is_a_problem(sent):
    row, problems = one("dental", Area=sent)

    assert row["place_area"] is None
    assert problems == {("place_area", "unknown_code")}


def test_the_rest_of_the_areas_lies_where_the_mapping_says_that_it_does():
    mapping = with_parts("dental", codes={"place_area": {"the Quay": "Eastmere", "*": "outside"}})

    assert one("dental", mapping, Area="The quay")[0]["place_area"] == "XW001"
    for sent in ("Nowhere", ""):
        row, problems = one("dental", mapping, Area=sent)
        assert (row["place_area"], problems) == (None, set())


def test_one_name_of_one_ground_is_the_smaller_area():
    assert one("dental", Area="Eastmere")[0]["place_area"] == "XW001"


def test_codes_that_differ_in_capitals_alone_are_told_apart():
    region = RegionPlaces("", *_codes_and_names({"small_area": "MONTFORD", "region": "montford"}))

    assert one("dental", region=region, Area="MONTFORD")[0]["place_area"] == "MONTFORD"
    assert one("dental", region=region, Area="montford")[0]["place_area"] == "montford"


def test_a_code_that_fits_two_areas_but_for_its_capitals_is_neither_of_them():
    region = RegionPlaces("", *_codes_and_names({"small_area": "MontFord", "region": "montford"}))

    row, problems = one("dental", region=region, Area="MONTFORD")

    assert row["place_area"] is None
    assert problems == {("place_area", "unknown_code")}


def _codes_and_names(codes):
    areas = [{"area_type": level, "area": code, "area_name": code} for level, code in codes.items()]
    found = region_places(pa.Table.from_pylist(areas), pa.table({"small_area": [codes["small_area"]]}), {})
    return found.codes, found.names


def test_degrees_become_metres_of_the_regions_projection():
    """Point TP01 of Ordnance Survey's test file of OSTN15 (St Mary's); without their grid file PROJ is some metres off."""
    row, _ = one("street", Longitude="-6.29977752014", Latitude="49.92226393730")

    assert row["easting_m"] == pytest.approx(91_492.146, abs=5)
    assert row["northing_m"] == pytest.approx(11_318.804, abs=5)
    assert row["point_sd_m"] == 200.0


def test_metres_are_those_of_the_nearest_decimetre():
    longitude, latitude = np.linspace(-5, 1, 50), np.linspace(50, 55, 50)
    exact = best_transformer(reference_system(LONGITUDE_LATITUDE), reference_system("EPSG:27700")).transform(
        longitude, latitude
    )

    for told, true in zip(metres_of_degrees(longitude, latitude, crs="EPSG:27700"), exact, strict=True):
        assert np.abs(told - true).max() <= 0.0501
        assert np.abs(told * 10 - np.rint(told * 10)).max() < 1e-6


def test_a_row_without_degrees_has_no_point():
    row, problems = one("street", Longitude="", Latitude="")

    assert (row["easting_m"], row["northing_m"], problems) == (None, None, set())


def test_degrees_that_no_globe_has_are_a_problem():
    assert one("street", Latitude="91")[1] == {("latitude", "out_of_range")}


def test_latitude_and_longitude_in_each_others_place_are_a_problem_and_no_point():
    row, problems = one("street", Longitude="51.51", Latitude="-0.09")

    assert (row["easting_m"], row["northing_m"]) == (None, None)
    assert problems == {("latitude", "out_of_range")}


@pytest.mark.parametrize("crs", ["", "EPSG:4326", "no such"])
def test_degrees_need_a_region_with_a_projection_in_metres(crs):
    with pytest.raises(MappingError, match="crs"):
        one("street", region=RegionPlaces(crs))


def test_a_projection_tells_nothing_of_a_point_that_is_none():
    assert is_metric_projection("EPSG:27700")
    east, north = metres_of_degrees(np.array([np.nan, -1.9]), np.array([52.0, 52.48]), crs="EPSG:27700")

    assert np.isnan(east[0])
    assert np.isnan(north[0])
    assert east[1] == round(east[1], 1)


# --- numbers of records -------------------------------------------------------------------------


def test_rows_of_a_file_without_numbers_are_told_by_content_and_alike_rows_are_as_many_records():
    rows = rows_of("street", {}, {}, {"Longitude": "-1.8"})
    found = read_declared(rows, "street").submissions.to_pylist()

    numbers = [row["source_record_id"] for row in found]
    assert len(set(numbers)) == 3
    assert numbers[0][:-1] == numbers[1][:-1]
    again = read_declared(list(reversed(rows)), "street").submissions.to_pylist()
    assert sorted(row["source_record_id"] for row in again) == sorted(numbers)
    outcomes = checked_declared([read_declared(rows, "street")]).table("outcomes").to_pylist()
    assert [row["outcome"] for row in outcomes] == ["accepted"] * 3


def test_a_column_that_tells_rows_apart_makes_another_record_and_is_kept_nowhere():
    rows = read_declared(rows_of("street", {"Crime ID": "secret1"}, {"Crime ID": "secret2"}), "street")
    numbers = [row["source_record_id"] for row in rows.submissions.to_pylist()]

    assert [number[-2:] for number in numbers] == [":1", ":1"]
    assert len(set(numbers)) == 2
    assert "secret" not in str(rows.submissions.to_pylist())


def test_a_column_that_is_ignored_makes_no_other_record():
    before, after = (
        read_declared(rows_of("street", {"Last outcome": outcome}), "street").submissions.to_pylist()[0]
        for outcome in ("none", "charged")
    )

    assert before["source_record_id"] == after["source_record_id"]


# --- counts -------------------------------------------------------------------------------------


def test_a_count_has_its_area_its_category_and_the_month_of_its_file():
    found = read_declared(rows_of("counts", {}), "counts")
    row = found.submissions.to_pylist()[0]

    assert (found.month, row["subject_area"], row["subject_type"], row["quantity"]) == (
        "2025-03", "XS00001", "Violence and sexual offences", 7,
    )  # fmt: skip
    assert row["source_record_id"] == "2025-03 XS00001 VIOLENCE AND SEXUAL OFFENCES"


def test_a_file_of_counts_is_of_one_month():
    with pytest.raises(NoPeriodError, match="2 values"):
        read_declared(rows_of("counts", {}, {"Month": "2025-04"}), "counts")


@pytest.mark.parametrize(("last", "month"), [("31/03/2025", "2025-03"), ("01/04/2025", None)])
def test_counts_of_a_period_lie_in_one_month(last, month):
    mapping = {**MAPPINGS["counts"], "period": MAPPINGS["roll"]["period"]}
    rows = [{**row, "From": "01/03/2025", "To": last, "Month": "x"} for row in rows_of("counts", {})]

    if month:
        assert read_declared(rows, "counts", mapping=mapping).month == month
        return
    with pytest.raises(NoPeriodError, match="one calendar month"):
        read_declared(rows, "counts", mapping=mapping)


@pytest.mark.parametrize(
    ("sent", "outcome"), [("True", "accepted"), ("False", "quarantined"), ("", "quarantined")]
)
def test_a_count_of_a_month_that_is_not_said_to_be_complete_is_held_back(sent, outcome):
    engine = checked_declared([read_declared(rows_of("counts", {"Complete": sent}), "counts")])

    assert [row["outcome"] for row in engine.table("outcomes").to_pylist()] == [outcome]
    assert [row["rule"] for row in engine.table("findings").to_pylist()] == (
        ["V26"] if outcome != "accepted" else []
    )


@pytest.mark.parametrize("change", [{"Number": ""}, {"Number": "many"}, {"Area": ""}, {"Number": "-1"}])
def test_a_count_without_area_or_number_is_held_back(change):
    engine = checked_declared([read_declared(rows_of("counts", change), "counts")])

    assert "V27" in [row["rule"] for row in engine.table("findings").to_pylist()]
    assert engine.table("listings").num_rows == 0


def test_an_incomplete_month_of_counts_is_a_gap_and_one_of_a_register_is_owed_by_nobody():
    reads = [
        read_declared(rows_of("counts", {"Month": "2025-01"}), "counts"),
        read_declared(rows_of("counts", {"Month": "2025-02", "Complete": "False"}), "counts"),
        read_declared(rows_of("counts", {"Month": "2025-04"}), "counts"),
        read_declared(rows_of("roll", {}), "roll"),
    ]

    lines = checked_declared(reads).table("coverage").to_pylist()

    received = {line["month"]: line["received"] for line in lines if line["provider"] == "counts"}
    assert received == {"2025-01": True, "2025-02": False, "2025-03": False, "2025-04": True}
    assert [line["month"] for line in lines if line["provider"] == "roll"] == ["2025-03"]


def test_declared_events_are_held_to_the_rules_of_events_and_become_records():
    reads = [
        read_declared(rows_of("dental", {}, {"Visit": "D2", "Seen": ""}), "dental"),
        read_declared(rows_of("street", {}), "street"),
    ]

    engine = checked_declared(reads)

    assert {row["rule"] for row in engine.table("findings").to_pylist()} == {"V22"}
    records = {
        row["source"]: row for row in records_of(engine, StepContext(policy=POLICY, region={})).to_pylist()
    }
    assert records["dental"]["record_category"] == "tooth_injury"
    assert records["street"]["month"] == "2025-03"


def test_records_told_by_their_rows_are_read_from_the_kind_of_file_that_the_mapping_names_alone():
    """A workbook writes its cells otherwise: the same month as both would count twice."""
    options = {"kinds": KINDS, "region": PLACES, "providers": {**PROVIDERS, **DECLARED}}
    sheet = xlsx_bytes([ROWS["street"]])

    with pytest.raises(ChangedFormatError, match="it is xlsx and mapping version 1 says csv"):
        read(sheet, "street", mappings=[MAPPINGS["street"]], **options)
    as_sheet = {**MAPPINGS["street"], "file": {"format": "xlsx", "sheet": "Data"}}
    assert read(sheet, "street", mappings=[as_sheet], **options).rows == 1
    assert read(xlsx_bytes([ROWS["dental"]]), "dental", mappings=[MAPPINGS["dental"]], **options).rows == 1


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "mapping", "words"),
    [
        ("dental", with_parts("dental", codes={"record_category": {"T": "weather"}}), "words that dental"),
        ("dental", with_parts("dental", time={"formats": ["%d/%m/%Y"]}), "no time format an hour"),
        ("dental", with_parts("dental", time={"formats": ["%Y-%m"]}), "no time format an hour"),
        ("dental", with_parts("dental", time={"formats": ["%Y-%m", "%d/%m/%Y %H:%M"]}), "lacks the day"),
        ("dental", with_parts("dental", time={"formats": []}), "no time formats"),
        ("dental", without("dental", "columns", "contact"), "no contact"),
        ("dental", without("dental", "columns", "source_record_id"), "no source_record_id"),
        ("dental", with_parts("dental", record_number={"from": "content"}), "another of the content"),
        ("dental", with_parts("dental", record_number={"from": "luck"}), "record_number"),
        (
            "dental",
            with_parts("dental", columns={"month_complete": "Sex"}),
            "form events has no month_complete",
        ),
        ("dental", with_parts("dental", columns={"latitude": "Sex"}), "latitude and longitude"),
        ("street", with_parts("street", columns={"easting": "X", "northing": "Y"}), "not both"),
        ("street", with_parts("street", time={"formats": ["%Y-%m-%d %H:%M"]}), "time format an hour"),
        ("street", with_parts("street", columns={"injury_from": "Month"}), "lacks the day"),
        ("counts", with_parts("counts", columns={"place_area": "Area"}), "form counts has no place_area"),
        ("dental", {**MAPPINGS["dental"], "ignord": {}}, "what nothing reads: ignord"),
        ("dental", {**MAPPINGS["dental"], "ignored": ["Notes"]}, "no sections: ignored"),
        ("dental", with_parts("dental", time={"format": ["%Y"]}), "what nothing reads: time.format"),
        ("dental", with_parts("dental", time={"formats": "%d/%m/%Y %H:%M"}), "lists of them: time.formats"),
        ("dental", with_parts("dental", columns={"sex": 7}), "lists of them: columns.sex"),
        ("dental", with_parts("dental", codes={"sex": "m"}), "lists of them: codes.sex"),
        ("dental", {**MAPPINGS["dental"], "version": "one"}, "version is not a whole number from 1 on"),
    ],
)
def test_a_mapping_that_its_kind_of_source_cannot_have_is_refused(provider, mapping, words):
    with pytest.raises(MappingError, match=words):
        read_declared(rows_of(provider, {}), provider, mapping=mapping)


def test_a_source_without_categories_has_no_record_category():
    police = sources_world.MAPPINGS["police"]
    mapping = {**police, "columns": {**police["columns"], "record_category": "Code"}}

    with pytest.raises(MappingError, match="has no categories"):
        read(sources_world.rows_of("police", {}), "police", mappings=[mapping])


def test_a_source_that_no_policy_declares_is_refused():
    with pytest.raises(UnknownProviderError, match="declares its source"):
        read(
            rows_of("dental", {}),
            "dental",
            mappings=[MAPPINGS["dental"]],
            providers={**PROVIDERS, **DECLARED},
        )


def test_a_declaration_that_requires_a_field_that_there_is_not_is_refused():
    dental = {**SOURCES["dental"], "required": ["source_record_id", "shoe_size"]}

    with pytest.raises(PolicyError, match="shoe_size"):
        readable_kinds(Policy({}, {}, {"dental": dental}))
    assert readable_kinds(Policy({}, {}, SOURCES)) == KINDS


def test_a_mapping_of_another_source_is_none():
    with pytest.raises(NoMappingError, match="for the source dental"):
        read_declared(rows_of("dental", {}), "dental", mapping={**MAPPINGS["dental"], "source": "street"})


def test_calls_without_a_determinant_have_a_category_that_we_ship():
    assert "assault" in KINDS["ambulance"].categories
