"""Records of sites counted up: by month and group of patients; by class of place, precision of time, fields filled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files

import pyarrow as pa

from preventable.engine import Engine
from preventable.stages.scorecards.rules import FIELDS, HOME, WIDE, ScoreRules

#: Points are counted in thousandths, so that sums are whole numbers.
UNIT = 1000
_SUMS = ("other", "other_squares", "asked", "place", "place_squares", "other_asked", "other_place")


@dataclass(frozen=True)
class Tally:
    """Records added up.

    Attributes:
        records: How many.
        sums: What records are worth, added up: `other` (fields and times), `place` (of the `asked`), their squares and
            products; thousandths of a point of 100, times the number of fields, and what these make when multiplied.
        filled: Field -> records in which it is filled.
        precisions: Precision of the injury time -> records.
        classes: Class of place -> records; those at home (`HOME`) are asked for no place.
    """

    records: int = 0
    sums: Mapping[str, int] = field(default_factory=dict)
    filled: Mapping[str, int] = field(default_factory=dict)
    precisions: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, int] = field(default_factory=dict)

    @property
    def asked(self) -> int:
        """Records that are asked for a place."""
        return self.records - self.classes.get(HOME, 0)

    def usable(self, rules: ScoreRules) -> int:
        """Records whose place can be acted on."""
        return sum(self.classes.get(name, 0) for name in rules.usable)


@dataclass(frozen=True, order=True)
class Group:
    """Patients of one site and month: sex, age band and time of arrival."""

    provider: str
    site_code: str
    month: str
    sex: str
    age_band: str
    arrival: str


def count_up(engine: Engine, source: str, rules: ScoreRules) -> dict[Group, Tally]:
    """Records that stand of a kind of source, by site, month and group of patients.

    Args:
        engine: Session with `located_records`.
        source: A kind of source of `rules.fields`.
        rules: Says what counts.
    """
    _load_points(engine, rules)
    fields = rules.fields[source]
    made = engine.fetch(
        _sql(rules, fields),
        {
            "source": source,
            "fields": len(fields),
            "night_from": rules.groups["night"][0],
            "night_to": rules.groups["night"][1],
            **{name: int(rules.weights[name]) for name in ("completeness", "time", "location")},
            "radius_m": rules.radius_m,
        },
    )
    return {_group(row): _tally(row, rules, fields) for row in made.to_pylist()}


def added_up(tallies: Iterable[Tally]) -> Tally:
    """Several tallies as one."""
    several = list(tallies)

    def together(name: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for one in several:
            for key, count in getattr(one, name).items():
                found[key] = found.get(key, 0) + count
        return found

    return Tally(
        sum(one.records for one in several),
        together("sums"),
        together("filled"),
        together("precisions"),
        together("classes"),
    )


def age_bands(ages: Iterable[int]) -> list[str]:
    """Names of the bands that begin at these ages: '0-17', '18-24', ..., '65+'."""
    starts = list(ages)
    return [*(f"{a}-{b - 1}" for a, b in zip(starts, starts[1:], strict=False)), f"{starts[-1]}+"]


def _load_points(engine: Engine, rules: ScoreRules) -> None:
    for name, column, points in (
        ("precision_points", "time_precision", rules.time_points),
        ("class_points", "location_class", rules.location_points),
    ):
        numbers = pa.array([round(UNIT * value) for value in points.values()], pa.int64())
        engine.load(name, pa.table({column: pa.array(list(points), pa.string()), "points": numbers}))


def _sql(rules: ScoreRules, fields: Iterable[str]) -> str:
    text = (files(__package__) / "site_months.sql").read_text(encoding="utf-8")
    tests = {name: f"CASE WHEN {FIELDS[name]} THEN 1 ELSE 0 END" for name in fields}
    sums = [f"CAST(sum({test}) AS BIGINT) AS filled_{name}" for name, test in tests.items()]
    sums += [_how_many("time_precision", name) for name in rules.time_points]
    sums += [_how_many("location_class", name) for name in (*rules.location_points, HOME)]
    return text.format(
        age_band=_age_band(rules.groups["ages"]),
        location_class=_location_class(rules.homes),
        filled=" + ".join(tests.values()),
        sums=",\n       ".join(sums),
    )


def _how_many(column: str, word: str) -> str:
    return f"CAST(sum(CASE WHEN r.{column} = '{word}' THEN 1 ELSE 0 END) AS BIGINT) AS {column}_{word}"


def _location_class(homes: Iterable[str]) -> str:
    """Records at home come first: nobody is asked where that is."""
    at_home = " OR ".join(f"r.place_type = '{home}'" for home in homes)
    return (
        f"CASE WHEN {at_home} THEN '{HOME}'"
        " WHEN r.precision_class IN ('L3', 'L5') AND (r.sigma_m IS NULL OR r.sigma_m > $radius_m)"
        f" THEN '{WIDE}' ELSE r.precision_class END"
    )


def _age_band(ages: list[int]) -> str:
    """The band in which both ends of the age lie; records whose band of age lies in two are of unknown age."""
    parts = []
    for name, least, below in zip(age_bands(ages), ages, [*ages[1:], None], strict=True):
        end = "" if below is None else f" AND r.age_to < {below}"
        parts.append(f"WHEN r.age_from >= {least} AND r.age_to IS NOT NULL{end} THEN '{name}'")
    return f"CASE {' '.join(parts)} ELSE 'unknown' END"


def _group(row: Mapping[str, object]) -> Group:
    return Group(*(str(row[name] or "") for name in Group.__dataclass_fields__))


def _tally(row: Mapping[str, int], rules: ScoreRules, fields: Iterable[str]) -> Tally:
    return Tally(
        row["records"],
        {name: row[name] for name in _SUMS},
        {name: row[f"filled_{name}"] for name in fields},
        {name: row[f"time_precision_{name}"] for name in rules.time_points},
        {name: row[f"location_class_{name}"] for name in (*rules.location_points, HOME)},
    )
