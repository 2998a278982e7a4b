"""A region that holds one kind of source, declared in policy, and none of ours: the packs' words for it.

Counts of police recorded offences by area, at levels and with rates that the invented county does not have.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
from packs_world import World, make_world, region_tables, rows_of

from preventable.settings import Policy, load_policy

SOURCE = "police_area_counts"
DEFINITION = "area_violence"
TITLE = "Recorded violent offences, by area"
LICENCES = [
    "Contains OS data © Crown copyright and database right 2026",
    "Source: Office for National Statistics licensed under the Open Government Licence v.3.0",
]
NOTES = ["Populations of 2020 are moved from the small areas of 2011 to those of 2021."]
PARTNERS = ("xd02-community-safety", "xd02-public-health")
COMMUNITY = "xd02-community-safety/community_safety.html"
HEALTH = "xd02-public-health/public_health.html"
_HEAD = {
    "owner": "A. Example (invented)",
    "reviewer": "A. Example (invented)",
    "reviewed": dt.date(2026, 11, 26),
    "review_by": dt.date(2027, 11, 26),
}
_LEVELS = ("region", "district", "ward", "middle_area")


def declared_policy(
    *, packs: Mapping[str, Sequence[str]] | None = None, estimates: Sequence[str] = ("unknown_to_police",)
) -> Policy:
    """Our policy with one declared source, one definition of it, and grants of that definition alone."""
    policy = load_policy()
    placed = packs or {
        "community_safety": ["headline", "trend", "region", "map", "areas"],
        "public_health": ["rates", "map", "areas"],
    }
    definition = {
        **_HEAD,
        "id": DEFINITION,
        "version": 1,
        "title": TITLE,
        "plain": "Violent offences that the police recorded, by the area that the police give.",
        "source": SOURCE,
        "area_basis": "counts",
        "denominator": "residents",
        "levels": [
            {
                "area_types": ["region", "district"],
                "period_types": ["month"],
                "periods": "all",
                "dimensions": ["all"],
            },
            {
                "area_types": list(_LEVELS),
                "period_types": ["last12"],
                "periods": "latest",
                "dimensions": ["all"],
            },
        ],
        "packs": placed,
    }
    grants = [
        _grant(["region", "district"], ["month", "last12"], ["count"]),
        _grant(["ward", "middle_area"], ["last12"], ["count"]),
        _grant(list(_LEVELS), ["last12"], ["crude_rate"]),
    ]
    recipients = [
        {**kind, "allowed": grants, "estimates": list(estimates), "signals": []}
        for kind in policy.file("recipients")["recipients"]
        if kind["partner_type"] != "licensing"
    ]
    return replace(
        policy,
        files={**policy.files, "recipients": {**policy.file("recipients"), "recipients": recipients}},
        definitions={**policy.definitions, DEFINITION: definition},
        sources={
            **policy.sources,
            SOURCE: {
                **_HEAD,
                "id": SOURCE,
                "title": "police recorded crime by area (invented)",
                "form": "counts",
            },
        },
    )


def _grant(area_types: list[str], period_types: list[str], measures: list[str]) -> dict[str, Any]:
    return {
        "definitions": [DEFINITION],
        "area_types": area_types,
        "period_types": period_types,
        "dimensions": ["all"],
        "measures": measures,
    }


def declared_region(*, levels: Sequence[str] = ("ward", "middle_area")) -> dict[str, pa.Table]:
    """The region of the packs with one provider, of the declared source, and these levels below the district."""
    tables = region_tables()
    kept = {"region", "district", "small_area", *levels}
    areas = [row for row in tables["areas"].to_pylist() if row["area_type"] in kept]
    partners = [row for row in tables["partners"].to_pylist() if row["partner"] in PARTNERS]
    provider = {
        "provider": "police-quillmarsh",
        "provider_name": "Quillmarsh police",
        "source": SOURCE,
        "site_code": "XP1",
    }
    return {
        **tables,
        "areas": rows_of("areas", areas),
        "partners": rows_of("partners", partners),
        "providers": rows_of("providers", [provider]),
    }


def declared_world(
    *,
    policy: Policy | None = None,
    region: Mapping[str, pa.Table] | None = None,
    months: int = 24,
    **about: Any,
) -> World:
    """What such a region releases, with licence lines and notes and no word of invention."""
    told = {
        "invented": False,
        "licences": LICENCES,
        "notes": NOTES,
        "crs": "EPSG:27700",
        "transform_error_m": 2.0,
    }
    world = make_world(months=months, region=region or declared_region(), policy=policy or declared_policy())
    world = world.with_told(estimates=[], signals=[])
    return replace(world, context=replace(world.context, region={**world.context.region, **told, **about}))
