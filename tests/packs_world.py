"""A region and what might be released about it, for the tests of the packs: 24 months, gaps, small counts.

Seven square districts, or the tables of any region. Every figure that policy allows a partner exists; true counts
come from a seeded generator and are at once shown as disclosure shows them.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pyarrow as pa
import shapely

from preventable.codes import allowed
from preventable.engine.duckdb import DuckDBEngine
from preventable.settings import Policy, StepContext, load_policy
from preventable.stages.packs.stage import make_packs
from preventable.tables import TABLES

DISTRICTS = tuple(f"XD{n:02d}" for n in range(1, 8))
NAMES = ("Eskerley", "Quillmarsh", "Thornaby Vale", "Oxcombe", "Wrenmoor", "Haldenbrook", "Zeal Abbas")
#: Records a year in the whole region; districts and breakdowns share them.
A_YEAR = {
    "ed_assault_attendances": 20_000,
    "ed_assault_places": 16_000,
    "ed_knife_attendances": 700,
    "ambulance_assault_callouts": 12_000,
    "police_assault_offences": 68_000,
    "assault_admissions": 3_000,
    "ed_venue_attendances": 3_500,
    "ambulance_venue_callouts": 2_000,
    "school_suspensions": 1_800,
}
CATEGORIES = {
    "all": ("all",),
    "sex": allowed("sex"),
    "age_band": (*(f"{n}-{n + 9}" for n in range(0, 80, 10)), "80+", "unknown"),
    "life_course": ("0-4", "5-9", "10-19", "20-24", "25-59", "60+", "unknown"),
    "severity": allowed("severity"),
    "weapon_class": allowed("weapon_class"),
    "place_type": allowed("place_type"),
    "weekday_hour": tuple(
        f"{day} {hours}"
        for day in ("Mon-Thu", "Fri", "Sat", "Sun")
        for hours in ("00-03", "03-06", "06-12", "12-18", "18-21", "21-24")
    ),
}
LATE_MONTH = "2025-03"
RELEASE = "2025-12-0123456789ab"
#: The three partners of one district, and the page of each.
PARTNERS = ("xd02-community-safety", "xd02-licensing", "xd02-public-health")
PAGES = tuple(f"{p}/{p.removeprefix('xd02-').replace('-', '_')}.html" for p in PARTNERS)
COMMUNITY, LICENSING, HEALTH = PAGES


def rows_of(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a table of its declaration."""
    schema = TABLES[name].arrow_schema()
    return TABLES[name].conform(pa.Table.from_pylist(rows, schema=schema))


