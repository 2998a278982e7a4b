"""Learn the weights of the choice from texts made out of a gazetteer's own entries.

    python -m preventable.stages.places.learn GAZETTEER.parquet weights.toml

The texts are the gazetteer's names as hurried people type them: typing errors, short forms, words left out,
cue words, areas and streets added, house numbers, junctions, generic words; and of a tenth of the premises
the entry is taken away, so that "none of them" is learnt. No text of any test set is used.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
from scipy.optimize import minimize
from scipy.spatial import cKDTree

from preventable.stages.places.features import FEATURES, NONE_FEATURES
from preventable.stages.places.gazetteer import AREA, PREMISES, STREET, Gazetteer, gazetteer_of_rows
from preventable.stages.places.normalise import read_list
from preventable.stages.places.resolver import Considered, Resolver, Weights

_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_CUES = (
    "outside",
    "o/s",
    "in",
    "inside",
    "near",
    "nr",
    "opp",
    "by",
    "at",
    "queue at",
    "leaving",
    "behind",
    "on",
)


@dataclass(frozen=True)
class MadeText:
    """A text made from an entry: `entry` is None where no answer is right."""

    text: str
    site: tuple[float, float] | None
    entry: int | None


def make_texts(
    gazetteer: Gazetteer, hospitals: Sequence[tuple[float, float]], count: int, seed: int
) -> list[MadeText]:
    """Make `count` texts. The same seed gives the same texts."""
    return _Maker(gazetteer, hospitals, random.Random(seed)).make(count)


class _Maker:
    def __init__(
        self, gazetteer: Gazetteer, hospitals: Sequence[tuple[float, float]], dice: random.Random
    ) -> None:
        self.places, self.dice = gazetteer, dice
        self.kinds, self.habits = read_list("learn")["kinds"], read_list("learn")["habits"]
        self.hospitals = np.array(hospitals, dtype=float).reshape(-1, 2)
        kinds = np.array(gazetteer.kind)
        self.entries = {kind: np.flatnonzero(kinds == kind).tolist() for kind in (PREMISES, STREET, AREA)}
        self.odds = {
            PREMISES: [
                self.habits["night_time_factor"] if gazetteer.night_time[i] else 1.0
                for i in self.entries[PREMISES]
            ],
            STREET: [float(gazetteer.weight[i]) for i in self.entries[STREET]],
            AREA: [1.0] * len(self.entries[AREA]),
        }
        self.positions = np.column_stack((gazetteer.easting_m, gazetteer.northing_m))
        self.street_tree = cKDTree(self.positions[self.entries[STREET]])
        self.shorter: dict[str, str] = dict(read_list("abbreviations")["short"])
        generic = read_list("generic")["place_types"]
        self.generic = sorted(word for words in generic.values() for word in words)

    def make(self, count: int) -> list[MadeText]:
        kinds = self.dice.choices(list(self.kinds), list(self.kinds.values()), k=count)
        return [self._make(kind) for kind in kinds]

    def _make(self, kind: str) -> MadeText:
        if kind == "generic":
            return MadeText(self._dress(self._generic()), self._site(None), None)
        if kind == "generic area":
            entry = self._draw(AREA)
            return MadeText(
                f"{self._generic()} {self.dice.choice(('in ', ''))}{self.places.name[entry]}",
                self._site(entry),
                entry,
            )
        if kind.startswith("postcode"):
            return self._with_postcode(kind)
        entry = self._draw(
            {"venue": PREMISES, "street": STREET, "crossing": STREET, "area": AREA}[kind.split()[0]]
        )
        text = self._name(entry)
        joint = self.dice.choice((" ", ", ", " in ", " on "))
        if kind.endswith(" area") and self.places.around[entry]:
            text += joint + self._spelt(self.dice.choice(self.places.around[entry]))
        elif kind == "venue street" and self.places.street[entry]:
            text += joint + self._spelt(self.places.street[entry])
        elif kind == "crossing":
            start = self.dice.choice(("jct ", "junction of ", "corner of ", ""))
            text = f"{start}{text}{self.dice.choice((' and ', ' & ', '/'))}{self._crossing(entry)}"
        elif kind.startswith("street") and self.dice.random() < self.habits["house_number"]:
            text = f"{self.dice.randint(1, 199)} {text}"
        return MadeText(self._dress(text), self._site(entry), entry)

    def _with_postcode(self, kind: str) -> MadeText:
        entry = self._draw(self.dice.choice((PREMISES, STREET)))
        postcode = self.places.postcode[entry].replace(" ", self.dice.choice((" ", "")))
        name = self._name(entry) if kind.endswith("street") else ""
        return MadeText(self._dress(f"{name} {postcode}".strip()), self._site(entry), entry)

    def _draw(self, kind: str) -> int:
        return self.dice.choices(self.entries[kind], self.odds[kind])[0]

    def _generic(self) -> str:
        return " ".join(self.dice.sample(self.generic, self.dice.randint(1, 2)))

    def _crossing(self, entry: int) -> str:
        _, near = self.street_tree.query(self.positions[entry], k=min(8, len(self.entries[STREET])))
        others = [self.entries[STREET][i] for i in np.atleast_1d(near)]
        other = [i for i in others if self.places.name[i] != self.places.name[entry]]
        return self._spelt(self.places.name[self.dice.choice(other or others)])

    def _name(self, entry: int) -> str:
        words = self.places.name[entry].split()
        if (
            len(words) >= 3
            and self.places.kind[entry] == PREMISES
            and self.dice.random() < self.habits["word_left_out"]
        ):
            words.pop(self.dice.randrange(len(words)))
        return self._spelt(" ".join(words))

    def _spelt(self, name: str) -> str:
        words = [self._short(word) for word in name.lower().split()]
        text = " ".join(words)
        for chance in self.habits["typing_errors"]:
            if len(text) > 3 and self.dice.random() < chance:
                text = self._mistyped(text)
        return text

    def _short(self, word: str) -> str:
        return (
            self.shorter[word]
            if word in self.shorter and self.dice.random() < self.habits["short_form"]
            else word
        )

    def _mistyped(self, text: str) -> str:
        at = self.dice.randrange(1, len(text) - 1)
        letter = text[at]
        row = next((keys for keys in _KEYS if letter in keys), letter)
        beside = row[min(max(row.index(letter) + self.dice.choice((-1, 1)), 0), len(row) - 1)]
        change = self.dice.choice(("swap", "drop", "double", "key", "key"))
        if change == "swap":
            return text[:at] + text[at + 1] + letter + text[at + 2 :]
        if change == "drop":
            return text[:at] + text[at + 1 :]
        return text[:at] + (letter * 2 if change == "double" else beside) + text[at + 1 :]

    def _dress(self, text: str) -> str:
        if self.dice.random() < self.habits["cue"]:
            text = f"{self.dice.choice(_CUES)} {text}"
        return f"{text} car park" if self.dice.random() < self.habits["car_park"] else text

    def _site(self, entry: int | None) -> tuple[float, float] | None:
        if not len(self.hospitals):
            return None
        if entry is None:
            return tuple(self.hospitals[self.dice.randrange(len(self.hospitals))].tolist())
        order = np.argsort(((self.hospitals - self.positions[entry]) ** 2).sum(axis=1))
        odds = self.habits["sites_by_nearness"]
        rank = self.dice.choices(range(len(order)), [*odds, *odds[-1:] * len(order)][: len(order)])[0]
        return tuple(self.hospitals[order[rank]].tolist())


def learn_weights(
    gazetteer: Gazetteer, hospitals: Sequence[tuple[float, float]], settings: Mapping[str, Any]
) -> tuple[Weights, float]:
    """Weights of the conditional logit, and the share of held-out made texts that they answer rightly.

    Args:
        gazetteer: Places whose names are made into texts.
        hospitals: Positions of the sites that ask, metres.
        settings: As in learn.toml: texts, held_out, share_missing, seed, shrink, temperatures.
    """
    start = Weights(np.zeros(len(FEATURES)), np.zeros(len(NONE_FEATURES)), 1.0)
    made = make_texts(gazetteer, hospitals, settings["texts"], settings["seed"])
    gone = _taken_away(gazetteer, settings["share_missing"], settings["seed"])
    kept = Resolver(gazetteer, hospitals=hospitals, weights=start)
    holes = Resolver(gazetteer.without(gone), hospitals=hospitals, weights=start)
    renumber = np.cumsum(~gone) - 1
    learnt = _considered(kept, [t for t in made if not _is_gone(t, gone)], np.arange(len(gone)), gone)
    learnt += _considered(holes, [t for t in made if _is_gone(t, gone)], renumber, gone)
    weights = _fit(learnt, settings["shrink"])
    held_out = make_texts(gazetteer, hospitals, settings["held_out"], settings["seed"] + 1)
    tried = _considered(holes, held_out, renumber, gone)
    return _best_temperature(holes, weights, tried, settings["temperatures"])


def _taken_away(gazetteer: Gazetteer, share: float, seed: int) -> np.ndarray:
    dice = random.Random(seed)
    return np.array([kind == PREMISES and dice.random() < share for kind in gazetteer.kind], dtype=bool)


def _is_gone(made: MadeText, gone: np.ndarray) -> bool:
    return made.entry is not None and bool(gone[made.entry])


def _considered(
    resolver: Resolver, made: Sequence[MadeText], renumber: np.ndarray, gone: np.ndarray
) -> list[tuple[Considered, np.ndarray]]:
    """Candidates of the texts in batches, and the flag of each pair that is right."""
    found = []
    for at in range(0, len(made), 512):
        batch = made[at : at + 512]
        considered = resolver.consider([t.text for t in batch], [t.site for t in batch])
        wanted = [None if t.entry is None or gone[t.entry] else int(renumber[t.entry]) for t in batch]
        found.append((considered, _right(considered, wanted, resolver)))
    return found


def _best_temperature(
    resolver: Resolver,
    weights: Weights,
    tried: Sequence[tuple[Considered, np.ndarray]],
    temperatures: Sequence[float],
) -> tuple[Weights, float]:
    """The temperature with the least Brier score of the answers, and the share of answers that are right."""
    best = (np.inf, weights, 0.0)
    for temperature in temperatures:
        warmer = Weights(weights.candidate, weights.none, temperature)
        resolver.weights = warmer
        probability, right = _answers(resolver, tried)
        score = float(((probability - right) ** 2).mean())
        if score < best[0]:
            best = (score, warmer, float(right.mean()))
    return best[1], best[2]


def _answers(
    resolver: Resolver, tried: Sequence[tuple[Considered, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Probability of each answer, and whether its place is one that is right."""
    places = resolver.index.gazetteer.place_id
    probability, hits = [], []
    for considered, right in tried:
        good = set(
            zip(considered.pairs.text[right].tolist(), considered.pairs.entry[right].tolist(), strict=True)
        )
        good_places = {(row, places[entry]) for row, entry in good}
        for row, answer in enumerate(resolver.choose(considered)):
            if answer.kind != "none":
                probability.append(answer.probability)
                hits.append((row, answer.place_id) in good_places)
    return np.array(probability), np.array(hits, dtype=float)


