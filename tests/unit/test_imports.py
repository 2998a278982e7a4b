"""Import contracts bite: what .importlinter forbids makes `lint-imports`, and so ./test, fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repository import PACKAGE, ROOT

LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "200"}
    command = [str(LINT_IMPORTS), "--no-cache"]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path):
    """The package and its contracts in a folder of their own."""
    keep_code = shutil.ignore_patterns("__pycache__", "*.parquet")
    shutil.copytree(PACKAGE, tmp_path / "preventable", ignore=keep_code)
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("module", "planted", "contract"),
    [
        (
            "stages/quality/stage.py",
            "from preventable.stages.places import stage",
            "Stages meet only in tables",
        ),
        ("stages/indicators/stage.py", "import preventable.store", "Stages compute"),
        ("stages/packs/stage.py", "import duckdb", "Only engine/ knows an engine"),
        ("stages/places/stage.py", "from pyspark.sql import SparkSession", "Only engine/ knows an engine"),
        ("pipeline.py", "import pysail", "Only engine/ knows an engine"),
        ("stages/quality/stage.py", "import sqlglot", "Only engine/ knows an engine"),
        ("invented/__init__.py", "import preventable.stages.quality.stage", "What invents records"),
        ("regions/files.py", "import preventable.stages.places.stage", "What builds regions"),
        ("regions/files.py", "import pyproj", "only regions/ formats of maps"),
        ("invented/geography.py", "import pyogrio", "only regions/ formats of maps"),
        ("pipeline.py", "import preventable.invented", "Nothing of the flow knows"),
        ("methods/__init__.py", "import preventable.tables", "Arithmetic and classifications"),
        ("store/__init__.py", "import preventable.pipeline", "Upper floors"),
        ("stages/packs/html.py", "import gptables", "two files of packs/ write workbooks"),
        ("stages/disclosure/stage.py", "import odfdo", "two files of packs/ write workbooks"),
        ("stages/packs/html.py", "import typst", "only linkage knows Splink"),
        ("stages/indicators/stage.py", "import splink", "only linkage knows Splink"),
        (
            "intake/custodian.py",
            "from cryptography import x509",
            "only methods/signatures.py and sealing.py know keys",
        ),
    ],
)
def test_a_planted_import_breaks_its_contract(copy, module, planted, contract):
    path = copy / "preventable" / module
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{planted}\n", encoding="utf-8")

    result = lint(copy)

    assert result.returncode != 0
    assert contract in result.stdout.split("Broken contracts")[-1]


def test_the_contracts_hold_in_the_copy_without_a_planted_import(copy):
    result = lint(copy)

    assert result.returncode == 0, result.stdout
