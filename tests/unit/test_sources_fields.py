"""What a cell, a time and a code become, and what is said where they cannot be read."""

from __future__ import annotations

import pytest
from sources_world import (
    ED_MAPPING,
    MAPPINGS,
    NHS_NUMBERS,
    problems_read,
    read,
    rows_of,
    rows_read,
    stamp,
)


def ed(**change):
    """The one row of an ED file, as read; keys with an underscore for a space."""
    return rows_read(rows_of("ed-example", {k.replace("_", " "): v for k, v in change.items()}))[0]


def ed_problems(**change):
    changed = {k.replace("_", " "): v for k, v in change.items()}
    return {(field, problem) for _, field, problem in problems_read(rows_of("ed-example", changed))}


def one(provider, **change):
    return rows_read(rows_of(provider, change), provider)[0]


def one_problem(provider, **change):
    return {(field, problem) for _, field, problem in problems_read(rows_of(provider, change), provider)}


def interval(row):
    return row["injury_start_local"], row["injury_end_local"], row["time_basis"], row["time_precision"]


def test_a_right_row_has_no_problem():
    for provider in MAPPINGS:
        assert one_problem(provider) == set()


# --- emergency departments ----------------------------------------------------------------------


def test_an_exact_stated_time_is_a_point():
    assert interval(ed()) == (stamp(2025, 3, 14, 22, 41), stamp(2025, 3, 14, 22, 41), "stated", "exact")


def test_a_full_hour_stands_for_the_hour_that_follows():
    row = ed(Assault_time="21:00")

    assert interval(row) == (stamp(2025, 3, 14, 21), stamp(2025, 3, 14, 21, 59), "stated", "hour")


def test_a_stated_interval_ends_by_arrival():
    row = ed(Assault_time="23:00")

    assert row["injury_end_local"] == row["contact_local"] == stamp(2025, 3, 14, 23, 10)


def test_an_hour_that_begins_with_the_arrival_ends_with_it_too():
    row = ed(Arrival="14/03/2025 23:00", Assault_time="23:00")

    assert row["injury_start_local"] == row["injury_end_local"] == stamp(2025, 3, 14, 23)


def test_a_date_without_a_time_stands_for_its_day():
    row = ed(Assault_date="13/03/2025", Assault_time="")

    assert interval(row) == (stamp(2025, 3, 13), stamp(2025, 3, 13, 23, 59, 59), "stated", "day")


def test_without_a_stated_time_the_injury_lies_in_the_day_before_arrival():
    row = ed(Assault_date="", Assault_time="")

    assert interval(row) == (
        stamp(2025, 3, 13, 23, 10), stamp(2025, 3, 14, 23, 10), "arrival_proxy", "unknown",
    )  # fmt: skip


def test_an_injury_after_arrival_is_left_as_stated():
    row = ed(Assault_date="16/03/2025")

    assert row["injury_start_local"] == stamp(2025, 3, 16, 22, 41)
    assert row["time_basis"] == "stated"


def test_a_supplier_may_send_an_interval_of_its_own():
    mapping = {
        **ED_MAPPING,
        "columns": {**ED_MAPPING["columns"], "injury_from": "Assault date", "injury_to": "Assault time"},
    }
    rows = rows_of("ed-example", {"Assault date": "14/03/2025 20:10", "Assault time": "14/03/2025 22:30"})

    row = read(rows, mappings=[mapping]).submissions.to_pylist()[0]

    assert interval(row) == (stamp(2025, 3, 14, 20, 10), stamp(2025, 3, 14, 22, 30), "stated", "part_of_day")


@pytest.mark.parametrize(
    ("code", "severity"), [("1", "high"), ("3", "middle"), ("5", "low"), ("", "unknown")]
)
def test_acuity_is_read_where_the_mapping_has_no_codes_for_it(code, severity):
    mapping = {**ED_MAPPING, "columns": {**ED_MAPPING["columns"], "severity": "Comments"}, "ignored": {}}

    row = read(rows_of("ed-example", {"Comments": code}), mappings=[mapping]).submissions.to_pylist()[0]

    assert row["severity"] == severity


# --- other sources ------------------------------------------------------------------------------


