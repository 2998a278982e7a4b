"""How late records came: each counts with the first submission that had it in order, and a missing month has none."""

from __future__ import annotations

from sources_world import checked, numbered, read

from preventable.tables.lateness import RECORDS_BY_DELAY

ED = "ed-example"


def delays(reads, arrived):
    """Month -> age, first delay, and records by delay up to the last that has some."""
    rows = checked(reads, arrived).table("report_delays").to_pylist()
    found = {}
    for row in rows:
        if row["provider"] == ED:
            counts = [row[name] for name in RECORDS_BY_DELAY]
            found[row["month"]] = (row["age"], row["first_delay"], counts)
    return found


def padded(*counts):
    return [*counts, *[0] * (len(RECORDS_BY_DELAY) - len(counts))]


def test_a_month_sent_once_has_one_delay():
    month = read(numbered(ED, 5))

    assert delays([month], ["2025-04"]) == {"2025-03": (1, 1, padded(0, 5))}


def test_what_a_second_file_adds_came_later_and_what_it_repeats_did_not():
    rows = numbered(ED, 8)

    found = delays([read(rows[:5]), read(rows)], ["2025-04", "2025-06"])

    assert found == {"2025-03": (3, 1, padded(0, 5, 0, 3))}


def test_a_correction_of_a_whole_month_makes_none_of_it_late():
    rows = numbered(ED, 5)
    mended = [{**row, "Ver": "2"} for row in rows]

    found = delays([read(rows), read(mended)], ["2025-04", "2025-08"])

    assert found["2025-03"] == (5, 1, padded(0, 5))


def test_what_came_after_the_last_delay_counts_with_it_and_before_the_months_end_with_none():
    rows = numbered(ED, 3)

    found = delays([read(rows[:1]), read(rows[:2]), read(rows)], ["2025-03", "2026-02", "2026-05"])

    assert found["2025-03"] == (14, 0, padded(1, 0, 0, 0, 0, 0, 2))


def test_records_by_delay_are_all_records_that_stand():
    rows = numbered(ED, 8)
    engine = checked([read(rows[:5]), read(rows)], ["2025-04", "2025-06"])

    standing = {
        (row["provider"], row["month"]): row["rows_accepted"] for row in engine.table("coverage").to_pylist()
    }
    counted = {
        (row["provider"], row["month"]): sum(row[name] for name in RECORDS_BY_DELAY)
        for row in engine.table("report_delays").to_pylist()
    }

    assert counted == standing


def test_a_record_that_was_held_back_came_with_the_first_file_that_had_it_in_order():
    rows = numbered(ED, 5)
    first_held = [{**rows[0], "Site": "ZXZ99"}, *rows[1:]]

    found = delays([read(first_held), read(rows)], ["2025-04", "2025-06"])

    assert found["2025-03"] == (3, 1, padded(0, 4, 0, 1))
