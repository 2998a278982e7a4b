"""Every statement that a run sends to the engine keeps to the portable subset, those built in Python too."""

from __future__ import annotations

import pytest
from portable_sql import portability_faults

from preventable import hand_over, pipeline
from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import load_policy
from preventable.store.home import open_home
from preventable.store.session import home_checksums


@pytest.fixture(scope="module")
def again(demo, tmp_path_factory):
    """Of a run that skips no step and takes its records in parts: hashes before and after, statements, report, progress."""
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

    shares: list[tuple[str, float]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hand_over, "_ROWS_A_RUN", 5_000)
        patch.setattr(pipeline, "code_fingerprint", lambda: "no step was run by this code before")
        reports = pipeline.run(
            home, load_policy(), new_engine=Recorder, progress=lambda *share: shares.append(share)
        )
        reports += pipeline.packs(home, load_policy(), new_engine=Recorder)[0]
    return before, home_checksums(home), statements, reports, shares


def test_no_statement_of_a_run_leaves_the_subset(again):
    _, _, statements, _, _ = again

    faults = {(name, fault) for sql, name in statements.items() for fault in portability_faults(sql)}

    assert len(statements) > 20
    assert faults == set()


def test_every_step_was_run_again_and_changed_no_hash(again):
    before, after, _, reports, _ = again

    assert [report.name for report in reports if report.unchanged] == []
    assert after == before


@pytest.mark.parametrize("step", ["quality", "pseudonyms", "places"])
def test_a_step_that_is_taken_in_parts_tells_its_progress(again, step):
    *_, shares = again

    told = [share for name, share in shares if name == step]

    assert len(told) > 5
    assert told == sorted(told)
    assert 0 < told[0] < 1 == told[-1]
