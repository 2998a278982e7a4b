"""How well each candidate explains its text: one row of numbers for each pair of text and entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.process import cpdist
from scipy import sparse

from preventable.stages.places.index import Index, Searched
from preventable.stages.places.normalise import word_lists
from preventable.stages.places.texts import ReadText

#: Of a candidate. Only differences between candidates of one text matter.
FEATURES = (
    "text_explained",  # share of the text's weight that name or surroundings explain
    "text_in_name",  # share explained by the name alone
    "text_around_only",  # share explained by the surroundings alone
    "worst_unexplained",  # heaviest word that nothing explains, as a share
    "name_found",  # share of the name's weight that the text has
    "likeness",  # string ratio of name and text less what only the surroundings explain
    "exact",  # that ratio is nearly 1
    "name_first",  # the text's first telling word is in the name
    "crossing",  # share explained by streets near by, where a crossing is named
    "crossing_street",  # the same for a candidate that is a street
    "number_street",  # a street after a house number
    "area_outside",  # how far outside the area named, in sizes of the area, at most 5
    "area_missed",  # well outside the area named
    "postcode",  # has the postcode typed
    "sector",  # lies in the sector of the postcode typed
    "night_time",  # pub, bar or club
    "busy",  # logarithm of the weight
    "same_names",  # logarithm of the number of entries of that name
    "premises",
    "street",
    "distance",  # logarithm of kilometres from the site that asked
    "catchment",  # that site is the nearest one
)
#: Features that say nothing about the words: zero when the text alone is asked.
BESIDE_THE_TEXT = ("busy", "distance", "catchment", "night_time")

#: Of the answer "none of them".
NONE_FEATURES = ("constant", "generic", "best_explained", "best_likeness", "best_name_found", "words")

_SCALE = 200  # likenesses are kept as whole numbers of 1/200
_EXPLAINED = 0.5
_BARE_PENALTY = 0.04
_EXACT = 0.99
_FAR = 1.5


@dataclass(frozen=True)
class WordTable:
    """The distinct words of some texts and their likeness to every vocabulary word.

    Attributes:
        of_text: Texts x words: number of the distinct word, the last number where a text has no more.
        weight: Texts x words: how much the word tells.
        likeness: Distinct words (one more, all 0) x vocabulary (one more, all 0), in 1/200.
        search: Texts x vocabulary, weighted likeness, for the token index.
    """

    of_text: np.ndarray
    weight: np.ndarray
    likeness: np.ndarray
    search: sparse.csr_matrix


def word_table(index: Index, texts: Sequence[ReadText], width: int) -> WordTable:
    """Likenesses and weights of the words of `texts`, at most `width` words each."""
    distinct = sorted({word for text in texts for word in text.words})
    number = {word: position for position, word in enumerate(distinct)}
    meanings = index.vocabulary.likenesses(distinct)
    likeness = np.zeros((len(distinct) + 1, len(index.vocabulary) + 1), dtype=np.uint8)
    weights = np.zeros(len(distinct) + 1)
    rows, columns, values = [], [], []
    for position, (word, meaning) in enumerate(zip(distinct, meanings, strict=True)):
        likeness[position, meaning.ids] = np.rint(meaning.likeness * _SCALE)
        weights[position] = _word_weight(index, word, meaning.ids, meaning.likeness)
        rows.append(np.full(len(meaning.ids), position))
        columns.append(meaning.ids)
        values.append(meaning.likeness**2)
    of_text = np.full((len(texts), width), len(distinct), dtype=np.int64)
    for row, text in enumerate(texts):
        of_text[row, : len(text.words)] = [number[word] for word in text.words]
    weight = weights[of_text]
    spread = sparse.csr_matrix(
        (_joined(values, float), (_joined(rows, np.int64), _joined(columns, np.int64))),
        shape=(len(distinct) + 1, len(index.vocabulary)),
    )
    used = of_text < len(distinct)
    text_words = sparse.csr_matrix(
        (weight[used], (np.nonzero(used)[0], of_text[used])), shape=(len(texts), len(distinct) + 1)
    )
    return WordTable(of_text, weight, likeness, (text_words @ spread).tocsr())


def _word_weight(index: Index, word: str, ids: np.ndarray, likeness: np.ndarray) -> float:
    if word.isdigit():
        return index.unknown_idf * word_lists().weight_of_number
    if not len(ids):
        return index.unknown_idf
    sure = float(likeness[0])
    return sure * float(index.word_weight[ids[0]]) + (1 - sure) * index.unknown_idf


def candidate_features(
    index: Index,
    texts: Sequence[ReadText],
    table: WordTable,
    pairs: Searched,
    sites: np.ndarray,
    nearest_site: np.ndarray | None,
) -> np.ndarray:
    """Features of every pair.

    Args:
        index: The gazetteer.
        texts: The texts.
        table: Their words.
        pairs: Candidates.
        sites: Texts x 2, position of the site that asked in metres, NaN where unknown.
        nearest_site: Entries x 2, position of the nearest known site; None where sites are not known.

    Returns:
        Pairs x features, in the order of `FEATURES`.
    """
    text, entry = pairs.text, pairs.entry
    value = dict.fromkeys(FEATURES, np.zeros(len(text)))
    words = _Explained(index, table, pairs, np.array([t.junction for t in texts], dtype=bool))
    value["text_explained"] = words.by_any
    value["text_in_name"] = words.by_name
    value["text_around_only"] = words.around_only
    value["worst_unexplained"] = words.worst
    value["name_found"] = words.name_found
    value["name_first"] = words.first_in_name
    value["crossing"] = words.by_crossing
    value["crossing_street"] = words.by_crossing * index.is_street[entry]
    ratio = _likeness(index, texts, pairs, words.kept)
    value["likeness"] = ratio
    value["exact"] = (ratio >= _EXACT).astype(float)
    number_first = np.array([_number_first(t.words) for t in texts], dtype=bool)
    value["number_street"] = (number_first[text] & index.is_street[entry]).astype(float)
    outside = _outside_areas(index, texts, pairs, words.name_covers)
    value["area_outside"] = np.minimum(outside, 5.0)
    value["area_missed"] = (outside > _FAR).astype(float)
    value["postcode"], value["sector"] = _postcodes(index, texts, pairs)
    value["night_time"] = index.gazetteer.night_time[entry].astype(float)
    value["busy"] = np.log(index.gazetteer.weight[entry])
    value["same_names"] = np.log(index.name_count[entry])
    value["premises"] = index.is_premises[entry].astype(float)
    value["street"] = index.is_street[entry].astype(float)
    value["distance"], value["catchment"] = _site_features(index, pairs, sites, nearest_site)
    return np.column_stack([value[name] for name in FEATURES])


def none_features(texts: Sequence[ReadText], pairs: Searched, features: np.ndarray) -> np.ndarray:
    """Features of "none of them": texts x `NONE_FEATURES`."""
    lists = word_lists()
    plain = [
        sum(w in lists.generic or w in lists.cues for w in t.words) / max(len(t.words), 1) for t in texts
    ]
    columns = [np.ones(len(texts)), np.array(plain)]
    for name in ("text_explained", "likeness", "name_found"):
        best = np.zeros(len(texts))
        np.maximum.at(best, pairs.text, features[:, FEATURES.index(name)])
        columns.append(best)
    columns.append(np.log1p([len(t.words) for t in texts]))
    return np.column_stack(columns)


class _Explained:
    """Which words of a text a candidate explains; sums run word by word, so batches do not change them."""

    def __init__(self, index: Index, table: WordTable, pairs: Searched, junction: np.ndarray) -> None:
        text, entry = pairs.text, pairs.entry
        size, count = len(index.vocabulary) + 1, len(text)
        flat = table.likeness.ravel()
        name_words, around_words = index.name_words[entry], index.around_words[entry]
        crossing_rows = np.flatnonzero(junction[text])
        near_words = index.near_words[entry[crossing_rows]]
        self.total = np.zeros(count)
        self.by_any, self.by_name, self.around_only, self.by_crossing, self.worst = (
            np.zeros(count) for _ in range(5)
        )
        self.first_in_name = np.zeros(count)
        self.kept = np.zeros(count, dtype=np.int64)
        self.name_covers: list[np.ndarray] = []
        found = np.zeros(name_words.shape, dtype=np.uint8)
        undecided = np.ones(count, dtype=bool)
        for column in range(table.of_text.shape[1]):
            word, weight = table.of_text[text, column], table.weight[text, column]
            start = (word * size)[:, None]
            name_likeness = flat[start + name_words]
            np.maximum(found, name_likeness, out=found)
            in_name = name_likeness.max(axis=1) / _SCALE
            around = flat[start + around_words].max(axis=1) / _SCALE
            near = np.zeros(count)
            near[crossing_rows] = flat[start[crossing_rows] + near_words].max(axis=1, initial=0) / _SCALE
            self._add(weight, in_name, around, near)
            telling = weight > 0.5 * index.unknown_idf
            self.first_in_name[undecided & telling & (in_name >= _EXPLAINED)] = 1.0
            undecided &= ~telling
            other = np.maximum(around, near)
            drop = (in_name < _EXPLAINED) & ((other >= 0.7) | (weight < 0.25 * index.unknown_idf))
            self.kept |= np.where(drop | (word == len(table.likeness) - 1), 0, 1 << column)
            self.name_covers.append(in_name)
        scale = np.where(self.total > 0, self.total, 1.0)
        for name in ("by_any", "by_name", "around_only", "by_crossing", "worst"):
            setattr(self, name, getattr(self, name) / scale)
        self.name_found = _row_sums(index.name_weights[entry], found / _SCALE)

    def _add(self, weight: np.ndarray, in_name: np.ndarray, around: np.ndarray, near: np.ndarray) -> None:
        beside = np.maximum(around, near)
        best = np.maximum(in_name, beside)
        self.total += weight
        self.by_any += weight * best
        self.by_name += weight * in_name
        self.around_only += weight * np.maximum(around - in_name, 0.0)
        self.by_crossing += weight * np.maximum(near - np.maximum(in_name, around), 0.0)
        self.worst = np.maximum(self.worst, weight * (1 - best))


def _row_sums(weights: np.ndarray, found: np.ndarray) -> np.ndarray:
    part, whole = np.zeros(len(weights)), np.zeros(len(weights))
    for column in range(weights.shape[1]):
        part += weights[:, column] * found[:, column]
        whole += weights[:, column]
    return part / np.where(whole > 0, whole, 1.0)


def _likeness(index: Index, texts: Sequence[ReadText], pairs: Searched, kept: np.ndarray) -> np.ndarray:
    """String ratio of the name with the words kept, or of both without light words less a little."""
    if not len(pairs.text):
        return np.zeros(0)
    combined = (pairs.text << 16) | kept
    distinct, position = np.unique(combined, return_inverse=True)
    light = word_lists().light
    whole, bare = [], []
    for code in distinct.tolist():
        mask = code & 0xFFFF
        words = [word for i, word in enumerate(texts[code >> 16].words) if mask >> i & 1]
        whole.append("".join(words))
        bare.append("".join(word for word in words if word not in light))
    text_whole, text_bare = [whole[i] for i in position], [bare[i] for i in position]
    names = [index.squeezed[i] for i in pairs.entry]
    bare_names = [index.squeezed_bare[i] for i in pairs.entry]
    full = cpdist(text_whole, names, scorer=fuzz.ratio, dtype=np.float64) / 100
    less = cpdist(text_bare, bare_names, scorer=fuzz.ratio, dtype=np.float64) / 100 - _BARE_PENALTY
    return np.maximum(full, np.where(np.array([bool(t) for t in text_bare]), less, 0.0))


def _number_first(words: tuple[str, ...]) -> bool:
    cues = word_lists().cues
    first = next((word for word in words if word not in cues), "")
    return first.isdigit()


def _outside_areas(
    index: Index, texts: Sequence[ReadText], pairs: Searched, name_covers: Sequence[np.ndarray]
) -> np.ndarray:
    """Least distance outside the areas named, but 0 where the candidate's own name has the area's words."""
    outside = np.full(len(pairs.text), np.inf)
    cover = np.vstack(name_covers) if name_covers else np.zeros((0, len(pairs.text)))
    for place in range(2):
        group, start, stop = (np.full(len(texts), -1) for _ in range(3))
        for row, text in enumerate(texts):
            if len(text.mentions) > place:
                mention = text.mentions[place]
                group[row], start[row], stop[row] = (
                    mention.group,
                    mention.start,
                    mention.start + mention.length,
                )
        rows = np.flatnonzero(group[pairs.text] >= 0)
        if not len(rows):
            continue
        of_text = pairs.text[rows]
        position = np.arange(len(cover))[:, None]
        within = (position >= start[of_text]) & (position < stop[of_text])
        own = np.where(within, cover[:, rows], 1.0).min(axis=0) >= 0.8
        distance = index.area_outside[group[of_text], pairs.entry[rows]].astype(float)
        distance[own & ~index.is_area[pairs.entry[rows]]] = np.inf
        outside[rows] = np.minimum(outside[rows], distance)
    return np.where(np.isfinite(outside), outside, 0.0)


def _postcodes(index: Index, texts: Sequence[ReadText], pairs: Searched) -> tuple[np.ndarray, np.ndarray]:
    full, sector = np.zeros(len(pairs.text)), np.zeros(len(pairs.text))
    for row, text in enumerate(texts):
        if text.postcode is not None:
            mine = np.flatnonzero(pairs.text == row)
            full[mine] = np.isin(pairs.entry[mine], index.with_postcode(text.postcode))
            sector[mine] = np.isin(pairs.entry[mine], index.in_sector(text.postcode))
    return full, sector


def _site_features(
    index: Index, pairs: Searched, sites: np.ndarray, nearest_site: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    asked = sites[pairs.text]
    known = ~np.isnan(asked[:, 0])
    gap = np.where(known[:, None], index.xy[pairs.entry] - asked, 0.0)
    distance = np.log1p(np.hypot(gap[:, 0], gap[:, 1]) / 1000)
    if nearest_site is None:
        return distance, np.zeros(len(pairs.text))
    return distance, (known & (nearest_site[pairs.entry] == asked).all(axis=1)).astype(float)


def _joined(parts: Sequence[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate(parts).astype(kind) if parts else np.zeros(0, dtype=kind)
