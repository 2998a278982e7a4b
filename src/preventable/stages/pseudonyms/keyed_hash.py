"""Pseudonyms: keyed hashes that only the holder of the key can make again."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

_HASH_BYTES = 20
_LETTERS = 32
_BLOCK_BYTES = 64  # of SHA-256
_INNER, _OUTER = 0x36, 0x5C  # pads of RFC 2104
_ALPHABET = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", dtype=np.uint8)
#: Both letters of ten bits at once, and where the four tens of five bytes begin.
_PAIRS = np.stack([np.repeat(_ALPHABET, 32), np.tile(_ALPHABET, 32)], axis=1)
_TENS = np.array([30, 20, 10, 0], dtype=np.uint64)
_ROWS_AT_ONCE = 50_000  # bounds memory: a value and its digest are Python objects meanwhile


def pseudonyms(key: bytes, key_id: str, domain: str, values: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    """`<key id>:` and a keyed hash of each normalised value; domains (`record`, `person`) never meet.

    Args:
        key: The home's secret key.
        key_id: Its public name.
        domain: What the values are.
        values: The values as texts without nulls, normalised where they were read.

    Sources:
        RFC 2104 (HMAC) with SHA-256; the first 160 bits, in base 32 of RFC 4648 in small letters.

    Example:
        >>> pseudonyms(b"not a real key", "demo", "person", pa.array(["9990000042"]))[0].as_py()[:8]
        'demo:lcf'
    """
    parts = [
        _named(key_id, _letters(_digests(key, domain, values.slice(start, _ROWS_AT_ONCE))))
        for start in range(0, len(values), _ROWS_AT_ONCE)
    ]
    return pa.chunked_array(parts, pa.string())


def _digests(key: bytes, domain: str, values: pa.Array | pa.ChunkedArray) -> bytes:
    """The first bytes of the keyed hash of each value, one after another."""
    short = hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key
    padded = short.ljust(_BLOCK_BYTES, b"\0")
    # The two blocks that the key fills are hashed once, and each value goes on from there.
    inner = hashlib.sha256(bytes(byte ^ _INNER for byte in padded) + f"{domain}|".encode())
    outer = hashlib.sha256(bytes(byte ^ _OUTER for byte in padded))
    found = []
    for value in values.cast(pa.binary()).to_pylist():
        message, whole = inner.copy(), outer.copy()
        message.update(value)
        whole.update(message.digest())
        found.append(whole.digest()[:_HASH_BYTES])
    return b"".join(found)


def _letters(digests: bytes) -> np.ndarray:
    """Each hash in base 32, a row of letters: five bits are a letter, five bytes are eight."""
    fives = np.zeros((len(digests) // 5, 8), dtype=np.uint8)
    fives[:, 3:] = np.frombuffer(digests, dtype=np.uint8).reshape(-1, 5)
    words = fives.view(">u8").astype(np.uint64)
    return _PAIRS[(words >> _TENS) & np.uint64(1023)].reshape(-1, _LETTERS)


def _named(key_id: str, letters: np.ndarray) -> pa.Array:
    """Rows of letters behind the key's name and a colon, as texts."""
    name = np.frombuffer(f"{key_id}:".encode(), dtype=np.uint8)
    whole = np.empty((len(letters), len(name) + _LETTERS), dtype=np.uint8)
    whole[:, : len(name)] = name
    whole[:, len(name) :] = letters
    ends = np.arange(0, whole.size + 1, whole.shape[1], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(whole), [None, pa.py_buffer(ends), pa.py_buffer(whole)])
