"""A mapping counts when two people have signed what it says: not one twice, nobody unknown, and nothing changed since."""

from __future__ import annotations

import os
import re
import stat
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from repository import ROOT
from small_home import ED, MAPPINGS, month_rows, small_home, small_policy, write_file, write_region

from preventable import __main__ as command_line
from preventable.errors import PolicyError, UsageError
from preventable.intake import submit as intake
from preventable.intake.door import door_of_region
from preventable.intake.mapping_approvals import approve, new_pair, sign_invented
from preventable.intake_errors import NotApprovedError
from preventable.key_errors import (
    ApprovedTwiceError,
    ChangedMappingError,
    KeyPlaceError,
    SigningKeyFileError,
    UnknownSignerError,
)
from preventable.methods.signatures import canonical_bytes, public_key, sign, signing_key_of, unlocked
from preventable.settings import Policy, load_policy
from preventable.stages.sources.approvals import (
    Approval,
    ApprovalPolicy,
    approved_mappings,
    public_key_in_words,
    read_approval_policy,
    read_approvals,
    refuse_unapproved,
    written_approvals,
)
from preventable.store.home import APPROVALS, Home, create_home
from preventable.store.session import reading

A, B, C = "A. Tester (invented)", "B. Tester (invented)", "C. Tester (invented)"
KEYS = {name: signing_key_of(name.encode().ljust(32, b".")) for name in (A, B, C)}
ROLE = "data standards"


def policy_of(*people: tuple[str, str, str], **asked: object) -> Policy:
    """Name, role, and whose key the person has."""
    told = [
        {"name": name, "roles": [role], "public_key": public_key_in_words(public_key(KEYS[of]))}
        for name, role, of in people
    ]
    return Policy({"people": {"approvals": {"roles": [ROLE], **asked}, "people": told}})


BOTH = policy_of((A, ROLE, A), (B, ROLE, B))


@pytest.fixture
def mapping(tmp_path) -> Path:
    path = tmp_path / f"{ED}.v1.toml"
    path.write_text(MAPPINGS[ED], encoding="utf-8")
    return path


def key_of(folder: Path, name: str) -> Path:
    path = folder / f"{name[0]}.pem"
    path.write_bytes(KEYS[name])
    return path


def signed_by(mapping: Path, *names: str, policy: Policy = BOTH) -> Path:
    for name in names:
        approve(mapping, key_of(mapping.parent, name), policy)
    return mapping.with_name(mapping.name.removesuffix(".toml") + APPROVALS)


def judge(mapping: Path, approvals: bytes | None, policy: Policy = BOTH) -> None:
    told = tomllib.loads(mapping.read_text(encoding="utf-8"))
    refuse_unapproved(told, approvals, read_approval_policy(policy), mapping.name)


def test_two_people_approve_a_mapping(mapping):
    approvals = signed_by(mapping, A, B)

    judge(mapping, approvals.read_bytes())


def test_one_signature_is_too_few_and_the_second_is_said_to_complete_it(mapping):
    first = approve(mapping, key_of(mapping.parent, A), BOTH)
    approvals = signed_by(mapping)

    with pytest.raises(NotApprovedError, match="1 of 2 people"):
        judge(mapping, approvals.read_bytes())
    assert first[1] == "1 more has to sign"
    assert approve(mapping, key_of(mapping.parent, B), BOTH)[1] == "It counts"


def test_policy_may_ask_for_three_people(mapping):
    named = MAPPINGS[ED].replace(f'"{B}"]', f'"{B}", "{C}"]')
    mapping.write_text(named, encoding="utf-8")
    three = policy_of((A, ROLE, A), (B, ROLE, B), (C, ROLE, C), needed=3)

    first, second = (approve(mapping, key_of(mapping.parent, name), three)[1] for name in (A, B))
    with pytest.raises(NotApprovedError, match="2 of 3 people"):
        judge(mapping, signed_by(mapping).read_bytes(), three)

    third = approve(mapping, key_of(mapping.parent, C), three)[1]
    judge(mapping, signed_by(mapping).read_bytes(), three)
    assert (first, second, third) == ("2 more have to sign", "1 more has to sign", "It counts")


def test_a_newer_mapping_counts_though_nobody_signed_the_one_before_it(mapping):
    approvals = signed_by(mapping, A, B).read_bytes()
    second = tomllib.loads(mapping.read_text(encoding="utf-8"))
    asked = read_approval_policy(policy_of((A, ROLE, A), (B, ROLE, B), unsigned="refuse"))
    unsigned = {**second, "version": 0}

    assert approved_mappings([unsigned, second], {1: approvals}, asked, ED) == [second]


