"""The share known to police by group of victims: what each health record adds to the pairs beyond chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from preventable.methods.pair_excess_classes import strata, weeks_of
from preventable.methods.pair_excess_counts import PairCounts, co_victim_counts, near_pairs
from preventable.methods.pair_excess_moments import Moments, Weights, other_person_share
from preventable.methods.pair_excess_pairs import KNOWN, OTHER_PERSON
from preventable.methods.pair_excess_records import (
    Floats,
    HealthRecords,
    Ints,
    PairRules,
    PoliceRecords,
)
from preventable.methods.pair_loops import sums_by_record


@dataclass(frozen=True)
class Grouping:
    """How records are divided.

    Attributes:
        health: By service: group of each health record, from 0; -1 in none.
        police: Group of each police record: co-victims are alike in one kind of place, and not in another.
        groups: Number of groups.
    """

    health: Mapping[str, Ints]
    police: Ints
    groups: int


@dataclass(frozen=True)
class GroupShare:
    """One group of one service.

    Attributes:
        records: Health records of the group that are read (`RecordExcess.read`).
        estimate: Share of victims with a police record of their own, not cut to 0 to 1; nan where there is no record.
        standard_error: Its standard error.
        pairs, pairs_error: Pairs beyond chance a record, co-victims' included, and their standard error.
        read_share: Share of the group's records that are read.
    """

    records: int
    estimate: float
    standard_error: float
    pairs: float
    pairs_error: float
    read_share: float


@dataclass(frozen=True)
class RecordExcess:
    """What each health record adds, chance taken out: an entry a record.

    Attributes:
        week: Its week.
        pairs: Pairs beyond chance; their sum over all records is the number of pairs.
        others, known: Weighted pairs of persons who cannot be one, and of all whose ages and sexes are both given.
        read: Whether its classes of time, place and age are large enough to be read, and it has an age or a sex: with
            neither its pairs are hardly told from chance, and one supplier's would drown a group.
    """

    week: Ints
    pairs: Floats
    others: Floats
    known: Floats
    read: np.ndarray


def record_excess(
    health: HealthRecords,
    police: PoliceRecords,
    counts: PairCounts,
    moments: Moments,
    weights: Weights,
    *,
    weeks: int,
    rules: PairRules,
) -> RecordExcess:
    """What each health record adds to the pairs that the moments tell of.

    Args:
        health: Records of one service with contacts inside the span.
        police: Narrow police records.
        counts: Their pairs.
        moments: What is read from them.
        weights: With which.
        weeks: Whole weeks of the span.
        rules: Classes of pairs, shifts and blocks.
    """
    share = np.einsum(
        "clavtsk,cvt,ls,ak->clav", weights.amount, moments.gaps[..., :-1], moments.distances, moments.persons
    )
    whole = np.divide(1.0, share, out=np.zeros_like(share), where=np.abs(share) > 0)
    persons = np.zeros((2, *weights.amount.shape))
    persons[0][..., OTHER_PERSON] = weights.person
    persons[1][..., KNOWN] = weights.person[..., None]
    persons[:, :, :, 1:] = 0.0
    values = np.stack([weights.amount * whole[..., None, None, None], *persons])
    paired, step_of = near_pairs(health, police, weeks=weeks, rules=rules)
    time, place, age = paired.kinds.T
    chance = np.repeat(counts.scale[:, :, None], step_of.shape[1], axis=2)
    sums = []
    for value in values:
        of_kind = value[time, place, age][np.arange(len(time))[:, None], :, step_of[time]]
        by_health, _ = sums_by_record(paired, np.ascontiguousarray(np.moveaxis(of_kind, 1, 2)), chance)
        sums.append(by_health[0] - by_health[1:].sum(axis=0))
    pairs, others, known = sums
    told = ~np.isnan(health.age_from) | (health.sex >= 0)
    read = told & (np.abs(share).sum(axis=-1).reshape(-1)[strata(health)] > 0)
    return RecordExcess(weeks_of(health, weeks, rules), pairs, others, known, read)


def shares_by_group(
    excess: RecordExcess,
    group: Ints,
    groups: int,
    police: PoliceRecords,
    police_group: Ints,
    *,
    part: float,
    part_error: float,
    profile_error: float,
    usable: float,
    between_sd: float,
    weeks: int,
    rules: PairRules,
) -> list[GroupShare]:
    """Share known of each group.

    Errors of time, place and person are taken to be the same in every group. The part of pairs that is of one victim is
    the group's own, drawn towards that of all by how sure it is and by how much groups differ.

    Args:
        excess: What each health record adds.
        group: Group of each health record, -1 in none.
        groups: Number of groups.
        police: Narrow police records.
        police_group: Their groups.
        part, part_error: Part of all pairs that is of one victim, and its standard error.
        profile_error: Relative standard error of all pairs that comes from the profiles.
        usable: Share of police records that are narrow.
        between_sd: Standard deviation of that part between groups, as agreed.
        weeks: Whole weeks of the span.
        rules: Classes of co-victims.
    """
    real, null = co_victim_counts(police, weeks=weeks, rules=rules, groups=police_group)
    persons = real - null
    of_all = persons.sum(axis=(0, 1))
    shares = []
    for one in range(groups):
        rows = (group == one) & excess.read
        own = persons[one] if one < len(persons) else np.zeros_like(persons[0])
        profile = _own_or_all(own, of_all, rules)
        ones = np.ones(len(group))
        records, pairs, others, known = (
            _weekly(excess.week[rows], values[rows], weeks)
            for values in (ones, excess.pairs, excess.others, excess.known)
        )
        of_group = _own_part(others, known, other_person_share(profile))
        drawn = _drawn(*of_group, part, part_error, between_sd)
        of_group_read = float(rows.sum() / max((group == one).sum(), 1))
        shares.append(_group_share(records, pairs / usable, *drawn, profile_error, of_group_read))
    return shares


def _own_or_all(by_week: Floats, of_all: Floats, rules: PairRules) -> Floats:
    """Persons of the group's police pairs of one incident; of all, where the group has too few."""
    number = by_week[:, KNOWN].sum(axis=1)
    error = np.sqrt(len(number) * number.var(ddof=1)) if len(number) > 1 else np.inf
    enough = number.sum() > rules.fewest_co_victim_errors * error
    profile: Floats = by_week.sum(axis=0) if enough else of_all
    return profile


