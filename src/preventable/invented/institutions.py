"""Schools, practices, hospitals, services and partners of the invented county."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from preventable.invented.draws import parameters, stream
from preventable.invented.geography import Floats, Geography, Ints
from preventable.invented.names import Namer, stems
from preventable.invented.population import AGE_FROM
from preventable.invented.streets import Postcodes, points_within

# Ages whose number makes an institution of that type likely in a small area.
SERVED_AGES = {"primary_school": (5, 10), "secondary_school": (10, 20), "gp_practice": (0, 120)}


def draw_institutions(
    geography: Geography, postcodes: Postcodes, persons: Ints, region: Mapping[str, Any], *, seed: int
) -> pa.Table:
    """Schools and practices where people are; columns of the table `institutions`, small areas as numbers.

    Args:
        persons: Residents by small area and five-year band.
    """
    rng = stream(seed, "institutions")
    words = parameters("names")
    namer = Namer(stems(), rng, lists={"feature": words["areas"]["feature"]})
    parts = []
    for kind, ages in SERVED_AGES.items():
        count = region["sizes"][f"{kind}s"]
        served = persons[:, (AGE_FROM >= ages[0]) & (AGE_FROM < ages[1])].sum(axis=1)
        area = np.sort(rng.choice(len(served), size=count, replace=False, p=served / served.sum()))
        point_m = points_within(geography, area, rng)
        parts.append(
            {
                "institution_name": [
                    namer.name(words["institutions"][kind]["patterns"]) for _ in range(count)
                ],
                "institution_type": [kind] * count,
                "size": _sizes(count, region["institutions"][kind], rng),
                "small_area": area,
                "postcode": postcodes.nearest(point_m, area),
                "easting_m": point_m[:, 0],
                "northing_m": point_m[:, 1],
            }
        )
    table = pa.concat_tables([pa.table(part) for part in parts])
    ids = [f"XI{number + 1:04d}" for number in range(table.num_rows)]
    return table.append_column("institution", pa.array(ids))


def _sizes(count: int, rule: Mapping[str, Any], rng: np.random.Generator) -> Ints:
    sizes = rule["median"] * np.exp(rng.normal(0.0, rule["spread"], count))
    return np.clip(np.round(sizes), rule["smallest"], rule["largest"]).astype(np.int64)


def place_providers(geography: Geography, region: Mapping[str, Any]) -> pa.Table:
    """Nine emergency departments at their doors, and the services of the whole county."""
    rows = [
        {
            "provider": hospital["provider"],
            "provider_name": hospital["name"],
            "source": "ed",
            "site_code": hospital["site_code"],
            "district": hospital["district"],
            **_front_door(geography, region, hospital),
        }
        for hospital in region["hospitals"]
    ]
    rows += [
        {
            "provider": service["provider"],
            "provider_name": service["name"],
            "source": service["source"],
            "site_code": service["site_code"],
            "district": None,
            "easting_m": None,
            "northing_m": None,
        }
        for service in region["services"]
    ]
    return pa.Table.from_pylist(sorted(rows, key=lambda row: str(row["provider"])))


def _front_door(
    geography: Geography, region: Mapping[str, Any], hospital: Mapping[str, Any]
) -> dict[str, float]:
    """The inner point, in the hospital's district, that is nearest to where it should stand."""
    codes = [district["code"] for district in region["districts"]]
    district = codes.index(hospital["district"])
    wanted: Floats = geography.centres_m[district] + np.asarray(hospital["shift_m"], dtype=float)
    away = np.linalg.norm(geography.points_m - wanted, axis=1)
    nearest = int(np.argmin(np.where(geography.district == district, away, np.inf)))
    easting_m, northing_m = geography.points_m[nearest]
    return {"easting_m": float(easting_m), "northing_m": float(northing_m)}


def name_partners(region: Mapping[str, Any]) -> pa.Table:
    """For each district one partner of each kind."""
    return pa.Table.from_pylist(
        [
            {
                "partner": f"{kind['prefix']}-{district['slug']}",
                "partner_name": kind["name"].format(district=district["name"]),
                "partner_type": kind["type"],
                "district": district["code"],
            }
            for kind in region["partner_types"]
            for district in region["districts"]
        ]
    )