def region_tables() -> dict[str, pa.Table]:
    """Seven districts side by side, each of 5 by 6 square middle areas of 1,500 m; 20 venues in each."""
    areas: list[dict[str, Any]] = [_area("region", "X01", "Invented County", None, 0, 0, 7 * 7_500, 9_000)]
    venues, partners = [], []
    for d, (code, name) in enumerate(zip(DISTRICTS, NAMES, strict=True)):
        west = d * 7_500
        areas.append(_area("district", code, name, code, west, 0, 7_500, 9_000))
        for n in range(6):
            across, up = n % 2, n // 2
            at = (west + across * 3_750, up * 3_000, 3_750, 3_000)
            areas.append(_area("ward", f"XW{d * 6 + n:03d}", f"{name} ward {n + 1}", code, *at))
        for n in range(4):
            areas.append(
                _area(
                    "neighbourhood",
                    f"XN{d * 4 + n:02d}",
                    f"{name} police {n + 1}",
                    code,
                    west,
                    n * 2_250,
                    7_500,
                    2_250,
                )
            )
        for n in range(30):
            at = (west + n % 5 * 1_500, n // 5 * 1_500, 1_500, 1_500)
            areas.append(_area("middle_area", f"XM{d * 30 + n:04d}", f"{name} {n + 1:02d}", code, *at))
            areas.append(_area("small_area", f"XS{d * 30 + n:05d}", f"{name} small {n + 1:02d}", code, *at))
        venues += [_venue(d, n, name) for n in range(20)]
        partners += [
            {
                "partner": f"{code.lower()}-{kind.replace('_', '-')}",
                "partner_name": f"{name} {kind.replace('_', ' ')}",
                "partner_type": kind,
                "district": code,
            }
            for kind in ("community_safety", "licensing", "public_health")
        ]
    providers = [
        {"provider": f"{kind}-1", "provider_name": kind, "source": kind, "site_code": kind}
        for kind in allowed("source")
    ]
    calendar = [
        {
            "date": dt.date(2025, 12, 25),
            "name": "Christmas Day",
            "day_type": "bank_holiday",
            "district": None,
        },
        {"date": dt.date(2025, 12, 13), "name": "Lantern Fair", "day_type": "event", "district": "XD02"},
    ]
    return {
        "areas": rows_of("areas", areas),
        "venues": rows_of("venues", venues),
        "partners": rows_of("partners", partners),
        "providers": rows_of("providers", providers),
        "calendar": rows_of("calendar", calendar),
    }


def _area(
    level: str, code: str, name: str, district: str | None, west: int, south: int, wide: int, high: int
) -> dict[str, Any]:
    box = shapely.box(900_000 + west, 100_000 + south, 900_000 + west + wide, 100_000 + south + high)
    return {
        "area_type": level,
        "area": code,
        "area_name": name,
        "district": district,
        "polygon": shapely.to_wkb(box),
    }


def _venue(d: int, n: int, district: str) -> dict[str, Any]:
    name = "=Sum & Sons" if n == 0 else f"{district} Arms {n:02d}"
    return {
        "venue": f"V{d * 20 + n:04d}",
        "venue_name": name,
        "venue_type": ("pub", "nightclub", "takeaway")[n % 3],
        "licence_number": f"ZX/{d}{99 - n:03d}",
        "capacity": 80 + 35 * n,
        "opening_hours": "Mo-Su 11:00-23:00",
        "opened_on": dt.date(2010, 1, 1),
        "closed_on": dt.date(2025, 6, 30) if n == 3 else None,
        "street": "S1",
        "postcode": "ZZ1 2AB",
        "small_area": f"XS{d * 30 + n:05d}",
        "easting_m": 900_000.0,
        "northing_m": 100_000.0,
    }


def month_list(count: int, last: str = "2025-12") -> list[str]:
    """`count` months, the last one being `last`."""
    end = int(last[:4]) * 12 + int(last[5:]) - 1
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(end - count + 1, end + 1)]


@dataclass(frozen=True)
class World:
    """Tables that the stage reads, and its context."""

    tables: Mapping[str, pa.Table]
    context: StepContext

    def engine(self) -> DuckDBEngine:
        """A session that holds just these tables."""
        engine = DuckDBEngine(threads=1)
        for name, table in self.tables.items():
            engine.load(name, table)
        return engine

    def released(self, recipient: str) -> list[dict[str, Any]]:
        """The released rows of one partner."""
        return [row for row in self.tables["released"].to_pylist() if row["recipient"] == recipient]

    def told(self, recipient: str) -> list[dict[str, Any]]:
        """All released rows of one partner: figures, estimates and series."""
        names = ("released", "released_estimates", "released_signals")
        return [
            row for name in names for row in self.tables[name].to_pylist() if row["recipient"] == recipient
        ]

    def with_released(self, rows: list[dict[str, Any]]) -> World:
        """The same world with other released figures, registered too."""
        others = (self.tables[name].to_pylist() for name in ("released_estimates", "released_signals"))
        return replace(self, tables={**self.tables, **_released_tables(rows, *others)})

    def with_told(
        self, *, estimates: list[dict[str, Any]] | None = None, signals: list[dict[str, Any]] | None = None
    ) -> World:
        """The same world with other estimates or signals, registered too."""
        held = (
            given if given is not None else self.tables[name].to_pylist()
            for name, given in (("released_estimates", estimates), ("released_signals", signals))
        )
        return replace(
            self, tables={**self.tables, **_released_tables(self.tables["released"].to_pylist(), *held)}
        )

    def with_gaps(self, gaps: list[dict[str, Any]]) -> World:
        """The same world with missing months that partners are told of, registered too."""
        numbers = dict.fromkeys(("value", "lower", "upper"))
        register = [
            {"release": RELEASE, "recipient": row["recipient"], "figure": row["figure"], **numbers}
            | {"value_note": f"{row['kind']} to {row['period_end']}"}
            for row in gaps
        ]
        held = self.tables["release_register"]
        added = pa.concat_tables([held, rows_of("release_register", register)])
        told = {"released_gaps": rows_of("released_gaps", gaps), "release_register": added}
        return replace(self, tables={**self.tables, **told})

    def only(self, *partners: str) -> World:
        """The same world with some partners alone."""
        kept = [row for row in self.tables["partners"].to_pylist() if row["partner"] in partners]
        told = [
            [row for row in self.tables[name].to_pylist() if row["recipient"] in partners]
            for name in ("released", "released_estimates", "released_signals")
        ]
        tables = {**self.tables, **_released_tables(*told), "partners": rows_of("partners", kept)}
        return replace(self, tables=tables)


