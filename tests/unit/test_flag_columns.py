"""Flags of the police, who the assailant was, and alcohol: read, picked by definitions, told to nobody."""

import dataclasses

import pytest
from figures_world import counted, figures, months, policy, record
from sources_world import MAPPINGS, checked, read, records_of, rows_of

from preventable.errors import MappingError
from preventable.settings import load_policy
from preventable.stages.disclosure.recipients import read_recipients
from preventable.store.checksums import table_checksum
from preventable.tables import TABLES
from preventable.tables.submissions import SUBMISSIONS

NEW = ("knife_flag", "firearm_flag", "hate_flag", "assailant_relation", "alcohol_involved")
NAME = "ed_assault_attendances.v1/region/X01/last12/2025-12/all/all/count"
POLICE = {
    **MAPPINGS["police"],
    "columns": {
        **MAPPINGS["police"]["columns"],
        "knife_flag": "KN",
        "firearm_flag": "GUN",
        "hate_flag": "HC",
    },
    "codes": {
        **MAPPINGS["police"]["codes"],
        **dict.fromkeys(("knife_flag", "firearm_flag", "hate_flag"), {"Y": "yes", "N": "no"}),
    },
}
ED = {
    **MAPPINGS["ed-example"],
    "columns": {**MAPPINGS["ed-example"]["columns"], "assailant_relation": "By", "alcohol_involved": "Alc"},
    "codes": {
        **MAPPINGS["ed-example"]["codes"],
        "assailant_relation": {"P": "partner", "S": "stranger"},
        "alcohol_involved": {"Y": "yes", "?": "suspected"},
    },
}


def offences():
    """Offences with flags, one of them with a cell that no mapping knows and one with empty ones."""
    cells = [("N", "Y", "N"), ("Y", "N", "sent by A. Example"), ("", "", "")]
    return [
        {**row, "Crime": f"30/{number}/VP", "KN": knife, "GUN": gun, "HC": hate}
        for number, (row, (knife, gun, hate)) in enumerate(
            zip(rows_of("police", {}, {}, {}), cells, strict=True), start=1
        )
    ]


def test_flags_are_read_by_their_codes_and_a_cell_unknown_is_missing_and_told():
    found = read(offences(), "police", mappings=[POLICE])

    rows = found.submissions.select(["knife_flag", "firearm_flag", "hate_flag"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [("no", "yes", "no"), ("yes", "no", None), (None,) * 3]
    told = [(row["row_number"], row["field"], row["problem"]) for row in found.intake_problems.to_pylist()]
    assert told == [(3, "hate_flag", "unknown_code")]


def test_who_the_assailant_was_and_alcohol_stand_on_records_that_go_on():
    rows = rows_of("ed-example", {"By": "P", "Alc": "?"}, {"Att No": "A2", "By": "S", "Alc": ""})

    records = records_of(checked([read(rows, mappings=[ED])])).to_pylist()

    assert sorted((row["assailant_relation"], row["alcohol_involved"] or "") for row in records) == [
        ("partner", "suspected"),
        ("stranger", ""),
    ]


@pytest.mark.parametrize("field", NEW)
def test_a_word_that_is_not_on_the_list_is_refused(field):
    wrong = {
        **ED,
        "columns": {**ED["columns"], field: "By"},
        "codes": {**ED["codes"], field: {"P": "spouse"}},
    }

    with pytest.raises(MappingError, match=field):
        read(rows_of("ed-example", {"By": "P", "Alc": "Y"}), mappings=[wrong])


def test_what_sends_none_of_them_has_the_checksum_that_it_had_before_they_were_there():
    found = read(rows_of("ed-example", {}, {"Att No": "A2"})).submissions
    before = dataclasses.replace(
        SUBMISSIONS, columns=tuple(column for column in SUBMISSIONS.columns if column.name not in NEW)
    )

    assert table_checksum(SUBMISSIONS, found) == table_checksum(before, found.drop_columns(list(NEW)))
    sent = read(rows_of("ed-example", {"By": "P", "Alc": ""}), mappings=[ED]).submissions
    assert table_checksum(SUBMISSIONS, sent) != table_checksum(before, sent.drop_columns(list(NEW)))


@pytest.mark.parametrize("table", ["submissions", "pseudonymous_records", "located_records"])
def test_every_table_of_records_has_them_and_none_that_leaves(table):
    assert all(TABLES[table].column(name).optional for name in NEW)
    assert [
        (one.name, column.name)
        for one in TABLES.values()
        if one.sensitivity < TABLES["located_records"].sensitivity
        for column in one.columns
        if column.name in NEW
    ] == []


@pytest.mark.parametrize(
    ("column", "operator", "values", "expected"),
    [
        ("assailant_relation", "in", ["partner", "ex_partner"], 1),
        ("assailant_relation", "not_in", ["stranger"], 2),
        ("alcohol_involved", "in", ["yes", "suspected"], 2),
        ("knife_flag", "is", ["yes"], 1),
        ("firearm_flag", "is", ["yes"], 0),
        ("hate_flag", "is", ["no"], 1),
    ],
)
def test_a_definition_may_pick_by_them(column, operator, values, expected):
    made = [
        record(1, assailant_relation="partner", alcohol_involved="yes", knife_flag="yes"),
        record(2, assailant_relation="stranger", alcohol_involved="suspected", hate_flag="no"),
        record(3, firearm_flag="unknown"),
    ]
    condition = {"column": column, "operator": operator, "values": values}
    given = policy({("definitions", "ed_assault_attendances", "conditions"): [condition]})

    assert figures(counted(made, months(12), policy=given))[NAME]["count"] == expected


def test_nobody_is_granted_a_figure_that_picks_by_them():
    given = load_policy()
    granted = {grant.definition for one in read_recipients(given) for grant in one.grants}
    named = {part["column"] for name in granted for part in given.definitions[name].get("conditions", ())}

    assert "domestic_flag" in named or "offence_code" in named
    assert named & set(NEW) == set()
