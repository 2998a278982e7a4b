"""The spool: every file that was read lies there encrypted, once, for its days; nothing else keeps it."""

import datetime as dt
import hashlib
import os
import stat

import pytest
from small_home import ED, MAPPINGS, POLICE, month_rows, small_home, small_policy, write_file, write_months

from preventable.errors import DamagedFileError, UsageError
from preventable.intake import submit as intake
from preventable.intake.edge import make_manifest
from preventable.intake_errors import ManifestNotInSpoolError, NotInSpoolError
from preventable.settings import Policy
from preventable.store.acts import kept_acts
from preventable.store.home import open_home
from preventable.store.retention import prune, spooled
from preventable.store.session import reading, verify_home
from preventable.store.spool import Arrived, Spool
from preventable.verbs import spool as spool_verbs

DAY = dt.datetime(2025, 2, 3, 12, tzinfo=dt.UTC)
#: Stands in a column that no table keeps.
MARK = "Zzyxquill Vantongeren"


def submit(home, path, *, at=DAY):
    return intake.submit(home, path, policy=small_policy(), clock=lambda: at)


def marked_file(folder, name="2025-01.csv", **options):
    rows = month_rows(ED, "2025-01", **options)
    for row in rows:
        row[-1] = MARK
    return write_file(folder / "submissions" / ED / name, ED, rows)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def spool(home):
    return Spool(home.restricted)


def test_a_file_that_was_read_lies_in_the_spool_and_opens_to_its_bytes(tmp_path):
    home, path = small_home(tmp_path), marked_file(tmp_path)

    submit(home, path)

    (file,) = spool(home).files()
    assert (file.received, file.sha256) == (DAY.date(), sha256(path))
    assert spool(home).get(sha256(path)) == path.read_bytes()


def test_no_byte_of_a_home_has_the_file_in_clear(tmp_path):
    home = small_home(tmp_path)
    submit(home, marked_file(tmp_path))

    files = [path for path in home.path.rglob("*") if path.is_file()]

    assert len(files) > 10
    assert [path for path in files if MARK.encode() in path.read_bytes()] == []


def test_only_its_owner_reads_spool_and_key(tmp_path):
    home = small_home(tmp_path)
    submit(home, marked_file(tmp_path))

    key, folder = home.restricted / "spool_key", home.restricted / "spool"
    modes = [stat.S_IMODE(os.stat(path).st_mode) for path in (key, folder, *folder.iterdir())]
    assert modes == [0o600, 0o700, 0o600]
    assert home.pseudonym_key()[1].hex() not in key.read_text("ascii")


def test_a_refused_file_lies_there_too_and_one_too_large_to_be_read_does_not(tmp_path):
    home = small_home(tmp_path)
    other = write_file(tmp_path / "submissions" / POLICE / "x.csv", ED, month_rows(ED, "2025-01"))
    huge = tmp_path / "submissions" / POLICE / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(51_000_000)

    report = submit(home, tmp_path / "submissions")

    assert {file.outcome for file in report.files} == {"refused"}
    assert [file.sha256 for file in spool(home).files()] == [sha256(other)]


def test_a_refused_file_that_comes_again_and_again_lies_there_once_and_since_its_first_day(tmp_path):
    """Else what is never mended would be kept for ever, however few its days are."""
    home = small_home(tmp_path)
    other = write_file(tmp_path / "submissions" / POLICE / "x.csv", ED, month_rows(ED, "2025-01"))

    for days in (0, 0, 34, 35):
        submit(home, other, at=DAY + dt.timedelta(days=days))
        assert [(file.received, file.sha256) for file in spool(home).files()] == [(DAY.date(), sha256(other))]
    submit(home, marked_file(tmp_path), at=DAY + dt.timedelta(days=36))

    assert [file.sha256 for file in spool(home).files()] == [
        sha256(tmp_path / "submissions" / ED / "2025-01.csv")
    ]


def test_the_day_of_a_file_is_that_of_utc_whatever_the_clock_of_the_house(tmp_path):
    home = small_home(tmp_path)
    after_midnight = dt.datetime(2025, 2, 4, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))

    submit(home, marked_file(tmp_path), at=after_midnight)

    assert [file.received for file in spool(home).files()] == [DAY.date()]


def test_the_same_content_again_in_whatever_order_of_rows_adds_nothing(tmp_path):
    home, path = small_home(tmp_path), marked_file(tmp_path)
    submit(home, path)
    lines = path.read_text("utf-8").splitlines()
    shuffled = path.with_name("shuffled.csv")
    shuffled.write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n", encoding="utf-8")

    submit(home, tmp_path / "submissions", at=DAY + dt.timedelta(days=9))

    assert [(file.received, file.sha256) for file in spool(home).files()] == [(DAY.date(), sha256(path))]


