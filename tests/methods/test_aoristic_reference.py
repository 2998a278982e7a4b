"""Aoristic weights against aoristic 1.1.1 of Ratcliffe (see ../shared/reference/methods/aoristic): all columns."""

import csv
from collections import defaultdict
from datetime import datetime

import pytest

from preventable.methods.aoristic import aoristic_week, hour_weights

WEEK_DAYS = 7


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def moment(text):
    return datetime.fromisoformat(text) if text not in ("", "NA") else None


@pytest.fixture(scope="module")
def folder(shared):
    found = shared / "reference" / "methods" / "aoristic"
    if not found.is_dir():
        pytest.skip("the answers of aoristic are not here")
    return found


def test_weights_of_each_event_are_those_of_aoristic(folder):
    theirs = defaultdict(dict)
    for row in read(folder / "sim_weights.csv"):
        theirs[row["id"]][int(row["hour_of_week"]) - 1] = float(row["weight"])
    compared = 0
    for row in read(folder / "sim_events.csv"):
        start, end = moment(row["from"]), moment(row["to"])
        if end is not None and (end - start).days >= WEEK_DAYS:
            continue
        compared += 1
        assert hour_weights(start, end) == pytest.approx(theirs[row["id"]], rel=1e-9)

    assert compared >= 250


def test_totals_are_those_of_aoristic(folder):
    rows = read(folder / "sim_events.csv")
    week = aoristic_week(((moment(row["from"]), moment(row["to"])) for row in rows), spread_long=True)
    theirs = [float(row["total"]) for row in read(folder / "sim_totals.csv")]

    assert week.weights.tolist() == pytest.approx(theirs, rel=1e-9)
    assert week.events == len(rows)
    assert week.too_long >= 1
    assert week.end_missing + week.reversed >= 1
