"""What one more field would buy: more is found and less is wrong, the same each time, and nothing where nothing is known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from linkage_world import made_world

from preventable.engine.duckdb import DuckDBEngine
from preventable.reviews.one_more_field import in_words
from preventable.settings import load_policy
from preventable.stages.linkage.one_more_field import read_fields, what_one_more_field_buys
from preventable.tables import TABLES


def bought(rows):
    engine = DuckDBEngine(threads=1)
    schema = TABLES["located_records"].arrow_schema()
    full = [{name: row.get(name) for name in schema.names} for row in rows]
    engine.load("located_records", pa.Table.from_pylist(full, schema=schema))
    engine.load("small_areas", TABLES["small_areas"].empty())
    return what_one_more_field_buys(engine, load_policy())


@pytest.fixture(scope="module")
def hard():
    """A made county in a tenth of the space, so that strangers fit; ages of ambulances are known for half."""
    draw = np.random.default_rng(3)
    rows, _ = made_world(41, victims=2_500)
    for row in rows:
        for name in ("easting_m", "northing_m"):
            if row.get(name) is not None:
                row[name] /= 15
        if row["source"] == "ambulance" and draw.random() < 0.5:
            row["age_from"] = row["age_to"] = None
    return rows, bought(rows)


def test_every_field_finds_more_than_none_and_a_telling_one_most(hard):
    """Where there is something to gain."""
    gained = 0
    for pair in ("ambulance_ed", "ambulance_police", "ed_police"):
        f1 = {one.title: one.f1 for one in hard[1] if one.pair == pair}
        assert list(f1) == ["", *(field["title"] for field in read_fields()["fields"])]
        if f1[""] < 0.98:
            gained += 1
            assert f1["both hashes"] >= f1["month of birth"] > f1[""]
    assert gained


def test_a_field_is_filled_as_often_as_ages_are(hard):
    told = {one.pair: one for one in hard[1] if one.title == "month of birth"}

    assert told["ed_police"].complete == 1.0
    assert told["ambulance_ed"].complete == pytest.approx(0.5, abs=0.07)
    assert told["ed_police"].removed == pytest.approx(11 / 12, abs=0.001)


def test_the_same_home_gives_the_same_page(hard):
    assert bought(hard[0]) == hard[1]


def test_no_record_gives_a_page_that_says_so():
    assert bought([]) == []
    assert any("No pair of sources" in line for line in in_words([]))


def test_a_page_has_a_line_for_each_pair_and_field(hard):
    lines = in_words(hard[1])

    assert sum("as it is" in line for line in lines) == 3
    assert sum("month of birth" in line for line in lines) == 3
