"""Every rule of stages/quality/rules.toml: one case that trips it, one beside it that does not."""

from __future__ import annotations

import declared_world
import pytest
from declared_world import DECLARED, checked_declared, read_declared
from sources_world import MAPPINGS, NHS_NUMBERS, ROWS, csv_bytes, numbered, read, rows_of

from preventable.pipeline import STEPS
from preventable.stages.quality.rules import quality_rules

OCTOBER = {"Period start": "01/10/2025", "Period end": "31/10/2025"}
BEFORE = {"From": "11/11/2018 22:00", "To": "11/11/2018 23:00"}
NO_INJURY = {"Assault date": "", "Assault time": ""}


def findings(*sent):
    """Rules met, each with its row numbers, in the files sent (rows of one provider each)."""
    met: dict[str, list[int]] = {}
    for line in checked_declared(reads_of(sent)).table("findings").to_pylist():
        met.setdefault(line["rule"], []).append(line["row_number"])
    return {rule: sorted(rows) for rule, rows in met.items()}


def reads_of(sent):
    """What is read of the files sent, those of declared sources among them."""
    return [
        read_declared(rows, provider) if provider in DECLARED else read(rows, provider)
        for provider, rows in sent
    ]


def ed(*changes):
    """One file of an emergency department."""
    return ("ed-example", rows_of("ed-example", *changes))


def counts(*changes):
    """One file of counts by area."""
    return ("counts", declared_world.rows_of("counts", *changes))


def stated(times):
    """Attendances of one evening whose injuries were stated at these times."""
    rows = numbered("ed-example", len(times))
    return ("ed-example", [{**row, "Assault time": time} for row, time in zip(rows, times, strict=True)])


def police_months(*records):
    """One file a month from January on, with so many records."""
    months = []
    for month, count in enumerate(records, start=1):
        same = {"Reported": f"15/{month:02d}/2025 09:00", "From": f"14/{month:02d}/2025 22:00"}
        rows = numbered("police", count, **same, To=f"14/{month:02d}/2025 23:00")
        months.append(("police", [{**row, "Crime": f"{month}/{row['Crime']}"} for row in rows]))
    return months


def short_row():
    """A file of which one row in forty has two cells."""
    lines = csv_bytes(numbered("ed-example", 40)).decode().splitlines()
    return "\n".join([lines[0], "10/03/2025,A7", *lines[2:]]).encode()


def unlike():
    """Attendances of which one has a number without letters."""
    return [{**row, "Att No": "12345"} if i == 0 else row for i, row in enumerate(numbered("ed-example", 40))]


