"""Linkage keys: one person at two providers is one pseudonym, nobody without the key makes it, and a rotation loses none."""

from __future__ import annotations

import gzip
import json
import os
import re
import stat
import sys
from pathlib import Path

import pytest
from small_home import ED, month_rows, small_home, small_policy, write_file
from sources_world import NHS_NUMBERS, numbered, read, rows_of, xlsx_bytes

from preventable import __main__ as command_line
from preventable.errors import PolicyError, UsageError
from preventable.intake import custodian
from preventable.intake import submit as intake
from preventable.intake.edge import pseudonymise
from preventable.intake.month_versions import versions_in_words
from preventable.intake_errors import DeletedSinceError, OtherLinkageKeyError
from preventable.key_errors import KeyPlaceError, LinkageKeyFileError, LinkageMapError
from preventable.settings import Policy, load_policy
from preventable.stages.sources.limits import read_limits
from preventable.stages.sources.linkage_keys import (
    LinkageKey,
    is_pseudonym,
    read_accepted_keys,
    read_linkage_key,
    refuse_other_keys,
)
from preventable.store.ledger import Ledger
from preventable.store.session import home_checksums, reading, verify_home, writing

K1 = LinkageKey("k1", "tests alone", bytes(range(32)))
K2 = LinkageKey("k2", "tests alone", bytes(range(1, 33)))
#: A key whose every form is looked for wherever it must not be.
MARKER = LinkageKey("k7", "tests alone", b"marker key, invented, of 32 byte")


def taking(*ids: str) -> Policy:
    """The repository's policy, with these linkage keys accepted."""
    ours = small_policy()
    return Policy({**ours.files, "linkage_keys": {"accepted": list(ids)}}, ours.definitions, ours.sources)


def key_file(folder: Path, key: LinkageKey = K1) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{key.id}.linkage-key.toml"
    path.write_bytes(key.as_bytes())
    return path


def nhs_number(serial: int) -> str:
    """The serial-th number of the 999 range, which nobody has, that has a check digit."""
    first = f"999{serial:06d}"
    check = (11 - sum(int(d) * w for d, w in zip(first, range(10, 1, -1), strict=True)) % 11) % 11
    return f"{first}{check}" if check < 10 else ""


# --- the pseudonym ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("digits", "letters"),
    [("9990000018", "djvswbdlcgyabqde4njha35rgq"), ("9990000026", "2z2b6b56ufdedq4p7bw3j5rhau")],
)
def test_a_pseudonym_is_what_openssl_makes_of_it(digits, letters):
    """printf 'nhs|DIGITS' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00..1f -binary | head -c 16 | base32"""
    assert K1.pseudonym(digits) == f"k1:{letters}"


SPELLINGS = (
    "9990000018", "999 000 0018", "999-000-0018", " 9990000018", "9990000018 ", "999\u00a0000\u00a00018",
    "999.000.0018", "'9990000018", "\uff19\uff19\uff19\uff10\uff10\uff10\uff10\uff10\uff11\uff18", "999  000  0018",
    "999\u2009000\u20090018", "999\u2013000\u20130018", "999\u2010000\u20100018", "99 90 00 00 18", "9 9 9 0 0 0 0 0 1 8",
    "999 0000018", "\t9990000018", "999-000 0018", "999\u202f000\u202f0018", "\uff19\uff19\uff19 000 0018",
)  # fmt: skip


def test_twenty_spellings_of_a_number_are_one_pseudonym(tmp_path):
    assert len(set(SPELLINGS)) == 20
    path = tmp_path / "a.csv"
    path.write_text(
        "n;NHS\n" + "".join(f"{at};{one}\n" for at, one in enumerate(SPELLINGS)), encoding="utf-8"
    )

    pseudonymise(path, columns=["NHS"], key=key_file(tmp_path), out=tmp_path / "b.csv", policy=small_policy())

    lines = (tmp_path / "b.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert {line.partition(";")[2] for line in lines} == {K1.pseudonym("9990000018")}


def test_a_copy_has_pseudonyms_for_numbers_nothing_for_others_and_all_else_as_it_was(tmp_path):
    rows = ["1;1111111111;a", '2;9990000019;"b;c"', "3;;d", "4;no number;e", f"5;{NHS_NUMBERS[0]};é"]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["id;NHS;other", *rows]) + "\n", encoding="cp1252")
    before = path.read_bytes()

    told = pseudonymise(
        path, columns=["NHS"], key=key_file(tmp_path), out=tmp_path / "b.csv", policy=small_policy()
    )

    assert (tmp_path / "b.csv").read_text(encoding="cp1252").splitlines() == [
        "id;NHS;other", "1;;a", '2;;"b;c"', "3;;d", "4;;e", f"5;{K1.pseudonym(NHS_NUMBERS[0])};é",
    ]  # fmt: skip
    assert "1 pseudonyms of k1; cells that held no NHS number and are empty now: 3" in told[1]
    assert path.read_bytes() == before


