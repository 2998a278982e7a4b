"""docs/how-to/restore.md: its own lines, typed as they stand, bring a damaged home back."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import preventable_here

from preventable.store.home import open_home
from preventable.store.session import home_checksums

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "restore.md"


def lines_under(heading):
    """Lines of the shell blocks of one section."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return [
        line for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) for line in block.splitlines()
    ]


def typed(lines, clone, **names):
    """Type lines in the clone's folder; the last one's end and output."""
    for line in lines:
        for name, value in names.items():
            line = line.replace(name, value)
        command = line.replace("./preventable", f"{sys.executable} -m preventable")
        done = subprocess.run(
            ["bash", "-c", command], cwd=clone, capture_output=True, text=True, check=False, env=os.environ
        )
        if "doctor" not in line:
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done


def home_is_sound(home):
    told = preventable_here("doctor", "--home", home).stdout
    return "data files as they were written" in told and "MEND" not in told


@pytest.fixture
def clone(demo, tmp_path):
    """A folder to type in; beside it a home, a sound copy made as the page says, and what suppliers sent."""
    demo.copied_to(tmp_path / "home", without=["demo"])
    shutil.copytree(demo.invented / "submissions", tmp_path / "submissions")
    (tmp_path / "clone").mkdir()
    done = typed(lines_under("Keep a copy"), tmp_path / "clone")
    assert "state" in done.stdout
    return tmp_path / "clone"


def state(home):
    return home_checksums(open_home(home))["state"]


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_one_file_comes_back_from_the_copy(clone, tmp_path):
    lines = lines_under("A file is damaged")
    flip(tmp_path / "home" / "restricted" / "region" / "areas.parquet")
    found = typed(lines[:1], clone)
    assert found.returncode == 1
    assert "H201  region/areas.parquet" in found.stdout

    typed(lines[1:3], clone)

    assert home_is_sound(tmp_path / "home")


def test_a_damaged_pack_is_found_and_made_again_byte_for_byte(clone, tmp_path):
    lines = lines_under("A file is damaged")
    (release,) = (tmp_path / "home" / "released" / "packs").iterdir()
    before = {path: path.read_bytes() for path in sorted(release.rglob("*")) if path.is_file()}
    flip(next(path for path in before if path.suffix == ".html"))
    refused = preventable_here("packs", "--home", tmp_path / "home", expect=1)
    assert refused.stderr.startswith(f"H201  packs/{release.name}/")

    typed(lines[3:], clone, RELEASE=release.name)

    assert home_is_sound(tmp_path / "home")
    assert {path: path.read_bytes() for path in sorted(release.rglob("*")) if path.is_file()} == before


def test_the_whole_home_goes_back_and_ends_in_the_same_state(clone, tmp_path):
    before = state(tmp_path / "home")
    ledger = tmp_path / "home" / "restricted" / "ledger.sqlite"
    ledger.write_bytes(b"torn" + ledger.read_bytes()[4:])
    assert "H201  ledger.sqlite" in preventable_here("doctor", "--home", tmp_path / "home", expect=1).stdout

    typed(lines_under("The whole home goes back"), clone)

    assert home_is_sound(tmp_path / "home")
    assert state(tmp_path / "home") == before
