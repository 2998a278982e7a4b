"""What is told of linkage: rounded, none that rests on few, and looked at once more."""

import pytest

from preventable.errors import ReleaseRefusedError
from preventable.settings import load_policy
from preventable.stages.disclosure.guard_linkage import check_linkage
from preventable.stages.disclosure.linkage_told import LINKAGE_ESTIMATES, LinkageTables, released_linkage
from preventable.stages.disclosure.rule import read_release_rule
from preventable.tables import TABLES

RULE = read_release_rule(load_policy())
GRANTED = {"csp": LINKAGE_ESTIMATES, "licensing": ()}
SPAN = {"period_start": "2025-01-06", "period_end": "2025-03-30"}


def window(near=800, chance=200.0, records=2_000, minutes=30):
    return {
        "source": "ed", "minutes": minutes, "metres": 250, "records": records, "placed_records": records,
        "near_police": near, "by_chance": chance, **SPAN,
    }  # fmt: skip


def total(dependent="ambulance_ed", estimate=20_149.0, corrected=True, reason=""):
    given = estimate is not None
    return {
        "lists": "ambulance_ed_police", "dependent": dependent, "corrected": corrected, "estimate": estimate,
        "lower": 19_101.0 if given else None, "upper": 21_401.0 if given else None,
        "upper_if_dependent": 25_001.0 if given else None, "deviance": None, "freedom": None, "reason": reason, **SPAN,
    }  # fmt: skip


def check(diagnostic="false_links", about="ed_police", observed=0.1234, number=500, expected=None, part=""):
    return {
        "diagnostic": diagnostic, "about": about, "part": part, "number": number, "observed": observed,
        "expected": expected,
    }  # fmt: skip


def tables(windows=(), totals=(), diagnostics=()):
    return LinkageTables(list(windows), list(totals), list(diagnostics))


def told(of, granted=GRANTED):
    rows = released_linkage(of, granted, "R", RULE)
    check_linkage(rows, of, granted, "R", RULE)
    return rows


def test_a_plain_share_is_told_with_that_of_chance():
    real, chance = told(tables([window()]))

    assert (real["value"], real["breakdown"], real["category"]) == (0.6, "window", "30 min 250 m")
    assert (chance["value"], chance["breakdown"]) == (0.9, "window_by_chance")
    assert real["figure"] == "plain_unknown/ed/window/30 min 250 m/2025-03-30"


@pytest.mark.parametrize(
    "row",
    [
        window(near=7, chance=5.0),
        window(near=1_993, chance=1_995.0),
        window(near=800, chance=200.0, records=1_599),
    ],
)
def test_a_plain_share_of_few_records_is_withheld(row):
    rows = told(tables([row]))

    assert {(one["value"], one["value_note"]) for one in rows} == {(None, "[x]")}
    assert all(one["note"] for one in rows)


def test_totals_are_rounded_and_their_limits_outwards():
    model, most = told(tables(totals=[total(), total(corrected=False)]))

    assert (model["value"], model["lower"], model["upper"]) == (20_100, 19_100, 21_500)
    assert (most["value"], most["lower"], most["breakdown"]) == (25_100, None, "at_most")


def test_a_total_that_is_not_given_says_why():
    (row,) = told(tables(totals=[total(estimate=None, reason="no ambulance records")]))

    assert row["value"] is None
    assert "no ambulance records" in row["note"]


def test_of_several_parts_the_worst_is_told_and_small_ones_are_not_looked_at():
    rows = told(
        tables(
            diagnostics=[
                check("precision", observed=0.91, part="located 1"),
                check("precision", observed=0.83, part="located 4"),
                check("precision", observed=0.10, number=99, part="located 5"),
                check("calibration", observed=0.52, expected=0.55, part="a"),
                check("calibration", observed=0.80, expected=0.71, part="b"),
                check("false_links", observed=0.126),
            ]
        )
    )

    assert {row["breakdown"]: row["value"] for row in rows} == {
        "calibration": 0.09,
        "false_links": 0.13,
        "precision": 0.83,
    }
    assert {row["category"] for row in rows} == {"ed_police"}


def test_only_those_who_are_granted_it_are_told():
    every = tables([window()], [total()], [check()])

    assert {row["recipient"] for row in told(every)} == {"csp"}
    assert told(every, {"csp": ("injured_in_all",)})[0]["estimate"] == "injured_in_all"
    assert told(tables()) == []


def test_what_is_told_fits_the_table():
    rows = told(tables([window()], [total()], [check()]))

    names = {column.name for column in TABLES["released_estimates"].columns}
    assert all(set(row) == names for row in rows)
    for row in rows:
        for name in ("estimate", "breakdown"):
            assert row[name] in TABLES["released_estimates"].column(name).allowed


