"""The matrix of windows: beside a slow count, and where there is nothing to count."""

import itertools

import pytest
from linkage_world import at, made_world, prepared, record

from preventable.stages.linkage.windows import nearness, read_windows, window_rows

WIDEST_MIN = 48 * 60


def matrix(rows):
    """Rows of `link_windows` by service, minutes and metres."""
    steps = {name: read_windows()[name] for name in ("minutes", "metres")}
    found = window_rows(nearness(prepared(rows), **steps, widest_min=WIDEST_MIN)).to_pylist()
    return {(row["source"], row["minutes"], row["metres"]): row for row in found}


def eight_weeks(*rows):
    """The rows, and a police and an ED record far away at both ends, so that the weeks between are whole."""
    ends = [
        record(f"{source}{day}", source, at(day), easting_m=9e5, northing_m=9e5 + 1e5 * (source == "ed"))
        for source in ("ed", "police")
        for day in (0, 56)
    ]
    return [*ends, *rows]


def test_the_matrix_is_that_of_a_slow_count():
    rows, _ = made_world(5, weeks=9, victims=400)
    found = matrix(rows)
    engine = prepared(rows)
    linkable = engine.table("linkable_records").to_pylist()
    first = min(found.values(), key=lambda row: row["period_start"])

    def week(one):
        return (one["to_min"] - start) // 10080

    health = [one for one in linkable if one["source"] == "ed"]
    police = [one for one in linkable if one["source"] == "police"]
    begin = max(min(one["contact_min"] for one in side) for side in (health, police))
    end = min(max(one["contact_min"] for one in side) for side in (health, police))
    start = -(-begin // 10080) * 10080
    weeks = (end + 1) // 10080 - start // 10080
    health, police = ([one for one in side if 0 <= week(one) < weeks] for side in (health, police))

    def near(one, other, minutes, metres):
        gap = max(one["from_min"], other["from_min"]) - min(one["to_min"], other["to_min"])
        if one["x_m"] is None or other["x_m"] is None or gap > minutes:
            return False
        return (one["x_m"] - other["x_m"]) ** 2 + (one["y_m"] - other["y_m"]) ** 2 <= metres**2

    for minutes, metres in itertools.product((30, 1440), (250, 1000)):
        slow = sum(any(near(one, other, minutes, metres) for other in police) for one in health)
        assert found["ed", minutes, metres]["near_police"] == slow > 0
    assert {row["records"] for key, row in found.items() if key[0] == "ed"} == {len(health)}
    assert first["period_start"] <= first["period_end"]


def test_a_wider_window_never_finds_fewer():
    rules = read_windows()
    found = matrix(made_world(6, weeks=9, victims=400)[0])

    for source in ("ed", "ambulance"):
        for minutes in rules["minutes"]:
            counts = [found[source, minutes, metres]["near_police"] for metres in rules["metres"]]
            assert counts == sorted(counts)
        for metres in rules["metres"]:
            counts = [found[source, minutes, metres]["near_police"] for minutes in rules["minutes"]]
            assert counts == sorted(counts)


@pytest.mark.parametrize(
    ("minutes_apart", "metres_apart", "within"), [(30, 100, True), (31, 100, False), (30, 101, False)]
)
def test_a_record_on_the_edge_is_within(minutes_apart, metres_apart, within):
    rows = eight_weeks(
        record("one", "ed", at(20), easting_m=1e5, northing_m=1e5),
        record("other", "police", at(20, 12, minutes_apart), easting_m=1e5 + metres_apart, northing_m=1e5),
    )

    assert matrix(rows)["ed", 30, 100]["near_police"] == int(within)


def test_a_pair_of_one_incident_is_not_there_by_chance_and_a_crowd_is():
    pair = [
        record("one", "ed", at(20), easting_m=1e5, northing_m=1e5),
        record("other", "police", at(20), easting_m=1e5, northing_m=1e5),
    ]
    crowd = [
        record(f"c{week}", "police", at(7 * week + 6), easting_m=1e5, northing_m=1e5) for week in range(1, 7)
    ]

    assert matrix(eight_weeks(*pair))["ed", 1440, 1000]["by_chance"] == 0
    assert matrix(eight_weeks(*pair, *crowd))["ed", 1440, 1000]["by_chance"] > 0


def test_a_record_without_a_place_is_counted_and_near_nothing():
    rows = eight_weeks(
        record("one", "ed", at(20)), record("other", "police", at(20), easting_m=1.0, northing_m=1.0)
    )

    found = matrix(rows)["ed", 1440, 1000]

    assert (found["records"] - found["placed_records"], found["near_police"]) == (1, 0)


@pytest.mark.parametrize("rows", [[], [record("a", "ed", at())], [record("a", "police", at())]])
def test_without_both_services_there_is_no_matrix(rows):
    assert matrix(rows) == {}
