"""Place text -> premises, street or area, with a calibrated probability. Usable without the pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from preventable.stages.places.features import (
    BESIDE_THE_TEXT,
    FEATURES,
    NONE_FEATURES,
    WordTable,
    candidate_features,
    none_features,
    word_table,
)
from preventable.stages.places.gazetteer import ALWAYS_OPEN, NEVER_CLOSED, PREMISES, Gazetteer
from preventable.stages.places.index import Index, Searched, best_entries
from preventable.stages.places.normalise import NormalText, normalise, read_list
from preventable.stages.places.texts import ReadText, read_texts

Site = tuple[float, float] | None
Asked = tuple[NormalText, Site, int | None]
OfPairs = Callable[[np.ndarray, np.ndarray], np.ndarray]

_TOP = 10  # candidates that take part in merging
_NAMED_BONUS, _CATCHMENT_BONUS, _NEARNESS_BONUS = 0.2, 0.1, 0.1
_NEARNESS_M = 5000.0
_MATTERS = 0.005  # probability from which a candidate's opening and closing may change an answer
_RULED_OUT = -60.0  # utility of what a rule excludes


@dataclass(frozen=True)
class Resolution:
    """What one text was resolved to.

    Attributes:
        kind: premises, street, area, postcode or none.
        place_id: Entry of the gazetteer; None for a postcode and for none.
        easting_m, northing_m: Position in metres, None for none.
        sigma_m: Honest radius: root mean square distance from the answer, metres; None for none.
        probability: Probability that the answer (with what lies so near that it is the same) is right.
        text_probability: Probability of this very place from the words alone.
        place_type: Type that generic words tell.
        qualifier: place_qualifier of the cue words.
        alternatives: Up to ten entries with their own probabilities, best first.
        named: Probability that some place of the answer's name is meant, whichever branch.
        timeless: False where a candidate that mattered is not open for ever: ask again with a month.
    """

    kind: str
    place_id: str | None
    easting_m: float | None
    northing_m: float | None
    sigma_m: float | None
    probability: float
    text_probability: float
    place_type: str | None
    qualifier: str
    alternatives: tuple[tuple[str, float], ...] = ()
    named: float = 0.0
    timeless: bool = True


@dataclass(frozen=True)
class Weights:
    """Weights of the conditional logit, in the order of `FEATURES` and `NONE_FEATURES`."""

    candidate: np.ndarray
    none: np.ndarray
    temperature: float

    @classmethod
    def of(cls, contents: Mapping[str, Mapping[str, float] | float]) -> Weights:
        """Weights from the contents of weights.toml."""
        return cls(
            np.array([contents["candidate"][name] for name in FEATURES]),  # type: ignore[index]
            np.array([contents["none"][name] for name in NONE_FEATURES]),  # type: ignore[index]
            float(contents["temperature"]),  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class Considered:
    """Candidates and features of some texts: what the logit chooses from."""

    texts: list[ReadText]
    pairs: Searched
    features: np.ndarray
    none: np.ndarray


@dataclass(frozen=True)
class _Choice:
    """Best candidates of some texts and the one chosen; -1 stands for none.

    Attributes:
        entry, share: Texts x candidates: entry and its own probability, best first.
        chosen, probability, text_probability, named: Of each text.
        distance: Texts x candidates, metres from the chosen one.
    """

    entry: np.ndarray
    share: np.ndarray
    chosen: np.ndarray
    probability: np.ndarray
    text_probability: np.ndarray
    named: np.ndarray
    distance: np.ndarray


class Resolver:
    """Finds the place that a text means.

    Args:
        gazetteer: The places.
        hospitals: Positions of all sites that may ask, in metres. With them the nearest site to a
            place counts as its catchment; without them only distance does.
        weights: Weights of the choice, as shipped in weights.toml.
        rules: Thresholds, as shipped in rules.toml.
    """

    def __init__(
        self,
        gazetteer: Gazetteer,
        *,
        hospitals: Sequence[tuple[float, float]] = (),
        weights: Weights | None = None,
        rules: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        self.index = Index(gazetteer)
        self.rules = rules or read_list("rules")
        self.weights = weights or Weights.of(read_list("weights"))
        self._nearest_site = self._nearest(sorted(set(hospitals)))
        self._near: dict[tuple[float, float], np.ndarray] = {}

    def resolve(
        self,
        texts: Sequence[str],
        sites: Sequence[Site] | None = None,
        months: Sequence[int] | None = None,
    ) -> list[Resolution]:
        """The place of each text; any batch and order give the same answers.

        Args:
            texts: Place texts as typed.
            sites: For each the position of the site that asked, in metres; None where unknown.
            months: For each the month (12 x year + month - 1) in which the place must be open; without
                it every entry counts.

        Returns:
            One resolution for each text, in the order given.
        """
        sites = list(sites) if sites is not None else [None] * len(texts)
        months = list(months) if months is not None else [None] * len(texts)
        normal_of = {text: normalise(text) for text in set(texts)}
        asked = list(zip([normal_of[text] for text in texts], sites, months, strict=True))
        distinct = sorted(set(asked), key=_by_length)
        answers: dict[Asked, Resolution] = {}
        size = int(self.rules["search"]["batch"])
        for start in range(0, len(distinct), size):
            batch = distinct[start : start + size]
            answers.update(zip(batch, self._resolve_batch(batch), strict=True))
        return [answers[item] for item in asked]

    def consider(
        self, texts: Sequence[str], sites: Sequence[Site], months: Sequence[int | None] | None = None
    ) -> Considered:
        """Candidates and their features for one batch of texts, in order: what weights are learnt from."""
        return self._consider([normalise(text) for text in texts], sites, months or [None] * len(texts))

    def with_weights(self, weights: Weights) -> Resolver:
        """The same resolver with other weights; the index is shared."""
        other = copy(self)
        other.weights = weights
        return other

    def choose(self, considered: Considered) -> list[Resolution]:
        """The answers to texts whose candidates are known."""
        pairs, count = considered.pairs, len(considered.texts)
        own = self._shares(considered, self.weights.candidate)
        said = self.weights.candidate * [name not in BESIDE_THE_TEXT for name in FEATURES]
        alone = self._shares(considered, said)
        order = np.lexsort((pairs.entry, -own, pairs.text))
        rank = np.arange(len(order)) - np.searchsorted(pairs.text[order], pairs.text[order])
        order, rank = order[rank < _TOP], rank[rank < _TOP]
        entry = np.full((count, _TOP), -1)
        share, text_share = np.zeros((count, _TOP)), np.zeros((count, _TOP))
        row = pairs.text[order]
        entry[row, rank], share[row, rank] = pairs.entry[order], own[order]
        text_share[row, rank] = alone[order]
        distance = self._distances(entry)
        same_place = self._same(entry, self.index.place_number)
        together = self._one_answer(entry, distance)
        # Last digits differ with the order of sums; ties must not.
        merged = np.round((together * share[:, None, :]).sum(axis=2), 9)
        every = np.arange(count)
        largest = np.argmax(merged - np.arange(_TOP) * 1e-9, axis=1)
        # Of the candidates that are one answer the likeliest is told: candidates stand best first.
        chosen = np.argmax(together[every, largest], axis=1)
        names = self.index.name_number
        alike = names[pairs.entry] == names[entry[every, chosen][pairs.text]]
        return self._resolutions(
            considered.texts,
            _Choice(
                entry=entry,
                share=share,
                chosen=entry[every, chosen],
                probability=np.minimum(merged[every, chosen], 1.0),
                text_probability=np.minimum((same_place[every, chosen] * text_share).sum(axis=1), 1.0),
                named=np.minimum(np.bincount(pairs.text, weights=own * alike, minlength=count), 1.0),
                distance=distance[every, chosen],
            ),
        )

    # --- one batch --------------------------------------------------------------------------

    def _resolve_batch(self, batch: Sequence[Asked]) -> list[Resolution]:
        return self.choose(
            self._consider([a[0] for a in batch], [a[1] for a in batch], [a[2] for a in batch])
        )

    def _consider(
        self, texts: Sequence[NormalText], sites: Sequence[Site], months: Sequence[int | None]
    ) -> Considered:
        read = self._read(texts)
        table = self._table(read)
        return self._features(read, table, self._search(read, table, sites, months), sites)

    def _read(self, texts: Sequence[NormalText]) -> list[ReadText]:
        return read_texts(self.index, texts, int(self.rules["search"]["longest_words"]))

    def _table(self, texts: Sequence[ReadText]) -> WordTable:
        return word_table(self.index, texts, max([len(text.words) for text in texts], default=0))

    def _features(
        self, texts: list[ReadText], table: WordTable, pairs: Searched, sites: Sequence[Site]
    ) -> Considered:
        positions = np.array([site or (np.nan, np.nan) for site in sites], dtype=float).reshape(-1, 2)
        features = candidate_features(self.index, texts, table, pairs, positions, self._nearest_site)
        return Considered(texts, pairs, features, none_features(texts, pairs, features))

    # --- candidates -------------------------------------------------------------------------

    def _search(
        self, texts: Sequence[ReadText], table: WordTable, sites: Sequence[Site], months: Sequence[int | None]
    ) -> Searched:
        search = self.rules["search"]
        found = []
        triples = self._triples(texts)
        prior = self._prior(texts, sites)
        is_open = self._open(months)
        for scores, limit in (
            (table.search @ self.index.token_index, int(search["tokens"])),
            (triples @ self.index.triple_index, int(search["trigrams"])),
        ):
            found.append(
                best_entries(scores.tocsr(), is_open, prior, limit=limit, share=search["share_of_best"])
            )
        found.append(self._named(texts, is_open))
        size = len(self.index.gazetteer)
        keep = np.array([not text.generic for text in texts], dtype=bool)
        codes = np.unique(np.concatenate([pairs.text * size + pairs.entry for pairs in found]))
        text, entry = np.divmod(codes, max(size, 1))
        return Searched(text[keep[text]], entry[keep[text]])

    def _triples(self, texts: Sequence[ReadText]) -> sparse.csr_matrix:
        rows, columns = [], []
        for row, text in enumerate(texts):
            found = self.index.triples_of(text.beside_areas)
            rows += [row] * len(found)
            columns += found
        shape = (len(texts), len(self.index.triple_id))
        return sparse.csr_matrix((self.index.triple_idf[columns], (rows, columns)), shape=shape)

    def _named(self, texts: Sequence[ReadText], is_open: OfPairs | None) -> Searched:
        """Entries of areas named and of postcodes typed."""
        rows: list[int] = []
        entries: list[int] = []
        for row, text in enumerate(texts):
            named = [entry for group in text.named_areas for entry in self.index.area_entries[group]]
            named += self.index.with_postcode(text.postcode).tolist()
            rows += [row] * len(named)
            entries += named
        found = Searched(np.array(rows, dtype=np.int64), np.array(entries, dtype=np.int64))
        if is_open is None:
            return found
        kept = is_open(found.text, found.entry)
        return Searched(found.text[kept], found.entry[kept])

    def _open(self, months: Sequence[int | None]) -> OfPairs | None:
        """Whether entries count in the months asked; None where no text has a month."""
        if all(month is None for month in months):
            return None
        month_of_text = np.array([np.nan if m is None else m for m in months], dtype=float)
        places = self.index.gazetteer

        def is_open(rows: np.ndarray, entries: np.ndarray) -> np.ndarray:
            month = month_of_text[rows]
            return np.isnan(month) | ((places.opened[entries] <= month) & (month <= places.closed[entries]))

        return is_open

    def _prior(self, texts: Sequence[ReadText], sites: Sequence[Site]) -> OfPairs:
        """Near branches of a chain, and those in the area named, are looked at first."""
        distinct = sorted({site for site in sites if site is not None})
        nearness = np.vstack(
            [np.zeros(len(self.index.gazetteer)), *[self._nearness(site) for site in distinct]]
        )
        number = {site: position + 1 for position, site in enumerate(distinct)}
        of_text = np.array([number.get(site, 0) for site in sites], dtype=np.int64)
        group_of_text = np.array([t.mentions[0].group if t.mentions else -1 for t in texts], dtype=np.int64)

        def prior(rows: np.ndarray, entries: np.ndarray) -> np.ndarray:
            value = nearness[of_text[rows], entries]
            group = group_of_text[rows]
            named = np.flatnonzero(group >= 0)
            value[named] += _NAMED_BONUS * (self.index.area_outside[group[named], entries[named]] < 1)
            return value

        return prior

    def _nearness(self, site: tuple[float, float]) -> np.ndarray:
        if site not in self._near:
            distance = np.hypot(*(self.index.xy - np.array(site)).T)
            near = _NEARNESS_BONUS * np.exp(-distance / _NEARNESS_M)
            if self._nearest_site is not None:
                near = near + _CATCHMENT_BONUS * (self._nearest_site == np.array(site)).all(axis=1)
            self._near[site] = near
        return self._near[site]

    def _nearest(self, hospitals: Sequence[tuple[float, float]]) -> np.ndarray | None:
        if not hospitals:
            return None
        positions = np.array(hospitals)
        squared = [((self.index.xy - position) ** 2).sum(axis=1) for position in positions]
        return positions[np.argmin(np.vstack(squared), axis=0)]

    # --- the choice -------------------------------------------------------------------------

    def _shares(self, considered: Considered, weights: np.ndarray) -> np.ndarray:
        """Probability of each pair. Sums run feature by feature, so that batches do not change them."""
        pairs = considered.pairs
        utility = _weighted(considered.features, weights)
        utility[self._ruled_out(considered)] = _RULED_OUT
        utility = utility * self.weights.temperature
        none = _weighted(considered.none, self.weights.none) * self.weights.temperature
        highest = none.copy()
        np.maximum.at(highest, pairs.text, utility)
        power = np.exp(utility - highest[pairs.text])
        total = np.exp(none - highest)
        np.add.at(total, pairs.text, power)
        return power / total[pairs.text]

    def _ruled_out(self, considered: Considered) -> np.ndarray:
        """Pairs that the words exclude.

        Generic words and an area ("pub in Eastmere") are the area, not a place of a like name; with a
        postcode typed, only what has it or lies beside it.
        """
        pairs, index = considered.pairs, self.index
        only_area = np.array([text.generic_and_area for text in considered.texts], dtype=bool)[pairs.text]
        likeness = considered.features[:, FEATURES.index("likeness")]
        exact = likeness >= self.rules["decision"]["generic_and_area"]
        of_its_own = exact & ~index.generic_name[pairs.entry]
        out = only_area & ~of_its_own & ~index.is_area[pairs.entry]
        for row, text in enumerate(considered.texts):
            owners = index.with_postcode(text.postcode)
            if len(owners):
                mine = np.flatnonzero(pairs.text == row)
                gaps = index.xy[pairs.entry[mine]][:, None, :] - index.xy[owners][None, :, :]
                nearest = np.hypot(gaps[..., 0], gaps[..., 1]).min(axis=1)
                out[mine] |= nearest > self.rules["postcode_in_text"]["same_place_m"]
        return out

    def _distances(self, entry: np.ndarray) -> np.ndarray:
        position = self.index.xy[entry] if len(self.index.xy) else np.zeros((*entry.shape, 2))
        gap = position[:, :, None, :] - position[:, None, :, :]
        distance = np.hypot(gap[..., 0], gap[..., 1])
        present = entry >= 0
        return np.where(present[:, :, None] & present[:, None, :], distance, np.inf)

    def _same(self, entry: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        of_entry = np.where(entry >= 0, numbers[entry], -1) if len(numbers) else entry
        return (of_entry[:, :, None] == of_entry[:, None, :]) & (entry >= 0)[:, :, None]

    def _one_answer(self, entry: np.ndarray, distance: np.ndarray) -> np.ndarray:
        """Whether two candidates are one answer: near, or one street's or area's name near by."""
        near = self.rules["merge_m"]
        together = distance <= near["any_kind"]
        if len(self.index.xy):
            street = (self.index.is_street[entry])[:, :, None] & (self.index.is_street[entry])[:, None, :]
            area = (self.index.is_area[entry])[:, :, None] & (self.index.is_area[entry])[:, None, :]
            same_name = self._same(entry, self.index.name_number)
            together |= street & same_name & (distance <= near["same_street_name"])
            together |= area & (distance <= near["areas"])
            together |= self._same(entry, self.index.place_number)
        return together & np.isfinite(distance)

    def _resolutions(self, texts: Sequence[ReadText], choice: _Choice) -> list[Resolution]:
        places = self.index.gazetteer
        sigma, timeless = self._spread(choice), self._timeless(choice)
        own = np.round(choice.share, 6).tolist()
        found = zip(
            texts,
            choice.chosen.tolist(),
            np.round(choice.probability, 6).tolist(),
            np.round(choice.text_probability, 6).tolist(),
            np.round(sigma, 1).tolist(),
            choice.entry.tolist(),
            own,
            np.round(choice.named, 6).tolist(),
            timeless.tolist(),
            strict=True,
        )
        answers = []
        for text, entry, probability, text_probability, sigma_m, top, shares, named, always in found:
            by_postcode = self._postcode_answer(text, entry, probability)
            if by_postcode is not None:
                answers.append(by_postcode)
                continue
            if entry < 0:
                answers.append(
                    Resolution("none", None, None, None, None, 0.0, 0.0, text.place_type, text.qualifier)
                )
                continue
            answers.append(
                Resolution(
                    kind=places.kind[entry],
                    place_id=places.place_id[entry],
                    easting_m=float(places.easting_m[entry]),
                    northing_m=float(places.northing_m[entry]),
                    sigma_m=sigma_m,
                    probability=probability,
                    text_probability=text_probability,
                    place_type=text.place_type,
                    qualifier=text.qualifier,
                    alternatives=tuple(
                        (places.place_id[e], p) for e, p in zip(top, shares, strict=True) if p > 0
                    ),
                    named=named,
                    timeless=always,
                )
            )
        return answers

    def _spread(self, choice: _Choice) -> np.ndarray:
        """Root mean square distance of the candidates from the answer, with its own size."""
        weight = np.where(choice.entry >= 0, choice.share, 0.0)
        squared = np.where(weight > 0, choice.distance, 0.0) ** 2
        total = weight.sum(axis=1)
        size = (
            self.index.gazetteer.size_m[choice.chosen] if len(self.index.gazetteer) else np.zeros(len(total))
        )
        return np.sqrt((weight * squared).sum(axis=1) / np.where(total > 0, total, 1.0) + size**2)

    def _timeless(self, choice: _Choice) -> np.ndarray:
        """Whether all candidates that matter are open for ever."""
        places = self.index.gazetteer
        if not len(places):
            return np.ones(len(choice.chosen), dtype=bool)
        always = (places.opened == ALWAYS_OPEN) & (places.closed == NEVER_CLOSED)
        return (always[choice.entry] | (choice.entry < 0) | (choice.share < _MATTERS)).all(axis=1)

    def _postcode_answer(self, text: ReadText, entry: int, probability: float) -> Resolution | None:
        """The centre of a postcode typed in full, unless a place was found there."""
        centre = self.index.gazetteer.postcodes.get(text.postcode or "")
        if centre is None:
            return None
        rule = self.rules["postcode_in_text"]
        if entry >= 0 and probability >= self.rules["decision"]["accept"]:
            gap = self.index.xy[entry] - np.array(centre)
            if np.hypot(*gap) <= rule["same_place_m"]:
                return None
        sure = rule["probability"]
        size = self.rules["size_m"]["postcode"]
        return Resolution("postcode", None, *centre, size, sure, sure, text.place_type, text.qualifier)


def _by_length(asked: Asked) -> tuple[object, ...]:
    text, site, month = asked
    return (
        len(text.words),
        text.words,
        text.localities,
        text.postcode or "",
        site or (),
        -1 if month is None else month,
    )


def decide(resolution: Resolution, rules: Mapping[str, Mapping[str, float]]) -> str:
    """accept, review or none, by the thresholds of rules.toml.

    A chain's name without an area is never accepted as its nearest branch: an accepted premises must
    be told by the words alone. A person is asked too where a name is likely and none of its places.
    """
    limits = rules["decision"]
    likeliest = max(resolution.probability, resolution.named)
    if resolution.kind == "none" or likeliest < limits["review"]:
        return "none"
    told = resolution.kind != PREMISES or resolution.text_probability >= limits["text_alone"]
    return "accept" if resolution.probability >= limits["accept"] and told else "review"


def _weighted(features: np.ndarray, weights: np.ndarray) -> np.ndarray:
    total = np.zeros(len(features))
    for column, weight in enumerate(weights):
        total += features[:, column] * weight
    return total
