"""Days of the windows in `signals`: a row names the Monday of its last week and how many weeks it has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any


def window_days(row: Mapping[str, Any]) -> tuple[str, str]:
    """First and last day of a window, YYYY-MM-DD.

    Args:
        row: Row of `signals`: `week` and `weeks`.

    Example:
        >>> window_days({"week": "2025-01-06", "weeks": 2})
        ('2024-12-30', '2025-01-12')
    """
    monday = dt.date.fromisoformat(row["week"])
    first = monday - dt.timedelta(weeks=row["weeks"] - 1)
    return first.isoformat(), (monday + dt.timedelta(days=6)).isoformat()
