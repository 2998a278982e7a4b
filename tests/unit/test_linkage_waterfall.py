"""The page of one link: its bars are the weight that the table holds."""

import pyarrow as pa
import pytest
from linkage_world import linked, made_world

from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import load_policy
from preventable.stages.linkage.policy import read_linkage_policy
from preventable.stages.linkage.waterfall import link_steps, page, splink_model
from preventable.tables import TABLES

POLICY = read_linkage_policy(load_policy())


@pytest.fixture(scope="module")
def world():
    rows, _ = made_world(11)
    return {row["record_key"]: row for row in rows}, linked(rows)


def steps_of(rows, tables, link):
    schema = TABLES["located_records"].arrow_schema()
    two = [
        {name: rows[link[side]].get(name) for name in schema.names}
        for side in ("left_record", "right_record")
    ]
    engine = DuckDBEngine(threads=1)
    engine.load("located_records", pa.Table.from_pylist(two, schema=schema))
    engine.load("small_areas", TABLES["small_areas"].empty())
    return link_steps(engine, link, tables["link_models"].to_pylist(), POLICY)


def test_bars_after_the_first_add_up_to_the_weight_of_the_link(world):
    rows, tables = world
    links = [row for row in tables["links"].to_pylist() if row["model"]]

    for link in links[:: len(links) // 12]:
        steps = steps_of(rows, tables, link)
        assert sum(step.bits for step in steps[1:]) == pytest.approx(link["match_weight"], abs=1e-6)


def test_the_page_has_the_model_and_no_address_of_another_machine(world):
    rows, tables = world
    link = next(row for row in tables["links"].to_pylist() if row["model"])

    made = page(link, steps_of(rows, tables, link), splink_model(link, tables["link_models"].to_pylist()))

    assert link["left_record"] in made
    assert "m_probability" in made
    assert "http" not in made
    assert made.count("<rect") == made.count("<tr>") - 1
