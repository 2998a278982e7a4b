"""The stage: which source of a place wins, what area it lies in, what outlives a deleted text."""

from __future__ import annotations

import pyarrow as pa
import pytest
from places_region import SOUTH, WEST, located, record, region_tables

AT_XV1 = {"easting_m": WEST + 203.0, "northing_m": SOUTH + 300.0, "point_sd_m": 10.0}


def one(record_, texts=None, **more):
    return located([record_], texts, **more)[0][record_["record_key"]]


def test_no_record_gives_empty_tables():
    assert located([]) == ({}, [])


def test_a_region_without_premises_and_streets_still_has_its_areas_and_points():
    bare = region_tables()
    for name in ("venues", "venue_aliases", "streets", "institutions", "postcodes"):
        bare[name] = bare[name].slice(0, 0)
    texts = {"a": "tarnfold", "v": "bar verazul", "": ""}
    rows, matches = located(
        [
            record("area", place_text_id="a"),
            record("venue", place_text_id="v"),
            record("empty", place_text_id=""),
            record("point", "police", place_text_id="v", **AT_XV1),
        ],
        texts,
        region=bare,
    )

    assert {key: row["place_kind"] for key, row in rows.items()} == {
        "area": "area", "venue": "none", "empty": "none", "point": "point",
    }  # fmt: skip
    assert {match["place_id"] for match in matches} == {"XW002", None}


@pytest.mark.parametrize("missing", ["easting_m", "northing_m"])
def test_half_a_point_is_no_point(missing):
    half = {**AT_XV1, missing: None}
    row = one(record("r", "police", place_text_id="t", **half), {"t": "bar verazul"})

    assert (row["place_id"] or row["venue_id"], row["place_kind"]) == ("XV1", "premises")


def test_a_stated_point_wins_over_postcode_and_text():
    row = one(
        record("r", "police", place_text_id="t", postcode_easting_m=1.0, postcode_northing_m=1.0, **AT_XV1),
        {"t": "tarnfold primary school"},
    )

    assert (row["place_kind"], row["easting_m"], row["sigma_m"]) == ("point", WEST + 203.0, 10.0)
    assert (row["small_area"], row["ward"], row["district"]) == ("XS00001", "XW001", "XD01")
    assert row["precision_class"] == "L5"


def test_a_postcode_wins_over_the_text_and_keeps_its_own_small_area():
    row = one(
        record(
            "r",
            place_text_id="t",
            postcode_small_area="XS00002",
            postcode_easting_m=WEST + 900.0,
            postcode_northing_m=SOUTH + 100.0,
        ),
        {"t": "bar verazul"},
    )

    assert (row["place_kind"], row["small_area"], row["precision_class"]) == ("postcode", "XS00002", "L5")
    assert row["venue_id"] == "XV1"


def test_a_named_venue_is_placed_in_its_areas():
    row = one(record("r", place_text_id="t"), {"t": "o/s bar verazull mill st"})

    assert (row["place_kind"], row["place_id"], row["venue_id"]) == ("premises", "XV1", "XV1")
    assert (row["small_area"], row["middle_area"], row["district"]) == ("XS00001", "XM0001", "XD01")
    assert (row["place_qualifier"], row["precision_class"]) == ("outside", "L5")
    assert row["place_probability"] >= 0.8


def test_a_school_is_a_place_and_no_venue():
    row = one(record("r", place_text_id="t"), {"t": "tarnfold primary school"})

    assert (row["place_kind"], row["place_id"], row["venue_id"]) == ("premises", "XI1", None)


def test_a_street_is_less_precise_than_a_door():
    row = one(record("r", place_text_id="t"), {"t": "quay lane"})

    assert (row["place_kind"], row["place_id"], row["precision_class"]) == ("street", "XT3", "L3")


def test_the_name_of_a_ward_gives_ward_and_district_and_nothing_smaller():
    row = one(record("r", place_text_id="t"), {"t": "tarnfold"})

    assert (row["place_kind"], row["place_id"], row["precision_class"]) == ("area", "XW002", "L2")
    assert (row["ward"], row["district"]) == ("XW002", "XD02")
    assert (row["small_area"], row["middle_area"], row["neighbourhood"]) == (None, None, None)


def test_the_name_of_a_neighbourhood_gives_no_district_it_does_not_nest_in():
    row = one(record("r", place_text_id="t"), {"t": "zedshire riverside"})

    assert (row["neighbourhood"], row["ward"], row["district"]) == ("XN01", None, None)


