"""What the door and the rules make of a half-year's files is what a program in pandas makes of them.

The program is the peer of benchmarks/intake.py. It was written from the rules' descriptions and shares with the product the
screen for personal data, the list of generic texts and the keyed hash, and nothing else.
"""

from __future__ import annotations

import sys
from collections import Counter

import pytest
from repository import ROOT

sys.path.append(str(ROOT / "benchmarks"))

import intake_pandas
import intake_validation
from intake_records import write_files, write_region

from preventable.engine.duckdb import DuckDBEngine
from preventable.intake.submit import submit
from preventable.settings import StepContext, load_policy
from preventable.stages.quality.outcomes import write_outcomes
from preventable.stages.quality.stage import check_submissions
from preventable.store.home import create_home
from preventable.store.session import reading
from preventable.tables import TABLES

ROWS, MONTHS = 4_000, 6


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory):
    """The files, and a home that has taken them in."""
    folder = tmp_path_factory.mktemp("intake")
    files = write_files(folder / "submissions", ROWS, MONTHS)
    home = create_home(folder / "home", demo_seed=1)
    home.give_region(write_region(folder / "region"))
    told = submit(home, folder / "submissions", policy=load_policy())
    assert {file.outcome for file in told.files} == {"loaded"}
    return files, home


@pytest.fixture(scope="module")
def judged(taken_in):
    """Outcomes and findings of both, by submission's month and row."""
    files, home = taken_in
    engine = DuckDBEngine()
    with reading(home) as tables:
        for name in ("submissions", "intake_problems"):
            engine.load(name, tables.read(name))
    engine.load("providers", home.region_table("providers"))
    engine.load("arrivals", TABLES["arrivals"].empty())
    context = StepContext(policy=load_policy(), region={})
    check_submissions(engine, context)
    write_outcomes(engine, context)
    rows, problems = intake_pandas.read_files(files)
    return engine, rows, *intake_pandas.judge(rows, problems)


def by_row(rows, *names):
    return Counter(zip(*(rows[name] for name in names), strict=True))


def test_outcomes_are_those_of_pandas(judged):
    engine, rows, _, outcome = judged

    found = engine.table("outcomes").to_pydict()

    place = ("provider", "month", "row_number", "outcome")
    assert by_row(found, *place) == by_row(rows.assign(outcome=outcome), *place)
    assert set(found["outcome"]) == {"accepted", "quarantined", "duplicate"}


def test_findings_are_those_of_pandas_row_by_row(judged):
    engine, rows, findings, _ = judged
    named = rows.reindex(findings["row"]).assign(rule=findings["rule"].to_numpy())

    found = engine.table("findings").to_pandas()

    of_rows = found[found["row_number"] > 0]
    place = ("provider", "month", "row_number", "rule")
    assert by_row(of_rows, *place) == by_row(named[named["row_number"].notna()], *place)
    assert len(set(of_rows["rule"])) >= 15


def test_rows_that_the_home_holds_are_judged_alike_and_a_difference_of_one_row_is_told(taken_in, judged):
    _, home = taken_in
    ours = tuple(judged[0].table(name) for name in ("outcomes", "findings"))

    outcomes, findings = intake_validation.pandas_in_memory(*intake_validation.frames(home))

    assert intake_validation.differences(ours, (outcomes, findings)) == [
        f"outcomes the same ({ROWS:,})",
        f"findings the same ({len(findings):,})",
    ]
    outcomes.loc[7, "standing"] ^= True
    told = intake_validation.differences(ours, (outcomes, findings.iloc[1:]))
    assert ["DIFFERENT" in one for one in told] == [True, True]
