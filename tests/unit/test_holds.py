"""Rules on whole files: what holds a file beside the other months of its provider, and what does not."""

from __future__ import annotations

import dataclasses
import random

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sources_world import numbered, read

from preventable.stages.quality.holds import (
    Addition,
    Profile,
    adding_reasons,
    addition_of,
    hold_reasons,
    hold_rules,
    profile_columns,
    profile_of,
)

MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]
NOW = "2026-01"
CODED = ("method", "place_type", "sex", "offence_code", "determinant", "icd10_external_cause")
SHIFTED = ("domestic_flag", "police_informed", "admission_method", "time_basis")


def profile(rows=100, *, words=None, blanks=None, **changes):
    """A month of a service: half of it by fist, a third of its postcodes empty."""
    known = dict.fromkeys((*CODED, *SHIFTED), {}) | {
        "method": {"body_part_fist": rows // 2, "glass": rows - rows // 2}
    }
    empty = dict.fromkeys(profile_columns(), 0) | {"postcode": rows // 3}
    return Profile(rows, known | (words or {}), empty | (blanks or {}), versions={1: rows}, **changes)


def year(*rows, **same):
    """History: a month for each number of rows."""
    return {month: profile(count, **same) for month, count in zip(MONTHS, rows, strict=False)}


def held(one, history, month=NOW, form="events"):
    return [
        (reason.hold, reason.about) for reason in hold_reasons(one, month=month, form=form, history=history)
    ]


EVEN = (100, 104, 96, 100, 102, 98, 100, 104, 96, 100, 102, 98)


def test_an_ordinary_month_is_not_held():
    assert held(profile(110), year(*EVEN)) == []


@pytest.mark.parametrize("rows", [65_535, 1_048_575])
@pytest.mark.parametrize("form", ["events", "counts", "list"])
def test_a_file_of_as_many_rows_as_a_spreadsheet_has_is_held(rows, form):
    assert held(profile(rows), {}, form=form) == [("F15", "")]
    assert held(profile(rows - 1), {}, form=form) == held(profile(rows + 1), {}, form=form) == []


def test_half_a_month_and_a_month_and_a_half_are_held():
    history = year(*EVEN)

    assert held(profile(50), history) == [("F16-volume", "fewer")]
    assert held(profile(150), history) == [("F16-volume", "more")]
    # Twelve even months: their standard deviation is 2.7 (statistics.stdev of EVEN), less than that of a count, 10.
    assert held(profile(51), history) == held(profile(149), history) == []


def test_five_standard_deviations_are_those_of_the_other_months_and_at_least_of_a_count():
    many = year(*(row * 100 for row in EVEN))  # mean 10,000; standard deviation 270, of a count 100

    assert held(profile(11_300), many) == []
    assert held(profile(11_400), many) == [("F16-volume", "more")]
    assert held(profile(8_600), many) == [("F16-volume", "fewer")]
    eleven = {month: many[month] for month in MONTHS[:11]}
    assert held(profile(8_600), eleven) == []


def test_few_months_and_small_services_are_not_held_by_their_volume():
    assert held(profile(20), year(*EVEN[:5])) == []
    assert held(profile(20), year(*EVEN[:6])) == [("F16-volume", "fewer")]
    assert held(profile(5), year(*[39] * 12)) == []


def test_what_the_month_before_showed_too_is_held_no_more():
    history = year(*EVEN[:11], 40)

    assert held(profile(45), history) == []
    assert held(profile(170), history) == [("F16-volume", "more")]


def test_a_correction_need_not_look_like_a_month():
    history = year(*EVEN)
    revised = dataclasses.replace(profile(30), versions={1: 20, 2: 10})
    few = dataclasses.replace(profile(30), versions={1: 28, 2: 2})

    assert held(revised, history) == []
    assert held(few, history) == [("F16-volume", "fewer")]


def test_what_adds_to_a_month_or_replaces_it_is_not_held_by_its_volume():
    history = {**year(*EVEN), NOW: profile(300)}
    one_code = {"method": {"glass": 60}}

    assert held(profile(60, words=one_code), history) == []
    assert held(profile(200), history) == []
    assert held(profile(200, words={"method": {"glass": 200}}), history) == [
        ("F16-code", "method"),
        ("F10-shift", "method"),
    ]


def test_a_column_of_one_code_is_held_where_it_was_not_so_before():
    usual = year(*EVEN)
    now = profile(100, words={"method": {"glass": 91, "body_part_fist": 9}})

    assert ("F16-code", "method") in held(now, usual)
    assert ("F16-code", "method") not in held(
        profile(100, words={"method": {"glass": 90, "other": 10}}), usual
    )
    mostly = year(*EVEN, words={"method": {"glass": 88, "body_part_fist": 12}})
    assert held(profile(100, words={"method": {"glass": 95, "body_part_fist": 5}}), mostly) == []
    always = year(*EVEN, words={"method": {"glass": 100}})
    assert held(profile(100, words={"method": {"glass": 100}}), always) == []
    assert held(profile(40, words={"method": {"glass": 40}}), {}) == []


def test_midnight_is_held_where_the_hours_beside_it_are_not_like_it():
    heap = {"stated": 100, "at_midnight": 12, "beside_midnight": 2}

    assert held(profile(100, **heap), {}) == [("F16-midnight", "")]
    assert held(profile(100, **{**heap, "beside_midnight": 20}), {}) == []
    assert held(profile(100, **{**heap, "at_midnight": 5}), {}) == []
    assert held(profile(100, **heap), year(*EVEN, stated=100, at_midnight=10, beside_midnight=2)) == []


def test_blanks_that_doubled_are_held():
    usual = year(*EVEN, blanks={"postcode": 20})

    assert held(profile(100, blanks={"postcode": 41}), usual) == [("F16-blanks", "postcode")]
    assert held(profile(100, blanks={"postcode": 38}), usual) == []
    # Of a column that was always filled, a tenth.
    assert held(profile(100, blanks={"sex": 10}), usual) == [("F16-blanks", "sex")]
    assert held(profile(100, blanks={"sex": 9}), usual) == []
    # Of a small month 13 in a hundred are three standard deviations: chance.
    assert held(profile(60, blanks={"nhs_number": 9}), year(*EVEN, blanks={"nhs_number": 5})) == []


def test_a_code_that_shifts_is_held():
    usual = year(*EVEN)
    # Half of 1,200: with 100 rows a standard deviation of 5 in a hundred; 25 more are five of them.
    assert held(profile(100, words={"method": {"body_part_fist": 76, "glass": 24}}), usual) == [
        ("F10-shift", "method")
    ]
    assert held(profile(100, words={"method": {"body_part_fist": 74, "glass": 26}}), usual) == []


def test_a_service_whose_codes_vary_is_given_its_own_deviation():
    shares = [30, 70] * 6
    varied = {
        month: profile(100, words={"method": {"glass": share, "body_part_fist": 100 - share}})
        for month, share in zip(MONTHS, shares, strict=True)
    }

    assert held(profile(100, words={"method": {"glass": 85, "body_part_fist": 15}}), varied) == []


# --- at the borders ----------------------------------------------------------------------------


def test_a_service_of_forty_a_month_is_large_enough_to_be_held_by_its_volume():
    assert held(profile(5), year(*[40] * 6)) == [("F16-volume", "fewer")]


@pytest.mark.parametrize(("raised", "reasons"), [(10, []), (9, [("F16-volume", "fewer")])])
def test_a_quarter_of_raised_versions_makes_a_file_one_of_corrections(raised, reasons):
    revised = dataclasses.replace(profile(40), versions={1: 40 - raised, 2: raised})

    assert held(revised, year(*EVEN)) == reasons


@pytest.mark.parametrize(("standing", "is_held"), [(120, True), (121, False)])
def test_what_is_half_of_its_month_must_look_like_one(standing, is_held):
    history = {**year(*EVEN), NOW: profile(standing)}

    assert (("F16-code", "method") in held(profile(60, words={"method": {"glass": 60}}), history)) is is_held


def test_an_older_month_is_set_beside_the_month_before_it_and_not_the_newest():
    """What a later month showed too is no sign that it was usual then."""
    history = year(*EVEN[:11], 40)
    del history["2025-06"]

    assert held(profile(45), history, month="2025-06") == [("F16-volume", "fewer")]
    assert held(profile(45), history, month="2026-01") == []


@pytest.mark.parametrize(
    ("rows", "months", "is_held"),
    [(50, 3, True), (49, 3, False), (50, 2, False)],
    ids=["all", "rows", "months"],
)
def test_one_code_and_blanks_need_fifty_rows_and_three_months(rows, months, is_held):
    usual = year(*[60] * months, blanks={"postcode": 6})
    one_code, empty = (
        profile(rows, words={"method": {"glass": rows}}),
        profile(rows, blanks={"postcode": rows}),
    )

    assert (("F16-code", "method") in held(one_code, usual)) is is_held
    assert (("F16-blanks", "postcode") in held(empty, usual)) is is_held


@pytest.mark.parametrize(
    ("rows", "months", "is_held"),
    [(50, 6, True), (49, 6, False), (50, 5, False)],
    ids=["all", "rows", "months"],
)
def test_a_shift_needs_fifty_rows_and_six_months(rows, months, is_held):
    shifted = profile(rows, words={"method": {"glass": rows}})

    assert (("F10-shift", "method") in held(shifted, year(*[60] * months))) is is_held


def test_a_column_filled_in_the_few_rows_before_is_not_known_to_be_always_filled():
    """Of fifteen rows none was empty: five in 50 may be chance, ten are not."""
    few = year(5, 5, 5, blanks={"postcode": 0})

    assert held(profile(50, blanks={"postcode": 5}), few) == []
    assert held(profile(50, blanks={"postcode": 10}), few) == [("F16-blanks", "postcode")]


def test_an_hour_beside_midnight_is_the_mean_of_the_two():
    """Of 100 times 12 at midnight, and one or three at each of the hours beside it: 12 is 6 or 4 deviations off."""
    heap = {"stated": 100, "at_midnight": 12}

    assert held(profile(100, **heap, beside_midnight=4), {}) == [("F16-midnight", "")]
    assert held(profile(100, **heap, beside_midnight=6), {}) == []


def test_midnight_needs_fifty_times_that_were_stated():
    for stated, reasons in ((50, [("F16-midnight", "")]), (49, [])):
        assert held(profile(100, stated=stated, at_midnight=20, beside_midnight=0), {}) == reasons


def test_counts_and_lists_are_held_by_nothing_else():
    assert held(profile(5), year(*EVEN), form="counts") == held(profile(5), year(*EVEN), form="list") == []


def added(standing, new, others=(), form="events"):
    addition = Addition(standing, new, list(others))
    return [reason.hold for reason in adding_reasons(addition, form=form)]


def test_a_month_that_would_be_half_as_large_again_as_others_is_held():
    assert added(60, 89, EVEN) == []
    assert added(60, 90, EVEN) == ["F16-beside"]
    assert added(60, 900, EVEN, form="counts") == []
    assert added(60, 0, EVEN) == []
    # A month so large already was looked at: a few late records are no news, another half month is.
    assert added(200, 49, EVEN) == []
    assert added(200, 50, EVEN) == ["F16-beside"]
    assert added(0, 900, EVEN) == []


def test_in_the_first_months_more_than_three_times_what_stands_is_held():
    assert added(60, 180) == added(60, 180, EVEN[:5]) == added(9, 39) == []
    assert added(60, 181) == added(60, 181, EVEN[:5]) == added(9, 40) == ["F16-beside"]


@given(mended=st.integers(0, 6), withdrawn=st.integers(0, 3), added=st.integers(0, 3), order=st.randoms())
def test_a_row_of_another_content_in_the_place_of_one_that_stands_is_counted(mended, withdrawn, added, order):
    rows = numbered("ed-example", 8, Arrival="20/03/2025 23:10")
    table = read([{**row, "Arrival": f"{n + 1:02d}/03/2025 23:10"} for n, row in enumerate(rows)]).submissions
    content = [f"{n:064d}" for n in range(8)]
    standing = _unnumbered(table.slice(0, 5 + withdrawn), content[: 5 + withdrawn])
    other = [f"{n + (100 if n < min(mended, 5) else 0):064d}" for n in range(5)]
    more = [f"{n + 200:064d}" for n in range(added)]
    file = _unnumbered(table.slice(0, 5 + added), [*other, *more])
    shuffled = file.take(order.sample(range(file.num_rows), file.num_rows))

    found = addition_of(shuffled, standing, others=[])

    assert found == addition_of(file, standing, others=[])
    assert (found.standing, found.added) == (5 + withdrawn, min(mended, 5) + added)
    assert found.by_content
    assert found.on_its_days >= min(mended, 5)
    assert bool(adding_reasons(found, form="events")) == (bool(mended) or bool(withdrawn and added))


def _unnumbered(table, content):
    """Rows whose numbers are made of their content."""
    for name, values in (("content_hash", content), ("source_record_id", [f"{one}:1" for one in content])):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), pa.array(values, pa.string()))
    return table