def _weekly(week: Ints, values: Floats, weeks: int) -> Floats:
    sums = np.zeros(weeks)
    np.add.at(sums, week, values)
    return sums


def _group_share(
    records: Floats, pairs: Floats, part: float, part_error: float, profile_error: float, read_share: float
) -> GroupShare:
    number = records.sum()
    if number == 0:
        none = float("nan")
        return GroupShare(0, none, none, none, none, read_share)
    mean, mean_error = pairs.sum() / number, _jackknife_ratio(pairs, records)
    estimate = mean * part
    error = np.sqrt((mean_error * part) ** 2 + (mean * part_error) ** 2 + (estimate * profile_error) ** 2)
    return GroupShare(int(number), float(estimate), float(error), float(mean), mean_error, read_share)


def _drawn(
    own: float, own_error: float, of_all: float, of_all_error: float, between_sd: float
) -> tuple[float, float]:
    """The part of a group drawn towards that of all: mean and standard deviation."""
    if not np.isfinite(own_error) or not between_sd:
        return of_all, float(np.hypot(between_sd, of_all_error))
    weight = between_sd**2 / (between_sd**2 + own_error**2)
    spread = np.sqrt(1.0 - weight) * between_sd
    return of_all + weight * (own - of_all), float(np.hypot(spread, (1.0 - weight) * of_all_error))


def _own_part(others: Floats, known: Floats, co_victims: float) -> tuple[float, float]:
    """Part of pairs that is of one victim, and its standard error; infinite where there is none to read."""
    if not known.sum() > 0 or not co_victims > 0:
        return float("nan"), float("inf")
    part = 1.0 - others.sum() / known.sum() / co_victims
    return float(part), float(_jackknife_ratio(others, known) / co_victims)


def _jackknife_ratio(top: Floats, bottom: Floats) -> float:
    """Standard error of the ratio of two sums, by leaving out one week at a time."""
    used = np.flatnonzero(bottom != 0)
    rest = bottom.sum() - bottom[used]
    if len(used) < 2 or np.any(rest <= 0):
        return float("inf")
    without = (top.sum() - top[used]) / rest
    number = len(used)
    return float(np.sqrt((number - 1) / number * np.square(without - without.mean()).sum()))
