"""Locks carry names, versions and hashes, never a host (docs/decisions/locks.md)."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path

import pytest
from repository import ROOT, repository_files, text_of

LOCKS = [Path("requirements/run.txt"), Path("requirements/test.txt"), Path("requirements/spark.txt")]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", re.IGNORECASE)
OPTION = re.compile(
    r"(?m)^\s*(-i|-f|-e|--index-url|--extra-index-url|--find-links|--trusted-host|--editable|--no-index)\b"
)
ABSOLUTE_PATH = re.compile(r"#.*?(?<![\w.])(/[A-Za-z]|[A-Za-z]:\\)")
INDEX_HOST = re.compile(
    r"pypi\.org|pythonhosted|npmjs|yarnpkg|deb\.debian|archive\.ubuntu|crates\.io"
    r"|://|--(extra-)?(index-url|find-links|trusted-host|registry)\b|\b(index-url|find-links|trusted-host|registry) ?=",
    re.IGNORECASE,
)


def lock_faults(text: str) -> list[str]:
    """What a lock file may not hold, in words; empty when it is clean."""
    faults = [f"holds {word!r}" for word in ("://", "file:", " @ ") if word in text]
    faults += [f"has the option {found.group(1)}" for found in OPTION.finditer(text)]
    faults += [
        f"line {n} names an absolute path"
        for n, line in enumerate(text.splitlines(), 1)
        if ABSOLUTE_PATH.search(line)
    ]
    for requirement in requirements(text):
        if not PIN.match(requirement):
            faults.append(f"not pinned: {requirement.split()[0]}")
        elif "--hash=sha256:" not in requirement:
            faults.append(f"no hash: {requirement.split()[0]}")
    return faults


def requirements(text: str) -> list[str]:
    """Each requirement with its continued lines, comments left out."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [entry for entry in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines() if entry.strip()]


def pins(path: Path) -> dict[str, str]:
    """Package name to version."""
    found = (
        PIN.match(requirement) for requirement in requirements((ROOT / path).read_text(encoding="utf-8"))
    )
    return {pin.group(1).lower(): pin.group(2) for pin in found if pin}


@pytest.mark.parametrize("path", LOCKS, ids=str)
def test_lock_holds_pins_and_hashes_alone(path):
    assert lock_faults((ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url example",
        "--extra-index-url=example",
        "-f wheels",
        "-e .",
        "--trusted-host example",
        "duckdb @ file:" + "///wheels/duckdb.whl --hash=sha256:00",
        "duckdb==2.0.0",
        "duckdb>=2 --hash=sha256:00",
        "duckdb==2.0.0 --hash=sha256:00\n    # via -r /srv/build/pyproject.toml",
        "duckdb==2.0.0 --hash=sha256:00  # from https" + "://example.org",
    ],
)
def test_guard_of_locks_finds_what_is_forbidden(line):
    assert lock_faults(f"{line}\n") != []


def test_other_locks_hold_every_run_pin_unchanged():
    run, test, spark = (pins(path) for path in LOCKS)

    assert run
    assert {name: test.get(name) for name in run} == run
    assert {name: spark.get(name) for name in run} == run


def test_no_package_has_two_versions_in_the_set_of_the_tests():
    _, test, spark = (pins(path) for path in LOCKS)

    assert {name: spark[name] for name in spark if test.get(name, spark[name]) != spark[name]} == {}


@pytest.mark.parametrize("path", LOCKS, ids=str)
def test_every_pin_has_the_hashes_of_several_files_or_of_a_pure_wheel(path):
    """A find-links setting once shortened a lock to the one local file (docs/decisions/locks.md)."""
    text = (ROOT / path).read_text(encoding="utf-8")

    single = [r.split()[0] for r in requirements(text) if r.count("--hash=sha256:") < 1]
    compiled = [
        r for r in requirements(text) if r.startswith(("duckdb==", "numpy==", "pyarrow==", "scipy=="))
    ]

    assert single == []
    assert compiled
    assert all(r.count("--hash=sha256:") >= 10 for r in compiled)