def test_words_of_a_reason_tell_no_value():
    reasons = hold_reasons(
        profile(100, words={"method": {"glass": 100}}), month=NOW, form="events", history=year(*EVEN)
    )

    assert reasons
    assert not [reason for reason in reasons if "glass" in reason.words]


@given(order=st.permutations(MONTHS), rows=st.integers(1, 300))
def test_the_order_in_which_months_came_does_not_matter(order, rows):
    history = year(*EVEN)

    assert held(profile(rows), {month: history[month] for month in order}) == held(profile(rows), history)


def test_a_profile_counts_what_stands_in_the_rows():
    times = ["00:00"] * 3 + ["23:00", "01:00", "00:01", "12:00", ""]
    rows = numbered("ed-example", len(times), Arrival="20/03/2025 23:10", **{"Assault date": "19/03/2025"})
    changed = [
        {**row, "Assault time": time, "How": how, "Postcode": ""}
        for row, time, how in zip(rows, times, "FFFKKFF" + "?", strict=True)
    ]
    shuffled = random.Random(3).sample(changed, len(changed))

    found = profile_of(read(changed).submissions)

    assert found.rows == 8
    assert found.words["method"] == {"body_part_fist": 5, "knife_sharp": 2}
    assert (found.blanks["method"], found.blanks["postcode"], found.blanks["sex"]) == (1, 8, 0)
    assert (found.stated, found.at_midnight, found.beside_midnight) == (7, 3, 2)
    assert found.versions == {1: 8}
    assert profile_of(read(shuffled).submissions) == found


def test_a_profile_of_nothing_is_held_by_nothing():
    empty = profile_of(read([numbered("ed-example", 1)[0]]).submissions.slice(0, 0))

    assert empty.rows == 0
    assert held(empty, {}) == []


def test_every_rule_has_an_owner_and_words():
    assert [rule.id for rule in hold_rules()] == [
        "F15", "F16-volume", "F16-replaced", "F16-beside", "F13-unnumbered", "F16-code", "F16-midnight", "F16-blanks",
        "F10-shift",
    ]  # fmt: skip
    assert all(rule.description and rule.remedy and rule.owner for rule in hold_rules())