def test_a_copy_is_written_as_its_file_is(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("\ufeffsep=|\r\nid|NHS\r\n1|9990000018\r\n".encode("utf-16-be"))

    pseudonymise(path, columns=["NHS"], key=key_file(tmp_path), out=tmp_path / "b.csv", policy=small_policy())

    copy = (tmp_path / "b.csv").read_bytes().decode("utf-16-be")
    assert copy == f"\ufeffsep=|\r\nid|NHS\r\n1|{K1.pseudonym('9990000018')}\r\n"


def test_two_providers_link_every_person_and_two_purposes_nobody():
    other = LinkageKey("k1", "another purpose", bytes(range(2, 34)))
    numbers = [made for serial in range(500) if (made := nhs_number(serial))]

    here, there = ([K1.pseudonym(one) for one in numbers] for _ in range(2))

    assert here == there
    assert len(set(here)) == len(numbers)
    assert not set(here) & {other.pseudonym(one) for one in numbers}


@pytest.mark.parametrize(
    "case", ["no such column", "column stands twice", "copy is there", "workbook", "packed", "key is none"]
)
def test_a_copy_that_cannot_be_made_is_told_and_not_begun(tmp_path, case):
    path = write_file(tmp_path / "a.csv", ED, month_rows(ED, "2025-01"))
    key, columns, out = key_file(tmp_path), ["NHS"], tmp_path / "b.csv"
    expected: type[Exception] = UsageError
    if case == "no such column":
        columns = ["NHS no"]
    elif case == "column stands twice":
        path.write_text("NHS,NHS\n1,2\n")
    elif case == "copy is there":
        out.write_text("mine")
    elif case == "workbook":
        path.write_bytes(xlsx_bytes([{"NHS": NHS_NUMBERS[0]}]))
    elif case == "packed":
        path.write_bytes(gzip.compress(path.read_bytes()))
    else:
        key.write_text("id = 5")
        expected = LinkageKeyFileError

    with pytest.raises(expected):
        pseudonymise(path, columns=columns, key=key, out=out, policy=small_policy())
    assert (out.read_text() if out.exists() else "mine") == "mine"


# --- the door -----------------------------------------------------------------------------------


def test_a_home_takes_pseudonyms_of_keys_that_policy_accepts_and_refuses_others():
    rows = numbered("ed-example", 3, **{"NHS No": K1.pseudonym(NHS_NUMBERS[0]).upper()})

    with pytest.raises(OtherLinkageKeyError, match="3 rows of k1") as refused:
        read(rows)
    assert refused.value.rows_in_file == 3
    assert read_limits(taking("k1")).linkage_keys == ("k1",)


@pytest.mark.parametrize(
    "text", ["k1:short", "k0:" + "a" * 26, "k1:" + "1" * 26, "x1:" + "a" * 26, "k1:" + "a" * 27]
)
def test_what_only_looks_like_a_pseudonym_is_no_number(text):
    found = read(rows_of("ed-example", {"NHS No": text}))

    assert found.submissions.column("nhs_number").to_pylist() == [None]
    assert found.intake_problems.column("problem").to_pylist() == ["not_an_nhs_number"]


@pytest.mark.parametrize(
    "contents", [{"acepted": []}, {"accepted": "k1"}, {"accepted": ["k0"]}, {"accepted": ["1"]}]
)
def test_a_policy_of_linkage_keys_that_cannot_be_is_refused(contents):
    with pytest.raises(PolicyError):
        read_accepted_keys(Policy({"linkage_keys": contents}))


def test_pseudonyms_of_every_key_that_is_not_accepted_are_counted_by_their_key():
    ninth, tenth = (LinkageKey(f"k{n}", "tests alone", bytes([n]) * 32) for n in (9, 10))
    values = [key.pseudonym("9990000018") for key in (K1, K2, K2, ninth, tenth)] + [None, "9990000018"]

    refuse_other_keys(values, ("k1", "k2", "k9", "k10"), "x")
    with pytest.raises(OtherLinkageKeyError, match="1 row of k10, 2 rows of k2"):
        refuse_other_keys(values, ("k1", "k9"), "x")


def test_the_policy_that_ships_accepts_no_key():
    assert read_accepted_keys(load_policy()) == read_accepted_keys(Policy({})) == ()


# --- the custodian's keys -----------------------------------------------------------------------


def test_keys_are_issued_under_the_next_id_for_their_owner_alone(tmp_path):
    folder = tmp_path / "custody"
    for _ in range(2):
        custodian.new_key("tests alone", folder)

    made = sorted(folder.iterdir())
    keys = [read_linkage_key(path.read_bytes(), "x") for path in made]
    assert [key.id for key in keys] == ["k1", "k2"]
    assert keys[0].secret != keys[1].secret
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_no_id_is_given_to_a_second_key_where_those_before_it_were_destroyed(tmp_path):
    """Pseudonyms of two keys under one id would link with nobody, and nothing would say so."""
    for _ in range(3):
        custodian.new_key("tests alone", tmp_path / "custody")
    for ended in ("k1", "k2"):
        (tmp_path / "custody" / f"{ended}.linkage-key.toml").unlink()

    (told, _) = custodian.new_key("tests alone", tmp_path / "custody")

    assert told.startswith("k4 for ")


def test_no_key_is_made_in_a_home_or_over_another(tmp_path):
    home = small_home(tmp_path)

    (tmp_path / "elsewhere").symlink_to(home.restricted)

    for place in (home.path, home.restricted / "keys", tmp_path / "elsewhere" / "keys"):
        with pytest.raises(KeyPlaceError):
            custodian.new_key("tests alone", place)
    with pytest.raises(KeyPlaceError):
        custodian.write_new(home.path / "home.toml", b"x")
    with pytest.raises(UsageError):
        custodian.new_key('x"\n', tmp_path / "custody")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"id = ", b'id = "k1"\npurpose = "tests alone"\nkey = "00"\n', b'id = "k1"\n',
     K1.as_bytes().replace(b'"k1"', b'"k0"'), K1.as_bytes() + b"more = 1\n"],
)  # fmt: skip
def test_what_is_no_key_is_refused_without_a_word_of_it(content):
    with pytest.raises(LinkageKeyFileError) as refused:
        read_linkage_key(content, "x")
    assert refused.value.__context__ is None
    assert read_linkage_key(K1.as_bytes(), "x") == K1


