"""Learn the weights of the choice: from texts made out of a gazetteer, or from lines that people labelled.

    python -m preventable.stages.places.learn GAZETTEER.parquet weights.toml

Made texts (`made_texts.py`) give the weights that are shipped: of a tenth of the premises that they mean the
entry is taken away, so that "none of them" is learnt. `fit` moves shipped weights towards labelled lines, no
further than the lines can carry; `learning_curve` tells what more of them buy.
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
import scipy

from preventable.stages.places.features import FEATURES, NONE_FEATURES
from preventable.stages.places.gazetteer import AREA, PREMISES, STREET, Gazetteer, gazetteer_of_rows
from preventable.stages.places.index import Index
from preventable.stages.places.made_texts import MadeText, make_texts
from preventable.stages.places.normalise import read_list
from preventable.stages.places.resolver import Considered, Resolver, Site, Weights


@dataclass(frozen=True)
class LabelledLine:
    """A place text and what a person says that it means.

    Attributes:
        text: As typed.
        site: Position of the site that asked, in metres; None where unknown.
        place_id: The place meant; None where no place of the gazetteer is right.
    """

    text: str
    site: Site
    place_id: str | None


@dataclass(frozen=True)
class CurvePoint:
    """How good weights learnt from so many labelled lines are on lines that they have not seen.

    Attributes:
        lines: Labelled lines learnt from; 0 stands for the weights as shipped.
        right: Share of unseen lines whose first answer is right; of lines without a place, share unanswered
            at the probability of review.
        precision, coverage: Where p is at least the threshold of acceptance; precision None where none is.
        log_loss: Mean of -log probability of what is right: the smoothest of the four.
        right_error: Standard error of `right`.
        each: Whether each line is right, in an order that all points of a curve share.
    """

    lines: int
    right: float
    precision: float | None
    coverage: float
    log_loss: float
    right_error: float
    each: tuple[bool, ...] = ()


@dataclass(frozen=True)
class _Lesson:
    """Pairs of texts and candidates with the flag of those that are right.

    Attributes:
        considered: Batches, as the resolver answers them.
        meant: For each text its true entry; None where none is right.
        features, none: Stacked over the batches.
        text, right: Of each pair.
        usable: Of each text: a text that a rule answers teaches nothing.
    """

    considered: list[Considered]
    meant: list[int | None]
    features: np.ndarray
    none: np.ndarray
    text: np.ndarray
    right: np.ndarray
    usable: np.ndarray


@dataclass(frozen=True)
class _Answers:
    """Answers to the texts of a lesson: probability, whether right, whether a place is right at all."""

    probability: np.ndarray
    right: np.ndarray
    has_place: np.ndarray


# --- labelled lines ---------------------------------------------------------------------------------


def fit(
    resolver: Resolver, lines: Sequence[LabelledLine], settings: Mapping[str, Any] | None = None
) -> Weights:
    """Weights for these lines: those of `resolver`, moved as far as the lines carry, with their temperature.

    A ridge holds each weight at what it was, so that a few lines change little and a line of a kind that the
    labels lack keeps what made texts taught.

    Args:
        resolver: Of the gazetteer that the labels name; its weights are where learning starts.
        lines: Labelled lines, at least `least_lines`.
        settings: As in learn.toml, its default.

    Returns:
        The weights; those of `resolver` where there are too few lines.
    """
    settings = settings or read_list("learn")
    if len(lines) < settings["labels"]["least_lines"]:
        return resolver.weights
    lesson = _labelled(resolver, lines)
    parts = _folds(len(lines), settings)
    apart = [(_fitted(lesson, resolver.weights, settings, ~part), part) for part in parts]
    temperature, shift = _calibration([(resolver, lesson, *one) for one in apart], settings)
    weights = _fitted(lesson, resolver.weights, settings, np.ones(len(lines), dtype=bool))
    return _calibrated(weights, temperature, shift)


def learning_curve(
    resolver: Resolver, lines: Sequence[LabelledLine], settings: Mapping[str, Any] | None = None
) -> list[CurvePoint]:
    """What weights learnt from 0, 100, 200 ... lines do on lines kept apart (each line once, by folds).

    Args:
        resolver, lines, settings: As for `fit`.

    Returns:
        One point a step, the last for all lines but a fold; only 0 where there are too few to learn from.
    """
    settings = settings or read_list("learn")
    lesson, parts = _labelled(resolver, lines), _folds(len(lines), settings)
    if not len(lines):
        return []
    least = min(int((~part).sum()) for part in parts)
    step = settings["labels"]["step"]
    counts = [0, *range(step, least + 1, step)]
    return [_curve_point(resolver, lesson, parts, count, settings) for count in counts]


def _curve_point(
    resolver: Resolver, lesson: _Lesson, parts: Sequence[np.ndarray], count: int, settings: Mapping[str, Any]
) -> CurvePoint:
    right, sure, hits, loss = [], [], [], []
    limits = resolver.rules["decision"]
    for part in parts:
        used = ~part & (np.cumsum(~part) <= count)
        weights = _fitted(lesson, resolver.weights, settings, used) if count else resolver.weights
        told = _answers(resolver, weights, lesson)
        good = np.where(told.has_place, told.right, told.probability < limits["review"])
        accepted = told.probability >= limits["accept"]
        right += good[part].tolist()
        sure += accepted[part].tolist()
        hits += (accepted & told.right)[part].tolist()
        loss += _losses(lesson, weights)[part & lesson.usable].tolist()
    share = float(np.mean(right))
    return CurvePoint(
        lines=count,
        right=share,
        precision=sum(hits) / sum(sure) if sum(sure) else None,
        coverage=float(np.mean(sure)),
        log_loss=float(np.mean(loss)) if loss else 0.0,
        right_error=float(np.sqrt(share * (1 - share) / len(right))),
        each=tuple(right),
    )


def _labelled(resolver: Resolver, lines: Sequence[LabelledLine]) -> _Lesson:
    entry_of: dict[str, int] = {}
    for entry, place in enumerate(resolver.index.gazetteer.place_id):
        entry_of.setdefault(place, entry)
    meant = [None if line.place_id is None else entry_of.get(line.place_id) for line in lines]
    return _lesson(resolver, [line.text for line in lines], [line.site for line in lines], meant)


def _folds(count: int, settings: Mapping[str, Any]) -> list[np.ndarray]:
    folds = settings["labels"]["folds"]
    order = list(range(count))
    random.Random(settings["seed"]).shuffle(order)
    fold = np.zeros(count, dtype=np.int64)
    fold[order] = np.arange(count) % folds
    return [fold == number for number in range(min(folds, count))]


def _fitted(lesson: _Lesson, start: Weights, settings: Mapping[str, Any], used: np.ndarray) -> Weights:
    """Weights of the texts flagged, held at `start` by a ridge over all of them together."""
    hold = settings["labels"]["hold"] / max(int(used.sum()), 1)
    return _minimised(lesson, hold, used, start)


# --- made texts -------------------------------------------------------------------------------------


def learn_weights(
    gazetteer: Gazetteer, hospitals: Sequence[tuple[float, float]], settings: Mapping[str, Any]
) -> tuple[Weights, float]:
    """Weights of the conditional logit, and the share of held-out made texts that they answer rightly.

    Args:
        gazetteer: Places whose names are made into texts.
        hospitals: Positions of the sites that ask, metres.
        settings: As in learn.toml: texts, held_out, share_missing, seed, shrink, temperatures.
    """
    nothing = Weights(np.zeros(len(FEATURES)), np.zeros(len(NONE_FEATURES)), 1.0)
    made = make_texts(gazetteer, hospitals, settings["texts"], settings["seed"])
    gone = _taken_away(gazetteer, settings["share_missing"], settings["seed"])
    kept = Resolver(gazetteer, hospitals=hospitals, weights=nothing)
    holes = Resolver(gazetteer.without(gone), hospitals=hospitals, weights=nothing)
    there = _made(kept, [t for t in made if not _is_gone(t, gone)], np.zeros(len(gone), dtype=bool))
    missing = _made(holes, [t for t in made if _is_gone(t, gone)], gone)
    lesson = _together(there, missing)
    weights = _minimised(lesson, settings["shrink"], np.ones(len(lesson.meant), dtype=bool), nothing)
    tried = make_texts(gazetteer, hospitals, settings["held_out"], settings["seed"] + 1)
    half = len(tried) // 2
    trials = [
        (kept, _made(kept, tried[:half], np.zeros(len(gone), dtype=bool))),
        (holes, _made(holes, tried[half:], gone)),
    ]
    asked = [(resolver, told, weights, np.ones(len(told.meant), dtype=bool)) for resolver, told in trials]
    weights = _calibrated(weights, *_calibration(asked, settings))
    answers = [_answers(resolver, weights, told) for resolver, told in trials]
    return weights, float(np.concatenate([a.right[a.has_place] for a in answers]).mean())


def _taken_away(gazetteer: Gazetteer, share: float, seed: int) -> np.ndarray:
    dice = random.Random(seed)
    return np.array([kind == PREMISES and dice.random() < share for kind in gazetteer.kind], dtype=bool)


def _is_gone(made: MadeText, gone: np.ndarray) -> bool:
    return made.entry is not None and bool(gone[made.entry])


def _made(resolver: Resolver, made: Sequence[MadeText], gone: np.ndarray) -> _Lesson:
    """Made texts as a lesson; `gone` flags the entries that the resolver's gazetteer lacks."""
    renumber = np.cumsum(~gone) - 1
    meant = [None if t.entry is None or gone[t.entry] else int(renumber[t.entry]) for t in made]
    return _lesson(resolver, [t.text for t in made], [t.site for t in made], meant)


