"""Sealing: a number of the authors of GCM, and nothing opens that was changed, renamed or sealed with another key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.methods.sealing import KEY_BYTES, sealed, unsealed

#: McGrew and Viega, The Galois/Counter Mode of Operation, test case 16: key, plaintext, bound, nonce, encrypted, tag.
KEY = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
PLAIN = bytes.fromhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
BOUND = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
NONCE = bytes.fromhex("cafebabefacedbaddecaf888")
ENCRYPTED = bytes.fromhex(
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
)
TAG = bytes.fromhex("76fc6ece0f4e1768cddf8853bb2d551b")


def test_what_others_encrypted_opens_to_their_plaintext():
    assert unsealed(KEY, NONCE + ENCRYPTED + TAG, BOUND) == PLAIN


@given(content=st.binary(max_size=300), bound=st.binary(max_size=50))
def test_what_was_sealed_opens_again_and_is_longer_by_nonce_and_tag(content, bound):
    closed = sealed(KEY, content, bound)

    assert unsealed(KEY, closed, bound) == content
    assert len(closed) == len(content) + 12 + 16


def test_the_same_content_sealed_twice_looks_different():
    assert sealed(KEY, PLAIN, BOUND) != sealed(KEY, PLAIN, BOUND)


@pytest.mark.parametrize("content", [b"", b"x", PLAIN], ids=["nothing", "a byte", "some"])
def test_another_key_another_name_a_byte_more_less_or_changed_does_not_open(content):
    closed = sealed(KEY, content, BOUND)

    for key, given_bytes, bound in [
        (bytes(KEY_BYTES), closed, BOUND),
        (KEY, closed, BOUND + b"x"),
        (KEY, closed[:-1], BOUND),
        (KEY, closed + b"x", BOUND),
        (KEY, b"", BOUND),
        *[
            (KEY, closed[:at] + bytes([closed[at] ^ 1]) + closed[at + 1 :], BOUND)
            for at in range(len(closed))
        ],
    ]:
        with pytest.raises(ValueError, match="not sealed"):
            unsealed(key, given_bytes, bound)
