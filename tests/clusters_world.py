"""A square of small areas with police and ambulance records made from a seed, to look for clusters in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from figures_world import context, months, policy, rows_of, session

from preventable.settings import Policy
from preventable.stages.clusters.stage import find_clusters
from preventable.tables import TABLES

SIDE = 10
WIDTH_M = 500.0
PERIOD = "2025-12"
HELD = months(16, PERIOD)
DISTRICTS = ("XD01", "XD02")
SERIES = "police_assault_offences"
#: An area of the first district with the four that share a side with it, and the days on which more is planted there.
SPOT = ("XS012", "XS021", "XS022", "XS023", "XS032")
SPOT_DAYS = (dt.date(2025, 12, 8), dt.date(2025, 12, 21))
TABLES_MADE = ("clusters", "neighbourhood_sums", "near_repeats")
Row = dict[str, Any]


def code(place: int) -> str:
    """Code of a small area by its place in the square, row by row."""
    return f"XS{place:03d}"


def region(side: int = SIDE) -> dict[str, pa.Table]:
    """A square of `side` x `side` areas; the lower half of the rows is the first district."""
    small, outlines = [], []
    for place in range(side * side):
        row, column = divmod(place, side)
        corner = 900_000 + WIDTH_M * column, 100_000 + WIDTH_M * row
        district = DISTRICTS[int(2 * row >= side)]
        small.append(
            {
                "small_area": code(place),
                "small_area_name": f"Area {place}",
                "middle_area": f"XM{row // 2:02d}{column // 2:02d}",
                "district": district,
                "easting_m": corner[0] + WIDTH_M / 2,
                "northing_m": corner[1] + WIDTH_M / 2,
                "area_km2": 0.25,
            }
        )
        box = shapely.box(*corner, corner[0] + WIDTH_M, corner[1] + WIDTH_M)
        outlines.append(
            {
                "area_type": "small_area",
                "area": code(place),
                "area_name": f"Area {place}",
                "district": district,
                "polygon": shapely.to_wkb(box),
            }
        )
    return {"small_areas": rows_of("small_areas", small), "areas": rows_of("areas", outlines)}


def offence(number: int, area: str, moment: dt.datetime, **columns: Any) -> Row:
    """A police record of an assault, somewhere in a small area."""
    place = int(area[2:])
    row, column = divmod(place, SIDE)
    return {
        "record_key": f"k1:{number:06d}",
        "month": f"{moment:%Y-%m}",
        "submission_id": "s",
        "row_number": number + 2,
        "provider": "police",
        "source": "police",
        "record_version": 1,
        "contact_local": moment,
        "contact_utc": moment,
        "offence_code": "8N",
        "place_kind": "point",
        "precision_class": "L5",
        "place_qualifier": "none",
        "sigma_m": 50.0,
        "easting_m": 900_000 + WIDTH_M * column + 7.0 * (number * 37 % 71),
        "northing_m": 100_000 + WIDTH_M * row + 7.0 * (number * 53 % 71),
        "small_area": area,
    } | columns


def offences(
    seed: int, *, mean: float = 3.0, held: Sequence[str] = tuple(HELD), planted: float = 0.0, side: int = SIDE
) -> list[Row]:
    """Some offences a month and area, gamma between areas; on the days of the spot `planted` more in each of its areas.

    Three in ten have a second victim at the same moment and place, a record of its own: counts vary more than Poisson's.
    """
    draw = np.random.default_rng(seed)
    means = mean / 1.3 * draw.gamma(4, 1 / 4, side * side)
    made: list[Row] = []
    for month in held:
        first = dt.datetime.fromisoformat(f"{month}-01")
        length = (dt.datetime.fromisoformat(f"{months_on(month, 1)}-01") - first).days
        for place, number in enumerate(draw.poisson(means * length / 30)):
            made += _incidents(draw, len(made), code(place), first, length, int(number))
    if planted:
        first = dt.datetime.combine(SPOT_DAYS[0], dt.time())
        for area in SPOT:
            number = int(draw.poisson(planted))
            made += _incidents(draw, len(made), area, first, (SPOT_DAYS[1] - SPOT_DAYS[0]).days + 1, number)
    return made


def _incidents(
    draw: np.random.Generator, begun: int, area: str, first: dt.datetime, length: int, number: int
) -> list[Row]:
    made: list[Row] = []
    for minute in draw.integers(0, length * 1_440, number):
        moment = first + dt.timedelta(minutes=int(minute))
        made.append(offence(begun + len(made), area, moment))
        if draw.random() < 0.3:
            place = {name: made[-1][name] for name in ("easting_m", "northing_m")}
            made.append(offence(begun + len(made), area, moment, **place))
    return made


def months_on(month: str, number: int) -> str:
    """The month so many months later."""
    count = int(month[:4]) * 12 + int(month[5:]) - 1 + number
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


def joined(records: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Records of one moment and place as one incident, as linkage would have it."""
    first: dict[tuple[Any, ...], str] = {}
    rows = []
    for one in records:
        incident = first.setdefault(
            (one["contact_local"], one["easting_m"], one["northing_m"]), one["record_key"]
        )
        rows.append(
            {
                "record_key": one["record_key"],
                "source": one["source"],
                "victim": one["record_key"],
                "incident": incident,
                "counted_by": one["record_key"],
            }
        )
    filler = {"text": "", "integer": 0, "number": 0.0, "flag": False}
    full = [{c.name: filler.get(c.type) for c in TABLES["incidents"].columns} | row for row in rows]
    return rows_of("incidents", full)


def coverage(held: Sequence[str] = tuple(HELD), missing: Sequence[tuple[str, str]] = ()) -> pa.Table:
    """Police and ambulance, all months received but those named."""
    rows = [
        {
            "provider": source,
            "source": source,
            "month": month,
            "received": (source, month) not in missing,
            "rows_accepted": 0,
            "rows_quarantined": 0,
        }
        for source in ("police", "ambulance")
        for month in held
    ]
    return rows_of("coverage", rows)


def found(
    records: Sequence[Mapping[str, Any]],
    *,
    given: Policy | None = None,
    held: Sequence[str] = tuple(HELD),
    missing: Sequence[tuple[str, str]] = (),
    side: int = SIDE,
    period: str = PERIOD,
) -> dict[str, list[Row]]:
    """What the stage makes of some records, conforming to its declarations."""
    sent = [one for one in records if (one["source"], one["month"]) not in missing]
    engine = session(
        {
            **region(side),
            "located_records": rows_of("located_records", sent),
            "incidents": joined(sent),
            "coverage": coverage(held, missing),
        }
    )
    find_clusters(engine, context(given or one_month(), period))
    return {name: TABLES[name].conform(engine.table(name)).to_pylist() for name in TABLES_MADE}


def one_month(**areas: Any) -> Policy:
    """The repository's policy, one month judged."""
    changes: dict[tuple[str, ...], Any] = {("clusters", "judged_months"): 1}
    return policy(changes | {("clusters", "areas", name): value for name, value in areas.items()})
