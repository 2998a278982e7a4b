"""The local time of a record as SQL in the portable subset: its moment, and the hour of the week."""

from __future__ import annotations

from preventable.codes import code_file
from preventable.tables.condition_sql import quoted


def weekday_sql(moment: str) -> str:
    """Weekday, Monday 1 to Sunday 7, by whole days since a Monday: engines number weekdays differently."""
    return f"date_diff('day', DATE '1970-01-05', CAST({moment} AS DATE)) % 7 + 1"


def hour_of_week_sql(moment: str) -> str:
    """The local hour of the week as text, 0 from Monday 00:00 to 167; NULL where there is no time."""
    return f"CAST(({weekday_sql(moment)} - 1) * 24 + hour({moment}) AS VARCHAR)"


def injury_moment_sql() -> str:
    """The local time of a record: the injury's where it was stated exactly enough, else the contact's."""
    rule = code_file("hour_bands")["injury_time"]
    bases = ", ".join(quoted(word) for word in rule["time_basis"])
    precisions = ", ".join(quoted(word) for word in rule["time_precision"])
    stated = f"time_basis IN ({bases}) AND time_precision IN ({precisions})"
    injury = f"CASE WHEN {stated} THEN injury_start_local END"
    return f"coalesce({injury}, contact_local)"
