"""Which column has which role: the best of all ways to give them out, and how much worse the next best is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import linear_sum_assignment

from preventable.stages.sources.drafting.evidence import Evidence
from preventable.stages.sources.drafting.rules import IGNORED, Role, drafting_rules

_NEVER = -1e6


@dataclass(frozen=True)
class Placed:
    """The role of a column.

    Attributes:
        role: Its place among the roles.
        second: The role that it would have otherwise.
        margin: By how much the best way to give out the roles is better than the best in which it has another.
        confidence: Probability, 0 to 1, that the role is right, as measured on drafts of known files.
    """

    role: int
    second: int
    margin: float
    confidence: float


def assign(evidence: Sequence[Sequence[Evidence]], roles: Sequence[Role]) -> list[Placed]:
    """A role for every column: each role once at most, `ignored` as often as needed; a time whole or in two parts.

    Sources:
        Kuhn (1955), Naval Research Logistics Quarterly 2:83-97 (assignment), as scipy has it.
    """
    scores = np.array([[one.score for one in row] for row in evidence])
    best, total = _best(scores, roles)
    placed = []
    for column, role in enumerate(best):
        without = scores.copy()
        without[column, role] = _NEVER
        others, next_total = _best(without, roles)
        margin = float(total - next_total)
        placed.append(Placed(role, others[column], margin, confidence_of(margin)))
    return placed


def total_of(evidence: Sequence[Sequence[Evidence]], roles: Sequence[Role]) -> float:
    """All that speaks for the best way to give the roles out."""
    return _best(np.array([[one.score for one in row] for row in evidence]), roles)[1]


def confidence_of(margin: float) -> float:
    """The share of columns that were right at a margin, as fitted on drafts of files whose truth is known."""
    told = drafting_rules()["confidence"]
    share = 1 / (1 + math.exp(-told["slope"] * (margin - told["half"])))
    return min(share, float(told["most"]))


def _best(scores: np.ndarray, roles: Sequence[Role]) -> tuple[list[int], float]:
    """The best way to give the roles out, over the ways to tell each time: in one column or in two."""
    ways = [_best_of(np.where(left_out, _NEVER, scores), roles) for left_out in _left_out(roles)]
    return max(ways, key=lambda way: way[1])


def _best_of(scores: np.ndarray, roles: Sequence[Role]) -> tuple[list[int], float]:
    ignored = next(at for at, role in enumerate(roles) if role.name == IGNORED)
    columns = len(scores)
    # The dropped role stands once for every column.
    table = np.hstack([np.delete(scores, ignored, axis=1), np.repeat(scores[:, [ignored]], columns, axis=1)])
    at = [place for place in range(len(roles)) if place != ignored] + [ignored] * columns
    rows, chosen = linear_sum_assignment(table, maximize=True)
    return [at[one] for one in chosen], float(table[rows, chosen].sum())


def _left_out(roles: Sequence[Role]) -> list[np.ndarray]:
    """For every way to tell the times: which roles it leaves out."""
    halved = sorted({role.fills for role in roles if role.place and not role.beside})
    ways = []
    for in_two in product((False, True), repeat=len(halved)):
        whole = dict(zip(halved, in_two, strict=True))
        ways.append(np.array([_is_left_out(role, whole) for role in roles]))
    return ways


def _is_left_out(role: Role, in_two: Mapping[str, bool]) -> bool:
    return not role.beside and role.fills in in_two and bool(role.place) != in_two[role.fills]
