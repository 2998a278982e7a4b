"""Weights of place texts learnt from labels, for a home's gazetteer or a region's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from preventable.engine import Engine
from preventable.engine.choose import embedded_engine
from preventable.errors import LinesRefusedError, UsageError
from preventable.hand_over import home_session
from preventable.stages.places.directory import place_directory
from preventable.stages.places.gazetteer import region_gazetteer
from preventable.stages.places.labels import Lesson, learn_from, lesson_file, read_labels
from preventable.stages.places.region_resolver import site_positions
from preventable.stages.places.resolver import Resolver
from preventable.store.durable import PRIVATE_FILE, write_atomically
from preventable.store.home import Home, read_region_table
from preventable.tables import REGION_TABLES


def learn(
    labels: Path,
    *,
    home: Home | None = None,
    region: Path | None = None,
    out: Path | None = None,
    by: str = "",
    at: dt.datetime | None = None,
) -> Lesson:
    """Learn weights from labelled place texts; writes them where `out` is named.

    Args:
        labels: CSV with the columns text, site, kind (premises, street, area, none) and id.
        home: Home whose gazetteer they name; with the names of its licensing register.
        region: Folder of a region instead.
        out: File for the weights, which must not be there.
        by: Who has them learnt; needed with `out`.
        at: When; None is now.

    Raises:
        UsageError: There is no such file, `out` is there, nobody is named, or not one of home and region is.
        LinesRefusedError: Labels cannot be learnt from; each is named with its remedy.
        TooFewLabelsError: There are too few.
    """
    if not labels.is_file():
        raise UsageError(str(labels), "there is no such file")
    if out is not None and out.exists():
        raise UsageError(str(out), "there is a file of that name: weights are never written over")
    if out is not None and not by.strip():
        raise UsageError("--by", "a file of weights says who had them learnt")
    with _session(home, region) as engine:
        sites = site_positions(engine)
        read, errors = read_labels(
            labels.read_bytes(), where=labels.name, places=place_directory(engine), sites=sites
        )
        if errors:
            raise LinesRefusedError.of(labels.name, errors)
        # Without months: a label names a place, whenever it was open.
        resolver = Resolver(region_gazetteer(engine, 0, 0), hospitals=sorted(sites.values()))
    lesson = learn_from(resolver, read)
    if out is not None:
        lesson.must_be_measured()
        content = lesson_file(lesson, by=by, at=at or dt.datetime.now(dt.UTC))
        write_atomically(out.absolute(), content, PRIVATE_FILE)
    return lesson


@contextmanager
def _session(home: Home | None, region: Path | None) -> Iterator[Engine]:
    if (home is None) == (region is None):
        raise UsageError("learn", "it needs one of --home and --region")
    if home is not None:
        with home_session(home) as engine:
            yield engine
        return
    with closing(embedded_engine()) as engine:
        for table in REGION_TABLES:
            engine.load(table.name, read_region_table(Path(str(region)), table.name))
        yield engine