# --- what both learn with ---------------------------------------------------------------------------


def _lesson(
    resolver: Resolver, texts: Sequence[str], sites: Sequence[Site], meant: list[int | None]
) -> _Lesson:
    size = int(resolver.rules["search"]["batch"])
    considered, right = [], []
    for at in range(0, len(texts), size):
        batch = resolver.consider(texts[at : at + size], sites[at : at + size])
        considered.append(batch)
        right.append(_right_pairs(batch, meant[at : at + size], resolver))
    return _stacked(considered, meant, right)


def _stacked(considered: list[Considered], meant: list[int | None], right: list[np.ndarray]) -> _Lesson:
    starts = np.cumsum([0] + [len(c.texts) for c in considered])
    return _Lesson(
        considered=considered,
        meant=meant,
        features=np.vstack([np.zeros((0, len(FEATURES))), *[c.features for c in considered]]),
        none=np.vstack([np.zeros((0, len(NONE_FEATURES))), *[c.none for c in considered]]),
        text=np.concatenate(
            [np.zeros(0, dtype=np.int64), *[c.pairs.text + starts[i] for i, c in enumerate(considered)]]
        ),
        right=np.concatenate([np.zeros(0, dtype=bool), *right]),
        usable=np.array([not t.generic for c in considered for t in c.texts], dtype=bool),
    )


