"""Every statement that a run sends to the engine keeps to the portable subset, those built in Python too."""

from __future__ import annotations

import pytest
from portable_sql import portability_faults

from preventable import pipeline
from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import load_policy
from preventable.store.home import open_home
from preventable.store.session import home_checksums


@pytest.fixture(scope="module")
def again(demo, tmp_path_factory):
    """Hashes before and after a run that skips no step, its statements by what they make, and its report."""
    copy = tmp_path_factory.mktemp("again") / "home"
    demo.copied_to(copy, without=("demo",))
    home = open_home(copy)
    before = home_checksums(home)
    statements: dict[str, str] = {}

    class Recorder(DuckDBEngine):
        def create(self, name, sql, parameters=None):
            statements.setdefault(sql, name)
            return super().create(name, sql, parameters)

        def fetch(self, sql, parameters=None):
            statements.setdefault(sql, "a query")
            return super().fetch(sql, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "code_fingerprint", lambda: "no step was run by this code before")
        reports = pipeline.run(home, load_policy(), new_engine=Recorder)
        reports += pipeline.packs(home, load_policy(), new_engine=Recorder)[0]
    return before, home_checksums(home), statements, reports


def test_no_statement_of_a_run_leaves_the_subset(again):
    _, _, statements, _ = again

    faults = {(name, fault) for sql, name in statements.items() for fault in portability_faults(sql)}

    assert len(statements) > 20
    assert faults == set()


def test_every_step_was_run_again_and_changed_no_hash(again):
    before, after, _, reports = again

    assert [report.name for report in reports if report.unchanged] == []
    assert after == before
