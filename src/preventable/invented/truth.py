"""What really happened, and which record is whose. No code of the flow can open it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from preventable.invented.capture import (
    AREA_ENTRY,
    ENTRY_KINDS,
    SCHOOL_ENTRY,
    STREET_ENTRY,
    VENUE_ENTRY,
    Columns,
    Seen,
    sex_words,
)
from preventable.invented.incidents import METHODS, PLACE_TYPES, Incidents, Victims
from preventable.invented.world import KINDS, NO_TIME, Ints, World


def incidents_table(world: World, incidents: Incidents) -> pa.Table:
    """One row an incident, those of the days before the span included."""
    institutions = world.tables["institutions"].sort_by("institution")["institution"].to_pylist()
    streets = world.tables["streets"].sort_by("street")["street"].to_pylist()
    return pa.table(
        {
            "incident": pa.array(np.arange(len(incidents.kind))),
            "kind": _named(KINDS, incidents.kind),
            "happened_local": _stamps(incidents.local_min),
            "happened_utc": _stamps(incidents.utc_min),
            "easting_m": incidents.points[:, 0],
            "northing_m": incidents.points[:, 1],
            "small_area": _named(world.area_codes, incidents.area),
            "district": _named(world.district_codes, incidents.district),
            "venue": _named(world.venue_ids, incidents.venue),
            "street": _named(streets, incidents.street),
            "institution": _named(institutions, incidents.institution),
            "household": pa.array(np.where(incidents.household < 0, -1, incidents.household)),
            "place_type": _named(PLACE_TYPES, incidents.place_type),
            "method": _named(METHODS, incidents.method),
            "domestic": incidents.domestic,
            "planted": pa.array(incidents.planted.tolist(), pa.string()),
        }
    )


def victims_table(world: World, victims: Victims, seen: Seen) -> pa.Table:
    """One row a victim of an incident, with the services that wrote something down."""
    return pa.table(
        {
            "victim": pa.array(np.arange(len(victims.incident))),
            "incident": victims.incident,
            "person": victims.person,
            "nhs_number": pa.array(victims.nhs_numbers[victims.person].tolist(), pa.string()),
            "sex": pa.array(sex_words(victims.sex).tolist(), pa.string()),
            "age": victims.age,
            "residence_small_area": _named(world.area_codes, victims.residence),
            "injured": victims.injured,
            "severity": victims.severity,
            "seen_by_ambulance": seen.ambulance,
            "seen_by_ed": seen.ed,
            "seen_by_police": seen.police,
            "seen_by_admissions": seen.admitted,
        }
    )


def records_table(world: World, source: str, records: Columns, fate: Columns) -> pa.Table:
    """One row a record: whose it is, and the time and point that the service had before it became text.

    `best_local` is the stated time, the middle of from and to, the call, or without a statement a guess from
    the arrival. `entry` is the place that the text names (of kind `entry_kind`), null where it names none.
    """
    number = len(records["victim"])
    entry_kind = records.get("entry_kind", np.zeros(number, dtype=np.int64))
    entry = records.get("entry", np.full(number, -1))
    points, entry_points = records["points"], _entry_points(world, entry_kind, entry)
    texts = records["place_text"].tolist() if "place_text" in records else [None] * number
    return pa.table(
        {
            "source": pa.array([source] * number, pa.string()),
            "provider": pa.array(records["provider"].tolist(), pa.string()),
            "source_record_id": pa.array(records["source_record_id"].tolist(), pa.string()),
            "victim": records["victim"],
            "row_kind": pa.array(records["row_kind"].tolist(), pa.string()),
            "month": _named(world.months.names, records["month"]),
            "contact_local": _stamps(records["contact_min"]),
            "best_local": _stamps(records["best_min"]),
            "from_local": _stamps(records["from_min"]),
            "to_local": _stamps(records["to_min"]),
            "easting_m": pa.array(points[:, 0], from_pandas=True),
            "northing_m": pa.array(points[:, 1], from_pandas=True),
            "place_class": pa.array(records["place_class"].tolist(), pa.string()),
            "entry_kind": _named(ENTRY_KINDS, entry_kind),
            "entry": pa.array(_entry_codes(world, entry_kind, entry), pa.string()),
            "entry_name": pa.array(_entry_names(world, entry_kind, entry), pa.string()),
            "entry_easting_m": pa.array(entry_points[:, 0], from_pandas=True),
            "entry_northing_m": pa.array(entry_points[:, 1], from_pandas=True),
            "place_text": pa.array(texts, pa.string()),
            "at_home": records.get("at_home", np.zeros(number, dtype=bool)),
            **{flag: fate[flag] for flag in ("late", "corrected", "added_later", "withdrawn")},
        }
    )


def _stamps(minutes: Ints) -> pa.Array:
    known = minutes != NO_TIME
    stamps = np.where(known, minutes, 0).astype("datetime64[m]").astype("datetime64[us]")
    return pa.array(stamps, pa.timestamp("us"), mask=~known)


def _named(names: Any, numbers: Ints) -> pa.Array:
    """Names by number, null for -1."""
    mask = numbers < 0
    return pa.array(list(names), pa.string()).take(pa.array(np.where(mask, 0, numbers), mask=mask))


def _entry_points(world: World, kind: Ints, entry: Ints) -> Any:
    points = np.full((len(kind), 2), np.nan)
    for number, places in (
        (VENUE_ENTRY, world.venue_points),
        (STREET_ENTRY, world.street_points),
        (AREA_ENTRY, np.array([(east, north) for *_, east, north in world.named_areas])),
        (SCHOOL_ENTRY, world.institution_points),
    ):
        points[kind == number] = places[entry[kind == number]]
    return points


def _entry_names(world: World, kind: Ints, entry: Ints) -> list[str | None]:
    names = {
        VENUE_ENTRY: world.venue_names.tolist(),
        STREET_ENTRY: world.street_names.tolist(),
        AREA_ENTRY: [name for _, _, name, _, _ in world.named_areas],
        SCHOOL_ENTRY: world.institution_names.tolist(),
    }
    return [names[k][e] if k in names else None for k, e in zip(kind.tolist(), entry.tolist(), strict=True)]


def _entry_codes(world: World, kind: Ints, entry: Ints) -> list[str | None]:
    codes = {
        VENUE_ENTRY: world.venue_ids.tolist(),
        STREET_ENTRY: world.tables["streets"].sort_by("street")["street"].to_pylist(),
        AREA_ENTRY: [code for _, code, _, _, _ in world.named_areas],
        SCHOOL_ENTRY: world.tables["institutions"].sort_by("institution")["institution"].to_pylist(),
    }
    return [codes[k][e] if k in codes else None for k, e in zip(kind.tolist(), entry.tolist(), strict=True)]


def true_shares(records: pa.Table) -> dict[str, float]:
    """Shares of victims by who has a record of them.

    Of those of a health service, who have one of the police too and who have none; of those of the ambulance, who have
    one of neither police nor emergency department.
    """
    source = np.array(records["source"].to_pylist(), dtype=object)
    victim = records["victim"].to_numpy()
    police, ed, ambulance = (np.unique(victim[source == name]) for name in ("police", "ed", "ambulance"))
    shares = {}
    for name, mine in (("ed", ed), ("ambulance", ambulance)):
        known = float(np.isin(mine, police).mean()) if len(mine) else float("nan")
        shares[f"{name}_known_to_police"] = round(known, 4)
        shares[f"{name}_unknown_to_police"] = round(1.0 - known, 4)
    seen = np.isin(ambulance, police) | np.isin(ambulance, ed)
    shares["ambulance_seen_by_neither"] = (
        round(1.0 - float(seen.mean()), 4) if len(ambulance) else float("nan")
    )
    return shares


def write_truth(
    out: Path,
    *,
    incidents: pa.Table,
    victims: pa.Table,
    records: pa.Table,
    planted: list[dict[str, Any]],
    summary: Mapping[str, Any],
) -> None:
    """Write out/truth: three Parquet files, what was planted, and a summary."""
    folder = out / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in (("incidents", incidents), ("victims", victims), ("records", records)):
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    _write_json(folder / "planted.json", {"planted": planted})
    _write_json(folder / "truth.json", summary)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8", newline="\n")