def _together(one: _Lesson, other: _Lesson) -> _Lesson:
    return _Lesson(
        considered=one.considered + other.considered,
        meant=one.meant + other.meant,
        features=np.vstack((one.features, other.features)),
        none=np.vstack((one.none, other.none)),
        text=np.concatenate((one.text, other.text + len(one.meant))),
        right=np.concatenate((one.right, other.right)),
        usable=np.concatenate((one.usable, other.usable)),
    )


def _right_pairs(considered: Considered, meant: Sequence[int | None], resolver: Resolver) -> np.ndarray:
    """Flag of each pair whose entry is the one meant: the entry, its place, or its name close by."""
    index, pairs = resolver.index, considered.pairs
    wanted = np.array([-1 if entry is None else entry for entry in meant], dtype=np.int64)[pairs.text]
    known = np.flatnonzero(wanted >= 0)
    right = np.zeros(len(pairs.text), dtype=bool)
    right[known] = _same_answer(index, resolver.rules, pairs.entry[known], wanted[known], by_name=True)
    return right


def _same_answer(
    index: Index,
    rules: Mapping[str, Mapping[str, float]],
    found: np.ndarray,
    meant: np.ndarray,
    by_name: bool,
) -> np.ndarray:
    """Whether entries found are what was meant: one place, one name near by; without `by_name` near is enough."""
    near = rules["merge_m"]
    gap = np.hypot(*(index.xy[found] - index.xy[meant]).T)
    same_name = index.name_number[found] == index.name_number[meant]
    streets = index.is_street[found] & index.is_street[meant]
    areas = index.is_area[found] & index.is_area[meant]
    right = index.place_number[found] == index.place_number[meant]
    right |= (gap <= near["any_kind"]) & (same_name | (not by_name))
    right |= streets & same_name & (gap <= near["same_street_name"])
    return right | (areas & (same_name | ((gap <= near["areas"]) & (not by_name))))


def _answers(resolver: Resolver, weights: Weights, lesson: _Lesson) -> _Answers:
    entry_of: dict[str | None, int] = {}
    for entry, place in enumerate(resolver.index.gazetteer.place_id):
        entry_of.setdefault(place, entry)
    resolver = resolver.with_weights(weights)
    told = [answer for considered in lesson.considered for answer in resolver.choose(considered)]
    found = np.array([entry_of.get(answer.place_id, -1) for answer in told], dtype=np.int64)
    meant = np.array([-1 if entry is None else entry for entry in lesson.meant], dtype=np.int64)
    right = np.zeros(len(told), dtype=bool)
    both = np.flatnonzero((found >= 0) & (meant >= 0))
    right[both] = _same_answer(resolver.index, resolver.rules, found[both], meant[both], by_name=False)
    return _Answers(np.array([answer.probability for answer in told], dtype=float), right, meant >= 0)


