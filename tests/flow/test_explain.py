"""Twenty random figures, recounted from the files they name by means that are not the product's."""

import datetime as dt
import json
import random
import re

import pytest
import shapely
from conftest import preventable
from figures_world import policy
from small_home import ED, month_rows, small_home, write_file
from supplier_files import mapping_of, read_cells, sha256_of, supplier_files

from preventable.codes import weapon_of_method
from preventable.errors import StaleFiguresError
from preventable.explain import _by_submission, explain_figure
from preventable.intake import submit as intake
from preventable.settings import load_policy
from preventable.store.home import open_home
from preventable.store.session import reading, writing


@pytest.fixture(scope="module")
def world(demo):
    """Files by sha256, districts' polygons, district of each small area, released counts, exact counts."""
    home = open_home(demo.home)
    region = home.region_tables()
    with reading(home) as tables:
        released = {row["figure"]: row for row in tables.read("released").to_pylist()}
        exact = {row["figure"]: row["count"] for row in tables.read("indicator_values").to_pylist()}
    return {
        "home": home,
        "files": {sha256_of(path): path for path in supplier_files(demo.invented / "submissions")},
        "polygons": {
            row["area"]: shapely.from_wkb(row["polygon"])
            for row in region["areas"].to_pylist()
            if row["area_type"] == "district"
        },
        "district_of": {row["small_area"]: row["district"] for row in region["small_areas"].to_pylist()},
        "released": released,
        "exact": exact,
        "region": demo.invented / "region",
    }


def drawn_figures(world, seed=20251231):
    """Twenty counts that were released (shown or confidential), from every definition in turn."""
    order = random.Random(seed)
    by_definition: dict[str, list[str]] = {}
    for figure, row in sorted(world["released"].items()):
        if row["measure"] == "count" and row["value_note"] in {"", "[c]"} and world["exact"][figure] > 0:
            by_definition.setdefault(row["definition"], []).append(figure)
    chosen = []
    while len(chosen) < 20:
        for definition in sorted(by_definition):
            chosen.append(order.choice(by_definition[definition]))
    return chosen[:20]


def rows_named(world, explanation):
    """(mapping, {canonical field: cells}) of each row that an explanation names."""
    for submission in explanation["submissions"]:
        path = next(world["files"][sha] for sha in submission["file_sha256"] if sha in world["files"])
        mapping = mapping_of(path, world["region"])
        cells = read_cells(path, mapping)
        assert len(set(submission["rows"])) == len(submission["rows"])
        for line in submission["rows"]:
            named = {}
            for field, headers in mapping["columns"].items():
                headers = headers if isinstance(headers, list) else [headers]
                named[field] = [cells[line - 1][cells[0].index(header)] for header in headers]
            yield mapping, named


def moment(mapping, cells):
    if isinstance(cells[0], dt.datetime):
        return cells[0]
    for form in mapping["time"]["formats"]:
        try:
            return dt.datetime.strptime(" ".join(cells), form)
        except ValueError:
            continue
    raise AssertionError("a counted row has a contact time in no format of its mapping")


def test_twenty_figures_are_recounted_from_the_files_they_name(world):
    for figure in drawn_figures(world):
        explanation = explain_figure(world["home"], load_policy(), figure).as_dict()
        row = world["released"][figure]

        found = list(rows_named(world, explanation))

        if row["source"] == "education":
            assert sum(int(cells["quantity"][0]) for _, cells in found) == explanation["count"], figure
        else:
            assert len(found) == explanation["count"], figure
        assert explanation["count"] == world["exact"][figure]
        shown = explanation["count"]
        assert (row["value"] is None) if shown < 8 else abs(row["value"] - shown) <= 2.5
        for mapping, cells in found:
            if row["source"] != "education":
                month = moment(mapping, cells["contact"]).strftime("%Y-%m")
                assert row["period_start"] <= month <= row["period_end"], figure
            if row["area_type"] == "district":
                assert in_district(world, row, cells), figure


def in_district(world, row, cells):
    """Whether a row lies in the district, told from the file's own cells where they can tell."""
    if row["definition"] in {"ed_assault_attendances", "ed_knife_attendances", "assault_admissions"}:
        return world["district_of"][cells["residence_small_area"][0]] == row["area"]
    if row["source"] in {"ambulance", "police"} and cells["easting"][0]:
        point = shapely.Point(float(cells["easting"][0]), float(cells["northing"][0]))
        return world["polygons"][row["area"]].distance(point) <= 1
    return True