def test_an_ambulance_injury_lies_in_the_hour_before_the_call():
    row = one("ambulance")

    assert interval(row) == (stamp(2025, 3, 14, 21, 50), stamp(2025, 3, 14, 22, 50), "call_time", "hour")


@pytest.mark.parametrize(
    ("sent", "kept", "severity"),
    [
        ("04B01A", "MPDS 04B01A", "middle"),
        ("4d1", "MPDS 04D01", "high"),
        ("MPDS 27D03S", "MPDS 27D03S", "high"),
        ("27A01", "MPDS 27A01", "low"),
        ("", None, "unknown"),
        ("Quixander", None, "unknown"),
    ],
)
def test_determinants_give_severity_by_their_level(sent, kept, severity):
    row = one("ambulance", Det=sent)

    assert (row["determinant"], row["severity"]) == (kept, severity)


@pytest.mark.parametrize(
    ("first", "last", "precision"),
    [
        ("14/03/2025 22:00", "14/03/2025 22:05", "exact"),
        ("14/03/2025 22:00", "14/03/2025 22:06", "hour"),
        ("14/03/2025 22:00", "14/03/2025 23:00", "hour"),
        ("14/03/2025 12:00", "14/03/2025 23:00", "part_of_day"),
        ("13/03/2025 23:00", "14/03/2025 23:00", "day"),
        ("11/03/2025 23:00", "14/03/2025 23:00", "unknown"),
    ],
)
def test_a_police_window_is_as_precise_as_it_is_narrow(first, last, precision):
    row = one("police", From=first, To=last)

    assert (row["time_precision"], row["time_basis"]) == (precision, "reported_from_to")


def test_a_police_window_without_an_end_is_its_start():
    row = one("police", To="")

    assert row["injury_start_local"] == row["injury_end_local"] == stamp(2025, 3, 14, 22)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"From": "14/03/2025 23:01"}, ("injury_to", "out_of_range")),
        ({"From": ""}, ("injury_from", "missing")),
    ],
)
def test_a_police_window_that_cannot_be_is_null_and_said_so(change, problem):
    row = one("police", **change)

    assert interval(row) == (None, None, None, None)
    assert problem in one_problem("police", **change)


@pytest.mark.parametrize(
    ("code", "severity"), [("1", "high"), ("5D", "high"), ("8n", "middle"), ("105A", "low"), ("4.10", "high")]
)
def test_offences_of_the_list_give_severity(code, severity):
    row = one("police", Code=code)

    assert (row["offence_code"], row["severity"]) == (code.upper(), severity)


@pytest.mark.parametrize(
    ("sent", "kept", "method"),
    [
        ("X99", "X99", "knife_sharp"), ("x995", "X99.5", "knife_sharp"), ("X93.0", "X93.0", "firearm"),
        ("Y04", "Y04", "body_part_other"), ("W19", "W19", None), ("S06", None, None), ("X9", None, None),
    ],
)  # fmt: skip
def test_external_causes_tell_the_means(sent, kept, method):
    row = one("admissions", Cause=sent)

    assert (row["icd10_external_cause"], row["method"]) == (kept, method)
    assert row["severity"] == "high"


@pytest.mark.parametrize(
    ("sent", "band"),
    [("20-29", (20, 29)), ("0 - 9", (0, 9)), ("80+", (80, 120)), ("20 to 29", (20, 29)), ("", (None, None))],
)
def test_ten_year_bands_are_kept_as_bands(sent, band):
    row = one("admissions", Age=sent)

    assert (row["age_from"], row["age_to"], row["age_years"]) == (*band, None)


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ("29-20", "out_of_range"),
        ("24", "finer_than_agreed"),
        ("80-130", "out_of_range"),
        ("18-Jan", "broken_cell"),
        ("some", "not_a_number"),
    ],
)
def test_a_band_that_is_none_is_said_so(sent, problem):
    assert ("age", problem) in one_problem("admissions", Age=sent)


def test_a_list_has_its_subjects_and_no_injury():
    row = one("licensing")

    assert (row["subject_name"], row["subject_code"], row["subject_type"], row["quantity"]) == (
        "Bar Beispiel", "ZX/LN/0001", "pub", 200,
    )  # fmt: skip
    assert interval(row) == (None, None, None, None)


