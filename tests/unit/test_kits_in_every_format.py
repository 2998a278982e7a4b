"""Samples in every format, container, encoding and separator that the door reads: the same submission each time."""

from __future__ import annotations

import csv
import io
from functools import partial
from pathlib import Path

import pytest
from formats_world import WRITERS, as_csv

from preventable.intake import submit as intake
from preventable.intake.conform import write_samples
from preventable.kits import kits
from preventable.settings import Policy, load_policy

IN_CSV = {name: kit for name, kit in kits().items() if kit.sample_name == "sample.csv"}
#: Kits without numbers of records: these are made of the cells, which each kind of file writes its way.
UNNUMBERED = {name for name, kit in IN_CSV.items() if "record_number" in kit.mapped}
TEXTS = {
    "semicolon": partial(as_csv, delimiter=";"),
    "tab": partial(as_csv, delimiter="\t"),
    "cp1252": partial(as_csv, encoding="cp1252"),
    "utf-16": partial(as_csv, encoding="utf-16"),
    "mark": partial(as_csv, encoding="utf-8-sig"),
    "line feeds": partial(as_csv, end="\n"),
}
#: Of these a kit without numbers is still a CSV.
PLAIN = {*TEXTS, "csv", "zip", "gz"}


@pytest.mark.slow
def test_a_sample_is_the_same_submission_in_every_format(tmp_path: Path):
    write_samples(tmp_path / "samples")
    ours = load_policy()
    declared = {name: told for kit in kits().values() for name, told in kit.declared.items()}
    for name, kit in IN_CSV.items():
        text = io.StringIO(kit.sample.decode("utf-8"))
        rows = list(csv.reader(text, delimiter=kit.mapped["file"]["delimiter"]))
        for form, write in {**WRITERS, **TEXTS}.items():
            path = tmp_path / "sent" / name / form
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(write(rows))

    report = intake.check(
        tmp_path / "sent",
        home=tmp_path,
        region=tmp_path / "samples" / "region",
        policy=Policy(ours.files, ours.definitions, declared),
    )

    of = {(file.provider, file.name): file for file in report.files}
    read = {one: file for one, file in of.items() if one[0] not in UNNUMBERED or one[1] in PLAIN}
    assert {one: file.error for one, file in read.items() if file.outcome == "refused"} == {}
    assert len({(provider, file.submission_id) for (provider, _), file in read.items()}) == len(IN_CSV)
    others = {one: file.refusal.number if file.refusal else "" for one, file in of.items() if one not in read}
    # Names with spaces are no names of XML.
    assert others == {one: "Q404" if one[1] == "xml" else "Q403" for one in others}
    assert len(of) == len(IN_CSV) * (len(WRITERS) + len(TEXTS))
