"""Person-years at risk by area, period and age band, from mid-year populations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from preventable.codes import code_file
from preventable.engine import Engine
from preventable.errors import PolicyError, PopulationBandsError
from preventable.settings import Policy
from preventable.stages.indicators.periods import YEAR_UNITS, Period, population_weights
from preventable.stages.indicators.sql import statement
from preventable.tables.condition_sql import age_band_sql


def count_person_years(
    engine: Engine, periods: Sequence[Period], region: str, weights: Mapping[str, float]
) -> None:
    """Create `population_bases`.

    Args:
        engine: Session with `populations`, `small_areas` and the frame of figures.
        periods: Periods of the home.
        region: Code of the region.
        weights: Weight of each ten-year band in the standard population.

    Raises:
        PopulationBandsError: An age band of the region lies in no ten-year band.
    """
    band = age_band_sql("age_from", "age_to")
    engine.create("indicator_band_persons", statement("band_persons").format(age_band=band))
    _refuse_stray_bands(engine)
    engine.create("indicator_area_persons", statement("area_persons"), {"region": region})
    years = engine.fetch("SELECT DISTINCT year FROM populations ORDER BY year").column("year").to_pylist()
    engine.load("indicator_period_years", _period_years(periods, years))
    engine.create("indicator_peopled", statement("peopled"), {"region": region})
    engine.load("indicator_standard", _text_and_weight(weights))
    engine.create("population_bases", statement("population_bases"), {"units": YEAR_UNITS})


def _refuse_stray_bands(engine: Engine) -> None:
    stray = engine.fetch(
        "SELECT count(DISTINCT small_area) AS areas FROM indicator_band_persons WHERE age_band IS NULL"
    )
    areas = stray.column("areas")[0].as_py()
    if areas:
        raise PopulationBandsError(
            "populations", f"{areas} small areas have a band that spans two ten-year bands"
        )


def _period_years(periods: Sequence[Period], years: Sequence[int]) -> pa.Table:
    rows = [
        (period.type, period.start, period.end, year, weight)
        for period in periods
        for year, weight in population_weights(period, years).items()
    ]
    names = {
        "period_type": pa.string(),
        "period_start": pa.string(),
        "period_end": pa.string(),
        "year": pa.int64(),
        "weight": pa.int64(),
    }
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return pa.table(
        {name: pa.array(column, type_) for (name, type_), column in zip(names.items(), columns, strict=True)}
    )


def read_standard_weights(policy: Policy) -> dict[str, float]:
    """Weight of each ten-year band in the standard population that policy names.

    Raises:
        PolicyError: It names none, or none that is a code file with bands that fit.
    """
    name = policy.file("disclosure").get("rates", {}).get("standard_population")
    if not isinstance(name, str) or not name:
        raise PolicyError("policy/disclosure.toml", "it names no standard_population")
    return standard_weights(name)


def standard_weights(name: str) -> dict[str, float]:
    """Weight of each ten-year band in a standard population: the sum of its finer bands.

    Raises:
        PolicyError: There is no such code file, or a band of it spans two ten-year bands.
    """
    try:
        fine = code_file(name)["bands"]
    except (FileNotFoundError, KeyError):
        raise PolicyError(
            "policy/disclosure.toml", "its standard_population is no code file with bands"
        ) from None
    weights = dict.fromkeys((band["band"] for band in code_file("age_bands")["bands"]), 0.0)
    for band in fine:
        weights[_band_of(band["from"], band["to"])] += band["weight"]
    return weights


def _band_of(first: int, last: int) -> str:
    for band in code_file("age_bands")["bands"]:
        if band["from"] <= first and last <= band["to"]:
            return str(band["band"])
    raise PolicyError("policy/disclosure.toml", "a band of its standard_population spans two ten-year bands")


def _text_and_weight(weights: Mapping[str, float]) -> pa.Table:
    return pa.table({"age_band": list(weights), "weight": pa.array(weights.values(), pa.float64())})
