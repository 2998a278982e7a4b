"""Peers of the resolver that anyone can build in an hour: rapidfuzz's ratio, and SQLite's trigram index.

Both answer every text and tell no probability. Of equals both take the nearest to the hospital that asks.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence

import numpy as np
from rapidfuzz import fuzz, process, utils

from preventable.stages.places.gazetteer import Gazetteer

Asked = tuple[str, tuple[float, float]]

_BATCH = 500
#: Points of ratio that a metre costs: it decides between equal names alone.
_LESS_PER_M = 1e-5
_FIRST = 2000  # rows of the trigram index that are ranked


def by_ratio(gazetteer: Gazetteer, asked: Sequence[Asked]) -> list[int]:
    """Entry with the most alike name by `rapidfuzz.fuzz.ratio`, for each text and site."""
    names = [utils.default_process(name) for name in gazetteer.name]
    found: list[int] = []
    for start in range(0, len(asked), _BATCH):
        some = asked[start : start + _BATCH]
        texts = [utils.default_process(text) for text, _ in some]
        alike = process.cdist(texts, names, scorer=fuzz.ratio, dtype=np.float32)
        far = np.vstack([_distance(gazetteer, site) for _, site in some])
        found += (alike - _LESS_PER_M * far).argmax(axis=1).tolist()
    return found


def by_trigrams(gazetteer: Gazetteer, asked: Sequence[Asked]) -> list[int | None]:
    """Entry with the most alike name among the first that SQLite FTS5's trigram index ranks.

    Name, street and areas are indexed together; a text is the OR of its letter triples.
    """
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE places USING fts5(name, tokenize='trigram')")
    rows = zip(gazetteer.name, gazetteer.street, gazetteer.around, strict=True)
    written = [" ".join([name, street, *around]).lower() for name, street, around in rows]
    database.executemany(
        "INSERT INTO places(rowid, name) VALUES (?, ?)", [(i + 1, text) for i, text in enumerate(written)]
    )
    return [_best_by_trigrams(database, gazetteer, written, *one) for one in asked]


def _best_by_trigrams(
    database: sqlite3.Connection,
    gazetteer: Gazetteer,
    written: Sequence[str],
    text: str,
    site: tuple[float, float],
) -> int | None:
    plain = re.sub(r"[^a-z0-9 ]", " ", text.lower()).strip()
    triples = sorted({plain[i : i + 3] for i in range(len(plain) - 2)})
    if not triples:
        return None
    asked = " OR ".join(f'"{triple}"' for triple in triples)
    ranked = database.execute(
        f"SELECT rowid FROM places WHERE places MATCH ? ORDER BY rank LIMIT {_FIRST}", (asked,)
    ).fetchall()
    if not ranked:
        return None
    entries = np.array([row[0] - 1 for row in ranked])
    alike = process.cdist(
        [plain], [written[entry] for entry in entries], scorer=fuzz.token_set_ratio, dtype=np.float32
    )[0]
    names = process.cdist(
        [plain], [gazetteer.name[entry].lower() for entry in entries], scorer=fuzz.ratio, dtype=np.float32
    )[0]
    far = _distance(gazetteer, site)[entries]
    return int(entries[(alike + names - _LESS_PER_M * far).argmax()])


def _distance(gazetteer: Gazetteer, site: tuple[float, float]) -> np.ndarray:
    return np.hypot(np.asarray(gazetteer.easting_m) - site[0], np.asarray(gazetteer.northing_m) - site[1])