def test_nested_windows_of_few_records_do_not_tell_how_many_lie_between():
    """Of 150 records shares of .60, .58, .58 would say that exactly three lie between half an hour and an hour."""
    nested = [window(near, 20.0, 150, minutes) for near, minutes in ((60, 30), (63, 60), (63, 120))]

    assert all(row["value"] is None and row["note"] for row in told(tables(nested)))


@pytest.mark.parametrize("diagnostic", ["no_place", "no_time"])
@pytest.mark.parametrize(
    ("missing", "records", "value"),
    [(3, 100, None), (0, 120, None), (400, 1_599, None), (7, 1_600, None), (1_593, 1_600, None),
     (8, 1_600, 0.01), (400, 1_600, 0.25)],
)  # fmt: skip
def test_records_without_place_or_time_are_told_where_no_number_of_them_is_small(
    diagnostic, missing, records, value
):
    (row,) = told(tables(diagnostics=[check(diagnostic, "ed", missing / records, records)]))

    assert (row["value"], row["value_note"]) == (value, "[x]" if value is None else "")
    withheld = (
        "rests on a number too small to show" if records >= 1_600 else "too few records for an estimate"
    )
    assert row["note"] == (withheld if value is None else "")


@pytest.mark.parametrize(
    ("of", "number", "value"), [(2_000, 1_700, 0.03), (2_000, 300, None), (300, 1_700, None)]
)
def test_rounded_times_are_told_of_many_records_alone(of, number, value):
    rounded = check("rounded_times", "ed", 0.41, number, expected=0.44, part="one")

    row = told(tables([window(near=of // 2, chance=of / 4, records=of)], diagnostics=[rounded]))[-1]

    assert (row["breakdown"], row["value"]) == ("rounded_times", value)


def test_an_upper_limit_of_hidden_pairs_goes_up_by_steps_that_hold_many_numbers_of_pairs():
    """Of 160 true pairs a tenth is 16 of them: no hundredth of a limit tells the exact number that is hidden."""
    limits = {
        number: told(tables(diagnostics=[check("hidden", "ed", 0.06, number)]))[0]["value"]
        for number in (99, 100, 160, 1_600)
    }

    assert limits == {99: None, 100: 0.16, 160: 0.1, 1_600: 0.06}


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (0, {"value": 0.61}),
        (0, {"value": 0.601}),
        (0, {"recipient": "licensing"}),
        (0, {"estimate": "yearly_change"}),
        (2, {"value": 20_200}),
        (2, {"value": 20_149}),
        (2, {"lower": 19_200}),
        (2, {"upper": 21_400}),
        (3, {"value": 26_000}),
        (4, {"value": 0.2}),
        (0, {"value": None, "value_note": "", "note": ""}),
        (2, {"value": None}),
        (0, {"lower": 1.0}),
        (0, {"lower_if_hidden": 0.6}),
        (0, {"category": "30 min 250 m, exactly 800"}),
        (0, {"note": "exactly 800"}),
        (0, {"figure": "plain_unknown/ed/800"}),
        (0, {"area": "D1"}),
        (2, {"period_start": "2025-01-07"}),
        (3, {"lower": 1.0}),
        (4, {"upper": 0.2}),
        (4, {"value_note": "[c]"}),
    ],
)
def test_a_number_that_is_not_the_exact_one_rounded_is_refused(place, change):
    every = tables([window()], [total()], [check()])
    rows = released_linkage(every, {"csp": LINKAGE_ESTIMATES}, "R", RULE)
    rows[place] = rows[place] | change

    with pytest.raises(ReleaseRefusedError):
        check_linkage(rows, every, GRANTED, "R", RULE)


@pytest.mark.parametrize(
    "few", [window(near=5), window(near=60, chance=20.0, records=150), window(near=1_995)]
)
def test_a_share_of_few_records_is_refused_by_the_guard_too(few):
    rows = released_linkage(tables([few]), {"csp": LINKAGE_ESTIMATES}, "R", RULE)
    share = round(1 - few["near_police"] / few["records"], 2)
    rows[0] = rows[0] | {"value": share, "value_note": "", "note": ""}

    with pytest.raises(ReleaseRefusedError):
        check_linkage(rows, tables([few]), GRANTED, "R", RULE)


def test_the_words_of_a_withheld_row_are_those_of_policy():
    few = tables([window(near=5)])
    rows = released_linkage(few, {"csp": LINKAGE_ESTIMATES}, "R", RULE)
    rows[0] = rows[0] | {"note": "exactly 5"}

    with pytest.raises(ReleaseRefusedError, match="note"):
        check_linkage(rows, few, GRANTED, "R", RULE)


@pytest.mark.parametrize("change", [lambda rows: rows[1:], lambda rows: [*rows, rows[0]]])
def test_a_row_that_is_missing_or_doubled_is_refused(change):
    every = tables([window()], [total()], [check()])
    rows = released_linkage(every, {"csp": LINKAGE_ESTIMATES}, "R", RULE)

    with pytest.raises(ReleaseRefusedError):
        check_linkage(change(rows), every, GRANTED, "R", RULE)
