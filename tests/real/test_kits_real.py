"""Real street months, unmodified, against the kit of their kind (../shared): the kit is no harder than what is published."""

from __future__ import annotations

import pandas as pd
from real_files import write_street_months

from preventable.intake.conform import conform
from preventable.settings import load_policy


def test_street_months_of_the_city_of_london_conform_to_the_kit(shared, tmp_path):
    folder = write_street_months(shared, tmp_path / "street")
    rows = {path.parent.name: len(pd.read_csv(path)) for path in folder.rglob("*.csv")}

    found = conform(folder, kind="police-street", policy=load_policy())

    assert {file.month: file.rows for file in found.report.files} == rows
    assert len(rows) == 24
    assert found.conforms, found.as_text()[-2_000:]


def test_a_street_month_of_2011_has_other_columns_and_is_told_which(shared):
    path = shared / "data" / "police" / "wm_street_2011_02.csv.gz"

    told = conform(path, kind="police-street", policy=load_policy()).as_text()

    assert "it lacks 6 (Crime ID, LSOA code, LSOA name, Last outcome category, Latitude, Longitude)" in told
    assert told.endswith("`preventable conform --samples FOLDER` writes the page that tells its columns.")
