"""The same seed writes the same bytes, wherever and whenever."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from preventable.invented.region import build_region, write_region
from preventable.tables.region import REGION_TABLES

SCRIPT = """
import sys
from pathlib import Path
from preventable.invented.region import build_region, write_region
region = build_region(seed=7, months=3, first_month="2025-10", last_month="2025-12")
write_region(region, Path(sys.argv[1]))
"""


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("here") / "region"
    write_region(build_region(seed=7, months=3, first_month="2025-10", last_month="2025-12"), folder)
    return folder


def test_a_folder_holds_every_table_and_region_toml(written):
    assert set(digests(written)) == {f"{table.name}.parquet" for table in REGION_TABLES} | {"region.toml"}
    for table in REGION_TABLES:
        assert pq.read_schema(written / f"{table.name}.parquet").equals(table.arrow_schema())


def test_a_folder_whose_writing_was_cut_short_says_whose_it_is(written, tmp_path, monkeypatch):
    def killed(*_, **__):
        raise InterruptedError

    monkeypatch.setattr(pq, "write_table", killed)
    region = build_region(seed=7, months=3, first_month="2025-10", last_month="2025-12")
    with pytest.raises(InterruptedError):
        write_region(region, tmp_path)

    assert (tmp_path / "region.toml").read_bytes() == (written / "region.toml").read_bytes()


def test_region_toml_says_that_the_county_is_invented(written):
    about = tomllib.loads((written / "region.toml").read_text(encoding="utf-8"))

    assert about["invented"] is True
    assert about["name"] == "Zedshire"
    assert (about["first_month"], about["last_month"]) == ("2025-10", "2025-12")
    assert "Invented" in about["licence"]


@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "1", "LC_ALL": "C"},
        {"TZ": "America/St_Johns", "PYTHONHASHSEED": "4242", "LC_ALL": "tr_TR.UTF-8"},
    ],
    ids=["east", "west"],
)
def test_time_zone_locale_hash_seed_and_folder_change_no_byte(written, tmp_path, environment):
    folder = tmp_path / "somewhere else" / "región"
    environment = {**os.environ, "PYTHONUTF8": "1", **environment}

    subprocess.run([sys.executable, "-c", SCRIPT, str(folder)], check=True, cwd=tmp_path, env=environment)

    assert digests(folder) == digests(written)


def test_another_seed_is_another_county(written, tmp_path):
    write_region(build_region(seed=8, months=3, first_month="2025-10", last_month="2025-12"), tmp_path)
    here, there = digests(written), digests(tmp_path)

    assert {name for name in here if here[name] == there[name]} == {"partners.parquet", "calendar.parquet"}
