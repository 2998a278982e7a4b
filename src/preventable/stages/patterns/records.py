"""Records of the definitions that are looked at, counted in the session; people never leave it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from preventable.codes import code_file
from preventable.engine import Engine
from preventable.stages.patterns.rules import Looked
from preventable.tables.condition_sql import (
    Parameters,
    age_band_sql,
    condition_sql,
    quoted,
    weapon_class_sql,
)
from preventable.tables.moments import hour_of_week_sql, injury_moment_sql

RECORDS = "pattern_records"
_WITHIN = "month >= $first AND month <= $last"


def prepare_records(engine: Engine, looked: Looked) -> None:
    """Create `pattern_records`: the records of one definition, those of the region alone."""
    parameters = Parameters()
    tests = [f"r.source = {parameters.bind(looked.source)}"]
    tests += [condition_sql(condition, parameters) for condition in looked.conditions]
    district, small_area = "r.district", "r.small_area"
    if looked.area_basis == "residence":
        district, small_area = "h.district", "h.small_area"
    if not looked.counts_all:
        tests.append(f"{district} IS NOT NULL")
    statement = (files(__package__) / "records.sql").read_text(encoding="utf-8")
    sql = statement.format(
        district=district,
        small_area=small_area,
        hour_of_week=hour_of_week_sql("r.moment"),
        moment=injury_moment_sql(),
        weapon_class=weapon_class_sql("l.method"),
        age_band=age_band_sql("l.age_from", "l.age_to"),
        unknown_age=quoted(code_file("age_bands")["unknown"]),
        where=" AND ".join(tests),
    )
    engine.create(RECORDS, sql, {**parameters.values, "definition": looked.id})


def by_day(engine: Engine) -> list[Mapping[str, Any]]:
    """Records by district, empty where there is none, and day of contact."""
    return _rows(
        engine,
        f"SELECT coalesce(district, '') AS district, contact_date, count(*) AS records FROM {RECORDS}"
        " GROUP BY coalesce(district, ''), contact_date ORDER BY 1, 2",
    )


def by_hour(engine: Engine, first: str, last: str) -> list[Mapping[str, Any]]:
    """Records told to a moment, by district and hour of the week from Monday 00:00 on."""
    return _rows(
        engine,
        "SELECT coalesce(district, '') AS district, hour_of_week, count(*) AS records"
        f" FROM {RECORDS} WHERE {_WITHIN} AND start_utc IS NULL"
        " GROUP BY coalesce(district, ''), hour_of_week ORDER BY 1, 2",
        {"first": first, "last": last},
    )


def intervals(engine: Engine, months: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Earliest and latest time of the records of which both are told, how many are alike, by district.

    Month by month: a row each of them all would not fit into the memory of a large region.
    """
    for month in months:
        yield from _rows(
            engine,
            "SELECT coalesce(district, '') AS district, start_local, end_local, start_utc, end_utc,"
            f" count(*) AS records FROM {RECORDS} WHERE {_WITHIN} AND start_utc IS NOT NULL"
            " GROUP BY coalesce(district, ''), start_local, end_local, start_utc, end_utc ORDER BY 1, 4, 5",
            {"first": month, "last": month},
        )


def by_place(engine: Engine, column: str, first: str, last: str) -> list[Mapping[str, Any]]:
    """Records by district and place: `small_area` or `venue_id`."""
    return _rows(
        engine,
        f"SELECT coalesce(district, '') AS district, {column} AS place, count(*) AS records"
        f" FROM {RECORDS} WHERE {_WITHIN} AND {column} IS NOT NULL"
        f" GROUP BY coalesce(district, ''), {column} ORDER BY 1, 2",
        {"first": first, "last": last},
    )


def people(engine: Engine, first: str, last: str) -> list[Mapping[str, Any]]:
    """How many people have so many records; later visits for one injury left out."""
    return _rows(
        engine,
        f"SELECT records, count(*) AS persons FROM (SELECT person_key, count(*) AS records FROM {RECORDS}"
        f" WHERE {_WITHIN} AND first_visit AND person_key IS NOT NULL GROUP BY person_key) t"
        " GROUP BY records ORDER BY records",
        {"first": first, "last": last},
    )


def by_category(
    engine: Engine, column: str, left_out: Sequence[str], first: str, last: str
) -> list[Mapping[str, Any]]:
    """Records by district, month and word of a breakdown that is told."""
    bound = {f"word_{at}": word for at, word in enumerate(left_out)}
    words = ", ".join(f"${name}" for name in bound)
    return _rows(
        engine,
        f"SELECT coalesce(district, '') AS district, month, {column} AS word, count(*) AS records"
        f" FROM {RECORDS} WHERE {_WITHIN} AND {column} IS NOT NULL AND {column} NOT IN ({words})"
        f" GROUP BY coalesce(district, ''), month, {column} ORDER BY 1, 2, 3",
        {"first": first, "last": last, **bound},
    )


def _rows(
    engine: Engine, sql: str, parameters: Mapping[str, object] | None = None
) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = engine.fetch(sql, parameters).to_pylist()
    return rows
