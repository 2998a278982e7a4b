"""Counts of a declared source from its files to what is released, and back again by explain. Nothing is real."""

import csv

import pyarrow.parquet as pq
import pytest
import shapely
from counts_world import SENDERS, SOURCE, counts_policy, name_of
from figures_world import DISTRICTS, SMALL_AREAS, months, region_tables, rows_of
from supplier_files import sha256_of

from preventable import pipeline
from preventable.explain import explain_figure
from preventable.intake import submit as intake
from preventable.store.home import create_home
from preventable.store.session import reading
from preventable.tables import REGION_TABLES
from preventable.tables.region_folder import write_region_folder

HELD = months(13)
LEFT_OPEN = ("counts-2", "2025-11")
#: In the first month the third provider counts on areas of another year, one of which was split.
ON_OLDER = ("counts-3", HELD[0])
OLDER = {"OLD-1": SMALL_AREAS[8:9], "OLD-2": SMALL_AREAS[9:11], "OLD-3": SMALL_AREAS[11:12]}
MAPPING = """
provider = "{provider}"
source = "{source}"
version = 1
owner = "o"
approved_by = ["a", "b"]
approved_on = 2026-01-01
[file]
format = "csv"
[period]
from = "columns"
month = "Month"
format = "%Y-%m"
[columns]
source_record_id = ["Month", "Area", "Kind"]
subject_area = "Area"
subject_type = "Kind"
quantity = "Number"
month_complete = "Complete"
[constants]
record_version = 1
[codes.subject_type]
"Violence, of any kind" = "violence"
"Other crime" = "other"
"""


def granted():
    """The policy with counts and rates of districts, and counts of wards by quarter, granted to public health."""
    given = counts_policy()
    entry = next(
        one for one in given.files["recipients"]["recipients"] if one["partner_type"] == "public_health"
    )
    grant = {"definitions": ["street_violence"], "dimensions": ["all"]}
    entry["allowed"] += [
        {
            **grant,
            "area_types": ["region", "district"],
            "period_types": ["month", "last12"],
            "measures": ["count"],
        },
        {
            **grant,
            "area_types": ["region", "district"],
            "period_types": ["last12"],
            "measures": ["crude_rate"],
        },
        {**grant, "area_types": ["ward"], "period_types": ["quarter"], "measures": ["count"]},
    ]
    return given


def write_region(folder):
    """The small region with three providers of counts and their mappings."""
    (folder / "mappings").mkdir(parents=True)
    providers = [
        {"provider": one, "provider_name": one, "source": SOURCE, "site_code": one, "district": district}
        for one, district in SENDERS.items()
    ]
    square = shapely.to_wkb(shapely.box(900_000, 100_000, 901_000, 101_000))
    areas = [{**row, "polygon": square} for row in region_tables()["areas"].to_pylist()]
    made = {"providers": rows_of("providers", providers), "areas": rows_of("areas", areas)}
    tables = {**region_tables(), **made}
    for table in REGION_TABLES:
        pq.write_table(tables.get(table.name, table.empty()), folder / f"{table.name}.parquet")
    rows = [{"older": code, "newer": list(newer)} for code, newer in OLDER.items()]
    about = {"name": "Region", "invented": True, "older_areas": rows}
    write_region_folder({}, about, folder)
    for provider in SENDERS:
        text = MAPPING.format(provider=provider, source=SOURCE)
        (folder / "mappings" / f"{provider}.v1.toml").write_text(text, encoding="utf-8")
    return folder