TWO = ({"Att No": "A1"}, {"Att No": "A2"})
WEEK = {"Period start": "10/03/2025", "Period end": "16/03/2025"}
CASES = [
    ("V01", [ed({"Period end": "30/03/2025"})], [0], [ed(WEEK)]),
    ("V02", [ed({"Site": "ZXZ99"})], [2], [ed({"Site": "ZXB01"})]),
    (
        "V03",
        [ed({"Arrival": "01/04/2025 00:15", **NO_INJURY})],
        [2],
        [ed({"Arrival": "31/03/2025 23:59", **NO_INJURY}, {"Arrival": "01/03/2025 00:00", **NO_INJURY})],
    ),
    ("V04", [ed({"Assault time": "23:26"})], [2], [ed({"Assault time": "23:25"})]),
    (
        "V05",
        [ed({"Assault date": "13/03/2025"})],
        [2],
        [ed({"Assault date": "13/03/2025", "Assault time": "23:10"})],
    ),
    ("V06", [ed({"Assault date": "01/01/1900", "Assault time": ""})], [2], [ed(NO_INJURY)]),
    ("V07", [stated(["00:00"] * 5)], [2, 3, 4, 5, 6], [stated(["00:00"] * 5 + ["01:00", "23:00"] * 2)]),
    ("V08", [stated(["22:30"] * 25 + ["22:41"] * 5)], [0], [stated(["22:30"] * 24 + ["22:41"] * 6)]),
    (
        "V09",
        [
            ed(
                {"Arrival": "02/03/2025 23:10", "Assault date": "03/02/2025"},
                {"Att No": "A2", "Arrival": "03/03/2025 01:10", "Assault date": "03/02/2025"},
            )
        ],
        [2, 3],
        [
            ed(
                {"Arrival": "02/03/2025 23:10", "Assault date": "04/02/2025"},
                {"Att No": "A2", "Arrival": "05/03/2025 12:10", "Assault date": "03/03/2025"},
                {"Att No": "A3", "Arrival": "02/03/2025 23:10", "Assault date": "03/02/2024"},
            )
        ],
    ),
    ("V10", [ed({"How": ""}, {"Att No": "A2", "Where": ""})], [2, 3], [ed({})]),
    ("V11", [ed({"Where": "O", "Place": ""})], [2], [ed({"Where": "O"}, {"Att No": "A2", "Place": ""})]),
    ("V12", [ed({"Place": "town"})], [2], [ed({"Place": "Town Tavern"})]),
    ("V13", [ed({"Place": "ask 07700 900731"})], [2], [ed({"Place": "Bar 1850"})]),
    (
        "V14",
        [ed(TWO[0], {**TWO[1], "Arrival": "14/03/2025 23:20"})],
        [3],
        [ed(TWO[0], {**TWO[1], "Arrival": "14/03/2025 23:21"})],
    ),
    (
        "V15",
        [ed(TWO[0], {**TWO[1], "Arrival": "21/03/2025 23:10"})],
        [3],
        [
            ed(TWO[0], {**TWO[1], "Arrival": "21/03/2025 23:11"}),
            ("ed-other", rows_of("ed-other", {"Arrival": "16/03/2025 23:10"})),
        ],
    ),
    (
        "V16",
        [ed(TWO[0], {**TWO[1], "Arrival": "21/03/2025 23:11"})],
        [3],
        [
            ed(TWO[0], {**TWO[1], "Arrival": "21/03/2025 23:10"}),
            ("ed-other", rows_of("ed-other", {"Arrival": "29/03/2025 23:10"})),
        ],
    ),
    (
        "V17",
        [ed({}), ("ed-other", rows_of("ed-other", {"Arrival": "15/03/2025 23:10"}))],
        [2],
        [
            ed(TWO[0], {**TWO[1], "Arrival": "15/03/2025 12:00"}),
            ("ed-other", rows_of("ed-other", {"Arrival": "16/03/2025 12:01"})),
        ],
    ),
    ("V18", police_months(20, 20, 20, 20, 20, 20, 9), [0], police_months(20, 20, 20, 20, 20, 20, 10)),
    ("V19", [ed({"Sex": "X"})], [2], [ed({"Sex": "f"}, {"Att No": "A2", "Sex": ""})]),
    (
        "V20",
        [ed({}), ed({"Ver": "2", "Age": "25"})],
        [2],
        [ed({}), ed({"Ver": "2", "Age": "25", "Site": "ZXZ99"})],
    ),
    ("V21", [ed({"Att No": ""}, {"Ver": "x"}, {"Status": "?"})], [2, 3, 4], [ed({"Status": ""})]),
    (
        "V22",
        [ed({"Arrival": ""}, {"Att No": "A2", "Arrival": "30/03/2025 01:30"})],
        [2, 3],
        [ed({"Arrival": "30/03/2025 02:00"})],
    ),
    (
        "V23",
        [ed({}), ed({"Age": "25"}, {"Att No": "A2"})],
        [2, 2],
        [ed({}), ed({"Age": "25", "Ver": "2"}), ed({}, {"Att No": "A2"})],
    ),
    (
        "V24",
        [ed({"Assault date": "11/02/2025"})],
        [2],
        [ed({"Assault date": "11/02/2025", "Assault time": "23:10"})],
    ),
    (
        "V25",
        [ed({"Age": "x"}, {"Att No": "A2", "NHS No": "123"}, {"Att No": "A3", "Assault date": "2025-03-14"})],
        [2, 3, 4],
        [ed({"Age": "", "NHS No": "", "Postcode": ""}, {"Att No": "A2", "Sex": "X"})],
    ),
    ("V26", [counts({"Complete": "False"})], [2], [counts({"Complete": "True"})]),
    ("V27", [counts({"Number": ""}, {"Area": "", "Category": "2"})], [2, 3], [counts({"Number": "0"})]),
    ("V28", [ed(TWO[0], TWO[1], TWO[0])], [4], [ed(TWO[0]), ed(TWO[0], TWO[1])]),
    (
        "V29",
        [ed({**OCTOBER, "Arrival": "26/10/2025 01:30", **NO_INJURY})],
        [2],
        [ed({**OCTOBER, "Arrival": "26/10/2025 02:00", **NO_INJURY})],
    ),
    (
        "V30",
        [ed({"Where": "H", "Place": "12 Mill Street"})],
        [2],
        [ed({"Where": "H", "Place": "Mill Street"})],
    ),
    ("V31", [("ed-example", short_row())], [2], [ed(TWO[0], TWO[1])]),
    ("V32", [ed({"How": "#REF!"}, {"Att No": "A2", "Place": "NaN"})], [2, 3], [ed({"How": "X"})]),
    (
        "V33",
        [("admissions", rows_of("admissions", {"Age": "23"}))],
        [2],
        [("admissions", rows_of("admissions", {}))],
    ),
    (
        "V34",
        [ed(TWO[0], TWO[1], {"Att No": "A3", "Ver": "1.0"})],
        [4],
        [ed({"Ver": "1.0"}, {**TWO[1], "Ver": "2.0"})],
    ),
    ("V35", [ed({"Place": "=1+1"})], [2], [ed({"Place": "1+1 Bar"})]),
    ("V36", [("ed-example", unlike())], [2], [("ed-example", numbered("ed-example", 21))]),
    (
        "V37",
        [("police", rows_of("police", {**BEFORE, "Code": "8T", "Reported": "12/11/2018 23:59"}))],
        [2],
        [
            ("police", rows_of("police", {**BEFORE, "Code": "8T", "Reported": "13/11/2018 00:00"})),
            ("police", rows_of("police", {**BEFORE, "Crime": "30/2/VP", "Reported": "12/11/2018 09:00"})),
        ],
    ),
    ("V38", [ed({"Place": "Zzyxquill Vantongeren"})], [2], [ed({"Place": "Bar Beispiel"})]),
]