# --- cells --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ("31/04/2025 10:00", "not_a_date"),
        ("29/02/2025 10:00", "not_a_date"),
        ("14/03/2025 24:00", "not_a_date"),
        ("14/03/2025 10:60", "not_a_date"),
        ("2025-03-14 10:00", "not_a_date"),
        ("١٤/٠٣/٢٠٢٥ ١٠:٠٠", "not_a_date"),
        ("yesterday", "not_a_date"),
        ("01/01/1900 00:00", "sentinel_date"),
        ("30/12/1899 00:00", "sentinel_date"),
        ("01/01/1970 00:00", "sentinel_date"),
        ("01/01/9999 00:00", "out_of_range"),
        ("", "missing"),
    ],
)
def test_a_contact_that_is_no_time_is_null_and_said_so(sent, problem):
    rows = rows_of("ed-example", {}, {"Att No": "A2", "Arrival": sent})

    assert rows_read(rows)[1]["contact_utc"] is None
    assert (3, "contact", problem) in problems_read(rows)


def test_the_twenty_ninth_of_february_is_a_day_in_a_leap_year():
    period = {"Period start": "01/02/2024", "Period end": "29/02/2024"}
    row = ed(
        **{"Arrival": "29/02/2024 10:00", "Assault date": "29/02/2024", "Assault time": "09:30"}, **period
    )

    assert row["contact_utc"] == stamp(2024, 2, 29, 10)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%d-%b-%Y %H:%M", "14-Mar-2025 23:10"),
        ("%d %B %Y %H:%M:%S", "14 March 2025 23:10:00"),
        ("%d/%m/%y %H:%M", "14/03/25 23:10"),
        ("%Y-%m-%dT%H:%M:%S", "2025-03-14T23:10:00"),
        ("%d.%m.%Y %H:%M", "14.3.2025 23:10"),
        ("%m/%d/%Y %H:%M", "03/14/2025 23:10"),
    ],
)
def test_times_are_read_in_the_form_that_the_mapping_gives(form, text):
    mapping = {**ED_MAPPING, "time": {"zone": "Europe/London", "formats": [form]}}
    rows = rows_of("ed-example", {"Arrival": text, "Assault date": "", "Assault time": ""})

    assert read(rows, mappings=[mapping]).submissions.column("contact_utc").to_pylist() == [
        stamp(2025, 3, 14, 23, 10)
    ]


def test_formats_are_tried_in_their_order():
    mapping = {
        **ED_MAPPING,
        "time": {"zone": "Europe/London", "formats": ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]},
    }
    rows = rows_of(
        "ed-example", {"Arrival": "04/03/2025 10:00"}, {"Att No": "A2", "Arrival": "03/14/2025 10:00"}
    )

    found = read(rows, mappings=[mapping]).submissions.column("contact_local").to_pylist()

    assert found == [stamp(2025, 3, 4, 10), stamp(2025, 3, 14, 10)]


def test_a_date_beside_its_time_is_read_whatever_joins_them_elsewhere():
    mapping = {**ED_MAPPING, "time": {"zone": "Europe/London", "formats": ["%Y-%m-%dT%H:%M:%S"]}}
    rows = rows_of("ed-example", {"Arrival": "2025-03-14T23:10:00", "Assault date": "2025-03-14"})

    assert read(rows, mappings=[mapping]).submissions.column("injury_start_local").to_pylist() == [
        stamp(2025, 3, 14, 22, 41)
    ]


def spring(time):
    return {"Arrival": f"30/03/2025 {time}", "Assault date": "29/03/2025"}


@pytest.mark.parametrize(
    ("time", "utc"),
    [("00:59", stamp(2025, 3, 30, 0, 59)), ("02:00", stamp(2025, 3, 30, 1)), ("01:30", None)],
)
def test_the_hour_that_the_clock_skips_in_spring_is_no_time(time, utc):
    rows = rows_of("ed-example", {}, {"Att No": "A2", **spring(time)})

    assert rows_read(rows)[1]["contact_utc"] == utc
    assert ((3, "contact", "clock_gap") in problems_read(rows)) is (utc is None)


