"""Learning from a file of labels: for a region or a home, with a file that is never written over."""

from __future__ import annotations

import datetime as dt
import stat
import tomllib
from dataclasses import replace

import pytest
from places_region import region_tables
from small_home import small_home, small_policy

from preventable import pipeline
from preventable.engine.duckdb import DuckDBEngine
from preventable.errors import LinesRefusedError, PolicyError, TooFewLabelsError, UsageError
from preventable.reviews.place_labels import learn
from preventable.settings import Policy, StepContext
from preventable.stages.places.region_resolver import region_resolver
from preventable.store.home import create_home
from preventable.store.session import reading
from preventable.tables import REGION_TABLES, TABLES
from preventable.tables.region_folder import write_region_folder

AT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
#: Words before a name make texts that are no phrase twice.
_BEFORE = (
    "side door",
    "car park",
    "lane behind",
    "bus stop",
    "taxi rank",
    "steps",
    "yard",
    "corner",
    "smoking area",
)
_NAMED = {
    "bar verazul": "premises,XV1", "club zembra": "premises,XV6", "oxblood cellar": "premises,XV7",
    "quay lane": "street,XT3", "orchard rise": "street,XT4", "tarnfold": "area,XW002", "eastmere": "area,XW001",
}  # fmt: skip


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels") / "region"
    tables = {table.name: table.empty() for table in REGION_TABLES} | region_tables()
    write_region_folder(tables, {"name": "Testshire", "invented": True}, folder)
    (folder / "mappings").mkdir()
    return folder


def labels(folder, count, *more):
    lines = [
        f"{before} {name} {number},ZXA01,{place}"
        for number in range(30)
        for before in _BEFORE
        for name, place in _NAMED.items()
    ]
    path = folder / "labels.csv"
    path.write_text("\n".join(["text,site,kind,id", *lines[:count], *more]) + "\n", encoding="utf-8")
    return path


def test_weights_are_written_for_their_owner_alone_with_who_and_when(tmp_path, region):
    out = tmp_path / "place_weights.toml"

    lesson = learn(labels(tmp_path, 140), region=region, out=out, by="A. Tester", at=AT)

    contents = tomllib.loads(out.read_text(encoding="utf-8"))
    assert (contents["learnt"]["by"], contents["learnt"]["labels"]) == ("A. Tester", 140)
    assert contents["learnt"]["at"] == "2026-01-02T03:04:05+00:00"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [point.lines for point in lesson.curve] == [0, 100]


def test_a_home_learns_as_its_region_does(tmp_path, region):
    home = create_home(tmp_path / "home", demo_seed=1)
    home.give_region(region)
    path = labels(tmp_path, 60)

    assert learn(path, home=home).as_text() == learn(path, region=region).as_text()


def test_a_file_is_never_written_over(tmp_path, region):
    out = tmp_path / "place_weights.toml"
    out.write_text("mine", encoding="utf-8")

    with pytest.raises(UsageError):
        learn(labels(tmp_path, 140), region=region, out=out, by="A. Tester")

    assert out.read_text(encoding="utf-8") == "mine"


def test_labels_of_unknown_ids_are_refused_each_with_its_row_and_nothing_is_written(tmp_path, region):
    out = tmp_path / "place_weights.toml"
    path = labels(tmp_path, 140, "bar beispiel,ZXA01,premises,XV99", "bar beispiel,ZXA01,street,XV1")

    with pytest.raises(LinesRefusedError) as refused:
        learn(path, region=region, out=out, by="A. Tester")

    assert [(line.number, line.rows) for line in refused.value.lines] == [("G006", (142,)), ("G010", (143,))]
    assert "beispiel" not in str(refused.value)
    assert not out.exists()


def test_too_few_labels_to_be_measured_write_nothing(tmp_path, region):
    out = tmp_path / "place_weights.toml"

    with pytest.raises(TooFewLabelsError):
        learn(labels(tmp_path, 124), region=region, out=out, by="A. Tester")

    assert not out.exists()


@pytest.mark.parametrize("by", ["", "  "])
def test_a_file_of_weights_needs_a_name(tmp_path, region, by):
    with pytest.raises(UsageError, match="who had them learnt"):
        learn(labels(tmp_path, 140), region=region, out=tmp_path / "w.toml", by=by)


def test_neither_or_both_of_home_and_region_are_refused(tmp_path, region):
    path = labels(tmp_path, 60)
    home = create_home(tmp_path / "home", demo_seed=1)

    for where in ({}, {"home": home, "region": region}):
        with pytest.raises(UsageError, match="--home and --region"):
            learn(path, **where)


def test_a_file_that_is_not_there_is_told(tmp_path, region):
    with pytest.raises(UsageError, match="no such file"):
        learn(tmp_path / "none.csv", region=region)


# --- in use -------------------------------------------------------------------------------------


@pytest.fixture
def learnt(tmp_path, region):
    out = tmp_path / "place_weights.toml"
    lesson = learn(labels(tmp_path, 140), region=region, out=out, by="A. Tester", at=AT)
    return lesson, tomllib.loads(out.read_text(encoding="utf-8"))


def test_places_uses_the_weights_that_stand_in_policy_and_the_shipped_ones_without(learnt):
    lesson, contents = learnt
    engine = DuckDBEngine(threads=1)
    for name, data in region_tables().items():
        engine.load(name, data)
    engine.load("pseudonymous_records", TABLES["pseudonymous_records"].empty())

    own, shipped = (
        region_resolver(engine, StepContext(Policy(files), {})).weights
        for files in ({"place_weights": {**contents, "reviewer": "B. Tester"}}, {})
    )

    assert own.candidate == pytest.approx(lesson.weights.candidate, abs=1e-4)
    assert abs(own.candidate - shipped.candidate).max() > 1e-3


def test_weights_that_nobody_looked_at_end_a_run_before_anything_is_written(tmp_path, learnt):
    home = small_home(tmp_path)
    policy = small_policy()

    with pytest.raises(PolicyError, match="reviewer"):
        pipeline.run(home, replace(policy, files={**policy.files, "place_weights": learnt[1]}))

    with reading(home) as tables:
        assert tables.run_log.last_run() is None
