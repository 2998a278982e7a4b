"""What packs take from policy and hold against the release register."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from packs_page import Page, only_pages
from packs_world import COMMUNITY, HEALTH, PAGES, PARTNERS, World, make_world, remade, rows_of

from preventable.engine.duckdb import DuckDBEngine
from preventable.errors import PolicyError, ReleaseRefusedError
from preventable.settings import Policy
from preventable.stages.packs.stage import make_packs


@pytest.fixture(scope="module")
def world() -> World:
    return make_world().only(*PARTNERS)


@pytest.fixture(scope="module")
def packs(world: World) -> dict[str, bytes]:
    return make_packs(world.engine(), world.context)


def changed(policy: Policy, name: str, change: dict[str, Any]) -> Policy:
    files = deepcopy(dict(policy.files))
    files[name] = {**files[name], **change}
    return replace(policy, files=files)


def test_purpose_legal_basis_and_end_come_from_policy(world):
    recipients = deepcopy(list(world.context.policy.file("recipients")["recipients"]))
    for kind in recipients:
        kind.update(
            purpose="A purpose of the test",
            legal_basis="A basis of the test",
            classification="MARKED BY THE TEST",
        )

    made = remade(world, changed(world.context.policy, "recipients", {"recipients": recipients}))

    for path in PAGES:
        page = Page(made[path])
        assert {"A purpose of the test", "A basis of the test", "31 October 2027"} <= {
            dd.text for dd in page.all("dd")
        }
        assert page.all("p")[0].text == "MARKED BY THE TEST - invented data"


def test_a_kind_of_partner_without_legal_basis_gets_no_pack(world):
    recipients = deepcopy(list(world.context.policy.file("recipients")["recipients"]))
    del recipients[0]["legal_basis"]

    with pytest.raises(PolicyError, match="legal_basis"):
        remade(world, changed(world.context.policy, "recipients", {"recipients": recipients}))


def test_the_smallest_shown_count_comes_from_policy(world):
    counts = {**world.context.policy.file("disclosure")["counts"], "minimum_count": 10}

    made = remade(world, changed(world.context.policy, "disclosure", {"counts": counts}))

    assert b"the count is 0 to 9" in made[COMMUNITY]
    assert b"[c] 0 to 9, not shown" in made[COMMUNITY]
    assert not re.search(rb"\b0 to 7\b", made[COMMUNITY])


def test_words_of_a_definition_come_from_policy(world):
    definitions = deepcopy(dict(world.context.policy.definitions))
    definitions["ed_assault_attendances"]["plain"] = "What the test says is counted"

    made = remade(world, replace(world.context.policy, definitions=definitions))

    assert b"What the test says is counted" in made[HEALTH]


def test_names_of_the_region_are_text_and_never_markup(world):
    def renamed(table: str, column: str) -> Any:
        rows = [{**row, column: f"<i>{row[column]}</i> & Co"} for row in world.tables[table].to_pylist()]
        return rows_of(table, rows)

    names = {"areas": "area_name", "venues": "venue_name", "partners": "partner_name", "calendar": "name"}
    tables = {**world.tables, **{table: renamed(table, column) for table, column in names.items()}}

    made = only_pages(replace(world, tables=tables))

    for path in (*PAGES, "index.html"):
        assert b"<i>" not in made[path]
        assert b"&lt;i&gt;" in made[path]


def with_register(world: World, rows: list[dict[str, Any]]) -> DuckDBEngine:
    engine = world.engine()
    engine.load("release_register", rows_of("release_register", rows))
    return engine


def test_a_figure_that_the_register_does_not_hold_is_refused(world):
    engine = with_register(world, world.tables["release_register"].to_pylist()[1:])

    with pytest.raises(ReleaseRefusedError, match="1 of"):
        make_packs(engine, world.context)


def test_a_figure_that_the_register_holds_with_another_value_is_refused(world):
    rows = world.tables["release_register"].to_pylist()
    row = next(row for row in rows if row["value"] is not None)
    row["value"] += 5
    engine = world.engine()
    engine.load(
        "release_register",
        type(world.tables["release_register"]).from_pylist(
            rows, schema=world.tables["release_register"].schema
        ),
    )

    with pytest.raises(ReleaseRefusedError, match="1 of"):
        make_packs(engine, world.context)


@pytest.mark.parametrize("limit", ["lower", "upper"])
@pytest.mark.parametrize("figure", ["unknown_to_police/ed", "/weeks/", "/crude_rate"])
def test_what_the_register_holds_with_another_limit_is_refused(world, figure, limit):
    held = world.tables["release_register"]
    rows = held.to_pylist()
    row = next(row for row in rows if figure in row["figure"] and row[limit] is not None)
    row[limit] += 0.01
    engine = world.engine()
    engine.load("release_register", type(held).from_pylist(rows, schema=held.schema))

    with pytest.raises(ReleaseRefusedError, match="1 of"):
        make_packs(engine, world.context)


@pytest.mark.parametrize("figure", ["unknown_to_police/ed", "/weeks/"])
def test_an_estimate_or_a_series_that_the_register_does_not_hold_is_refused(world, figure):
    rows = world.tables["release_register"].to_pylist()
    held = next(row for row in rows if figure in row["figure"])

    with pytest.raises(ReleaseRefusedError, match="1 of"):
        make_packs(with_register(world, [row for row in rows if row is not held]), world.context)


def test_a_figure_that_the_register_holds_with_another_token_is_refused(world):
    held = world.tables["release_register"]
    rows = held.to_pylist()
    row = next(row for row in rows if row["value_note"] == "[c]")
    row["value_note"] = "[x]"
    engine = world.engine()
    engine.load("release_register", type(held).from_pylist(rows, schema=held.schema))

    with pytest.raises(ReleaseRefusedError, match="1 of"):
        make_packs(engine, world.context)


def test_an_older_release_in_the_register_changes_nothing(world, packs):
    rows = world.tables["release_register"].to_pylist()
    older = [{**row, "release": "2025-11-aaaaaaaaaaaa"} for row in rows[::2]]
    schema = world.tables["release_register"].schema
    engine = world.engine()
    engine.load(
        "release_register", type(world.tables["release_register"]).from_pylist(rows + older, schema=schema)
    )

    assert make_packs(engine, world.context) == packs


def test_a_partner_without_released_figures_gets_no_pack(world):
    rows = [row for row in world.tables["released"].to_pylist() if row["recipient"] != PARTNERS[1]]

    made = make_packs(world.with_released(rows).engine(), world.context)

    assert {path.split("/")[0] for path in made} == {PARTNERS[0], PARTNERS[2], "index.html"}
