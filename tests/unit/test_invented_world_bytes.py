"""The same seed gives the same bytes, wherever and under whatever settings it runs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

WRITE = "import sys; from pathlib import Path; from preventable.invented.invent import invent; "
WRITE += "invent(months=1, seed=int(sys.argv[2]), out=Path(sys.argv[1]), vary=len(sys.argv) > 3)"


def written(folder: Path, *arguments: str, **environment: str) -> dict[str, str]:
    """Relative path -> sha256 of every file that another process wrote."""
    subprocess.run(
        [sys.executable, "-c", WRITE, str(folder), *arguments], check=True, env={**os.environ, **environment}
    )
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_bytes_do_not_depend_on_zone_hash_seed_locale_or_folder(tmp_path):
    one = written(tmp_path / "one", "4", TZ="UTC", PYTHONHASHSEED="0", LC_ALL="C")
    two = written(
        tmp_path / "deeper" / "two", "4", TZ="Pacific/Auckland", PYTHONHASHSEED="77", LC_ALL="C.UTF-8"
    )

    assert any(path.endswith(".xlsx") for path in one)
    assert one == two


def test_another_seed_or_varied_errors_give_other_files(tmp_path):
    four = written(tmp_path / "four", "4")
    five = written(tmp_path / "five", "5")
    varied = written(tmp_path / "varied", "4", "vary")
    police = "submissions/police/violence_recorded_2025-12.csv"

    assert four[police] != five[police]
    assert four[police] != varied[police]
    assert four["region/venues.parquet"] == varied["region/venues.parquet"]
