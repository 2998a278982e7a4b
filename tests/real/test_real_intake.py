"""Real files through the door as they are: no column, type or cell of them is changed (../shared).

What was read is held against pandas and pyproj, which read the same files themselves. The City of London's months are in
test_real_events.py, from their files to packs.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
from conftest import preventable
from real_files import months_of, write_parquet_months
from repository import ROOT

from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import StepContext, load_policy
from preventable.stages.quality.outcomes import write_outcomes
from preventable.stages.quality.stage import check_submissions
from preventable.store.home import open_home
from preventable.store.session import reading
from preventable.tables import TABLES

#: Coordinates are kept to a tenth of a metre.
TENTH = 0.051


@dataclass(frozen=True)
class Taken:
    """What the door made of the files of one example, and what pandas makes of them: rows in the same order."""

    rows: pd.DataFrame
    sent: pd.DataFrame
    texts: pd.DataFrame
    problems: Counter = field(default_factory=Counter)
    outcomes: Counter = field(default_factory=Counter)
    findings: Counter = field(default_factory=Counter)
    said: str = ""


def policy_folders(example: str) -> tuple[Path, Path]:
    return ROOT / "policy", ROOT / "examples" / example / "policy"


def region_of(example: str, shared: Path, folder: Path) -> Path:
    manifest = ROOT / "examples" / example / "region.toml"
    preventable("region", "build", manifest, "--data", shared / "data", "--out", folder / "region")
    return folder / "region"


def taken(example: str, files: Path, provider: str, sent: pd.DataFrame, shared: Path, folder: Path) -> Taken:
    """Files submitted to a home of their own, the rules applied to what it holds."""
    region, home = region_of(example, shared, folder), folder / "home"
    policy = {"PREVENTABLE_POLICY": os.pathsep.join(map(str, policy_folders(example)))}
    told = preventable(
        "submit", files, "--home", home, "--region", region, "--provider", provider, **policy
    ).stdout
    opened = open_home(home)
    with reading(opened) as tables:
        read = {name: tables.read(name) for name in ("submissions", "intake_problems", "place_texts")}
    engine = DuckDBEngine()
    for name in ("submissions", "intake_problems"):
        engine.load(name, read[name])
    engine.load("providers", opened.region_table("providers"))
    engine.load("arrivals", TABLES["arrivals"].empty())
    context = StepContext(policy=load_policy(*policy_folders(example)), region={})
    check_submissions(engine, context)
    write_outcomes(engine, context)
    problems = read["intake_problems"]
    return Taken(
        rows=read["submissions"]
        .to_pandas()
        .sort_values(["month", "row_number"], kind="stable", ignore_index=True),
        sent=sent,
        texts=read["place_texts"].to_pandas(),
        problems=Counter(zip(problems["field"].to_pylist(), problems["problem"].to_pylist(), strict=True)),
        outcomes=Counter(engine.table("outcomes")["outcome"].to_pylist()),
        findings=Counter(engine.table("findings")["rule"].to_pylist()),
        said=told,
    )


def metres(longitude: pd.Series, latitude: pd.Series, crs: str) -> tuple[np.ndarray, np.ndarray]:
    carry = pyproj.Transformer.from_crs("OGC:CRS84", crs, always_xy=True)
    return carry.transform(longitude.to_numpy(float), latitude.to_numpy(float))


def far_apart(found: pd.Series, expected: np.ndarray) -> int:
    """How many points differ, those told as nowhere among them."""
    return int((~(np.abs(found.to_numpy(float) - expected) <= TENTH)).sum())


def all_or_changes(everything: str, changes: tuple[str, ...]):
    """Months with a change of the clock in each run of the tests, all months in the slow ones."""
    return [
        pytest.param(changes, id="months of a change of the clock"),
        pytest.param((), id=everything, marks=pytest.mark.slow),
    ]


# --- West Midlands, February 2011: a gzip of the publisher's own CSV, byte for byte ---------------


@pytest.fixture(scope="module")
def street(shared, tmp_path_factory) -> Taken:
    path = shared / "data" / "police" / "wm_street_2011_02.csv.gz"
    if not path.is_file():
        pytest.skip("the street crimes of 2011 are not in ../shared/data/police")
    folder = tmp_path_factory.mktemp("street")
    return taken("west-midlands-2011", path, "police-west-midlands", pd.read_csv(path), shared, folder)


def test_every_street_crime_of_2011_is_a_record_though_a_third_are_alike(street):
    assert street.outcomes == {"accepted": 25_558}
    assert len(street.rows) == street.rows["source_record_id"].nunique() == len(street.sent) == 25_558
    assert street.sent.duplicated().sum() == 9_399
    assert not street.problems
    assert not street.findings


def test_points_and_categories_of_2011_are_those_of_the_file(street):
    words = street.sent["Crime type"].str.lower().str.replace("[ -]", "_", regex=True)

    assert street.rows["record_category"].to_list() == words.to_list()
    assert street.rows["easting_m"].to_list() == street.sent["Easting"].to_list()
    assert street.rows["northing_m"].to_list() == street.sent["Northing"].to_list()
    assert set(street.rows["contact_local"]) == {pd.Timestamp("2011-02-01")}
    assert street.rows["injury_start_utc"].isna().all()


# --- Montgomery County: all services, with the months that are cut -----------------------------


@pytest.fixture(scope="module")
def all_calls(shared) -> pa.Table:
    path = shared / "data" / "city" / "montgomery_pa_911_2015_2016.parquet"
    if not path.is_file():
        pytest.skip("the calls of Montgomery County are not in ../shared/data/city")
    return pq.read_table(path)


@pytest.fixture(scope="module", params=all_or_changes("nine months", ("2016-03",)))
def calls(request, all_calls, shared, tmp_path_factory) -> Taken:
    folder = tmp_path_factory.mktemp("calls")
    files = write_parquet_months(all_calls, "timeStamp", folder / "files", request.param)
    return taken("montgomery", files, "ems-montgomery", read_back(files), shared, folder)


def read_back(files: Path) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(path) for path in sorted(files.iterdir())], ignore_index=True)


def test_every_call_of_every_service_is_a_record(calls):
    assert calls.outcomes == {"accepted": len(calls.sent)}
    assert calls.rows["source_record_id"].to_list() == calls.sent["call_id"].astype(str).to_list()
    assert "it is parquet, the mapping says csv" in calls.said


def test_a_call_is_at_the_instant_that_its_countys_clock_means(calls):
    local = calls.sent["timeStamp"]

    assert (calls.rows["contact_local"] == local.astype("datetime64[us]")).all()
    utc = local.dt.tz_localize("America/New_York").dt.tz_convert("UTC").dt.tz_localize(None)
    assert (calls.rows["contact_utc"] == utc.astype("datetime64[us]")).all()


def test_a_call_is_where_the_file_says_but_for_points_far_from_the_county(calls):
    near = calls.sent["lng"].between(-80, -70)
    east, north = metres(calls.sent["lng"], calls.sent["lat"], "EPSG:32618")

    assert far_apart(calls.rows["easting_m"][near], east[near]) == 0
    assert far_apart(calls.rows["northing_m"][near], north[near]) == 0
    assert calls.rows["easting_m"][~near].isna().all()
    assert set(calls.problems) <= {("latitude", "out_of_range")}
    assert calls.problems.total() == calls.findings["V25"] == (~near).sum() <= 4


def test_a_call_names_its_township_or_another_county(calls):
    township = calls.sent["twp"].where(~calls.sent["twp"].fillna("").str.endswith("COUNTY"))

    assert calls.rows["place_area"].fillna("").to_list() == township.fillna("").to_list()


@pytest.mark.slow
def test_several_months_in_one_file_are_refused_and_the_refusal_says_so(all_calls, shared, tmp_path):
    region = region_of("montgomery", shared, tmp_path)
    path = shared / "data" / "city" / "montgomery_pa_911_2015_2016.parquet"
    months = len(set(months_of(all_calls, "timeStamp").to_pylist()))

    told = preventable(
        "check", path, "--region", region, "--provider", "ems-montgomery", expect=3,
        PREVENTABLE_POLICY=os.pathsep.join(map(str, policy_folders("montgomery"))),
    ).stdout  # fmt: skip

    assert "Q405" in told
    assert f"its records lie in {months} months" in " ".join(told.split())


# --- Seattle: responses of the police -----------------------------------------------------------

_OWN_WORDS = {
    "ASSAULTS": "assault", "DISTURBANCES": "disturbance", "DRIVE BY (NO INJURY)": "drive_by_shooting",
    "HOMICIDE": "homicide", "ROBBERY": "robbery", "THREATS, HARASSMENT": "threats_harassment",
    "WEAPONS CALLS": "weapons",
}  # fmt: skip


@pytest.fixture(scope="module", params=all_or_changes("twelve months", ("2015-11",)))
def responses(request, shared, tmp_path_factory) -> Taken:
    path = shared / "data" / "city" / "seattle_police_911_2015.parquet"
    if not path.is_file():
        pytest.skip("the responses of Seattle are not in ../shared/data/city")
    folder = tmp_path_factory.mktemp("responses")
    files = write_parquet_months(pq.read_table(path), "at_scene_time", folder / "files", request.param)
    return taken("seattle", files, "police-seattle", read_back(files), shared, folder)


def test_every_response_is_a_record_but_for_those_that_the_screen_holds_back(responses):
    stopped = responses.problems["place_text", "personal_data"]

    assert responses.outcomes["accepted"] == len(responses.sent) - stopped
    assert responses.outcomes["quarantined"] == responses.findings["V13"] == stopped
    assert responses.rows["source_record_id"].nunique() == len(responses.sent)


def test_a_response_has_the_category_and_the_point_of_the_file(responses):
    words = responses.sent["event_clearance_group"].map(lambda group: _OWN_WORDS.get(group, "other"))
    east, north = metres(responses.sent["longitude"], responses.sent["latitude"], "EPSG:32610")

    assert responses.rows["record_category"].to_list() == words.to_list()
    assert far_apart(responses.rows["easting_m"], east) == 0
    assert far_apart(responses.rows["northing_m"], north) == 0


def test_a_response_in_the_hour_that_the_clock_showed_twice_is_marked_and_taken_as_the_earlier(responses):
    local = responses.sent["at_scene_time"]
    clock = local.dt.tz_localize("America/Los_Angeles", ambiguous=np.ones(len(local), bool))
    twice = local.between("2015-11-01 01:00:00", "2015-11-01 01:59:59").sum()

    assert responses.problems["contact", "clock_fold"] == twice == 34
    utc = clock.dt.tz_convert("UTC").dt.tz_localize(None)
    assert (responses.rows["contact_utc"] == utc.astype("datetime64[us]")).all()


def test_blocks_pass_the_screen_for_personal_data(responses):
    """18 of 91,067 are stopped: streets that are called like persons and end in "WY", and two long numbers."""
    blocks = responses.rows.merge(responses.texts, on=["place_text_id", "month"], how="left")
    kept = blocks["text"].to_numpy() == responses.sent["hundred_block_location"].str.split().str.join(" ")

    assert (~kept).sum() == responses.problems["place_text", "personal_data"] <= 18
