"""A folder's list of sha256: what it names stands as written, and the list itself too."""

import hashlib

import pytest

from preventable.errors import DamagedFileError
from preventable.store import listing

FILES = {"a.toml": b"one", "b.toml": b"two"}


@pytest.fixture
def folder(tmp_path):
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / listing.NAME).write_bytes(listing.listing(FILES))
    return tmp_path


def test_what_is_listed_is_given_with_its_sums(folder):
    assert listing.listed(folder, "x") == {
        name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()
    }


def test_without_a_list_nothing_is_listed(tmp_path):
    assert listing.listed(tmp_path, "x") == {}


def test_a_list_with_any_bit_turned_over_is_found(folder):
    """Also where the bit makes a line none, so that its file would be forgotten."""
    path = folder / listing.NAME
    content = path.read_bytes()
    for place in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            path.write_bytes(changed)
            with pytest.raises(DamagedFileError):
                listing.listed(folder, "x")


@pytest.mark.parametrize("kept", [slice(0, -1), slice(67, None), slice(0, 100)])
def test_a_list_that_was_cut_is_found(folder, kept):
    path = folder / listing.NAME
    lines = path.read_bytes()
    path.write_bytes(lines[kept])

    with pytest.raises(DamagedFileError):
        listing.listed(folder, "x")


def test_a_file_that_is_gone_or_another_is_found(folder):
    (folder / "b.toml").write_bytes(b"twO")
    with pytest.raises(DamagedFileError, match="b.toml"):
        listing.listed(folder, "x")

    (folder / "b.toml").unlink()
    with pytest.raises(DamagedFileError, match="b.toml"):
        listing.listed(folder, "x")
