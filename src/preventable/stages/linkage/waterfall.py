"""Why a link has the weight that it has: each comparison's part, as a page with the model as Splink reads it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from preventable.engine import Engine
from preventable.methods.fellegi_sunter import AgreementModel
from preventable.stages.linkage.candidates import WholeWeeks, find_candidates, load_sides
from preventable.stages.linkage.comparisons import PairModel, read_models
from preventable.stages.linkage.policy import LinkagePolicy
from preventable.stages.linkage.prepare import prepare_records
from preventable.stages.linkage.scoring import levels_of, splink_settings

_ROW, _TOP, _MIDDLE, _BIT, _WIDTH = 26, 40, 520, 14, 860


@dataclass(frozen=True)
class Step:
    """One bar: what was compared, the level of the pair, and its weight in bits."""

    name: str
    level: str
    bits: float


def link_steps(
    engine: Engine, link: Mapping[str, Any], models: Sequence[Mapping[str, Any]], policy: LinkagePolicy
) -> list[Step]:
    """The prior and the weight of each comparison of one link.

    Args:
        engine: Session with located_records (the two records alone will do) and small_areas.
        link: Row of `links`.
        models: Rows of `link_models`.
        policy: Which records are linked.
    """
    pair = _pair_of(link, models)
    rows = {(row["comparison"], row["level"]): row for row in models if row["model"] == link["model"]}
    prepare_records(engine, policy)
    load_sides(engine, pair, WholeWeeks(0, 0), policy.widest_window_hours * 60, 0)
    keys = engine.fetch("SELECT number, record_key FROM linkable_records").to_pylist()
    number = {row["record_key"]: row["number"] for row in keys}
    found = find_candidates(engine, pair)
    at = np.flatnonzero(
        (found.left == number[link["left_record"]]) & (found.right == number[link["right_record"]])
    )
    _, levels = levels_of(found.pattern[at], pair.comparisons)
    share = next(iter(rows.values()))["match_share"]
    steps = [
        Step("before any comparison", "share of matches among such pairs", math.log2(share / (1 - share)))
    ]
    for comparison, level in zip(pair.comparisons, levels[0].tolist(), strict=True):
        row = rows[comparison.name, level]
        bits = 0.0 if row["matched"] is None else math.log2(row["matched"] / row["unmatched"])
        steps.append(Step(comparison.name.replace("_", " "), row["label"], bits))
    return steps


def _pair_of(link: Mapping[str, Any], models: Sequence[Mapping[str, Any]]) -> PairModel:
    """The pair of sources of a link, with the comparisons of its model, optional ones where records held them."""
    pair = next(one for one in read_models() if one.pair == link["pair"])
    held = {row["comparison"] for row in models if row["model"] == link["model"]}
    return replace(pair, comparisons=tuple(one for one in pair.comparisons if one.name in held))


def splink_model(link: Mapping[str, Any], models: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The model of a link as settings of Splink 5."""
    pair = _pair_of(link, models)
    rows = {(row["comparison"], row["level"]): row for row in models if row["model"] == link["model"]}
    sides = [
        tuple(
            np.array([rows[one.name, level][side] or 0.0 for level in range(len(one.levels))])
            for one in pair.comparisons
        )
        for side in ("matched", "unmatched")
    ]
    share = next(iter(rows.values()))["match_share"]
    return splink_settings(pair.comparisons, AgreementModel(sides[0], sides[1], share, 0))


def page(link: Mapping[str, Any], steps: Sequence[Step], settings: Mapping[str, Any]) -> str:
    """The page: a waterfall of weights, the same as a table, and the model."""
    title = f"Why two records are linked: {link['pair'].replace('_', ' and ')}"
    rows = "".join(
        f"<tr><td>{escape(step.name)}</td><td>{escape(step.level)}</td><td>{step.bits:+.2f}</td></tr>"
        for step in steps
    )
    total = sum(step.bits for step in steps)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        "<style>body{font-family:sans-serif;max-width:60em;margin:2em auto}td,th{text-align:left;padding:.2em 1em}"
        "td:last-child{text-align:right}pre{overflow:auto}</style>"
        f"<h1>{escape(title)}</h1><p><strong>Restricted: about two records.</strong> {escape(link['left_record'])} and "
        f"{escape(link['right_record'])}. Weights add up to {total:+.2f} bits. With how busy it is around the pair and"
        f" how probable its rivals are, its probability is {link['probability']:.2f}.</p>"
        f"{_drawing(steps)}<table><tr><th>Comparison</th><th>Level</th><th>Bits</th></tr>{rows}</table>"
        "<p>A bit doubles the odds: +3 is eight times as likely of one victim as by chance, -3 an eighth.</p>"
        f"<details><summary>The model as Splink 5 reads it</summary><pre>{escape(json.dumps(settings, indent=1))}</pre>"
        "</details></html>\n"
    )


def _drawing(steps: Sequence[Step]) -> str:
    height = _TOP + _ROW * len(steps) + 20
    marks, reached = [], 0.0
    for place, step in enumerate(steps):
        y = _TOP + place * _ROW
        left = _MIDDLE + _BIT * min(reached, reached + step.bits)
        colour = "#12436D" if step.bits >= 0 else "#F46A25"
        width = max(abs(step.bits) * _BIT, 1)
        marks.append(
            f'<text x="10" y="{y + 14}" font-size="13">{escape(f"{step.name}: {step.level}"[:60])}</text>'
        )
        marks.append(f'<rect x="{left:.1f}" y="{y + 2}" width="{width:.1f}" height="16" fill="{colour}"/>')
        marks.append(f'<text x="{left + width + 4:.1f}" y="{y + 15}" font-size="12">{step.bits:+.1f}</text>')
        reached += step.bits
    axis = f'<line x1="{_MIDDLE}" y1="{_TOP - 8}" x2="{_MIDDLE}" y2="{height - 16}" stroke="#8a9095"/>'
    even = f'<text x="{_MIDDLE}" y="{_TOP - 14}" font-size="12" text-anchor="middle">even odds</text>'
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="Waterfall of weights, as in the table below">'
        f"{axis}{even}{''.join(marks)}</svg>"
    )