def _right(considered: Considered, wanted: Sequence[int | None], resolver: Resolver) -> np.ndarray:
    """Flag of each pair: the text's own entry, or its name within the distance that is one answer."""
    index, near_m = resolver.index, resolver.rules["merge_m"]
    right = np.zeros(len(considered.pairs.text), dtype=bool)
    for row, entry in enumerate(wanted):
        if entry is None:
            continue
        mine = np.flatnonzero(considered.pairs.text == row)
        others = considered.pairs.entry[mine]
        near = np.hypot(*(index.xy[others] - index.xy[entry]).T)
        same = (index.name_number[others] == index.name_number[entry]) & (near <= near_m["same_street_name"])
        right[mine] = (others == entry) | same
    return right


def _fit(learnt: Sequence[tuple[Considered, np.ndarray]], shrink: float) -> Weights:
    features = np.vstack([c.features for c, _ in learnt])
    none = np.vstack([c.none for c, _ in learnt])
    right = np.concatenate([r for _, r in learnt])
    counts = np.cumsum([0] + [len(c.texts) for c, _ in learnt])
    text = np.concatenate([c.pairs.text + counts[i] for i, (c, _) in enumerate(learnt)])
    usable = np.array([not t.generic for c, _ in learnt for t in c.texts])
    answered = np.zeros(len(none), dtype=bool)
    answered[text[right]] = True
    scale, none_scale = _spread(features), _spread(none)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        w, v = weights[: len(scale)], weights[len(scale) :]
        utility, other = features @ (w / scale), none @ (v / none_scale)
        highest = other.copy()
        np.maximum.at(highest, text, utility)
        power = np.exp(utility - highest[text])
        other_power = np.exp(other - highest)
        total = other_power + np.bincount(text, power, len(none))
        hit = np.bincount(text[right], power[right], len(none))
        top = np.where(answered, hit, other_power)
        value = -np.log(np.maximum(top / total, 1e-300))[usable].mean() + shrink * (weights**2).sum()
        wanted = np.where(right, power / np.maximum(hit, 1e-300)[text], 0.0)
        pull = (power / total[text] - wanted) * usable[text]
        none_pull = (other_power / total - ~answered) * usable
        slope = np.concatenate((pull @ (features / scale), none_pull @ (none / none_scale))) / usable.sum()
        return value, slope + 2 * shrink * weights

    found = minimize(
        loss, np.zeros(len(scale) + len(none_scale)), jac=True, method="L-BFGS-B", options={"maxiter": 400}
    )
    candidate, nothing = found.x[: len(scale)] / scale, found.x[len(scale) :] / none_scale
    return Weights(candidate, nothing, 1.0)


