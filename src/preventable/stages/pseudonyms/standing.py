"""Records that stand, read from submissions and their outcomes: no copy of them is kept."""

from __future__ import annotations

from importlib.resources import files

import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.tables.records import RECORD_COLUMNS
from preventable.tables.source_kinds import source_kinds


def load_event_sources(engine: Engine, context: StepContext) -> None:
    """Load `event_sources`, the sources whose rows are records."""
    events = [kind.id for kind in source_kinds(context.policy).values() if kind.is_event]
    engine.load("event_sources", pa.table({"source": pa.array(events, pa.string())}))


def records_sql() -> str:
    """The SELECT of the records that stand, identifiers among them; reads `event_sources` too."""
    own = [f"r.{column.name}" for column in RECORD_COLUMNS if column.name not in ("month", "conveyed_site")]
    return statement("records").format(columns=", ".join(own))


def record_months(engine: Engine) -> pa.Table:
    """How many rows of a file's month have their contact in which month, by provider; more than stand.

    Returns:
        Columns provider, file_month, month (both YYYY-MM) and rows.
    """
    return engine.fetch(statement("record_months"))


def statement(name: str) -> str:
    """A commented SQL file of this folder."""
    return (files("preventable.stages.pseudonyms") / f"{name}.sql").read_text(encoding="utf-8")
