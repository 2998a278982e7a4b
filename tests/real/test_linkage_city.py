"""Real calls of three services, blurred, linked by the stage's own parts: ../shared/data/city, benchmarks/linkage_city.py."""

import pytest
from city_calls import (
    BLURS,
    PAIRS,
    best_f1,
    blurred_calls,
    by_nearness,
    by_probability,
    link_calls,
    merged_f1,
    plain_f1,
    true_pairs,
)

ALL = range(len(PAIRS))


@pytest.fixture(scope="module", params=BLURS)
def calls(shared, request):
    folder = shared / "data" / "city"
    if not folder.is_dir():
        pytest.skip("../shared/data/city is not on this machine")
    records = blurred_calls(folder, request.param)
    truth = true_pairs(folder, records)
    return records, link_calls(records), [truth[pair] for pair in PAIRS]


def test_linked_calls_beat_the_nearest_neighbour_in_the_same_window(calls):
    records, links, true = calls
    nearest = max(
        plain_f1([by_nearness(one, place_first=first) for one in links], true) for first in (True, False)
    )

    assert best_f1([by_probability(one) for one in links], true) >= nearest + 0.03
    assert merged_f1(records, links, true, ALL) >= nearest + 0.03


def test_each_pair_of_services_is_linked_better_than_by_the_nearest_place(calls):
    records, links, true = calls

    for at in ALL:
        nearest = plain_f1([by_nearness(links[at], place_first=True)], true[at : at + 1])
        assert merged_f1(records, links, true, [at]) >= nearest + 0.01
