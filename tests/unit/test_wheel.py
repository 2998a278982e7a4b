"""The wheel is whole: from an empty folder it runs the demo and makes the packs that the source makes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from repository import PACKAGE, ROOT, repository_files

from preventable.pipeline import STEPS

#: The command line as `preventable` starts it; afterwards tells where each module of ours came from.
TELLING = """
import json, sys
from preventable.__main__ import main
try:
    main()
finally:
    ours = {name: module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == "preventable"}
    print("\\n" + json.dumps(ours), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def packs_of(home: Path) -> dict[str, str]:
    """Each file of the packs below its release, with its hash."""
    (release,) = (home / "released" / "packs").iterdir()
    return {
        path.relative_to(release).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(release.rglob("*"))
        if path.is_file()
    }


def bare_environment(home: Path, **more: str) -> dict[str, str]:
    """No setting of the user, no path to the source: an empty home and what the machine needs."""
    return {"HOME": str(home), "PATH": os.defpath, "LANG": "C", **more}


def test_the_wheel_holds_every_file_of_the_package_and_the_policy(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())

    wanted = {
        path.relative_to("src") for path in repository_files() if path.parts[:2] == ("src", PACKAGE.name)
    }
    wanted |= {PACKAGE.name / path for path in repository_files() if path.parts[0] == "policy"}
    assert sorted(path.as_posix() for path in wanted if path.as_posix() not in held) == []


@pytest.mark.slow
def test_the_demo_of_the_wheel_in_an_empty_folder_makes_the_packs_of_the_source(wheel, tmp_path, demo):
    site, empty = tmp_path / "site", tmp_path / "empty"
    zipfile.ZipFile(wheel).extractall(site)
    empty.mkdir()

    done = subprocess.run(
        [sys.executable, "-P", "-c", TELLING, "demo", "--quick", "--home", str(tmp_path / "home")],
        cwd=empty,
        env=bare_environment(empty, PYTHONPATH=str(site)),
        capture_output=True,
        text=True,
        check=True,
    )

    modules = json.loads(done.stderr.splitlines()[-1])
    assert len(modules) > 60
    assert [name for name, file in modules.items() if not Path(file).is_relative_to(site)] == []
    assert [step.name for step in STEPS if not re.search(rf"(?m)^{step.name} .* s$", done.stdout)] == []
    assert packs_of(tmp_path / "home") == packs_of(demo.home)
    assert list(empty.iterdir()) == []


@pytest.mark.slow
def test_the_wheel_installed_with_its_locked_dependencies_makes_the_packs_of_the_source(
    wheel, tmp_path, demo
):
    """Needs the package index that pip is set to."""
    empty, python = tmp_path / "empty", tmp_path / "venv" / "bin" / "python"
    empty.mkdir()
    locked = ["--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "requirements" / "run.txt")]
    for command in (
        [sys.executable, "-I", "-m", "venv", str(tmp_path / "venv")],
        [str(python), "-I", "-m", "pip", "install", "--quiet", *locked],
        [str(python), "-I", "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)],
    ):
        subprocess.run(command, cwd=empty, check=True, capture_output=True)

    done = subprocess.run(
        [str(python.with_name("preventable")), "demo", "--quick", "--home", str(tmp_path / "home")],
        cwd=empty,
        env=bare_environment(empty),
        capture_output=True,
        text=True,
        check=True,
    )

    assert "Packs for 21 partners" in done.stdout
    assert packs_of(tmp_path / "home") == packs_of(demo.home)
    assert list(empty.iterdir()) == []
