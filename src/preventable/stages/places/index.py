"""The gazetteer ready for search: words, letter triples, area names, the best few entries for each text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from preventable.stages.places.gazetteer import AREA, PREMISES, STREET, Gazetteer
from preventable.stages.places.normalise import normalise, word_lists
from preventable.stages.places.vocabulary import Vocabulary

_NAME_WORDS, _AROUND_WORDS, _NEAR_WORDS = 10, 14, 24
_UNITS = 4  # street, ward, place, district
_LEAST_PART = 3  # letters of either part of a word that others write as two
_NEAR_STREETS_M = 400.0
_AROUND_WEIGHT = 0.03
_COMMON_ROWS = 3000  # words and letter triples in more rows than this find nothing
_COMMON_TRIPLES = 1500


@dataclass(frozen=True)
class Searched:
    """Candidates: for each pair the position of a text and of an entry, sorted by text, then entry."""

    text: np.ndarray
    entry: np.ndarray


class Index:
    """Search structures of one gazetteer; see `Gazetteer` for what an entry is."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        names, streets, around, self.apart = _written_apart(gazetteer)
        surroundings = [
            tuple(dict.fromkeys(street + tuple(word for area in areas for word in area)))
            for street, areas in zip(streets, around, strict=True)
        ]
        self.names = names
        #: Pairs of words that stand side by side in a name.
        self.side_by_side = {pair for name in names for pair in pairwise(name)}
        self.vocabulary = Vocabulary(
            [word for words in (*names, *surroundings) for word in words] + list(self.apart)
        )
        self.kind = np.array(gazetteer.kind)
        self.is_premises, self.is_street, self.is_area = (
            self.kind == kind for kind in (PREMISES, STREET, AREA)
        )
        self.xy = np.column_stack((gazetteer.easting_m, gazetteer.northing_m)).reshape(-1, 2)
        self._number_names(names)
        self._number_words(names)
        beside = [[area for area in areas if area != name] for name, areas in zip(names, around, strict=True)]
        self._number_surroundings(streets, beside)
        self._find_near_streets(names)
        self._build_token_index(surroundings)
        self._build_triple_index()
        self._build_areas(names, around)
        self._by_postcode = _positions(gazetteer.postcode)
        self._by_sector = _positions([_sector(postcode) for postcode in gazetteer.postcode])

    # --- building ---------------------------------------------------------------------------

    def _number_names(self, names: Sequence[tuple[str, ...]]) -> None:
        numbers: dict[tuple[str, ...], int] = {}
        self.name_number = np.array(
            [numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64
        )
        self.name_count = np.bincount(self.name_number, minlength=1)[self.name_number]
        light, cues = word_lists().light, word_lists().cues
        plain = (cues | set(word_lists().generic)) - word_lists().chains
        #: Names of two or more words, not all of them cues: in full they are a name, however generic.
        self.phrases = {
            name for name in names if len([w for w in name if w != "the"]) >= 2 and not cues.issuperset(name)
        }
        self.generic_name = np.array(
            [name not in self.phrases and all(w in plain or w.isdigit() for w in name) for name in names],
            dtype=bool,
        )
        self.squeezed = ["".join(name) for name in names]
        self.squeezed_bare = [
            "".join(word for word in name if word not in light) or whole
            for name, whole in zip(names, self.squeezed, strict=True)
        ]
        places: dict[str, int] = {}
        self.place_number = np.array(
            [places.setdefault(place, len(places)) for place in self.gazetteer.place_id], dtype=np.int64
        )

    def _number_words(self, names: Sequence[tuple[str, ...]]) -> None:
        lists, id_of = word_lists(), self.vocabulary.id_of
        counts = np.zeros(len(self.vocabulary))
        for words in names:
            for word in set(words):
                counts[id_of[word]] += 1
        self.name_rows = counts
        self.idf = np.log(1 + len(names) / np.maximum(counts, 1))
        self.unknown_idf = float(np.log(1 + max(len(names), 1) / 2))
        factor = np.ones(len(self.vocabulary))
        for words, value in ((lists.light, lists.weight_of_light), (lists.cues, lists.weight_of_cue)):
            for word in words:
                if word in id_of:
                    factor[id_of[word]] = value
        for word, position in id_of.items():
            if word.isdigit():
                factor[position] = lists.weight_of_number
        self.word_weight = self.idf * factor
        name_weight = self.idf * np.where(factor == lists.weight_of_light, lists.weight_of_light, 1.0)
        self.name_words = _padded(
            [[id_of[w] for w in name] for name in names], _NAME_WORDS, len(self.vocabulary)
        )
        self.name_weights = np.append(name_weight, 0.0)[self.name_words]

    def _number_surroundings(
        self, streets: Sequence[tuple[str, ...]], around: Sequence[Sequence[tuple[str, ...]]]
    ) -> None:
        """Words of the street and of each area around an entry, and each word's share of its street or area."""
        id_of, filler = self.vocabulary.id_of, len(self.vocabulary)
        self.around_words = np.full((len(streets), _AROUND_WORDS), filler, dtype=np.int32)
        self.around_unit = np.zeros((len(streets), _AROUND_WORDS), dtype=np.int8)
        known: dict[tuple[tuple[str, ...], ...], tuple[list[int], list[int]]] = {}
        for entry, (street, areas) in enumerate(zip(streets, around, strict=True)):
            units = (street, *areas)
            if units not in known:
                words = [(id_of[w], number) for number, unit in enumerate(units[:_UNITS]) for w in unit]
                words = words[:_AROUND_WORDS]
                known[units] = [w for w, _ in words], [u for _, u in words]
            ids, numbers = known[units]
            self.around_words[entry, : len(ids)] = ids
            self.around_unit[entry, : len(ids)] = numbers
        weight = np.append(self.idf, 0.0)[self.around_words]
        self.around_share = np.zeros(weight.shape, dtype=np.float32)
        for unit in range(_UNITS):
            mine = np.where(self.around_unit == unit, weight, 0.0)
            whole = mine.sum(axis=1)
            self.around_share += (mine / np.where(whole > 0, whole, 1.0)[:, None]).astype(np.float32)

    def _find_near_streets(self, names: Sequence[tuple[str, ...]]) -> None:
        """For each entry the telling words of streets close to it, nearest first: for crossings."""
        types, id_of = word_lists().street_types, self.vocabulary.id_of
        self.near_words = np.full((len(names), _NEAR_WORDS), len(self.vocabulary), dtype=np.int32)
        streets = np.flatnonzero(self.is_street)
        if not len(streets):
            return
        tree = cKDTree(self.xy[streets])
        distances, found = tree.query(self.xy, k=min(16, len(streets)), distance_upper_bound=_NEAR_STREETS_M)
        found = found.reshape(len(names), -1)
        for entry, row in enumerate(found):
            words: dict[int, None] = {}
            for position in row:
                if position < len(streets) and self.name_number[streets[position]] != self.name_number[entry]:
                    words.update((id_of[w], None) for w in names[streets[position]] if w not in types)
            for column, word in enumerate(list(words)[:_NEAR_WORDS]):
                self.near_words[entry, column] = word

    def _build_token_index(self, surroundings: Sequence[tuple[str, ...]]) -> None:
        id_of, size = self.vocabulary.id_of, len(self.vocabulary)
        entries, width = self.name_words.shape
        row = np.repeat(np.arange(entries), width)
        length = np.sqrt((self.name_weights**2).sum(axis=1))
        scaled = self.name_weights / np.where(length > 0, length, 1.0)[:, None]
        used = self.name_words.ravel() < size
        name_part = sparse.csr_matrix(
            (scaled.ravel()[used], (self.name_words.ravel()[used], row[used])), shape=(size, entries)
        )
        around = [(id_of[w], entry) for entry, words in enumerate(surroundings) for w in words]
        around = [(word, entry) for word, entry in around if self.idf[word] > 0]
        columns = np.array(around, dtype=np.int64).reshape(-1, 2)
        around_part = sparse.csr_matrix(
            (np.full(len(columns), _AROUND_WEIGHT), (columns[:, 0], columns[:, 1])), shape=(size, entries)
        )
        both = (name_part + around_part).tocsr()
        common = np.diff(both.indptr) > _COMMON_ROWS
        self.token_index = (sparse.diags((~common).astype(float)) @ both).tocsr().astype(np.float32)
        self.token_index.eliminate_zeros()

    def _build_triple_index(self) -> None:
        triples = [_triples(name) for name in self.squeezed]
        counts: dict[str, int] = {}
        for found in triples:
            for triple in found:
                counts[triple] = counts.get(triple, 0) + 1
        kept = sorted(triple for triple, count in counts.items() if count < _COMMON_TRIPLES)
        self.triple_id = {triple: position for position, triple in enumerate(kept)}
        idf = np.array([np.log(1 + len(self.squeezed) / counts[triple]) for triple in kept])
        pairs = np.array(
            [
                (self.triple_id[t], entry)
                for entry, found in enumerate(triples)
                for t in found
                if t in self.triple_id
            ],
            dtype=np.int64,
        ).reshape(-1, 2)
        weight = idf[pairs[:, 0]]
        length = np.sqrt(np.bincount(pairs[:, 1], weights=weight**2, minlength=len(triples)))
        self.triple_idf = idf.astype(np.float32)
        self.triple_index = sparse.csr_matrix(
            (weight / length[pairs[:, 1]], (pairs[:, 0], pairs[:, 1])),
            shape=(len(kept), len(triples)),
            dtype=np.float32,
        )

    def _build_areas(
        self, names: Sequence[tuple[str, ...]], around: Sequence[Sequence[tuple[str, ...]]]
    ) -> None:
        """Area names, and how far outside each area every entry lies, in units of the area's size."""
        groups: dict[tuple[str, ...], list[int]] = {}
        for entry in np.flatnonzero(self.is_area):
            groups.setdefault(names[entry], []).append(int(entry))
        self.area_group = {name: number for number, name in enumerate(groups)}
        self.area_entries = list(groups.values())
        self.area_words = {self.vocabulary.id_of[word] for name in groups for word in name}
        self.area_outside = np.zeros((len(groups), len(names)), dtype=np.float16)
        for number, entries in enumerate(self.area_entries):
            outside = np.full(len(names), 50.0)
            for entry in entries:
                distance = np.hypot(*(self.xy - self.xy[entry]).T)
                outside = np.minimum(outside, distance / (2 * max(self.gazetteer.size_m[entry], 1.0)))
            self.area_outside[number] = outside
        for entry, areas in enumerate(around):
            for area in areas:
                if area in self.area_group:
                    self.area_outside[self.area_group[area], entry] = 0.0

    # --- search -----------------------------------------------------------------------------

    def with_postcode(self, postcode: str | None) -> np.ndarray:
        """Entries that have this full postcode."""
        return self._by_postcode.get(postcode or "-", _NONE)

    def in_sector(self, postcode: str | None) -> np.ndarray:
        """Entries in the sector of this full postcode."""
        return self._by_sector.get(_sector(postcode or "-"), _NONE)

    def triples_of(self, words: Sequence[str]) -> list[int]:
        """Ids of the letter triples of the words written together."""
        found = (self.triple_id.get(triple) for triple in _triples("".join(words)))
        return sorted(triple for triple in found if triple is not None)


_NONE = np.array([], dtype=np.int64)


def best_entries(
    scores: sparse.csr_matrix,
    counts: Callable[[np.ndarray, np.ndarray], np.ndarray] | None,
    prior: Callable[[np.ndarray, np.ndarray], np.ndarray],
    *,
    limit: int,
    share: float,
) -> Searched:
    """The best `limit` entries of each row among those that reach `share` of the row's best.

    Args:
        scores: Texts x entries, 0 or more.
        counts: Whether an entry counts for a text, from rows and columns; None where all do.
        prior: What is added to a score after scaling by the row's best, from rows and columns.
        limit: Most entries of one text.
        share: Least share of the row's best score.
    """
    starts, columns, values = scores.indptr, scores.indices, scores.data
    if counts is not None:
        rows = np.repeat(np.arange(scores.shape[0]), np.diff(starts))
        kept = counts(rows, columns)
        columns, values = columns[kept], values[kept]
        starts = np.concatenate(([0], np.cumsum(np.bincount(rows[kept], minlength=scores.shape[0]))))
    lengths = np.diff(starts)
    best = np.zeros(scores.shape[0], dtype=values.dtype)
    if len(values):
        best[lengths > 0] = np.maximum.reduceat(values, starts[:-1][lengths > 0])
    keep = np.flatnonzero((values >= np.repeat(best * values.dtype.type(share), lengths)) & (values > 0))
    rows, columns = np.searchsorted(starts, keep, side="right") - 1, columns[keep].astype(np.int64)
    value = values[keep] / best[rows] + prior(rows, columns)
    order = np.lexsort((columns, -value, rows))
    rows, columns = rows[order], columns[order]
    keep = np.arange(len(rows)) - np.searchsorted(rows, rows) < limit
    return Searched(rows[keep], columns[keep])


def _written_apart(
    gazetteer: Gazetteer,
) -> tuple[
    list[tuple[str, ...]], list[tuple[str, ...]], list[list[tuple[str, ...]]], dict[str, tuple[str, str]]
]:
    """Words of names, streets and areas; a word that others write as two ("foodstore") is two everywhere.

    Those words come last, each with its two.
    """
    names = [normalise(name).words for name in gazetteer.name]
    pairs = {one + other: (one, other) for name in names for one, other in pairwise(name)}
    apart = {
        word: pairs[word]
        for name in names
        for word in name
        if word in pairs and min(map(len, pairs[word])) >= _LEAST_PART and not word.isdigit()
    }

    def written(words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(part for word in words for part in apart.get(word, (word,)))

    return (
        [written(name) for name in names],
        [written(normalise(street).words) for street in gazetteer.street],
        [[written(normalise(name).words) for name in areas] for areas in gazetteer.around],
        apart,
    )


def _padded(lists: Sequence[Sequence[int]], width: int, filler: int) -> np.ndarray:
    table = np.full((len(lists), width), filler, dtype=np.int32)
    for row, values in enumerate(lists):
        kept = list(dict.fromkeys(values))[:width]
        table[row, : len(kept)] = kept
    return table


def _triples(squeezed: str) -> list[str]:
    marked = f"^{squeezed}$"
    # In order: sums over them must not depend on the hash seed.
    return sorted({marked[i : i + 3] for i in range(len(marked) - 2)})


def _sector(postcode: str) -> str:
    return postcode[:-2] if len(postcode) > 4 else postcode


def _positions(values: Sequence[str]) -> dict[str, np.ndarray]:
    found: dict[str, list[int]] = {}
    for position, value in enumerate(values):
        if value:
            found.setdefault(value, []).append(position)
    return {value: np.array(positions, dtype=np.int64) for value, positions in found.items()}
