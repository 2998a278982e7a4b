"""Small builders of SQL in the portable subset: times of day, and every category of a breakdown."""

from __future__ import annotations

from importlib.resources import files

from preventable.codes import code_file
from preventable.tables.condition_sql import quoted
from preventable.tables.moments import weekday_sql


def statement(name: str) -> str:
    """A commented SQL file of this folder."""
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")


def weekday_hour_sql(moment: str) -> str:
    """CASE of weekday and hour band of a local time, such as 'Fri 21-24'; the list's word for no time."""
    lists = code_file("hour_bands")
    weekday = _ranges(weekday_sql(moment), lists["weekdays"])
    hour = _ranges(f"hour({moment})", lists["hours"])
    unknown = quoted(lists["unknown"])
    return f"CASE WHEN {moment} IS NULL THEN {unknown} ELSE concat({weekday}, ' ', {hour}) END"


def _ranges(expression: str, bands: list[dict[str, int | str]]) -> str:
    cases = " ".join(
        f"WHEN {expression} BETWEEN {int(band['from'])} AND {int(band['to'])}"
        f" THEN {quoted(str(band['band']))}"
        for band in bands
    )
    return f"CASE {cases} END"


def categories() -> dict[str, tuple[str, ...]]:
    """Every category of every breakdown: all of them have a figure, the empty ones too."""
    from_lists = code_file("canonical")["lists"]
    ages, stages, hours = code_file("age_bands"), code_file("life_course"), code_file("hour_bands")
    weekday_hours = [
        f"{weekday['band']} {hour['band']}" for weekday in hours["weekdays"] for hour in hours["hours"]
    ]
    return {
        "all": ("all",),
        "age_band": (*(band["band"] for band in ages["bands"]), ages["unknown"]),
        "life_course": (*(band["band"] for band in stages["bands"]), stages["unknown"]),
        "sex": tuple(from_lists["sex"]),
        "severity": tuple(from_lists["severity"]),
        "weapon_class": tuple(from_lists["weapon_class"]),
        "place_type": tuple(from_lists["place_type"]),
        "weekday_hour": (*weekday_hours, hours["unknown"]),
    }
