"""Words of the gazetteer and what a typed word may have been meant to be."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist
from scipy import sparse

from preventable.stages.places.normalise import word_lists

_NEIGHBOURS = 24  # corrections looked at for one word
_LEAST_DICE = 0.34  # least share of common letter pairs
_SHORT = 5  # letters of a word up to which swapped letters are looked for one by one
_PREFIX_LIKENESS = 0.85
_LEAST_MEANT = 0.8  # likeness from which an unknown word is read as a known one
_KNOWN_NEIGHBOUR = 0.9  # factor on the likeness of other words to a word that is itself known


@dataclass(frozen=True)
class Likenesses:
    """What a typed word may mean: ids of vocabulary words and likeness from 0 to 1, best first."""

    ids: np.ndarray
    likeness: np.ndarray


class Vocabulary:
    """All words of the names and surroundings, with cue and generic words.

    Args:
        words: The words; order and repeats do not matter.
    """

    def __init__(self, words: Iterable[str]) -> None:
        lists = word_lists()
        parts = {word for phrase in lists.joined_short for word in phrase if len(word) > 2}
        self.words: list[str] = sorted(set(words) | parts | lists.cues | set(lists.generic))
        self.id_of = {word: position for position, word in enumerate(self.words)}
        long_forms = sorted(word for word, short in lists.short.items() if short in self.id_of)
        self._targets = self.words + [word for word in long_forms if word not in self.id_of]
        self._target_ids = np.array(
            [
                self.id_of[lists.short.get(word, word)] if word not in self.id_of else self.id_of[word]
                for word in self._targets
            ],
            dtype=np.int64,
        )
        self._pair_ids: dict[str, int] = {}
        self._pair_matrix = self._pairs_of(self._targets, learn=True)
        self._pair_counts = np.asarray(self._pair_matrix.sum(axis=1)).ravel()
        self._pair_columns = self._pair_matrix.T.tocsr()
        self._alike = self._alike_words()
        self._known: dict[str, Likenesses] = {}

    def __len__(self) -> int:
        return len(self.words)

    def likenesses(self, words: Sequence[str]) -> list[Likenesses]:
        """What each word may mean; worked out once for each distinct word."""
        new = sorted({word for word in words if word not in self._known})
        for start in range(0, len(new), 400):
            self._learn(new[start : start + 400])
        return [self._known[word] for word in words]

    def meant(self, word: str) -> str:
        """The word, or for an unknown one the likeliest known word, where it is likely enough."""
        if word in self.id_of:
            return word
        meaning = self._known.get(word) or self.likenesses([word])[0]
        if not len(meaning.ids) or meaning.likeness[0] < _LEAST_MEANT:
            return word
        return self.words[int(meaning.ids[0])]

    def _pairs_of(self, words: Sequence[str], *, learn: bool = False) -> sparse.csr_matrix:
        rows, columns = [], []
        for row, word in enumerate(words):
            marked = f"^{word}$"
            for pair in sorted({marked[i : i + 2] for i in range(len(marked) - 1)}):
                column = (
                    self._pair_ids.setdefault(pair, len(self._pair_ids))
                    if learn
                    else self._pair_ids.get(pair)
                )
                if column is not None:
                    rows.append(row)
                    columns.append(column)
        shape = (len(words), len(self._pair_ids))
        return sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)

    def _alike_words(self) -> dict[str, list[tuple[int, float]]]:
        alike: dict[str, list[tuple[int, float]]] = {}
        for words, likeness in word_lists().likeness:
            for word in words:
                others = [
                    (self.id_of[other], likeness) for other in words if other != word and other in self.id_of
                ]
                alike.setdefault(word, []).extend(others)
        return alike

    def _learn(self, words: Sequence[str]) -> None:
        near = self._near_words(words)
        for position, word in enumerate(words):
            best: dict[int, float] = {}
            factor = _KNOWN_NEIGHBOUR if word in self.id_of else 1.0
            # An ordinary word that is in no name is no typing error; it may be a longer word cut off.
            mistyped = word in self.id_of or word not in word_lists().common
            for target, likeness in (*near[position], *self._swapped(word)) if mistyped else ():
                best[target] = max(best.get(target, 0.0), likeness * factor)
            if word not in self.id_of:
                for target in self._prefixed(word):
                    best[target] = max(best.get(target, 0.0), _PREFIX_LIKENESS)
            for target, likeness in self._alike.get(word, ()):
                best[target] = max(best.get(target, 0.0), likeness)
            if word in self.id_of:
                best[self.id_of[word]] = 1.0
            order = sorted(best, key=lambda target: (-best[target], target))[:_NEIGHBOURS]
            self._known[word] = Likenesses(
                np.array(order, dtype=np.int64), np.array([best[target] for target in order])
            )

    def _near_words(self, words: Sequence[str]) -> list[list[tuple[int, float]]]:
        """For each word the targets within the allowed number of typing errors."""
        row, target = self._sharing_pairs(words)
        typed = [words[i] for i in row]
        meant = [self._targets[j] for j in target]
        found: list[list[tuple[int, float]]] = [[] for _ in words]
        if not typed:
            return found
        errors = cpdist(typed, meant, scorer=OSA.distance, dtype=np.int32)
        length = np.array([max(len(a), len(b)) for a, b in zip(typed, meant, strict=True)])
        allowed = np.where(length <= 5, 1, np.where(length <= 8, 2, 3))
        likeness = 1 - errors / length
        same_start = np.array([a[0] == b[0] for a, b in zip(typed, meant, strict=True)])
        likeness += np.where(same_start, 0.2 * (1 - likeness), 0.0)
        for i in np.flatnonzero((errors <= allowed) & (errors < length)):
            found[row[i]].append((int(self._target_ids[target[i]]), float(likeness[i])))
        return found

    def _sharing_pairs(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Positions of words and of the targets that share most letter pairs with them."""
        pairs = self._pairs_of(words)
        common = (pairs @ self._pair_columns).tocsr()
        row = np.repeat(np.arange(len(words)), np.diff(common.indptr))
        target, own = common.indices, np.array([len(word) + 1 for word in words], dtype=np.float32)
        dice = 2 * common.data / (own[row] + self._pair_counts[target])
        keep = dice >= _LEAST_DICE
        row, target, dice = row[keep], target[keep], dice[keep]
        order = np.lexsort((target, -dice, row))
        row, target = row[order], target[order]
        first = np.searchsorted(row, row)
        keep = np.arange(len(row)) - first < _NEIGHBOURS
        return row[keep], target[keep]

    def _swapped(self, word: str) -> list[tuple[int, float]]:
        """Known words that two letters side by side in each other's place make: short ones share no pair."""
        if len(word) > _SHORT:
            return []
        swaps = (word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1))
        found = {self.id_of[swap] for swap in swaps if swap in self.id_of and swap != word}
        return [(target, 1 - 1 / len(word)) for target in sorted(found)]

    def _prefixed(self, word: str) -> list[int]:
        if len(word) < 4:
            return []
        start = bisect_left(self.words, word)
        found = []
        while start < len(self.words) and self.words[start].startswith(word) and len(found) < _NEIGHBOURS:
            found.append(start)
            start += 1
        return found