def test_the_same_person_cannot_sign_twice(mapping):
    signed_by(mapping, A)

    with pytest.raises(ApprovedTwiceError):
        signed_by(mapping, A)


def test_one_signature_written_twice_or_one_person_with_two_keys_does_not_count(mapping):
    approvals = signed_by(mapping, A)
    _, (one,) = read_approvals(approvals.read_bytes(), "x")
    told = tomllib.loads(mapping.read_text(encoding="utf-8"))

    with pytest.raises(NotApprovedError, match="signed it twice"):
        judge(mapping, written_approvals(told, [one, one]))
    with pytest.raises(PolicyError, match="one public_key"):
        read_approval_policy(policy_of((A, ROLE, A), (B, ROLE, A)))
    with pytest.raises(PolicyError, match="one name"):
        read_approval_policy(policy_of((A, ROLE, A), (A, ROLE, B)))


@pytest.mark.parametrize(
    "policy", [policy_of((B, ROLE, B)), policy_of((A, "analyst", A), (B, ROLE, B)), Policy({})]
)
def test_a_key_of_nobody_who_may_approve_is_refused(mapping, policy):
    with pytest.raises(UnknownSignerError):
        signed_by(mapping, A, policy=policy)
    assert not list(mapping.parent.glob(f"*{APPROVALS}"))


def test_who_is_not_named_by_the_mapping_does_not_sign_it(mapping):
    with pytest.raises(UnknownSignerError, match="approved_by"):
        signed_by(mapping, C, policy=policy_of((C, ROLE, C)))


def test_who_is_not_named_by_the_mapping_does_not_count_where_it_was_signed_by_other_means(mapping):
    told = tomllib.loads(mapping.read_text(encoding="utf-8"))
    named = {**told, "approved_by": [A, C]}
    other = mapping.with_name("other.v1.toml")
    other.write_text(mapping.read_text(encoding="utf-8").replace(B, C), encoding="utf-8")
    approvals = signed_by(other, A, C, policy=policy_of((A, ROLE, A), (C, ROLE, C)))
    assert tomllib.loads(other.read_text(encoding="utf-8"))["approved_by"] == named["approved_by"]
    _, signed = read_approvals(approvals.read_bytes(), "x")

    with pytest.raises(NotApprovedError, match="1 of those who signed it are not named"):
        refuse_unapproved(
            told,
            written_approvals(told, signed),
            read_approval_policy(policy_of((A, ROLE, A), (C, ROLE, C))),
            "x",
        )


def test_a_signature_of_somebody_who_lost_the_role_no_longer_counts(mapping):
    approvals = signed_by(mapping, A, B)

    with pytest.raises(NotApprovedError, match="1 of its signatures are by keys of nobody"):
        judge(mapping, approvals.read_bytes(), policy_of((A, ROLE, A)))


@pytest.mark.parametrize(
    "change",
    [('"K" = "knife_sharp"', '"K" = "glass"'), ("version = 1", "version = 2"), (f'"{ED}"', '"ed-other"'),
     ("2025-01-05", '"2025-01-05"')],
)  # fmt: skip
def test_a_mapping_that_was_changed_is_no_longer_approved(mapping, change):
    approvals = signed_by(mapping, A)
    before = approvals.read_bytes()
    mapping.write_text(MAPPINGS[ED].replace(*change), encoding="utf-8")

    with pytest.raises(NotApprovedError, match="changed after"):
        judge(mapping, before)
    with pytest.raises(ChangedMappingError):
        signed_by(mapping, B)
    assert approvals.read_bytes() == before


def test_a_comment_or_another_order_of_keys_changes_nothing(mapping):
    approvals = signed_by(mapping, A, B)
    head, _, rest = MAPPINGS[ED].lstrip().partition("\n")
    source, _, rest = rest.partition("\n")
    mapping.write_text(f"# looked at again\n{source}\n{head}\n{rest}", encoding="utf-8")

    judge(mapping, approvals.read_bytes())


@pytest.mark.parametrize(
    "swap", ["a signature of another mapping", "the other's signature", "content told falsely"]
)
def test_a_signature_that_is_not_of_this_content_does_not_count(mapping, swap):
    approvals = signed_by(mapping, A, B)
    content, (one, two) = read_approvals(approvals.read_bytes(), "x")
    told = tomllib.loads(mapping.read_text(encoding="utf-8"))
    if swap == "the other's signature":
        forged = written_approvals(told, [replace(one, signature=two.signature), two])
    else:
        other = {**told, "version": 9}
        forged = written_approvals(other, [one, two])
        told = other
        mapping.write_text(MAPPINGS[ED].replace("version = 1", "version = 9"), encoding="utf-8")

    assert content
    with pytest.raises(NotApprovedError, match="not valid"):
        judge(mapping, forged)


