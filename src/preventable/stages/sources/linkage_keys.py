"""Linkage keys: pseudonyms of NHS numbers that providers make with a custodian's key, and which of them a home takes.

A pseudonym is `<id of the key>:` and a keyed hash, so that one person at two providers is one pseudonym, and the home,
which has no such key, cannot tell whose it is.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from preventable.counted import counted
from preventable.errors import PolicyError
from preventable.intake_errors import OtherLinkageKeyError
from preventable.key_errors import LinkageKeyFileError
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys, words_given
from preventable.stages.sources.cells import nhs_number
from preventable.stages.sources.rules_files import rules_file
from preventable.stages.sources.untrusted import toml_of

KEY_BYTES = 32
#: Puts these hashes apart from all others that the same key could be used for.
_DOMAIN = b"nhs|"
_HASH_BYTES = 16
_ID = re.compile(r"k[1-9][0-9]{0,5}")
_PURPOSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ,.()-]{2,79}")
_WHERE = "policy/linkage_keys.toml"


@dataclass(frozen=True)
class LinkageKey:
    """A custodian's key for one purpose. Nothing that prints it shows the secret.

    Attributes:
        id: Its public name, part of every pseudonym: k1, k2 and so on.
        purpose: What it was issued for; no pseudonym of one purpose leads to one of another.
        secret: 32 bytes.
    """

    id: str
    purpose: str
    secret: bytes = field(repr=False)

    def as_bytes(self) -> bytes:
        """The file that holds it."""
        head = "# A linkage key. Whoever has it can find out whose pseudonyms are whose: only its custodian and the\n"
        head += "# providers that it was given to may have it. It never lies where their files are sent.\n"
        told = f'id = "{self.id}"\npurpose = "{self.purpose}"\nkey = "{self.secret.hex()}"\n'
        return (head + told).encode()

    def pseudonym(self, digits: str) -> str:
        """The pseudonym of an NHS number, ten digits.

        Sources:
            RFC 2104 (HMAC) with SHA-256; the first 128 bits, in base 32 of RFC 4648 in small letters without padding.
        """
        digest = hmac.digest(self.secret, _DOMAIN + digits.encode("ascii"), "sha256")
        letters = base64.b32encode(digest[:_HASH_BYTES]).decode("ascii").rstrip("=").lower()
        return f"{self.id}:{letters}"


def is_purpose(text: str) -> bool:
    """Whether a text can name a purpose: plain words of 3 to 80 letters, figures and signs."""
    return _PURPOSE.fullmatch(text) is not None


def read_linkage_key(content: bytes, where: str) -> LinkageKey:
    """A key from its file.

    Raises:
        LinkageKeyFileError: It is no such file. Nothing of it is quoted.
    """
    told = toml_of(content)
    texts = all(isinstance(told.get(name), str) for name in ("id", "purpose", "key"))
    if set(told) != {"id", "purpose", "key"} or not texts:
        raise LinkageKeyFileError(where, "it is no file of a linkage key")
    if not _ID.fullmatch(told["id"]) or not is_purpose(told["purpose"]):
        raise LinkageKeyFileError(where, "its id or purpose is not well formed")
    secret = bytes.fromhex(told["key"]) if re.fullmatch(r"[0-9a-f]{64}", told["key"]) else b""
    if not secret:
        raise LinkageKeyFileError(where, "its key is not 64 hexadecimal digits")
    return LinkageKey(told["id"], told["purpose"], secret)


def is_pseudonym(text: str, key_id: str = "") -> bool:
    """Whether a text is a pseudonym; of that key, where one is named."""
    found = re.fullmatch(rules_file("reading")["patterns"]["linkage_pseudonym"], text)
    return found is not None and (not key_id or text.startswith(f"{key_id}:"))


def person_number(text: str) -> tuple[object, str]:
    """The parser of `nhs_number`: an NHS number, or its pseudonym in small letters."""
    if is_pseudonym(text.lower()):
        return text.lower(), ""
    return nhs_number(text)


def read_accepted_keys(policy: Policy) -> tuple[str, ...]:
    """Ids of the linkage keys whose pseudonyms are taken in. No file: none is.

    Raises:
        PolicyError: It has another key, or names what is no id.
    """
    if "linkage_keys" not in policy.files:
        return ()
    contents = policy.file("linkage_keys")
    refuse_unknown_keys(_WHERE, "it", contents, (*POLICY_HEADER, "accepted"))
    accepted = words_given(_WHERE, "accepted", contents.get("accepted", []))
    if not all(map(_ID.fullmatch, accepted)):
        raise PolicyError(_WHERE, "accepted names what is no id of a linkage key, such as k1")
    return accepted


def refuse_other_keys(values: Iterable[str | None], accepted: Iterable[str], where: str) -> None:
    """Refuse a file with pseudonyms of a key that policy does not accept: they would link with nobody.

    Args:
        values: Its numbers of persons, as read.
        accepted: Ids of `read_accepted_keys`.
        where: File, for errors.

    Raises:
        OtherLinkageKeyError: It names the keys, and how many rows have each.
    """
    counts: dict[str, int] = {}
    for value in values:
        if value is not None and ":" in value:
            key_id = value.partition(":")[0]
            counts[key_id] = counts.get(key_id, 0) + 1
    strange = [f"{counted(counts[one], 'row')} of {one}" for one in sorted(set(counts) - set(accepted))]
    if strange:
        raise OtherLinkageKeyError(where, f"it has pseudonyms in {', '.join(strange)}")
