"""The wheel is whole: it runs from an empty folder, with policy, rules and templates inside."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from repository import PACKAGE, ROOT, repository_files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_every_file_of_the_package_and_the_policy(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())

    wanted = {
        path.relative_to("src") for path in repository_files() if path.parts[:2] == ("src", PACKAGE.name)
    }
    wanted |= {PACKAGE.name / path for path in repository_files() if path.parts[0] == "policy"}
    assert sorted(path.as_posix() for path in wanted if path.as_posix() not in held) == []


def test_the_wheel_runs_from_an_empty_folder_and_finds_its_policy(wheel, tmp_path):
    site, empty = tmp_path / "site", tmp_path / "empty"
    zipfile.ZipFile(wheel).extractall(site)
    empty.mkdir()
    show = "import preventable, preventable.settings as s; print(preventable.__file__, len(s.load_policy().definitions))"

    done = subprocess.run(
        [sys.executable, "-P", "-c", show],
        cwd=empty,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )

    where, definitions = done.stdout.rsplit(maxsplit=1)
    assert Path(where).is_relative_to(site)
    assert int(definitions) == len(list((ROOT / "policy" / "definitions").glob("*.toml")))
