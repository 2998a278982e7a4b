"""Small builders of SQL in the portable subset: times of day, and every category of a breakdown."""

from __future__ import annotations

from importlib.resources import files

from preventable.codes import code_file
from preventable.tables.condition_sql import quoted


def statement(name: str) -> str:
    """A commented SQL file of this folder."""
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")


def _weekday(moment: str) -> str:
    """Weekday, Monday 1 to Sunday 7, by whole days since a Monday: engines number weekdays differently."""
    return f"date_diff('day', DATE '1970-01-05', CAST({moment} AS DATE)) % 7 + 1"


def weekday_hour_sql(moment: str) -> str:
    """CASE of weekday and hour band of a local time, such as 'Fri 21-24'; the list's word for no time."""
    lists = code_file("hour_bands")
    weekday = _ranges(_weekday(moment), lists["weekdays"])
    hour = _ranges(f"hour({moment})", lists["hours"])
    unknown = quoted(lists["unknown"])
    return f"CASE WHEN {moment} IS NULL THEN {unknown} ELSE concat({weekday}, ' ', {hour}) END"


def hour_of_week_sql(moment: str) -> str:
    """The local hour of the week as text, 0 from Monday 00:00 to 167; NULL where there is no time."""
    return f"CAST(({_weekday(moment)} - 1) * 24 + hour({moment}) AS VARCHAR)"


def injury_moment_sql() -> str:
    """The local time of a record: the injury's where it was stated exactly enough, else the contact's."""
    rule = code_file("hour_bands")["injury_time"]
    bases = ", ".join(quoted(word) for word in rule["time_basis"])
    precisions = ", ".join(quoted(word) for word in rule["time_precision"])
    stated = f"time_basis IN ({bases}) AND time_precision IN ({precisions})"
    injury = f"CASE WHEN {stated} THEN injury_start_local END"
    return f"coalesce({injury}, contact_local)"


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
    ages, hours = code_file("age_bands"), code_file("hour_bands")
    weekday_hours = [
        f"{weekday['band']} {hour['band']}" for weekday in hours["weekdays"] for hour in hours["hours"]
    ]
    return {
        "all": ("all",),
        "age_band": (*(band["band"] for band in ages["bands"]), ages["unknown"]),
        "sex": tuple(from_lists["sex"]),
        "weapon_class": tuple(from_lists["weapon_class"]),
        "place_type": tuple(from_lists["place_type"]),
        "weekday_hour": (*weekday_hours, hours["unknown"]),
    }
