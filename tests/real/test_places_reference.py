"""The resolver on made texts over a real gazetteer, ../shared/reference/places: never tuned on."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as parquet
import pytest

from preventable.stages.places.learn import gazetteer_of_parquet
from preventable.stages.places.normalise import read_list
from preventable.stages.places.resolver import Resolver, decide


@pytest.fixture(scope="module")
def answered(shared):
    """Queries with type, whether right, probability and decision."""
    folder = shared / "reference" / "places"
    if not folder.is_dir():
        pytest.skip("../shared/reference/places is not on this machine")
    gazetteer = gazetteer_of_parquet(folder / "gazetteer.parquet")
    hospitals = [(float(x), float(y)) for x, y in read_list("learn")["hospitals"]]
    resolver = Resolver(gazetteer, hospitals=hospitals)
    queries = parquet.read_table(folder / "queries.parquet").to_pylist()
    answers = resolver.resolve([q["text"] or "" for q in queries], [hospitals[q["hosp"]] for q in queries])
    position = {place: entry for entry, place in enumerate(gazetteer.place_id)}
    return {
        "type": np.array([q["typ"] for q in queries]),
        "right": np.array([_right(q, a, gazetteer, position) for q, a in zip(queries, answers, strict=True)]),
        "probability": np.array([a.probability for a in answers]),
        "placed": np.array([a.kind != "none" for a in answers]),
        "accepted": np.array([decide(a, resolver.rules) == "accept" for a in answers]),
    }


def _right(query, answer, gazetteer, position) -> bool:
    """As the reference's README counts: within 250 m; street of that name 1 km; area of that name or near."""
    if query["gid"] == -1 or answer.place_id is None:
        return query["gid"] == -1 and answer.place_id is None
    found, truth = position[answer.place_id], position[str(query["gid"])]
    gap = np.hypot(
        gazetteer.easting_m[found] - gazetteer.easting_m[truth],
        gazetteer.northing_m[found] - gazetteer.northing_m[truth],
    )
    same_name = gazetteer.name[found].lower() == gazetteer.name[truth].lower()
    kinds = (gazetteer.kind[found], gazetteer.kind[truth])
    return bool(
        gap <= 250
        or (kinds == ("street", "street") and same_name and gap <= 1000)
        or (kinds == ("area", "area") and (same_name or gap <= 800))
    )


def test_at_least_ninety_in_a_hundred_texts_have_the_right_place(answered):
    real = answered["type"] != "gen"

    assert answered["right"][real].mean() >= 0.90


def test_without_the_postcodes_it_is_as_good(answered):
    real = ~np.isin(answered["type"], ["gen", "pc"])

    assert answered["right"][real].mean() >= 0.90


def test_a_typed_postcode_is_always_found(answered):
    assert answered["right"][answered["type"] == "pc"].mean() >= 0.99


def test_generic_text_is_answered_never(answered):
    assert answered["placed"][answered["type"] == "gen"].sum() == 0


@pytest.mark.parametrize(("least", "precision", "coverage"), [(0.5, 0.96, 0.85), (0.8, 0.985, 0.75)])
def test_sure_answers_are_right_and_many(answered, least, precision, coverage):
    real, sure = answered["type"] != "gen", answered["probability"] >= least

    assert answered["right"][sure].mean() >= precision
    assert sure[real].mean() >= coverage


def test_what_is_accepted_is_nearly_always_right(answered):
    assert answered["right"][answered["accepted"]].mean() >= 0.985