def test_a_file_goes_after_its_days_at_the_next_submit_and_what_was_read_of_it_stays(tmp_path):
    home, path = small_home(tmp_path), marked_file(tmp_path)
    submit(home, path)
    police = write_file(tmp_path / "submissions" / POLICE / "1.csv", POLICE, month_rows(POLICE, "2025-01"))
    days = small_policy().file("retention")["days_since_received"]["spool"]

    kept = submit(home, police, at=DAY + dt.timedelta(days=days))
    assert kept.pruned["spool"] == 0
    gone = submit(home, police, at=DAY + dt.timedelta(days=days + 1))

    assert gone.pruned["spool"] == 1
    assert "spool: 1 file deleted by retention" in gone.as_text()
    assert [file.sha256 for file in spool(home).files()] == [sha256(police)]
    with pytest.raises(NotInSpoolError):
        spool(home).get(sha256(path))
    with reading(home) as tables:
        assert tables.read("submissions").num_rows == 8
        verify_home(home, tables)


def test_a_dry_run_of_retention_deletes_no_file(tmp_path):
    home = small_home(tmp_path)
    submit(home, marked_file(tmp_path))

    assert prune(home, small_policy(), dt.date(2026, 1, 1), dry_run=True)["spool"] == 1
    assert len(spool(home).files()) == 1


@pytest.mark.parametrize("at", [0, 12, -1])
def test_a_bit_turned_over_in_a_file_of_the_spool_is_found(tmp_path, at):
    home = small_home(tmp_path)
    submit(home, marked_file(tmp_path))
    (path,) = (home.restricted / "spool").iterdir()
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)

    with reading(home) as tables, pytest.raises(DamagedFileError, match="spool/"):
        verify_home(home, tables)


def test_a_file_under_another_day_or_name_is_found(tmp_path):
    home = small_home(tmp_path)
    submit(home, marked_file(tmp_path))
    (path,) = (home.restricted / "spool").iterdir()

    later = path.rename(path.with_name(path.name.replace("2025-02-03", "2035-02-03")))
    with pytest.raises(DamagedFileError, match="not what was sealed"):
        spool(home).verify()
    later.rename(path.with_name("mine.sealed"))
    with pytest.raises(DamagedFileError, match="not a name"):
        spool(home).verify()


@pytest.mark.parametrize("at", [0, 7, 15, -1])
def test_a_bit_turned_over_in_the_key_is_found_and_a_lost_one_makes_no_other(tmp_path, at):
    home = small_home(tmp_path)
    path = marked_file(tmp_path)
    submit(home, path)
    key = home.restricted / "spool_key"
    content = bytearray(key.read_bytes())
    content[at] ^= 1
    key.write_bytes(content)

    with pytest.raises(DamagedFileError, match="spool_key"):
        spool(home).verify()
    key.unlink()
    with pytest.raises(DamagedFileError, match="spool_key"):
        submit(home, marked_file(tmp_path, "again.csv", version=2))

    assert not key.exists()


def test_what_a_killed_writer_left_of_a_file_goes_with_the_next(tmp_path):
    home = small_home(tmp_path)
    submit(home, marked_file(tmp_path))
    torn = home.restricted / "spool" / ".2025-02-03.x.sealed.0a0b0c0d.tmp"
    torn.write_bytes(b"torn")

    submit(home, write_months(tmp_path, months=1))

    assert not torn.exists()


def test_a_refused_file_is_taken_in_out_of_the_spool_once_its_mapping_is_mended(tmp_path):
    home = small_home(tmp_path)
    path = marked_file(tmp_path)
    path.write_text(path.read_text("utf-8").replace("Att No", "Attendance"), encoding="utf-8")
    number = sha256(path)
    (refused,) = submit(home, path).files
    assert refused.outcome == "refused"
    path.unlink()
    mended = tmp_path / "mended.toml"
    text = MAPPINGS[ED].replace('"Att No"', '"Attendance"').replace("version = 1", "version = 2")
    mended.write_text(text, encoding="utf-8")
    home.give_mapping(mended)

    (taken,) = intake.submit_again(home, number, policy=small_policy()).files

    assert (taken.outcome, taken.provider, taken.month, taken.rows) == ("loaded", ED, "2025-01", 4)
    (again,) = intake.submit_again(home, number, policy=small_policy()).files
    assert again.outcome == "repeat"


