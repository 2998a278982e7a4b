"""How many were injured in all: what is counted, what is corrected, and what is refused."""

import itertools

import numpy as np
import pyarrow as pa
import pytest

from preventable.engine.duckdb import DuckDBEngine
from preventable.methods.capture_recapture import HISTORIES, three_list_models, three_list_total
from preventable.stages.linkage.candidates import WEEK_MIN
from preventable.stages.linkage.totals import (
    LISTS,
    Known,
    linked_histories,
    read_histories,
    read_total_rules,
    total_rows,
)
from preventable.tables import TABLES

#: Victims of each history, ambulance, ED and police with injury, of a county with 16 weeks.
TRUE = np.array([240, 2_340, 11_460, 1_410, 190, 1_350, 1_250])
WEEKS = 16
KNOWN = {"ambulance": Known(1_440 / 3_090, 0.02), "ed": Known(2_600 / 6_350, 0.02)}


def session(groups, *, weeks=WEEKS, severity="middle"):
    """An engine with linkable_records of groups of linked records (counts by history), and the group of each."""
    rows, incident = [], []
    for history, number in zip(HISTORIES, groups, strict=True):
        for _ in range(int(number)):
            first = len(rows)
            minute = first * 997 % (weeks * WEEK_MIN)
            for source, on in zip(LISTS, history, strict=True):
                if on:
                    rows.append((len(rows), source, minute, severity if source == "police" else None))
                    incident.append(first)
    for minute in (-1, weeks * WEEK_MIN):  # so that the weeks between are whole
        for source in LISTS:
            rows.append((len(rows), source, minute, severity if source == "police" else None))
            incident.append(len(incident))
    columns = dict(
        zip(("number", "source", "contact_min", "severity"), map(list, zip(*rows, strict=True)), strict=True)
    )
    engine = DuckDBEngine(threads=1)
    types = {"severity": pa.string()}
    engine.load(
        "linkable_records",
        pa.table({name: pa.array(column, types.get(name)) for name, column in columns.items()}).append_column(
            "is_later", pa.array([0] * len(rows))
        ),
    )
    return engine, np.array(incident)


def totals(groups, *, known=None, reasons=(), **options):
    engine, incident = session(groups, **options)
    made = total_rows(engine, incident, KNOWN if known is None else known, reasons=reasons)
    return TABLES["incident_estimates"].conform(made).to_pylist()


def three(rows, *, corrected=True):
    return [row for row in rows if row["lists"] == "ambulance_ed_police" and row["corrected"] is corrected]


def test_groups_are_counted_by_the_lists_they_are_on():
    engine, incident = session(TRUE)

    linked = linked_histories(engine, incident, read_total_rules())

    assert linked.counts.tolist() == TRUE.tolist()
    assert linked.whole.weeks == WEEKS
    assert linked.injured_part == {"ambulance": 1.0, "ed": 1.0}


def test_as_linked_the_models_are_those_of_the_method():
    rows = three(totals(TRUE), corrected=False)

    for row, model in zip(rows, three_list_models((0, 1)), strict=True):
        total = three_list_total(TRUE, model)
        assert (row["estimate"], row["lower"], row["upper"]) == (total.estimate, total.lower, total.upper)
    assert [row["dependent"] for row in rows] == [
        "ambulance_ed",
        "ambulance_ed ambulance_police",
        "ambulance_ed ed_police",
        "ambulance_ed ambulance_police ed_police",
    ]


def test_what_linking_does_to_the_lists_is_undone():
    linked = np.round(np.array(read_histories()["matrix"]) @ TRUE)

    rows = totals(linked)

    exact = three_list_total(TRUE, ((0, 1),)).estimate
    corrected, as_linked = three(rows)[0], three(rows, corrected=False)[0]
    assert corrected["estimate"] == pytest.approx(exact, rel=0.03)
    assert abs(as_linked["estimate"] / exact - 1) > abs(corrected["estimate"] / exact - 1)
    assert corrected["lower"] < exact < corrected["upper"] < corrected["upper_if_dependent"]


