"""What doctor says of a home: files as written, rows balanced, and what waits for a run."""

from __future__ import annotations

import pyarrow as pa
from small_home import small_home, small_policy, write_months

from preventable import doctor, intake, pipeline
from preventable.conservation import KINDS
from preventable.doctor import examine


def of_rows(home):
    (finding,) = [finding for finding in examine(home.path) if "rows sent" in finding.what]
    return finding


def test_rows_that_wait_for_a_run_are_told_and_are_no_fault(tmp_path):
    home = small_home(tmp_path)
    intake.submit(home, write_months(tmp_path, months=1), policy=small_policy())

    finding = of_rows(home)

    assert finding.well
    assert finding.what == "rows sent: 2 submissions have not been through `run` yet"


def test_rows_that_balance_are_told_by_what_became_of_them(tmp_path, monkeypatch):
    home = small_home(tmp_path)
    monkeypatch.setattr(pipeline, "STEPS", pipeline.STEPS[:1])
    intake.submit(home, write_months(tmp_path, months=1), policy=small_policy())
    pipeline.run(home, small_policy())

    finding = of_rows(home)

    assert finding.well
    assert finding.what == (
        "8 rows sent = 8 accepted + 0 quarantined + 0 refused + 0 duplicate, month by month"
    )


def test_a_row_without_an_outcome_is_a_fault(tmp_path, monkeypatch):
    line = {"provider": "ed-example", "month": "2025-01", "submitted": 5} | dict.fromkeys(KINDS, 1)
    monkeypatch.setattr(doctor, "conservation", lambda _: pa.Table.from_pylist([line]))

    finding = of_rows(small_home(tmp_path))

    assert not finding.well
    assert finding.what.startswith("5 rows sent are not 1 accepted")