def test_the_name_of_a_district_gives_that_district():
    row = one(record("r", place_text_id="t"), {"t": "dravenhope"})

    assert (row["district"], row["ward"]) == ("XD02", None)


def test_generic_words_give_a_type_and_no_place():
    row = one(record("r", place_text_id="t"), {"t": "in a pub"})

    assert (row["place_kind"], row["easting_m"], row["district"]) == ("none", None, None)
    assert (row["place_type"], row["precision_class"]) == ("licensed_premises_inside", "L1")


def test_the_type_that_the_supplier_coded_stands():
    row = one(record("r", place_text_id="t", place_type="street_public"), {"t": "in a pub"})

    assert row["place_type"] == "street_public"


@pytest.mark.parametrize(
    ("values", "text", "precision"),
    [
        ({}, None, "L0"),
        ({"place_type": "declined"}, None, "L0"),
        ({"place_type": "workplace"}, None, "L1"),
        ({}, "refused", "L0"),
    ],
)
def test_without_a_place_the_precision_says_what_is_known(values, text, precision):
    texts = {"t": text} if text else {}

    row = one(record("r", place_text_id="t" if text else None, **values), texts)

    assert (row["place_kind"], row["precision_class"]) == ("none", precision)


def test_a_chain_without_an_area_is_left_to_a_person():
    rows, matches = located([record("r", place_text_id="t")], {"t": "copper zettle"})

    assert (rows["r"]["place_id"], rows["r"]["venue_id"], rows["r"]["easting_m"]) == ("XN01", None, None)
    assert matches[0]["decision"] in {"review", "none"}


def test_a_venue_closed_before_the_month_is_not_the_place():
    rows, matches = located(
        [
            record("march", month="2025-03", place_text_id="t"),
            record("april", month="2025-04", place_text_id="t"),
        ],
        {"t": "the quiddle arms"},
    )

    assert rows["march"]["venue_id"] == "XV2"
    assert (rows["april"]["venue_id"], rows["april"]["place_kind"]) == (None, "none")
    assert [match["decision"] for match in matches] == ["none"]


def test_a_venue_is_not_the_place_before_it_opened():
    rows, _ = located(
        [
            record("may", month="2025-05", place_text_id="t"),
            record("june", month="2025-06", place_text_id="t"),
        ],
        {"t": "club zembra"},
    )

    assert (rows["may"]["venue_id"], rows["june"]["venue_id"]) == (None, "XV6")


def test_an_alias_and_a_name_of_the_licensing_register_find_the_venue():
    listing = {
        "provider": "licensing",
        "source": "licensing",
        "month": "2025-01",
        "source_record_id": "1",
        "subject_name": "Plumbago",
        "subject_code": "LIC/XV1",
        "submission_id": "s",
    }

    rows, _ = located(
        [record("alias", place_text_id="a"), record("now", place_text_id="b")],
        {"a": "the verazul lounge", "b": "plumbago"},
        listings=[listing],
    )

    assert (rows["alias"]["venue_id"], rows["now"]["venue_id"]) == ("XV1", "XV1")


def test_a_full_postcode_in_the_text_is_a_place_and_is_not_kept():
    rows, matches = located([record("r", place_text_id="t")], {"t": "somewhere zz1 9zz"})

    assert (rows["r"]["place_kind"], rows["r"]["easting_m"]) == ("postcode", WEST + 1800.0)
    assert rows["r"]["small_area"] == "XS00002"
    assert (matches[0]["place_kind"], matches[0]["place_id"]) == ("postcode", None)


def test_a_point_outside_the_region_has_no_area():
    row = one(record("r", "ambulance", easting_m=1.0, northing_m=1.0, point_sd_m=5.0))

    assert (row["place_kind"], row["small_area"], row["district"]) == ("point", None, None)


@pytest.mark.parametrize(
    ("sd", "areas"),
    [
        (300.0, ("XS00001", "XW001", "XD01")),
        (301.0, (None, "XW001", "XD01")),
        (1001.0, (None, None, "XD01")),
        (4001.0, (None, None, None)),
    ],
)
def test_a_point_counts_in_an_area_that_its_radius_carries(sd, areas):
    row = one(record("r", "ambulance", **{**AT_XV1, "point_sd_m": sd}))

    assert (row["small_area"], row["ward"], row["district"]) == areas


@pytest.mark.parametrize(("east", "area"), [(203, "XS00001"), (1_005, "XS00001"), (1_015, "XS00002")])
def test_records_at_one_point_are_as_many_records_in_one_area(east, area):
    """Within a square of the index that no border touches, and on either side of a border."""
    at = {"easting_m": WEST + float(east), "northing_m": SOUTH + 300.0, "point_sd_m": 10.0}

    rows, _ = located([record(key, "ambulance", **at) for key in ("a", "b", "c")])

    assert {key: row["small_area"] for key, row in rows.items()} == dict.fromkeys(("a", "b", "c"), area)


