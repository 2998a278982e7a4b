"""Bytes that only the holder of a key can read, and that nobody can change unseen: AES-256 in Galois/Counter Mode."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: Bytes of a key.
KEY_BYTES = 32
_NONCE_BYTES = 12


def sealed(key: bytes, content: bytes, bound: bytes) -> bytes:
    """Content encrypted and bound to what it is.

    Args:
        key: 32 bytes, for at most 2**32 contents: each takes a nonce drawn by the system.
        content: Any bytes.
        bound: What the content is, such as its name; it is not in the result and must be given again to open it.

    Returns:
        Nonce (12 bytes), encrypted content, tag (16 bytes).

    Sources:
        NIST Special Publication 800-38D (Galois/Counter Mode).

    Example:
        >>> unsealed(bytes(32), sealed(bytes(32), b"rows", b"a.csv"), b"a.csv")
        b'rows'
    """
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound)


def unsealed(key: bytes, sealed_content: bytes, bound: bytes) -> bytes:
    """Content as it was before it was sealed.

    Raises:
        ValueError: Another key, another `bound`, or a byte that is not what was sealed.
    """
    nonce, encrypted = sealed_content[:_NONCE_BYTES], sealed_content[_NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, encrypted, bound)
    except (InvalidTag, ValueError):
        raise ValueError("it was not sealed with this key, or is not what was sealed") from None
