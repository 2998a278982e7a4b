"""What the demo says of its truth: found is what somebody was told, and a share stands with its own limits."""

from __future__ import annotations

import datetime as dt
import json

import pyarrow as pa
import pytest
from small_home import small_home

from preventable.demo_answers import (
    _ASKED,
    Answer,
    _answer,
    answer_lines,
    neither_line,
    seen_by_neither,
    unknown_to_police,
)
from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import load_policy
from preventable.store.session import writing
from preventable.tables import TABLES
from preventable.tables.signal_rules import read_signal_rules

RULES = read_signal_rules(load_policy())
CLUSTER = {"kind": "time_cluster", "what": "cluster", "district": "D1", "factor": 2.0,
           "first_day": "2025-12-02", "last_day": "2025-12-05"}  # fmt: skip
RISE = {"kind": "slow_rise", "what": "rise", "district": "D1", "begins": "2025-01-01", "per_month": 0.02}


def rows_of(name, rows):
    """Rows with what is not told left empty, as numbers 0 and texts "" where a table must have them."""
    table = TABLES[name]
    filler = {"text": "", "integer": 0, "number": 0.0, "flag": False}
    full = [
        {c.name: row.get(c.name, None if c.nullable else filler.get(c.type)) for c in table.columns}
        for row in rows
    ]
    return pa.Table.from_pylist(full, schema=table.arrow_schema())


def answer(item, *, refused=(), records=(), **tables):
    """What is said of one planted thing; `records` are days of street incidents in D1, one record each."""
    engine = DuckDBEngine(threads=1)
    for name in _ASKED:
        engine.load(name, rows_of(name, tables.get(name, ())))
    engine.load("refused", pa.table({"provider": pa.array(list(refused), pa.string())}))
    numbers = list(range(len(records)))
    engine.load("incidents", pa.table({
        "incident": pa.array(numbers, pa.int64()), "kind": pa.array(["street"] * len(records), pa.string()),
        "district": pa.array(["D1"] * len(records), pa.string())}))  # fmt: skip
    engine.load("victims", pa.table({
        "victim": pa.array(numbers, pa.int64()), "incident": pa.array(numbers, pa.int64())}))  # fmt: skip
    engine.load("records", pa.table({
        "victim": pa.array(numbers, pa.int64()), "source": pa.array(["ed"] * len(records), pa.string()),
        "contact_local": pa.array([dt.datetime.fromisoformat(day) for day in records], pa.timestamp("us"))}))  # fmt: skip
    return _answer(item, engine, RULES, {})


def window(**changes):
    """A scored week of the district, Monday 1 to Sunday 7 December."""
    return {"definition": "a", "source": "ed", "area_type": "district", "area": "D1", "kind": "level", "weeks": 1,
            "unit": "week", "method": "kernel", "week": "2025-12-01", "observed": 25, "expected": 20.0, "variance": 25.0, "p": 0.2,
            "status": "scored"} | changes  # fmt: skip


def line(**changes):
    """A line that a partner was told of that week."""
    return {"recipient": "r", "figure": "f", "definition": "a", "source": "ed", "area_type": "district", "area": "D1",
            "line": 1, "verdict": "signal", "kind": "level", "first_day": "2025-12-01", "last_day": "2025-12-07",
            "value": 25.0, "usual_lower": 15.0, "usual_upper": 24.0} | changes  # fmt: skip


def test_a_cluster_in_time_is_found_where_a_line_of_its_days_was_told():
    told = answer(CLUSTER, signals=[window()], released_signals=[line()])

    assert (told.result, told.figures["value"]) == ("found", 25.0)


@pytest.mark.parametrize(
    "change",
    [
        {"area": "D2"},
        {"area_type": "region"},
        {"first_day": "2025-12-08", "last_day": "2025-12-14"},
        {"first_day": "2025-11-24", "last_day": "2025-11-30"},
        {"line": 0, "verdict": "none", "first_day": "", "last_day": ""},
    ],
)
def test_a_line_of_another_place_or_of_other_days_finds_no_cluster(change):
    told = answer(CLUSTER, signals=[window()], released_signals=[line(**change)])

    assert told.result in ("missed", "not detectable")


