"""The second reading of the share known to police: all admissible pairs at once, its bias measured by injection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from preventable.methods.pair_excess_moments import jackknife_se, other_person_share
from preventable.methods.pair_excess_pairs import CORE, PERSONS
from preventable.methods.pair_excess_records import (
    NO_PLACE,
    Floats,
    HealthRecords,
    Ints,
    PairRules,
    PoliceRecords,
    chosen,
)
from preventable.methods.pair_loops import PairedRecords, gap_ranges, paired_records
from preventable.methods.pair_tensor_counts import TensorCounts, count_tensor, week_groups
from preventable.methods.pair_tensor_fit import TensorFit, first_fit, fitted, variance


@dataclass(frozen=True)
class TensorReading:
    """What the tensor of one service says.

    Attributes:
        records: Health records read.
        pairs: Pairs beyond chance a record.
        own_part: Part of them that is of one victim.
        without: [group of weeks left out, 2]: the same two; as with all where the service has no record in it.
        injected: [shift, 2]: the same two, read from the fitted signal laid over the pairs of one shift.
        signal: Pairs a record of that signal.
        fit: The fit to all weeks.
        weight: Its weights.
        rows: Rows, in the records given, of those read.
        counted: Their pairs, counted.
        paired: The records.
    """

    records: int
    pairs: float
    own_part: float
    without: Floats
    injected: Floats
    signal: float
    fit: TensorFit
    weight: Floats
    rows: Ints
    counted: TensorCounts
    paired: PairedRecords


@dataclass(frozen=True)
class TensorShare:
    """Share of victims known, by the tensor.

    Attributes:
        estimate: Without its bias; not cut to 0 to 1.
        standard_error: The greater of two: between shifts with the signal injected, and by leaving out weeks.
        bias: What was taken off: mean of what was read from injected signals, less what was injected.
        without: Share without each group of weeks.
    """

    estimate: float
    standard_error: float
    bias: float
    without: Floats


def read_tensor(
    health: HealthRecords,
    police: PoliceRecords,
    of_one_incident: Floats,
    *,
    usable: float,
    weeks: int,
    rules: PairRules,
    progress: Callable[[float], None] | None = None,
) -> TensorReading:
    """Fit the excess of all admissible pairs of one service.

    The signal fitted is then laid over the pairs of each shift, which are chance alone, and read again: how far the
    answers lie from what was laid there is the bias, how far from each other the error, on the partner's own records.

    Args:
        health: Records of one service with contacts inside the span.
        police: Narrow police records.
        of_one_incident: [week, person]: police pairs of one incident beyond chance.
        usable: Share of police records that are narrow.
        weeks: Whole weeks of the span.
        rules: Classes of pairs, shifts, rounds.
        progress: Called with the share that is done.
    """
    rows = np.flatnonzero(_in_large_classes(health, rules))
    health = chosen(health, rows)
    paired = paired_records(health, police, weeks=weeks, rules=rules)
    counted = count_tensor(paired, progress)
    kinds, shifts = paired.kinds, paired.shifts
    read = _read_cells(paired, rules)
    real, null = counted.real.sum(axis=0), counted.null.sum(axis=0)
    excess, far = real - null, (rules.far_share, rules.far_share_sd)

    fit = first_fit(excess, kinds, read[:, 0, :, -1, 0], _core(rules))
    for _ in range(rules.tensor_reweighed):
        weight = read / variance(fit, null, kinds, shifts)
        fit = fitted(excess, weight, kinds, fit, far=far, rounds=rules.tensor_rounds)
    whole = other_person_share(of_one_incident.sum(axis=0))

    def told(found: TensorFit, number: float, persons: float) -> tuple[float, float]:
        return float(found.pairs.sum()) / number / usable, 1.0 - found.other_person(kinds) / persons

    records = float(counted.records.sum())
    without, group_of = [], week_groups(weeks, rules)
    for group, number in enumerate(counted.records):
        rest = excess - (counted.real[group] - counted.null[group])
        found = fitted(rest, weight, kinds, fit, far=far, rounds=rules.tensor_again)
        persons = other_person_share(of_one_incident[group_of != group].sum(axis=0))
        without.append(told(found, records - number, persons))

    signal = np.maximum(fit.cells(kinds), 0.0)
    draw = np.random.default_rng(rules.tensor_seed)
    injected = []
    for moved, moved_null in zip(counted.shifted, counted.shifted_null, strict=True):
        drawn = draw.poisson(signal) + moved - moved_null
        weighed = read / variance(fit, moved_null, kinds, shifts - 1)
        found = fitted(drawn, weighed, kinds, fit, far=far, rounds=rules.tensor_again)
        injected.append(told(found, records, whole))
    return TensorReading(
        int(records),
        *told(fit, records, whole),
        without=np.array(without),
        injected=np.array(injected),
        signal=float(signal.sum()) / records / usable,
        fit=fit,
        weight=weight,
        rows=rows,
        counted=counted,
        paired=paired,
    )


def tensor_shares(readings: Mapping[str, TensorReading]) -> dict[str, TensorShare]:
    """Shares known by service; the part of pairs that is of one victim is pooled over the services.

    Args:
        readings: By service.
    """
    if not readings:
        return {}
    weights = {name: 1.0 / jackknife_se(one.without[:, 1]) ** 2 for name, one in readings.items()}
    whole = sum(weights.values())

    def pooled(values: Mapping[str, Floats]) -> Floats:
        return np.asarray(sum(weights[name] * values[name] for name in values) / whole)

    part = float(pooled({name: np.array(one.own_part) for name, one in readings.items()}))
    part_injected = pooled({name: one.injected[:, 1] for name, one in readings.items()})
    part_without = pooled({name: one.without[:, 1] for name, one in readings.items()})
    used = np.any([one.counted.records > 0 for one in readings.values()], axis=0)
    shares = {}
    for name, one in readings.items():
        injected = one.injected[:, 0] * part_injected
        bias = float(injected.mean()) - one.signal * part
        between = float(injected.std(ddof=1))
        without = one.without[:, 0] * part_without
        error = max(between, jackknife_se(without[used]))
        shares[name] = TensorShare(float(one.pairs * part - bias), error, bias, without - bias)
    return shares


def _in_large_classes(health: HealthRecords, rules: PairRules) -> np.ndarray:
    """Which records are of classes of time, place and age that are large enough to have a profile."""
    kept = np.ones(len(health), dtype=bool)
    for classes in (health.time_class, health.place_class, health.age_class):
        kept &= (np.bincount(classes) >= rules.smallest_class * len(health))[classes]
    return kept


def _read_cells(paired: PairedRecords, rules: PairRules) -> Floats:
    """1 in the cells that are read, 0 elsewhere: [kind, window, gap, distance, person]."""
    read = np.zeros(paired.shape)
    in_use = np.abs(gap_ranges(rules)[0]).sum(axis=2) > 0
    in_use[:, 0] = True
    read[:] = in_use[paired.kinds[:, 0]][:, None, :, None, None]
    read[paired.kinds[:, 1] == NO_PLACE, :, :, :-1] = 0.0
    return read


def _core(rules: PairRules) -> tuple[Floats, int, Floats]:
    """Where a start is read: gaps of a near pair, distances that are tight for any place, persons that may be one."""
    near = (gap_ranges(rules)[1] == 0).astype(np.float64)
    persons = np.zeros((len(CORE), PERSONS))
    for age, classes in enumerate(CORE):
        persons[age, classes] = 1.0
    return near, rules.distances_within(rules.tight_m[0]) + 1, persons
