"""Our numbers against PHEindicatormethods 2.1.0 (see ../shared/reference/methods/phe)."""

import csv
import json
from collections import defaultdict
from pathlib import Path

import pytest

from preventable import methods

PHE = Path(__file__).parents[3] / "shared" / "reference" / "methods" / "phe"
LEVELS = {"95": 0.95, "99": 0.99, "99_8": 0.998, "95_0": 0.95}
CLOSE = 1e-9

pytestmark = pytest.mark.skipif(
    not PHE.is_dir(), reason="the reference tables of PHEindicatormethods are not here"
)


def rows(name):
    with (PHE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def by_area(name):
    grouped = defaultdict(list)
    for row in rows(name):
        grouped[row["area"]].append(row)
    return grouped


def column(area_rows, name):
    return {row["ageband"]: float(row[name]) for row in area_rows}


def same(ours, theirs):
    """12 significant digits were printed; R wrote nothing where Byar's lower limit falls below 0."""
    return ours == pytest.approx(float(theirs) if theirs else 0.0, rel=CLOSE, abs=1e-12)


def test_the_reference_is_the_version_we_cite():
    meta = json.loads((PHE / "meta.json").read_text(encoding="utf-8"))

    assert (meta["program"], meta["version"]) == ("PHEindicatormethods", "2.1.0")


def test_byar_limits_equal_the_reference():
    table = rows("byars_expected")

    for row in table:
        limits = methods.byar_limits(float(row["x"]), level=float(row["confidence"]))
        assert same(limits.lower, row["lower"])
        assert same(limits.upper, row["upper"])
    assert len(table) == 50


@pytest.mark.parametrize("printed", ["95_0", "99_8"])
def test_crude_rates_equal_the_reference(printed):
    table = rows("rate_expected")

    for row in table:
        rate = methods.crude_rate(int(row["x"]), float(row["n"]), level=LEVELS[printed])
        assert same(rate.value, row["value"])
        assert same(rate.lower, row[f"lower{printed}cl"])
        assert same(rate.upper, row[f"upper{printed}cl"])
    assert len(table) == 24


@pytest.mark.parametrize("printed", ["95_0", "99_8"])
def test_proportions_equal_the_reference(printed):
    table = rows("proportion_expected")

    for row in table:
        share = methods.wilson_proportion(int(row["x"]), int(row["n"]), level=LEVELS[printed])
        assert same(share.value, row["value"])
        assert same(share.lower, row[f"lower{printed}cl"])
        assert same(share.upper, row[f"upper{printed}cl"])
    assert len(table) == 16


def standardised(area_rows, **options):
    return methods.directly_standardised_rate(
        column(area_rows, "x"), column(area_rows, "n"), column(area_rows, "stdpop"), **options
    )


@pytest.mark.parametrize("printed", ["95_0", "99_8"])
def test_standardised_rates_equal_the_reference(printed):
    areas = by_area("dsr_simLA_input")
    table = rows("dsr_simLA_expected")

    for row in table:
        rate = standardised(areas[row["area"]], level=LEVELS[printed])
        if row["value"] == "":
            assert rate is None
            continue
        assert same(rate.value, row["value"])
        assert same(rate.lower, row[f"lower{printed}cl"])
        assert same(rate.upper, row[f"upper{printed}cl"])
    assert len(table) == len(areas) == 40


def test_standardised_rates_per_thousand_at_99_percent_equal_the_reference():
    areas = by_area("dsr_simLA_input")
    table = rows("dsr_simLA_expected_c99_m1000")

    for row in table:
        rate = standardised(areas[row["area"]], level=0.99, per=1_000)
        if row["value"] == "":
            assert rate is None
            continue
        assert same(rate.value, row["value"])
        assert same(rate.lower, row["lowercl"])
        assert same(rate.upper, row["uppercl"])
    assert len(table) == 40


def test_standardised_rates_of_grouped_events_equal_the_reference():
    """Several victims of one incident: the input counts the incidents with 1, 2, 3 ... victims."""
    areas = by_area("dsr_nonindependent_input")
    table = rows("dsr_nonindependent_expected")

    for row in table:
        events, squares, years, standard = defaultdict(float), defaultdict(float), {}, {}
        for line in areas[row["area"]]:
            band, size, groups = line["ageband"], int(line["eventfreq"]), int(line["x"])
            events[band] += size * groups
            squares[band] += size**2 * groups
            years[band], standard[band] = float(line["n"]), float(line["stdpop"])
        rate = methods.directly_standardised_rate(events, years, standard, squared_events=squares)
        assert sum(events.values()) == float(row["total_count"])
        assert same(rate.value, row["value"])
        assert same(rate.lower, row["lowercl"])
        assert same(rate.upper, row["uppercl"])
    assert len(table) == 12


def expected_by_area():
    reference = rows("is_reference")
    events = {row["ageband"]: float(row["x_ref"]) for row in reference}
    years = {row["ageband"]: float(row["n_ref"]) for row in reference}
    return {
        area: methods.expected_events(column(area_rows, "n"), events, years)
        for area, area_rows in by_area("dsr_simLA_input").items()
    }


@pytest.mark.parametrize("printed", ["95_0", "99_8"])
def test_indirectly_standardised_ratios_equal_the_reference(printed):
    expected = expected_by_area()
    table = rows("isratio_simLA_expected")

    for row in table:
        ratio = methods.indirectly_standardised_ratio(
            float(row["observed"]), expected[row["area"]], level=LEVELS[printed]
        )
        assert same(expected[row["area"]], row["expected"])
        assert same(ratio.value, row["value"])
        assert same(ratio.lower, row[f"lower{printed}cl"])
        assert same(ratio.upper, row[f"upper{printed}cl"])
    assert len(table) == 40


def test_indirectly_standardised_rates_equal_the_reference():
    """The rate is the ratio times the reference's crude rate."""
    expected = expected_by_area()

    for row in rows("israte_simLA_expected"):
        ratio = methods.indirectly_standardised_ratio(float(row["observed"]), expected[row["area"]])
        reference_rate = float(row["ref_rate"])
        assert same(ratio.value * reference_rate, row["value"])
        assert same(ratio.lower * reference_rate, row["lowercl"])
        assert same(ratio.upper * reference_rate, row["uppercl"])
