"""How well each candidate explains its text: one row of numbers for each pair of text and entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    "text_around_only",  # share explained by the surroundings alone
    "worst_unexplained",  # heaviest word that nothing explains, as a share
    "name_found",  # share of the name's weight that the text has
    "worst_unfound",  # heaviest word of the name that the text lacks, as a share of the name
    "telling_missed",  # a word of the text that is no cue, number or generic word, which nothing here explains
    "likeness",  # string ratio of name and text less what only the surroundings explain
    "exact",  # that ratio is nearly 1
    "name_first",  # the text's first telling word is in the name
    "crossing",  # share explained by streets near by, where a crossing is named
    "crossing_street",  # the same for a candidate that is a street
    "number_street",  # a street after a house number
    "number_named",  # the name has a number of the text
    "street_word_missed",  # the text has a word that ends streets' names, which nothing here explains
    "area_beside",  # an area, where other words than cues, numbers and generic ones stay unexplained
    "area_named",  # an area, where a name that is no area's stands in the text in full
    "generic_area",  # an area, where all other words are generic
    "generic_named",  # there, a premises or street of just those words ("Eastmere Pharmacy")
    "said_twice",  # words of the text beyond the first for one word of the name, as a share of its words
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
NONE_FEATURES = (
    "constant",
    "generic",  # share of generic and cue words
    "best_explained",  # most of the text that any candidate explains
    "best_likeness",
    "best_name_found",
    "best_whole",  # the least of these three, of the candidate where it is largest
    "generic_area",  # nothing but generic words and an area
    "words",  # logarithm of their number
)

_SCALE = 200  # likenesses are kept as whole numbers of 1/200
_EXPLAINED = 0.5
_BARE_PENALTY = 0.04
_EXACT = 0.99
_NAMED = 0.93  # likeness of a name to a text of an area and generic words that is that name
_FAR = 1.5


@dataclass(frozen=True)
class WordTable:
    """The distinct words of some texts and their likeness to every vocabulary word.

    Attributes:
        of_text: Texts x words: number of the distinct word, the last number where a text has no more.
        weight: Texts x words: how much the word tells.
        locality: Texts x words: whether it follows the street of an address, and so is in no name.
        likeness: Distinct words (one more, all 0) x vocabulary (one more, all 0), in 1/200.
        ends_street, tells, aside: Distinct words (one more): whether the word ends streets' names; whether
            it is more than a cue, a generic word or a number; whether it is a cue or a number.
        number: Distinct words (one more): whether the word is a number.
        search: Texts x vocabulary, weighted likeness, for the token index.
    """

    of_text: np.ndarray
    weight: np.ndarray
    locality: np.ndarray
    likeness: np.ndarray
    ends_street: np.ndarray
    tells: np.ndarray
    aside: np.ndarray
    number: np.ndarray
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
    weight, locality = weights[of_text], np.zeros(of_text.shape, dtype=bool)
    for row, text in enumerate(texts):
        if text.localities:
            locality[row, len(text.words) - text.localities : len(text.words)] = True
            beside = locality[row].copy()
            for mention in text.mentions:
                beside[mention.start : mention.start + mention.length] = False
            weight[row, beside] *= word_lists().weight_of_locality
    spread = sparse.csr_matrix(
        (_joined(values, float), (_joined(rows, np.int64), _joined(columns, np.int64))),
        shape=(len(distinct) + 1, len(index.vocabulary)),
    )
    used = of_text < len(distinct)
    text_words = sparse.csr_matrix(
        (weight[used], (np.nonzero(used)[0], of_text[used])), shape=(len(texts), len(distinct) + 1)
    )
    lists = word_lists()
    meant = [index.vocabulary.meant(word) for word in distinct]
    ends_street = np.array([*(word in lists.street_types for word in meant), False], dtype=bool)
    number = np.array([*(word.isdigit() for word in distinct), False], dtype=bool)
    aside = np.array([*(word in lists.cues or word.isdigit() for word in meant), True], dtype=bool)
    tells = ~aside & ~np.array([*(word in lists.generic for word in meant), False], dtype=bool)
    return WordTable(
        of_text=of_text,
        weight=weight,
        locality=locality,
        likeness=likeness,
        ends_street=ends_street,
        tells=tells,
        aside=aside,
        number=number,
        search=(text_words @ spread).astype(np.float32),
    )


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
    value["text_around_only"] = words.around_only
    value["worst_unexplained"] = words.worst
    value["name_found"] = words.name_found
    value["worst_unfound"], value["telling_missed"] = words.worst_unfound, words.telling_missed
    value["name_first"] = words.first_in_name
    value["crossing"] = words.by_crossing
    value["crossing_street"] = words.by_crossing * index.is_street[entry]
    ratio = _likeness(index, texts, pairs, words.kept)
    value["likeness"] = ratio
    value["exact"] = (ratio >= _EXACT).astype(float)
    number_first = np.array([_number_first(t.words) for t in texts], dtype=bool)
    value["number_street"] = (number_first[text] & index.is_street[entry]).astype(float)
    value["number_named"] = words.number_named
    value["street_word_missed"] = words.street_word_missed
    only_area = np.array([t.generic_and_area for t in texts], dtype=bool)[text]
    value["area_beside"] = words.telling_missed * (index.is_area[entry] & ~only_area)
    named = np.array([t.named_beside for t in texts], dtype=bool)[text]
    value["area_named"] = (index.is_area[entry] & named).astype(float)
    value["generic_area"] = (index.is_area[entry] & only_area).astype(float)
    value["generic_named"] = ((ratio >= _NAMED) & only_area & ~index.is_area[entry]).astype(float)
    value["said_twice"] = words.said_twice
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
    three = [features[:, FEATURES.index(name)] for name in ("text_explained", "likeness", "name_found")]
    for value in (*three, np.minimum.reduce(three)):
        best = np.zeros(len(texts))
        np.maximum.at(best, pairs.text, value)
        columns.append(best)
    columns.append(np.array([float(t.generic_and_area) for t in texts]))
    columns.append(np.log1p([len(t.words) for t in texts]))
    return np.column_stack(columns)


class _Explained:
    """Which words of a text a candidate explains; sums run word by word, so batches do not change them."""

    def __init__(self, index: Index, table: WordTable, pairs: Searched, junction: np.ndarray) -> None:
        text = pairs.text
        count = len(text)
        in_name, again, found = self._by_name(index, table, pairs)
        weights = index.name_weights[pairs.entry]
        self.name_found = _row_sums(weights, found)
        self.worst_unfound = (weights * (1 - found)).max(axis=1, initial=0) / np.maximum(
            _plain_sums(weights), 1e-9
        )
        around = self._by_surroundings(index, table, pairs)
        near = self._by_streets_near(index, table, pairs, junction)
        self.total, self.by_any, self.around_only, self.by_crossing, self.worst = (
            np.zeros(count) for _ in range(5)
        )
        self.first_in_name, self.street_word_missed, self.telling_missed = (np.zeros(count) for _ in range(3))
        self.kept = np.zeros(count, dtype=np.int64)
        self.name_covers = in_name
        self.number_named = np.zeros(count)
        twice, used = np.zeros(count), np.zeros(count)
        undecided = np.ones(count, dtype=bool)
        for column in range(table.of_text.shape[1]):
            word, weight = table.of_text[text, column], table.weight[text, column]
            self._add(weight, in_name[column], around[column], near[column])
            telling = weight > 0.5 * index.unknown_idf
            self.first_in_name[undecided & telling & (in_name[column] >= _EXPLAINED)] = 1.0
            undecided &= ~telling
            other = np.maximum(around[column], near[column])
            missed = np.maximum(in_name[column], other) < _EXPLAINED
            self.number_named[table.number[word] & (in_name[column] >= _EXACT)] = 1.0
            twice += again[column] & (around[column] < 0.7)
            used += word < len(table.likeness) - 1
            self.street_word_missed[missed & table.ends_street[word]] = 1.0
            self.telling_missed[missed & table.tells[word]] = 1.0
            elsewhere = (in_name[column] < _EXPLAINED) | again[column]
            drop = elsewhere & ((other >= 0.7) | table.aside[word])
            self.kept |= np.where(drop | (word == len(table.likeness) - 1), 0, 1 << column)
        self.said_twice = twice / np.maximum(used, 1.0)
        scale = np.where(self.total > 0, self.total, 1.0)
        for name in ("by_any", "around_only", "by_crossing", "worst"):
            setattr(self, name, getattr(self, name) / scale)

    def _by_name(
        self, index: Index, table: WordTable, pairs: Searched
    ) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
        """Likeness of each word to its best in the name, whether an earlier word has taken that one already,
        and likeness of each word of the name to its best in the text."""
        words = index.name_words[pairs.entry]
        every = np.arange(len(words))
        found = np.zeros(words.shape, dtype=np.uint8)
        covers, again = [], []
        taken = np.zeros(len(words), dtype=np.int64)
        no_area = ~index.is_area[pairs.entry]
        for column, likeness in enumerate(_looked_up(table, pairs.text, words)):
            likeness[table.locality[pairs.text, column] & no_area] = 0
            np.maximum(found, likeness, out=found)
            place = likeness.argmax(axis=1)
            best = likeness[every, place] / _SCALE
            met = best >= _EXPLAINED
            again.append(met & ((taken >> place) & 1).astype(bool))
            taken |= np.where(met, np.int64(1) << place, 0)
            covers.append(best)
        return covers, again, found / _SCALE

    def _by_surroundings(self, index: Index, table: WordTable, pairs: Searched) -> list[np.ndarray]:
        """The same for street and areas around, each word as far as its whole street's or area's name is found.

        "Green lane" is not told by the "Green" of a ward "Hall Green North".
        """
        words, unit = index.around_words[pairs.entry], index.around_unit[pairs.entry]
        share = index.around_share[pairs.entry]
        looked_up = list(_looked_up(table, pairs.text, words))
        found = np.zeros(words.shape, dtype=np.uint8)
        for likeness in looked_up:
            np.maximum(found, likeness, out=found)
        part = found * (share / _SCALE)
        whole = np.zeros(words.shape, dtype=np.float32)
        for number in range(4):
            mine = unit == number
            whole[mine] = np.repeat(_plain_sums(np.where(mine, part, 0)), mine.sum(axis=1))
        return [(likeness * whole).max(axis=1, initial=0) / _SCALE for likeness in looked_up]

    def _by_streets_near(
        self, index: Index, table: WordTable, pairs: Searched, junction: np.ndarray
    ) -> list[np.ndarray]:
        """The same for streets close by, where the text seems to name a crossing."""
        rows = np.flatnonzero(junction[pairs.text])
        near = np.zeros((table.of_text.shape[1], len(pairs.text)))
        found = _looked_up(table, pairs.text[rows], index.near_words[pairs.entry[rows]])
        for column, likeness in enumerate(found):
            near[column, rows] = likeness.max(axis=1, initial=0) / _SCALE
        return list(near)

    def _add(self, weight: np.ndarray, in_name: np.ndarray, around: np.ndarray, near: np.ndarray) -> None:
        beside = np.maximum(around, near)
        best = np.maximum(in_name, beside)
        self.total += weight
        self.by_any += weight * best
        self.around_only += weight * np.maximum(around - in_name, 0.0)
        self.by_crossing += weight * np.maximum(near - np.maximum(in_name, around), 0.0)
        self.worst = np.maximum(self.worst, weight * (1 - best))


def _looked_up(table: WordTable, text: np.ndarray, words: np.ndarray) -> Iterator[np.ndarray]:
    """For each word of the texts its likeness to the words of every pair, in 1/200."""
    flat, size = table.likeness.ravel(), table.likeness.shape[1]
    for column in range(table.of_text.shape[1]):
        yield flat[(table.of_text[text, column] * size)[:, None] + words]


def _plain_sums(values: np.ndarray) -> np.ndarray:
    """Sums of rows, column by column, so that the number of rows does not change them."""
    total = np.zeros(len(values), dtype=values.dtype)
    for column in range(values.shape[1]):
        total += values[:, column]
    return total


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
    """Least distance outside the areas named, but 0 where the candidate's own name has the area's words.

    An area named twice ("Walsall Road, Walsall") is meant as an area the second time.
    """
    outside = np.full(len(pairs.text), np.inf)
    cover = np.vstack(name_covers) if name_covers else np.zeros((0, len(pairs.text)))
    for place in range(2):
        group, start, stop = (np.full(len(texts), -1) for _ in range(3))
        again = np.zeros(len(texts), dtype=bool)
        for row, text in enumerate(texts):
            if len(text.mentions) > place:
                mention = text.mentions[place]
                group[row], start[row], stop[row] = (
                    mention.group,
                    mention.start,
                    mention.start + mention.length,
                )
                again[row] = any(m.group == mention.group and m.start < mention.start for m in text.mentions)
        rows = np.flatnonzero(group[pairs.text] >= 0)
        if not len(rows):
            continue
        of_text = pairs.text[rows]
        position = np.arange(len(cover))[:, None]
        within = (position >= start[of_text]) & (position < stop[of_text])
        own = np.where(within, cover[:, rows], 1.0).min(axis=0) >= 0.8
        distance = index.area_outside[group[of_text], pairs.entry[rows]].astype(float)
        distance[own & ~index.is_area[pairs.entry[rows]] & ~again[of_text]] = np.inf
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
