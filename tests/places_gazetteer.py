"""A tiny invented gazetteer for tests of the resolver alone: rows, two hospitals, one of them the usual site."""

from __future__ import annotations

from preventable.tables.months import month_number


def _row(place_id, name, kind, x, y, **more):
    return {
        "place_id": place_id,
        "name": name,
        "kind": kind,
        "easting_m": float(x),
        "northing_m": float(y),
        **more,
    }


_NEAR, _FAR = ("Eastmere", "Quellborough"), ("Tarnfold", "Dravenhope")
_FILLER = [
    _row(f"f{i}", f"{first} {last}", "street", 500 + 701 * i, 900 + 503 * j, around=_NEAR if i < 10 else _FAR)
    for i, first in enumerate(
        [
            "Abbot",
            "Birch",
            "Cedar",
            "Dulcie",
            "Elder",
            "Fennel",
            "Garnet",
            "Hazel",
            "Iris",
            "Juniper",
            "Kestrel",
            "Linden",
            "Maple",
            "Nettle",
            "Osier",
        ]
    )
    for j, last in enumerate(("Road", "Street", "Close", "Avenue"))
]
ROWS = [
    _row(
        "verazul", "Bar Verazul", "premises", 1000, 1000, street="Mill Street", around=_NEAR, night_time=True
    ),
    _row("verazul", "The Verazul Lounge", "premises", 1000, 1000, street="Mill Street", around=_NEAR),
    _row("quiddle", "The Quiddle Arms", "premises", 3000, 1000, around=_NEAR, closed=month_number("2025-03")),
    _row("zettle-1", "Copper Zettle", "premises", 1500, 3000, street="Quay Lane", around=_NEAR),
    _row("zettle-2", "Copper Zettle", "premises", 6000, 2500, around=_NEAR),
    _row("zettle-3", "Copper Zettle", "premises", 19000, 6000, street="Orchard Rise", around=_FAR),
    _row("school", "Tarnfold Primary School", "premises", 20500, 5000, around=_FAR),
    _row("club-tarnfold", "Hub Tarnfold", "premises", 20900, 5100, around=_FAR),
    _row("flats", "Pub", "premises", 21000, 4100, around=_FAR),
    _row("mill", "Mill Street", "street", 1030, 1050, around=_NEAR),
    _row("quay", "Quay Lane", "street", 1480, 2950, around=_NEAR),
    _row("vellum", "Vellum Park Road", "street", 1600, 2900, around=_NEAR),
    _row("park", "Park Road", "street", 5000, 5000, around=_NEAR),
    _row("orchard", "Orchard Rise", "street", 19050, 6050, around=_FAR),
    _row("eastmere", "Eastmere", "area", 3000, 2000, size_m=1500.0, around=("Quellborough",)),
    _row("tarnfold", "Tarnfold", "area", 20000, 5000, size_m=1500.0, around=("Dravenhope",)),
    *_FILLER,
]
SITE = (1500.0, 1500.0)
HOSPITALS = [SITE, (20000.0, 5000.0)]
