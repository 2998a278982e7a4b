"""docs/explanation/limits.md says what is done badly; what it marks as tested is true, or it must change."""

from __future__ import annotations

import importlib
import pkgutil
import re
import shutil
from pathlib import Path

import pytest
import splink
import typer
from figures_world import counted, months, record, released_from
from repository import ROOT

import preventable.engine
from preventable.__main__ import app
from preventable.engine import Engine
from preventable.errors import UsageError
from preventable.pipeline import STEPS
from preventable.store.home import open_home
from preventable.store.session import reading

PAGE = (ROOT / "docs" / "explanation" / "limits.md").read_text(encoding="utf-8")
LIMITS = re.findall(r"(?ms)^- \*\*(L\d\d) .+?(?=^- |^#|\Z)", PAGE)
TESTED = set(re.findall(r"(?m)^- \*\*(L\d\d) [^*]+\*\* \*Tested\.\*", PAGE))
HELD = months(12)
BY_RESIDENCE = ("ed_assault_attendances", "assault_admissions")


def test_limits_are_numbered_in_order_and_none_is_left_out():
    assert LIMITS == [f"L{number:02}" for number in range(1, len(LIMITS) + 1)]


def test_the_page_marks_as_tested_what_this_file_tests():
    here = set(
        re.findall(
            r"(?m)^def test_(l\d\d)_", (ROOT / "tests/docs/test_limits.py").read_text(encoding="utf-8")
        )
    )

    assert {name.lower() for name in TESTED} == here


def verbs() -> set[str]:
    return set(typer.main.get_command(app).commands)


def test_l04_nothing_is_evaluated_and_no_partner_is_told_of_a_cluster(demo):
    """No verb and no step; no step reads what scans make; and the demo, which plants programmes, judges none."""
    told = demo.stdout.split("Planted in the county:\n")[1].split("\n\n")[0]

    assert {"scan", "evaluate", "alerts"}.isdisjoint(verbs())
    assert "evaluation" not in {step.name for step in STEPS}
    made = {name for step in STEPS if step.name == "clusters" for name in step.writes}
    assert [step.name for step in STEPS if made & set(step.reads)] == []
    lines = [line for line in told.splitlines() if "a programme with" in line]
    assert lines
    assert all(line.endswith(": not looked for") for line in lines)


def test_l05_figures_count_records_not_incidents(demo):
    """Incidents that ED and police both saw are in the figures of both, each as a record of its own."""
    with reading(open_home(demo.home)) as tables:
        incidents = tables.read("incidents").to_pylist()
        figures = tables.read("indicator_values").to_pylist()
    seen: dict[str, set[str]] = {}
    for row in incidents:
        seen.setdefault(row["incident"], set()).add(row["source"])

    counted = sum(
        row["count"]
        for row in figures
        if row["definition"] == "police_assault_offences"
        and (row["area_type"], row["period_type"], row["dimension"]) == ("region", "month", "all")
    )

    assert sum({"ed", "police"} <= sources for sources in seen.values()) > 100
    assert counted == sum(row["source"] == "police" for row in incidents)
    assert {"link", "links"}.isdisjoint(verbs())
    assert {"released", "partner_packs"}.isdisjoint(
        next(step for step in STEPS if step.name == "linkage").writes
    )
    # Clusters and patterns look past second records of one incident; no figure that is released does.
    assert {step.name for step in STEPS if "incidents" in step.reads} == {"clusters", "patterns"}


def test_l06_there_is_no_web(demo):
    """No verb serves, and a pack is a file that asks for nothing and sends nothing."""
    pages = list(demo.home.rglob("*.html"))

    assert {"serve", "web", "portal", "login"}.isdisjoint(verbs())
    assert pages
    assert not [
        page for page in pages if re.search(r"<(form|script|input)\b", page.read_text(encoding="utf-8"))
    ]


def test_l07_released_tables_are_not_attacked(demo):
    """No verb and no step between `released` and the packs solves the released tables together."""
    after = [step.name for step in STEPS if "released" in step.reads]
    before = [step.name for step in STEPS if "released" in step.writes]

    assert (before, after) == (["disclosure"], ["packs"])
    assert {"audit", "attack", "repair"}.isdisjoint(verbs())
    assert {"audit", "attack", "repair"}.isdisjoint(step.name for step in STEPS)