def make_world(
    *,
    months: int = 24,
    seed: int = 1,
    region: Mapping[str, pa.Table] | None = None,
    invented: bool = True,
    policy: Policy | None = None,
) -> World:
    """Everything policy allows each partner, released for the months up to December 2025."""
    if region is None and policy is None:
        shipped = _shipped_world(months, seed, invented)
        return replace(shipped, tables=dict(shipped.tables))
    return _made_world(months, seed, region, invented, policy)


@cache
def _shipped_world(months: int, seed: int, invented: bool) -> World:
    """The world of our own region and policy: many tests of a process begin with the same."""
    return _made_world(months, seed, None, invented, None)


def _made_world(
    months: int, seed: int, region: Mapping[str, pa.Table] | None, invented: bool, policy: Policy | None
) -> World:
    tables = dict(region or region_tables())
    policy = policy or load_policy()
    maker = _Maker(months, random.Random(seed), tables)
    rows = []
    kinds = {kind["partner_type"]: kind for kind in policy.file("recipients")["recipients"]}
    for partner in tables["partners"].to_pylist():
        for grant in kinds[partner["partner_type"]]["allowed"]:
            rows += maker.granted(partner, grant, policy.definitions)
    partners = tables["partners"].to_pylist()
    tables["released_gaps"] = TABLES["released_gaps"].empty()
    tables.update(
        _released_tables(
            rows,
            [row for one in partners for row in estimate_rows(one, kinds[one["partner_type"]])],
            [
                row
                for one in partners
                for row in signal_rows(one, kinds[one["partner_type"]], policy.definitions)
            ],
        )
    )
    about = {
        "name": "Invented County",
        "invented": invented,
        "first_month": month_list(months)[0],
        "last_month": "2025-12",
    }
    return World(tables, StepContext(policy=policy, region=about, period="2025-12"))


def _released_tables(
    rows: list[dict[str, Any]], estimates: list[dict[str, Any]], signals: list[dict[str, Any]]
) -> dict[str, pa.Table]:
    series = (
        {**row, "lower": row["usual_lower"], "upper": row["usual_upper"], "value_note": told_word(row)}
        for row in signals
    )
    names = ("recipient", "figure", "value", "lower", "upper", "value_note")
    register = [
        {"release": RELEASE, **{name: row[name] for name in names}} for row in (*rows, *estimates, *series)
    ]
    return {
        "released": rows_of("released", rows),
        "released_estimates": rows_of("released_estimates", estimates),
        "released_signals": rows_of("released_signals", signals),
        "release_register": rows_of("release_register", register),
    }


def told_word(row: Mapping[str, Any]) -> str:
    """What the register holds of a series: its verdict and state."""
    return f"{row['verdict']}, {row['state']}" if row["state"] else row["verdict"]