# --- venues of records with a point -------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["BAR VERAZUL, MILL STREET", "bar verazul", "BAR VERAZUL, QUAY LANE", "bar verzul mill st"]
)
def test_a_text_beside_a_point_names_the_venue(text):
    row = one(record("r", "police", place_text_id="t", **AT_XV1), {"t": text})

    assert (row["venue_id"], row["place_id"], row["place_kind"]) == ("XV1", "XV1", "point")


@pytest.mark.parametrize("text", ["MILL STREET", "outside 14 mill st", "quay lane", "pub", ""])
def test_a_venue_is_not_told_by_its_street_or_by_generic_words(text):
    row = one(record("r", "police", place_text_id="t", **AT_XV1), {"t": text})

    assert row["venue_id"] is None


def test_a_venue_named_far_from_the_point_is_not_taken():
    row = one(
        record("r", "police", place_text_id="t", **{**AT_XV1, "easting_m": WEST + 3000.0}),
        {"t": "bar verazul"},
    )

    assert row["venue_id"] is None


def test_the_point_tells_which_branch_of_a_chain_is_meant():
    point = {"easting_m": WEST + 2610.0, "northing_m": SOUTH + 600.0, "point_sd_m": 10.0}

    row = one(record("r", "ambulance", place_text_id="t", **point), {"t": "copper zettle"})

    assert row["venue_id"] == "XV5"


def test_two_branches_near_the_point_are_not_decided():
    point = {"easting_m": WEST + 900.0, "northing_m": SOUTH + 500.0, "point_sd_m": 10.0}

    row = one(record("r", "ambulance", place_text_id="t", **point), {"t": "copper zettle"})

    assert row["venue_id"] is None


@pytest.mark.parametrize(
    ("place_type", "shift", "venue"),
    [
        ("licensed_premises_inside", 59.0, "XV1"),
        ("licensed_premises_inside", 61.0, None),
        ("street_public", 10.0, None),
        (None, 10.0, None),
    ],
)
def test_licensed_premises_by_code_are_the_only_venue_beside_the_point(place_type, shift, venue):
    point = {"easting_m": WEST + 200.0 + shift, "northing_m": SOUTH + 300.0, "point_sd_m": 10.0}

    row = one(record("r", "ambulance", place_type=place_type, **point))

    assert row["venue_id"] == venue


def test_two_open_venues_beside_the_point_are_not_decided_by_code_alone():
    point = {"easting_m": WEST + 200.0, "northing_m": SOUTH + 350.0, "point_sd_m": 10.0}

    row = one(record("r", "police", place_type="licensed_premises_inside", **point))

    assert row["venue_id"] is None


def test_a_closed_venue_beside_the_point_is_not_told():
    point = {
        "easting_m": WEST + 705.0,
        "northing_m": SOUTH + 700.0,
        "point_sd_m": 10.0,
        "place_type": "licensed_premises_inside",
    }

    rows, _ = located([record("a", "police", "2025-03", **point), record("b", "police", "2025-04", **point)])

    assert (rows["a"]["venue_id"], rows["b"]["venue_id"]) == ("XV2", None)


def test_a_text_beside_a_point_names_a_venue_while_it_is_open():
    point = {"easting_m": WEST + 705.0, "northing_m": SOUTH + 700.0, "point_sd_m": 10.0, "place_text_id": "t"}
    records = [record("a", "police", "2025-03", **point), record("b", "police", "2025-04", **point)]

    rows, matches = located(records, {"t": "THE QUIDDLE ARMS"})
    carried, _ = located(records, {}, previous=matches)

    assert (rows["a"]["venue_id"], rows["b"]["venue_id"]) == ("XV2", None)
    assert carried == rows


# --- what outlives a text -----------------------------------------------------------------------


def test_a_deleted_text_changes_nothing_while_a_record_has_it():
    records = [
        record("ed", place_text_id="t"),
        record("street", place_text_id="s"),
        record("police", "police", place_text_id="p", **AT_XV1),
    ]
    texts = {"t": "bar verazul", "s": "quay lane", "p": "BAR VERAZUL, MILL STREET"}
    before, matches = located(records, texts)

    after, carried = located(records, {}, previous=matches)

    assert after == before
    assert carried == matches


