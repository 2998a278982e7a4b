"""A home: its key, its region, its lock, and what is no home."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_home import ED, MAPPINGS, small_home, write_region

from preventable.errors import (
    DamagedFileError,
    EarlierHomeError,
    HomeBusyError,
    NoHomeError,
    NoRegionError,
    SchemaError,
    UnknownProviderError,
    UsageError,
)
from preventable.store import home as home_module
from preventable.store.home import APPROVALS, create_home, open_home
from preventable.store.session import writing
from preventable.tables import REGION_TABLES


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_demo_home_derives_a_marked_key_from_its_seed(tmp_path):
    first = create_home(tmp_path / "a", demo_seed=7).pseudonym_key()
    again = create_home(tmp_path / "b", demo_seed=7).pseudonym_key()
    other = create_home(tmp_path / "c", demo_seed=8).pseudonym_key()

    assert first == again != other
    assert re.fullmatch(r"demo-[0-9a-f]{8}", first[0])
    assert len(first[1]) == 32


def test_any_other_home_draws_its_key(tmp_path):
    first = create_home(tmp_path / "a").pseudonym_key()
    second = create_home(tmp_path / "b").pseudonym_key()

    assert first[1] != second[1]
    assert re.fullmatch(r"key-[0-9a-f]{8}", first[0])


def test_the_key_and_its_folder_are_private(tmp_path):
    home = create_home(tmp_path / "home")

    assert mode(home.restricted / "key") == 0o600
    assert mode(home.restricted) == 0o700


def test_a_key_that_was_changed_is_found(tmp_path):
    home = create_home(tmp_path / "home")
    (home.restricted / "key").write_text("00" * 32)

    with pytest.raises(DamagedFileError):
        home.pseudonym_key()


def test_a_home_opens_as_it_was_made(tmp_path):
    made = create_home(tmp_path / "home", demo_seed=1)

    assert open_home(tmp_path / "home") == made


@pytest.mark.parametrize("there", [False, True])
def test_a_folder_without_the_marker_is_no_home(tmp_path, there):
    if there:
        (tmp_path / "home" / "restricted").mkdir(parents=True)

    with pytest.raises(NoHomeError):
        open_home(tmp_path / "home")


def test_a_home_whose_making_was_cut_short_is_none_and_can_be_made_again(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(home_module, "_marker", fail)
        with pytest.raises(OSError, match="no space"):
            create_home(tmp_path / "home")

    with pytest.raises(NoHomeError):
        open_home(tmp_path / "home")
    assert create_home(tmp_path / "home").pseudonym_key() == open_home(tmp_path / "home").pseudonym_key()


def test_a_home_is_not_made_over_another_or_among_other_things(tmp_path):
    create_home(tmp_path / "home")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("mine")

    for folder in ("home", "letters"):
        with pytest.raises(UsageError):
            create_home(tmp_path / folder)


def test_git_does_not_see_what_is_in_a_home(tmp_path):
    """A home inside a clone: key and records must not be committed by a careless `git add`."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    create_home(tmp_path / "home")

    subprocess.run(["git", "-C", str(tmp_path), "add", "."], check=True)

    staged = subprocess.run(
        ["git", "-C", str(tmp_path), "ls-files"], capture_output=True, text=True, check=True
    )
    assert staged.stdout == ""


def test_a_git_ignore_of_somebody_elses_is_not_written_over(tmp_path):
    (tmp_path / ".gitignore").write_text("*.bak\n", encoding="utf-8")

    with pytest.raises(UsageError, match="the folder holds other things"):
        create_home(tmp_path)

    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "*.bak\n"


def test_the_region_is_given_once_and_the_same_again_changes_nothing(tmp_path):
    home = small_home(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in home.region.iterdir()}

    home.give_region(tmp_path / "region")

    assert {path: path.stat().st_mtime_ns for path in home.region.iterdir()} == before
    assert set(home.region_tables()) == {table.name for table in REGION_TABLES}
    assert home.region_about()["name"] == "Testshire"


def test_a_second_region_is_refused(tmp_path):
    home = small_home(tmp_path)

    with pytest.raises(UsageError):
        home.give_region(write_region(tmp_path / "other", name="Othershire"))


def test_a_home_without_a_region_says_so(tmp_path):
    with pytest.raises(NoRegionError):
        create_home(tmp_path / "home").region_tables()


