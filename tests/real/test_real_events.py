"""Real events through the flow (../shared): street crimes of the City of London, emergency calls of Montgomery County.

What is counted is held against a recount with pandas and shapely that reads the suppliers' files itself.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely
from conftest import preventable
from real_files import (
    WHOLE_MONTHS_OF_CALLS,
    emergency_calls,
    street_crimes,
    write_call_months,
    write_street_months,
)
from repository import ROOT

from preventable.store.home import open_home
from preventable.store.session import reading

_ABSTENTION = re.compile(
    r"No figure \(\[x\]\): the share that the police do not hear of is estimated from records of emergency departments"
    r"[^<]+ beside records of the police[^<]+ holds no such pair[^<]+"
)


@dataclass(frozen=True)
class Run:
    """One example, run through the command line: its region, and a home with packs."""

    region: Path
    home: Path

    def table(self, name: str) -> pd.DataFrame:
        """A table of the home."""
        with reading(open_home(self.home)) as tables:
            return tables.read(name).to_pandas()

    def counts(self, definition: str, area_type: str, period_type: str) -> dict[tuple[str, str], int]:
        """Counts before release by area and last month of the period, the empty ones left out."""
        values = self.table("indicator_values")
        chosen = values[
            (values["definition"] == definition)
            & (values["area_type"] == area_type)
            & (values["period_type"] == period_type)
            & (values["dimension"] == "all")
            & (values["count"] > 0)
        ]
        return dict(zip(zip(chosen["area"], chosen["period_end"], strict=True), chosen["count"], strict=True))

    def page(self, partner: str, document: str) -> str:
        """A pack's page."""
        (page,) = self.home.glob(f"released/packs/*/{partner}/{document}.html")
        return html.unescape(page.read_text(encoding="utf-8"))

    def abstention(self, partner: str) -> str:
        """Why the pack gives no share unknown to police."""
        return _ABSTENTION.search(self.page(partner, "community_safety"))[0]


def run_example(name: str, shared: Path, sent: Path, provider: str, folder: Path) -> Run:
    example = ROOT / "examples" / name
    policy = {"PREVENTABLE_POLICY": f"{ROOT / 'policy'}:{example / 'policy'}"}
    made = Run(folder / "region", folder / "home")
    manifest = example / "region.toml"
    preventable("region", "build", manifest, "--data", shared / "data", "--out", made.region)
    preventable(
        "submit", sent, "--home", made.home, "--region", made.region, "--provider", provider, **policy
    )
    preventable("run", "--home", made.home, **policy)
    preventable("packs", "--home", made.home, **policy)
    return made


def counted(rows: pd.DataFrame, *keys: str) -> dict[Any, int]:
    return {key: int(count) for key, count in rows.groupby(list(keys)).size().items() if count}


def is_conserved(made: Run, rows: int) -> bool:
    """Every row that was sent has one outcome, and all of them were accepted."""
    outcomes = made.table("outcomes")
    numbered = outcomes.drop_duplicates(["submission_id", "row_number"])
    return len(outcomes) == len(numbered) == rows and set(outcomes["outcome"]) == {"accepted"}


# --- City of London -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def city(shared, tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("city")
    sent = write_street_months(shared, folder / "street")
    return run_example("city-of-london", shared, sent, "police-city-of-london", folder)


@pytest.fixture(scope="module")
def placed_crimes(shared, city) -> pd.DataFrame:
    """Every crime with the small area that holds its point, else the one that its row names."""
    crimes = street_crimes(shared)
    areas = pq.read_table(city.region / "areas.parquet").to_pandas()
    areas = areas[areas["area_type"] == "small_area"].reset_index(drop=True)
    carry = pyproj.Transformer.from_crs("OGC:CRS84", "EPSG:27700", always_xy=True)
    east, north = carry.transform(crimes["Longitude"].to_numpy(), crimes["Latitude"].to_numpy())
    points = shapely.points(np.where(np.isfinite(east), east, 0), np.where(np.isfinite(north), north, 0))
    row, area = shapely.STRtree(shapely.from_wkb(areas["polygon"].to_list())).query(points, "intersects")
    found = pd.Series(areas["area"].to_numpy()[area], index=row).groupby(level=0).first()
    within = pd.Series(found, index=range(len(crimes))).to_numpy()
    stated = crimes["LSOA code"].where(crimes["LSOA code"].isin(areas["area"])).to_numpy()
    small = pq.read_table(city.region / "small_areas.parquet").to_pandas().set_index("small_area")
    crimes["small_area"] = pd.Series(within, index=crimes.index).fillna(pd.Series(stated, index=crimes.index))
    return crimes.join(small[["ward", "district"]], on="small_area")


def test_every_street_crime_is_one_record_though_many_have_no_number(city, shared):
    crimes = street_crimes(shared)

    assert is_conserved(city, len(crimes))
    assert len(city.table("pseudonymous_records")) == len(crimes) == 18_867
    assert crimes["Crime ID"].isna().sum() == 526