@pytest.fixture(scope="module")
def standing_rows(world):
    """Rows of hospitals' files that stand, told from the cells: file, line, month, residence, categories."""
    with reading(world["home"]) as tables:
        outcomes = tables.read("outcomes").to_pylist()
        receipts = [one for one in tables.restricted.ledger.receipts() if one.outcome == "loaded"]
    standing = {}
    for one in outcomes:
        if one["standing"] and one["outcome"] == "accepted" and one["source"] in {"ed", "admissions"}:
            standing.setdefault(one["submission_id"], {})[one["row_number"]] = one["month"]
    rows = []
    for submission, lines in standing.items():
        sha = next(one.file_sha256 for one in receipts if one.submission_id == submission)
        mapping = mapping_of(world["files"][sha], world["region"])
        cells = read_cells(world["files"][sha], mapping)
        rows += [row_in_words(mapping, cells, line, month) | {"sha": sha} for line, month in lines.items()]
    return rows


def row_in_words(mapping, cells, line, month):
    """One line of a file as a definition sees it, by the mapping's own lists."""

    def cell(field):
        header = mapping["columns"].get(field)
        value = cells[line - 1][cells[0].index(header)] if header else None
        return "" if value is None else str(value).strip()

    def word(field):
        return mapping.get("codes", {}).get(field, {}).get(cell(field))

    age = re.match(r"\d+", cell("age"))
    cause = cell("icd10_external_cause")
    return {
        "source": mapping["source"],
        "line": line,
        "month": month,
        "residence": cell("residence_small_area"),
        "cause": cause,
        "sex": word("sex") or "unknown",
        "weapon_class": weapon_of_method().get(word("method") or "", "unknown"),
        "age_band": "unknown" if age is None else age_band(int(age.group())),
    }


def age_band(years):
    return "80+" if years >= 80 else f"{years // 10 * 10}-{years // 10 * 10 + 9}"


COUNTED_BY_RESIDENCE = {
    "ed_assault_attendances": lambda row: row["source"] == "ed",
    "ed_knife_attendances": lambda row: row["source"] == "ed" and row["weapon_class"] == "sharp",
    "assault_admissions": lambda row: row["source"] == "admissions" and "X85" <= row["cause"][:3] <= "Y09",
}


def test_twenty_figures_by_residence_are_those_rows_of_all_the_files_and_no_others(world, standing_rows):
    """Nothing is left out and nothing counted twice: the lines named are the lines that the files' cells give.

    Left to other tests: hours, and types of place (a text such as "in a pub" tells one where the code is unknown).
    """
    levels = ("small_area", "middle_area", "ward", "district")
    homes = {row["small_area"]: row for row in world["home"].region_tables()["small_areas"].to_pylist()}
    asked = [
        row
        for _, row in sorted(world["released"].items())
        if row["definition"] in COUNTED_BY_RESIDENCE and row["measure"] == "count"
        and row["area_type"] in levels and row["dimension"] not in {"weekday_hour", "place_type"}
        and (row["definition"], row["dimension"]) != ("assault_admissions", "weapon_class")
        and world["exact"][row["figure"]] > 2
    ]  # fmt: skip

    for row in random.Random(8).sample(asked, 20):
        explained = explain_figure(world["home"], load_policy(), row["figure"]).submissions
        named = {(sha, line) for one in explained for sha in one.file_sha256 for line in one.rows}
        ours = {
            (one["sha"], one["line"])
            for one in standing_rows
            if COUNTED_BY_RESIDENCE[row["definition"]](one)
            and row["period_start"] <= one["month"] <= row["period_end"]
            and one["residence"] in homes and homes[one["residence"]][row["area_type"]] == row["area"]
            and row["category"] in ("all", one.get(row["dimension"]))
        }  # fmt: skip
        assert named == ours, row["figure"]


def test_explain_prints_the_figure_and_its_submissions(demo, world):
    figure = drawn_figures(world)[0]

    said = preventable("explain", figure, "--home", demo.home).stdout

    assert figure in said
    assert "rows" in said


def test_explain_gives_json(demo, world):
    figure = drawn_figures(world)[1]

    explanation = json.loads(preventable("explain", figure, "--home", demo.home, "--json").stdout)

    assert explanation["figure"] == figure


