"""Files of one command are judged by month: names, containers, order of rows and order of files decide nothing."""

from __future__ import annotations

import gzip
import random
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from small_home import POLICE, month_rows, small_home, small_policy, write_file
from sources_world import numbered, read

from preventable.intake import month_order
from preventable.intake import submit as intake
from preventable.intake.month_order import MonthOrder
from preventable.store.session import home_checksums

#: Rows of each month; the eighth and the tenth are unusual beside those before them.
SIZES = (60, 58, 62, 60, 61, 59, 60, 20, 58, 150)


def _written(folder: Path, seed: int) -> Path:
    """Every month under a name of no meaning, its rows shuffled, some packed."""
    chance = random.Random(seed)
    names = chance.sample(range(100), len(SIZES))
    for number, (size, name) in enumerate(zip(SIZES, names, strict=True), 1):
        rows = month_rows(POLICE, f"2025-{number:02d}", size)
        chance.shuffle(rows)
        path = write_file(folder / "submissions" / POLICE / f"{name}.csv", POLICE, rows)
        if chance.random() < 0.5:
            path.with_suffix(".csv.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=seed))
            path.unlink()
    return folder / "submissions"


def _outcomes(seed: int) -> tuple[dict[str, tuple[str, tuple[str, ...]]], str]:
    with tempfile.TemporaryDirectory() as made:
        home = small_home(Path(made))
        report = intake.submit(home, _written(Path(made), seed), policy=small_policy())
        again = intake.submit(home, _written(Path(made) / "again", seed + 1), policy=small_policy())
        assert {file.outcome for file in again.files} == {"repeat", "refused"}
        assert {file.month for file in again.files if file.refusal} == {
            file.month for file in report.files if file.refusal
        }
        told = {
            file.month: (file.outcome, file.refusal.reasons if file.refusal else ()) for file in report.files
        }
        return told, home_checksums(home)["state"]


@cache
def _first() -> tuple[dict[str, tuple[str, tuple[str, ...]]], str]:
    return _outcomes(0)


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(1, 10_000))
def test_a_set_of_files_in_any_order_is_held_alike_and_ends_in_the_same_state(seed):
    told = _outcomes(seed)

    assert told == _first()
    assert sorted(month for month, (outcome, _) in told[0].items() if outcome == "refused") == [
        "2025-08",
        "2025-10",
    ]


def test_what_waits_packed_keeps_nothing_of_its_rows_as_they_were():
    rows = [read(numbered("ed-example", number)) for number in (3, 4)]
    waiting = MonthOrder[int]()

    with mock.patch.object(month_order, "_ROWS_AS_THEY_ARE", 0):
        for number, one in enumerate(rows):
            waiting.add(number, one)

    for (_, one), whole in zip(waiting._waiting, rows, strict=True):
        assert one.read.submissions.num_rows == 0
        assert one.read.submissions.get_total_buffer_size() < whole.submissions.get_total_buffer_size() / 4


@settings(deadline=None)
@given(order=st.permutations(range(6)), kept=st.sampled_from([0, 5, 100]))
def test_what_waits_comes_out_by_month_and_whole_however_little_memory_it_may_take(order, kept):
    months = ["2025-01", "2025-01", "2025-02", "2025-03", "2025-03", "2025-04"]
    reads = [
        read(
            [
                {**row, "Arrival": f"0{n + 1}/{month[5:]}/2025 10:00"}
                for row in numbered("ed-example", 1 + n % 2)
            ]
        )
        for n, month in enumerate(months)
    ]
    waiting = MonthOrder[int]()

    with mock.patch.object(month_order, "_ROWS_AS_THEY_ARE", kept):
        for place in order:
            waiting.add(place, replace(reads[place], month=months[place]))
        waiting.add(99, None)
        came = list(waiting.in_order())

    assert [item for item, _ in came] == [99, 1, 0, 2, 3, 4, 5]
    assert all(one.submissions.equals(reads[item].submissions) for item, one in came[1:])
    assert all(one.intake_problems.equals(reads[item].intake_problems) for item, one in came[1:])
