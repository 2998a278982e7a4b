"""A draft of a mapping names every column once, says how sure it is, and shows no rare value."""

from __future__ import annotations

import datetime as dt
import importlib
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sources_world import KINDS, MAPPINGS, csv_bytes, numbered, read, rows_of

from preventable import __main__ as command_line
from preventable.intake_errors import NoDraftError, UnknownKindError
from preventable.kits import kits
from preventable.settings import Policy
from preventable.stages.sources.drafting.assignment import assign, confidence_of
from preventable.stages.sources.drafting.codes import word_of
from preventable.stages.sources.drafting.draft import Draft, draft_mapping, kind_of_file
from preventable.stages.sources.drafting.evidence import Evidence
from preventable.stages.sources.drafting.headers import concepts_of
from preventable.stages.sources.drafting.profiles import Column
from preventable.stages.sources.drafting.rules import drafting_rules, roles_of
from preventable.stages.sources.drafting.written import written_draft
from preventable.stages.sources.formats.form import FileForm
from preventable.stages.sources.mapping import FIELDS, readable_kinds, supplier_mappings
from preventable.stages.sources.rules_files import rules_file
from preventable.stages.sources.sheet import Sheet

CSV = FileForm("csv")
# What a supplier of our own invention might call its columns.
RENAMED = {
    "Period start": "Reporting from", "Period end": "Reporting to", "Att No": "Attendance id", "Ver": "Revision",
    "Status": "Record state", "Site": "Hospital site", "Arrival": "Time of arrival", "Assault date": "Date of incident",
    "Assault time": "Time of incident", "Age": "Age (years)", "Sex": "Gender", "NHS No": "NhsNumber", "How": "Weapon",
    "Where": "Type of location", "Place": "Where it happened", "Lives in": "Home LSOA", "Postcode": "Scene postcode",
    "Comments": "Triage notes",
}  # fmt: skip


def sheet_of(rows: Sequence[Mapping[str, Any]], *, header: Sequence[str] = ()) -> Sheet:
    names = tuple(header or rows[0])
    cells = tuple(tuple(str(row[name]) for name in names) for row in rows)
    return Sheet(names, cells, tuple(range(2, len(cells) + 2)))


def draft_of(sheet: Sheet, provider: str = "ed-example", **named: Any) -> Draft:
    kind = KINDS[MAPPINGS[provider]["source"]]
    return draft_mapping(sheet, kind, provider=provider, file=CSV, where="file.csv", **named)


def days(count: int) -> list[dict[str, Any]]:
    """Right rows of the department, on days of their own."""
    rows = []
    for number, row in enumerate(numbered("ed-example", count)):
        day = f"{number % 28 + 1:02d}/03/2025"
        place = f"Bar Beispiel, Mill St {number % 9}"
        rows.append(
            {
                **row,
                "Arrival": f"{day} 23:10",
                "Assault date": day,
                "Age": str(18 + number % 50),
                "Place": place,
            }
        )
    return rows


@pytest.fixture(scope="module")
def renamed() -> Draft:
    return draft_of(sheet_of([{RENAMED[name]: value for name, value in row.items()} for row in days(60)]))


def test_a_file_under_other_names_is_drafted_as_its_mapping_has_it(renamed):
    of_file = MAPPINGS["ed-example"]["columns"]
    truth = {
        field: tuple(RENAMED[name] for name in ([told] if isinstance(told, str) else told))
        for field, told in of_file.items()
    }

    assert renamed.fields == truth
    assert renamed.ignored == ("Triage notes",)
    assert renamed.period["start"] == "Reporting from"
    assert renamed.formats == ("%d/%m/%Y %H:%M",)


def test_who_the_assailant_was_and_alcohol_are_drafted_with_their_codes_and_the_rest_stays():
    told = [("Husband", "Y"), ("Not known to patient", "S"), ("Neighbour", "N")]
    rows = [{**row, "Attacker": told[n % 3][0], "Alcohol?": told[n % 3][1]} for n, row in enumerate(days(60))]

    draft = draft_of(sheet_of(rows))

    assert draft.fields["assailant_relation"] == ("Attacker",)
    assert draft.fields["alcohol_involved"] == ("Alcohol?",)
    assert set(draft.fields) == {
        *draft_of(sheet_of(days(60))).fields,
        "assailant_relation",
        "alcohol_involved",
    }
    assert draft.codes["assailant_relation"].known == {
        "Husband": "partner", "Not known to patient": "stranger", "Neighbour": "acquaintance",
    }  # fmt: skip
    assert draft.codes["alcohol_involved"].known == {"Y": "yes", "S": "suspected", "N": "no"}


