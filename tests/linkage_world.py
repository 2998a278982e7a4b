"""Worlds for linkage: a small made one, and the reference world of another program, as located_records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from preventable.engine.duckdb import DuckDBEngine
from preventable.pipeline import STEPS
from preventable.settings import Policy, StepContext, load_policy
from preventable.stages.linkage.policy import read_linkage_policy
from preventable.stages.linkage.prepare import prepare_records
from preventable.stages.linkage.stage import link_records
from preventable.tables import TABLES

MONDAY = dt.datetime(2024, 1, 1)
MADE = tuple(name for step in STEPS if step.name == "linkage" for name in step.writes)
_FILES = {"ambulance": "ambulance", "emergency": "ed", "police": "police"}
_PLACE_TYPES = {0: "licensed_premises_inside", 1: "own_home", 2: "street_public", 3: "school_college"}
_METHODS = {"sharp": "knife_sharp", "other": "body_part_fist"}


def record(key: str, source: str, contact: dt.datetime, **values: Any) -> dict[str, Any]:
    """A row of located_records: an event at the time of contact, no place, unless told."""
    moment = {
        "contact_local": contact,
        "contact_utc": contact,
        "injury_start_utc": contact,
        "injury_end_utc": contact,
    }
    codes = {
        "ambulance": {"determinant": "MPDS 04B01A"},
        "police": {"offence_code": "8N"},
        "ed": {"site_code": "H1"},
    }
    basis = {"ambulance": "call_time", "ed": "stated", "police": "reported_from_to"}
    return {
        "record_key": key, "source": source, "provider": source, "month": "2024-01", "submission_id": "s",
        "row_number": 2, "record_version": 1, "time_basis": basis[source], "time_precision": "exact",
        "place_kind": "none", "precision_class": "L0", "place_qualifier": "none", **moment, **codes[source], **values,
    }  # fmt: skip


def linked(
    rows: Sequence[Mapping[str, Any]] | pa.Table,
    small_areas: Sequence[Mapping[str, Any]] = (),
    policy: Policy | None = None,
    audits: Sequence[Mapping[str, Any]] = (),
) -> dict[str, pa.Table]:
    """The stage's tables of located records, under the repository's policy or another, with pairs that audits found."""
    engine = DuckDBEngine(threads=1)
    schema = TABLES["located_records"].arrow_schema()
    if not isinstance(rows, pa.Table):
        full = [{name: row.get(name) for name in schema.names} for row in rows]
        rows = pa.Table.from_pylist(full, schema=schema)
    engine.load("located_records", TABLES["located_records"].conform(rows))
    engine.load(
        "small_areas", pa.Table.from_pylist(list(small_areas), schema=TABLES["small_areas"].arrow_schema())
    )
    engine.load(
        "linkage_audits", pa.Table.from_pylist(list(audits), schema=TABLES["linkage_audits"].arrow_schema())
    )
    link_records(engine, StepContext(policy=policy or load_policy(), region={}))
    return {name: TABLES[name].conform(engine.table(name)) for name in MADE}


def prepared(
    rows: Sequence[Mapping[str, Any]], small_areas: Sequence[Mapping[str, Any]] = ()
) -> DuckDBEngine:
    """An engine with linkable_records."""
    engine = DuckDBEngine(threads=1)
    schema = TABLES["located_records"].arrow_schema()
    full = [{name: row.get(name) for name in schema.names} for row in rows]
    engine.load("located_records", pa.Table.from_pylist(full, schema=schema))
    engine.load(
        "small_areas", pa.Table.from_pylist(list(small_areas), schema=TABLES["small_areas"].arrow_schema())
    )
    prepare_records(engine, read_linkage_policy(load_policy()))
    return engine


def linkable(
    rows: Sequence[Mapping[str, Any]], small_areas: Sequence[Mapping[str, Any]] = ()
) -> dict[str, dict[str, Any]]:
    """Linkable records by key."""
    table = prepared(rows, small_areas).table("linkable_records").to_pylist()
    return {row["record_key"]: row for row in table}


def at(day: int = 0, hour: int = 12, minute: int = 0) -> dt.datetime:
    """A moment so long after the world's first Monday."""
    return MONDAY + dt.timedelta(days=day, hours=hour, minutes=minute)