def test_a_signature_that_was_given_for_something_else_approves_nothing(mapping):
    """A person's key may sign the same content in another matter: that is no approval."""
    told = tomllib.loads(mapping.read_text(encoding="utf-8"))
    signed = [
        Approval(
            name, public_key_in_words(public_key(KEYS[name])), sign(KEYS[name], canonical_bytes(told)).hex()
        )
        for name in (A, B)
    ]

    with pytest.raises(NotApprovedError, match="2 of its signatures are not valid"):
        judge(mapping, written_approvals(told, signed))


@pytest.mark.parametrize("content", [b"", b"\xff", b'content = "x"\nmore = 1\n', b'content = "x"\napproval = 5\n',
                                     b'content = "x"\n[[approval]]\nperson = "x"\n'])  # fmt: skip
def test_what_is_no_file_of_approvals_is_refused(mapping, content):
    with pytest.raises(NotApprovedError):
        judge(mapping, content)


def test_policy_says_whether_a_mapping_that_nobody_signed_counts(mapping):
    judge(mapping, None)

    with pytest.raises(NotApprovedError, match="nobody has signed it, 3 have to"):
        judge(mapping, None, policy_of((A, ROLE, A), unsigned="refuse", needed=3))


def test_the_policy_that_ships_is_sound_and_names_nobody():
    shipped = read_approval_policy(small_policy())

    assert (shipped.needed, shipped.refuses_unsigned, shipped.people) == (2, False, ())
    assert read_approval_policy(Policy({})) == ApprovalPolicy()


@pytest.mark.parametrize(
    "told",
    [
        {"aprovals": {}}, {"approvals": {"needed": 1}}, {"approvals": {"needed": True}},
        {"approvals": {"unsigned": "warn"}}, {"approvals": {"roles": "x"}}, {"approvals": {"more": 1}},
        {"people": [{"name": "x", "roles": ["x"]}]}, {"people": [{"name": "", "roles": [], "public_key": "x"}]},
        {"people": [{"name": "x", "roles": ["x"], "public_key": "ed25519:00"}]}, {"people": [{"nam": "x"}]},
    ],
)  # fmt: skip
def test_a_policy_of_people_that_cannot_be_is_refused(told):
    with pytest.raises(PolicyError):
        read_approval_policy(Policy({"people": told}))


# --- the door -----------------------------------------------------------------------------------


def sent(tmp_path: Path) -> Path:
    return write_file(tmp_path / "sent" / ED / "a.csv", ED, month_rows(ED, "2025-01"))


def door(policy: Policy) -> Policy:
    """The repository's policy with other people."""
    ours = small_policy()
    return Policy({**ours.files, **policy.files}, ours.definitions, ours.sources)


REFUSING = policy_of((A, ROLE, A), (B, ROLE, B), unsigned="refuse")


def test_a_home_reads_nothing_by_a_mapping_that_is_not_signed_until_it_is(tmp_path, mapping):
    home, path = small_home(tmp_path), sent(tmp_path)
    policy = door(REFUSING)

    (before,) = intake.submit(home, path, policy=policy).files
    signed_by(mapping, A)
    home.give_mapping(mapping)
    (half,) = intake.submit(home, path, policy=policy).files
    approvals = signed_by(mapping, B)
    home.give_mapping(approvals)
    (after,) = intake.submit(home, path, policy=policy).files

    assert before.error.startswith("Q436")
    assert "nobody has signed it" in before.error
    assert half.error.startswith("Q436")
    assert "1 of 2 people" in half.error
    assert after.outcome == "loaded"
    home.verify()


def test_a_mapping_half_signed_reads_nothing_though_unsigned_ones_count(tmp_path, mapping):
    home, path = small_home(tmp_path), sent(tmp_path)
    signed_by(mapping, A)
    home.give_mapping(mapping)

    assert intake.submit(home, path, policy=door(BOTH)).files[0].error.startswith("Q436")


def test_an_older_mapping_that_counts_still_reads_beside_a_newer_one_that_does_not(tmp_path, mapping):
    home, path = small_home(tmp_path), sent(tmp_path)
    signed_by(mapping, A, B)
    home.give_mapping(mapping)
    newer = tmp_path / f"{ED}.v2.toml"
    newer.write_text(MAPPINGS[ED].replace("version = 1", "version = 2"), encoding="utf-8")
    home.give_mapping(newer)

    assert intake.submit(home, path, policy=door(REFUSING)).files[0].outcome == "loaded"
    with reading(home) as tables:
        assert [one.mapping_version for one in tables.restricted.ledger.submissions()] == [1]