def test_flags_of_the_police_are_told_apart():
    rows = [
        {**row, "Knife": "NY"[n % 2], "Gun crime": "N", "Hate": "N" if n else "Y"}
        for n, row in enumerate(numbered("police", 40))
    ]

    fields = draft_of(sheet_of(rows), "police").fields

    named = ("domestic_flag", "knife_flag", "firearm_flag", "hate_flag")
    assert [fields[name] for name in named] == [("DA",), ("Knife",), ("Gun crime",), ("Hate",)]


def test_a_completed_draft_reads_its_file(renamed):
    rows = [{RENAMED[name]: value for name, value in row.items()} for row in days(60)]
    drafted = tomllib.loads(written_draft(renamed))
    codes = MAPPINGS["ed-example"]["codes"]
    completed = {**drafted, "codes": drafted["codes"] | codes}

    submission = read(csv_bytes(rows), mappings=[completed])

    assert submission.rows == 60
    assert submission.month == "2025-03"
    assert submission.intake_problems.num_rows == read(days(60)).intake_problems.num_rows
    assert submission.submissions.column("contact_utc").null_count == 0


def test_nobody_has_approved_a_draft(renamed):
    drafted = tomllib.loads(written_draft(renamed))

    assert drafted["approved_by"] == []
    assert drafted["owner"] == ""


def test_every_column_stands_once_in_a_draft(renamed):
    drafted = tomllib.loads(written_draft(renamed))

    (mapping,) = supplier_mappings(
        [drafted], provider={"provider": "ed-example"}, kind=KINDS["ed"], where="draft"
    )

    assert mapping.headers == set(RENAMED.values())
    assert len(renamed.columns) == len(RENAMED)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_file_of_no_row_or_of_one_is_drafted_by_its_names(rows):
    header = list(days(1)[0])

    draft = draft_of(sheet_of(days(1)[:rows], header=header))

    assert [one.header for one in draft.columns] == header
    assert draft.fields["age"] == ("Age",)


def test_a_column_without_a_filled_cell_is_told_by_its_name():
    draft = draft_of(sheet_of([{**row, "NHS No": ""} for row in days(30)]))

    (column,) = [one for one in draft.columns if one.header == "NHS No"]
    assert column.role == "nhs_number"
    assert "no cell filled" in column.reason


def test_names_without_meaning_are_not_sure():
    rows = [{f"c{number}": value for number, value in enumerate(row.values())} for row in days(30)]

    draft = draft_of(sheet_of(rows))

    texts = [one for one in draft.columns if one.header in ("c12", "c13", "c14", "c17")]
    assert all(one.in_words != "sure" for one in texts)


def test_what_an_earlier_mapping_names_stays():
    (earlier,) = supplier_mappings(
        [MAPPINGS["ed-example"]], provider={"provider": "ed-example"}, kind=KINDS["ed"], where="mapping"
    )
    rows = [
        {("Arr" if name == "Arrival" else name): value for name, value in row.items()} for row in days(30)
    ]

    draft = draft_of(sheet_of(rows), earlier=earlier, version=2)

    assert draft.fields == {**earlier.columns, "contact": ("Arr",)}
    assert draft.version == 2
    assert all(one.confidence > 0.9 for one in draft.columns if one.header != "Arr")


def test_days_on_which_codes_hold_are_taken_over_for_fields_that_the_file_has():
    dated = {
        "method": {"K": {"from": dt.date(2024, 2, 29)}, "F": {"to": dt.date(2025, 12, 31)}},
        "place_type": {"S": {"from": dt.date(2024, 4, 1), "to": dt.date(2026, 3, 31)}},
    }
    (earlier,) = supplier_mappings(
        [MAPPINGS["ed-example"] | {"valid": dated}],
        provider={"provider": "ed-example"},
        kind=KINDS["ed"],
        where="mapping",
    )
    column = MAPPINGS["ed-example"]["columns"]["place_type"]
    rows = [{name: value for name, value in row.items() if name != column} for row in days(30)]

    whole = tomllib.loads(written_draft(draft_of(sheet_of(days(30)), earlier=earlier)))
    without = tomllib.loads(written_draft(draft_of(sheet_of(rows), earlier=earlier)))

    assert whole["valid"] == dated
    assert without["valid"] == {"method": dated["method"]}
    assert "valid" not in tomllib.loads(written_draft(draft_of(sheet_of(days(30)))))


