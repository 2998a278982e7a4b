"""The outcome of every row, of the few that are set apart and the many that are not."""

from __future__ import annotations

import pyarrow as pa

from preventable.engine import Engine
from preventable.settings import StepContext
from preventable.stages.quality.rules import sql_or_toml


def write_outcomes(engine: Engine, context: StepContext) -> None:
    """Create `outcomes`: one for each row of submissions at hand.

    Args:
        engine: Session with submissions, or a part of them, and what `check_submissions` made.
        context: Not needed.
    """
    engine.create("outcomes", sql_or_toml("outcomes.sql"))


def months_of_files(engine: Engine) -> pa.Table:
    """How many rows came for which month, by provider: columns provider, file_month, month (both YYYY-MM), rows."""
    return engine.fetch(sql_or_toml("months_of_files.sql"))