@pytest.mark.parametrize(("records", "result"), [(4, "not detectable"), (80, "missed")])
def test_a_cluster_that_is_not_told_was_missed_only_if_it_was_large_enough(records, result):
    """Half of the records of its days would not be there without it; days beside it add nothing."""
    days = ["2025-12-03"] * records + ["2025-12-06"] * 500

    told = answer(CLUSTER, signals=[window()], records=days)

    assert (told.result, told.figures["planted_records"]) == (result, records / 2)


def test_what_no_scored_window_touches_was_not_looked_for():
    for rows in ([], [window(week="2025-12-08")], [window(status="incomplete")], [window(area="D2")]):
        assert answer(CLUSTER, signals=rows).result == "not looked for"
    assert answer(RISE, signals=[window()]).result == "not looked for"
    assert answer({"kind": "programme", "what": "v"}).result == "not looked for"


def change(**changes):
    """A yearly change that a partner was told."""
    return {"recipient": "r", "figure": "f", "estimate": "yearly_change", "definition": "a", "source": "ed",
            "area_type": "district", "area": "D1", "value": 0.12, "lower": 0.04, "upper": 0.2} | changes  # fmt: skip


def test_a_slow_rise_is_found_where_a_partner_was_told_that_its_district_surely_rose():
    told = answer(RISE, released_estimates=[change()])

    assert (told.result, told.figures["value"]) == ("found", 0.12)


@pytest.mark.parametrize(
    "changes",
    [
        {"area": "D2"},
        {"lower": -0.01},
        {"lower": 0.0},
        {"area_type": "region"},
        {"estimate": "unknown_to_police"},
    ],
)
def test_a_change_of_another_place_or_that_is_not_sure_finds_no_rise(changes):
    assert answer(RISE, released_estimates=[change(**changes)]).result == "not looked for"


@pytest.mark.parametrize(("error", "result"), [(0.01, "missed"), (0.5, "not detectable")])
def test_a_rise_that_is_not_told_was_missed_only_if_it_was_steep_enough(error, result):
    """2 % a month of street incidents alone, over the year: 22 % of the log a year, as 1 + 0.02 m is concave."""
    rows = [window(kind="relative", weeks=4, yearly_change=0.1, yearly_change_se=error)]

    told = answer(RISE, signals=rows, records=["2025-01-01", "2025-06-01", "2025-11-30"])

    assert told.result == result
    assert told.figures["planted_change"] == pytest.approx(0.215, abs=0.02)


@pytest.mark.parametrize(("provider", "month", "received", "result"), [
    ("p", "2025-05", False, "found"), ("p", "2025-05", True, "missed"), ("q", "2025-05", False, "missed"),
    ("p", "2025-06", False, "missed"),
])  # fmt: skip
def test_a_late_month_is_found_where_that_month_of_that_supplier_is_marked_missing(
    provider, month, received, result
):
    rows = [{"provider": provider, "month": month, "received": received}]

    item = {"kind": "late_month", "what": "late", "provider": "p", "month": "2025-05"}

    assert answer(item, coverage=rows).result == result


@pytest.mark.parametrize(("refused", "result"), [(["p"], "found"), (["q"], "missed"), ([], "missed")])
def test_a_change_of_format_is_found_where_a_file_of_that_supplier_was_refused(refused, result):
    item = {"kind": "changed_format", "what": "format", "provider": "p"}

    assert answer(item, refused=refused).result == result


