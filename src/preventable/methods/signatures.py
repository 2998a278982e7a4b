"""Signatures over content: Ed25519 over one canonical form, so that how a file is laid out does not matter."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

_LOCKED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


def canonical_bytes(content: object) -> bytes:
    """One form of what a TOML file says: its comments, spaces and the order of its keys do not count.

    Args:
        content: Texts, numbers, flags, dates and times, and lists and tables of them.

    Returns:
        JSON with sorted keys in which each value stands beside its kind, so that no two contents have one form.

    Raises:
        TypeError: A value of another kind.

    Example:
        >>> canonical_bytes({"b": 1, "a": ["x"]}) == canonical_bytes({"a": ["x"], "b": 1})
        True
        >>> canonical_bytes({"a": 1}) == canonical_bytes({"a": "1"})
        False
    """
    return json.dumps(_tagged(content), ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode(
        "ascii"
    )


def _tagged(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _tagged(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return ["list", *(_tagged(one) for one in value)]
    if isinstance(value, bool | int | str):
        return [type(value).__name__, value]
    if isinstance(value, float):
        return ["float", repr(value)]
    if isinstance(value, dt.date | dt.time):
        return [type(value).__name__, value.isoformat()]
    raise TypeError(f"no canonical form of a {type(value).__name__}")


def new_signing_key() -> bytes:
    """A private key, as PKCS 8 in PEM, drawn by the system."""
    return _pem(Ed25519PrivateKey.generate())


def signing_key_of(seed: bytes) -> bytes:
    """The private key that 32 bytes make, in the same form; for keys that protect nothing."""
    return _pem(Ed25519PrivateKey.from_private_bytes(seed))


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def locked(signing_key: bytes, password: str) -> bytes:
    """A private key that only who knows the password can use: PKCS 8 in PEM, encrypted.

    Raises:
        ValueError: It is no private key of Ed25519, or the password is empty.

    Example:
        >>> key = signing_key_of(bytes(32))
        >>> unlocked(locked(key, "an invented password"), "an invented password") == key
        True
    """
    encryption = BestAvailableEncryption(password.encode())
    return _loaded(signing_key).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def is_locked(signing_key: bytes) -> bool:
    """Whether a private key in PEM asks for a password."""
    return signing_key.lstrip().startswith(_LOCKED)


def unlocked(signing_key: bytes, password: str) -> bytes:
    """A locked private key as it was before.

    Raises:
        ValueError: Another password, or no private key of Ed25519. Nothing of either is quoted.
    """
    return _pem(_loaded_with(signing_key, password.encode()))


def public_key(signing_key: bytes) -> bytes:
    """The 32 bytes of the public key of a private key in PEM.

    Raises:
        ValueError: It is no private key of Ed25519. Nothing of it is quoted.
    """
    return _loaded(signing_key).public_key().public_bytes_raw()


def sign(signing_key: bytes, message: bytes) -> bytes:
    """The 64 bytes of a signature.

    Raises:
        ValueError: It is no private key of Ed25519. Nothing of it is quoted.

    Sources:
        RFC 8032 (Ed25519).
    """
    return _loaded(signing_key).sign(message)


def _loaded(signing_key: bytes) -> Ed25519PrivateKey:
    return _loaded_with(signing_key, None)


def _loaded_with(signing_key: bytes, password: bytes | None) -> Ed25519PrivateKey:
    key: object = None
    # Whatever the library makes of another file may tell what stands in it: nothing of that goes on.
    with contextlib.suppress(Exception):
        key = load_pem_private_key(signing_key, password=password)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("it is no private key of Ed25519")
    return key


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature of a message is that of a public key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
