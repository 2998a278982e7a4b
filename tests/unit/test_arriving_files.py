"""Files of a folder: which are found, whose they are, and how much of them and of their manifests is read."""

from __future__ import annotations

import pytest
from small_home import ED, POLICE

from preventable.errors import TooLargeError
from preventable.intake.arriving_files import FoundFile, content_of_file, find_files, manifest_of_file
from preventable.intake_errors import ManifestFormError
from preventable.stages.sources.manifests import ENDING, Manifest, largest_manifest

MANIFEST = Manifest(ED, "2025-01", 1, 1, "0" * 64, 1, ("id",), nil=False)


def written(path, content=b"x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("folder", "provider"),
    [
        (f"submissions/{POLICE}/submissions/{ED}", ED),
        (f"inbox/{POLICE}/{ED}", ED),
        (f"submissions/ed-nowhere/{ED}", ED),
        (f"submissions/{ED}/{POLICE}", ED),
        ("submissions/ed-nowhere/2025", "ed-nowhere"),
    ],
)
def test_the_nearest_folder_that_tells_a_provider_counts(tmp_path, folder, provider):
    written(tmp_path / folder / "a.csv")

    (found,) = find_files(tmp_path, None, {ED, POLICE})

    assert found.provider == provider


def test_nothing_of_a_folder_whose_name_begins_with_a_dot_is_found(tmp_path):
    written(tmp_path / ED / ".trash" / "a.csv")
    seen = written(tmp_path / ED / "b.csv")

    assert [found.path for found in find_files(tmp_path, ED, {ED})] == [seen]


def test_a_manifest_is_found_as_a_file_only_where_its_own_did_not_come(tmp_path):
    written(tmp_path / "a.csv")
    written(tmp_path / f"a.csv{ENDING}")
    written(tmp_path / f"lost.csv{ENDING}")

    found = {file.name: (file.is_manifest, file.has_manifest) for file in find_files(tmp_path, ED, {ED})}

    assert found == {"a.csv": (False, True), f"lost.csv{ENDING}": (True, False)}


def test_files_are_in_the_order_of_their_providers_then_of_their_content(tmp_path):
    for number in range(8):
        written(tmp_path / (ED, POLICE)[number % 2] / f"{number}.csv", str(number).encode())

    found = [(file.provider, file.sha256) for file in find_files(tmp_path, None, {ED, POLICE})]

    assert found == sorted(found)
    assert [provider for provider, _sha256 in found] == [ED] * 4 + [POLICE] * 4


def test_a_file_out_of_the_spool_has_the_manifest_that_came_with_it_and_no_other(tmp_path):
    path = written(tmp_path / "a.csv")
    written(path.with_name(path.name + ENDING), b"of another")

    alone, with_its_own = (
        FoundFile(path, "a.csv", ED, "0" * 64, b"x", manifest) for manifest in (None, MANIFEST.as_bytes())
    )

    assert (alone.has_manifest, manifest_of_file(alone)) == (False, None)
    assert (with_its_own.has_manifest, manifest_of_file(with_its_own)) == (True, MANIFEST)


def test_a_file_is_read_up_to_the_bytes_that_are_allowed(tmp_path):
    written(tmp_path / "a.csv", b"12345")
    (found,) = find_files(tmp_path, ED, {ED})

    assert content_of_file(found, 5) == b"12345"
    with pytest.raises(TooLargeError, match="it has 5 bytes; 4 are allowed"):
        content_of_file(found, 4)


def test_a_manifest_is_read_up_to_the_bytes_that_are_allowed(tmp_path):
    path = written(tmp_path / "a.csv")
    beside = path.with_name(path.name + ENDING)
    written(beside, MANIFEST.as_bytes().ljust(largest_manifest()))
    (found,) = find_files(path, ED, {ED})
    largest = manifest_of_file(found)
    written(beside, MANIFEST.as_bytes().ljust(largest_manifest() + 1))

    assert largest == MANIFEST
    with pytest.raises(ManifestFormError, match="it has more than"):
        manifest_of_file(found)