def test_a_file_out_of_the_spool_takes_the_place_of_its_month_where_that_is_said_anew(tmp_path, monkeypatch):
    home = small_home(tmp_path)
    submit(home, marked_file(tmp_path, rows=8))
    path = marked_file(tmp_path, "anew.csv", rows=6)
    path.write_text(path.read_text("utf-8").replace("Att No", "Attendance"), encoding="utf-8")
    refused = intake.submit(home, path, policy=small_policy(), replace_month=True)
    assert refused.refused
    mended = tmp_path / "mended.toml"
    text = MAPPINGS[ED].replace('"Att No"', '"Attendance"').replace("version = 1", "version = 2")
    mended.write_text(text, encoding="utf-8")
    home.give_mapping(mended)
    monkeypatch.setattr(spool_verbs, "load_policy", small_policy)

    spool_verbs.again(sha256(path), home.path, replace_month=True)

    with reading(home) as tables:
        assert tables.read("submissions").num_rows == 6


def with_other_columns(folder, name="x.csv"):
    """A file whose columns the department's mapping does not know, and a mapping that does."""
    path = write_file(folder / "submissions" / ED / name, ED, month_rows(ED, "2025-01", 8))
    path.write_text(path.read_text("utf-8").replace("Att No", "Attendance"), encoding="utf-8")
    mended = folder / "mended.toml"
    text = MAPPINGS[ED].replace('"Att No"', '"Attendance"').replace("version = 1", "version = 2")
    mended.write_text(text, encoding="utf-8")
    return path, mended


def asking_for_manifests():
    policy = small_policy()
    asked = {**policy.files, "manifests": {**policy.files["manifests"], "missing": "refuse"}}
    return Policy(asked, policy.definitions, policy.sources)


def test_a_file_comes_out_of_the_spool_with_its_manifest(tmp_path):
    home = small_home(tmp_path)
    path, mended = with_other_columns(tmp_path)
    make_manifest(path, provider=ED, period="2025-01", policy=small_policy())
    (refused,) = intake.submit(home, path, policy=asking_for_manifests(), clock=lambda: DAY).files
    assert refused.outcome == "refused"
    home.give_mapping(mended)

    (taken,) = intake.submit_again(home, sha256(path), policy=asking_for_manifests()).files

    assert (taken.outcome, taken.rows, taken.has_manifest) == ("loaded", 8, True)


def test_the_manifest_is_held_against_a_file_out_of_the_spool(tmp_path):
    home = small_home(tmp_path)
    path, mended = with_other_columns(tmp_path)
    manifest = make_manifest(path, provider=ED, period="2025-01", policy=small_policy())
    beside = path.with_name(f"{path.name}.manifest.json")
    beside.write_text(beside.read_text("utf-8").replace('"rows": 8', '"rows": 9'), encoding="utf-8")
    assert submit(home, path).refused
    home.give_mapping(mended)

    (taken,) = intake.submit_again(home, sha256(path), policy=small_policy()).files

    assert manifest is not None
    assert (taken.outcome, taken.error[:4]) == ("refused", "Q433")
    # It comes in once the two are sent beside each other as they should be.
    beside.write_text(beside.read_text("utf-8").replace('"rows": 9', '"rows": 8'), encoding="utf-8")
    assert submit(home, path).files[0].outcome == "loaded"


def test_manifests_are_sealed_checked_and_deleted_with_their_files(tmp_path):
    home = small_home(tmp_path)
    path, _ = with_other_columns(tmp_path)
    make_manifest(path, provider=ED, period="2025-01", policy=small_policy())
    submit(home, path)
    names = sorted(one.name for one in (home.restricted / "spool").iterdir())
    kept = f"2025-02-03.{sha256(path)}"
    assert names == [f"{kept}.manifest.sealed", f"{kept}.sealed"]
    assert len(spool(home).files()) == spool(home).verify() == 1
    (sealed_manifest,) = (home.restricted / "spool").glob("*.manifest.sealed")
    assert b"control_totals" not in sealed_manifest.read_bytes()
    content = bytearray(sealed_manifest.read_bytes())
    content[-1] ^= 1
    sealed_manifest.write_bytes(content)

    with pytest.raises(DamagedFileError, match="manifest.sealed"):
        spool(home).verify()
    assert prune(home, small_policy(), dt.date(2026, 1, 1))["spool"] == 1
    assert list((home.restricted / "spool").iterdir()) == []