def write_submissions(folder):
    """Twenty offences of violence a month and small area, and some of another kind; one month is left open."""
    for provider, district in SENDERS.items():
        (folder / provider).mkdir(parents=True)
        areas = [code for place, code in enumerate(SMALL_AREAS) if DISTRICTS[place // 4] == district]
        for month in HELD:
            complete = "no" if (provider, month) == LEFT_OPEN else "yes"
            with (folder / provider / f"{month}.csv").open("w", encoding="utf-8", newline="") as text:
                writer = csv.writer(text)
                writer.writerow(["Month", "Area", "Kind", "Number", "Complete"])
                numbers = [(area, 20 + place) for place, area in enumerate(areas)]
                if (provider, month) == ON_OLDER:
                    numbers = list(zip(OLDER, (20, 43, 23), strict=True))
                for area, number in numbers:
                    writer.writerow([month, area, "Violence, of any kind", number, complete])
                    writer.writerow([month, area, "Other crime", 5, complete])
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("counts")
    made = create_home(folder / "home", demo_seed=1)
    made.give_region(write_region(folder / "region"))
    intake.submit(made, write_submissions(folder / "submissions"), policy=granted())
    pipeline.run(made, granted())
    return made


@pytest.fixture(scope="module")
def released(home):
    with reading(home) as tables:
        return {row["figure"]: row for row in tables.read("released").to_pylist()}


def test_only_the_source_that_the_region_holds_is_released(released):
    assert {row["definition"] for row in released.values()} == {"street_violence"}


def test_a_month_that_its_supplier_left_open_is_incomplete_and_no_zero(released):
    month = released[name_of("district", "XD02", "month", "2025-11")]
    longer = released[name_of("district", "XD02", "last12", "2025-12")]
    other = released[name_of("district", "XD01", "month", "2025-11")]

    assert (month["value"], month["value_note"]) == (longer["value"], longer["value_note"]) == (None, "[x]")
    assert "incomplete" in month["note"]
    assert other["value"] == 85


def test_a_count_is_explained_by_the_lines_of_its_files_and_what_each_adds(home, tmp_path):
    explained = explain_figure(home, granted(), name_of("district", "XD01", "month", "2025-12"))

    (one,) = explained.submissions
    path = home.path.parent / "submissions" / "counts-1" / "2025-12.csv"
    cells = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    assert one.file_sha256 == (sha256_of(path),)
    assert [int(cells[row - 1][3]) for row in one.rows] == list(one.quantities) == [20, 21, 22, 23]
    assert explained.count == sum(one.quantities)
    assert "4 rows: 2 (20), 4 (21), 6 (22), 8 (23)" in explained.as_text()


def test_a_rate_of_counts_and_a_wards_quarter_are_explained_by_every_submission_they_rest_on(home):
    rate = explain_figure(home, granted(), name_of("district", "XD03", "last12", "2025-12", "crude_rate"))
    ward = explain_figure(home, granted(), name_of("ward", "XW000", "quarter", "2025-12"))

    assert len(rate.submissions) == 12
    assert rate.count == 12 * (20 + 21 + 22 + 23)
    assert rate.person_years == pytest.approx(4 * 300 * 2 * 9)
    assert [len(one.rows) for one in ward.submissions] == [2, 2, 2]
    assert ward.count == 3 * (20 + 21)


def test_those_who_are_granted_something_that_is_held_get_packs_of_it_alone(home):
    _reports, made = pipeline.packs(home, granted())

    of_partners = [path.split("/") for path in made if path.endswith("/public_health.csv")]
    assert sorted(parts[-2] for parts in of_partners) == [f"public_health-{one}" for one in DISTRICTS]
    for parts in of_partners:
        rows = list(csv.DictReader((home.path / "/".join(parts)).read_text(encoding="utf-8").splitlines()))
        assert {row["definition"] for row in rows} == {"street_violence"}


def test_counts_on_areas_of_another_year_reach_a_pack_on_todays_areas_with_a_note(home):
    noted = granted().file("disclosure")["notes"]["older_areas"]
    figure = name_of("district", "XD03", "month", HELD[0])

    _reports, made = pipeline.packs(home, granted())

    path = next(one for one in made if one.endswith("public_health-XD03/public_health.csv"))
    rows = {
        row["figure"]: row
        for row in csv.DictReader((home.path / path).read_text(encoding="utf-8").splitlines())
    }
    assert (rows[figure]["value"], rows[figure]["note"]) == ("85", noted)
    assert rows[name_of("district", "XD03", "month", HELD[1])]["note"] == ""
    explained = explain_figure(home, granted(), figure)
    (submission,) = explained.submissions
    assert sum(submission.quantities) == explained.count == 86
