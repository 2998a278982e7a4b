"""Approving a mapping: a pair of keys for each person, and signatures beside the mapping's file."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from preventable.counted import counted
from preventable.errors import UsageError
from preventable.intake.custodian import refuse_place_in_home, write_new
from preventable.key_errors import (
    ApprovedTwiceError,
    ChangedMappingError,
    SigningKeyFileError,
    UnknownSignerError,
)
from preventable.methods.signatures import (
    is_locked,
    locked,
    new_signing_key,
    public_key,
    sign,
    signing_key_of,
    unlocked,
)
from preventable.settings import Policy
from preventable.stages.sources.approvals import (
    Approval,
    ApprovalPolicy,
    content_of,
    message_of,
    public_key_in_words,
    read_approval_policy,
    read_approvals,
    written_approvals,
)
from preventable.store.durable import make_folders, write_atomically
from preventable.store.home import APPROVALS, approvals_beside


def new_pair(name: str, out: Path, *, password: str = "") -> list[str]:
    """Make a pair of keys for a person.

    Args:
        name: As policy is to name the person.
        out: File of the private key, for its owner alone; must not be there yet.
        password: Without which the private key cannot be used; none where it is empty.

    Returns:
        Lines that tell where it is, and the entry for policy/people.toml.

    Raises:
        UsageError: The name is empty, or has what no name has.
        KeyPlaceError: The file is there, or would lie in a home.
    """
    if not name.strip() or not name.isprintable() or '"' in name or "\\" in name:
        raise UsageError("NAME", "it is empty, or has quotation marks or signs that no name has")
    refuse_place_in_home(out)
    key = new_signing_key()
    write_new(out, locked(key, password) if password else key)
    return [
        f"The private key, for {name} alone: {out}",
        "For policy/people.toml, with the roles that the partnership gives:",
        "",
        "[[people]]",
        f'name = "{name}"',
        "roles = []",
        f'public_key = "{public_key_in_words(public_key(key))}"',
    ]


def no_password() -> str:
    """What is answered where nobody can be asked for a password."""
    return ""


def approve(path: Path, key: Path, policy: Policy, ask: Callable[[], str] = no_password) -> list[str]:
    """Add a person's signature to the approvals of a mapping.

    Args:
        path: The mapping's file; it is not changed.
        key: File of the person's private key.
        policy: Holds people.toml.
        ask: Asks the person for the password of a key that has one.

    Returns:
        Lines that tell who has signed, and who many more have to.

    Raises:
        UsageError: It is no mapping.
        SigningKeyFileError: The key's file is none, or the password is another.
        UnknownSignerError: The key is of nobody who may approve, or of nobody whom the mapping names.
        ChangedMappingError: Others approved another content.
        ApprovedTwiceError: This person has signed it.
    """
    mapping = _mapping(path)
    asked = read_approval_policy(policy)
    signing_key = _signing_key(key, ask)
    person = _person(mapping, signing_key, asked, key)
    beside = approvals_beside(path)
    content, signed = read_approvals(beside.read_bytes(), beside.name) if beside.is_file() else ("", ())
    if content and content != content_of(mapping):
        raise ChangedMappingError(
            path.name, f"{counted(len(signed), 'person has', 'people have')} signed another content"
        )
    if any(one.person == person for one in signed):
        raise ApprovedTwiceError(path.name, f"{person} has signed it")
    approval = Approval(
        person, public_key_in_words(public_key(signing_key)), sign(signing_key, message_of(mapping)).hex()
    )
    write_atomically(beside, written_approvals(mapping, (*signed, approval)))
    missing = max(asked.needed - len(signed) - 1, 0)
    return [
        f"{path.name}: signed by {', '.join([*(one.person for one in signed), person])}",
        counted(missing, "more has", "more have") + " to sign" if missing else "It counts",
        f"Give it with the mapping: {beside}",
    ]


def _signing_key(key: Path, ask: Callable[[], str]) -> bytes:
    content = key.read_bytes()
    if not is_locked(content):
        return content
    with suppress(ValueError):
        return unlocked(content, ask())
    raise SigningKeyFileError(key.name, "it asks for its password, and this is another")


def sign_invented(folder: Path, seed: int) -> list[str]:
    """Sign the mappings of an invented county by the people whom they name, and write the policy that knows these.

    Their keys are made of the county's seed, so that anybody can make them: they protect nothing.

    Args:
        folder: Where the county was written: region/mappings, and policy/people.toml after this.
        seed: Of the county.

    Returns:
        Lines that tell how many were signed, and how the policy comes into use.
    """
    paths = [path for path in sorted((folder / "region" / "mappings").rglob("*.toml")) if _is_mapping(path)]
    keys: dict[str, bytes] = {}
    for path in paths:
        mapping = _mapping(path)
        for name in mapping["approved_by"]:
            digest = hashlib.sha256(f"invented approver|{seed}|{name}".encode()).digest()
            keys.setdefault(name, signing_key_of(digest))
        signed = [
            Approval(
                name, public_key_in_words(public_key(keys[name])), sign(keys[name], message_of(mapping)).hex()
            )
            for name in mapping["approved_by"]
        ]
        write_atomically(approvals_beside(path), written_approvals(mapping, signed))
    policy = folder / "policy"
    make_folders(policy.absolute())
    write_atomically(policy / "people.toml", _invented_people(keys))
    return [
        f"{len(paths)} mappings signed by {len(keys)} invented people; the policy that knows them: {policy}",
        f"They count where that folder is named after the others: PREVENTABLE_POLICY=policy{os.pathsep}{policy}",
    ]


def _is_mapping(path: Path) -> bool:
    return not path.name.endswith(APPROVALS)


def _invented_people(keys: Mapping[str, bytes]) -> bytes:
    lines = [
        "# Who signs the mappings of an invented county. Their keys are made of its seed and protect nothing.",
        'owner = "Preventable, invented county"',
        'reviewer = "Preventable, engineering"',
        "reviewed = 2026-11-26",
        "review_by = 2027-11-26",
        'source = "invented"',
        "",
        "[approvals]",
        "needed = 2",
        'roles = ["data standards"]',
        'unsigned = "refuse"',
    ]
    for name, key in sorted(keys.items()):
        lines += ["", "[[people]]", f'name = "{name}"', 'roles = ["data standards"]']
        lines += [f'public_key = "{public_key_in_words(public_key(key))}"']
    return ("\n".join(lines) + "\n").encode()


def _mapping(path: Path) -> dict[str, Any]:
    if not path.is_file() or path.name.endswith(APPROVALS) or path.suffix != ".toml":
        raise UsageError(str(path), "it is no mapping's file")
    try:
        mapping = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise UsageError(path.name, "it is not well-formed TOML") from None
    absent = [name for name in ("provider", "source", "version", "approved_by") if name not in mapping]
    if absent:
        raise UsageError(path.name, f"it lacks {', '.join(absent)}")
    return mapping


def _person(mapping: dict[str, Any], signing_key: bytes, asked: ApprovalPolicy, key: Path) -> str:
    """Name of the person whose key it is."""
    try:
        public = public_key(signing_key)
    except ValueError:
        public = b""
    if not public:
        raise SigningKeyFileError(key.name, "it is no private key of Ed25519")
    person = asked.signer(public_key_in_words(public))
    if person is None:
        raise UnknownSignerError(
            key.name, "policy/people.toml gives its public key to nobody with a role that counts"
        )
    if person.name not in mapping["approved_by"]:
        raise UnknownSignerError(
            key.name, f"{person.name} is not among those whom approved_by of the mapping names"
        )
    return person.name