def test_a_region_with_a_wrong_column_is_refused_and_not_kept(tmp_path):
    region = write_region(tmp_path / "region")
    pq.write_table(pa.table({"street": ["S1"]}), region / "streets.parquet")
    home = create_home(tmp_path / "home")

    with pytest.raises(SchemaError):
        home.give_region(region)

    assert not home.has_region()


def test_a_flipped_bit_in_the_homes_region_is_found(tmp_path):
    home = small_home(tmp_path)
    for path in sorted(home.region.glob("*.parquet")):
        sound = path.read_bytes()
        path.write_bytes(bytes([*sound[:9], sound[9] ^ 1, *sound[10:]]))

        with pytest.raises(DamagedFileError):
            home.region_tables()

        path.write_bytes(sound)


def test_the_home_needs_the_regions_folder_no_more(tmp_path):
    home = small_home(tmp_path)
    shutil.rmtree(tmp_path / "region")

    assert home.region_table("providers").num_rows == 2
    assert [mapping["version"] for mapping in home.mappings(ED)] == [1]


def test_mappings_come_in_order_of_version_not_of_name(tmp_path):
    home = small_home(tmp_path)
    for version in (10, 2):
        path = tmp_path / f"{version}.toml"
        path.write_text(MAPPINGS[ED].replace("version = 1", f"version = {version}"))
        home.give_mapping(path)

    assert [mapping["version"] for mapping in home.mappings(ED)] == [1, 2, 10]


def test_mappings_of_later_are_left_where_they_are(tmp_path):
    region = write_region(tmp_path / "region")
    later = region / "mappings" / "later" / f"{ED}.v2.toml"
    later.write_text(MAPPINGS[ED].replace("version = 1", "version = 2"))
    home = create_home(tmp_path / "home")

    home.give_region(region)

    assert [mapping["version"] for mapping in home.mappings(ED)] == [1]


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("A. Tester (invented)", "B. Tester (invented)", UsageError),  # one person is not two
        ('owner = "Data standards (invented)"', "", UsageError),
        ('source = "ed"', 'source = "ed', UsageError),
        ("version = 1", "version = true", UsageError),
        (f'provider = "{ED}"', 'provider = "../key"', UsageError),
        (f'provider = "{ED}"', 'provider = "ed-elsewhere"', UnknownProviderError),
        ('"K" = "knife_sharp"', '"K" = "glass"', UsageError),  # version 1 stands already
    ],
)
def test_a_mapping_that_may_not_be_kept_is_refused(tmp_path, old, new, error):
    home = small_home(tmp_path)
    assert old in MAPPINGS[ED]
    (tmp_path / "mapping.toml").write_text(MAPPINGS[ED].replace(old, new))

    with pytest.raises(error):
        home.give_mapping(tmp_path / "mapping.toml")

    assert len(home.mappings(ED)) == 1


def test_a_second_writer_is_told_to_wait(tmp_path):
    home = create_home(tmp_path / "home")

    with home.lock(), pytest.raises(HomeBusyError), open_home(home.path).lock():
        pass

    with home.lock():
        pass


def test_rows_that_a_killed_session_left_beside_the_tables_go_with_the_next_writer(tmp_path):
    home = create_home(tmp_path / "home")
    home.spill.mkdir()
    (home.spill / "duckdb_temp_storage-0.tmp").write_bytes(b"rows of people")

    with writing(home):
        assert not home.spill.exists()


def test_a_home_that_another_process_is_making_is_left_to_it(tmp_path):
    first = create_home(tmp_path / "home")
    (tmp_path / "home" / "home.toml").unlink()

    with first.lock():
        with pytest.raises(HomeBusyError):
            create_home(tmp_path / "home")
        # The key of the one that is being made stands.
        assert first.pseudonym_key()


def test_region_and_mappings_are_given_under_the_lock(tmp_path):
    region = write_region(tmp_path / "region")
    home = create_home(tmp_path / "home")

    with home.lock(), pytest.raises(HomeBusyError):
        home.give_region(region)
    home.give_region(region)
    with home.lock(), pytest.raises(HomeBusyError):
        home.give_mapping(region / "mappings" / "police.v1.toml")


@pytest.mark.parametrize("name", ["ed-testwick.v1.toml", ".sha256sums"])
def test_a_bit_turned_over_in_a_mapping_or_in_the_list_of_them_is_found(tmp_path, name):
    home = small_home(tmp_path)
    path = home.restricted / "mappings" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    with pytest.raises(DamagedFileError, match="mappings/"):
        home.mappings("ed-testwick")
    with pytest.raises(DamagedFileError, match="mappings/"):
        home.verify()


