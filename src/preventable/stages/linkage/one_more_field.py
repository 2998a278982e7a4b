"""What one more field would buy: links of a home's own pairs, as they are and with a field simulated on them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np

from preventable.engine import Engine
from preventable.settings import Policy
from preventable.stages.linkage.comparisons import read_models, read_rules
from preventable.stages.linkage.merge import first_visits, merge_links
from preventable.stages.linkage.pair import PairLinks
from preventable.stages.linkage.policy import LinkagePolicy, read_linkage_policy
from preventable.stages.linkage.prepare import prepare_records
from preventable.stages.linkage.third_source import link_sources

_SUREST = 1e-6


@dataclass(frozen=True)
class Bought:
    """Links of one pair of sources that one more field would give, as expected.

    Attributes:
        pair: The two sources.
        title: The field in words; empty for the links as they are.
        complete: Share of the pairs of which both records would hold it.
        removed: Share of chance pairs that it would tell to be strangers.
        precision: Share of the links that are right.
        recall: Share found of the pairs that are of one victim, among those that are compared at all.
    """

    pair: str
    title: str
    complete: float
    removed: float
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def read_fields() -> Mapping[str, Any]:
    """one_more_field.toml as it stands."""
    return tomllib.loads((files(__package__) / "one_more_field.toml").read_text(encoding="utf-8"))


def what_one_more_field_buys(engine: Engine, policy: Policy) -> list[Bought]:
    """Expected precision and recall of each pair of sources, as it is and with each field of one_more_field.toml.

    Which pairs are of one incident is drawn from their probabilities; of those, each record has one that is of its
    victim. For each record is drawn whether it holds the field and whether that is wrong; then the pairs are judged and
    merged again. A field is filled as often as age is in the
    records of its source: a clerk who has the one has the other.

    Args:
        engine: Session with located_records and small_areas.
        policy: Policy with linkage.toml.
    """
    agreed = read_linkage_policy(policy)
    prepare_records(engine, agreed)
    links = link_sources(engine, read_models(), widest_min=agreed.widest_window_hours * 60)
    told = engine.fetch("SELECT number, source, age_from FROM linkable_records ORDER BY number")
    source = np.array(told.column("source").to_pylist(), dtype=str)
    filled = {
        name: float(told.column("age_from").is_valid().to_numpy()[source == name].mean())
        for name in np.unique(source)
    }
    draw = np.random.default_rng(read_fields()["seed"])
    true = [_one_victim(one, draw.random(len(one.left)) < one.probability) for one in links]
    first_visit = first_visits(engine, len(source))
    bought = _judged(links, true, source, first_visit, agreed, "", [(0.0, 0.0)] * len(links))
    # The same draws for every field: fields differ by what they are, not by luck.
    holds = draw.random(len(source)) < np.array([filled[name] for name in source])
    errs = draw.random(len(source)) < read_fields()["wrong"]
    lots = [draw.random(len(one.left)) for one in links]
    for field in read_fields()["fields"]:
        judged = [
            _with_field(one, is_true, holds, errs, field, lot)
            for one, is_true, lot in zip(links, true, lots, strict=True)
        ]
        told_of = [
            (
                float((holds[one.left] & holds[one.right]).mean()) if len(one.left) else 0.0,
                field["agree_by_chance"],
            )
            for one in links
        ]
        bought += _judged(judged, true, source, first_visit, agreed, field["title"], told_of)
    return sorted(bought, key=lambda one: [model.pair for model in read_models()].index(one.pair))


def _one_victim(one: PairLinks, together: np.ndarray) -> np.ndarray:
    """Of pairs that are of one incident, those of one victim: the likeliest first, each record once."""
    victim = np.zeros(len(together), dtype=bool)
    taken: set[int] = set()
    order = np.lexsort((one.right, one.left, -one.weight))
    for at in order[together[order]].tolist():
        ends = {int(one.left[at]), int(one.right[at])}
        if not ends & taken:
            taken |= ends
            victim[at] = True
    return victim


def _with_field(
    one: PairLinks,
    true: np.ndarray,
    holds: np.ndarray,
    errs: np.ndarray,
    field: Mapping[str, Any],
    lot: np.ndarray,
) -> PairLinks:
    """The pairs judged anew, as if records held the field."""
    chance, wrong = field["agree_by_chance"], read_fields()["wrong"]
    right = (1 - wrong) ** 2
    same = true & ~errs[one.left] & ~errs[one.right]
    agree = same | (lot < chance)
    factor = np.where(
        agree, (right + (1 - right) * chance) / chance, (1 - right) * (1 - chance) / (1 - chance)
    )
    known = holds[one.left] & holds[one.right]
    bounded = np.clip(one.probability, _SUREST, 1 - _SUREST)
    odds = bounded / (1 - bounded) * np.where(known, factor, 1.0)
    return replace(one, probability=odds / (1 + odds))


def _judged(
    links: Sequence[PairLinks],
    true: Sequence[np.ndarray],
    source: np.ndarray,
    first_visit: np.ndarray,
    policy: LinkagePolicy,
    title: str,
    told_of: Sequence[tuple[float, float]],
) -> list[Bought]:
    """Precision and recall after the merge, where what is true was drawn."""
    rules = read_rules()["merge"]
    merged = merge_links(
        np.unique(source, return_inverse=True)[1],
        first_visit,
        links,
        report=policy.report_probability,
        least=rules["least_probability"],
        missing=rules["missing_logit"],
        busiest=policy.busiest,
    )
    found = []
    for one, is_true, (complete, agreeing) in zip(links, true, told_of, strict=True):
        if one.reason:
            continue
        together = merged.victim[one.left] == merged.victim[one.right]
        right, made, most = (int(which.sum()) for which in (together & is_true, together, is_true))
        found.append(
            Bought(
                one.model.pair,
                title,
                complete,
                complete * (1 - agreeing) if title else 0.0,
                right / made if made else 0.0,
                right / most if most else 0.0,
            )
        )
    return found
