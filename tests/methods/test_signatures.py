"""Signatures: numbers of RFC 8032, and one form for one content."""

from __future__ import annotations

import base64
import datetime as dt
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preventable.methods.signatures import (
    canonical_bytes,
    is_signed,
    new_signing_key,
    public_key,
    sign,
    signing_key_of,
)

#: RFC 8032, section 7.1, tests 1 to 3: secret key, public key, message, signature.
RFC_8032 = [
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]  # fmt: skip


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_keys_and_signatures_are_those_of_the_standard(secret, public, message, signature):
    key = signing_key_of(bytes.fromhex(secret))

    assert public_key(key).hex() == public
    assert sign(key, bytes.fromhex(message)).hex() == signature
    assert is_signed(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


def test_one_bit_more_anywhere_is_no_signature():
    key = signing_key_of(bytes(32))
    message, public = b"a mapping", public_key(key)
    signature = sign(key, message)

    for at in range(0, 512, 37):
        changed = bytearray(signature)
        changed[at // 8] ^= 1 << at % 8
        assert not is_signed(public, message, bytes(changed))
    assert not is_signed(public, message + b"s", signature)
    assert not is_signed(public_key(new_signing_key()), message, signature)
    assert not is_signed(b"short", message, signature)
    assert is_signed(public, message, signature)


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_refused_without_a_word_of_it(content):
    with pytest.raises(ValueError, match="no private key of Ed25519") as refused:
        sign(content, b"x")
    assert refused.value.__context__ is None


def test_a_key_of_another_curve_is_refused():
    x25519 = b'0.\x02\x01\x000\x05\x06\x03+en\x04"\x04 ' + bytes(32)
    pem = b"-----BEGIN PRIVATE KEY-----\n" + base64.b64encode(x25519) + b"\n-----END PRIVATE KEY-----\n"

    with pytest.raises(ValueError, match="no private key of Ed25519"):
        public_key(pem)


values = st.recursive(
    st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False) | st.dates() | st.times() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def alike(one: object, other: object) -> bool:
    """Equal, in kind too: 1, 1.0 and true are three things, and so are 0.0 and -0.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dt.date | dt.time) and type(one) is type(other):
        return one.isoformat() == other.isoformat()
    return type(one) is type(other) and repr(one) == repr(other)


@given(one=values, other=values)
def test_two_contents_have_one_form_only_where_they_are_alike(one, other):
    assert (canonical_bytes(one) == canonical_bytes(other)) == alike(one, other)


@given(content=st.dictionaries(st.text(), values, max_size=5))
def test_the_order_of_keys_does_not_count(content):
    assert canonical_bytes(content) == canonical_bytes(dict(reversed(content.items())))


@pytest.mark.parametrize(
    ("one", "other"), [('a = "2025-01-05"', "a = 2025-01-05"), ("a = 1", "a = true"), ("a = 1", "a = 1.0")]
)
def test_a_date_is_no_text_and_a_flag_no_number(one, other):
    assert canonical_bytes(tomllib.loads(one)) != canonical_bytes(tomllib.loads(other))


def test_comments_and_layout_do_not_count():
    laid_out = "# who\nb = [1,\n 2]\n\na = 2025-01-05T10:00:00Z # when\n"

    assert canonical_bytes(tomllib.loads(laid_out)) == canonical_bytes(
        {"a": dt.datetime(2025, 1, 5, 10, tzinfo=dt.UTC), "b": [1, 2]}
    )


def test_what_no_toml_file_holds_has_no_form():
    with pytest.raises(TypeError):
        canonical_bytes({"a": None})
