"""Places that a text may mean where its words do not tell which: a share for each, and the area that holds them.

A chain's name without an area is none of its branches: each has the probability that it is meant, and where they lie
in one area, that is where the record counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

import pyarrow as pa

from preventable.engine import Engine
from preventable.stages.places.resolver import Resolution, decide
from preventable.tables.pseudonymous import PLACE_CANDIDATES

Shares = tuple[tuple[str, float], ...]
"""Places and their shares, largest first."""

Key = tuple[str, str]
"""Text and site."""

Match = Mapping[str, Any]

Areas = tuple[str | None, ...]
"""An area of each level, None where a place has none."""

MONTHLY_SHARES = PLACE_CANDIDATES.arrow_schema().append(pa.field("month", pa.string()))

#: From small to large: the first that holds enough is told.
_LEVELS = ("ward", "neighbourhood", "district")


def shares_of(answer: Resolution, rules: Mapping[str, Mapping[str, float]]) -> Shares:
    """Shares of the places that a text may mean by its words and site; none where its place is accepted."""
    if decide(answer, rules) == "accept":
        return ()
    shares: dict[str, float] = {}
    for place_id, share in answer.alternatives:
        # Two names of one place are one candidate.
        shares[place_id] = shares.get(place_id, 0.0) + share
    found = [(place, round(share, 6)) for place, share in shares.items() if share >= rules["shared"]["least"]]
    return tuple(sorted(found, key=lambda one: (-one[1], one[0])))


def candidate_rows(
    rows: Iterable[Match], kept: Sequence[Match], earlier: Mapping[Key, Shares]
) -> list[dict[str, Any]]:
    """Rows of place_candidates for the rows of place_matches that are `kept`: those of the last month of each text.

    Args:
        rows: As `match_texts` gives them.
        kept: Rows of place_matches.
        earlier: Shares of an earlier run: a deleted text has them as they were.
    """
    last: dict[Key, Match] = {}
    for row in sorted(rows, key=lambda row: row["month"]):
        last[row["place_text_id"], row["site_code"]] = row
    found = []
    for match in kept:
        key = match["place_text_id"], match["site_code"]
        row = last.get(key)
        if row is not None:
            shares = earlier.get(key, ()) if row["gone"] else row["shares"]
            found += [{"place_text_id": key[0], "site_code": key[1], **share} for share in _ranked(shares)]
    return found


def monthly_rows(rows: Iterable[Match], decided: Iterable[Match]) -> list[dict[str, Any]]:
    """Shares of each text, site and month, but of texts of which a person has decided.

    Args:
        rows: As `match_texts` gives them.
        decided: The same rows in the same order, with what people decided.
    """
    return [
        {**{name: row[name] for name in ("place_text_id", "site_code", "month")}, **share}
        for row, now in zip(rows, decided, strict=True)
        if now == row
        for share in _ranked(row["shares"])
    ]


def _ranked(shares: Shares) -> list[dict[str, Any]]:
    return [
        {"rank": rank, "place_id": place_id, "weight": weight}
        for rank, (place_id, weight) in enumerate(shares, 1)
    ]


def with_areas(
    rows: Sequence[Match], decided: Sequence[Match], areas: Mapping[str, Areas], least: float
) -> list[dict[str, Any]]:
    """Rows whose candidates lie together have the smallest area that holds them, without a point.

    Args:
        rows: As `match_texts` gives them.
        decided: The same rows in the same order, with what people decided: those are left alone.
        areas: Ward, neighbourhood and district of each place.
        least: Summed share from which an area holds them.
    """
    return [
        _in_area(row, areas, least) if now == row and row["shares"] else dict(now)
        for row, now in zip(rows, decided, strict=True)
    ]


def _in_area(row: Match, areas: Mapping[str, Areas], least: float) -> dict[str, Any]:
    for level in range(len(_LEVELS)):
        together: dict[str, float] = {}
        for place_id, share in row["shares"]:
            area = areas.get(place_id, (None,) * len(_LEVELS))[level]
            if area is not None:
                together[area] = together.get(area, 0.0) + share
        area = max(together, key=lambda one: (together[one], one), default="")
        if area and together[area] >= least:
            nowhere = dict.fromkeys(("easting_m", "northing_m", "sigma_m"))
            told = {"place_kind": "area", "place_id": area, "decision": "accept"}
            return {**row, **nowhere, **told, "probability": min(round(together[area], 6), 1.0)}
    return dict(row)


def areas_of_places(engine: Engine) -> dict[str, Areas]:
    """Ward, neighbourhood and district of each venue, street, institution and area of the region."""
    sql = (files(__package__) / "areas_of_places.sql").read_text(encoding="utf-8")
    return {row["place_id"]: tuple(row[level] for level in _LEVELS) for row in engine.fetch(sql).to_pylist()}


def earlier_shares(engine: Engine) -> dict[Key, Shares]:
    """Shares of an earlier run by text and site, where it made any."""
    if not engine.has("previous_place_candidates"):
        return {}
    found: dict[Key, Shares] = {}
    sql = "SELECT * FROM previous_place_candidates ORDER BY place_text_id, site_code, rank"
    for row in engine.fetch(sql).to_pylist():
        key = row["place_text_id"], row["site_code"]
        found[key] = (*found.get(key, ()), (row["place_id"], row["weight"]))
    return found