def test_a_manifest_that_comes_later_takes_the_place_of_the_one_before(tmp_path):
    box = spool(small_home(tmp_path))
    box.put([Arrived(b"rows", DAY.date(), b"first")])
    box.put([Arrived(b"rows", DAY.date() + dt.timedelta(1))])
    number = hashlib.sha256(b"rows").hexdigest()
    assert box.manifest(number) == b"first"

    box.put([Arrived(b"rows", DAY.date() + dt.timedelta(2), b"second"), Arrived(b"other", DAY.date())])

    assert box.manifest(number) == b"second"
    assert [file.received for file in box.files()] == [DAY.date()] * 2
    assert box.manifest(hashlib.sha256(b"other").hexdigest()) is None


def test_a_held_file_is_let_in_out_of_the_spool_by_who_looked_at_it(tmp_path, monkeypatch):
    home = small_home(tmp_path)
    submit(home, write_file(tmp_path / "submissions" / ED / "1.csv", ED, month_rows(ED, "2025-01", 8)))
    few = write_file(tmp_path / "submissions" / ED / "2.csv", ED, month_rows(ED, "2025-01", 3)[::-1])
    held = intake.submit(home, few, policy=small_policy(), replace_month=True)
    assert held.files[0].error[:4] == "Q440"
    few.unlink()
    monkeypatch.setattr(spool_verbs, "load_policy", small_policy)
    number = spool(home).files()[-1].sha256
    with pytest.raises(UsageError, match="--by NAME"):
        spool_verbs.again(number, home.path, replace_month=True, looked_at=True)

    spool_verbs.again(
        number, home.path, replace_month=True, looked_at=True, by="R. Tester", because="The rest was a test"
    )

    with reading(home) as tables:
        assert tables.read("submissions").num_rows == 3
    assert kept_acts(home, "looked_at")[0]["by"] == "R. Tester"


def test_a_file_refused_for_its_manifest_does_not_come_in_without_it(tmp_path):
    home = small_home(tmp_path)
    path = write_file(tmp_path / "submissions" / ED / "cut.csv", ED, month_rows(ED, "2025-01", 8))
    make_manifest(path, provider=ED, period="2025-01", policy=small_policy())
    write_file(path, ED, month_rows(ED, "2025-01", 5))
    (cut,) = submit(home, path).files
    assert (cut.outcome, cut.error[:4]) == ("refused", "Q433")

    (again,) = intake.submit_again(home, sha256(path), policy=small_policy()).files
    assert (again.outcome, again.error[:4]) == ("refused", "Q433")
    # A home of an earlier version kept none.
    for manifest in (home.restricted / "spool").glob("*.manifest.sealed"):
        manifest.unlink()
    with pytest.raises(ManifestNotInSpoolError, match="Q464.*refused with Q433"):
        intake.submit_again(home, sha256(path), policy=small_policy())

    with reading(home) as tables:
        assert tables.read("submissions").num_rows == 0


def test_of_bytes_that_two_providers_sent_the_sender_is_to_be_named(tmp_path):
    home = small_home(tmp_path)
    path = marked_file(tmp_path)
    (as_police,) = intake.submit(home, path, provider="police", policy=small_policy()).files
    (as_ed,) = intake.submit(home, path, provider=ED, policy=small_policy()).files
    assert (as_police.outcome, as_ed.outcome) == ("refused", "loaded")

    with pytest.raises(UsageError, match=f"name one of {ED}, police"):
        intake.submit_again(home, sha256(path), policy=small_policy())
    with pytest.raises(UsageError, match=f"came from {ED}, police"):
        intake.submit_again(home, sha256(path), policy=small_policy(), provider="ed-other")

    outcomes = {
        provider: intake.submit_again(home, sha256(path), policy=small_policy(), provider=provider)
        for provider in (ED, "police")
    }
    assert [(one.files[0].provider, one.files[0].outcome) for one in outcomes.values()] == [
        (ED, "repeat"),
        ("police", "refused"),
    ]


def test_what_never_came_is_told(tmp_path):
    home = small_home(tmp_path)

    with pytest.raises(NotInSpoolError, match="Q460"):
        intake.submit_again(home, "0" * 64, policy=small_policy())


def test_the_list_tells_days_provider_and_outcome_and_no_file_name(tmp_path):
    home, path = small_home(tmp_path), marked_file(tmp_path, f"{MARK}.csv")
    submit(home, path)

    lines = spooled(open_home(home.path), small_policy())

    assert lines == [
        f"{'came':<12}{'kept to':<12}{'sha256':<66}{'provider':<13}{'month':<9}what became of it",
        f"2025-02-03  2025-03-10  {sha256(path)}  {ED}  2025-01  loaded",
        "1 file in the spool",
    ]
    assert spooled(small_home(tmp_path / "other"), small_policy()) == ["0 files in the spool"]