def test_approvals_come_with_a_region_and_check_asks_for_them_too(tmp_path):
    region, path = write_region(tmp_path / "region"), sent(tmp_path)
    policy = door(REFUSING)
    asked = {"home": tmp_path / "none", "region": region, "policy": policy}
    (before,) = intake.check(path, **asked).files

    signed_by(region / "mappings" / f"{ED}.v1.toml", A, B)
    for key in region.glob("mappings/*.pem"):
        key.unlink()
    (after,) = intake.check(path, **asked).files
    home = create_home(tmp_path / "home")
    home.give_region(region)

    assert before.error.startswith("Q436")
    assert after.outcome == "loaded"
    assert intake.submit(home, path, policy=policy).files[0].outcome == "loaded"
    home.verify()


def real_home(folder: Path) -> Home:
    """A home whose region is not told to be invented."""
    region = write_region(folder / "region")
    about = region / "region.toml"
    about.write_text(about.read_text().replace("invented = true", "invented = false"))
    home = create_home(folder / "home")
    home.give_region(region)
    return home


def test_a_newer_mapping_that_is_passed_over_is_told_with_why(tmp_path, mapping):
    home, path = real_home(tmp_path), sent(tmp_path)
    signed_by(mapping, A, B)
    home.give_mapping(mapping)
    newer = tmp_path / f"{ED}.v2.toml"
    newer.write_text(MAPPINGS[ED].replace("version = 1", "version = 2"), encoding="utf-8")
    signed_by(newer, A)
    home.give_mapping(newer)

    report = intake.submit(home, path, policy=door(BOTH))

    (line,) = report.approvals
    assert report.files[0].outcome == "loaded"
    assert f"mapping of {ED}, version 2: 1 of 2 people have signed it" in line
    assert line in report.as_text()
    assert line in intake.check(path, home=home.path, policy=door(BOTH)).as_text()


def test_mappings_that_count_unsigned_are_told_once_a_report_and_not_of_an_invented_region(tmp_path, mapping):
    home, path = real_home(tmp_path / "real"), sent(tmp_path)
    invented = small_home(tmp_path / "invented")

    told = intake.submit(home, path, policy=door(BOTH)).approvals

    assert told == (f"1 mapping counts that nobody has signed, of {ED}: policy/people.toml accepts it",)
    assert intake.submit(invented, path, policy=door(BOTH)).approvals == ()
    signed_by(mapping, A, B)
    home.give_mapping(mapping)
    assert intake.submit(home, path, policy=door(BOTH)).approvals == ()


@pytest.mark.parametrize("invented", [False, True])
def test_the_door_of_a_region_tells_what_its_approvals_lack_as_that_of_a_home_does(tmp_path, invented):
    region = write_region(tmp_path / "region")
    about = region / "region.toml"
    about.write_text(about.read_text().replace("invented = true", f"invented = {str(invented).lower()}"))
    opened = door_of_region(region, door(BOTH))
    unsigned = opened.approvals_in_words([ED, "ed-nowhere"])
    signed_by(region / "mappings" / f"{ED}.v1.toml", A, B)

    told = f"1 mapping counts that nobody has signed, of {ED}: policy/people.toml accepts it"
    assert unsigned == (() if invented else (told,))
    assert opened.invented is invented
    assert opened.approvals_in_words(["ed-nowhere"]) == ()
    assert door_of_region(region, door(BOTH)).approvals_in_words([ED]) == ()


def test_where_no_mapping_counts_the_refusal_alone_says_so(tmp_path, mapping):
    home, path = real_home(tmp_path), sent(tmp_path)
    signed_by(mapping, A)
    home.give_mapping(mapping)

    report = intake.submit(home, path, policy=door(BOTH))

    assert report.refused
    assert report.approvals == ()


def test_the_mappings_of_an_invented_county_are_signed_by_people_whose_keys_its_seed_makes(tmp_path):
    region, path = write_region(tmp_path / "county" / "region"), sent(tmp_path)

    sign_invented(tmp_path / "county", 7)
    first = {one: one.read_bytes() for one in (tmp_path / "county").rglob("*.toml")}
    sign_invented(tmp_path / "county", 7)

    policy = load_policy(ROOT / "policy", tmp_path / "county" / "policy")
    assert {one: one.read_bytes() for one in (tmp_path / "county").rglob("*.toml")} == first
    assert read_approval_policy(policy).refuses_unsigned
    asked = {"home": tmp_path / "none", "region": region}
    assert intake.check(path, policy=policy, **asked).files[0].outcome == "loaded"
    sign_invented(tmp_path / "county", 8)
    assert intake.check(path, policy=policy, **asked).files[0].error.startswith("Q436")


