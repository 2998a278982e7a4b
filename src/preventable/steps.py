"""What a step of the flow is, and how it is worked through: at once, or one part of its records after another."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from preventable.engine import Engine
from preventable.hand_over import HandedOver, needs_parts, rows_in_parts, rows_part_by_part
from preventable.settings import StepContext
from preventable.tables import TABLES, Sensitivity

Run = Callable[[Engine, StepContext], Mapping[str, bytes] | None]
#: Share of a step that is told as done where all but its records is made.
_BEFORE_RECORDS = 0.5


@dataclass(frozen=True)
class Spread:
    """How a step whose every row is made of one row of its input is run for one part of it after another.

    Attributes:
        months: Tells from which months' files (file_month) rows of which month come, by provider, and how many (rows).
        cut: Tables of which a part has the files of its provider and months alone; all others it has whole.
    """

    months: Callable[[Engine], pa.Table]
    cut: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One step of the flow: what it may read and what it must write.

    Attributes:
        run: What the stage does.
        reads: Tables handed to it; the first is the one it works through.
        writes: Tables it must leave in the session.
        main: The one of `writes` that the next step works through; the last where none is named.
        carries: Tables of its own, handed to it as `previous_<name>` where an earlier run made them.
        holds_key: Whether it is given the home's pseudonym key.
        holds_phrase_key: Whether it is given the home's key of phrases, by which decisions know place texts.
        told_period: Whether it is told the last month of the home, which `quality` decides.
        spread: How `run` takes a large input part by part, where it can. None: a row may rest on any other.
        first: Done once before `run`, with every row at hand: it makes all of `writes` but the main one, and what `run`
            needs beside its part. None: `run` does everything.
    """

    name: str
    run: Run
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    main: str = ""
    carries: tuple[str, ...] = ()
    holds_key: bool = False
    holds_phrase_key: bool = False
    told_period: bool = False
    spread: Spread | None = None
    first: Run | None = None

    @property
    def counted(self) -> tuple[str, str]:
        """Tables whose rows a report tells: the main one in and out. Rows of unlike tables are not added up."""
        return self.reads[0], self.main or self.writes[-1]

    @property
    def handed(self) -> tuple[str, ...]:
        """Tables whose files its session may read."""
        return (*self.reads, *self.carries)

    @property
    def sensitivity(self) -> Sensitivity:
        """That of its most sensitive output."""
        return max(TABLES[name].sensitivity for name in self.writes)


def work_through(
    step: Step, engine: Engine, handed: HandedOver, context: StepContext
) -> tuple[Mapping[str, bytes] | None, dict[str, Iterator[pa.Table]]]:
    """Run a step in a session that has what it reads: files for people, and the rows of each table it makes, in pieces.

    Where it can be run part by part and its input is large, it runs as the pieces are asked for.
    """
    if step.first is not None:
        step.first(engine, _telling(context, 0.0, _BEFORE_RECORDS))
        context = _telling(context, _BEFORE_RECORDS, 1.0)
    pieces = {name: rows_in_parts(engine, TABLES[name]) for name in step.writes}
    if step.spread is None or not needs_parts(handed, step.counted[0]):
        return step.run(engine, context), pieces
    silent = dataclasses.replace(context, progress=None)
    pieces[step.counted[1]] = rows_part_by_part(
        engine,
        TABLES[step.counted[1]],
        {name: handed.files[name] for name in step.spread.cut},
        step.spread.months(engine),
        lambda: step.run(engine, silent),
        context.progress,
    )
    return None, pieces


def _telling(context: StepContext, begin: float, end: float) -> StepContext:
    """A context whose progress, 0 to 1, is told as that between two shares of the step."""
    told = context.progress
    if told is None:
        return context
    return dataclasses.replace(context, progress=lambda share: told(begin + (end - begin) * share))
