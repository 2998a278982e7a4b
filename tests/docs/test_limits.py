"""docs/explanation/limits.md says what is done badly; what it marks as tested is true, or it must change."""

from __future__ import annotations

import re
import shutil

import pytest
from repository import PACKAGE, ROOT

from preventable.errors import UsageError
from preventable.methods.rates import crude_rate
from preventable.settings import load_policy
from preventable.store.home import open_home
from preventable.tables import TABLES

PAGE = (ROOT / "docs" / "explanation" / "limits.md").read_text(encoding="utf-8")
LIMITS = re.findall(r"(?ms)^- \*\*(L\d\d) .+?(?=^- |^#|\Z)", PAGE)
TESTED = set(re.findall(r"(?m)^- \*\*(L\d\d) [^*]+\*\* \*Tested\.\*", PAGE))


def test_limits_are_numbered_in_order_and_none_is_left_out():
    assert LIMITS == [f"L{number:02}" for number in range(1, len(LIMITS) + 1)]


def test_the_page_marks_as_tested_what_this_file_tests():
    here = set(
        re.findall(
            r"(?m)^def test_(l\d\d)_", (ROOT / "tests/docs/test_limits.py").read_text(encoding="utf-8")
        )
    )

    assert {name.lower() for name in TESTED} == here


def test_l04_nothing_looks_for_change():
    assert {"signals", "clusters", "effects"}.isdisjoint(TABLES)
    assert not (PACKAGE / "stages" / "signals").exists()


def test_l05_records_are_not_linked():
    assert {"incidents", "links"}.isdisjoint(TABLES)
    assert not (PACKAGE / "stages" / "linkage").exists()


def test_l06_there_is_no_web():
    assert not (PACKAGE / "portal").exists()
    assert not (PACKAGE / "desk").exists()


def test_l07_released_tables_are_not_attacked():
    modules = {path.stem for path in (PACKAGE / "stages" / "disclosure").glob("*.py")}

    assert modules
    assert not {name for name in modules if "attack" in name or "audit" in name or "repair" in name}


def test_l08_there_is_one_engine():
    assert {path.stem for path in (PACKAGE / "engine").glob("*.py")} == {"__init__", "duckdb"}


def test_l11_counts_below_the_minimum_are_one_token():
    assert load_policy().file("disclosure")["counts"]["minimum_count"] == 8


def test_l12_limits_are_poisson_whatever_the_spread_of_the_counts():
    """The limits of 100 events depend on 100 alone: no measure of spread can be given."""
    parameters = crude_rate.__annotations__

    assert not {name for name in parameters if "dispersion" in name or "phi" in name or "variance" in name}


def test_l13_parts_of_a_shown_total_need_not_add_up():
    base = load_policy().file("disclosure")["counts"]["rounding_base"]
    parts = [12, 12]

    assert sum(round(part / base) * base for part in parts) != round(sum(parts) / base) * base


def test_l16_no_real_record_lies_in_the_repository():
    assert not [path for path in (ROOT / "tests").rglob("*") if path.suffix in {".csv", ".xlsx", ".parquet"}]


def test_l22_a_home_keeps_its_region(demo, tmp_path):
    wider = tmp_path / "region"
    shutil.copytree(demo.invented / "region", wider)
    with (wider / "region.toml").open("a", encoding="utf-8") as about:
        about.write("# changed\n")

    with pytest.raises(UsageError, match="a home keeps its region"):
        open_home(demo.home).give_region(wider)