def test_a_new_code_is_told_beside_those_of_the_earlier_mapping():
    (earlier,) = supplier_mappings(
        [MAPPINGS["ed-example"]], provider={"provider": "ed-example"}, kind=KINDS["ed"], where="mapping"
    )
    rows = [{**row, "How": "ZZ" if number < 5 else "K"} for number, row in enumerate(days(30))]

    draft = draft_of(sheet_of(rows), earlier=earlier)

    assert draft.codes["method"].known == MAPPINGS["ed-example"]["codes"]["method"]
    assert draft.codes["method"].unknown == ("ZZ",)


def test_a_code_of_one_row_is_counted_and_not_shown():
    rows = [
        {**row, "How": "Rare and telling" if number == 0 else "QX"} for number, row in enumerate(days(30))
    ]

    draft = draft_of(sheet_of(rows))

    assert "Rare and telling" not in written_draft(draft)
    assert draft.codes["method"].unknown == ("QX",)
    assert draft.codes["method"].not_shown == 1


def test_a_code_that_could_be_of_a_person_is_not_shown():
    draft = draft_of(sheet_of([{**row, "How": "call 07700 900123"} for row in days(30)]))

    assert "900123" not in written_draft(draft)


@pytest.mark.parametrize(
    "header",
    [("A", "A"), ("A", ""), ("A", "14/03/2025"), ("A", "1200"), ("A", "seen by call 07700 900123")],
    ids=["twice", "empty", "a day", "a number", "a person's number"],
)
def test_a_line_that_is_no_header_drafts_nothing(header):
    with pytest.raises(NoDraftError) as refusal:
        draft_of(Sheet(header, (("x", "y"),), (2,)))

    assert not any(name in str(refusal.value) for name in header if len(name) > 1)


def test_day_and_month_that_could_be_swapped_are_told():
    early = [{**row, "Arrival": "04/03/2025 10:00", "Assault date": "04/03/2025"} for row in days(20)]

    assert any("day and month" in point for point in draft_of(sheet_of(early)).open_points)
    assert draft_of(sheet_of(days(28))).formats == ("%d/%m/%Y %H:%M",)


def test_american_days_are_found_where_a_day_proves_them():
    rows = [{**row, "Arrival": f"03/{number + 10}/2025 10:00"} for number, row in enumerate(days(15))]

    assert "%m/%d/%Y %H:%M" in draft_of(sheet_of(rows)).formats


def test_the_kind_is_told_by_the_columns():
    sheet = sheet_of(numbered("admissions", 30, Age="24"))

    assert kind_of_file(sheet, list(KINDS.values()), where="file.csv").id == "admissions"


def test_a_kind_that_cannot_be_told_is_asked_for():
    sheet = sheet_of([{"Name": "x", "Value": "1"}] * 5)

    with pytest.raises(UnknownKindError):
        kind_of_file(sheet, list(KINDS.values()), where="file.csv")


def test_confidence_rises_with_the_margin():
    told = [confidence_of(margin) for margin in (-5.0, 0.0, 1.0, 5.0, 20.0)]

    assert told == sorted(told)
    assert all(0 < one < 1 for one in told)


def test_no_two_columns_get_one_role_and_a_time_is_whole_or_in_parts():
    roles = roles_of(KINDS["ed"])
    same = [[Evidence(5.0, 1.0, 1.0) for _ in roles] for _ in range(40)]

    placed = [roles[one.role] for one in assign(same, roles)]

    counted = Counter(role.name for role in placed if role.name != "ignored")
    assert set(counted.values()) == {1}
    assert not {"contact", "contact_date"} <= set(counted)


@pytest.mark.parametrize(("code_name", "other_name"), [("LsoaCode", "LsoaName"), ("area_cd", "area_name")])
def test_the_name_of_an_area_beside_its_code_is_dropped(code_name, other_name):
    rows = [{"Incident no": f"F{n}", "Called": f"{n + 1:02d}/03/2025 21:00", "Type": f"sort {n % 3}",
             other_name: f"Quell {n % 4}A", code_name: f"XS010010{n % 4}"} for n in range(24)]  # fmt: skip
    fire = kits()["fire"]
    kind = readable_kinds(Policy({}, sources=fire.declared))[fire.kind]

    draft = draft_mapping(sheet_of(rows), kind, provider="fire", file=CSV, where="file.csv")

    assert draft.fields["place_area"] == (code_name,)
    assert other_name in draft.ignored


@pytest.mark.parametrize(
    ("header", "concepts"),
    [
        ("ArrivalDttm", ("contact", "date", "time")),
        ("NEWNHSNO", ("new", "nhs", "number")),
        ("M/F", ("male", "female")),
        ("assault_method", ("event", "method")),
        ("ASSLT_METH_OTH_TXT", ("event", "method", "other", "description")),
        ("RptPerStart", ("report", "period", "from")),
        ("LOC_ACC_M", ("place", "accuracy", "metres")),
        ("X", ("x",)),
        ("", ()),
    ],
)
def test_a_name_is_read_as_its_concepts(header, concepts):
    assert concepts_of(header) == concepts