def test_records_of_the_police_without_injury_are_on_no_list():
    engine, incident = session(TRUE)
    records = engine.table("linkable_records")
    groups = [
        int(number)
        for number in np.unique(incident[np.array(records["source"].to_pylist()) == "police"])[:1_000]
    ]
    changed = ["low" if group in set(groups) and source == "police" else severity for group, source, severity in zip(
        incident.tolist(), records["source"].to_pylist(), records["severity"].to_pylist(), strict=True
    )]  # fmt: skip
    engine.load("linkable_records", records.set_column(3, "severity", pa.array(changed, pa.string())))

    linked = linked_histories(engine, incident, read_total_rules())

    assert linked.counts.sum() < TRUE.sum()
    assert linked.counts[[2, 4, 5, 6]].sum() == TRUE[[2, 4, 5, 6]].sum() - 1_000


def test_two_lists_rest_on_the_share_known_and_on_no_link():
    joined, parted = (
        [row for row in totals(groups) if row["lists"] == "ed_police"][0]
        for groups in (TRUE, [240, 2_340 + 1_350, 11_460 + 1_350, 1_410, 190, 0, 1_250])
    )

    assert joined["estimate"] == pytest.approx(parted["estimate"], rel=1e-9)
    assert joined["upper_if_dependent"] is None


@pytest.mark.parametrize("missing", LISTS)
def test_without_a_list_there_is_no_total_of_three(missing):
    at = LISTS.index(missing)
    kept = [0 if history[at] else number for history, number in zip(HISTORIES, TRUE, strict=True)]

    rows = three(totals(kept))

    assert {row["reason"] for row in rows} == {f"no {missing} records in the whole weeks of all services"}
    assert {(row["estimate"], row["lower"], row["upper"]) for row in rows} == {(None, None, None)}


def test_without_records_every_row_says_why():
    engine, incident = session([0] * 7)
    engine.load("linkable_records", engine.fetch("SELECT * FROM linkable_records WHERE number < 0"))

    rows = total_rows(engine, incident[:0], {}, reasons=[]).to_pylist()

    assert rows
    assert all(row["reason"] and row["estimate"] is None for row in rows)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"weeks": 7}, "fewer than 8 whole weeks"),
        ({"severity": None}, "too few police records tell"),
        ({"reasons": ["", "too few pairs by chance to compare with"]}, "too few pairs by chance"),
    ],
)
def test_what_cannot_be_judged_gives_no_total(options, reason):
    rows = three(totals(TRUE, **options))

    assert all(reason in row["reason"] and row["estimate"] is None for row in rows)


def test_lists_that_hardly_meet_give_no_total():
    rows = three(totals([3_000, 3_000, 9_000, 10, 10, 10, 2], known={}))

    assert all("victims on the lists of" in row["reason"] for row in rows)


def test_a_share_that_is_not_known_leaves_its_two_lists_without_a_total():
    rows = {row["lists"]: row for row in totals(TRUE, known={"ed": KNOWN["ed"]})}

    assert rows["ambulance_police"]["reason"] == "the share known to police is not known"
    assert rows["ed_police"]["estimate"] > TRUE.sum()


def test_the_learnt_matrix_is_one_of_linking():
    matrix = np.array(read_histories()["matrix"])

    assert matrix.shape == (7, 7)
    assert (matrix >= 0).all()
    assert (np.diag(matrix) > 0.5).all()
    for row, column in itertools.product(range(7), range(7)):
        if not set(np.flatnonzero(HISTORIES[row])) & set(np.flatnonzero(HISTORIES[column])):
            assert matrix[row, column] == 0
    for at in range(3):  # every record of a victim is in some group
        on = [history[at] for history in HISTORIES]
        assert np.dot(on, matrix) @ np.diag(on) == pytest.approx(on, abs=0.25)