def test_a_pseudonym_of_the_tenth_key_is_none_of_the_first(tmp_path):
    """Led to the next key with those of k1, a pseudonym of k10 would have no number, or another person's."""
    tenth = LinkageKey("k10", "tests alone", bytes([10]) * 32)
    home = small_home(tmp_path)
    lines = month_rows(ED, "2025-01", 2)
    for line, key in zip(lines, (K1, tenth), strict=True):
        line[6] = key.pseudonym("9990000018")
    path = write_file(tmp_path / "submissions" / ED / "1.csv", ED, lines)
    assert not intake.submit(home, path, policy=taking("k1", "k10")).refused

    for key in (K1, tenth):
        custodian.write_live(home, key.id, tmp_path / key.id)
        assert (tmp_path / key.id).read_text(encoding="utf-8").split() == [key.pseudonym("9990000018")]


# --- rotation -----------------------------------------------------------------------------------


def home_of(tmp_path: Path, numbers: list[str], key: LinkageKey, *, times: int = 2):
    """A home where each person came in several months, by pseudonym."""
    home = small_home(tmp_path)
    for month in range(1, times + 1):
        rows = month_rows(ED, f"2025-{month:02d}", len(numbers))
        for row, number in zip(rows, numbers, strict=True):
            row[6] = key.pseudonym(number)
        write_file(tmp_path / "submissions" / ED / f"{month}.csv", ED, rows)
    assert not intake.submit(home, tmp_path / "submissions", policy=taking(key.id)).refused
    return home


def persons(home) -> list[tuple[str, str]]:
    """Record and person of every row."""
    with reading(home) as tables:
        rows = tables.read("submissions").to_pylist()
    return sorted((row["source_record_id"], row["nhs_number"]) for row in rows)


def rotate(home, tmp_path: Path, numbers: list[str]) -> Path:
    """The custodian's part; returns the map."""
    (tmp_path / "numbers.txt").write_text("\n".join([*numbers, "no number"]), encoding="utf-8")
    custodian.write_live(home, "k1", tmp_path / "live.txt")
    custodian.make_map(
        key_file(tmp_path / "custody", K1), key_file(tmp_path / "custody", K2),
        numbers=tmp_path / "numbers.txt", live=tmp_path / "live.txt", out=tmp_path / "map.json",
    )  # fmt: skip
    return tmp_path / "map.json"


