"""How many victims were injured in all, seen or not: a range over models, never one number."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa

from preventable.engine import Engine
from preventable.methods.capture_recapture import (
    HISTORIES,
    Pairs,
    Total,
    Witness,
    corrected_histories,
    corrected_total,
    three_list_models,
    three_list_total,
    two_list_total,
)
from preventable.stages.linkage.candidates import WEEK_MIN, WholeWeeks
from preventable.stages.linkage.windows import period_of
from preventable.tables.linkage import INCIDENT_ESTIMATES

LISTS = ("ambulance", "ed", "police")
#: An ambulance takes its patients to a department: these two lists are never independent.
_ALWAYS = (0, 1)
_ON = np.array(HISTORIES, dtype=float)


@dataclass(frozen=True)
class Known:
    """Share of the victims on a health service's list who have a police record, and its standard error."""

    share: float
    standard_error: float


@dataclass(frozen=True)
class Linked:
    """Records of the whole weeks that all lists share, as groups of linked records.

    Attributes:
        counts: Groups of each history; a police record that is not of an injured victim is left out of its group.
        injured_part: For each health service, of its groups with a police record the share whose record is of an
            injured victim.
        severity_told: Share of police records that tell their severity.
    """

    whole: WholeWeeks
    counts: np.ndarray
    injured_part: Mapping[str, float]
    severity_told: float


@cache
def read_total_rules() -> Mapping[str, Any]:
    """totals.toml as it stands."""
    return _read("totals")


@cache
def read_histories() -> Mapping[str, Any]:
    """histories.toml: how true histories are linked, learnt on invented worlds by benchmarks/totals.py."""
    return _read("histories")


@cache
def read_dependence() -> float:
    """How many times more may be unseen than models say, if all three lists depend on each other (dependence.toml)."""
    return float(_read("dependence")["all_three"])


def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))


def total_rows(
    engine: Engine, victim: np.ndarray, known: Mapping[str, Known], *, reasons: Sequence[str]
) -> pa.Table:
    """The table `incident_estimates`.

    Args:
        engine: Session with linkable_records.
        victim: For each linkable record by its number, that of the victim it was judged to be of.
        known: By health service; one that has no share is absent.
        reasons: Why pairs of services could not be linked, in words; empty ones are no reason.
    """
    rules = read_total_rules()
    linked = linked_histories(engine, victim, rules)
    rows = [
        *_two_lists(linked, known, rules),
        *_three_lists(linked, known, rules, next(filter(None, reasons), "")),
    ]
    period = period_of(linked.whole)
    return pa.Table.from_pylist([row | period for row in rows], schema=INCIDENT_ESTIMATES.arrow_schema())


def linked_histories(engine: Engine, victim: np.ndarray, rules: Mapping[str, Any]) -> Linked:
    """Histories of the groups whose first record lies in the whole weeks that all lists share."""
    records = engine.fetch(
        "SELECT number, source, contact_min, severity FROM linkable_records WHERE is_later = 0 ORDER BY number"
    )
    source = np.array(records.column("source").to_pylist(), dtype=object)
    contact = records.column("contact_min").to_numpy()
    severity = np.array(records.column("severity").to_pylist(), dtype=object)
    group = victim[records.column("number").to_numpy()]
    whole = _whole_weeks(source, contact)
    injured = np.isin(severity, rules["injured"])

    first = np.full(len(victim), np.iinfo(np.int64).max)
    np.minimum.at(first, group, contact)
    inside = (first >= whole.first_min) & (first < whole.first_min + whole.weeks * WEEK_MIN)
    on = np.zeros((len(victim), len(LISTS)), dtype=bool)
    for at, name in enumerate(LISTS):
        on[group[(source == name) & (injured | (name != "police"))], at] = True
    any_police = np.zeros(len(victim), dtype=bool)
    any_police[group[source == "police"]] = True
    counts = np.array([(inside & (on == np.array(one, dtype=bool)).all(axis=1)).sum() for one in HISTORIES])
    part = {
        name: _share(on[inside & on[:, at] & any_police, 2])
        for at, name in enumerate(LISTS)
        if name != "police"
    }
    police = severity[source == "police"]
    told = _share(np.array([one is not None for one in police], dtype=bool)) if len(police) else 1.0
    return Linked(whole, counts, part, told)