@pytest.mark.parametrize(
    ("time", "utc", "twice"),
    [
        ("00:59", stamp(2025, 10, 25, 23, 59), False),
        ("01:30", stamp(2025, 10, 26, 0, 30), True),
        ("02:00", stamp(2025, 10, 26, 2), False),
    ],
)
def test_the_hour_that_the_clock_shows_twice_in_autumn_is_its_first(time, utc, twice):
    change = {
        "Period start": "01/10/2025", "Period end": "31/10/2025",
        "Arrival": f"26/10/2025 {time}", "Assault date": "25/10/2025",
    }  # fmt: skip

    assert rows_read(rows_of("ed-example", change))[0]["contact_utc"] == utc
    assert ((2, "contact", "clock_fold") in problems_read(rows_of("ed-example", change))) is twice


@pytest.mark.parametrize(
    ("arrival", "injury", "contact_utc"),
    [
        # Hurt in the first round of the hour, there in the second.
        ("01:30", "01:50", stamp(2025, 10, 26, 1, 30)),
        ("01:30", "01:10", stamp(2025, 10, 26, 0, 30)),
        # Later than either round: the order cannot be put right, and V04 has it.
        ("01:30", "03:10", stamp(2025, 10, 26, 0, 30)),
        ("02:10", "01:50", stamp(2025, 10, 26, 2, 10)),
        # At one and the same moment: there is nothing to put right.
        ("01:30", "01:30", stamp(2025, 10, 26, 0, 30)),
    ],
)
def test_in_the_hour_shown_twice_the_arrival_does_not_come_before_the_injury(arrival, injury, contact_utc):
    row = rows_read(
        rows_of(
            "ed-example",
            {
                "Period start": "01/10/2025", "Period end": "31/10/2025",
                "Arrival": f"26/10/2025 {arrival}", "Assault date": "26/10/2025", "Assault time": injury,
            },
        )
    )[0]  # fmt: skip

    assert row["contact_utc"] == contact_utc
    assert row["contact_local"] == stamp(2025, 10, 26, *map(int, arrival.split(":")))


@pytest.mark.parametrize(
    ("day", "hours"),
    [((2025, 3, 30), 23), ((2025, 10, 26), 25), ((2025, 10, 27), 24)],
    ids=["spring", "autumn", "after"],
)
def test_a_date_without_a_time_is_as_long_as_the_day_was(day, hours):
    year, month, number = day
    last = stamp(year, month, 31)
    row = ed(
        **{"Period start": f"01/{month}/{year}", "Period end": f"31/{month}/{year}"},
        Arrival=f"{last:%d/%m/%Y} 12:00", Assault_date=f"{number}/{month}/{year}", Assault_time="",
    )  # fmt: skip

    length = row["injury_end_utc"] - row["injury_start_utc"]

    assert row["injury_end_local"] == stamp(*day, 23, 59, 59)
    assert length.total_seconds() == hours * 3_600 - 1


def test_an_interval_across_a_clock_change_keeps_its_length():
    row = ed(**{"Arrival": "30/03/2025 12:00", "Assault date": "", "Assault time": ""})

    assert row["injury_end_utc"] - row["injury_start_utc"] == stamp(2025, 1, 2) - stamp(2025, 1, 1)
    assert row["injury_start_local"] == stamp(2025, 3, 29, 11)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (NHS_NUMBERS[0], NHS_NUMBERS[0]),
        ("9990000050", "9990000050"),
        (NHS_NUMBERS[0][:-1] + "0", None),
        ("1111111111", None),
        ("999000001", None),
        ("99900000188", None),
        ("ABCDEFGHIJ", None),
    ],
)
def test_an_nhs_number_needs_its_check_digit(sent, kept):
    assert ed(NHS_No=sent)["nhs_number"] == kept
    assert (("nhs_number", "not_an_nhs_number") in ed_problems(NHS_No=sent)) is (kept is None)


@pytest.mark.parametrize(
    ("sent", "kept"), [("k", "knife_sharp"), (" K ", "knife_sharp"), ("Q", None), ("glass", None), ("", None)]
)
def test_codes_are_read_without_regard_to_case_and_unknown_ones_are_null(sent, kept):
    assert ed(How=sent)["method"] == kept
    assert (("method", "unknown_code") in ed_problems(How=sent)) is (sent in ("Q", "glass"))