@pytest.mark.parametrize(("rule", "tripping", "rows", "beside"), CASES, ids=[case[0] for case in CASES])
def test_a_rule_finds_its_rows_and_no_others(rule, tripping, rows, beside):
    assert findings(*tripping).get(rule) == rows
    assert rule not in findings(*beside)


@pytest.mark.parametrize(("rule", "tripping", "rows", "beside"), CASES, ids=[case[0] for case in CASES])
def test_rows_are_held_back_by_the_errors_and_by_no_other_rule(rule, tripping, rows, beside):
    outcomes = checked_declared(reads_of(tripping)).table("outcomes").to_pylist()

    held = sorted(line["row_number"] for line in outcomes if line["outcome"] == "quarantined")
    assert held == (
        rows
        if rule in ("V02", "V03", "V04", "V13", "V21", "V22", "V23", "V26", "V27", "V31", "V32", "V33")
        else []
    )


def test_every_rule_has_its_case():
    assert [case[0] for case in CASES] == [rule.id for rule in quality_rules()]


def test_the_twenty_rules_of_the_field_are_applied():
    assert [rule.id for rule in quality_rules() if rule.id <= "V20"] == [f"V{n:02d}" for n in range(1, 21)]


def test_a_date_that_an_error_holds_back_is_told_to_be_turned_round_where_that_explains_it():
    # Of the 3rd of April and the 6th of March with an injury in June: turned round, both fit.
    turned = ed(
        {"Arrival": "03/04/2025 23:10", **NO_INJURY},
        {"Att No": "A2", "Arrival": "06/03/2025 23:10", "Assault date": "03/06/2025"},
    )
    wrong = ed(
        {"Arrival": "04/04/2025 23:10", **NO_INJURY},
        {"Att No": "A2", "Arrival": "06/03/2025 23:10", "Assault date": "03/07/2025"},
    )

    assert findings(turned) == {"V03": [2], "V04": [3], "V09": [2, 3]}
    assert findings(wrong) == {"V03": [2], "V04": [3]}


