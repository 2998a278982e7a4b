"""A small region with counts by month and premises, whose true risks are known: for the tests of estimates.

Square small areas in four districts, four to a middle area; risks that neighbours share and deprivation moves; premises
of two types of which one is bad. Everything comes from a seeded generator.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from figures_world import context, months, rows_of, session

from preventable.stages.estimates.stage import estimate_risks
from preventable.tables import TABLES

DEFINITION, VENUE_DEFINITION = "police_assault_offences", "ed_venue_attendances"
SIDE = 12
DISTRICTS = ("XD01", "XD02", "XD03", "XD04")
BAD_VENUE, TIMES = "V017", 6.0


@dataclass(frozen=True)
class World:
    """Counts of small areas by month with the truth, and premises with theirs.

    Attributes:
        held: Months.
        counts: Small areas x months.
        risk: True relative risk of each small area.
        venues: Records that name each venue in the last twelve months.
        gaps: (district, month) that are not whole.
        persons: Residents of each small area.
        deprivation: Rank of each, or None where it is not held.
        outlines: Whether polygons are held.
        island: Whether the last small area lies apart.
    """

    held: Sequence[str]
    counts: np.ndarray
    risk: np.ndarray
    venues: Mapping[str, int]
    gaps: Collection[tuple[str, str]] = ()
    persons: int | None = 1_500
    deprivation: Sequence[int] | None = None
    outlines: bool = True
    island: bool = False
    shares: Mapping[str, float] = field(default_factory=dict)

    @property
    def side(self) -> int:
        """Small areas along one side of the region."""
        return round(len(self.risk) ** 0.5)


def made(
    number: int = 24, *, last: str = "2025-12", side: int = SIDE, seed: int = 5, a_year: float = 6.0
) -> World:
    """A world of some months, with about `a_year` records a year in a small area of the region's rate."""
    random = np.random.default_rng(seed)
    rank = random.permutation(side * side) + 1
    at = np.arange(side * side)
    across, up = at % side, at // side
    wave = 0.5 * np.sin(2 * np.pi * across / side) + 0.4 * np.cos(2 * np.pi * up / side)
    log_risk = wave - 0.5 * (rank - rank.mean()) / rank.std() + random.normal(0, 0.15, side * side)
    risk = np.exp(log_risk) / np.exp(log_risk).mean()
    counts = random.poisson(a_year / 12 * risk[:, None], (side * side, number))
    names = [f"V{index:03d}" for index in range(40)]
    kind = np.where(np.arange(40) % 2 == 0, 12.0, 5.0)
    bad = np.array([TIMES if name == BAD_VENUE else 1.0 for name in names])
    venues = dict(zip(names, random.poisson(kind * bad).tolist(), strict=True))
    return World(months(number, last), counts, risk, venues, deprivation=rank.tolist())


def small_area(at: int) -> str:
    """Code of a small area."""
    return f"XS{at:05d}"


def middle_area(at: int, side: int) -> str:
    """Code of the middle area that holds it."""
    return f"XM{at % side // 2 + at // side // 2 * side:04d}"


