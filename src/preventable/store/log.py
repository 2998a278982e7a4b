"""The log of a home: one JSON object a line, for operators. Names, counts and errors' numbers; no record's value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from preventable.store.durable import PRIVATE_FILE

#: What an event may carry. A name that is not here is refused, so that no value slips in.
FIELDS = frozenset(
    {"step", "rows_in", "rows_out", "seconds", "unchanged", "provider", "month", "rows", "outcome", "error"}
)


def _only_fields(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    unknown = set(event) - FIELDS - {"event", "level", "timestamp"}
    if unknown:
        raise ValueError(f"the log does not take {', '.join(sorted(unknown))}")
    return event


@contextmanager
def opened_log(path: Path) -> Iterator[Any]:
    """A logger that appends to a file only its owner can read."""
    path.touch(PRIVATE_FILE, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        yield structlog.wrap_logger(
            structlog.WriteLogger(file),
            processors=[
                _only_fields,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
        )