# --- keys ---------------------------------------------------------------------------------------


def test_a_pair_is_made_for_its_owner_alone_and_its_entry_fits_policy(tmp_path):
    told = new_pair("Å. Tester (invented)", tmp_path / "key.pem")

    entry = "\n".join(told[told.index("[[people]]") :])
    (person,) = read_approval_policy(Policy({"people": tomllib.loads(entry)})).people
    assert person.public_key == public_key_in_words(public_key((tmp_path / "key.pem").read_bytes()))
    assert person.name == "Å. Tester (invented)"
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    assert "PRIVATE" not in "".join(told)


def test_no_key_is_made_in_a_home_over_a_file_or_for_no_name(tmp_path):
    home = small_home(tmp_path)
    (tmp_path / "mine").write_text("mine")

    for out in (home.path / "key", home.restricted / "key.pem", tmp_path / "mine"):
        with pytest.raises(KeyPlaceError):
            new_pair(A, out)
    for name in ("", " ", 'x"y', "x\ny"):
        with pytest.raises(UsageError):
            new_pair(name, tmp_path / "key")
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize(
    "content", [b"", b"\xff\x00", b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_signing_key_signs_nothing(mapping, content):
    key = mapping.with_name("key")
    key.write_bytes(content)

    with pytest.raises(SigningKeyFileError) as refused:
        approve(mapping, key, BOTH)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("name", ["none.toml", f"x{APPROVALS}", "a.txt", "half.toml", "broken.toml"])
def test_what_is_no_mapping_is_not_signed(tmp_path, name):
    path = tmp_path / name
    if name != "none.toml":
        path.write_text("[" if name == "broken.toml" else 'provider = "x"\n')

    with pytest.raises(UsageError):
        approve(path, key_of(tmp_path, A), BOTH)


def typed(monkeypatch, capsys, *words: object) -> tuple[int, str]:
    """Exit code and output of a command, in this process."""
    monkeypatch.setattr(sys, "argv", ["preventable", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    return ended.value.code, "".join(capsys.readouterr())


def test_two_people_at_the_command_line(tmp_path, mapping, monkeypatch, capsys):
    policy = tmp_path / "policy"
    policy.mkdir()
    head = 'owner = "x"\nreviewer = "x"\nreviewed = 2026-01-01\nreview_by = 2099-01-01\n'
    entries = []
    for name in (A, B):
        _, said = typed(monkeypatch, capsys, "keys", "new", name, "--out", tmp_path / f"{name[0]}.pem")
        entries.append(
            re.search(r"\[\[people\]\].*", said, re.DOTALL)[0].replace("roles = []", f'roles = ["{ROLE}"]')
        )
    (policy / "people.toml").write_text(
        f'{head}[approvals]\nroles = ["{ROLE}"]\n' + "\n".join(entries), encoding="utf-8"
    )
    ours = Path(__file__).parents[2] / "policy"
    monkeypatch.setenv("PREVENTABLE_POLICY", f"{ours}{os.pathsep}{policy}")

    ends = [typed(monkeypatch, capsys, "approve", mapping, "--key", tmp_path / f"{one}.pem") for one in "AAB"]

    assert [code for code, _ in ends] == [0, 2, 0]
    assert "K006" in ends[1][1]
    assert "It counts" in ends[2][1]
    told = tomllib.loads((policy / "people.toml").read_text(encoding="utf-8"))
    judge(mapping, signed_by(mapping).read_bytes(), Policy({"people": told}))


def test_a_key_with_a_password_signs_for_who_knows_it_alone(mapping, tmp_path):
    key = tmp_path / "a.pem"
    new_pair(A, key, password="an invented password")
    public = public_key_in_words(public_key(unlocked(key.read_bytes(), "an invented password")))
    told = {"name": A, "roles": [ROLE], "public_key": public}
    policy = Policy({"people": {"approvals": {"roles": [ROLE]}, "people": [told]}})

    for wrong in ("", "another"):
        with pytest.raises(SigningKeyFileError, match="password") as refused:
            approve(mapping, key, policy, lambda wrong=wrong: wrong)
        assert refused.value.__cause__ is None
    with pytest.raises(SigningKeyFileError, match="password"):
        approve(mapping, key, policy)

    assert "1 more has to sign" in approve(mapping, key, policy, lambda: "an invented password")
    assert b"ENCRYPTED" in key.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
