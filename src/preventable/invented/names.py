"""Names for the invented county, each with a stem that no real place bears.

Parts and patterns are data (names.toml); what a test must compare with real registers is `invented_words`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from preventable.invented.draws import parameters


def stems() -> tuple[str, ...]:
    """Stems of streets, venues, schools and practices, in a fixed order."""
    return _combined(parameters("names")["stems"])


def place_stems() -> tuple[str, ...]:
    """Stems of wards, neighbourhoods and middle areas, in a fixed order."""
    return _combined(parameters("names")["places"])


def fixed_names() -> tuple[str, ...]:
    """Names that are the same for every seed: county, districts, hospitals."""
    region = parameters("region")
    districts = [district["name"] for district in region["districts"]]
    hospitals = [hospital["name"] for hospital in region["hospitals"]]
    return (region["county"]["name"], *districts, *hospitals)


def invented_words() -> frozenset[str]:
    """Every invented word a name can be made of, lower case: stems and the first words of fixed names."""
    fixed = {name.split()[0] for name in fixed_names()}
    return frozenset(word.lower() for word in {*stems(), *place_stems(), *fixed})


def _combined(parts: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    left_out = set(parts["left_out"])
    words = (head + tail for head in parts["heads"] for tail in parts["tails"])
    return tuple(word for word in words if word not in left_out)


class Namer:
    """Draws names from one list of stems; a name is given once.

    Args:
        words: The stems.
        rng: Where chance comes from.
        lists: Further words by placeholder, e.g. `feature`.
        skew: Above 1, the first stems of a shuffled list are drawn more often, as real stems are.
    """

    def __init__(
        self,
        words: Sequence[str],
        rng: np.random.Generator,
        *,
        lists: Mapping[str, Sequence[str]],
        skew: float = 1.0,
    ) -> None:
        self._words = [words[number] for number in rng.permutation(len(words))]
        self._rng = rng
        self._lists = lists
        self._skew = skew
        self._given: set[str] = set()

    def stem(self) -> str:
        """One stem; may come again."""
        return self._words[int(len(self._words) * self._rng.random() ** self._skew)]

    def name(self, patterns: Sequence[str], **lists: Sequence[str]) -> str:
        """A name by one of the patterns, not given before; `lists` are further words by placeholder."""
        return self.name_and_stem(patterns, **lists)[1]

    def name_and_stem(self, patterns: Sequence[str], **lists: Sequence[str]) -> tuple[str, str]:
        """The stem and the name with it."""
        while True:
            stem = self.stem()
            name = self._fill(_one(patterns, self._rng), stem, {**self._lists, **lists})
            if name not in self._given:
                self._given.add(name)
                return stem, name

    def _fill(self, pattern: str, stem: str, lists: Mapping[str, Sequence[str]]) -> str:
        drawn = {key: _one(words, self._rng) for key, words in lists.items() if f"{{{key}}}" in pattern}
        other = stem
        while "{other}" in pattern and other == stem:
            other = self.stem()
        return pattern.format(stem=stem, other=other, **drawn)


def _one(values: Sequence[str], rng: np.random.Generator) -> str:
    return values[int(rng.random() * len(values))]


def shared_groups(count: int, share: float, rng: np.random.Generator, *, largest: int) -> Iterator[int]:
    """Sizes (2 to `largest`) of groups that share a name, until `share` of `count` things are in one."""
    left = round(count * share)
    while left >= 2:
        size = min(left, largest, 1 + int(rng.zipf(2.2)))
        yield max(2, size)
        left -= max(2, size)