@pytest.mark.parametrize(
    ("definition", "category"),
    [("street_violence", "Violence and sexual offences"), ("street_robbery", "Robbery")],
)
def test_months_of_the_city_are_those_of_a_recount(city, placed_crimes, definition, category):
    chosen = placed_crimes[placed_crimes["Crime type"] == category]

    expected = counted(chosen, "district", "Month")

    assert city.counts(definition, "district", "month") == expected
    assert len(expected) == 24


def test_wards_and_small_areas_are_those_of_a_recount(city, placed_crimes):
    violence = placed_crimes[placed_crimes["Crime type"] == "Violence and sexual offences"]
    last12 = violence[violence["Month"] >= "2025-01"].assign(end="2025-12")
    by_year = violence.assign(end=violence["Month"].str[:4] + "-12")

    assert city.counts("street_violence", "ward", "last12") == counted(last12, "ward", "end")
    assert city.counts("street_violence", "small_area", "year") == counted(by_year, "small_area", "end")


def test_the_area_of_a_point_is_mostly_the_one_that_its_row_names(placed_crimes):
    """.925 of them: points are moved to the middle of streets, where areas meet, and outlines are generalised."""
    both = placed_crimes[placed_crimes["small_area"].notna() & placed_crimes["LSOA code"].notna()]

    assert (both["small_area"] == both["LSOA code"]).mean() > 0.92


def test_what_is_told_to_the_month_has_no_hour_no_week_and_no_link(city):
    records = city.table("located_records")

    assert records["injury_start_utc"].isna().all()
    assert set(city.table("indicator_values")["dimension"]) == {"all"}
    weekly = city.table("weekly_counts")
    assert "street_violence" not in set(weekly["definition"])
    assert city.table("incidents").empty


def test_the_pack_of_the_city_names_its_source_and_abstains_with_its_reason(city):
    page = city.page("csp-city-of-london", "community_safety")

    assert "police, street-level crime of data.police.uk" in city.abstention("csp-city-of-london")
    assert "Violence and sexual offences recorded by police" in page


# --- Montgomery County --------------------------------------------------------------------------

_ASSAULTS = ("EMS: ASSAULT VICTIM", "EMS: STABBING", "EMS: SHOOTING", "EMS: ACTIVE SHOOTER")
_BEYOND = {f"{name} COUNTY" for name in ("BERKS", "BUCKS", "CHESTER", "DELAWARE", "LEHIGH", "PHILA")}


@pytest.fixture(scope="module")
def county(shared, tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("county")
    sent = write_call_months(shared, folder / "calls")
    return run_example("montgomery", shared, sent, "ems-montgomery", folder)


@pytest.fixture(scope="module")
def assaults(shared) -> pd.DataFrame:
    """Calls to assaults; `township` where the county has it."""
    calls = emergency_calls(shared)
    chosen = calls[calls["title"].isin(_ASSAULTS)]
    return chosen.assign(township=chosen["twp"].where(~chosen["twp"].isin(_BEYOND)), county="42091")


def test_every_call_is_one_record(county, shared):
    assert is_conserved(county, len(emergency_calls(shared)))


def test_months_of_the_county_are_those_of_a_recount(county, assaults):
    inside = assaults[assaults["township"].notna()]

    assert county.counts("ambulance_assault_callouts", "district", "month") == counted(
        inside, "county", "month"
    )
    assert county.counts("ambulance_assault_callouts", "region", "month") == {
        ("montgomery", month): count for month, count in counted(assaults, "month").items()
    }
    assert set(inside["month"]) == set(WHOLE_MONTHS_OF_CALLS)


def test_townships_are_areas_without_an_outline_and_have_their_counts(county, assaults):
    inside = assaults[assaults["township"].notna()].assign(end="2016-07")

    assert county.counts("ambulance_assault_callouts", "ward", "to_date") == counted(
        inside, "township", "end"
    )
    assert pq.read_table(county.region / "areas.parquet")["polygon"].null_count == len(
        pq.read_table(county.region / "areas.parquet")
    )


def test_a_call_keeps_its_hour_on_the_countys_own_clock(county, assaults):
    values = county.table("indicator_values")
    chosen = values[
        (values["definition"] == "ambulance_assault_callouts")
        & (values["area_type"] == "region")
        & (values["dimension"] == "weekday_hour")
        & (values["category"] == "Fri 21-24")
    ]
    times = assaults["timeStamp"]

    expected = ((times.dt.day_of_week == 4) & (times.dt.hour >= 21)).sum()

    assert chosen["count"].to_list() == [expected]
    utc = county.table("located_records")
    assert {5.0, 4.0} == set((utc["contact_utc"] - utc["contact_local"]).dt.total_seconds() / 3600)


def test_rates_are_marked_where_no_population_is_held(county):
    released = county.table("released")
    rates = released[released["measure"] == "crude_rate"]

    assert len(rates) >= 2
    assert rates["value"].isna().all()
    assert set(rates["value_note"]) == {"[x]"}
    assert rates["note"].str.contains("population").all()
    assert "[x]" in county.page("publichealth-montgomery", "public_health")


def test_the_pack_of_the_county_abstains_with_its_reason(county):
    assert "ambulance service" in county.abstention("csp-montgomery").split("holds no such pair")[1]