def test_a_rotation_of_ten_thousand_persons_loses_no_link(tmp_path):
    numbers = [made for serial in range(11_000) if (made := nhs_number(serial))][:10_000]
    home = home_of(tmp_path, numbers, K1)
    before = persons(home)

    told = custodian.apply_map(home, taking("k2"), rotate(home, tmp_path, numbers))

    after = persons(home)
    of_number = {K1.pseudonym(one): K2.pseudonym(one) for one in numbers}
    assert len({person for _, person in before}) == 10_000
    assert after == sorted((record, of_number[person]) for record, person in before)
    assert told[0] == "10,000 pseudonyms led from k1 to k2, in 2 files"
    with reading(home) as tables:
        verify_home(home, tables)


def test_what_stood_before_a_rotation_is_no_longer_on_the_disk(tmp_path):
    numbers = list(NHS_NUMBERS[:4])
    home = home_of(tmp_path, numbers, K1, times=1)
    files = set(home.restricted.rglob("tables/submissions/*.parquet"))

    custodian.apply_map(home, taking("k2"), rotate(home, tmp_path, numbers))

    assert not files & set(home.restricted.rglob("tables/submissions/*.parquet"))
    held = [path.read_bytes() for path in home.path.rglob("*") if path.is_file()]
    assert not any(b"k1:" in content for content in held)


@pytest.mark.parametrize("key", [K1, K2], ids=["key-before", "key-after"])
def test_a_version_of_a_month_that_was_replaced_goes_with_a_rotation(tmp_path, key):
    numbers = list(NHS_NUMBERS[:4])
    home = home_of(tmp_path, numbers, K1, times=1)
    path = rotate(home, tmp_path, numbers)
    rows = month_rows(ED, "2025-01", 3)
    for row, number in zip(rows, numbers, strict=False):
        row[6] = key.pseudonym(number)
    file = write_file(tmp_path / "anew" / ED / "1.csv", ED, rows)
    assert not intake.submit(home, file, policy=taking(key.id), replace_month=True).refused
    assert len(list(home.restricted.rglob("tables/submissions/*.parquet"))) == 2

    custodian.apply_map(home, taking("k2"), path)

    assert len(list(home.restricted.rglob("tables/submissions/*.parquet"))) == 1
    assert {person for _, person in persons(home)} == {K2.pseudonym(one) for one in numbers[:3]}
    with reading(home) as tables:
        verify_home(home, tables)


def test_a_second_file_of_a_month_before_a_rotation_is_taken_in_and_told(tmp_path):
    numbers = list(NHS_NUMBERS[:4])
    home = home_of(tmp_path, numbers, K1, times=1)
    custodian.apply_map(home, taking("k2"), rotate(home, tmp_path, numbers))
    rows = month_rows(ED, "2025-01", 4, version=2)
    for row, number in zip(rows, numbers, strict=True):
        row[6] = K2.pseudonym(number)

    path = write_file(tmp_path / "anew" / ED / "1.csv", ED, rows)
    (file,) = intake.submit(home, path, policy=taking("k2")).files
    (again,) = intake.submit(home, path, policy=taking("k2")).files

    assert (file.outcome, again.outcome) == ("loaded", "repeat")
    assert file.version.startswith("a later version of its month; what it changed cannot be told (Q463")
    with pytest.raises(DeletedSinceError, match="Q463"):
        versions_in_words(home, ED, "2025-01", None)
    with reading(home) as tables:
        assert tables.read("submissions").num_rows == 8
        verify_home(home, tables)


def test_a_month_that_came_after_a_rotation_has_its_versions(tmp_path):
    numbers = list(NHS_NUMBERS[:4])
    home = home_of(tmp_path, numbers, K1, times=1)
    custodian.apply_map(home, taking("k2"), rotate(home, tmp_path, numbers))
    for version in (1, 2):
        path = write_file(
            tmp_path / "next" / ED / f"{version}.csv", ED, month_rows(ED, "2025-02", 4, version=version)
        )
        (file,) = intake.submit(home, path, policy=taking("k2")).files

    assert file.version.startswith("version 2 of its month, beside what came before: 0 added")
    assert len(versions_in_words(home, ED, "2025-02", None)) == 3


