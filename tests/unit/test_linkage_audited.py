"""What true pairs say of the share known to police."""

import datetime as dt

import pytest
from linkage_world import at, linked, record

from preventable.stages.linkage.audited import read_audit_rules, with_audit

LOCAL = ("contact_local", "injury_start_local", "injury_end_local")
DAY = dt.timedelta(days=1)


def known(key, source, moment, **values):
    """A record whose times are known on the local clock too."""
    row = record(key, source, moment, age_from=30, age_to=30, sex="male", **values)
    for name in ("injury_start", "injury_end"):
        row[f"{name}_local"] = values.get(f"{name}_utc", row[f"{name}_utc"])
    return row


def audited(pairs):
    """Row of `link_audits` of pairs of a health and a police record (None: the home does not hold it)."""
    rows = [row for pair in pairs for row in pair if row is not None]
    audits = [
        {
            "sample": 1,
            "source": health["source"],
            "health_record": health["record_key"],
            "police_record": police["record_key"] if police else f"gone-{place}",
        }
        for place, (health, police) in enumerate(pairs)
    ]
    return linked(rows, audits=audits)["link_audits"].to_pylist()


def pair(number, *, later=dt.timedelta(0), police=None, **values):
    moment = at(day=number % 20)
    return (
        known(f"h{number}", "ed", moment),
        known(f"p{number}", "police", moment + later, **(police or {}), **values),
    )


def test_a_pair_that_meets_is_not_hidden():
    (row,) = audited([pair(number) for number in range(10)])

    assert (row["pairs"], row["hidden_share"], row["used"]) == (10, 0, False)
    assert row["standard_error"] > 0


def test_each_way_of_being_hidden_is_counted():
    other_person = known("p3", "police", at(day=3)) | {"age_from": 60, "age_to": 60}
    wide = known("p4", "police", at(day=4))
    wide["injury_end_local"] = wide["injury_start_local"] + 3 * DAY
    pairs = [
        pair(1),
        pair(2, later=5 * DAY),
        (known("h3", "ed", at(day=3)), other_person),
        (known("h4", "ed", at(day=4)), wide),
        (known("h5", "ed", at(day=5)), None),
    ]

    (row,) = audited(pairs)

    assert [row[name] for name in ("pairs", "wide_windows", "not_linked", "far_in_time", "other_person")] == [
        4,
        1,
        1,
        1,
        1,
    ]
    assert row["hidden_share"] == 0.75


@pytest.mark.parametrize(("hours", "hidden"), [(0.5, 0), (8, 0), (8.1, 1), (17, 1), (24, 0), (31, 1)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_times_are_too_far_apart_where_the_estimate_does_not_read_them(hours, hidden, sign):
    (row,) = audited([pair(1, later=sign * dt.timedelta(hours=hours))])

    assert row["far_in_time"] == hidden


def test_a_police_record_that_is_no_assault_is_not_linked():
    (row,) = audited([pair(1, offence_code="45")])

    assert (row["not_linked"], row["hidden_share"]) == (1, 1)


def test_a_health_record_that_the_home_lost_says_nothing():
    audits = [{"sample": 1, "source": "ed", "health_record": "gone", "police_record": "p"}]

    (row,) = linked([known("p", "police", at())], audits=audits)["link_audits"].to_pylist()

    assert (row["pairs"], row["hidden_share"], row["used"]) == (0, None, False)


def test_without_audits_there_is_no_row():
    assert linked([])["link_audits"].num_rows == 0


def test_a_hundred_pairs_are_used_and_ninety_nine_are_not():
    fewest = read_audit_rules()["fewest_pairs"]

    assert [
        audited([pair(number) for number in range(many)])[0]["used"] for many in (fewest - 1, fewest)
    ] == [False, True]


SHARE = {
    "source": "ed", "measure": "own_record", "calibrated": True, "estimate": 0.46, "standard_error": 0.015, "lower": 0.43, "upper": 0.49,
    "upper_if_hidden": 0.52,
}  # fmt: skip
AUDIT = {"used": True, "hidden_share": 0.08, "standard_error": 0.0158, "lower": 0.053, "upper": 0.115}


def test_what_is_hidden_is_added_and_no_longer_assumed():
    row = with_audit(SHARE, AUDIT)

    assert row["estimate"] == pytest.approx(0.5)
    assert row["lower"] < 0.47 < 0.53 < row["upper"]
    assert row["upper_if_hidden"] == row["upper"]
    assert row["source"] == "ed"


@pytest.mark.parametrize("audit", [None, AUDIT | {"used": False}])
def test_an_audit_that_is_not_used_changes_nothing(audit):
    assert with_audit(SHARE, audit) == SHARE


def test_a_share_that_is_not_given_stays_so():
    row = SHARE | {"calibrated": False, "estimate": None}

    assert with_audit(row, AUDIT) == row
