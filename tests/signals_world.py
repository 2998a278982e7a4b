"""Counts of days as weekly and monthly series, their mixes and partners, to test the stage of signals on."""

from __future__ import annotations

import datetime as dt

import numpy as np

DEFINITION = "ed_assault_attendances"
DISTRICTS = tuple(f"XD{number:02d}" for number in range(1, 8))
FIRST, LAST = dt.date(2023, 1, 2), dt.date(2025, 12, 31)
DAYS = [FIRST + dt.timedelta(days=day) for day in range((LAST - FIRST).days + 1)]
PARTNERS = [
    {"partner": f"{kind}-{area}", "partner_name": f"{kind} of {area}", "partner_type": kind, "district": area}
    for area in DISTRICTS[:2]
    for kind in ("community_safety", "licensing")
]


def series_rows(daily, *, areas=DISTRICTS, level="district", region=True, without=()):
    """Counts by week and month of some areas, and of the region, from counts of days; some months did not come."""
    given = np.atleast_2d(daily)
    series = [(level, area, given[at]) for at, area in enumerate(areas)]
    if region:
        series.append(("region", "X01", given.sum(axis=0)))
    rows = []
    for area_type, area, counts in series:
        for unit, firsts in (("week", weeks()), ("month", months())):
            for first, days in firsts.items():
                held = [day for day in days if f"{DAYS[day]:%Y-%m}" not in without]
                rows.append(
                    {
                        "definition": DEFINITION,
                        "definition_version": 1,
                        "source": "ed",
                        "area_type": area_type,
                        "area": area,
                        "unit": unit,
                        "week": first,
                        "count": int(counts[held].sum()),
                        "coverage": float(len(held) == len(days)),
                    }
                )
    return rows


def open_month(area, fraction, *, month="2025-12", variance=0.0):
    """A month of a district or of the region, of which so large a share has come by now."""
    return {
        "definition": DEFINITION, "definition_version": 1, "source": "ed", "area": area, "period": month,
        "area_type": "region" if area == "X01" else "district", "reported": 0, "coverage": 1.0, "fraction": fraction,
        "variance": variance, "status": "estimated", "reason": "",
    }  # fmt: skip


def weeks():
    """Places of the days of each whole week, by its Monday."""
    whole = [at for at, day in enumerate(DAYS) if day.weekday() == 0 and at + 7 <= len(DAYS)]
    return {f"{DAYS[at]}": list(range(at, at + 7)) for at in whole}


def months():
    """Places of the days of each month, by its first day; January 2023 lacks its first."""
    by_month = {}
    for at, day in enumerate(DAYS):
        by_month.setdefault(f"{day:%Y-%m}-01", []).append(at)
    return by_month


def drawn(a_week, seed=1, areas=7):
    """Poisson counts of days with so many events a week."""
    return np.random.default_rng(seed).poisson(a_week / 7, (areas, len(DAYS))).astype(float)


def week_of(daily, place, week, more):
    """Counts of days with so many more in a week of one area."""
    changed = daily.copy()
    first = (dt.date.fromisoformat(week) - dt.date(2023, 1, 2)).days
    changed[place, first : first + 7] += more / 7
    return np.floor(changed + 1e-9) if more % 7 == 0 else np.round(changed)


def mix_rows_of(area, shares, later, from_month="2025-12"):
    """200 records a month in the shares of some weapons, and others from a month on."""
    return [
        {
            "definition": DEFINITION, "area": area, "month": first[:7], "dimension": "weapon_class", "category": name,
            "count": int(200 * share),
        }
        for first in months()
        for name, share in (later if first[:7] >= from_month else shares).items()
    ]  # fmt: skip