def test_files_of_the_next_key_link_with_what_was_led_to_it(tmp_path):
    numbers = list(NHS_NUMBERS[:4])
    home = home_of(tmp_path, numbers, K1, times=1)
    custodian.apply_map(home, taking("k2"), rotate(home, tmp_path, numbers))
    rows = month_rows(ED, "2025-02", 4)
    for row, number in zip(rows, numbers, strict=True):
        row[6] = K2.pseudonym(number)
    later = write_file(tmp_path / "later" / ED / "2.csv", ED, rows)

    intake.submit(home, later, policy=taking("k2"))

    found = persons(home)
    assert len(found) == 8
    assert len({person for _, person in found}) == 4


@pytest.mark.parametrize("cut", ["acknowledge", "open_intent"])
def test_a_rotation_cut_short_counts_wholly_or_not_at_all(tmp_path, monkeypatch, cut):
    numbers = list(NHS_NUMBERS[:4])
    home = home_of(tmp_path, numbers, K1)
    before = persons(home)
    path = rotate(home, tmp_path, numbers)

    def fail(*_: object) -> None:
        raise OSError("the machine stopped")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, cut, fail)
        with pytest.raises(OSError, match="stopped"):
            custodian.apply_map(home, taking("k2"), path)
    with writing(home):
        pass  # settles what was cut short

    pseudonyms = {person for _, person in persons(home)}
    assert pseudonyms in ({K1.pseudonym(one) for one in numbers}, {K2.pseudonym(one) for one in numbers})
    assert [record for record, _ in persons(home)] == [record for record, _ in before]
    custodian.apply_map(home, taking("k2"), path)
    assert {person for _, person in persons(home)} == {K2.pseudonym(one) for one in numbers}
    with reading(home) as tables:
        verify_home(home, tables)


def test_a_map_used_twice_changes_nothing_the_second_time(tmp_path):
    numbers = list(NHS_NUMBERS[:4])
    home = home_of(tmp_path, numbers, K1)
    path = rotate(home, tmp_path, numbers)
    custodian.apply_map(home, taking("k2"), path)
    state = home_checksums(home)

    assert custodian.apply_map(home, taking("k2"), path)[0].startswith("0 pseudonyms")
    assert home_checksums(home) == state


def test_no_map_is_made_where_a_link_would_be_lost(tmp_path):
    numbers = list(NHS_NUMBERS[:4])
    home = home_of(tmp_path, numbers, K1)

    with pytest.raises(LinkageMapError, match="1 of 4 pseudonyms have no number"):
        rotate(home, tmp_path, numbers[:3])
    assert not (tmp_path / "map.json").exists()


@pytest.mark.parametrize("policy", [("k1",), ("k1", "k2"), ()])
def test_a_map_is_not_used_before_policy_has_changed(tmp_path, policy):
    numbers = list(NHS_NUMBERS[:4])
    home = home_of(tmp_path, numbers, K1)
    before = persons(home)

    with pytest.raises(LinkageMapError, match="must accept k2 and no longer k1"):
        custodian.apply_map(home, taking(*policy), rotate(home, tmp_path, numbers))
    assert persons(home) == before


def test_a_map_without_a_pseudonym_of_the_home_is_not_used(tmp_path):
    numbers = list(NHS_NUMBERS[:4])
    home = home_of(tmp_path, numbers, K1)
    path = rotate(home, tmp_path, numbers)
    told = json.loads(path.read_text())
    del told["pseudonyms"][K1.pseudonym(numbers[0])]
    path.write_text(json.dumps(told))

    with pytest.raises(LinkageMapError, match="1 of the home's 4"):
        custodian.apply_map(home, taking("k2"), path)


def pairs(**led: str) -> dict:
    return {"map": 1, "before": "k1", "after": "k2", "pseudonyms": led}


@pytest.mark.parametrize(
    "told",
    [
        {}, [], {**pairs(), "map": 2}, {**pairs(), "after": "k1"}, {**pairs(), "before": None},
        {**pairs(), "pseudonyms": {K1.pseudonym("9990000018"): K1.pseudonym("9990000018")}},
        {**pairs(), "pseudonyms": {K2.pseudonym("9990000018"): K2.pseudonym("9990000018")}},
        {**pairs(), "pseudonyms": {K1.pseudonym("9990000018"): 5}},
        {**pairs(), "pseudonyms": {K1.pseudonym(one): K2.pseudonym("9990000018") for one in NHS_NUMBERS[:2]}},
    ],
)  # fmt: skip
def test_what_is_no_map_or_makes_one_of_two_persons_is_refused(told):
    with pytest.raises(LinkageMapError):
        custodian.read_map(json.dumps(told).encode(), "x")


