"""What the invented suppliers send is what suppliers send: own columns, codes, dates and encodings."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from invented_world import (
    MONTHS,
    cells,
    column,
    field,
    files,
    headers_of,
    mapping_of,
    mappings,
    planted,
    small_world,
    truth,
)

from preventable.codes import allowed, code_file
from preventable.invented.draws import parameters

CHECK_WEIGHTS = range(10, 1, -1)
EVENT_SOURCES = allowed("event_source")
LISTS = {"police_informed": "yes_no", "domestic_flag": "yes_no"}


def item(kind: str) -> list[dict]:
    return [row for row in planted() if row["kind"] == kind]


def month_of(path) -> str:
    return re.search(r"2025-\d\d", path.name).group()


def is_valid_nhs_number(text: str) -> bool:
    digits = [int(character) for character in text]
    total = sum(weight * digit for weight, digit in zip(CHECK_WEIGHTS, digits, strict=False))
    return len(digits) == 10 and (11 - total % 11) % 11 == digits[9]


def stamp(value, mapping) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    for form in mapping["time"]["formats"]:
        try:
            return dt.datetime.strptime(value, form)
        except ValueError:
            continue
    raise AssertionError("a time fits no format of its mapping")


def test_every_file_has_the_headers_of_one_mapping_of_its_provider():
    for path in files():
        assert sorted(cells(path)[0]) == sorted(headers_of(mapping_of(path)))


@pytest.mark.parametrize(
    "name", ["sex", "method", "place_type", "police_informed", "domestic_flag", "severity"]
)
def test_every_code_sent_is_in_its_mapping_and_leads_to_one_of_our_words(name):
    for path in files():
        mapping = mapping_of(path)
        if name in mapping["columns"]:
            codes = mapping["codes"][name]
            assert set(field(path, name)) <= set(codes)
            assert set(codes.values()) <= set(allowed(LISTS.get(name, name)))


def test_contact_times_fit_their_mapping_and_lie_in_one_month():
    for path in files():
        mapping = mapping_of(path)
        if mapping["source"] in EVENT_SOURCES:
            months = {f"{stamp(value, mapping):%Y-%m}" for value in field(path, "contact")}
            assert months == {month_of(path)}


def test_stated_times_fit_their_mapping():
    for path in files():
        mapping = mapping_of(path)
        for name in {"injury_from", "injury_to"} & set(mapping["columns"]):
            stated = [value for value in field(path, name) if str(value).strip()]
            assert stated
            for value in stated:
                stamp(value, mapping)


def test_a_reporting_period_is_the_files_month_on_each_row():
    with_period = [path for path in files("ed") if mapping_of(path)["period"]["from"] == "columns"]

    assert len({path.parent.name for path in with_period}) == 3
    for path in with_period:
        period, (header, *rows) = mapping_of(path)["period"], cells(path)
        starts = {row[header.index(period["start"])] for row in rows}
        ends = {row[header.index(period["end"])] for row in rows}
        assert len(starts) == len(ends) == 1
        first = dt.datetime.strptime(starts.pop(), period["format"])
        last = dt.datetime.strptime(ends.pop(), period["format"])
        assert f"{first:%Y-%m-%d}" == f"{month_of(path)}-01"
        assert (last + dt.timedelta(days=1)).day == 1


def test_hospitals_differ_in_age_sex_and_form():
    first = [mapping for mapping in mappings() if mapping["source"] == "ed" and mapping["version"] == 1]
    styles = [mapping["age"]["style"] for mapping in first]

    assert len(first) == 9
    assert (styles.count("years"), styles.count("ten_year_band"), styles.count("none")) == (6, 2, 1)
    assert [m["provider"] for m in first if "sex" not in m["columns"]] == [
        m["provider"] for m in first if m["age"]["style"] == "none"
    ]
    assert [m["file"]["format"] for m in first].count("xlsx") == 3
    assert [m["file"].get("encoding") for m in first].count("cp1252") == 1
    assert [m["file"].get("delimiter") for m in first].count(";") == 1
    assert len({tuple(sorted(headers_of(m))) for m in first}) == 9


def test_the_file_in_another_encoding_cannot_be_read_as_the_usual_one():
    (provider,) = [m["provider"] for m in mappings() if m["file"].get("encoding") == "cp1252"]

    for path in files():
        if path.parent.name == provider:
            with pytest.raises(UnicodeDecodeError):
                path.read_text(encoding="utf-8")


def test_age_bands_are_ten_years_and_open_from_eighty():
    banded = [path for path in files("ed") if mapping_of(path)["age"]["style"] == "ten_year_band"]
    bands = {value for path in banded for value in field(path, "age")}

    assert bands <= {*(f"{a}-{a + 9}" for a in range(0, 80, 10)), "80+"}
    assert "20-29" in bands


def test_no_record_number_is_or_can_be_shared_by_two_suppliers():
    owners: dict[str, set[str]] = {}
    for path in files():
        for number in field(path, "source_record_id"):
            owners.setdefault(re.sub(r"\d", "0", number), set()).add(path.parent.name)

    assert len(owners) >= 14
    assert all(len(providers) == 1 for providers in owners.values())


def test_nhs_numbers_are_valid_and_from_the_invented_range():
    numbers = {
        number
        for path in (*files("ed"), *files("admissions"))
        for number in field(path, "nhs_number")
        if number
    }

    assert len(numbers) > 4_000
    assert all(number.startswith("999") for number in numbers)
    assert all(is_valid_nhs_number(number) for number in numbers)


def test_a_place_text_is_clipped_at_sixty_characters():
    lengths = [len(text) for path in files("ed") for text in field(path, "place_text")]

    assert max(lengths) <= 60


def test_no_place_text_tells_the_street_of_a_home_by_its_number():
    for path in (*files("ed"), *files("police"), *files("ambulance")):
        assert not [1 for text in field(path, "place_text") if re.search(r"\b\d+[a-z]? [a-z]", text, re.I)]


def test_own_homes_are_told_without_a_street():
    records = truth("records")
    at_home = column(records, "at_home")
    generic = {text.lower() for name in ("home", "other_home") for text in parameters("world")["words"][name]}
    texts = column(records, "place_text")[at_home & (column(records, "place_class") == "venue")]

    assert len(texts) > 300
    assert {text.lower() for text in texts} <= generic


def test_offence_determinant_and_cause_codes_exist():
    offences = code_file("home_office_offence")["codes"]
    determinant = re.compile(code_file("mpds")["schemes"][0]["expression"])
    causes = code_file("icd10_external_cause")["method"]

    assert {code for path in files("police") for code in field(path, "offence_code")} <= set(offences)
    assert all(
        determinant.fullmatch(code) for path in files("ambulance") for code in field(path, "determinant")
    )
    sent = {code for path in files("admissions") for code in field(path, "icd10_external_cause")}
    assert {code.split(".")[0] for code in sent} <= set(causes)
    methods = {code for path in files("admissions") for code in field(path, "admission_method")}
    assert methods <= set(code_file("admission_method")["codes"])


def test_points_of_police_and_ambulance_lie_in_and_about_the_county():
    for path in (*files("police"), *files("ambulance")):
        assert all(870_000 < int(value) < 985_000 for value in field(path, "easting"))
        assert all(70_000 < int(value) < 160_000 for value in field(path, "northing"))


def test_a_police_window_begins_before_it_ends_and_is_reported_after():
    late = 0
    for path in files("police"):
        mapping = mapping_of(path)
        begin, end, told = (
            [stamp(v, mapping) for v in field(path, n)] for n in ("injury_from", "injury_to", "contact")
        )
        late += sum(not b <= e <= t for b, e, t in zip(begin, end, told, strict=True))

    # Only within the hour that the clocks repeat may wall clocks run backwards.
    assert late <= 10


def test_one_month_has_not_come_and_lies_apart():
    (late,) = item("late_month")
    apart = [path for path in (small_world() / "later").rglob("*") if path.is_file()]

    assert late["month"] in MONTHS
    assert [(path.parent.name, month_of(path)) for path in apart] == [(late["provider"], late["month"])]
    sent = [month_of(path) for path in files() if path.parent.name == late["provider"]]
    assert sorted(sent) == sorted(set(MONTHS) - {late["month"]})


def test_one_supplier_changes_its_format_and_its_first_mapping_no_longer_fits():
    (change,) = item("changed_format")
    mine = [path for path in files() if path.parent.name == change["provider"]]
    versions = {month_of(path): mapping_of(path)["version"] for path in mine}

    assert versions == {month: 2 if month >= change["from_month"] else 1 for month in MONTHS}
    one, two = (m for m in mappings() if m["provider"] == change["provider"])
    assert not set(headers_of(one)) & set(headers_of(two))
    assert one["time"]["formats"] != two["time"]["formats"]
    assert one["codes"]["method"] != two["codes"]["method"]
    assert [m["version"] for m in mappings()].count(2) == 1


def resent(correction: dict) -> tuple:
    mine = [
        p for p in files() if p.parent.name == correction["provider"] and month_of(p) == correction["month"]
    ]
    (again,) = [path for path in mine if "2" in {str(v) for v in field(path, "record_version")}]
    (first,) = [path for path in mine if path != again]
    return first, again


@pytest.mark.parametrize("number", [0, 1])
def test_a_correction_changes_some_rows_under_a_higher_version_and_adds_some(number):
    first, again = resent(item("correction")[number])
    before = dict(zip(field(first, "source_record_id"), cells(first)[1:], strict=True))
    after = dict(zip(field(again, "source_record_id"), cells(again)[1:], strict=True))
    version = dict(zip(field(again, "source_record_id"), field(again, "record_version"), strict=True))
    changed = [record for record in after if version[record] == "2"]

    assert set(field(first, "record_version")) == {"1"}
    added = set(after) - set(before)
    whole = len(before) + len(added)
    size = item("correction")[number]
    assert len(added) == round(size["added_share"] * whole)
    # Of a supplier with a status two of the new versions are withdrawals.
    assert len(changed) - round(size["changed_share"] * whole) in (0, 2)
    assert all(after[record] != before[record] for record in changed)
    assert all(after[record] == before[record] for record in set(after) & set(before) - set(changed))


def test_two_records_are_withdrawn_where_the_supplier_has_a_status():
    with_status = [path for path in files("ed") if "record_status" in mapping_of(path)["columns"]]
    withdrawn = 0
    for path in with_status:
        words = [mapping_of(path)["codes"]["record_status"][code] for code in field(path, "record_status")]
        withdrawn += words.count("withdrawn")

    assert {path.parent.name for path in with_status} == {item("correction")[0]["provider"]}
    assert withdrawn == 2


def test_the_truth_knows_whose_each_row_is():
    records = truth("records")
    known = set(zip(column(records, "provider"), column(records, "source_record_id"), strict=True))
    sent = {
        (path.parent.name, number)
        for source in EVENT_SOURCES
        for path in files(source)
        for number in field(path, "source_record_id")
    }
    unsent = column(records, "late")

    assert len(known) == records.num_rows
    assert sent == {
        (p, n)
        for p, n, late in zip(
            column(records, "provider"), column(records, "source_record_id"), unsent, strict=True
        )
        if not late
    }


def test_the_licensing_register_lists_what_is_open_and_tells_its_quarter():
    (path,) = files("licensing")
    period, (header, *rows) = mapping_of(path)["period"], cells(path)

    assert {row[header.index(period["start"])] for row in rows} == {"01/10/2025"}
    assert {row[header.index(period["end"])] for row in rows} == {"31/12/2025"}
    assert len(rows) > 500
    assert len(set(field(path, "subject_code"))) == len(rows)


def test_the_school_return_counts_two_measures_of_each_school():
    (path,) = files("education")
    measures = [mapping_of(path)["codes"]["subject_type"][code] for code in field(path, "subject_type")]

    assert measures.count("suspensions") == measures.count("permanent_exclusions") > 500
    assert sum(int(value) for value in field(path, "quantity")) > 1_000
