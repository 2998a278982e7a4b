"""What doctor says of a home: files as written, rows balanced, and what waits for a run."""

from __future__ import annotations

import re
import tomllib

import pyarrow as pa
import pytest
from figures_world import policy
from repository import ROOT
from small_home import small_home, small_policy, write_months

from preventable import doctor, pipeline
from preventable.conservation import KINDS
from preventable.doctor import examine
from preventable.intake import submit as intake


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
    line = {"provider": "ed-example", "month": "2025-01", "submitted": 6} | dict.fromkeys(KINDS, 1)
    monkeypatch.setattr(doctor, "conservation", lambda _: pa.Table.from_pylist([line]))

    finding = of_rows(small_home(tmp_path))

    assert not finding.well
    assert finding.what.startswith("6 rows sent are not 1 accepted")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("disclosure", "counts", "minimum_count"), "8"),
        (("disclosure", "never", 0, "area_typs"), ["ward"]),
        (("disclosure", "rates", "standard_population"), "nowhere_1999"),
        (("recipients", "recipients", 0, "scope"), "everything"),
        (("definitions", "ed_knife_attendances", "levels"), []),
        (("linkage", "kept_probability"), 2),
        (("linkage", "linkable", "ed"), "no_such"),
        (("signals", "lines", "watch_p"), "small"),
        (("signals", "series", 0, "definition"), "no_such"),
        (("estimates", "premises", "excess"), 0.5),
        (("estimates", "areas", "definitions"), ["no_such"]),
        (("clusters", "level"), 0),
        (("clusters", "areas", "definitions"), ["no_such"]),
        (("limits", "file", "bytes"), "many"),
        (("retention", "days_since_received", "place_texts"), 0),
    ],
)
def test_a_policy_that_a_stage_would_refuse_is_not_well_formed(tmp_path, monkeypatch, path, value):
    monkeypatch.setattr(doctor, "load_policy", lambda: policy({path: value}))

    findings = examine(tmp_path / "none")

    faults = [finding.what for finding in findings if not finding.well]
    assert faults
    assert all(fault.startswith("P301  policy/") for fault in faults)
    assert "policy is well formed" not in {finding.what for finding in findings}


def test_the_policy_of_the_repository_is_well_formed(tmp_path):
    assert "policy is well formed" in {finding.what for finding in examine(tmp_path / "none") if finding.well}


@pytest.mark.parametrize(
    "name",
    [
        "linkage",
        "signals",
        "estimates",
        "clusters",
        "patterns",
        "disclosure",
        "recipients",
        "limits",
        "retention",
    ],
)
def test_a_policy_file_that_is_missing_is_told(tmp_path, monkeypatch, name):
    given = policy()
    del given.files[name]
    monkeypatch.setattr(doctor, "load_policy", lambda: given)

    assert [one for one in examine(tmp_path / "none") if not one.well and f"policy/{name}.toml" in one.what]


def test_every_library_that_a_run_needs_is_looked_at():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert set(doctor.LIBRARIES) <= {re.split("[<>=]", one)[0] for one in project["dependencies"]}
    assert {"splink", "typst", "gptables", "odfdo"} <= set(doctor.LIBRARIES)


def test_every_word_of_the_rule_that_is_missing_is_told_by_the_file(tmp_path, monkeypatch):
    """A section that is gone is a fault of the policy, never of the program."""
    for section in ("counts", "coverage", "rates", "shares", "notes", "never", "about"):
        given = policy()
        del given.files["disclosure"][section]
        monkeypatch.setattr(doctor, "load_policy", lambda given=given: given)

        assert [one for one in examine(tmp_path / "none") if not one.well and "P301" in one.what], section