def _whole_weeks(source: np.ndarray, contact: np.ndarray) -> WholeWeeks:
    of = [contact[source == name] for name in LISTS if (source == name).any()]
    if len(of) < 2:
        return WholeWeeks(0, 0)
    monday = -(-max(int(one.min()) for one in of) // WEEK_MIN)
    last = min(int(one.max()) for one in of)
    return WholeWeeks(monday * WEEK_MIN, max(0, (last + 1) // WEEK_MIN - monday))


def _share(flags: np.ndarray) -> float:
    return float(flags.mean()) if len(flags) else 0.0


def _refusal(linked: Linked, lists: Sequence[str], rules: Mapping[str, Any]) -> str:
    """Why lists give no total, in words; empty where they may."""
    if linked.severity_told < rules["least_severity_told"]:
        return "too few police records tell whether the victim was injured"
    for name in lists:
        if not _number_on(linked, name):
            return f"no {name} records in the whole weeks of all services"
    if linked.whole.weeks < rules["fewest_weeks"]:
        return f"fewer than {rules['fewest_weeks']} whole weeks in which all services have records"
    return ""


def _number_on(linked: Linked, name: str) -> float:
    return float(_ON[:, LISTS.index(name)] @ linked.counts)


def _both(linked: Linked, health: str, known: Known) -> tuple[float, float]:
    """Victims on a health service's list and the injured of the police, and the standard error."""
    number = _number_on(linked, health) * linked.injured_part[health]
    return known.share * number, known.standard_error * number


def _two_lists(linked: Linked, known: Mapping[str, Known], rules: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One health service and the police, by the share known to police: no link is counted for it."""
    rows = []
    for health in ("ambulance", "ed"):
        lists = (health, "police")
        reason = _refusal(linked, lists, rules)
        if not reason and health not in known:
            reason = "the share known to police is not known"
        total = None
        if not reason:
            both, error = _both(linked, health, known[health])
            reason = _too_few(both, rules["fewest_on_two"], lists)
        if not reason:
            total = two_list_total(
                _number_on(linked, health),
                _number_on(linked, "police"),
                both,
                both_error=error,
                level=rules["level"],
            )
        rows.append(_row(lists, (), corrected=True, total=total, reason=reason))
    return rows


def _too_few(number: float, fewest: int, lists: Sequence[str]) -> str:
    return "" if number >= fewest else f"fewer than {fewest} victims on the lists of {' and '.join(lists)}"


def _three_lists(
    linked: Linked, known: Mapping[str, Known], rules: Mapping[str, Any], unlinked: str
) -> list[dict[str, Any]]:
    """All three, each model that allows for ambulance and department: corrected for linking errors, and as linked."""
    models, level = three_list_models(_ALWAYS), rules["level"]
    reason = _refusal(linked, LISTS, rules) or unlinked
    if not reason:
        histories = corrected_histories(
            linked.counts,
            np.array(read_histories()["matrix"]),
            read_histories()["relative_error"],
            _witnesses(linked, known, rules),
        )
        reason = _too_little_overlap(histories.counts, rules)
    if reason:
        return [_row(LISTS, model, corrected=True, total=None, reason=reason) for model in models]
    return [
        _row(
            LISTS, model, corrected=corrected, total=total, reason="" if total else "the model gives no total"
        )
        for model in models
        for corrected, total in (
            (True, corrected_total(histories, model, level=level)),
            (False, three_list_total(linked.counts, model, level=level)),
        )
    ]


def _witnesses(linked: Linked, known: Mapping[str, Known], rules: Mapping[str, Any]) -> list[Witness]:
    """Numbers on each list, and on each health service's and the police's by the share known to police."""
    found = [
        Witness(_ON[:, at], _number_on(linked, name), rules["record_error"] * _number_on(linked, name))
        for at, name in enumerate(LISTS)
    ]
    for health, share in known.items():
        both, error = _both(linked, health, share)
        found.append(Witness(_ON[:, LISTS.index(health)] * _ON[:, 2], both, error))
    return found


def _too_little_overlap(counts: np.ndarray, rules: Mapping[str, Any]) -> str:
    for one, other in ((0, 1), (0, 2), (1, 2)):
        both = float((_ON[:, one] * _ON[:, other]) @ counts)
        reason = _too_few(both, rules["fewest_on_two"], (LISTS[one], LISTS[other]))
        if reason:
            return reason
    return _too_few(float(counts[-1]), rules["fewest_on_three"], LISTS)


def _row(
    lists: Sequence[str], model: Pairs, *, corrected: bool, total: Total | None, reason: str
) -> dict[str, Any]:
    return {
        "lists": "_".join(lists),
        "dependent": " ".join(f"{LISTS[one]}_{LISTS[other]}" for one, other in model),
        "corrected": corrected,
        "estimate": total.estimate if total else None,
        "lower": total.lower if total else None,
        "upper": total.upper if total else None,
        "upper_if_dependent": upper_if_dependent(total) if total and model else None,
        "deviance": total.deviance if total and model else None,
        "freedom": total.freedom if total and model else None,
        "reason": reason,
    }


def upper_if_dependent(total: Total) -> float:
    """Upper limit of a total if all three lists depend on each other, as they do in most invented worlds.

    The factor of `read_dependence` and the limit of the model itself are two errors of the logarithm of the number
    unseen: they add up as squares.
    """
    unseen = total.estimate - total.seen
    if unseen <= 0:
        return total.upper
    above = math.hypot(math.log((total.upper - total.seen) / unseen), math.log(read_dependence()))
    return total.seen + unseen * math.exp(above)