@pytest.mark.parametrize(
    ("code", "list_name", "word"),
    [
        ("Someone else's home", "place_type", "other_home"),
        ("PUB/CLUB (INSIDE)", "place_type", "licensed_premises_inside"),
        ("02", "sex", "female"),
        ("FI", "method", ""),
        ("", "yes_no", ""),
        ("Ex-wife", "assailant_relation", "ex_partner"),
        ("3", "assailant_relation", ""),
        ("Probable", "alcohol_involved", "suspected"),
    ],
)
def test_a_code_that_says_what_it_means_leads_to_our_word(code, list_name, word):
    assert word_of(code, list_name) == word


def test_the_rules_of_drafts_speak_of_fields_lists_and_values_that_there_are():
    rules, codes = drafting_rules(), rules_file("drafting/codes")
    words = Counter(word for listed in rules["concepts"].values() for word in listed)

    assert [word for word, times in words.items() if times > 1] == []
    for name, role in rules["roles"].items():
        assert role["values"] in rules["values"]
        assert role.get("list", "sex") in codes
        assert role.get("fills", name) in {*FIELDS, "ignored", "period_start", "period_end", "period_month"}


def test_times_in_a_column_are_found_with_their_format():
    column = Column("t", ("2025-03-14T10:00:00", "2025-03-15T11:00:00", "nothing"))

    assert column.times.form == "%Y-%m-%dT%H:%M:%S"
    assert column.times.share == pytest.approx(2 / 3)


def test_source_draft_writes_beside_the_file_and_never_over(monkeypatch, capsys, tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(csv_bytes(rows_of("police", *({"Crime": f"30/{n}/VP"} for n in range(12)))))
    monkeypatch.setattr(sys, "argv", ["preventable", "source", "draft", str(path), "--kind", "police"])

    with pytest.raises(SystemExit) as first:
        command_line.main()
    said = capsys.readouterr().out
    with pytest.raises(SystemExit) as second:
        command_line.main()

    assert (first.value.code, second.value.code) == (0, 2)
    assert "offence_code" in said
    assert tomllib.loads((tmp_path / "file.csv.draft.toml").read_text())["source"] == "police"


@pytest.fixture
def benchmark(monkeypatch):
    """The module that drafts the samples of all kits under other names."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    return importlib.import_module("drafts")


def test_names_of_another_hand_rename_every_column_of_every_kit_once_for_each_half(benchmark):
    told = benchmark.told_of_another_hand()

    of_kits = [(kits()[one["kit"]], one) for one in told]
    assert Counter((kit.name, one["half"]) for kit, one in of_kits) == dict.fromkeys(
        product(kits(), ("seen", "unseen")), 1
    )
    for kit, one in of_kits:
        new, old = zip(*one["columns"], strict=True)
        assert sorted(old) == sorted(kit.columns)
        assert len({*new, *old}) == 2 * len(old)
        assert list(old) != list(kit.columns)


def test_a_sample_under_names_of_another_hand_keeps_what_it_says(benchmark):
    rows = (("7", "2025-10-04 23:41", "2025-10"), ("8", "2025-10-05", "2025-10"), ("9", "", ""))
    told = {
        "kit": "example", "date": "%d-%b-%Y", "clock": "%H:%M", "join": " ", "month": "%m/%Y",
        "columns": [["MON", "month"], ["SEEN_DTTM", "seen"], ["REF", "number"]],
    }  # fmt: skip

    hidden, _ = benchmark.hidden_as_told(Sheet(("number", "seen", "month"), rows, (2, 3, 4)), {}, told=told)

    assert hidden.header == ("MON", "SEEN_DTTM", "REF")
    assert hidden.rows[0] == ("10/2025", "04-Oct-2025 23:41", "7")
    assert hidden.rows[1:] == (("10/2025", "05-Oct-2025", "8"), ("", "", "9"))


@pytest.mark.slow
@pytest.mark.parametrize("names", ["rules' hand", "seen", "unseen"])
def test_drafts_of_every_kit_under_other_names_are_as_right_as_the_benchmark_says(benchmark, names):
    judged = benchmark.of_fresh() if names == "rules' hand" else benchmark.of_another_hand(names)

    right, sure, wrong_and_sure = benchmark.figures(judged)

    assert len({(one.kit, one.drafted.header) for one in judged}) > 180
    assert right >= 0.95
    assert sure >= 0.7
    assert wrong_and_sure == 0
