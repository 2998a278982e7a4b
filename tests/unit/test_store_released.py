"""A release appears whole: all its files at once, or the one before."""

import contextlib
import shutil
import subprocess

import pytest

from preventable.errors import DamagedFileError, UsageError
from preventable.store import listing, released
from preventable.store.home import create_home
from preventable.store.released import holds_release, recover_packs, verify_packs, write_packs

FILES = {"partner-a/pack.html": b"<p>", "partner-a/figures.csv": b"a,b", "partner-b/pack.html": b"<q>"}


@pytest.fixture
def home(tmp_path):
    return create_home(tmp_path / "home", demo_seed=1)


def contents_of(home):
    """What a person finds below the folder of packs, the list of sha256 apart."""
    files = (path for path in home.packs.rglob("*") if path.is_file())
    return [path.read_bytes() for path in files if path.name != listing.NAME]


def test_files_stand_where_they_are_said_to(home):
    paths = write_packs(home, "2025-12-ab", FILES)

    assert {
        path.relative_to(home.packs / "2025-12-ab").as_posix(): path.read_bytes() for path in paths
    } == FILES


def test_the_same_release_again_writes_nothing(home):
    first = [path.stat().st_ino for path in write_packs(home, "r", FILES)]

    assert [path.stat().st_ino for path in write_packs(home, "r", FILES)] == first


def test_a_release_made_anew_holds_no_old_file(home):
    write_packs(home, "r", FILES)

    write_packs(home, "r", {"partner-a/pack.html": b"new"})

    assert contents_of(home) == [b"new"]


def test_a_release_with_another_content_in_a_file_of_the_same_name_is_made_anew(home):
    write_packs(home, "r", FILES)

    (path, *_) = write_packs(home, "r", {**FILES, "partner-a/figures.csv": b"a,c"})

    assert path.read_bytes() == b"a,c"


@pytest.mark.parametrize("path", ["../key", "/etc/x", "a/../../x", "", ".hidden/x"])
def test_a_path_out_of_the_release_is_refused(home, path):
    with pytest.raises(UsageError):
        write_packs(home, "r", {path: b""})

    assert list(home.packs.iterdir()) == []


@pytest.mark.parametrize("release", ["../r", "a/b", "", ".r"])
def test_the_name_of_a_release_is_one_folder(home, release):
    with pytest.raises(UsageError):
        write_packs(home, release, FILES)


@pytest.mark.parametrize("cut", range(12))
def test_cut_short_anywhere_the_old_or_the_new_release_stands(home, monkeypatch, cut):
    write_packs(home, "r", {"a/x": b"old"})
    left = [cut]

    def counted(real):
        def call(*arguments, **options):
            left[0] -= 1
            if left[0] < 0:
                raise OSError(5, "cut")
            return real(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("write_atomically", "make_folders", "fsync_folder", "_remove_folder"):
            patch.setattr(released, name, counted(getattr(released, name)))
        patch.setattr(type(home.packs), "rename", counted(type(home.packs).rename))
        with contextlib.suppress(OSError):
            write_packs(home, "r", {"a/x": b"new", "a/y": b"new"})

    recover_packs(home)

    assert [path.name for path in home.packs.iterdir()] == ["r"]
    contents = set(contents_of(home))
    assert contents in ({b"old"}, {b"new"})
    assert len(list((home.packs / "r" / "a").iterdir())) == (1 if contents == {b"old"} else 2)


def test_the_list_of_a_release_is_what_sha256sum_reads(home):
    write_packs(home, "r", FILES)

    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", listing.NAME],
        cwd=home.packs / "r",
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len((home.packs / "r" / listing.NAME).read_text().splitlines()) == len(FILES)


@pytest.mark.parametrize("damage", ["changed", "missing", "foreign", "no list"])
def test_packs_that_are_not_as_they_were_written_are_found_and_not_written_over(home, damage):
    path = write_packs(home, "r", FILES)[0]
    if damage == "changed":
        path.write_bytes(b"a,B")
    elif damage == "missing":
        path.unlink()
    elif damage == "foreign":
        path.with_name("letter.txt").write_bytes(b"mine")
    else:
        (home.packs / "r" / listing.NAME).unlink()

    with pytest.raises(DamagedFileError, match="packs/r/"):
        verify_packs(home)
    with pytest.raises(DamagedFileError):
        write_packs(home, "r", FILES)


def test_a_release_that_was_taken_away_is_made_again(home):
    write_packs(home, "r", FILES)
    shutil.rmtree(home.packs / "r")

    assert not holds_release(home, "r")
    write_packs(home, "r", FILES)

    assert holds_release(home, "r")
