"""The conformance kit: each sample conforms and comes in, a spoilt one does not, and it says what the door would say."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from conftest import preventable_here
from supplier_report_world import judged_by_hand

from preventable.errors import UsageError
from preventable.intake import submit as intake
from preventable.intake.conform import Conformance, conform, write_samples
from preventable.intake.reports import CheckReport, FileReport
from preventable.kits import kits
from preventable.settings import Policy, load_policy
from preventable.stages.sources.mapping import readable_kinds, supplier_mappings
from preventable.store.home import create_home
from preventable.store.session import reading

KITS = kits()
IN_CSV = [name for name, kit in KITS.items() if kit.sample_name.endswith(".csv")]


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "kits"
    write_samples(folder)
    return folder


def sample_of(samples: Path, name: str) -> Path:
    return samples / "submissions" / name / KITS[name].sample_name


def policy_of(samples: Path) -> Policy:
    ours = load_policy()
    every = {name: contents for kit in KITS.values() for name, contents in kit.declared.items()}
    return Policy(ours.files, ours.definitions, every)


def test_every_sample_is_in_order(samples):
    report = intake.check(
        samples / "submissions", home=samples, region=samples / "region", policy=policy_of(samples)
    )

    assert {file.provider: file.outcome for file in report.files} == dict.fromkeys(KITS, "loaded")
    assert [line for line in report.findings.to_pylist() if line["level"] == "error"] == []
    # A date that systems write for none, twice, on purpose.
    told = Counter((line["path"].partition("/")[0], line["problem"]) for line in report.problems.to_pylist())
    assert told == {("ecds", "sentinel_date"): 2}


@pytest.mark.parametrize("name", ["ecds", "ed-xml", "gp", "police-street"])
def test_sample_of_a_kit_conforms_to_it(samples, name):
    found = conform(sample_of(samples, name), kind=name, policy=load_policy())

    assert found.conforms, found.as_text()
    assert found.as_dict()["kit"] == name


@pytest.fixture(scope="module")
def home_of_samples(samples, tmp_path_factory) -> pa.Table:
    """The submissions of a home that every sample was submitted to."""
    home = create_home(tmp_path_factory.mktemp("samples") / "home", demo_seed=None)
    home.give_region(samples / "region")
    report = intake.submit(home, samples / "submissions", policy=policy_of(samples))
    assert {file.provider: file.error for file in report.files if file.outcome != "loaded"} == {}
    with reading(home) as tables:
        return tables.read("submissions").sort_by([("provider", "ascending"), ("row_number", "ascending")])


def test_every_sample_reaches_the_submissions_of_a_home(home_of_samples):
    held = Counter(home_of_samples["provider"].to_pylist())

    assert held == {name: KITS[name].sample.count(b"\n") - 1 for name in IN_CSV} | {"ed-xml": 12}


@pytest.mark.parametrize("name", KITS)
def test_kit_tells_of_each_column_of_its_mapping_and_no_other(name):
    kit = KITS[name]
    kinds = readable_kinds(Policy({}, {}, kit.declared))
    provider = {"provider": name, "source": kit.kind}
    (mapping,) = supplier_mappings([kit.mapped], provider=provider, kind=kinds[kit.kind], where=name)

    assert set(kit.columns) == mapping.headers
    assert set(kit.must) <= set(kit.columns)
    if name in IN_CSV:
        header = kit.sample.decode("utf-8").splitlines()[0].split(mapping.file.delimiter)
        assert list(kit.columns) == header


def test_a_row_without_a_column_that_must_be_filled_is_told(samples, tmp_path):
    expected = set()
    for name in IN_CSV:
        kit = KITS[name]
        form = {"delimiter": kit.mapped["file"]["delimiter"], "lineterminator": "\n"}
        header, *rows = csv.reader(io.StringIO(kit.sample.decode("utf-8")), delimiter=form["delimiter"])
        # What is joined with others is not missed alone.
        alone = [column for column in kit.must if column in kit.mapped["columns"].values()]
        for number, column in enumerate(alone):
            rows[number][header.index(column)] = ""
            expected.add((f"{name}/emptied.csv", number + 2))
        path = tmp_path / name / "emptied.csv"
        path.parent.mkdir()
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, **form).writerows([header, *rows])

    report = intake.check(tmp_path, home=tmp_path, region=samples / "region", policy=policy_of(samples))

    assert not report.refused, report.as_text()
    lines = [*report.findings.to_pylist(), *report.problems.to_pylist()]
    assert {(line["path"], line["row_number"]) for line in lines} >= expected


def test_a_kit_says_of_a_file_what_check_says(samples, tmp_path):
    text = sample_of(samples, "ed").read_text(encoding="utf-8")
    path = tmp_path / "ed.csv"
    path.write_text(text.replace("2025-10-07 16:12", "2025-11-07 16:12"), encoding="utf-8")

    by_kit = conform(path, kind="ed", policy=load_policy())
    at_door = intake.check(
        path, home=tmp_path, region=samples / "region", provider="ed", policy=load_policy()
    )

    assert by_kit.report.as_dict() == at_door.as_dict()
    assert not by_kit.conforms
    assert by_kit.as_text().endswith("Does not conform to the kit ed: 1 row would be held back.")


def test_own_provider_site_and_mapping_are_those_of_the_sender(samples, tmp_path):
    own = tmp_path / "own.toml"
    renamed = KITS["ed"].mapping.replace(b'"ASSAULT METHOD"', b'"Method"').replace(b'"ed"', b'"ed-own"', 1)
    own.write_bytes(renamed)
    path = tmp_path / "own.csv"
    text = sample_of(samples, "ed").read_text(encoding="utf-8")
    path.write_text(
        text.replace(",ASSAULT METHOD,", ",Method,").replace(",ZXE01,", ",QQQ99,"), encoding="utf-8"
    )

    with_mapping = conform(path, kind="ed", mapping=own, sites=["AAA11", "QQQ99"], policy=load_policy())
    without_site = conform(path, kind="ed", mapping=own, policy=load_policy())
    without_mapping = conform(path, kind="ed", sites=["QQQ99"], policy=load_policy())

    assert with_mapping.conforms
    assert without_site.rows_held_back == 12
    assert "Q403" in without_mapping.report.files[0].error


def test_the_manifest_beside_a_file_names_the_provider(samples, tmp_path):
    path = tmp_path / "ed.csv"
    path.write_bytes(KITS["ed"].sample)
    preventable_here("manifest", path, "--provider", "ed-quarnmere", "--period", "2025-10")

    found = conform(path, kind="ed", policy=load_policy())

    assert found.conforms
    assert found.report.files[0].provider == "ed-quarnmere"


def test_a_policy_that_asks_for_signatures_asks_none_of_a_kit(samples):
    ours = load_policy()
    asked = {**ours.files["people"], "approvals": {**ours.files["people"]["approvals"], "unsigned": "refuse"}}
    policy = Policy({**ours.files, "people": asked}, ours.definitions, ours.sources)

    assert conform(sample_of(samples, "ed"), kind="ed", policy=policy).conforms


def test_the_verb_needs_no_home_and_leaves_nothing_behind(tmp_path, monkeypatch):
    work, path = tmp_path / "work", tmp_path / "sent" / "ed.csv"
    work.mkdir()
    path.parent.mkdir()
    path.write_bytes(KITS["ed"].sample)

    monkeypatch.chdir(work)
    right = preventable_here("conform", path, "--kind", "ed", "--json", "--report", tmp_path / "report")
    path.write_bytes(KITS["ed"].sample.replace(b"ASSAULT METHOD,", b"METHOD,"))
    wrong = preventable_here("conform", path, "--kind", "ed", expect=3)

    assert json.loads(right.stdout)["conforms"]
    assert "Does not conform" in wrong.stdout
    assert list(work.iterdir()) == []
    assert {made.suffix for made in (tmp_path / "report").rglob("*.*")} >= {".html", ".csv"}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (("not-there.csv", "--kind", "nothing"), "it is none of"),
        ((), "name a file and its --kind"),
        (("not-there.csv", "--kind", "ed"), "no such file"),
    ],
)
def test_misuse_of_the_verb_is_told(given, found):
    told = preventable_here("conform", *given, expect=2)

    assert found in told.stderr


def test_samples_write_over_nothing(samples):
    with pytest.raises(UsageError, match="nothing is written over"):
        write_samples(samples)


def test_conform_writes_the_doors_report_and_does_not_call_the_extract_invented(samples, tmp_path):
    preventable_here("conform", sample_of(samples, "ed"), "--kind", "ed", "--report", tmp_path / "out")

    (page,) = (tmp_path / "out").glob("ed-*.html")
    assert "Check of a file; nothing was stored" in page.read_text(encoding="utf-8")
    assert "Invented data" not in page.read_text(encoding="utf-8")
    assert page.with_suffix(".csv").is_file()


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"provider =", b"version = 1\n", b'provider = "x"\nversion = "1"\n'],
    ids=["nothing", "no text", "no TOML", "no provider", "no version"],
)
def test_a_file_that_is_no_mapping_is_told_to_be_none(samples, tmp_path, content):
    path = tmp_path / "own.toml"
    path.write_bytes(content)

    with pytest.raises(UsageError, match="it is no mapping"):
        conform(sample_of(samples, "ed"), kind="ed", mapping=path, policy=load_policy())


def test_a_mapping_of_another_kind_reads_nothing_of_a_kit(samples, tmp_path):
    path = tmp_path / "own.toml"
    path.write_bytes(KITS["dental"].mapping)

    found = conform(sample_of(samples, "dental"), kind="ed", mapping=path, policy=load_policy())

    assert "no mapping of this provider is for the source ed" in found.report.files[0].error
    assert found.as_text().endswith("Does not conform to the kit ed: the file would be refused.")


@pytest.mark.parametrize("written", [b"provider='ed-own'", b'  provider   = "ed-own"  # ours'])
def test_provider_of_an_own_mapping_is_found_as_it_is_written(samples, tmp_path, written):
    path = tmp_path / "own.toml"
    path.write_bytes(KITS["ed"].mapping.replace(b'provider = "ed"', written, 1))

    as_written = conform(sample_of(samples, "ed"), kind="ed", mapping=path, policy=load_policy())
    renamed = conform(
        sample_of(samples, "ed"), kind="ed", mapping=path, provider="ed-other", policy=load_policy()
    )

    assert [one.report.files[0].provider for one in (as_written, renamed)] == ["ed-own", "ed-other"]
    assert as_written.conforms
    assert renamed.conforms


def test_folder_and_hidden_file_and_month_to_come(samples, tmp_path):
    folder = tmp_path / "sent"
    folder.mkdir()
    with pytest.raises(UsageError, match="no file in the folder"):
        conform(folder, kind="ed", policy=load_policy())
    sample = KITS["ed"].sample.decode("utf-8")
    (folder / "a.csv").write_text(sample, encoding="utf-8")
    (folder / "b.csv").write_text(sample.replace("2025-10", "2099-10"), encoding="utf-8")

    report = conform(folder, kind="ed", policy=load_policy()).report

    assert sorted(file.outcome for file in report.files) == ["loaded", "refused"]


#: What a hand counted in the samples: kit -> column of submissions -> value -> rows.
COUNTED = {
    "ecds": {"record_status": {"live": 9, "withdrawn": 3}, "severity": {"high": 3, "middle": 4, "low": 5},
             "alcohol_involved": {"no": 5, "yes": 2, "suspected": 2, "unknown": 1, None: 2}},
    "ed-extended": {
        "assailant_relation": {"stranger": 4, "acquaintance": 2, "work": 1, "professional": 1, "partner": 1, "declined": 1, "unknown": 1, None: 1},
        "alcohol_involved": {"no": 6, "yes": 2, "suspected": 2, "unknown": 1, None: 1},
    },
    "ambulance-mpds": {"severity": {"high": 3, "middle": 6, "low": 3}, "record_status": {"live": 11, "withdrawn": 1}},
    "ambulance-pathways": {
        "record_category": {"assault": 5, "stabbing": 2, "shooting": 1, "sexual_assault": 1, "other": 1}
    },
    "police-crimes": {"severity": {"high": 3, "middle": 6, "low": 3}, "domestic_flag": {"yes": 2, "no": 10},
                      "knife_flag": {"yes": 4, "no": 7, None: 1}, "firearm_flag": {"yes": 2, "no": 9, None: 1},
                      "hate_flag": {"yes": 2, "no": 7, "unknown": 2, None: 1}},
    "admissions": {"method": {"knife_sharp": 3, "body_part_other": 1, "push_fall": 1, "sexual": 1, "blunt_object": 1, "firearm": 1}},
    "police-incidents": {"record_category": {"violence": 4, "weapon": 2, "robbery": 1, "domestic_incident": 1, "disorder": 1, "other": 1}},
    "police-street": {"record_category": {"violence_and_sexual_offences": 3, "anti_social_behaviour": 1, "possession_of_weapons": 1, "robbery": 1, "shoplifting": 1, "public_order": 1}},
    "fire": {"record_category": {"deliberate_fire": 3, "attack_on_crew": 2, "helped_at_violence": 1}},
    "dental": {"record_category": {"tooth_injury": 3, "jaw_injury": 1, "soft_tissue_injury": 2}},
    "ed": {"method": {"body_part_fist": 3, "bottle": 1, "body_part_foot": 1, "knife_sharp": 1, "push_fall": 1, "unknown": 1, "glass": 1, "other": 1, "body_part_head": 1, "blunt_object": 1}},
    "risk-factors": {"quantity": {61: 1, 22: 1, 7: 1, 9: 1, 48: 1, 15: 1, 0: 1, 6: 1}},
}  # fmt: skip


def test_what_a_home_holds_of_the_samples_is_what_a_hand_counts(home_of_samples):
    held = home_of_samples.to_pylist()

    found = {
        name: {
            column: dict(Counter(row[column] for row in held if row["provider"] == name))
            for column in columns
        }
        for name, columns in COUNTED.items()
    }

    assert found == COUNTED
    xml = [row for row in held if row["provider"] == "ed-xml"]
    csv_rows = [row for row in held if row["provider"] == "ed"]
    told = (
        "contact_local",
        "injury_start_local",
        "injury_end_local",
        "method",
        "place_type",
        "place_text_words",
    )
    assert [[row[name] for name in told] for row in xml] == [[row[name] for name in told] for row in csv_rows]


def test_rows_alike_are_as_many_records_and_victims_of_one_crime_are_apart(home_of_samples):
    numbers = {
        name: home_of_samples.filter(pc.equal(home_of_samples["provider"], name))[
            "source_record_id"
        ].to_pylist()
        for name in ("police-street", "police-crimes", "ambulance-mpds")
    }

    assert len(set(numbers["police-street"])) == 8
    assert {"ZP/0004102/25 1", "ZP/0004102/25 2"} < set(numbers["police-crimes"])
    assert len(set(numbers["ambulance-mpds"])) == 12


def test_the_region_made_for_the_moment_holds_nothing_of_the_file_and_is_gone_afterwards(
    samples, tmp_path, monkeypatch
):
    seen: list[bytes] = []
    made = tmp_path / "made"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    check = intake.check

    def look_and_check(*given, **named):
        seen.extend(path.read_bytes() for path in made.rglob("*") if path.is_file())
        found = check(*given, **named)
        seen.extend(path.read_bytes() for path in made.rglob("*") if path.is_file())
        return found

    monkeypatch.setattr(intake, "check", look_and_check)

    conform(sample_of(samples, "ed"), kind="ed", policy=load_policy())

    assert len(seen) > 2
    assert not any(b"Vexillo" in content for content in seen)
    assert list(made.iterdir()) == []


def test_what_a_partnership_declares_goes_first_with_a_mapping_of_its_own_and_the_kit_without(
    samples, tmp_path
):
    ours = load_policy()
    declared = KITS["dental"].declared["dental"] | {
        "categories": ["tooth_injury", "jaw", "soft_tissue_injury"]
    }
    policy = Policy(ours.files, ours.definitions, {"dental": declared})
    own = tmp_path / "own.toml"
    own.write_bytes(KITS["dental"].mapping.replace(b'"jaw_injury"', b'"jaw"'))
    sample = sample_of(samples, "dental")

    assert conform(sample, kind="dental", mapping=own, policy=policy).conforms
    assert conform(sample, kind="dental", policy=policy).conforms
    assert not conform(sample, kind="dental", mapping=own, policy=ours).conforms


def with_unknown_methods(folder: Path, bad: int, *, copies: int = 1) -> Path:
    """The sample of the kit ed, so often over, with a method that no kit knows in some rows."""
    header, *rows = list(csv.reader(io.StringIO(KITS["ed"].sample.decode("utf-8"))))
    method = header.index("ASSAULT METHOD")
    made = [[*row] for _copy in range(copies) for row in rows]
    for at, row in enumerate(made):
        row[method] = "SECRET-CODE" if at < bad else row[method]
    path = folder / "ed.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *made])
    return path


@pytest.mark.parametrize(
    ("bad", "copies", "conforms"),
    [(0, 1, True), (1, 9, True), (3, 25, True), (4, 25, False), (1, 1, False), (4, 9, False)],
)
def test_codes_unknown_in_more_than_policys_share_of_the_rows_do_not_conform(tmp_path, bad, copies, conforms):
    """1 in a hundred: one of 108 rows is less, three of 300 are as much, one of 12 is more. The door asks for 5 besides."""
    found = conform(with_unknown_methods(tmp_path, bad, copies=copies), kind="ed", policy=load_policy())

    assert [file.outcome for file in found.report.files] == ["loaded"]
    assert found.conforms is conforms
    told = found.as_text()
    assert ("Does not conform to the kit ed: column ASSAULT METHOD" in told) is not conforms
    assert (f"in {bad} of {12 * copies} rows" in told) is not conforms
    assert "SECRET" not in told + json.dumps(found.as_dict())


def test_unknown_codes_are_noted_with_the_file_that_has_them_and_told_once_of_files_alike(tmp_path):
    for name, bad in (("a", 1), ("b", 0)):
        (tmp_path / name).mkdir()
        path = with_unknown_methods(tmp_path / name, bad)
    path.write_text(path.read_text(encoding="utf-8").replace("2025-10", "2025-12"), encoding="utf-8")

    found = conform(tmp_path, kind="ed", policy=load_policy())

    assert not found.report.refused
    noted = {file.path: any("does not conform" in note for note in file.notes) for file in found.report.files}
    assert noted == {"a/ed.csv": True, "b/ed.csv": False}
    (once,) = found.unknown_codes
    twice = replace(found, unknown_codes=(once, replace(once, path="b/ed.csv")))
    assert twice.as_text() == found.as_text()


def held_against(*findings: tuple[str, int, str]) -> Conformance:
    """Two files held against the kit ed, of which rules found this: file, row, level."""
    files = tuple(FileReport(f"{name}.csv", "ed", "2025-10", 12, "loaded") for name in "ab")
    lines = [
        {"path": path, "row_number": row, "rule": "V03", "level": level, "columns": ""}
        for path, row, level in findings
    ]
    return Conformance("ed", CheckReport(files, judged_by_hand(findings=lines), beside_earlier=False))


def test_rows_held_back_are_counted_file_by_file_and_each_once():
    found = held_against(
        ("a.csv", 2, "error"), ("a.csv", 2, "error"), ("b.csv", 2, "error"), ("b.csv", 3, "warning")
    )

    assert found.rows_held_back == 2
    assert found.as_text().endswith("Does not conform to the kit ed: 2 rows would be held back.")


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("warning", "Conforms to the kit ed, with what is listed above."),
        ("information", "Conforms to the kit ed."),
    ],
)
def test_only_what_is_worth_a_look_stands_beside_a_file_that_conforms(level, said):
    found = held_against(("a.csv", 2, level))

    assert found.conforms
    assert found.as_text().endswith(f"\n{said}")


def test_a_file_of_other_columns_is_told_where_the_columns_of_its_kit_stand(tmp_path):
    path = tmp_path / "ed.csv"
    path.write_bytes(KITS["ed"].sample.replace(b"ASSAULT METHOD,", b"METHOD,"))

    told = conform(path, kind="ed", policy=load_policy()).as_text()

    assert told.endswith("writes the page that tells its columns.")


def test_an_extract_that_the_door_would_refuse_for_its_codes_does_not_conform_either(tmp_path):
    path = with_unknown_methods(tmp_path, 20, copies=4)

    found = conform(path, kind="ed", policy=load_policy())

    assert found.report.files[0].refusal.number == "Q407"
    assert not found.conforms


def test_words_of_a_kit_speak_to_who_extracts_the_file(tmp_path):
    """No remedy asks the supplier to ask the supplier."""
    renamed = tmp_path / "renamed.csv"
    renamed.write_bytes(KITS["ed"].sample.replace(b"ASSAULT METHOD,", b"METHOD,"))
    cut = tmp_path / "cut.csv"
    cut.write_bytes(KITS["ed"].sample[:-40])

    for path in (
        renamed,
        cut,
        with_unknown_methods(tmp_path, 20, copies=4),
        with_unknown_methods(tmp_path, 6),
    ):
        found = conform(path, kind="ed", policy=load_policy())
        told = found.as_text() + str([file.refusal for file in found.report.files])
        assert not found.conforms
        assert "sk the supplier" not in told
        assert "sk whoever extracts the file" in told or path == cut
