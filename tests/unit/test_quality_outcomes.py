"""Each row has one outcome, the highest version stands, and neither depends on the order of arrival."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import pyarrow as pa
import pytest
from sources_world import KINDS, checked, hashed_rows, read, records_of, rows_of, stamp

from preventable.stages.quality import period

FEBRUARY = {
    "Period start": "01/02/2025", "Period end": "28/02/2025", "Arrival": "14/02/2025 23:10",
    "Assault date": "14/02/2025",
}  # fmt: skip
LEAP_DAY = {
    "Period start": "01/02/2024", "Period end": "29/02/2024", "Arrival": "29/02/2024 00:00",
    "Assault date": "28/02/2024",
}  # fmt: skip


def ed(*changes, provider="ed-example"):
    return read(rows_of(provider, *changes), provider)


def version(number, **changed):
    """The record A1 at a version; its age tells which it is."""
    return {"Ver": str(number), "Age": str(20 + number), **changed}


def ages(engine):
    rows = records_of(engine).to_pylist()
    return {row["source_record_id"]: row["age_years"] for row in rows}


def outcomes(engine):
    return Counter(engine.table("outcomes").column("outcome").to_pylist())


def state(engine):
    return {
        name: hashed_rows(name, engine.table(name))
        for name in ("outcomes", "findings", "coverage", "listings")
    } | {"records": hashed_rows("records", records_of(engine))}


def in_every_order(*reads):
    """The session after quality, held to be the same whatever the order of arrival."""
    engines = [checked(order) for order in permutations(reads)]
    first = state(engines[0])
    for engine in engines[1:]:
        assert state(engine) == first
    return engines[0]


def test_the_higher_version_stands_and_a_lower_one_that_comes_later_does_not():
    engine = in_every_order(ed(version(2)), ed(version(1)), ed(version(3)))

    assert ages(engine) == {"A1": 23}
    assert outcomes(engine) == {"accepted": 3}


def test_records_of_one_number_at_two_providers_are_two_however_often_each_came():
    other = "ed-other"
    sent = [ed(version(1)), ed(version(2)), ed(version(1), provider=other), ed(version(3), provider=other)]
    engine = checked(sent)

    rows = records_of(engine).to_pylist()
    assert sorted((row["provider"], row["age_years"]) for row in rows) == [("ed-example", 22), (other, 23)]
    assert outcomes(engine) == {"accepted": 4}


def test_versions_are_numbers_and_not_texts():
    assert ages(in_every_order(ed(version(9)), ed(version(10)))) == {"A1": 30}


def test_a_corrected_month_moves_exactly_the_changed_rows():
    before = [{"Att No": f"A{number}"} for number in range(6)]
    after = [
        {**row, "Ver": "2", "Age": "41"} if number in (2, 4) else row for number, row in enumerate(before)
    ]

    engine = in_every_order(ed(*before), ed(*after))

    first = ages(checked([ed(*before)]))
    assert {key for key, age in ages(engine).items() if age != first[key]} == {"A2", "A4"}
    assert outcomes(engine) == {"accepted": 8, "duplicate": 4}


def test_a_withdrawn_record_stands_no_more():
    assert ages(in_every_order(ed(version(1)), ed(version(2, Status="W")))) == {}
    assert ages(in_every_order(ed(version(1)), ed(version(2, Status="W")), ed(version(3)))) == {"A1": 23}


def test_a_quarantined_correction_leaves_the_version_before():
    engine = in_every_order(ed(version(1)), ed(version(2, Site="ZXZ99")))

    assert ages(engine) == {"A1": 21}
    assert outcomes(engine) == {"accepted": 1, "quarantined": 1}


def test_of_rows_that_say_the_same_one_is_accepted():
    engine = in_every_order(ed({}, {}), ed({}, {"Att No": "A2"}))

    assert outcomes(engine) == {"accepted": 2, "duplicate": 2}
    assert sum(engine.table("outcomes").column("standing").to_pylist()) == 2


@pytest.mark.parametrize("number", range(4))
def test_of_rows_that_say_the_same_the_one_of_the_lower_edition_is_accepted(number):
    """A file of corrections repeats what came before it, and not the other way round."""
    first = ed({}, {"Att No": f"B{number}"})
    corrections = ed({}, version(2, **{"Att No": f"C{number}"}))

    engine = in_every_order(corrections, first)

    of_file = {first.submission_id: "first", corrections.submission_id: "corrections"}
    told = Counter(
        (of_file[row["submission_id"]], row["outcome"]) for row in engine.table("outcomes").to_pylist()
    )
    assert told == {("first", "accepted"): 2, ("corrections", "duplicate"): 1, ("corrections", "accepted"): 1}


def test_of_two_that_contradict_each_other_none_is_believed():
    engine = in_every_order(ed({}), ed({"Age": "60"}, {"Att No": "A2"}))

    assert outcomes(engine) == {"accepted": 1, "quarantined": 2}
    assert set(ages(engine)) == {"A2"}


@pytest.mark.parametrize("held", [{"Arrival": "never"}, {"Site": "ZXZ99"}, {"Arrival": "14/05/2025 23:10"}])
def test_a_row_held_back_for_itself_contests_none_of_the_same_version(held):
    bad, right = ed(held, {"Att No": "A2", **held}), ed({}, {"Att No": "A2"})

    engine = in_every_order(bad, right, ed({"Att No": "A2", "Ver": "2", "Age": "31"}))

    assert outcomes(engine) == {"quarantined": 2, "accepted": 3}
    assert ages(engine) == {"A1": 24, "A2": 31}
    assert "V23" not in engine.table("findings").column("rule").to_pylist()


def test_rows_held_back_for_themselves_leave_two_others_in_dispute():
    engine = in_every_order(ed({"Arrival": "never"}), ed({}), ed({"Age": "60"}))

    assert outcomes(engine) == {"quarantined": 3}
    assert ages(engine) == {}


def test_every_row_of_a_bad_file_has_one_outcome():
    bad = ({"Att No": ""}, {"Ver": "x"}, {"Att No": "A2", "Arrival": "never"}, {"Att No": "A3", "Site": ""})

    engine = checked([ed(*bad, {}, {}, version(2))])

    assert engine.table("outcomes").num_rows == 7
    assert outcomes(engine) == {"accepted": 2, "duplicate": 1, "quarantined": 4}


def test_a_row_at_midnight_belongs_to_the_day_that_begins():
    engine = checked(
        [ed({"Arrival": "01/03/2025 00:00", "Assault date": "28/02/2025"}), ed(LEAP_DAY | {"Att No": "L"})]
    )

    rows = {row["source_record_id"]: row for row in records_of(engine).to_pylist()}
    assert rows["A1"]["month"] == "2025-03"
    assert rows["L"]["month"] == "2024-02"
    assert rows["L"]["contact_local"] == stamp(2024, 2, 29)


@pytest.mark.parametrize(("february", "received"), [(FEBRUARY, True), ({**FEBRUARY, "Site": "ZXZ99"}, False)])
def test_a_month_without_an_accepted_row_is_a_gap_and_no_zero(february, received):
    engine = checked([ed({**FEBRUARY, "Att No": "J", **january()}), ed({**february, "Att No": "F"}), ed({})])

    coverage = {
        line["month"]: line
        for line in engine.table("coverage").to_pylist()
        if line["provider"] == "ed-example"
    }
    assert {month: line["received"] for month, line in coverage.items()} == {
        "2025-01": True, "2025-02": received, "2025-03": True,
    }  # fmt: skip
    assert coverage["2025-02"]["rows_accepted"] == int(received)


def month_received(engine):
    """Whether March of the department counts as received."""
    (line,) = [
        line
        for line in engine.table("coverage").to_pylist()
        if (line["provider"], line["month"]) == ("ed-example", "2025-03")
    ]
    return line["received"]


def with_held(count, **same):
    """Twenty records of a file, the first so many of them with times that cannot be read."""
    return ed(*({"Att No": f"N{n}", **same, **({"Arrival": "?"} if n < count else {})} for n in range(20)))


@pytest.mark.parametrize(("held", "received"), [(0, True), (1, True), (2, False), (19, False)])
def test_a_month_held_back_in_part_is_a_gap_and_not_the_whole(held, received):
    assert month_received(checked([with_held(held)])) is received


def test_a_month_sent_again_in_order_is_received_whatever_was_held_back_before():
    engine = in_every_order(with_held(20), with_held(0), with_held(19, Age="30", Ver="2"))

    assert month_received(engine)
    assert outcomes(engine) == {"accepted": 21, "quarantined": 39}


def test_rows_without_a_number_count_as_held_back_one_by_one():
    nameless = [{"Att No": "", "Age": f"{20 + n}"} for n in range(2)]

    assert month_received(checked([with_held(0), ed(*nameless[:1])]))
    assert not month_received(checked([with_held(0), ed(*nameless)]))


def test_a_month_whose_records_a_correction_moved_away_is_not_received():
    moved = {**january(), "Ver": "2"}

    engine = in_every_order(ed({}), ed(moved))

    assert "2025-03" in engine.table("coverage").column("month").to_pylist()
    assert not month_received(engine)


def january():
    return {
        "Period start": "01/01/2025", "Period end": "31/01/2025", "Arrival": "14/01/2025 23:10",
        "Assault date": "14/01/2025",
    }  # fmt: skip


def test_a_provider_that_never_sent_has_no_month_received():
    lines = checked([ed({})]).table("coverage").to_pylist()

    assert {line["provider"]: line["received"] for line in lines}["police"] is False


def test_a_list_is_owed_in_no_month_and_covers_those_in_which_it_came():
    register = read(rows_of("licensing", {}), "licensing")

    covered = [
        (line["month"], line["received"])
        for line in checked([ed({}), ed({**FEBRUARY, "Att No": "F"}), register]).table("coverage").to_pylist()
        if line["provider"] == "licensing"
    ]

    assert covered == [(register.month, True)]


def test_a_list_that_comes_later_opens_no_month_in_which_events_are_owed():
    later = {"Period start": "01/04/2025", "Period end": "30/06/2025"}

    lines = checked([ed({}), read(rows_of("licensing", later), "licensing")]).table("coverage").to_pylist()

    assert {line["month"] for line in lines if line["provider"] == "ed-example"} == {"2025-03"}


def test_a_site_conveyed_to_that_the_region_does_not_know_is_left_empty():
    reads = [read(rows_of("ambulance", {"To": "ZXA01"}, {"CAD": "C2", "To": "AB12CD"}), "ambulance")]

    rows = {row["source_record_id"]: row["conveyed_site"] for row in records_of(checked(reads)).to_pylist()}
    assert rows == {"C1": "ZXA01", "C2": None}


def test_lines_of_lists_are_listings_and_no_records():
    engine = in_every_order(
        read(rows_of("licensing", {}), "licensing"),
        read(rows_of("licensing", {"Issue": "2", "Capacity": "250"}), "licensing"),
    )

    assert records_of(engine).num_rows == 0
    assert engine.table("listings").column("quantity").to_pylist() == [250]


def month_of(*lines):
    """The last month of a coverage of these providers, sources and months received."""
    rows = [
        {"provider": provider, "source": source, "month": month, "received": received}
        for provider, source, month, received in lines
    ]
    columns = [(name, pa.string()) for name in ("provider", "source", "month")]
    return period.last_month(
        pa.Table.from_pylist(rows, schema=pa.schema([*columns, ("received", pa.bool_())])), KINDS
    )


@pytest.mark.parametrize(("have_it", "last"), [(0, ""), (1, "2025-12"), (2, "2026-01"), (4, "2026-01")])
def test_the_last_month_is_one_that_half_of_the_services_have(have_it, last):
    lines = [
        ("a", "police", "2025-12", have_it > 0),
        *((f"{n}", "ed", "2025-12", have_it > 0) for n in range(3)),
    ]
    later = [
        ("a", "ed", "2026-01", have_it > 0),
        *((f"{n}", "ed", "2026-01", n + 1 < have_it) for n in range(3)),
    ]

    assert month_of(*lines, *later) == last


def test_a_list_and_a_month_not_received_are_no_last_month():
    assert month_of() == ""
    assert month_of(("a", "ed", "2025-03", True), ("a", "ed", "2025-04", False),
                    ("b", "licensing", "2025-06", True)) == "2025-03"  # fmt: skip
