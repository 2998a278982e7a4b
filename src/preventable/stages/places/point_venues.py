"""Texts beside a stated point: which premises they name. The point tells which of a chain is meant, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from preventable.stages.places.gazetteer import PREMISES, Gazetteer
from preventable.stages.places.index import Index
from preventable.stages.places.matches import Match
from preventable.stages.places.normalise import normalise, qualifier, word_lists
from preventable.stages.places.resolver import Resolver

_SQUARE_M = 100.0
_ROWS_AT_ONCE = 500
_LONGEST_STREET = 5
_SHORTEST_START = 6  # letters of a name that may be looked for at the start of a longer text

NAMED_SCHEMA = pa.schema(
    [
        ("place_text_id", pa.string()),
        ("place_id", pa.string()),
        ("likeness", pa.int64()),
        ("place_qualifier", pa.string()),
        ("place_easting_m", pa.float64()),
        ("place_northing_m", pa.float64()),
        ("opened", pa.int64()),
        ("closed", pa.int64()),
    ]
)
DOOR_SCHEMA = pa.schema(
    [
        ("venue", pa.string()),
        ("door_easting_m", pa.float64()),
        ("door_northing_m", pa.float64()),
        ("cell_x", pa.int64()),
        ("cell_y", pa.int64()),
        ("opened", pa.int64()),
        ("closed", pa.int64()),
    ]
)
EARLIER_SCHEMA = pa.schema(
    [
        ("place_text_id", pa.string()),
        ("site_code", pa.string()),
        ("place_id", pa.string()),
        ("place_qualifier", pa.string()),
        ("opened", pa.int64()),
        ("closed", pa.int64()),
    ]
)


@dataclass(frozen=True)
class _Phrase:
    """A part of a text that may be a name, with the text's id."""

    place_text_id: str
    letters: str


def named_premises(index: Index, texts: Mapping[str, str], least: float) -> pa.Table:
    """Premises whose name a text has, wherever they are.

    Args:
        index: The region's gazetteer.
        texts: Place texts by their id.
        least: Likeness (0 to 100) of a part of the text and a name from which it is that name.

    Returns:
        One row for each text and place: likeness, the text's place_qualifier, the place's position and the
        months in which it is open.
    """
    words = {text_id: normalise(text).words for text_id, text in sorted(texts.items())}
    streets = {index.names[entry] for entry in np.flatnonzero(index.is_street)}
    phrases = [_Phrase(text_id, part) for text_id, its in words.items() for part in _parts(its, streets)]
    premises = np.flatnonzero(index.is_premises)
    best: dict[tuple[str, str], tuple[int, int]] = {}
    for start in range(0, len(phrases) if len(premises) else 0, _ROWS_AT_ONCE):
        some = phrases[start : start + _ROWS_AT_ONCE]
        for row, column, likeness in _alike(some, [index.squeezed[e] for e in premises], least):
            entry = int(premises[column])
            key = some[row].place_text_id, index.gazetteer.place_id[entry]
            best[key] = max(best.get(key, (0, 0)), (likeness, -entry))
    rows = [
        _row(index, *key, likeness, -entry, words[key[0]]) for key, (likeness, entry) in sorted(best.items())
    ]
    return pa.Table.from_pylist(rows, schema=NAMED_SCHEMA)


