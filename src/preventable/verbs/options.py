"""Options and words that verbs of several modules share, each declared once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from preventable.errors import UsageError
from preventable.tables.months import is_month

HomeOption = Annotated[Path, typer.Option("--home", help="Folder of the home.")]
DEFAULT_HOME = Path("preventable-home")


def say(lines: Iterable[str]) -> None:
    """Print lines, each as soon as it is there."""
    for line in lines:
        print(line, flush=True)


def day_of(text: str) -> dt.date:
    """The day of the option --on, today in UTC without one.

    Raises:
        UsageError: It is no day.
    """
    if not text:
        return dt.datetime.now(dt.UTC).date()
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError("--on", "it is no day, YYYY-MM-DD") from None


def month_of(text: str) -> str:
    """The month of the option --month, empty without one.

    Raises:
        UsageError: It is no month.
    """
    if text and not is_month(text):
        raise UsageError("--month", "it is no month, YYYY-MM")
    return text
