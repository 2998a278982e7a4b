"""An estimate and a weekly series explained: by their own exact rows and submissions, and only while these stand."""

from __future__ import annotations

import pyarrow as pa
import pytest
from small_home import ED, POLICE, small_home, write_months

from preventable.errors import StaleFiguresError, UnknownFigureError
from preventable.explain import explain_figure
from preventable.intake import submit as intake
from preventable.settings import load_policy
from preventable.store.run_log import StepRecord
from preventable.store.session import writing
from preventable.tables import TABLES

SHARE, SERIES, CHANGE = "unknown_to_police/ed/2025-02-23", "a.v1/weeks/district/D1/2025-03", "yearly_change/a"
PREMISES = "premises_excess/a.v1/venue/V1/2025-03-31"


def rows_of(name, rows):
    """Rows with what is not told left empty, or the first word or number 0 where a table must have one."""
    table = TABLES[name]
    filler = {"text": "", "integer": 0, "number": 0.0, "flag": False}

    def default(column):
        return None if column.nullable else column.allowed[0] if column.allowed else filler[column.type]

    full = [{c.name: row.get(c.name, default(c)) for c in table.columns} for row in rows]
    return pa.Table.from_pylist(full, schema=table.arrow_schema())


def known(source="ed", end="2025-02-23"):
    return {"source": source, "period_start": "2025-02-03", "period_end": end, "estimate": 0.4}


def scored(**changes):
    return {
        "definition": "a",
        "area_type": "district",
        "area": "D1",
        "source": "ed",
        "unit": "week",
        "method": "kernel",
        "week": "2025-03-03",
    } | changes


def counted(venue="V1", **changes):
    return {"definition": "a", "area_type": "venue", "area": venue, "source": "ed"} | changes


TOLD = {
    "released": [],
    "released_estimates": [
        known() | {"recipient": "r", "figure": SHARE, "estimate": "unknown_to_police", "area_type": "region"},
        counted() | {
            "recipient": "r", "figure": PREMISES, "estimate": "premises_excess", "period_start": "2025-02-01",
            "period_end": "2025-03-31",
        },
        scored() | {"recipient": "r", "figure": CHANGE, "estimate": "yearly_change", "period_end": "2025-03-30"},
    ],
    "released_signals": [scored() | {"recipient": "r", "figure": SERIES, "period_end": "2025-03", "verdict": "none"}],
    "indicator_values": [counted(figure="a"), counted("V2", figure="b"), counted(figure="c", area_type="ward")],
    "known_to_police": [known(), known("ambulance"), known(end="2025-01-26")],
    "signals": [
        scored(), scored(week="2025-03-10"), scored(area="D2"), scored(area="X01", area_type="region"),
        scored(definition="b"),
    ],
}  # fmt: skip


@pytest.fixture
def home(tmp_path):
    """A home of three months of two suppliers, as after a release of one share, one series and one change."""
    made = small_home(tmp_path)
    for path in sorted(write_months(tmp_path).rglob("*.csv")):
        intake.submit(made, path, policy=load_policy())
    with writing(made) as tables:
        for name, rows in TOLD.items():
            tables.replace(name, rows_of(name, rows))
        number = tables.run_log.begin_run("2026-01-01T00:00:00+00:00")
        versions = {name: tables.version(name) for name in ("known_to_police", "signals", "indicator_values")}
        tables.run_log.record_step(number, StepRecord("disclosure", 0, 0, 0.0, versions, {}, "f"))
        tables.run_log.end_run(number, "2026-01-01T00:00:01+00:00", "done")
    return made


def sent(told):
    return {(one["provider"], one["month"]) for one in told.submissions}


def test_a_share_rests_on_its_own_row_and_on_the_months_of_its_service_and_of_the_police(home):
    told = explain_figure(home, load_policy(), SHARE)

    assert [(row["source"], row["period_end"]) for row in told.rests_on] == [("ed", "2025-02-23")]
    assert sent(told) == {(ED, "2025-02"), (POLICE, "2025-02")}
    assert [one["recipient"] for one in told.shown] == ["r"]


@pytest.mark.parametrize("figure", [SERIES, CHANGE])
def test_a_series_rests_on_the_weeks_of_its_own_definition_and_area_and_on_its_source_alone(home, figure):
    told = explain_figure(home, load_policy(), figure)

    assert [(row["definition"], row["area"], row["week"]) for row in told.rests_on] == [
        ("a", "D1", "2025-03-03"),
        ("a", "D1", "2025-03-10"),
    ]
    assert sent(told) == {(ED, f"2025-0{month}") for month in (1, 2, 3)}


def test_what_is_told_of_premises_rests_on_their_own_counts(home):
    told = explain_figure(home, load_policy(), PREMISES)

    assert [(row["area_type"], row["area"]) for row in told.rests_on] == [("venue", "V1")]
    assert sent(told) == {(ED, "2025-02"), (ED, "2025-03")}


@pytest.mark.parametrize(
    ("figure", "exact"),
    [
        (SHARE, "known_to_police"),
        (SERIES, "signals"),
        (CHANGE, "signals"),
        (PREMISES, "indicator_values"),
    ],
)
def test_what_was_worked_out_anew_since_the_release_is_not_explained(home, figure, exact):
    with writing(home) as tables:
        tables.replace(exact, rows_of(exact, TOLD[exact][:1]))

    with pytest.raises(StaleFiguresError, match="counted since the last release"):
        explain_figure(home, load_policy(), figure)


def test_a_series_that_nobody_was_told_of_is_not_explained(home):
    with pytest.raises(UnknownFigureError):
        explain_figure(home, load_policy(), "b.v1/weeks/district/D1/2025-03")