def venue_doors(places: Gazetteer, venues: Collection[str]) -> pa.Table:
    """Each venue once for each of the nine 100 m squares about its door, for an equi-join with points."""
    first = {place: entry for entry, place in reversed(list(enumerate(places.place_id))) if place in venues}
    months = places.open_months()
    rows = []
    for venue, entry in sorted(first.items()):
        x, y = float(places.easting_m[entry]), float(places.northing_m[entry])
        door = {"venue": venue, "door_easting_m": x, "door_northing_m": y}
        door |= dict(zip(("opened", "closed"), months[venue], strict=True))
        squares = [(int(x // _SQUARE_M) + i, int(y // _SQUARE_M) + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        rows += [{**door, "cell_x": cell_x, "cell_y": cell_y} for cell_x, cell_y in squares]
    return pa.Table.from_pylist(rows, schema=DOOR_SCHEMA)


def earlier_matches(places: Gazetteer, matches: Iterable[Match], held: Collection[str]) -> pa.Table:
    """What texts beside points that are no longer `held` named in an earlier run, and when those places are open."""
    months = places.open_months()
    rows = []
    for match in matches:
        span = months.get(match["place_id"])
        beside_a_point = match["site_code"].startswith("square:")
        if span is not None and beside_a_point and match["place_text_id"] not in held:
            open_in = dict(zip(("opened", "closed"), span, strict=True))
            rows.append({**{name: match[name] for name in EARLIER_SCHEMA.names[:4]}, **open_in})
    return pa.Table.from_pylist(rows, schema=EARLIER_SCHEMA)


def match_rows(resolver: Resolver, told: Sequence[Mapping[str, str]]) -> list[Match]:
    """Rows of place_matches for texts beside points; of several months the last stands.

    Args:
        resolver: Of the region's gazetteer.
        told: place_text_id, site_code (the point's square), place_id and place_qualifier, in order of time.
    """
    places = resolver.index.gazetteer
    entry_of = {place: entry for entry, place in enumerate(places.place_id)}
    rows: dict[tuple[str, str], Match] = {}
    for one in told:
        entry = entry_of[one["place_id"]]
        rows[one["place_text_id"], one["site_code"]] = {
            **one,
            "place_kind": PREMISES,
            "easting_m": float(places.easting_m[entry]),
            "northing_m": float(places.northing_m[entry]),
            "sigma_m": float(places.size_m[entry]),
            "probability": resolver.rules["venue_of_point"]["probability"],
            "decision": "accept",
            "place_type": None,
        }
    return [rows[key] for key in sorted(rows)]


def _parts(words: tuple[str, ...], streets: set[tuple[str, ...]]) -> list[str]:
    """What may be a name: the text without its cue words, and what stands beside a street named in it.

    A text that is a street's name alone has no part: no venue is told by its street.
    """
    cues = word_lists().cues - {"the"}
    bare = tuple(
        words[next((i for i, w in enumerate(words) if w not in cues and not w.isdigit()), len(words)) :]
    )
    if not bare or bare in streets:
        return []
    for start in range(len(bare)):
        for length in range(min(_LONGEST_STREET, len(bare) - start), 1, -1):
            if bare[start : start + length] in streets:
                beside = (bare[:start], bare[start + length :])
                return sorted({"".join(bare), *("".join(part) for part in beside)} - {""})
    return ["".join(bare)]


def _alike(phrases: list[_Phrase], names: list[str], least: float) -> list[tuple[int, int, int]]:
    """Phrase, name and likeness of those alike as wholes, or where a long enough name begins the phrase."""
    letters = [phrase.letters for phrase in phrases]
    likeness = cdist(letters, names, scorer=fuzz.ratio, score_cutoff=least, dtype=np.uint8)
    rows, columns = np.nonzero(likeness)
    found = [(r, c, int(likeness[r, c])) for r, c in zip(rows.tolist(), columns.tolist(), strict=True)]
    longest = max((len(name) for name in names), default=0)
    by_name: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        if len(name) >= _SHORTEST_START:
            by_name.setdefault(name, []).append(column)
    for row, text in enumerate(letters):
        for end in range(_SHORTEST_START, min(len(text), longest + 1)):
            found += [(row, column, 100) for column in by_name.get(text[:end], ())]
    return found


def _row(
    index: Index, text_id: str, place_id: str, likeness: int, entry: int, words: tuple[str, ...]
) -> dict[str, object]:
    places = index.gazetteer
    return {
        "place_text_id": text_id,
        "place_id": place_id,
        "likeness": likeness,
        "place_qualifier": qualifier(words),
        "place_easting_m": float(places.easting_m[entry]),
        "place_northing_m": float(places.northing_m[entry]),
        "opened": int(places.opened[entry]),
        "closed": int(places.closed[entry]),
    }