def made_world(
    seed: int, *, weeks: int = 16, victims: int = 2_000
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Located records of a small county of 20 x 20 km, and the victim of each record key."""
    draw = np.random.default_rng(seed)
    rows, victim_of = [], {}
    for victim in range(victims):
        minute = int(draw.integers(weeks * 7 * 24 * 60))
        x, y = draw.uniform(0, 20_000, 2)
        age, sex = int(draw.integers(15, 60)), str(draw.choice(["male", "female"]))
        seen = draw.random(3) < (0.25, 0.4, 0.6)
        for source, there in zip(("ambulance", "ed", "police"), seen, strict=True):
            if there:
                key = f"k:{draw.integers(1 << 60):020d}"
                victim_of[key] = victim
                rows.append(_seen(draw, key, source, minute, x, y, age, sex, person=f"p{victim}"))
    return rows, victim_of


def _seen(
    draw: Any, key: str, source: str, minute: int, x: float, y: float, age: int, sex: str, *, person: str
) -> dict[str, Any]:
    late = {"ambulance": 10, "ed": 70, "police": 30}[source]
    start = MONDAY + dt.timedelta(minutes=minute)
    contact = start + dt.timedelta(minutes=int(draw.exponential(late)))
    told = (start + dt.timedelta(minutes=int(draw.normal(0, 15)))).replace(second=0)
    own: dict[str, Any] = {"person_key": person, "injury_start_utc": told, "injury_end_utc": told}
    if source == "ambulance":
        own = {"injury_start_utc": contact - dt.timedelta(minutes=30), "conveyed_site": "H1"}
    if source == "police":
        own = {"injury_start_utc": told, "injury_end_utc": told}
    if source != "ed" or draw.random() < 0.7:
        own |= {"easting_m": x + draw.normal(0, 100), "northing_m": y + draw.normal(0, 100), "sigma_m": 100.0}
    said = {"age_from": age, "age_to": age, "sex": sex}
    return record(key, source, contact, **own, **said)


def reference_world(folder: Path) -> tuple[pa.Table, dict[str, int], dict[str, int]]:
    """Located records of ../shared/reference/linkage, and victim and incident of each record key."""
    return located_world({name: pq.read_table(folder / f"{name}.parquet") for name in (*_FILES, "truth")})


def located_world(world: Mapping[str, pa.Table]) -> tuple[pa.Table, dict[str, int], dict[str, int]]:
    """The same of a world's tables by name: ambulance, emergency, police, truth."""
    parts = [_located(world[name].to_pydict(), source) for name, source in _FILES.items()]
    truth = world["truth"].to_pydict()
    keys = [
        _key(_FILES.get(source, source), number)
        for source, number in zip(truth["source"], truth["record_id"], strict=True)
    ]
    victims, incidents = (dict(zip(keys, truth[name], strict=True)) for name in ("victim", "incident"))
    return pa.concat_tables(parts), victims, incidents


def _key(source: str, number: int) -> str:
    return f"w:{source}-{number:08d}"


def _known(value: float | None) -> float | None:
    return None if value is None or value != value else value


def _located(found: Mapping[str, list[Any]], source: str) -> pa.Table:
    rows = []
    for at in range(len(found["record_id"])):
        row = {name: found[name][at] for name in found}
        age = _known(row["age"])
        own = {
            "injury_start_utc": _moment(row["earliest_s"]),
            "injury_end_utc": _moment(row["latest_s"]),
            "age_from": None if age is None else int(age),
            "age_to": None if age is None else int(age),
            "sex": {"M": "male", "F": "female"}.get(row["sex"], "unknown"),
            "easting_m": _known(row["easting_m"]),
            "northing_m": _known(row["northing_m"]),
            "sigma_m": _known(row["place_sd_m"]),
            "method": _METHODS.get(row["weapon"]),
            "place_type": _PLACE_TYPES.get(row.get("place_type", -1), "unknown"),
        }
        contact = row["arrival_s"] if source == "ed" else row["time_s"]
        rows.append(
            record(_key(source, row["record_id"]), source, _moment(contact), **own, **_told(source, row))
        )
    schema = TABLES["located_records"].arrow_schema()
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema=schema
    )


def _told(source: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """What one service alone says."""
    if source == "ambulance":
        conveyed = None if row["hospital"] < 0 else f"H{row['hospital']}"
        return {
            "conveyed_site": conveyed,
            "determinant": "MPDS 27" if row["weapon"] == "sharp" else "MPDS 04",
        }
    if source == "ed":
        stated = row["latest_s"] - row["earliest_s"] < 8 * 3600
        return {
            "site_code": f"H{row['hospital']}",
            "person_key": f"w:person-{row['person']}",
            "time_basis": "stated" if stated else "arrival_proxy",
        }
    injury = row["injury_flag"]
    return {
        "domestic_flag": "yes" if row["domestic_flag"] else "no",
        "offence_code": "8N" if injury else "105A",
        "severity": "middle" if injury else "low",
    }


def _moment(seconds: float) -> dt.datetime:
    return MONDAY + dt.timedelta(seconds=int(seconds))


@dataclass(frozen=True)
class Score:
    """How many links are right (precision), how many victims seen by both were linked (recall)."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def score(incidents: pa.Table, victim_of: Mapping[str, int], left: str, right: str) -> Score:
    """Links of two sources by victim, one to one: a victim with both is one link."""
    groups: dict[str, dict[str, list[str]]] = {}
    seen: dict[str, set[int]] = {left: set(), right: set()}
    for key, source, incident in zip(
        *(incidents.column(name).to_pylist() for name in ("record_key", "source", "victim")), strict=True
    ):
        groups.setdefault(incident, {}).setdefault(source, []).append(key)
        if source in seen and key in victim_of:
            seen[source].add(victim_of[key])
    links = [(group[left], group[right]) for group in groups.values() if left in group and right in group]
    hits = set()
    for firsts, seconds in links:
        hits |= {victim_of.get(key, -1) for key in firsts} & {victim_of.get(key, -2) for key in seconds}
    both = seen[left] & seen[right]
    return Score(len(hits) / len(links) if links else 0.0, len(hits) / len(both) if both else 0.0)


def calibration_error(links: pa.Table, incident_of: Mapping[str, int], pair: str) -> float:
    """Expected calibration error of ten bins, by incident, over the pairs kept for their own probability."""
    kept = load_policy().file("linkage")["kept_probability"]
    rows = [row for row in links.to_pylist() if row["pair"] == pair and row["probability"] >= kept]
    probability = np.array([row["probability"] for row in rows])
    true = np.array(
        [incident_of.get(row["left_record"], -1) == incident_of.get(row["right_record"], -2) for row in rows]
    )
    bins = np.minimum((probability * 10).astype(int), 9)
    gaps = [abs(probability[bins == one].sum() - true[bins == one].sum()) for one in range(10)]
    return float(sum(gaps) / len(rows))