def test_a_month_without_days_is_no_part_of_itself():
    monthly = {**MAPPINGS["ed-example"], "period": {"from": "columns", "month": "Month", "format": "%Y-%m"}}
    rows = [
        {**{k: v for k, v in ROWS["ed-example"].items() if not k.startswith("Period")}, "Month": "2025-03"}
    ]
    found = read(rows, mappings=[monthly])

    assert "part_of_month" not in found.intake_problems.column("problem").to_pylist()


@pytest.mark.parametrize("provider", sorted(MAPPINGS))
def test_a_right_row_trips_no_rule(provider):
    assert findings((provider, [ROWS[provider]])) == {}


def test_a_rule_of_one_source_leaves_the_others_alone():
    # V10 asks emergency departments for a method; an ambulance has none.
    assert "V10" not in findings(("ambulance", rows_of("ambulance", {"Det": ""})))


def test_rules_of_the_clock_change_look_at_instants_not_at_the_clock():
    early = ed(
        {**OCTOBER, "Arrival": "26/10/2025 01:30", "Assault date": "26/10/2025", "Assault time": "01:50"}
    )
    beyond = ed(
        {**OCTOBER, "Arrival": "26/10/2025 01:30", "Assault date": "26/10/2025", "Assault time": "03:10"}
    )

    assert "V04" not in findings(early)
    assert "V04" in findings(beyond)


def test_the_same_number_at_another_provider_is_another_record():
    other = ("ed-other", rows_of("ed-other", {"Age": "60", "NHS No": NHS_NUMBERS[1]}))

    assert "V23" not in findings(ed({}), other)

    again = ("ed-other", rows_of("ed-other", {"Age": "60", "NHS No": NHS_NUMBERS[1], "Ver": "2"}))
    assert len(findings(ed({}), ed({"Age": "61"}), other, again)["V23"]) == 2


@pytest.mark.parametrize(
    ("first", "between", "last"),
    [
        ({}, {"Arrival": "16/03/2025 23:10"}, {"V15": [3, 4]}),
        ({"Site": "ZXZ99"}, {"Arrival": "16/03/2025 23:10"}, {"V02": [2], "V15": [4]}),
        ({}, {"Arrival": "16/03/2025 23:10", "NHS No": ""}, {"V15": [4]}),
        ({}, {"Arrival": "16/03/2025 23:10", "Site": "ZXZ99"}, {"V02": [3], "V15": [4]}),
        ({}, {"Arrival": "16/03/2025 23:10", "Status": "W"}, {"V15": [4]}),
    ],
    ids=["all stand", "the first is held", "no number", "that between is held", "withdrawn"],
)
def test_a_visit_is_held_to_the_last_before_it_that_stands_and_names_the_person(first, between, last):
    visits = ed(first, {"Att No": "A2", **between}, {"Att No": "A3", "Arrival": "18/03/2025 23:10"})

    found = findings(visits)

    assert {rule: rows for rule, rows in found.items() if rule in ("V02", "V15", "V16", "V17")} == last


def test_attendances_alike_but_for_an_empty_cell_are_not_compared():
    empty = ed({"Sex": ""}, {"Att No": "A2", "Sex": "", "Arrival": "14/03/2025 23:15"})
    full = ed({}, {"Att No": "A2", "Arrival": "14/03/2025 23:15"})

    assert "V14" not in findings(empty)
    assert findings(full)["V14"] == [3]


def test_no_rule_promises_a_supplier_what_no_stage_does():
    """Figures count records, whatever linkage finds: what a site is told of people seen twice says so first."""
    assert "links" not in {name for step in STEPS if step.name == "indicators" for name in step.reads}
    told = {rule.id: rule.remedy for rule in quality_rules() if "linkage" in rule.remedy.lower()}
    assert set(told) == {"V15", "V17"}
    assert all("both count as attendances. Linkage puts" in remedy for remedy in told.values())
