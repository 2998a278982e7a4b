"""The malformed submissions of ../shared/reference: none crashes the door, and none comes in with a row lost or altered."""

from __future__ import annotations

import csv
import re
import shutil
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from sources_world import CONTEXT, KINDS, NO_PLACES, TEXT_KEY, engine_with

from preventable.errors import RefusedFileError
from preventable.intake.edge import make_manifest
from preventable.intake.limited_reader import limited_reader
from preventable.settings import load_policy
from preventable.stages.quality.outcomes import write_outcomes
from preventable.stages.quality.stage import check_submissions
from preventable.stages.sources.limits import read_limits
from preventable.stages.sources.manifests import ENDING, Manifest, read_manifest
from preventable.stages.sources.stage import ReadSubmission, read_submission
from preventable.tables import TABLES

PROVIDER = {"provider": "rbk", "source": "ed", "site_code": "RBK"}
_CSV = {
    "provider": "rbk", "source": "ed", "version": 1, "file": {"format": "csv"},
    "time": {"zone": "Europe/London", "formats": ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%d/%m/%Y %H:%M", "%d-%b-%Y %H:%M"]}, "period": {"from": "records"},
    "columns": {
        "source_record_id": "attendance_id", "record_version": "record_version", "contact": "arrival_datetime",
        "injury_from": "incident_datetime", "age": "age_band", "sex": "sex", "method": "assault_type",
        "place_type": "incident_location_type", "place_text": "incident_venue", "postcode": "incident_postcode",
        "residence_small_area": "incident_lsoa", "site_code": "provider_code",
    },
    "ignored": {"columns": ["person_pseudonym", "weapon", "assailants", "relationship"]},
    "age": {"style": "ten_year_band"},
    "codes": {
        "sex": {"M": "male", "F": "female", "U": "unknown"},
        "place_type": {
            "HOME": "own_home", "LICENSED": "licensed_premises_inside", "OTHER": "other",
            "SCHOOL": "school_college", "STREET": "street_public",
        },
        "method": {"BLUNT": "blunt_object", "OTHER": "other", "SEXUAL": "sexual", "SHARP": "knife_sharp"},
    },
}  # fmt: skip
MAPPINGS = [
    _CSV,
    {**_CSV, "version": 2, "file": {"format": "xlsx"}},
    {**_CSV, "version": 3, "file": {"format": "parquet"}},
]
TABLE = tomllib.loads((Path(__file__).parent / "reference_submissions.toml").read_text(encoding="utf-8"))
#: Read though the case would have them refused; nothing of a row is lost or altered, and why it is so.
READ_ALL_THE_SAME = {
    "245": "a csv named like a workbook: the name means nothing, and a note tells",
}
#: Cut short: judged against the manifest of the clean file, as their page says.
CUT = ("83", "85")
#: Files whose every row differs from the clean file's: another month, other record numbers.
OF_OTHER_ROWS = {"119", "121", "231"}


@dataclass(frozen=True)
class Outcome:
    """What became of one case: the refusal's number, or what was read, how many rows were quarantined, and rule and content of each warning."""

    refused: str = ""
    read: ReadSubmission | None = None
    quarantined: int = 0
    warned: frozenset[tuple[str, str]] = frozenset()


@pytest.fixture(scope="module")
def cases(shared, tmp_path_factory):
    """The rows of cases.csv with what became of each."""
    folder = shared / "reference" / "submissions"
    with (folder / "cases.csv").open(encoding="utf-8", newline="") as file:
        listed = list(csv.DictReader(file))
    clean = tmp_path_factory.mktemp("clean") / "clean.csv"
    shutil.copy(folder / "files" / "001_enc_clean.csv", clean)
    make_manifest(clean, provider="rbk", period="2026-09", policy=load_policy())
    manifest = read_manifest(clean.with_name(clean.name + ENDING).read_bytes(), "clean")
    return {
        case["case"]: (
            case,
            outcome_of(
                (folder / "files" / case["file"]).read_bytes(),
                case["file"],
                manifest if case["case"] in CUT else None,
            ),
        )
        for case in listed
    }


def outcome_of(content: bytes, name: str, manifest: Manifest | None = None) -> Outcome:
    limits = read_limits(load_policy())
    try:
        found = read_submission(
            content,
            file_name=name,
            provider=PROVIDER,
            mappings=MAPPINGS,
            text_key=TEXT_KEY,
            limits=limits,
            kinds=KINDS,
            region=NO_PLACES,
            reader=limited_reader(limits.reader),
            manifest=manifest,
        )
    except RefusedFileError as refusal:
        return Outcome(refused=refusal.number)
    engine = engine_with([found])
    providers = TABLES["providers"].empty()
    row = dict.fromkeys(providers.column_names) | PROVIDER | {"provider_name": "invented"}
    engine.load("providers", pa.Table.from_pylist([row], schema=providers.schema))
    check_submissions(engine, CONTEXT)
    write_outcomes(engine, CONTEXT)
    outcomes = Counter(engine.table("outcomes").column("outcome").to_pylist())
    assert outcomes.total() == found.rows
    warned = frozenset(
        (line["rule"], line["content_hash"])
        for line in engine.table("findings").to_pylist()
        if line["level"] == "warning"
    )
    return Outcome(read=found, quarantined=outcomes["quarantined"], warned=warned)


def rows_by_record(found: ReadSubmission) -> dict:
    """Rows in our columns with their texts, without what tells files and lines apart."""
    texts = {row["place_text_id"]: row["text"] for row in found.place_texts.to_pylist()}
    apart = {"submission_id", "edition", "row_number", "content_hash", "place_text_id", "place_text_words"}
    return {
        row["source_record_id"]: {name: value for name, value in row.items() if name not in apart}
        | {"text": texts.get(row["place_text_id"])}
        for row in found.submissions.to_pylist()
    }


def test_every_case_is_read_or_refused_by_number(cases):
    assert len(cases) >= 131
    assert all(outcome.read or re.fullmatch(r"Q4\d\d", outcome.refused) for _, outcome in cases.values())


def test_what_must_be_refused_is_refused_but_for_what_is_told_here(cases):
    let_in = {
        name
        for name, (case, outcome) in cases.items()
        if case["expected"].startswith("REJECT") and outcome.read
    }

    assert let_in == set(READ_ALL_THE_SAME)


def test_no_case_is_accepted_with_a_row_lost_or_altered(cases):
    clean = rows_by_record(cases["1"][1].read)
    for name, (case, outcome) in cases.items():
        if outcome.read is None or name in OF_OTHER_ROWS:
            continue
        rows = rows_by_record(outcome.read)
        altered = [record for record in clean if record in rows and rows[record] != clean[record]]
        lost = [record for record in clean if record not in rows]
        # Each case has one faulty row, or as many as it says: they may differ, or stand under another number.
        held = re.fullmatch(r"ROWQ\((\d+)\)", case["expected"])
        assert len(altered) + len(lost) <= (int(held[1]) if held else 1), name
        assert outcome.read.rows >= 50, name


def test_rows_in_another_order_are_the_same_submission(cases):
    assert cases["95"][1].read.submission_id == cases["1"][1].read.submission_id


def test_a_faulty_time_or_number_is_quarantined_and_its_neighbours_are_not(cases):
    held = {name: outcome.quarantined for name, (_, outcome) in cases.items() if outcome.read}

    for name in ("109", "111", "113", "115", "117", "119", "123", "125", "141"):
        assert held[name] == 1, name
    assert held["1"] == held["91"] == held["93"] == 0


def test_every_case_ends_as_it_says_but_for_those_argued(cases):
    clean = cases["1"][1]
    ends = {name: as_said(case, outcome, clean) for name, (case, outcome) in cases.items()}

    assert {name for name, ended in ends.items() if not ended} == set(TABLE["argued"])


def as_said(case: dict[str, str], outcome: Outcome, clean: Outcome) -> bool:
    rejected = re.fullmatch(r"REJECT\((\w+)\)", case["expected"])
    if rejected:
        return outcome.refused in TABLE["refused"][rejected[1]]
    if outcome.read is None:
        return False
    if case["expected"] == "NOOP":
        return outcome.read.submission_id == clean.read.submission_id
    held = re.fullmatch(r"ROWQ\((\d+)\)", case["expected"])
    if held:
        return outcome.quarantined == int(held[1])
    warned = re.fullmatch(r"ACCEPT_WARN\((\d+)\)", case["expected"])
    if case["category"] in TABLE["judged"]["by_rows"]:
        new = {rule for rule, _ in outcome.warned - clean.warned}
        return outcome.quarantined == 0 and (not warned or len(new) == int(warned[1]))
    notes = int(warned[1]) if warned else case["note"].count("1 warning")
    return outcome.quarantined == 0 and len(outcome.read.notes) == notes


def test_a_case_that_is_argued_ends_as_the_decision_says(cases):
    for name, ends in TABLE["argued"].items():
        outcome = cases[name][1]
        assert (outcome.refused or ("row held" if outcome.quarantined else "read")) == ends, name


def test_dates_that_are_argued_are_read_and_their_rows_held_for_what_the_dates_say(cases):
    """The injury of the row lies days after its arrival: that is what holds it, beside the warning of its form."""
    for name in ("99", "101", "105"):
        assert "V34" in {rule for rule, _ in cases[name][1].warned}, name
    for name in ("99", "101", "105", "107"):
        times = [
            (row["contact_utc"], row["injury_start_utc"])
            for row in cases[name][1].read.submissions.to_pylist()
        ]
        assert sum(None not in pair and pair[1] > pair[0] for pair in times) == 1, name


def test_no_case_stops_the_reader(cases):
    assert not [name for name, (_, outcome) in cases.items() if outcome.refused == "Q424"]


def test_every_kind_of_case_is_judged(cases):
    told = {*TABLE["judged"]["by_notes"], *TABLE["judged"]["by_rows"]}

    assert {case["category"] for case, _ in cases.values()} == told
    assert len(TABLE["argued"]) <= 10
