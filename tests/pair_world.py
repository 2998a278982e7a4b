"""A small invented world for `methods.pair_excess`: incidents at random, records of two services, and who is whose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from preventable.methods.pair_excess import HealthRecords, PairRules, PoliceRecords
from preventable.settings import load_policy
from preventable.stages.linkage.known import pair_rules, read_known_rules
from preventable.stages.linkage.policy import read_linkage_policy

WEEK = 7 * 24 * 60.0
RULES: PairRules = pair_rules(read_known_rules(read_linkage_policy(load_policy())))

#: Windows of a stated time are 45 minutes each way; of a missing one, half a day before the arrival.
STATED_HOURS = 4


@dataclass(frozen=True)
class PairWorld:
    """Records, and the share of health records whose victim has a police record."""

    health: HealthRecords
    police: PoliceRecords
    weeks: int
    share: float


def pair_world(
    seed: int,
    *,
    weeks: int = 20,
    incidents: int = 9000,
    known: float = 0.5,
    seen: float = 0.4,
    wrong_day: float = 0.0,
) -> PairWorld:
    """Incidents with one to three victims; a share `seen` has a health record, of whom `known` have a police record.

    Of the health records with a stated time, `wrong_day` are a day early.
    """
    draw = np.random.default_rng(seed)
    victims = draw.choice([1, 2, 3], incidents, p=[0.85, 0.11, 0.04])
    incident = np.repeat(np.arange(incidents), victims)
    number = len(incident)
    night = draw.normal(22 * 60, 200, incidents)
    when = (np.floor(draw.uniform(0, 7 * weeks, incidents)) * 24 * 60 + night)[incident]
    centre = draw.normal(0, 700, (incidents, 2))
    spread = draw.uniform(-9000, 9000, (incidents, 2))
    point = np.where(draw.random(incidents)[:, None] < 0.3, centre, spread)[incident]
    age = np.floor(draw.gamma(6, 5.5, number) + 12)
    sex = (draw.random(number) < 0.35).astype(np.int64)
    in_health = np.flatnonzero(draw.random(number) < seen)
    in_police = np.flatnonzero(draw.random(number) < known)
    in_health = in_health[(when[in_health] >= 0) & (when[in_health] < weeks * WEEK - 600)]
    in_police = in_police[(when[in_police] >= 0) & (when[in_police] < weeks * WEEK - 600)]

    health_when = np.round((when[in_health] + draw.normal(0, 12, len(in_health))) / 30) * 30
    missing = draw.random(len(in_health)) < 0.2
    health_when -= 24 * 60 * (draw.random(len(in_health)) < wrong_day)
    place = draw.choice(4, len(in_health), p=[0.5, 0.2, 0.1, 0.2])
    error = np.array([60.0, 150.0, 500.0, np.nan])[place]
    health_point = point[in_health] + draw.normal(size=(len(in_health), 2)) * error[:, None]
    ageless = draw.random(len(in_health)) < 0.1
    health_age = np.where(ageless, np.nan, age[in_health])
    health = HealthRecords(
        contact_min=np.clip(when[in_health] + draw.gamma(2, 40, len(in_health)), 0, weeks * WEEK - 1),
        start_min=np.where(missing, np.nan, health_when),
        end_min=np.where(missing, np.nan, health_when),
        time_class=np.where(missing, 2, 0),
        easting_m=health_point[:, 0],
        northing_m=health_point[:, 1],
        place_class=place,
        age_from=health_age,
        age_to=health_age,
        sex=sex[in_health],
    )
    width = np.where(draw.random(len(in_police)) < 0.7, 0.0, draw.uniform(10, 900, len(in_police)))
    start = np.clip(
        when[in_police] + draw.normal(0, 12, len(in_police)) - width * draw.random(len(in_police)), 0, None
    )
    police_point = point[in_police] + draw.normal(0, 60, (len(in_police), 2))
    police_age = np.where(draw.random(len(in_police)) < 0.1, np.nan, age[in_police])
    police = PoliceRecords(
        start_min=start,
        end_min=start + width,
        easting_m=police_point[:, 0],
        northing_m=police_point[:, 1],
        age_from=police_age,
        age_to=police_age,
        sex=np.where(draw.random(len(in_police)) < 0.05, -1, sex[in_police]),
    )
    return PairWorld(health, police, weeks, float(np.isin(in_health, in_police).mean()))


def no_health() -> HealthRecords:
    """No record."""
    none = np.zeros(0)
    return HealthRecords(
        none, none, none, none.astype(int), none, none, none.astype(int), none, none, none.astype(int)
    )


def no_police() -> PoliceRecords:
    """No record."""
    none = np.zeros(0)
    return PoliceRecords(none, none, none, none, none, none, none.astype(int))


def moved(world: PairWorld, *, east_m: float, north_m: float) -> PairWorld:
    """The same world elsewhere."""
    health = replace(
        world.health, easting_m=world.health.easting_m + east_m, northing_m=world.health.northing_m + north_m
    )
    police = replace(
        world.police, easting_m=world.police.easting_m + east_m, northing_m=world.police.northing_m + north_m
    )
    return replace(world, health=health, police=police)


def pair_records(world: Mapping[str, pa.Table]) -> tuple[dict[str, HealthRecords], PoliceRecords]:
    """Records of a world in the columns of ../shared/reference/linkage/world_a, by service, and of its police."""
    health = {
        "ed": _seen(first_attendances(world["emergency"]), "arrival_s"),
        "ambulance": _seen(world["ambulance"], "time_s"),
    }
    police = world["police"]
    records = PoliceRecords(
        start_min=_numbers(police, "earliest_s") / 60,
        end_min=_numbers(police, "latest_s") / 60,
        easting_m=_numbers(police, "easting_m"),
        northing_m=_numbers(police, "northing_m"),
        **_person(police),
    )
    return health, records


def _numbers(table: pa.Table, column: str) -> Any:
    return table[column].to_numpy(zero_copy_only=False).astype(float)


def _person(table: pa.Table) -> dict[str, Any]:
    age, sex = _numbers(table, "age"), np.array(table["sex"].fill_null("").to_pylist())
    return {"age_from": age, "age_to": age, "sex": np.select([sex == "M", sex == "F"], [0, 1], -1)}


def _seen(table: pa.Table, contact: str) -> HealthRecords:
    start, end = _numbers(table, "earliest_s") / 60, _numbers(table, "latest_s") / 60
    stated = end - start < STATED_HOURS * 60
    sd = _numbers(table, "place_sd_m")
    return HealthRecords(
        contact_min=_numbers(table, contact) / 60,
        start_min=np.where(stated, start, np.nan),
        end_min=np.where(stated, end, np.nan),
        time_class=np.where(stated, 0, 2),
        easting_m=_numbers(table, "easting_m"),
        northing_m=_numbers(table, "northing_m"),
        place_class=np.select([np.isnan(sd), sd <= 150, sd <= 600], [3, 0, 1], 2),
        **_person(table),
    )


def first_attendances(table: pa.Table) -> pa.Table:
    """Without attendances within 72 hours of another of the same pseudonym."""
    table = table.sort_by("arrival_s")
    last: dict[int, float] = {}
    kept = []
    for who, when in zip(table["person"].to_pylist(), table["arrival_s"].to_pylist(), strict=True):
        kept.append(when - last.get(who, -np.inf) >= 72 * 3600)
        if kept[-1]:
            last[who] = when
    return table.filter(kept)