def test_a_carried_place_still_counts_only_while_open():
    early, late = (
        record("a", month="2025-03", place_text_id="t"),
        record("b", month="2025-04", place_text_id="t"),
    )
    _, matches = located([early], {"t": "quiddle arms"})

    rows, _ = located([early, late], {}, previous=matches)

    assert (rows["a"]["venue_id"], rows["b"]["venue_id"]) == ("XV2", None)


def test_a_row_that_no_record_needs_is_not_carried():
    _, matches = located([record("r", place_text_id="t")], {"t": "bar verazul"})

    _, carried = located([record("other")], {}, previous=matches)

    assert carried == []


def test_a_text_that_is_kept_is_asked_anew():
    records = [record("r", place_text_id="t")]
    _, matches = located(records, {"t": "bar verazul"})
    wrong = [{**match, "place_id": "XV3"} for match in matches]

    rows, again = located(records, {"t": "bar verazul"}, previous=wrong)

    assert rows["r"]["venue_id"] == "XV1"
    assert again == matches


def test_a_text_that_was_never_resolved_and_is_gone_gives_no_place():
    rows, matches = located([record("r", place_text_id="t")], {})

    assert (rows["r"]["place_kind"], matches) == ("none", [])


# --- areas that suppliers state -----------------------------------------------------------------

OUTSIDE = {"easting_m": WEST - 5_000.0, "northing_m": SOUTH, "point_sd_m": 50.0}


def areas_of(row):
    return tuple(row[name] for name in ("small_area", "middle_area", "ward", "neighbourhood", "district"))


@pytest.mark.parametrize(
    ("stated", "areas"),
    [
        ("XS00003", ("XS00003", "XM0001", "XW002", "XN01", "XD02")),
        ("XW001", (None, None, "XW001", None, "XD01")),
        ("XD02", (None, None, None, None, "XD02")),
    ],
)
def test_an_area_that_is_stated_places_a_record_that_nothing_else_does(stated, areas):
    row = one(record("r", place_area=stated))

    assert areas_of(row) == areas
    assert (row["place_kind"], row["place_id"], row["precision_class"]) == ("area", stated, "L2")
    assert row["easting_m"] is row["sigma_m"] is None


def test_an_area_that_the_region_lacks_places_nothing():
    row = one(record("r", place_area="E01000917"))

    assert areas_of(row) == (None,) * 5
    assert (row["place_kind"], row["place_id"], row["precision_class"]) == ("none", None, "L0")


def test_a_point_in_the_region_goes_before_the_area_that_is_stated():
    row = one(record("r", "police", place_area="XS00004", **AT_XV1))

    assert (row["small_area"], row["district"], row["place_kind"]) == ("XS00001", "XD01", "point")


def test_a_point_that_no_polygon_holds_has_the_area_that_is_stated():
    row = one(record("r", "police", place_area="XS00004", **OUTSIDE))

    assert areas_of(row) == ("XS00004", "XM0001", "XW002", "XN01", "XD02")
    assert (row["place_kind"], row["easting_m"], row["precision_class"]) == ("point", WEST - 5_000.0, "L5")


def test_a_point_outside_the_region_without_a_stated_area_has_none():
    assert areas_of(one(record("r", "police", **OUTSIDE))) == (None,) * 5


def test_a_text_goes_before_the_area_that_is_stated():
    row = one(record("r", place_text_id="t", place_area="XD02"), {"t": "o/s bar verazull mill st"})

    assert (row["place_id"], row["district"]) == ("XV1", "XD01")


def test_a_region_without_polygons_has_the_areas_that_are_stated():
    region = region_tables()
    polygons = pa.nulls(region["areas"].num_rows, pa.binary())
    at = region["areas"].column_names.index("polygon")
    region["areas"] = region["areas"].set_column(at, "polygon", polygons)

    rows, _ = located(
        [record("r", "police", place_area="XS00002", **AT_XV1), record("s", "police", **AT_XV1)],
        region=region,
    )

    assert areas_of(rows["r"]) == ("XS00002", "XM0001", "XW001", "XN01", "XD01")
    assert areas_of(rows["s"]) == (None,) * 5


def test_one_code_of_a_ward_and_a_district_makes_one_record():
    region = region_tables()
    areas = region["areas"].to_pylist()
    twice = [{**row, "area_type": "ward"} for row in areas if row["area"] == "XD01"]
    region["areas"] = pa.Table.from_pylist(areas + twice, schema=region["areas"].schema)

    rows, _ = located([record("r", place_area="XD01")], region=region)

    assert areas_of(rows["r"]) == (None, None, "XD01", None, "XD01")