@pytest.mark.parametrize(
    ("sent", "years", "problem"),
    [
        ("0", 0, None), ("120", 120, None), ("121", None, "out_of_range"), ("-1", None, "not_a_number"),
        ("24.0", 24, None), ("24.5", None, "not_a_number"), ("", None, None), ("young", None, "not_a_number"),
    ],
)  # fmt: skip
def test_ages_are_years_of_a_person(sent, years, problem):
    assert ed(Age=sent)["age_years"] == years
    assert {found for field, found in ed_problems(Age=sent) if field == "age"} == (
        {problem} if problem else set()
    )


@pytest.mark.parametrize(
    ("sent", "kept"), [("zz1 2ab", "ZZ1 2AB"), ("ZZ12AB", "ZZ1 2AB"), ("Mill Street", None), ("", None)]
)
def test_a_postcode_has_one_form(sent, kept):
    assert ed(Postcode=sent)["postcode"] == kept


@pytest.mark.parametrize("field", ["Att No", "Ver"])
def test_a_row_without_its_identity_is_null_and_said_so(field):
    name = {"Att No": "source_record_id", "Ver": "record_version"}[field]

    assert rows_read(rows_of("ed-example", {field: ""}))[0][name] is None
    assert (2, name, "missing") in problems_read(rows_of("ed-example", {field: ""}))


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("X", "9990000018", "easting"),
        ("X", "east", "easting"),
        # A comma may part the fraction or the thousands: nothing tells which.
        ("X", "451234,5", "easting"),
        ("X", "451,234", "easting"),
        ("Acc", "-1", "point_sd"),
        ("Y", "1e5", "northing"),
    ],
)
def test_a_coordinate_that_is_none_is_null_and_said_so(field, value, name):
    assert one("ambulance", **{field: value})[f"{name}_m"] is None
    assert name in {found for found, _ in one_problem("ambulance", **{field: value})}


def test_a_site_not_in_the_file_is_the_providers_own():
    assert one("ambulance")["site_code"] == "ZXAMB"


@pytest.mark.parametrize(
    ("text", "generic"),
    [
        ("town", True), ("outside", True), ("in the street", True), ("as above", True), ("N/A", True),
        ("Home.", True), ("don't know", True), ("o/s pub", True), ("Bar Beispiel", False), ("Mill Street", False),
    ],
)  # fmt: skip
def test_texts_that_tell_no_place_are_reported(text, generic):
    assert (("place_text", "generic_text") in ed_problems(Place=text)) is generic


@pytest.mark.parametrize(("length", "clipped"), [(59, False), (60, True), (61, False), (255, True)])
def test_texts_of_the_width_of_a_field_are_taken_for_clipped(length, clipped):
    text = ("Bar Beispiel by the long canal " * 9)[:length].replace(" ", "x")

    assert (("place_text", "clipped_text") in ed_problems(Place=text)) is clipped


def test_words_are_counted_as_sent():
    assert ed(Place="o/s  Bar Beispiel, 07700 900123")["place_text_words"] == 5
    assert ed(Place="")["place_text_words"] is None


def test_the_number_of_a_house_is_kept_for_a_pub_and_replaced_for_a_home():
    rows = rows_of(
        "ed-example",
        {"Place": "12 Mill Street", "Where": "P"},
        {"Att No": "A2", "Place": "12 Mill Street", "Where": "H"},
        {"Att No": "A3", "Place": "his home, 12 Mill Street", "Where": "O"},
    )

    texts = set(read(rows).place_texts.column("text").to_pylist())

    assert "12 Mill Street" in texts
    assert all(text == "12 Mill Street" or ("[redacted]" in text and "12" not in text) for text in texts)
    assert len(texts) == 3


def test_equal_texts_share_a_key_and_other_keys_do_not_meet():
    rows = rows_of(
        "ed-example", {"Place": "Bar  Beispiel"}, {"Att No": "A2", "Place": "bar beispiel"}, {"Att No": "A3"}
    )
    found = read(rows)

    first, second, third = found.submissions.column("place_text_id").to_pylist()

    assert first == second != third
    assert first.startswith("test:")
    assert found.place_texts.num_rows == 2