def test_a_mapping_whose_keeping_was_cut_short_was_not_given_and_can_be_given_again(tmp_path):
    home = small_home(tmp_path)
    mapping = tmp_path / "region" / "mappings" / "police.v1.toml"
    half = home.restricted / "mappings" / "police.v2.toml"
    half.write_text("torn", encoding="utf-8")
    assert [one["version"] for one in home.mappings("police")] == [1]

    mapping.write_text(mapping.read_text("utf-8").replace("version = 1", "version = 2"), encoding="utf-8")
    home.give_mapping(mapping)

    assert [one["version"] for one in home.mappings("police")] == [1, 2]
    home.verify()


@pytest.mark.parametrize("before", [1, 2, 3, 4])
def test_a_home_of_a_format_before_is_told_from_a_damaged_one(tmp_path, before):
    home = create_home(tmp_path / "home")
    marker = home.path / "home.toml"
    marker.write_text(marker.read_text("utf-8").replace("format = 5", f"format = {before}"), encoding="utf-8")

    with pytest.raises(EarlierHomeError):
        open_home(home.path)


@pytest.mark.parametrize("at", range(1, 4))
def test_a_home_killed_while_it_was_made_is_made_again_and_keeps_nothing_unfinished(
    tmp_path, monkeypatch, at
):
    """The third is home.toml, the first .gitignore; a kill leaves the temporary file where it was."""
    renamed = [0]
    real = os.replace

    def cut(source, target):
        renamed[0] += 1
        if renamed[0] == at:
            raise SystemExit
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", cut)
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(SystemExit):
            create_home(tmp_path / "home")
    assert len(list((tmp_path / "home").rglob("*.tmp"))) == 1

    create_home(tmp_path / "home")

    assert list((tmp_path / "home").rglob("*.tmp")) == []


def test_the_next_writer_removes_what_a_kill_left_in_region_and_mappings(tmp_path):
    home = small_home(tmp_path)
    left = [
        home.region / ".areas.parquet.0a1b2c3d.tmp",
        home.restricted / "mappings" / ".x.v1.toml.0a1b2c3d.tmp",
    ]
    for path in left:
        path.write_bytes(b"half")

    with writing(home):
        pass

    assert not any(path.exists() for path in left)


def test_a_home_that_another_command_makes_meanwhile_is_opened(tmp_path, monkeypatch):
    real = home_module.create_home

    def made_by_another_first(path, **options):
        real(path)
        return real(path, **options)

    monkeypatch.setattr(home_module, "create_home", made_by_another_first)

    home = home_module.open_or_create_home(tmp_path / "home", write_region(tmp_path / "region"))

    assert home == open_home(tmp_path / "home")


def test_a_region_is_read_by_one_thread(tmp_path, monkeypatch):
    """A scan of a buffer by threads lets go of it later, and aborts the process where that is after its end."""
    home = small_home(tmp_path)
    monkeypatch.setattr(pq, "read_table", None)

    assert home.region_table("venues").num_rows == home.region_tables()["venues"].num_rows
    assert (
        home_module.read_region_table(home.region, "venues").column_names
        == home.region_table("venues").column_names
    )


@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_approvals_whose_renewal_was_cut_short_damage_nothing_and_can_be_given_again(
    tmp_path, monkeypatch, cut
):
    home = small_home(tmp_path)
    mapping = tmp_path / "region" / "mappings" / f"{ED}.v1.toml"
    approvals = mapping.with_name(f"{ED}.v1{APPROVALS}")
    approvals.write_bytes(b"one")
    home.give_mapping(mapping)
    approvals.write_bytes(b"both")
    written, real = [], home_module.write_atomically

    def cut_short(path, content, mode):
        written.append(path)
        if len(written) == cut:
            raise OSError("cut short")
        real(path, content, mode)

    with monkeypatch.context() as patched:
        patched.setattr(home_module, "write_atomically", cut_short)
        with pytest.raises(OSError, match="cut short"):
            home.give_mapping(mapping)

    assert [one["version"] for one in home.mappings(ED)] == [1]
    assert home.approvals(ED) in ({1: b"one"}, {})
    home.give_mapping(mapping)
    assert home.approvals(ED) == {1: b"both"}