def district(at: int, side: int) -> str:
    """Code of the district that holds it."""
    return DISTRICTS[2 * (at // side * 2 // side) + at % side * 2 // side]


def tables(world: World) -> dict[str, pa.Table]:
    """What the stage reads."""
    side, number = world.side, len(world.risk)
    small_areas = [
        {
            "small_area": small_area(at),
            "small_area_name": f"Small area {at}",
            "middle_area": middle_area(at, side),
            "district": district(at, side),
            "deprivation_rank": None if world.deprivation is None else world.deprivation[at],
        }
        for at in range(number)
    ]
    boxes = [shapely.box(at % side, at // side, at % side + 1, at // side + 1) for at in range(number)]
    if world.island:
        boxes[-1] = shapely.box(side + 5, side + 5, side + 6, side + 6)
    middles: dict[str, list[Any]] = {}
    for at in range(number):
        middles.setdefault(middle_area(at, side), []).append(boxes[at])
    areas = [
        {
            "area_type": level,
            "area": area,
            "area_name": area,
            "district": None,
            "polygon": shapely.to_wkb(shape) if world.outlines else None,
        }
        for level, shapes in (
            ("small_area", {small_area(at): box for at, box in enumerate(boxes)}),
            ("middle_area", {area: shapely.union_all(parts) for area, parts in middles.items()}),
        )
        for area, shape in shapes.items()
    ]
    populations = [
        {
            "small_area": small_area(at),
            "year": int(world.held[-1][:4]),
            "sex": "all",
            "age_from": 0,
            "age_to": 120,
            "persons": world.persons,
            "basis": "official",
        }
        for at in range(number)
        if world.persons is not None
    ]
    venues = [
        {
            "venue": venue,
            "venue_name": f"Venue {venue}",
            "venue_type": "nightclub" if index % 2 == 0 else "pub",
            "capacity": 300 if index % 2 == 0 else 120,
            "small_area": small_area(index % number),
            "easting_m": 0.0,
            "northing_m": 0.0,
        }
        for index, venue in enumerate(world.venues)
    ]
    shares = [
        {"figure": figure_of(venue, world.held), "millionths": round(share * 1_000_000)}
        for venue, share in world.shares.items()
    ]
    return {
        "area_months": rows_of("area_months", _area_months(world)),
        "indicator_values": rows_of("indicator_values", [*_district_months(world), *_venue_values(world)]),
        "venue_shares": rows_of("venue_shares", shares),
        "small_areas": rows_of("small_areas", small_areas),
        "areas": rows_of("areas", areas),
        "venues": rows_of("venues", venues),
        "populations": rows_of("populations", populations),
    }


def _area_months(world: World) -> list[dict[str, Any]]:
    side = world.side
    sums: dict[tuple[str, str, str], int] = {}
    for at, month in zip(*np.nonzero(world.counts), strict=True):
        if (district(int(at), side), world.held[month]) in world.gaps:
            continue
        for level, area in (
            ("small_area", small_area(int(at))),
            ("middle_area", middle_area(int(at), side)),
        ):
            key = (level, area, world.held[month])
            sums[key] = sums.get(key, 0) + int(world.counts[at, month])
    what = {"definition": DEFINITION, "definition_version": 1, "source": "police"}
    return [
        {**what, "area_type": level, "area": area, "month": month, "count": count}
        for (level, area, month), count in sums.items()
    ]


def _district_months(world: World) -> list[dict[str, Any]]:
    return [
        {
            **_value(DEFINITION, "police", "district", one, "month", month, month),
            "count": 0,
            "coverage": 0.0 if (one, month) in world.gaps else 1.0,
        }
        for one in DISTRICTS
        for month in world.held
    ]


def figure_of(venue: str, held: Sequence[str]) -> str:
    """Name of the figure of a venue's last twelve months."""
    return f"{VENUE_DEFINITION}.v1/venue/{venue}/{_period(held)}/{held[-1]}/all/all/count"


def _period(held: Sequence[str]) -> str:
    return "last12" if len(held) >= 12 else "to_date"


def _venue_values(world: World) -> list[dict[str, Any]]:
    first = world.held[-12:][0]
    return [
        {
            **_value(VENUE_DEFINITION, "ed", "venue", venue, _period(world.held), first, world.held[-1]),
            "count": count,
            "coverage": 1.0,
        }
        for venue, count in world.venues.items()
    ]


def _value(
    definition: str, source: str, level: str, area: str, period: str, first: str, last: str
) -> dict[str, Any]:
    return {
        "figure": f"{definition}.v1/{level}/{area}/{period}/{last}/all/all/count",
        "definition": definition,
        "definition_version": 1,
        "source": source,
        "measure": "count",
        "area_type": level,
        "area": area,
        "period_type": period,
        "period_start": first,
        "period_end": last,
        "dimension": "all",
        "category": "all",
        "providers_not_expected": 0,
    }


def estimated(world: World, changed: Mapping[str, pa.Table] | None = None) -> dict[str, list[dict[str, Any]]]:
    """Rows of the five tables, each conforming to its declaration; `changed` may hold what an earlier run carried."""
    engine = session({**tables(world), **(changed or {})})
    estimate_risks(engine, context(period=world.held[-1]))
    names = (
        "area_estimates", "prediction_scores", "past_predictions", "past_scores", "premises_estimates",
    )  # fmt: skip
    return {name: TABLES[name].conform(engine.table(name)).to_pylist() for name in names}


def closed(world: World, venue: str, day: dt.date) -> pa.Table:
    """The venues, one of them closed on a day."""
    rows = tables(world)["venues"].to_pylist()
    return rows_of("venues", [{**r, "closed_on": day} if r["venue"] == venue else r for r in rows])
