"""Rates of small areas from published police counts beside the violence indicators of the 2025 indices of deprivation.

    python benchmarks/west_midlands.py ../shared/data

Builds the region of examples/west-midlands, submits every month of every authority, runs the flow, and prints
Spearman's rank correlation of the small-area rate and of the raw count, over complete months alone, with violence with
and without injury per 1,000 at risk.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import west_midlands as apart  # noqa: E402

from preventable.store.home import open_home  # noqa: E402
from preventable.store.session import reading  # noqa: E402


def main(data: Path) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        policies = (apart.ROOT / "policy", apart.EXAMPLE / "policy", apart.write_policy(folder / "policy"))
        policy = os.pathsep.join(map(str, policies))
        counts = apart.published(data)
        files = apart.write_submissions(counts, folder / "submissions")
        home, region = folder / "home", folder / "region"
        _verb(policy, "region", "build", apart.EXAMPLE / "region.toml", "--data", data, "--out", region)
        _verb(policy, "submit", folder / "submissions", "--home", home, "--region", region)
        _verb(policy, "run", "--home", home)
        with reading(open_home(home)) as tables:
            figures = tables.read("indicator_values").to_pandas()
            coverage = tables.read("coverage").to_pandas()
    totals = apart.small_area_totals(figures[figures.definition == apart.BY_MONTH])
    indicators = apart.violence_indicators(data)
    received = f"{coverage.received.sum()} of {len(coverage)} months of authorities complete"
    print(f"{files} files, {len(counts):,} rows; {received}")
    print(f"{len(totals):,} small areas, {totals['count'].sum():,} offences\n")
    print("| Spearman with violence | rate | raw count |\n|---|---|---|")
    for name in indicators:
        rate = apart.spearman(totals.rate, indicators[name])
        count = apart.spearman(totals["count"], indicators[name])
        print(f"| {name} | {rate:.3f} | {count:.3f} |")


def _verb(policy: str, *arguments: object) -> None:
    environment = {**os.environ, "PREVENTABLE_POLICY": policy}
    command = [sys.executable, "-m", "preventable", *map(str, arguments)]
    subprocess.run(command, check=True, env=environment, capture_output=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