def test_explain_refuses_a_figure_that_was_not_released(demo):
    done = preventable("explain", "no/such/figure", "--home", demo.home, expect=2)

    assert done.stderr.startswith("U104")


@pytest.fixture
def knives(demo, tmp_path):
    """A copy of the home, the policy, and a figure of knife attendances."""
    demo.copied_to(tmp_path / "home")
    home = open_home(tmp_path / "home")
    with reading(home) as tables:
        figure = next(
            row["figure"]
            for row in tables.read("released").to_pylist()
            if row["definition"] == "ed_knife_attendances" and row["value"] is not None
        )
    return home, policy(), figure


@pytest.mark.parametrize(
    ("part", "value"),
    [("version", 2), ("conditions", [{"column": "weapon_class", "operator": "is", "values": ["blunt"]}])],
)
def test_explain_refuses_a_figure_whose_definition_has_changed_since_the_run(knives, part, value):
    home, changed, figure = knives
    changed.definitions["ed_knife_attendances"][part] = value

    with pytest.raises(StaleFiguresError, match=r"U105.*preventable run"):
        explain_figure(home, changed, figure)


def test_explain_refuses_a_figure_whose_definition_is_gone(knives):
    home, changed, figure = knives
    del changed.definitions["ed_knife_attendances"]

    with pytest.raises(StaleFiguresError):
        explain_figure(home, changed, figure)


def test_explain_refuses_a_figure_that_was_counted_anew_and_not_released(knives):
    """As a run leaves it whose disclosure failed."""
    home, same, figure = knives
    with writing(home) as tables:
        tables.replace("indicator_values", tables.read("indicator_values").slice(1))

    with pytest.raises(StaleFiguresError, match="counted since the last release"):
        explain_figure(home, same, figure)


def test_a_copy_with_its_rows_in_another_order_is_not_named(tmp_path):
    home, rows = small_home(tmp_path), month_rows(ED, "2025-01")
    loaded = write_file(tmp_path / ED / "a.csv", ED, rows)
    copy = write_file(tmp_path / ED / "b.csv", ED, rows[::-1])
    for path in (loaded, copy):
        intake.submit(home, path, policy=load_policy())

    with reading(home) as tables:
        (counted,) = _by_submission(tables, tables.read("submissions"))

    assert counted.file_sha256 == (sha256_of(loaded),)
    assert counted.rows == (2, 3, 4, 5)


@pytest.mark.parametrize(
    ("table", "exact"), [("released_estimates", "known_to_police"), ("released_signals", "signals")]
)
def test_an_estimate_and_a_weekly_series_are_traced_to_their_exact_rows_and_submissions(demo, table, exact):
    home = open_home(demo.home)
    with reading(home) as tables:
        row = tables.read(table).to_pylist()[0]
        held = tables.read(exact).to_pylist()

    told = explain_figure(home, policy(), row["figure"])

    assert {one["recipient"] for one in told.shown} >= {row["recipient"]}
    assert told.rests_on
    assert all(one in held for one in told.rests_on)
    assert all(one["source"] == row["source"] for one in told.rests_on)
    if table == "released_signals":
        series = {(one["definition"], one["area_type"], one["area"]) for one in told.rests_on}
        assert series == {(row["definition"], row["area_type"], row["area"])}
    first, last = row.get("period_start", "2000-01")[:7], row["period_end"][:7]
    assert {one["month"] for one in told.submissions} == {
        one for one in ("2025-10", "2025-11", "2025-12") if first <= one <= last
    }
    providers = {one["provider"] for one in told.submissions}
    assert ("police" in providers) == (table == "released_estimates" or row["source"] == "police")
    assert row["figure"] in told.as_text()
    assert "None" not in told.as_text()
    assert "note ," not in told.as_text()


@pytest.mark.parametrize(
    ("table", "exact"), [("released_estimates", "known_to_police"), ("released_signals", "signals")]
)
def test_explain_refuses_an_estimate_and_a_series_that_were_worked_out_anew(demo, tmp_path, table, exact):
    demo.copied_to(tmp_path / "home")
    home = open_home(tmp_path / "home")
    with writing(home) as tables:
        figure = tables.read(table).to_pylist()[0]["figure"]
        tables.replace(exact, tables.read(exact).slice(1))

    with pytest.raises(StaleFiguresError, match="counted since the last release"):
        explain_figure(home, policy(), figure)
