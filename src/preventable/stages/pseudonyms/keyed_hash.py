"""Pseudonyms: keyed hashes that only the holder of the key can make again."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence

_HASH_BYTES = 20
_LETTERS = 32


def pseudonyms(key: bytes, key_id: str, domain: str, values: Sequence[str]) -> list[str]:
    """`<key id>:` and a keyed hash of each normalised value; domains (`record`, `person`) never meet.

    Args:
        key: The home's secret key.
        key_id: Its public name.
        domain: What the values are.
        values: The values, normalised where they were read.

    Sources:
        RFC 2104 (HMAC) with SHA-256; the first 160 bits, in base 32 of RFC 4648 in small letters.

    Example:
        >>> pseudonyms(b"not a real key", "demo", "person", ["9990000042"])[0][:8]
        'demo:lcf'
    """
    digests = [hmac.digest(key, f"{domain}|{value}".encode(), "sha256")[:_HASH_BYTES] for value in values]
    # Five bytes are eight letters: a run of hashes of twenty bytes is their letters one after another.
    letters = base64.b32encode(b"".join(digests)).decode().lower()
    return [f"{key_id}:{letters[at : at + _LETTERS]}" for at in range(0, len(letters), _LETTERS)]
