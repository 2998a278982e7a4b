"""The two commands: they find a Python, make .venv once from the locks, and hand everything on."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from repository import ROOT

# A build backend of the standard library alone, so that the tests need no network.
BACKEND = """
import pathlib, zipfile

def _wheel(folder):
    name = "preventable-0-py3-none-any.whl"
    source = pathlib.Path("src").resolve()
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr("preventable.pth", str(source))
        about = "preventable-0.dist-info/"
        wheel.writestr(about + "METADATA", "Metadata-Version: 2.1\\nName: preventable\\nVersion: 0\\n")
        wheel.writestr(about + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(about + "RECORD", "")
    return name

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _wheel(wheel_directory)

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _wheel(wheel_directory)
"""
VERB = "import os, sys; print('ran', sys.argv[1:], os.getcwd()); sys.exit(7)"


def script(name: str, root: Path):
    """A script as a module that believes its repository to be `root`."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.ROOT = root
    return module


def launcher_module(root: Path):
    """scripts/launch.py as a module that believes its repository to be `root`."""
    return script("launch", root)


def repository_in(folder: Path) -> Path:
    """A repository of the launchers, three locks and a verb that says how it was called."""
    files = {
        "requirements/run.txt": "# run\n",
        "requirements/test.txt": "# test\n",
        "requirements/spark.txt": "# spark\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": BACKEND,
        "src/preventable/__init__.py": "",
        "src/preventable/__main__.py": VERB,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "scripts" / "checks.py").write_text(VERB, encoding="utf-8")
    for name in ("preventable", "test"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def call(command: Path, *arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(command), *arguments],
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A repository whose .venv was made by its first command, and what that command said."""
    root = repository_in(tmp_path_factory.mktemp("a clone with spaces"))
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    return root, elsewhere, call(root / "preventable", "flow", "--json", "a b", cwd=elsewhere)


# --- the whole way, without network ----------------------------------------------------------


def test_first_command_says_what_it_makes_and_how_long_it_takes(made):
    _, _, first = made

    assert "making .venv (about a minute" in first.stderr
    assert "ready after" in first.stderr


def test_verb_gets_all_arguments_and_the_folder_and_its_exit_code_is_kept(made):
    _, elsewhere, first = made

    assert first.stdout.splitlines()[-1] == f"ran ['flow', '--json', 'a b'] {elsewhere}", first.stderr
    assert first.returncode == 7


def test_second_command_makes_nothing(made):
    root, elsewhere, _ = made

    second = call(root / "preventable", cwd=elsewhere)

    assert second.stderr == ""
    assert second.returncode == 7


def test_a_link_to_the_command_works(made, tmp_path):
    root, _, _ = made
    (tmp_path / "link").symlink_to(root / "preventable")

    assert call(tmp_path / "link", cwd=tmp_path).returncode == 7


def test_a_module_in_the_users_folder_does_not_shadow_ours(made, tmp_path):
    root, _, _ = made
    (tmp_path / "preventable.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")

    assert call(root / "preventable", cwd=tmp_path, PYTHONPATH=str(tmp_path)).returncode == 7


def test_the_tests_add_to_a_run_environment_without_making_it_anew(made):
    root, elsewhere, _ = made
    kept = root / ".venv" / "kept"
    kept.touch()

    added = call(root / "test", "-k", "name", cwd=elsewhere)

    assert "adding to .venv" in added.stderr
    assert added.stdout.splitlines()[-1].startswith("ran ['-k', 'name']")
    assert kept.exists()
    assert call(root / "preventable", cwd=elsewhere).stderr == ""


# --- what counts as complete -----------------------------------------------------------------


@pytest.fixture
def launch(tmp_path, monkeypatch):
    """The launcher with making and installing replaced by marks in the folder."""
    root = tmp_path / "clone"
    (root / "requirements").mkdir(parents=True)
    for lock in ("run", "test", "spark"):
        (root / "requirements" / f"{lock}.txt").write_text(lock, encoding="utf-8")
    module = launcher_module(root)

    def make_empty(environment):
        shutil.rmtree(environment.folder, ignore_errors=True)
        environment.python.parent.mkdir(parents=True)
        environment.python.touch(mode=0o755)

    def install(environment, kind):
        with (environment.folder / "installed").open("a") as log:
            log.write(f"{kind}\n")

    monkeypatch.setattr(module.Environment, "_make_empty", make_empty)
    monkeypatch.setattr(module.Environment, "_install", install)
    return module


def installed(launch) -> list[str]:
    return (launch.ROOT / ".venv" / "installed").read_text(encoding="utf-8").split()


def test_an_environment_killed_before_its_stamp_does_not_count(launch, monkeypatch):
    environment = launch.Environment(launch.ROOT)
    monkeypatch.setattr(launch.Environment, "_write_stamp", lambda *_, **__: sys.exit("killed"))

    with pytest.raises(SystemExit):
        environment.make("run")

    assert not environment.serves("run")


def test_tests_killed_while_adding_leave_a_run_environment_and_are_made_anew(launch, monkeypatch):
    environment = launch.Environment(launch.ROOT)
    environment.make("run")
    with monkeypatch.context() as patch:
        patch.setattr(launch.Environment, "_install", lambda *_: sys.exit("killed"))
        with pytest.raises(SystemExit):
            environment.make("test")

    assert environment.serves("run")
    assert not environment.serves("test")
    environment.make("test")
    assert installed(launch) == ["test"]


def test_the_test_set_serves_both_commands(launch):
    environment = launch.Environment(launch.ROOT)

    environment.make("test")

    assert environment.serves("run")
    assert environment.serves("test")


@pytest.mark.parametrize("lock", ["run", "test", "spark"])
def test_a_changed_lock_makes_the_environment_anew(launch, lock):
    environment = launch.Environment(launch.ROOT)
    environment.make("test")

    (launch.ROOT / "requirements" / f"{lock}.txt").write_text("changed", encoding="utf-8")

    assert not environment.serves("test")
    assert environment.serves("run") is (lock != "run")


def test_a_moved_folder_makes_the_environment_anew(launch):
    launch.Environment(launch.ROOT).make("run")
    moved = launch.ROOT.with_name("moved")
    launch.ROOT.rename(moved)

    assert not launch.Environment(moved).serves("run")


def test_another_python_makes_the_environment_anew(launch, monkeypatch):
    launch.Environment(launch.ROOT).make("run")

    monkeypatch.setattr(launch.platform, "python_version", lambda: "3.99.0")

    assert not launch.Environment(launch.ROOT).serves("run")


def test_an_environment_whose_python_is_gone_is_made_anew(launch):
    environment = launch.Environment(launch.ROOT)
    environment.make("run")

    environment.python.unlink()

    assert not environment.serves("run")


def test_two_launches_at_once_make_one_environment(launch, monkeypatch):
    monkeypatch.setattr(launch.os, "execve", lambda *_: None)
    launches = [threading.Thread(target=launch.main, args=(["run"],)) for _ in range(4)]

    for thread in launches:
        thread.start()
    for thread in launches:
        thread.join()

    assert installed(launch) == ["run"]


# --- trouble is told in a sentence ------------------------------------------------------------


def test_pips_own_words_are_repeated_and_its_settings_named(tmp_path, monkeypatch):
    root = tmp_path / "clone"
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 'No matching distribution'; exit 1\n", encoding="utf-8")
    python.chmod(0o755)
    launch = launcher_module(root)

    with pytest.raises(launch.SetUpFailed) as refusal:
        launch.Environment(root)._install("run")

    assert "No matching distribution" in str(refusal.value)
    assert "pip config list" in str(refusal.value)


def test_an_environment_that_cannot_be_removed_is_told_with_its_reason(tmp_path, monkeypatch):
    (tmp_path / ".venv").mkdir()
    launch = launcher_module(tmp_path)

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(launch.shutil, "rmtree", refuse)

    with pytest.raises(launch.SetUpFailed, match="permission denied.*clone it into a folder of your own"):
        launch.Environment(tmp_path)._make_empty()


def test_pip_keeps_the_users_settings_and_requires_hashes(tmp_path, monkeypatch):
    root = tmp_path / "clone"
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "$PIP_INDEX_URL $*" >> "{root}/calls"\n', encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setenv("PIP_INDEX_URL", "the-users-mirror")

    launcher_module(root).Environment(root)._install("run")

    packages, ours = (root / "calls").read_text(encoding="utf-8").splitlines()
    assert packages.startswith("the-users-mirror ")
    assert packages.endswith("--require-hashes --only-binary :all: -r requirements/run.txt")
    assert ours.endswith("--no-index --no-deps --no-build-isolation -e .")


def test_the_tests_install_the_second_engine_last_and_build_its_client_with_what_is_locked(
    tmp_path, monkeypatch
):
    launch = launcher_module(tmp_path)
    calls = []
    monkeypatch.setattr(
        launch.Environment, "_pip", lambda self, trouble, remedy, *options: calls.append(options)
    )

    launch.Environment(tmp_path)._install("test")

    assert [options[-1] for options in calls] == ["requirements/test.txt", "requirements/spark.txt", "."]
    assert all("--require-hashes" in options and ":all:" in options for options in calls[:2])
    assert "--no-binary" not in calls[0]
    assert calls[1][3:6] == ("--no-binary", "pyspark-client", "--no-build-isolation")


@pytest.fixture
def machine(tmp_path):
    """A machine with the few programs of the launchers, and the Pythons that a test puts there."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name in ("dirname", "readlink"):
        (bin_folder / name).symlink_to(shutil.which(name))

    def with_python(name: str, script: str) -> None:
        (bin_folder / name).write_text(textwrap.dedent(script), encoding="utf-8")
        (bin_folder / name).chmod(0o755)

    return bin_folder, with_python


OLD = "#!/bin/sh\nexit 1\n"
WITHOUT_VENV = '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; *) exit 0 ;; esac\n'
GOOD = '#!/bin/sh\ncase "$*" in *-c*) exit 0 ;; *) echo "$0" ;; esac\n'


@pytest.mark.parametrize("command", ["preventable", "test"])
@pytest.mark.parametrize(
    ("pythons", "words"),
    [
        ({}, "no Python 3.11 or newer was found"),
        ({"python3": OLD}, "no Python 3.11 or newer was found"),
        ({"python3": WITHOUT_VENV}, "has no venv module"),
        ({"python3": WITHOUT_VENV, "python3.12": OLD}, "apt install python3-venv"),
    ],
)
def test_a_machine_without_a_fit_python_gets_one_sentence_with_the_remedy(machine, command, pythons, words):
    bin_folder, with_python = machine
    for name, script in pythons.items():
        with_python(name, script)

    result = call(ROOT / command, cwd=bin_folder, PATH=str(bin_folder))

    assert words in result.stderr
    assert "install" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.returncode == 2


def test_a_newer_python_is_found_beside_an_old_one(machine):
    bin_folder, with_python = machine
    with_python("python3", OLD)
    with_python("python3.13", GOOD)

    result = call(ROOT / "preventable", cwd=bin_folder, PATH=str(bin_folder))

    assert result.stdout.strip().endswith("python3.13")


@pytest.mark.parametrize("name", ["preventable", "test", ".ci/run", "scripts/lock", "scripts/spark4"])
def test_commands_are_executable(name):
    assert os.access(ROOT / name, os.X_OK)


def test_ci_calls_exactly_the_test_command_and_requires_every_part():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert lines[-1] == 'exec ./test "$@"'
    assert "export PREVENTABLE_REQUIRE_ALL=1" in lines


# --- sharing the tests out -------------------------------------------------------------------


@pytest.fixture
def checks(monkeypatch):
    """scripts/checks.py on a machine of two cores."""
    module = script("checks", ROOT)
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    return module


def test_every_core_gets_whole_test_files(checks):
    assert checks.shared_out(["-x"]) == ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]


def test_a_machine_of_one_core_shares_nothing_out(checks, monkeypatch):
    monkeypatch.setattr(checks.os, "sched_getaffinity", lambda _: {0}, raising=False)

    assert checks.shared_out([]) == []


@pytest.mark.parametrize("option", ["-n0", "--numprocesses=3", "--pdb"])
def test_who_says_how_to_share_is_obeyed(checks, option):
    assert checks.shared_out([option]) == []