@pytest.mark.parametrize("case", ["one key", "two purposes", "live of another key", "nothing live"])
def test_no_map_is_made_of_keys_or_lists_that_do_not_fit(tmp_path, case):
    after = {"one key": K1, "two purposes": LinkageKey("k2", "another purpose", bytes(range(1, 33)))}.get(
        case, K2
    )
    live = {"live of another key": K2.pseudonym("9990000018"), "nothing live": ""}.get(
        case, K1.pseudonym("9990000018")
    )
    (tmp_path / "live.txt").write_text(live)
    (tmp_path / "numbers.txt").write_text("9990000018")

    with pytest.raises(LinkageMapError):
        custodian.make_map(
            key_file(tmp_path / "a", K1), key_file(tmp_path / "b", after),
            numbers=tmp_path / "numbers.txt", live=tmp_path / "live.txt", out=tmp_path / "map.json",
        )  # fmt: skip
    with pytest.raises(LinkageMapError):
        custodian.write_live(small_home(tmp_path / "home"), "k1", tmp_path / "none.txt")


def test_a_map_does_not_lie_in_a_home(tmp_path):
    home = small_home(tmp_path)

    with pytest.raises(KeyPlaceError):
        custodian.make_map(
            key_file(tmp_path / "a"), key_file(tmp_path / "b", K2),
            numbers=tmp_path, live=tmp_path, out=home.path / "map.json",
        )  # fmt: skip


# --- the key is nowhere -------------------------------------------------------------------------


def test_a_key_is_in_no_output_log_error_copy_or_file_of_the_home(tmp_path, monkeypatch, capsys):
    """The marker key goes through every verb that reads one, those that fail too."""
    assert not re.search("marker|6d61726b", repr(MARKER) + str(MARKER) + f"{MARKER!r}")
    custody, home = tmp_path / "custody", small_home(tmp_path)
    key = key_file(custody, MARKER)
    broken = custody / "broken.toml"
    broken.write_bytes(MARKER.as_bytes().replace(b'"k7"', b'"7"'))
    path = write_file(tmp_path / "sent" / ED / "a.csv", ED, month_rows(ED, "2025-01"))
    path.write_text(path.read_text().replace(",,K,", ",9990000018,K,"))
    policy = tmp_path / "policy"
    policy.mkdir()
    head = 'owner = "x"\nreviewer = "x"\nreviewed = 2026-01-01\nreview_by = 2099-01-01\n'
    (policy / "linkage_keys.toml").write_text(head + 'accepted = ["k7"]\n')
    ours = Path(__file__).parents[2] / "policy"
    monkeypatch.setenv("PREVENTABLE_POLICY", f"{ours}{os.pathsep}{policy}")
    told = ("manifest", path, "--provider", ED, "--period", "2025-01", "--pseudonymise", "NHS")
    lines = [
        (*told, "--key", key, "--out", path.with_name("b.csv")),
        (*told, "--key", key, "--out", path),
        (*told, "--key", broken, "--out", path.with_name("c.csv")),
        ("keys", "linkage", "map", "--before", key, "--after", key, "--numbers", path, "--live", path,
         "--out", tmp_path / "map"),
    ]  # fmt: skip

    ends = []
    for line in lines:
        monkeypatch.setattr(sys, "argv", ["preventable", *map(str, line)])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        ends.append(ended.value.code)
    heard = "".join(capsys.readouterr()).encode()
    intake.submit(home, path.with_name("b.csv"), provider=ED, policy=taking("k7"))

    secret = MARKER.secret
    forms = [
        secret,
        secret.hex().encode(),
        secret.hex().upper().encode(),
        secret[:12],
        secret.hex()[:16].encode(),
    ]
    files = [found for found in tmp_path.rglob("*") if found.is_file() and found.parent != custody]
    environment = repr(dict(os.environ)).encode()
    assert ends == [0, 2, 2, 2]
    assert len(files) > 10
    assert b"K001" in heard
    for content in [*(found.read_bytes() for found in files), heard, environment]:
        assert not any(form in content for form in forms)


def test_pseudonyms_tell_the_id_of_their_key():
    assert is_pseudonym(K1.pseudonym("9990000018"), "k1")
    assert not is_pseudonym(K1.pseudonym("9990000018"), "k2")