def test_l08_the_door_and_the_model_of_linkage_need_duckdb():
    """Two classes do all that the flow asks of an engine; the verb that reads files takes no engine's name."""
    commands = typer.main.get_command(app).commands
    asked = {name for name, command in commands.items() if any("--engine" in p.opts for p in command.params)}

    assert {found.__name__ for found in engines()} == {"DuckDBEngine", "SparkEngine"}
    assert asked == {"run", "packs"}
    assert "import duckdb" in (Path(splink.__file__).parent / "internals" / "database_api.py").read_text(
        "utf-8"
    )


def engines() -> list[type]:
    """Classes of the package's engine folder that do all that `Engine` asks."""
    asked = {name for name in vars(Engine) if not name.startswith("_")}
    found = []
    for module in pkgutil.iter_modules(preventable.engine.__path__):
        members = vars(importlib.import_module(f"preventable.engine.{module.name}")).values()
        found += [m for m in members if isinstance(m, type) and m is not Engine and asked <= set(dir(m))]
    return found


def released(records: list[dict]) -> dict[str, tuple]:
    """What the stages of figures and release give the health partner of one district, by figure."""
    rows = released_from(counted(records, HELD))
    return {
        row["figure"]: (row["value"], row["lower"], row["upper"], row["value_note"])
        for row in rows
        if row["recipient"] == "public_health-XD01"
    }


def attendances(per_month: list[int]) -> list[dict]:
    """So many attendances of residents of the district in each month held."""
    months_of = [month for month, count in zip(HELD, per_month, strict=True) for _ in range(count)]
    return [record(number, month=month) for number, month in enumerate(months_of)]


def test_l11_counts_below_the_minimum_are_one_token():
    """A month with none, with seven and with eight, among the same other months."""
    figure = "ed_assault_attendances.v1/district/XD01/month/2025-12/all/all/count"

    none, seven, eight = (released(attendances([20] * 11 + [last]))[figure] for last in (0, 7, 8))

    assert none == seven == (None, None, None, "[c]")
    assert eight[0] == 10


def test_l12_limits_are_poisson_whatever_the_spread_of_the_counts():
    """Twelve months of 20 and six of 40 have one rate and the same limits."""
    figure = "ed_assault_attendances.v1/district/XD01/last12/2025-12/all/all/crude_rate"

    steady, uneven = (released(attendances(months_of))[figure] for months_of in ([20] * 12, [0, 40] * 6))

    assert steady == uneven
    assert None not in steady[:3]


def test_l13_parts_of_a_shown_total_need_not_add_up(demo):
    """Districts make up the region in the exact counts of residents; in the shown ones of the demo, not always."""
    with reading(open_home(demo.home)) as tables:
        exact = monthly_counts_of_residents(tables.read("indicator_values").to_pylist(), "count")
        shown = monthly_counts_of_residents(tables.read("released").to_pylist(), "value")

    complete = {key for key, parts in shown.items() if None not in parts.values()}
    apart = [key for key in complete if sum(shown[key].values()) != 2 * shown[key]["X01"]]

    assert all(sum(exact[key].values()) == 2 * exact[key]["X01"] for key in complete)
    assert apart


def monthly_counts_of_residents(
    rows: list[dict], column: str
) -> dict[tuple[str, str], dict[str, float | None]]:
    """Definition and month to area, of the region and its districts, to count."""
    found: dict[tuple[str, str], dict[str, float | None]] = {}
    for row in rows:
        whole = row["dimension"] == "all" and row["measure"] == "count" and row["period_type"] == "month"
        if whole and row["definition"] in BY_RESIDENCE and row["area_type"] in ("region", "district"):
            found.setdefault((row["definition"], row["period_end"]), {})[row["area"]] = row[column]
    return found


def test_l16_all_that_it_is_tried_on_is_invented(demo):
    """The demo's home and region say so themselves; no other record lies in the repository."""
    home = open_home(demo.home)

    assert home.demo
    assert home.key_id.startswith("demo-")
    assert home.region_about()["invented"] is True
    assert not [path for path in (ROOT / "tests").rglob("*") if path.suffix in {".csv", ".xlsx", ".parquet"}]


def test_l22_a_home_keeps_its_region(demo, tmp_path):
    wider = tmp_path / "region"
    shutil.copytree(demo.invented / "region", wider)
    with (wider / "region.toml").open("a", encoding="utf-8") as about:
        about.write("# changed\n")

    with pytest.raises(UsageError, match="a home keeps its region"):
        open_home(demo.home).give_region(wider)
