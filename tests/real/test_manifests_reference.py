"""The truncated submissions of ../shared/reference, held against the manifest of the clean one as their page says."""

from __future__ import annotations

import shutil

import pytest

from preventable.errors import RefusedFileError, UsageError
from preventable.intake.edge import make_manifest
from preventable.intake_errors import NotAsManifestError
from preventable.settings import load_policy
from preventable.stages.sources.manifests import ENDING, read_manifest, refuse_other_file


@pytest.mark.parametrize("case", ["083_row_truncated_last.csv", "085_row_truncated_on_row_boundary.csv"])
def test_a_truncated_case_is_not_what_the_clean_files_manifest_says(shared, tmp_path, case):
    files = shared / "reference" / "submissions" / "files"
    clean = tmp_path / "clean.csv"
    shutil.copy(files / "001_enc_clean.csv", clean)
    make_manifest(clean, provider="rbk", period="2026-09", policy=load_policy())
    manifest = read_manifest(clean.with_name(clean.name + ENDING).read_bytes(), "x")

    assert manifest.rows == 50
    refuse_other_file(manifest, clean.read_bytes(), provider="rbk", where="x")
    with pytest.raises(NotAsManifestError):
        refuse_other_file(manifest, (files / case).read_bytes(), provider="rbk", where="x")


def test_no_case_crashes_what_makes_manifests(shared, tmp_path):
    """Each has a manifest or is refused by number, and nothing but the manifest is written."""
    outcomes = set()
    for path in sorted((shared / "reference" / "submissions" / "files").iterdir()):
        if path.stat().st_size > 200_000:
            continue  # the door's limits on such are tested with the door
        copy = tmp_path / path.name
        shutil.copy(path, copy)
        try:
            make_manifest(copy, provider="rbk", period="2026-09", policy=load_policy())
            outcomes.add("made")
        except (RefusedFileError, UsageError) as refused:
            outcomes.add(refused.number)
            assert not copy.with_name(copy.name + ENDING).exists()
    assert {"made", "Q404", "Q408"} <= outcomes
    assert all(name == "made" or name.startswith(("Q4", "U101")) for name in outcomes)
