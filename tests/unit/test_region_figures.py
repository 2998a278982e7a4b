"""Figures of a region whose official files leave something out: sex, years, a level of areas, residents at all."""

from __future__ import annotations

import pyarrow as pa
import pytest
from figures_world import (
    BANDS,
    DISTRICTS,
    SMALL_AREAS,
    context,
    figures,
    months,
    random_records,
    random_year,
    released_from,
    rows_of,
    world,
)

from preventable import methods
from preventable.stages.indicators.populations import standard_weights
from preventable.stages.indicators.stage import count_indicators

RECORDS = random_records(5, 1_500, months(12))


def counted(**tables):
    """The session after the stage of figures, with some tables of the region in place of the ordinary ones."""
    engine = world(RECORDS, months(12))
    for name, data in tables.items():
        engine.load(name, data)
    count_indicators(engine, context())
    return engine


def residents(years=(2024, 2025), sexes=("all",), ages=BANDS, persons=600):
    """The same number of persons in each ten-year band as the ordinary region, given in another way."""
    rows = [
        {
            "small_area": code,
            "year": year,
            "sex": sex,
            "age_from": first,
            "age_to": last,
            "persons": persons // len(sexes),
            "basis": "official",
        }
        for code in SMALL_AREAS
        for year in years
        for sex in sexes
        for first, last in ages
    ]
    return rows_of("populations", rows)


def bases(engine):
    return sorted(engine.table("population_bases").to_pylist(), key=str)


def without(engine_tables, *columns):
    table = engine_tables
    for name in columns:
        position = table.column_names.index(name)
        table = table.set_column(position, name, pa.nulls(table.num_rows, pa.string()))
    return table


@pytest.fixture(scope="module")
def ordinary():
    return counted()


def test_residents_without_sex_give_the_person_years_of_both(ordinary):
    assert bases(counted(populations=residents())) == bases(ordinary)


def test_residents_by_single_year_of_age_fall_in_their_ten_year_bands(ordinary):
    years = tuple((age, age) for age in range(80)) + ((80, 120),)
    table = residents(ages=years, persons=60).to_pylist()
    for row in table:
        row["persons"] = 600 if row["age_from"] == 80 else 60

    assert bases(counted(populations=rows_of("populations", table))) == bases(ordinary)


def published_otherwise():
    """Residents of one older mid-year, without sex, in five-year bands, more of the old; half of the areas split evenly."""
    rows = residents(years=(2020,), ages=[(n, n + 4) for n in range(0, 80, 5)] + [(80, 120)]).to_pylist()
    for row in rows:
        row["persons"] = 40 + row["age_from"] + SMALL_AREAS.index(row["small_area"])
        row["basis"] = "official" if SMALL_AREAS.index(row["small_area"]) % 2 else "split_evenly"
    return rows


def test_rates_rest_on_residents_as_published_whatever_their_sexes_year_bands_and_areas():
    rows = published_otherwise()
    engine = world(random_year(), months(12))
    engine.load("populations", rows_of("populations", rows))
    count_indicators(engine, context())
    told = {
        row["figure"]: row
        for row in released_from(engine)
        if row["recipient"] == f"public_health-{DISTRICTS[0]}"
    }
    stem = f"ed_assault_attendances.v1/district/{DISTRICTS[0]}/last12/2025-12"
    people = dict.fromkeys(BANDS, 0)
    for row in rows:
        if row["small_area"] in SMALL_AREAS[:4]:
            people[next(band for band in BANDS if band[0] <= row["age_from"] <= band[1])] += row["persons"]
    names = {band: "80+" if band[0] == 80 else f"{band[0]}-{band[1]}" for band in BANDS}

    crude = methods.crude_rate(told[f"{stem}/all/all/count"]["value"], sum(people.values()))
    standardised = methods.directly_standardised_rate(
        {names[band]: told[f"{stem}/age_band/{names[band]}/count"]["value"] for band in BANDS},
        {names[band]: float(persons) for band, persons in people.items()},
        standard_weights("european_standard_population_2013"),
    )

    assert told[f"{stem}/all/all/crude_rate"]["value"] == pytest.approx(crude.value, abs=0.05)
    assert told[f"{stem}/all/all/standardised_rate"]["value"] == pytest.approx(standardised.value, abs=0.05)


def test_months_after_the_last_mid_year_count_with_it(ordinary):
    """Where the number does not change, an older mid-year gives what the right one would have given."""
    assert bases(counted(populations=residents(years=(2017, 2020)))) == bases(ordinary)


@pytest.mark.parametrize(
    "levels", [("ward",), ("neighbourhood", "middle_area"), ("ward", "neighbourhood", "middle_area")]
)
def test_a_level_that_the_region_does_not_have_has_no_figure_and_the_others_are_as_they_were(
    ordinary, levels
):
    small_areas = without(world([], months(12)).table("small_areas"), *levels)
    records = without(world(RECORDS, months(12)).table("located_records"), *levels)

    engine = counted(small_areas=small_areas, located_records=records)

    found, before = figures(engine), figures(ordinary)
    assert found == {name: row for name, row in before.items() if row["area_type"] not in levels}
    assert {row["area_type"] for row in bases(engine)}.isdisjoint(levels)
    assert None not in {row["area"] for row in bases(engine)}


def test_a_small_area_that_lies_in_no_ward_is_in_no_wards_figure():
    small_areas = world([], months(12)).table("small_areas").to_pylist()
    small_areas[0]["ward"] = None
    records = [row | {"ward": None if row["small_area"] == SMALL_AREAS[0] else row["ward"]} for row in
               world(RECORDS, months(12)).table("located_records").to_pylist()]  # fmt: skip

    engine = counted(
        small_areas=rows_of("small_areas", small_areas), located_records=rows_of("located_records", records)
    )

    areas = {row["area"] for row in figures(engine).values() if row["area_type"] == "ward"}
    assert areas == {f"XW{number:03d}" for number in range(6)}
    assert None not in {row["area"] for row in bases(engine)}


def test_without_residents_there_are_no_person_years_and_every_rate_is_not_available():
    engine = counted(populations=rows_of("populations", []))

    assert bases(engine) == []
    assert all(row["person_years"] is None for row in figures(engine).values())
    rates = [row for row in released_from(engine) if row["measure"] in {"crude_rate", "standardised_rate"}]
    assert {row["measure"] for row in rates} == {"crude_rate", "standardised_rate"}
    assert {(row["value"], row["value_note"]) for row in rates} == {(None, "[x]")}


def test_without_residents_counts_are_released_as_they_were(ordinary):
    def counts(engine):
        return {
            (row["recipient"], row["figure"]): (row["value"], row["value_note"])
            for row in released_from(engine)
            if row["measure"] == "count"
        }

    assert counts(counted(populations=rows_of("populations", []))) == counts(counted())
