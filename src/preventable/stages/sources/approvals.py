"""Who may approve a mapping, and whether a mapping is approved: signatures of several people over what it says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preventable.counted import counted
from preventable.errors import PolicyError
from preventable.intake_errors import NotApprovedError
from preventable.methods.signatures import canonical_bytes, is_signed
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys, words_given
from preventable.stages.sources.untrusted import toml_of

_WHERE = "policy/people.toml"
_PUBLIC_KEY = re.compile(r"ed25519:[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
#: Puts these signatures apart from all others that a person's key could make.
_DOMAIN = b"preventable: approval of a mapping, form 1\n"
_UNSIGNED = ("accept", "refuse")


@dataclass(frozen=True)
class Person:
    """Somebody who may sign, and as what."""

    name: str
    roles: tuple[str, ...]
    public_key: str


@dataclass(frozen=True)
class ApprovalPolicy:
    """What policy/people.toml says.

    Attributes:
        needed: How many people have to sign a mapping.
        roles: Roles of which each of them must have one.
        refuses_unsigned: Whether a mapping that nobody signed reads nothing; one that somebody signed always needs all.
        people: Who may sign.
    """

    needed: int = 2
    roles: tuple[str, ...] = ()
    refuses_unsigned: bool = False
    people: tuple[Person, ...] = ()

    def signer(self, key: str) -> Person | None:
        """The person of a public key who may approve a mapping; None where nobody."""
        return next(
            (one for one in self.people if one.public_key == key and set(one.roles) & set(self.roles)), None
        )


def public_key_in_words(public: bytes) -> str:
    """A public key as policy writes it."""
    return f"ed25519:{public.hex()}"


def read_approval_policy(policy: Policy) -> ApprovalPolicy:
    """Who may approve. No file: nobody, and mappings count unsigned.

    Raises:
        PolicyError: It has another key, a number or word that cannot be, or one key or name for two people.
    """
    if "people" not in policy.files:
        return ApprovalPolicy()
    contents = policy.file("people")
    refuse_unknown_keys(_WHERE, "it", contents, (*POLICY_HEADER, "approvals", "people"))
    asked = contents.get("approvals", {})
    refuse_unknown_keys(_WHERE, "[approvals]", asked, ("needed", "roles", "unsigned"))
    needed, unsigned = asked.get("needed", 2), asked.get("unsigned", "accept")
    if type(needed) is not int or needed < 2 or unsigned not in _UNSIGNED:
        raise PolicyError(
            _WHERE, "needed is no whole number of 2 or more, or unsigned neither accept nor refuse"
        )
    roles = words_given(_WHERE, "roles of [approvals]", asked.get("roles", []))
    people = tuple(_person(told) for told in contents.get("people", []))
    for what in ("name", "public_key"):
        if len({getattr(one, what) for one in people}) != len(people):
            raise PolicyError(_WHERE, f"two people have one {what}")
    return ApprovalPolicy(needed, roles, unsigned == "refuse", people)


def _person(told: Mapping[str, Any]) -> Person:
    refuse_unknown_keys(_WHERE, "one of [[people]]", told, ("name", "roles", "public_key"))
    name, key = told.get("name"), told.get("public_key")
    if not isinstance(name, str) or not name or not isinstance(key, str) or not _PUBLIC_KEY.fullmatch(key):
        raise PolicyError(
            _WHERE, "one of [[people]] has no name, or no public key as `preventable keys new` writes it"
        )
    return Person(name, words_given(_WHERE, f"roles of {name}", told.get("roles")), key)


@dataclass(frozen=True)
class Approval:
    """One signature: whose, by name and public key, and the signature itself in hexadecimal digits."""

    person: str
    public_key: str
    signature: str


def message_of(mapping: Mapping[str, Any]) -> bytes:
    """What is signed of a mapping: all that it says, provider and version too."""
    return _DOMAIN + canonical_bytes(mapping)


def content_of(mapping: Mapping[str, Any]) -> str:
    """sha256 of what is signed: by it people see that they speak of one content."""
    return hashlib.sha256(message_of(mapping)).hexdigest()


def written_approvals(mapping: Mapping[str, Any], approvals: Sequence[Approval]) -> bytes:
    """The file of approvals of a mapping."""
    lines = [f'content = "{content_of(mapping)}"']
    for one in approvals:
        person = one.person.replace("\\", "\\\\").replace('"', '\\"')
        lines += ["", "[[approval]]", f'person = "{person}"', f'public_key = "{one.public_key}"']
        lines += [f'signature = "{one.signature}"']
    return ("\n".join(lines) + "\n").encode()


def read_approvals(content: bytes, where: str) -> tuple[str, tuple[Approval, ...]]:
    """The content that was approved, and who signed it.

    Raises:
        NotApprovedError: It is no file of approvals.
    """
    told = toml_of(content)
    listed = told.get("approval", [])
    sound = isinstance(told.get("content"), str) and set(told) <= {"content", "approval"}
    if not sound or not isinstance(listed, list) or not all(map(_is_approval, listed)):
        raise NotApprovedError(where, "it is no file of approvals")
    return str(told["content"]), tuple(Approval(**one) for one in listed)


def _is_approval(told: object) -> bool:
    if not isinstance(told, dict) or set(told) != set(Approval.__dataclass_fields__):
        return False
    texts = all(isinstance(value, str) for value in told.values())
    return texts and bool(
        _PUBLIC_KEY.fullmatch(told["public_key"]) and _SIGNATURE.fullmatch(told["signature"])
    )


def refuse_unapproved(
    mapping: Mapping[str, Any], approvals: bytes | None, asked: ApprovalPolicy, where: str
) -> None:
    """Refuse a mapping that not enough people approved.

    Args:
        mapping: As read from its file.
        approvals: The file of its approvals; None where there is none.
        asked: What policy asks.
        where: The mapping, for errors.

    Raises:
        NotApprovedError: It says why: changed since, an unknown key, one person twice, somebody whom
            approved_by does not name, a signature that is not valid, or too few.
    """
    if approvals is None:
        if asked.refuses_unsigned:
            raise NotApprovedError(where, f"nobody has signed it, {asked.needed} have to")
        return
    content, signed = read_approvals(approvals, where)
    if content != content_of(mapping):
        raise NotApprovedError(where, "it was changed after it was approved")
    signers = [asked.signer(one.public_key) for one in signed]
    if None in signers:
        raise NotApprovedError(
            where, f"{signers.count(None)} of its signatures are by keys of nobody who may approve"
        )
    if len({one.name for one in signers if one}) != len(signers):
        raise NotApprovedError(where, "one person has signed it twice")
    unnamed = sum(one.name not in mapping.get("approved_by", ()) for one in signers if one)
    if unnamed:
        raise NotApprovedError(where, f"{unnamed} of those who signed it are not named by its approved_by")
    message = message_of(mapping)
    false = sum(not _is_valid(one, message) for one in signed)
    if false:
        raise NotApprovedError(where, f"{false} of its signatures are not valid")
    if len(signers) < asked.needed:
        raise NotApprovedError(where, f"{len(signers)} of {asked.needed} people have signed it")


def approved_mappings(
    mappings: Sequence[Mapping[str, Any]],
    approvals: Mapping[int, bytes],
    asked: ApprovalPolicy,
    provider: str,
) -> list[Mapping[str, Any]]:
    """The mappings of a provider that count.

    Args:
        mappings: As read from their files, lowest version first.
        approvals: Version -> the file of its approvals.
        asked: What policy asks.
        provider: Its name, for errors.

    Raises:
        NotApprovedError: There are some, and none counts; it says why the newest does not.
    """
    counting, refusal = [], None
    for mapping in mappings:
        version = mapping.get("version")
        signed = approvals.get(version) if type(version) is int else None
        try:
            refuse_unapproved(mapping, signed, asked, f"mapping of {provider}, version {version}")
            counting.append(mapping)
        except NotApprovedError as error:
            refusal = error
    if refusal is not None and not counting:
        raise refusal
    return counting


@dataclass(frozen=True)
class ApprovalsTold:
    """What people should know of the approvals of a provider's mappings.

    Attributes:
        provider: Whose they are.
        unsigned: Versions that count though nobody has signed them.
        passed_over: Of versions newer than the newest that counts: why each does not.
    """

    provider: str
    unsigned: tuple[int, ...]
    passed_over: tuple[str, ...]


def told_of_approvals(
    mappings: Sequence[Mapping[str, Any]],
    approvals: Mapping[int, bytes],
    asked: ApprovalPolicy,
    provider: str,
) -> ApprovalsTold:
    """What people should know of the approvals of a provider's mappings; arguments as of `approved_mappings`."""
    unsigned: list[int] = []
    passed_over: list[str] = []
    counting = False
    for mapping in mappings:
        version = mapping.get("version")
        signed = approvals.get(version) if type(version) is int else None
        where = f"mapping of {provider}, version {version}"
        try:
            refuse_unapproved(mapping, signed, asked, where)
        except NotApprovedError as error:
            passed_over.append(f"{where}: {error.found}")
            continue
        passed_over.clear()
        counting = True
        unsigned += [version] if signed is None and type(version) is int else []
    # Where none counts the refusal of the file says so.
    return ApprovalsTold(provider, tuple(unsigned), tuple(passed_over) if counting else ())


def approvals_in_words(told: Sequence[ApprovalsTold]) -> tuple[str, ...]:
    """A line for each newer mapping that is passed over for an older one, and one for all that nobody has signed."""
    lines = [f"Passed over, older ones read: {one}" for provider in told for one in provider.passed_over]
    unsigned = [one.provider for one in told if one.unsigned]
    if unsigned:
        mappings = sum(len(one.unsigned) for one in told)
        count = counted(mappings, "mapping counts", "mappings count")
        lines.append(
            f"{count} that nobody has signed, of {', '.join(unsigned)}: policy/people.toml accepts it"
        )
    return tuple(lines)


def _is_valid(approval: Approval, message: bytes) -> bool:
    public = bytes.fromhex(approval.public_key.removeprefix("ed25519:"))
    return is_signed(public, message, bytes.fromhex(approval.signature))