def test_build_backends_are_locked_so_that_a_build_needs_no_network():
    """Ours is built by hatchling, pyspark-client, the one source in the locks, by setuptools."""
    assert all({"hatchling", "setuptools"} <= set(pins(path)) for path in LOCKS)


def addresses(lock: object) -> list[str]:
    """Every place of an npm lock, of any version of its format, that records where a package came from."""
    if isinstance(lock, dict):
        own = [str(lock["resolved"])] if "resolved" in lock else []
        return own + [found for part in lock.values() for found in addresses(part)]
    return []


def test_npm_locks_name_no_address():
    locks = [path for path in repository_files() if path.name in {"package-lock.json", "npm-shrinkwrap.json"}]

    assert [str(path) for path in locks if addresses(json.loads((ROOT / path).read_text("utf-8")))] == []


@pytest.mark.parametrize("place", ["packages", "dependencies"])
def test_guard_of_npm_locks_finds_an_address(place):
    entry = {"version": "1.0.0", "resolved": "where it was fetched"}

    assert addresses({place: {"a": {"version": "2.0.0", "dependencies": {"b": entry}}}}) != []


@pytest.mark.parametrize(
    "line",
    [
        "FROM registry.npmjs" + ".org/node",
        "index-url = a-mirror",
        "pip install --find-links=wheels",
        "curl https" + "://a-mirror/x",
        "registry=a-mirror",
    ],
)
def test_guard_of_machine_files_finds_an_index_host(line):
    assert INDEX_HOST.search(line)


def test_machine_files_name_no_index_host():
    """Launchers, CI, container and project files leave the choice of a mirror to the machine."""
    names = {"pyproject.toml", "preventable", "test", "Dockerfile", "compose.yaml", ".npmrc"}
    machine = [
        path
        for path in repository_files()
        if path.parts[0] in {".ci", ".github", "scripts", "requirements"} or path.name in names
    ]

    assert machine
    # The name of SVG's elements looks like an address and is none.
    texts = {path: (text_of(path) or "").replace("http://www.w3.org/2000/svg", "") for path in machine}
    assert [str(path) for path in machine if INDEX_HOST.search(texts[path])] == []


def test_uv_lock_is_ignored():
    assert "uv.lock" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()


FREE = re.compile(
    r"MIT|BSD|Apache|\bISC\b|PSF|Python Software Foundation|MPL|Mozilla|Zlib|CC0|Unlicense|Public Domain",
    re.IGNORECASE,
)
#: A package that states no licence in its metadata, and the first line of the licence file that it ships.
STATED_IN_A_FILE = {"axe-playwright-python": "MIT License"}


def stated_licence(name: str) -> str | None:
    """What an installed package says of its licence; None where it is not installed on this system."""
    try:
        about = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    # Of a whole licence text the first line: below stand the licences of libraries that a wheel carries.
    stated = [about.metadata["License-Expression"] or "", *(about.metadata["License"] or "").splitlines()[:1]]
    stated += [line for line in about.metadata.get_all("Classifier") or [] if line.startswith("License")]
    if name in STATED_IN_A_FILE:
        licences = [file for file in about.files or [] if file.name.startswith("LICENSE")]
        stated += [file.read_text().splitlines()[0] for file in licences]
    return " ".join(stated)


def test_every_locked_package_states_a_free_licence():
    stated = {name: stated_licence(name) for path in LOCKS for name in pins(path)}

    assert [name for name, words in stated.items() if words is not None and not FREE.search(words)] == []


def test_nothing_that_runs_with_us_is_under_the_gpl():
    stated = {name: stated_licence(name) for path in (LOCKS[0], LOCKS[2]) for name in pins(path)}

    assert [name for name, words in stated.items() if re.search(r"\bA?GPL|General Public", words or "")] == []