def _spread(values: np.ndarray) -> np.ndarray:
    spread = values.std(axis=0)
    return np.where(spread > 1e-9, spread, 1.0)


def write_weights(path: Path, weights: Weights, *, source: str, share_right: float) -> None:
    """Write weights.toml."""
    lines = [
        "# Weights of the choice among candidates (conditional logit). Written by learn.py.",
        'owner = "Preventable, places"',
        f'source = "{source}; right on {share_right:.3f} of the answers to held-out made texts"',
        'reviewer = "Preventable, methods"',
        "reviewed = 2026-11-24",
        "review_by = 2027-11-24",
        "",
        "# Below 1 makes answers less sure: real gazetteers have holes.",
        f"temperature = {weights.temperature}",
        "",
        "[candidate]",
        *[f"{name} = {value:.4f}" for name, value in zip(FEATURES, weights.candidate, strict=True)],
        "",
        "[none]",
        *[f"{name} = {value:.4f}" for name, value in zip(NONE_FEATURES, weights.none, strict=True)],
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def gazetteer_of_parquet(path: Path) -> Gazetteer:
    """A gazetteer from a file of names.

    Args:
        path: Columns gid, name, cls (premise, street, area), kind, x, y, w, ward, place, lad, street, pc and
            sigma.
    """
    rows = []
    for row in parquet.read_table(path).to_pylist():
        kind = {"premise": PREMISES, "street": STREET, "area": AREA}[row["cls"]]
        entry = {
            "place_id": str(row["gid"]),
            "name": row["name"],
            "kind": kind,
            "easting_m": row["x"],
            "northing_m": row["y"],
            "weight": float(row["w"]),
            "night_time": row["kind"] == "pub",
            "street": row["street"],
            "around": tuple(dict.fromkeys(row[level] for level in ("ward", "place", "lad") if row[level])),
            "postcode": row["pc"],
        }
        rows.append({**entry, "size_m": row["sigma"]} if row["sigma"] else entry)
    return gazetteer_of_rows(rows)


def main(arguments: Sequence[str]) -> None:
    """Learn from a gazetteer file and write the weights."""
    source, target = Path(arguments[0]), Path(arguments[1])
    settings = read_list("learn")
    hospitals = [(float(x), float(y)) for x, y in settings["hospitals"]]
    learnt, share = learn_weights(gazetteer_of_parquet(source), hospitals, settings)
    made_from = f"learn.py on {settings['texts']} texts made from a gazetteer of the West Midlands"
    write_weights(target, learnt, source=made_from, share_right=share)


if __name__ == "__main__":
    main(sys.argv[1:])
