"""Published police counts of the West Midlands: their files as suppliers would send them, and figures worked out apart.

Nothing here asks the product for a number: pandas recounts, and residents are moved to newer areas by a second reading of
the official table. Used by tests/real and by benchmarks/west_midlands.py; the data lie in ../shared/data.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "west-midlands"
NEEDED = ("police/wm_lsoa21_month_category_2023_2026.parquet", "geography/wm_lsoa11_to_lsoa21.csv")
VIOLENCE = "Violence and sexual offences"
#: The definition of `write_policy`: as recorded_violence, and every level by month.
BY_MONTH = "recorded_violence_by_month"
_LEVELS = {
    "small_area": "lsoa21_code",
    "middle_area": "msoa21_code",
    "ward": "ward24_code",
    "district": "ltla24_code",
}
_LAST_RESIDENTS = 2020


def published(data: Path) -> pd.DataFrame:
    """The published counts: lsoa_code, borough, category, month, crime_count, lsoa_month_complete."""
    return pd.read_parquet(data / "police" / "wm_lsoa21_month_category_2023_2026.parquet")


def write_submissions(counts: pd.DataFrame, folder: Path) -> int:
    """One CSV for each authority and month, as `examples/west-midlands/README.md` says. Returns how many."""
    files = 0
    for (borough, month), rows in counts.groupby(["borough", "month"]):
        of_authority = folder / f"police-{borough.lower()}"
        of_authority.mkdir(parents=True, exist_ok=True)
        sent = pd.DataFrame(
            {
                "month": rows.month,
                "lsoa_code": rows.lsoa_code,
                "category": rows.category,
                "count": rows.crime_count,
                "complete": rows.lsoa_month_complete.map({True: "yes", False: "no"}),
            }
        )
        sent.to_csv(of_authority / f"{month}.csv", index=False)
        files += 1
    return files


def write_policy(folder: Path) -> Path:
    """One more folder of policy: violence by month at every level, granted to nobody, to be compared with."""
    shipped = (EXAMPLE / "policy" / "definitions" / "recorded_violence.toml").read_text(encoding="utf-8")
    head = shipped.split("[[levels]]")[0].replace('id = "recorded_violence"', f'id = "{BY_MONTH}"')
    kept = [line for line in head.splitlines() if not line.startswith("packs")]
    level = [
        "[[levels]]",
        'area_types = ["region", "district", "ward", "middle_area", "small_area"]',
        'period_types = ["month"]',
        'periods = "all"',
        'dimensions = ["all"]',
    ]
    made = folder / "definitions"
    made.mkdir(parents=True)
    (made / f"{BY_MONTH}.toml").write_text("\n".join([*kept, *level, ""]), encoding="utf-8")
    return folder


def recounted(counts: pd.DataFrame, data: Path) -> pd.Series:
    """Violent offences by (level, area, month), from complete area-months alone."""
    areas = pd.read_csv(data / "geography" / "wm_lsoa21_lookup.csv")
    violent = counts[(counts.category == VIOLENCE) & counts.lsoa_month_complete].merge(
        areas, left_on="lsoa_code", right_on="lsoa21_code", how="left", validate="many_to_one"
    )
    levels = {
        level: violent.groupby([column, "month"]).crime_count.sum() for level, column in _LEVELS.items()
    }
    levels["region"] = violent.assign(region="E11000005").groupby(["region", "month"]).crime_count.sum()
    return pd.concat(levels, names=["area_type", "area", "period_end"])


def complete_months(counts: pd.DataFrame) -> set[tuple[str, str]]:
    """Authority and month of what its publisher marks as complete."""
    whole = counts[counts.lsoa_month_complete]
    return set(zip(whole.borough, whole.month, strict=True))


def residents(data: Path, year: int = _LAST_RESIDENTS) -> dict[str, int]:
    """Residents of each LSOA (2021) at a mid-year that is published by LSOA (2011).

    Unchanged areas keep theirs, merged ones add theirs up, split ones are parted by the number of postcodes: each age in
    whole persons by the largest remainder, what rounding leaves of one age carried to the next.
    """
    ages = pd.read_parquet(data / "geography" / "wm_lsoa11_population_by_age_2017_2019_2020.parquet")
    ages = ages[ages.year == year].set_index("lsoa11_code")
    columns = sorted((name for name in ages.columns if name.rstrip("+").isdigit()), key=_age)
    table = pd.read_csv(data / "geography" / "wm_lsoa11_to_lsoa21.csv")
    directory = pd.read_parquet(data / "geography" / "wm_postcodes.parquet", columns=["lsoa21_code"])
    postcodes = directory.lsoa21_code.value_counts().to_dict()
    found: dict[str, int] = {}
    for older, rows in table.groupby("lsoa11_code"):
        newer = sorted(set(rows.lsoa21_code))
        persons = [int(value) for value in ages.loc[older, columns]]
        parts = (
            [sum(persons)]
            if len(newer) == 1
            else _parted(persons, [postcodes.get(code, 0) for code in newer])
        )
        for code, part in zip(newer, parts, strict=True):
            found[code] = found.get(code, 0) + part
    return found


def _age(name: str) -> int:
    return int(name.rstrip("+"))


def _parted(persons: Iterable[int], weights: list[int]) -> list[int]:
    """Totals of areas after each age was parted in whole persons; every fraction is kept exactly."""
    totals, owed = [0] * len(weights), [Fraction(0)] * len(weights)
    for count in persons:
        due = [
            Fraction(count * weight, sum(weights)) + rest for weight, rest in zip(weights, owed, strict=True)
        ]
        whole = [max(math.floor(one), 0) for one in due]
        rest = [one - given for one, given in zip(due, whole, strict=True)]
        step = 1 if count > sum(whole) else -1
        order = sorted(range(len(weights)), key=lambda area: (-step * rest[area], area))
        for area in order[: abs(count - sum(whole))]:
            whole[area] += step
        totals = [total + given for total, given in zip(totals, whole, strict=True)]
        owed = [one - given for one, given in zip(due, whole, strict=True)]
    return totals


def person_years(persons: Mapping[str, int], data: Path, months: Iterable[str]) -> pd.Series:
    """Person-years by (level, area, month). Every month lies after the last mid-year, whose residents it takes."""
    areas = pd.read_csv(data / "geography" / "wm_lsoa21_lookup.csv")
    areas = areas.assign(persons=areas.lsoa21_code.map(persons))
    levels = {level: areas.groupby(column).persons.sum() for level, column in _LEVELS.items()}
    levels["region"] = pd.Series({"E11000005": areas.persons.sum()})
    by_area = pd.concat(levels, names=["area_type", "area"])
    return pd.concat(
        {month: by_area * _length(month) for month in months}, names=["period_end"]
    ).reorder_levels(["area_type", "area", "period_end"])


def _length(month: str) -> float:
    year, number = int(month[:4]), int(month[5:])
    if month <= f"{_LAST_RESIDENTS}-07":
        raise ValueError("the month lies before the last mid-year")
    return calendar.monthrange(year, number)[1] / (366 if calendar.isleap(year) else 365)


def violence_indicators(data: Path) -> pd.DataFrame:
    """Violence with and without injury per 1,000 at risk, by LSOA (2021): indicators of the 2025 indices of deprivation."""
    table = pd.read_csv(data / "geography" / "wm_imd2025_england_lsoa21_indicators.csv").set_index(
        "lsoa21_code"
    )
    named = {
        words: next(name for name in table.columns if name.startswith(f"violence_{words}_injury"))
        for words in ("with", "without")
    }
    return pd.DataFrame({f"{words} injury": table[column] for words, column in named.items()})


def spearman(left: pd.Series, right: pd.Series) -> float:
    """Rank correlation over the areas that both have."""
    both = pd.concat([left, right], axis=1, join="inner").dropna().rank()
    return float(both.iloc[:, 0].corr(both.iloc[:, 1]))


def small_area_totals(figures: pd.DataFrame) -> pd.DataFrame:
    """Count, person-years and rate per 100,000 of each small area over its complete months.

    Args:
        figures: Rows of `indicator_values` of the definition `BY_MONTH`.
    """
    whole = figures[(figures.area_type == "small_area") & (figures.coverage == 1)]
    totals = whole.groupby("area")[["count", "person_years"]].sum()
    return totals.assign(rate=100_000 * totals["count"] / totals.person_years)