@pytest.mark.parametrize(("row", "result"), [
    ({}, "found"), ({"standing": True}, "missed"), ({"month": "2025-06"}, "missed"), ({"provider": "q"}, "missed"),
    ({"outcome": "rejected"}, "missed"),
])  # fmt: skip
def test_a_correction_is_found_where_an_accepted_row_no_longer_stands(row, result):
    held = {"provider": "p", "month": "2025-05", "outcome": "accepted", "standing": False} | row

    item = {"kind": "correction", "what": "again", "provider": "p", "month": "2025-05"}

    assert answer(item, outcomes=[held]).result == result


def test_the_share_unknown_is_the_rest_of_the_share_known_and_its_limits_change_places(tmp_path):
    whole = {"measure": "own_record", "breakdown": "all"}
    known = {**whole, "source": "ed", "period_start": "2025-01-06", "period_end": "2025-12-28", "weeks": 51, "records": 900,
             "police_records": 3_000, "estimate": 0.4, "lower": 0.35, "upper": 0.47, "calibrated": True}  # fmt: skip
    silent = {**whole, "source": "ambulance", "calibrated": False, "reason": "too few"}
    part = {**known, "breakdown": "quarter", "category": "2025-Q1", "estimate": 0.2}
    home = small_home(tmp_path)
    with writing(home) as tables:
        tables.replace("known_to_police", rows_of("known_to_police", [known, silent, part]))
    truth = {"ed_unknown_to_police": 0.58, "ambulance_unknown_to_police": 0.5}
    (tmp_path / "truth.json").write_text(json.dumps(truth), encoding="utf-8")

    told = unknown_to_police(home, tmp_path)

    assert told["ed"] == {
        "truth": 0.58, "estimate": 0.6, "lower": 0.53, "upper": 0.65, "calibrated": True, "reason": "",
    }  # fmt: skip
    assert told["ambulance"] == {
        "truth": 0.5, "estimate": None, "lower": None, "upper": None, "calibrated": False, "reason": "too few",
    }  # fmt: skip


def test_those_seen_by_neither_are_the_rest_of_those_seen_by_either_and_stand_beside_the_truth(tmp_path):
    whole = {"source": "ambulance", "period_start": "2025-01-06", "period_end": "2025-12-28", "weeks": 51,
             "records": 900, "police_records": 3_000}  # fmt: skip
    either = {"estimate": 0.88, "lower": 0.84, "upper": 0.91, "calibrated": True}
    rows = [{**whole, **either, "measure": "own_record_or_ed", "breakdown": "all"},
            {**whole, **either, "measure": "incident_or_ed", "breakdown": "all", "estimate": 0.9}]  # fmt: skip
    home = small_home(tmp_path)
    (tmp_path / "truth.json").write_text(json.dumps({"ambulance_seen_by_neither": 0.11}), encoding="utf-8")
    told = []
    for held in (rows, [{**rows[0], **dict.fromkeys(either), "calibrated": False, "reason": "too few"}]):
        with writing(home) as tables:
            tables.replace("known_to_police", rows_of("known_to_police", held))
        told.append(seen_by_neither(home, tmp_path))

    start = "of ambulance patients, seen by neither police nor ED: "
    assert [told[0][name] for name in ("truth", "estimate", "lower", "upper")] == [0.11, 0.12, 0.09, 0.16]
    assert [neither_line(one) for one in told] == [
        start + "estimated 12.0% (95 % limits 9.0% to 16.0%), truth 11.0%",
        start + "not calibrated: too few; truth 11.0%",
    ]


@pytest.mark.parametrize(
    ("kind", "counted", "many", "words"),
    [
        ("late_month", "months_marked_missing", 1, "1 month marked missing"),
        ("changed_format", "files_refused", 2, "2 files refused"),
        ("correction", "rows_superseded", 1, "1 row superseded"),
    ],
)
def test_one_and_many_are_told_in_their_own_words(kind, counted, many, words):
    answer = Answer("something", kind, "found", {"provider": "ed-north", counted: many})

    assert answer_lines([answer]) == [f"something: found (ed-north: {words})"]