def estimate_rows(partner: Mapping[str, Any], kind: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The shares unknown to police, and seen by neither, that a partner of a kind is granted."""
    shares = {"ed": (0.52, 0.49, 0.55, 0.46), "ambulance": (0.41, 0.37, 0.45, 0.34)}
    changes = {
        "ed_assault_attendances": (0.12, 0.04, 0.2, None),
        "police_assault_offences": (-0.01, -0.05, 0.03, None),
    }
    told = kind.get("estimates", [])
    rows = [
        (
            f"unknown_to_police/{source}",
            "unknown_to_police",
            "",
            source,
            ("region", "X01"),
            "2024-01-01",
            values,
        )
        for source, values in shares.items()
        if "unknown_to_police" in told
    ]
    rows += [
        (f"{name}/ambulance", name, "", "ambulance", ("region", "X01"), "2024-01-01", values)
        for name, values in (
            ("seen_by_neither", (0.17, 0.12, 0.22, 0.1)),
            ("incident_seen_by_neither", (0.14, 0.1, 0.18, 0.08)),
        )
        if name in told
    ]
    rows += [
        (
            f"yearly_change/{name}.v1/{'/'.join(area)}",
            "yearly_change",
            name,
            name.split("_")[0],
            area,
            "",
            values,
        )
        for area in (("district", partner["district"]), ("region", "X01"))
        for name, values in changes.items()
        if "yearly_change" in told
    ]
    return [
        {
            "recipient": partner["partner"],
            "figure": f"{stem}/2025-12-28",
            "estimate": estimate,
            "definition": definition,
            "source": source,
            "area_type": area[0],
            "area": area[1],
            "breakdown": "all",
            "category": "",
            "period_start": start,
            "period_end": "2025-12-28",
            **dict(zip(("value", "lower", "upper", "lower_if_hidden"), values, strict=True)),
            "value_note": "",
            "note": "",
        }
        for stem, estimate, definition, source, area, start, values in rows
    ]


def signal_rows(
    partner: Mapping[str, Any], kind: Mapping[str, Any], definitions: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Weekly series of region and district: two of the district are lines, the others are not."""
    areas = (("district", partner["district"]), ("region", "X01"))
    series = [(name, *area) for area in areas for name in kind.get("signals", [])]
    rows = [_no_line(partner, definitions[name], area_type, area) for name, area_type, area in series]
    for row, line in zip(rows, _LINES, strict=False):
        row.update(line)
    return rows


_LINES = (
    {"line": 1, "verdict": "signal", "kind": "relative", "first_day": "2025-12-01", "last_day": "2025-12-14",
     "value": 60.0, "usual_lower": 30.0, "usual_upper": 45.0, "state": "continuing"},
    {"line": 2, "verdict": "worth_watching", "kind": "level", "first_day": "2025-11-24", "last_day": "2025-12-21",
     "value": 115.0, "usual_lower": 70.0, "usual_upper": 100.0, "state": "new"},
)  # fmt: skip


def _no_line(
    partner: Mapping[str, Any], definition: Mapping[str, Any], area_type: str, area: str
) -> dict[str, Any]:
    return {
        "recipient": partner["partner"],
        "figure": f"{definition['id']}.v1/weeks/{area_type}/{area}/2025-12",
        "line": 0,
        "definition": definition["id"],
        "source": definition["source"],
        "area_type": area_type,
        "area": area,
        "period_end": "2025-12",
        "verdict": "none",
        "kind": "",
        "first_day": "",
        "last_day": "",
        "state": "",
        **dict.fromkeys(("value", "usual_lower", "usual_upper")),
        "note": "",
    }


class _Maker:
    """Draws true counts and shows them; one count for one figure, whoever receives it."""

    def __init__(self, months: int, chance: random.Random, tables: Mapping[str, pa.Table]) -> None:
        self.months = month_list(months)
        self.chance = chance
        self.shown: dict[str, dict[str, Any]] = {}
        self.areas = tables["areas"].select(["area_type", "area", "district"]).to_pylist()
        small = {a["area"]: a["district"] for a in self.areas if a["area_type"] == "small_area"}
        self.venues = [
            {"area_type": "venue", "area": v["venue"], "district": small[v["small_area"]]}
            for v in tables["venues"].to_pylist()
        ]

    def granted(
        self, partner: Mapping[str, Any], grant: Mapping[str, Any], definitions: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        for name in grant["definitions"]:
            definition = definitions[name]
            held = {
                (a, p, d)
                for lev in definition["levels"]
                for a in lev["area_types"]
                for p in lev["period_types"]
                for d in lev["dimensions"]
            }
            for area in [*self.areas, *self.venues]:
                if area["area_type"] not in grant["area_types"] or area["district"] not in (
                    None,
                    partner["district"],
                ):
                    continue
                for period_type in grant["period_types"]:
                    for dimension in grant["dimensions"]:
                        if (area["area_type"], period_type, dimension) in held:
                            yield from self._figures(
                                partner, definition, area, period_type, dimension, grant["measures"]
                            )

    def _figures(
        self, partner, definition, area, period_type, dimension, measures
    ) -> Iterator[dict[str, Any]]:
        for kind, start, end in self._periods(period_type, area["area_type"], definition["id"]):
            for category in CATEGORIES[dimension]:
                for measure in measures:
                    what = (
                        f"{definition['id']}.v1",
                        area["area_type"],
                        area["area"],
                        kind,
                        end,
                        dimension,
                        category.replace(" ", "_"),
                        measure,
                    )
                    figure = "/".join(what)
                    if figure not in self.shown:
                        self.shown[figure] = self._drawn(
                            definition, area, start, end, dimension, category, measure
                        )
                    yield {
                        "recipient": partner["partner"],
                        "figure": figure,
                        "definition": definition["id"],
                        "definition_version": 1,
                        "source": definition["source"],
                        "measure": measure,
                        "area_type": area["area_type"],
                        "area": area["area"],
                        "period_type": kind,
                        "period_start": start,
                        "period_end": end,
                        "dimension": dimension,
                        "category": category,
                        **self.shown[figure],
                    }

    def _periods(self, period_type: str, area_type: str, definition: str) -> list[tuple[str, str, str]]:
        held = self.months
        if definition == "school_suspensions":
            return [("month", month, month) for month in held if month[5:] in ("04", "07", "12")]
        if period_type == "month":
            return [("month", month, month) for month in held]
        if period_type == "quarter":
            latest = area_type in ("ward", "neighbourhood", "middle_area")
            found = [
                ("quarter", held[n], held[n + 2])
                for n in range(0, len(held) - 2, 3)
                if held[n][5:] in ("01", "04", "07", "10")
            ]
            return found[-1:] if latest else found
        if period_type == "year":
            return [("year", f"{y}-01", f"{y}-12") for y in ("2024", "2025") if f"{y}-01" in held]
        return [("last12", held[-12], held[-1])] if len(held) >= 12 else [("to_date", held[0], held[-1])]

    def _drawn(self, definition, area, start, end, dimension, category, measure) -> dict[str, Any]:
        empty = {
            "value": None,
            "lower": None,
            "upper": None,
            "per": None,
            "value_note": "[c]",
            "note": "0 to 7 records: too few to show",
        }
        if (
            start <= LATE_MONTH == end
            and definition["source"] == "ed"
            and area["area"] in ("X01", *DISTRICTS[:3])
        ):
            return {**empty, "value_note": "[x]", "note": "incomplete: not all hospitals have sent"}
        if area["area_type"] == "middle_area" and area["area"].endswith("7"):
            return {**empty, "value_note": "[x]", "note": "incomplete: not all hospitals have sent"}
        if measure == "share":
            value = self.chance.randint(3, 60) / 100
            return {
                **empty,
                "value": value,
                "lower": value - 0.02,
                "upper": value + 0.02,
                "value_note": "",
                "note": "",
            }
        if measure != "count":
            value = 150 * (0.8 + 0.4 * self.chance.random()) * A_YEAR.get(definition["id"], 20_000) / 20_000
            if area["area_type"] == "region":
                value = 150.0 * A_YEAR.get(definition["id"], 20_000) / 20_000
            spread = 0.03 if area["area_type"] == "region" else 0.12
            return {
                **empty,
                "value": value,
                "lower": value * (1 - spread),
                "upper": value * (1 + spread),
                "per": 100_000,
                "value_note": "",
                "note": "",
            }
        true = self._true(definition["id"], area["area_type"], start, end, dimension, category)
        if true < 8:
            return empty
        return {**empty, "value": float(5 * round(true / 5)), "value_note": "", "note": ""}

    def _true(
        self, definition: str, area_type: str, start: str, end: str, dimension: str, category: str
    ) -> int:
        span = (int(end[:4]) - int(start[:4])) * 12 + int(end[5:]) - int(start[5:]) + 1
        parts = {
            "region": 1,
            "district": 7,
            "ward": 42,
            "neighbourhood": 28,
            "middle_area": 210,
            "small_area": 1_700,
            "venue": 140,
        }
        mean = A_YEAR.get(definition, 20_000) * span / 12 / parts[area_type]
        if definition == "school_suspensions":
            mean *= 4
        if dimension != "all":
            categories = CATEGORIES[dimension]
            weight = 1.4 ** -categories.index(category)
            mean *= weight / sum(1.4**-n for n in range(len(categories)))
        if area_type in ("venue", "middle_area", "ward"):
            mean *= min(self.chance.paretovariate(1.3), 12) / 3
        return max(0, round(self.chance.gauss(mean, mean**0.5 * 1.5)))


def remade(world: World, policy: Policy | None = None, **region: Any) -> dict[str, bytes]:
    """The packs of a world under another policy, or of a region told otherwise."""
    context = replace(world.context, region={**world.context.region, **region})
    return make_packs(world.engine(), replace(context, policy=policy) if policy else context)