def _calibration(
    trials: Sequence[tuple[Resolver, _Lesson, Weights, np.ndarray]], settings: Mapping[str, Any]
) -> tuple[float, float]:
    """Temperature and shift of "none of them" with the least Brier score of answers to unseen texts.

    Weights are learnt from which entry is meant, but an answer close by, under another name, is right too:
    left alone, "none of them" would be too likely.

    Args:
        trials: Resolver, texts, weights, and the flag of the texts that those weights have not seen.
        settings: As in learn.toml: temperatures, none_shifts.
    """
    scores = {}
    for temperature in settings["temperatures"]:
        for shift in settings["none_shifts"]:
            squared: list[float] = []
            for resolver, lesson, weights, unseen in trials:
                told = _answers(resolver, _calibrated(weights, temperature, shift), lesson)
                answered = unseen & (told.probability > 0)
                squared += ((told.probability - told.right) ** 2)[answered].tolist()
            scores[temperature, shift] = float(np.mean(squared)) if squared else 0.0
    return min(scores, key=lambda key: (scores[key], key))


def _calibrated(weights: Weights, temperature: float, shift: float) -> Weights:
    constant = np.array([name == "constant" for name in NONE_FEATURES], dtype=float)
    return Weights(weights.candidate, weights.none + shift * constant, float(temperature))


def _losses(lesson: _Lesson, weights: Weights) -> np.ndarray:
    """-log probability of what is right, for each text."""
    utility = lesson.features @ weights.candidate * weights.temperature
    other = lesson.none @ weights.none * weights.temperature
    return -_log_shares(lesson, utility, other)[0]


def _log_shares(
    lesson: _Lesson, utility: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each text log probability of what is right; probability of each pair; the same among right ones."""
    count = len(other)
    answered = np.bincount(lesson.text[lesson.right], minlength=count) > 0
    highest = other.copy()
    np.maximum.at(highest, lesson.text, utility)
    power, other_power = np.exp(utility - highest[lesson.text]), np.exp(other - highest)
    total = other_power + np.bincount(lesson.text, power, count)
    hit = np.bincount(lesson.text[lesson.right], power[lesson.right], count)
    top = np.where(answered, hit, other_power)
    among = np.where(lesson.right, power / np.maximum(hit, 1e-300)[lesson.text], 0.0)
    return np.log(np.maximum(top / total, 1e-300)), power / total[lesson.text], among


def _minimised(lesson: _Lesson, shrink: float, used: np.ndarray, start: Weights) -> Weights:
    """Weights with the least mean loss over the texts flagged, plus `shrink` times squared steps from `start`.

    Steps are counted in spreads of each feature, so that no feature's unit matters.
    """
    scale, none_scale = _spread(lesson.features), _spread(lesson.none)
    features, none = lesson.features / scale, lesson.none / none_scale
    centre = np.concatenate((start.candidate * scale, start.none * none_scale))
    usable = lesson.usable & used
    answered = np.bincount(lesson.text[lesson.right], minlength=len(usable)) > 0
    texts = max(int(usable.sum()), 1)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        utility, other = features @ weights[: len(scale)], none @ weights[len(scale) :]
        log_share, share, among = _log_shares(lesson, utility, other)
        pull = (share - among) * usable[lesson.text]
        none_share = 1 - np.bincount(lesson.text, share, len(usable))
        none_pull = (none_share - ~answered) * usable
        slope = np.concatenate((pull @ features, none_pull @ none)) / texts
        step = weights - centre
        value = -log_share[usable].sum() / texts + shrink * (step**2).sum()
        return value, slope + 2 * shrink * step

    found = scipy.optimize.minimize(loss, centre, jac=True, method="L-BFGS-B", options={"maxiter": 400})
    return Weights(found.x[: len(scale)] / scale, found.x[len(scale) :] / none_scale, start.temperature)


def _spread(values: np.ndarray) -> np.ndarray:
    spread = values.std(axis=0) if len(values) else np.ones(values.shape[1])
    return np.where(spread > 1e-9, spread, 1.0)


# --- files ------------------------------------------------------------------------------------------


def weight_lines(weights: Weights) -> list[str]:
    """The sections [candidate] and [none] of a file of weights."""
    return [
        "[candidate]",
        *[f"{name} = {value:.4f}" for name, value in zip(FEATURES, weights.candidate, strict=True)],
        "",
        "[none]",
        *[f"{name} = {value:.4f}" for name, value in zip(NONE_FEATURES, weights.none, strict=True)],
        "",
    ]


def write_weights(path: Path, weights: Weights, *, source: str, share_right: float) -> None:
    """Write weights.toml."""
    lines = [
        "# Weights of the choice among candidates (conditional logit). Written by learn.py.",
        'owner = "Preventable, places"',
        f'source = "{source}; right on {share_right:.3f} of the answers to held-out made texts"',
        'reviewer = "Preventable, methods"',
        "reviewed = 2026-11-26",
        "review_by = 2027-11-26",
        "",
        "# Below 1 makes answers less sure: real gazetteers have holes.",
        f"temperature = {weights.temperature}",
        "",
        *weight_lines(weights),
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
