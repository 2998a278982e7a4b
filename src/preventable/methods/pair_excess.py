"""Share of a health service's victims whom the police know, from the excess of pair differences over chance.

No record is linked. Pairs of a health and a police record are counted by how they differ in time, place, age and sex,
as they are and with the police records shifted by whole weeks. Shifted pairs are chance alone; what the real ones have
more is pairs of one victim, and of two victims of one incident.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import stdtrit

from preventable.methods.pair_excess_classes import weeks_of
from preventable.methods.pair_excess_counts import PairCounts, co_victim_counts, count_pairs
from preventable.methods.pair_excess_groups import (
    Grouping,
    GroupShare,
    RecordExcess,
    record_excess,
    shares_by_group,
)
from preventable.methods.pair_excess_moments import (
    Excess,
    Moments,
    Weights,
    core_excess,
    excess_of,
    far_shares,
    fixed_weights,
    jackknife_se,
    other_person_share,
    read_profiles,
    shrunk,
    with_pairs,
)
from preventable.methods.pair_excess_pairs import KNOWN, SAME_AGE
from preventable.methods.pair_excess_records import (
    WEEK_MIN,
    Flags,
    Floats,
    HealthRecords,
    Ints,
    PairRules,
    PoliceRecords,
    TimeRule,
    chosen,
)
from preventable.methods.pair_neither import ArrivalRules, SeenByEither, seen_by_either
from preventable.methods.pair_tensor import TensorShare, read_tensor, tensor_shares

__all__ = [
    "ArrivalRules",
    "HealthRecords",
    "KnownShare",
    "PairRules",
    "PoliceRecords",
    "SeenByEither",
    "TimeRule",
    "jackknife_se",
    "known_to_police",
]

READINGS_APART = "the two ways of reading it lie too far apart"
"""Reason of a share that has limits, the span of both readings, and no estimate."""


@dataclass(frozen=True)
class KnownShare:
    """Share of one service's victims who have a police record of their own.

    Attributes:
        records: Records of the service in the weeks used.
        police_records: Police records in the weeks of the span.
        weeks: Whole weeks used.
        calibrated: Whether a share is given. If not, all figures below are None where they could not be had.
        reason: Why not, in plain words; empty where it is given.
        estimate: Share known, 0 to 1.
        standard_error: Of the share, by leaving out one week at a time.
        lower, upper: Limits of the interval, cut to 0 to 1.
        upper_if_hidden: Upper limit if as many known victims as `hidden_share` have a police record that no admissible
            pair can show (a date wrong by days). Assumed, not measured.
        hidden_share: That assumption.
        wide_share: Share of police records with windows too long to use.
        own_record_part: Part of the excess pairs that are of one victim; the rest are of two victims of one incident.
        core_excess: Weighted excess of pairs in the core cells.
        core_excess_se: Its standard error.
        co_victims: Pairs beyond chance a record that are of two victims of one incident.
        moments, moments_error: First reading, by the product rule, and its standard error; not cut to 0 to 1.
        tensor, tensor_error: Second reading, of all admissible pairs at once, and its standard error.
        tensor_bias: What was taken off the second: its bias where signals were injected.
        groups: By grouping that was asked for: the shares of its groups, by moments.
        either: Share whom the police or the service of arrival saw, where that was asked for.
    """

    records: int
    police_records: int
    weeks: int
    calibrated: bool
    reason: str
    estimate: float | None = None
    standard_error: float | None = None
    lower: float | None = None
    upper: float | None = None
    upper_if_hidden: float | None = None
    hidden_share: float | None = None
    wide_share: float | None = None
    own_record_part: float | None = None
    core_excess: float | None = None
    core_excess_se: float | None = None
    co_victims: float | None = None
    moments: float | None = None
    moments_error: float | None = None
    tensor: float | None = None
    tensor_error: float | None = None
    tensor_bias: float | None = None
    groups: Mapping[str, tuple[GroupShare, ...]] = field(default_factory=dict)
    either: SeenByEither | None = None


@dataclass(frozen=True)
class _Reading:
    """Pairs beyond chance per record of one service: with all weeks, and without each of `weeks` in turn.

    `without` has a row a week: pairs per record, and the part of them that is of one victim.
    """

    pairs: float
    own_part: float
    without: Floats
    weeks: Ints
    moments: Moments
    weights: Weights
    control: float
    core: float
    core_se: float
    of_one_incident: float
    of_one_incident_se: float
    same_age: float


def known_to_police(
    health: Mapping[str, HealthRecords],
    police: PoliceRecords,
    *,
    weeks: int,
    rules: PairRules,
    groupings: Mapping[str, Grouping] | None = None,
    between_sd: float = 0.0,
    arrivals: ArrivalRules | None = None,
    progress: Callable[[float], None] | None = None,
) -> dict[str, KnownShare]:
    """Share of each service's victims who have a police record of their own, with its interval.

    Pairs beyond chance, per record, are the share known plus the police records of co-victims. Co-victims are told by
    age and sex: their pairs differ as pairs of police records of one incident do, pairs of one person hardly. An
    incident that the police know of brings its victims together, so the part of pairs that is of one victim is pooled
    over the services: those whose victims are better known have more pairs of both kinds.

    Args:
        health: Records by service, re-attendances left out. Times on the clock of `police`, which keeps hour and
            weekday from week to week: the local one.
        police: Police records of victims, one a victim and incident. Records outside the span are left out on both
            sides.
        weeks: Whole weeks of the span, which starts at minute 0, a Monday 00:00.
        rules: Classes of pairs and conditions of giving a share.
        groupings: Ways of dividing the victims, by name, for shares of their groups.
        between_sd: Standard deviation between groups of the part of pairs that is of one victim, as agreed.
        arrivals: Of which service the share seen by police or another is wanted, by which other.
        progress: Called with the share that is done, 0 to 1.

    Returns:
        One result a service; `calibrated` says whether it has a share, `reason` why not.

    Sources:
        Karmel and Gibson (2007), BMC Health Services Research 7:154 (matches by chance in event linkage).
        Blakely and Salmond (2002), International Journal of Epidemiology 31:1246-1252 (their number without labels).
        Efron and Stein (1981), Annals of Statistics 9:586-596 (jackknife).
        The product rule and the week-shifted null of pairs are our own: docs/explanation/unknown-to-police.md.
    """
    wide_share = _wide_share(police, weeks, rules)
    usable = 1.0 - wide_share
    spanned = (police.start_min >= 0) & (police.start_min < weeks * WEEK_MIN)
    police_rows = np.flatnonzero(spanned & (police.width_min <= rules.longest_window_min))
    narrow = chosen(police, police_rows)
    rows = _inside(health, narrow, weeks, rules)
    inside = {name: chosen(health[name], rows[name]) for name in health}
    used = {name: len(np.unique(weeks_of(records, weeks, rules))) for name, records in inside.items()}
    reasons = {name: _too_little(len(inside[name]), len(narrow), used[name], rules) for name in inside}
    readable = [name for name in inside if not reasons[name]]
    readings: dict[str, _Reading] = {}
    counted: dict[str, PairCounts] = {}
    if readable:
        real, null = co_victim_counts(narrow, weeks=weeks, rules=rules)
        for place, name in enumerate(readable):
            part = _part(progress, place, len(readable))
            counted[name] = count_pairs(inside[name], narrow, weeks=weeks, rules=rules, progress=part)
            readings[name] = _read(counted[name], real - null, usable, rules)
            reasons[name] = _too_faint(readings[name], rules)
    clear = {name: reading for name, reading in readings.items() if not reasons[name]}
    tensors = {
        name: read_tensor(inside[name], narrow, real - null, usable=usable, weeks=weeks, rules=rules)
        for name in clear
    }
    second = tensor_shares(tensors)
    results = {}
    for name in inside:
        share = KnownShare(
            len(inside[name]), int(spanned.sum()), used[name], calibrated=False, reason=reasons[name]
        )
        results[name] = (
            share if reasons[name] else _with_figures(share, name, clear, second[name], wide_share, rules)
        )
        if results[name].calibrated and groupings:
            reading = readings[name]
            excess = record_excess(
                inside[name],
                narrow,
                counted[name],
                reading.moments,
                reading.weights,
                weeks=weeks,
                rules=rules,
            )
            found = {
                one: tuple(
                    shares_by_group(
                        excess,
                        grouping.health[name][rows[name]],
                        grouping.groups,
                        narrow,
                        grouping.police[police_rows],
                        **_of_all(clear, reading, excess, usable),
                        usable=usable,
                        between_sd=between_sd,
                        weeks=weeks,
                        rules=rules,
                    )
                )
                for one, grouping in groupings.items()
            }
            results[name] = replace(results[name], groups=found)
    if arrivals and arrivals.called in results:
        called = results[arrivals.called]
        either = SeenByEither(called.reason)
        if called.estimate is not None:
            either = seen_by_either(
                inside[arrivals.called],
                inside[arrivals.arrived],
                real - null,
                police=tensors[arrivals.called],
                known=(called.estimate, second[arrivals.called]),
                weeks=weeks,
                rules=arrivals,
            )
        results[arrivals.called] = replace(called, either=either)
    return results


def _of_all(
    readings: Mapping[str, _Reading], reading: _Reading, excess: RecordExcess, usable: float
) -> dict[str, float]:
    """What groups take from all records: the part of one victim, and how sure the profiles are."""
    part, without = _pooled_part(readings)
    part_error = jackknife_se(np.array(list(without.values())))
    weeks = reading.weeks
    sums = np.bincount(excess.week[excess.read], excess.pairs[excess.read], minlength=int(weeks.max()) + 1)
    numbers = np.bincount(excess.week[excess.read], minlength=int(weeks.max()) + 1)
    fixed = (sums.sum() - sums[weeks]) / (numbers.sum() - numbers[weeks]) / usable
    of_profiles = jackknife_se(reading.without[:, 0]) ** 2 - jackknife_se(fixed) ** 2
    return {
        "part": part,
        "part_error": part_error,
        "profile_error": float(np.sqrt(max(of_profiles, 0.0))) / abs(reading.pairs),
    }


def _wide_share(police: PoliceRecords, weeks: int, rules: PairRules) -> float:
    """Share of windows too long to use. By their middles: a long one of the first week began before it."""
    middle = (police.start_min + police.end_min) / 2
    inside = chosen(police, (middle >= 0) & (middle < weeks * WEEK_MIN))
    return float((inside.width_min > rules.longest_window_min).mean()) if len(inside) else 0.0


def _inside(
    health: Mapping[str, HealthRecords], police: PoliceRecords, weeks: int, rules: PairRules
) -> dict[str, Ints]:
    """Rows of records inside the span and in weeks for which the police have sent."""
    span = weeks * WEEK_MIN
    if not weeks or not len(police):
        return {name: np.zeros(0, np.int64) for name in health}
    number = np.bincount((police.start_min // WEEK_MIN).astype(np.int64), minlength=weeks)
    sent: Flags = number >= rules.fewest_week_share * np.median(number[number > 0])
    return {
        name: np.flatnonzero(
            (records.contact_min >= 0) & (records.contact_min < span) & sent[weeks_of(records, weeks, rules)]
        )
        for name, records in health.items()
    }


def _too_little(records: int, police_records: int, weeks: int, rules: PairRules) -> str:
    if not police_records:
        return "no police records in the period"
    if not records:
        return "no records of the service in whole weeks for which the police have sent"
    if weeks < rules.fewest_weeks:
        return f"fewer than {rules.fewest_weeks} whole weeks"
    return ""


def _too_faint(reading: _Reading, rules: PairRules) -> str:
    least = rules.fewest_standard_errors
    if reading.control < rules.fewest_control_pairs:
        return "too few pairs far apart to scale chance by"
    if not reading.core > least * reading.core_se:
        return f"pairs beyond chance are fewer than {least:g} standard errors"
    if not reading.of_one_incident > rules.fewest_co_victim_errors * reading.of_one_incident_se:
        return "too few police records of one incident to tell co-victims by"
    if reading.same_age > rules.most_same_age * reading.of_one_incident:
        return "police records of one incident are too often of one age and sex, as doubled records are"
    if not np.all(np.isfinite(reading.without)):
        return "too few pairs beyond chance in a class of time or place"
    return ""


def _read(counts: PairCounts, of_one_incident: Floats, usable: float, rules: PairRules) -> _Reading:
    """One service, with all weeks and with each left out."""
    counts = _large_classes(counts, rules)
    weekly = excess_of(counts)
    total = Excess(weekly.near.sum(axis=0), weekly.far.sum(axis=0))
    weights = fixed_weights(total, counts, rules)
    records = counts.records.sum(axis=(1, 2, 3))
    profile = of_one_incident.sum(axis=0)

    weeks = np.flatnonzero(records)
    rests = [total, *(total.without(Excess(weekly.near[week], weekly.far[week])) for week in weeks)]
    numbers = records.sum() - np.array([0.0, *records[weeks]])
    one_incident = [profile, *(profile - of_one_incident[week] for week in weeks)]
    profiles = [read_profiles(rest, weights, rules) for rest in rests]
    weight = _weight_of_stated(np.array([far_shares(one) for one in profiles[1:]]), rules)
    read, found = [], []
    for rest, number, persons, profile_ in zip(rests, numbers, one_incident, profiles, strict=True):
        moments = with_pairs(shrunk(profile_, weight, rules.far_share), rest, weights)
        own = 1.0 - moments.other_person / other_person_share(persons)
        read.append((float(moments.pairs.sum()) / number / usable, own))
        found.append(moments)
    core = np.array([core_excess(Excess(near, weekly.far[0]), weights) for near in weekly.near])
    incident = of_one_incident[:, KNOWN].sum(axis=1)
    return _Reading(
        *read[0],
        without=np.array(read[1:]),
        weeks=weeks,
        moments=found[0],
        weights=weights,
        control=counts.control,
        core=float(core.sum()),
        core_se=_sum_se(core),
        of_one_incident=float(incident.sum()),
        of_one_incident_se=_sum_se(incident),
        same_age=float(profile[SAME_AGE]),
    )


def _weight_of_stated(far: Floats, rules: PairRules) -> Floats:
    """How much the stated share of far pairs weighs beside the one seen, by place class: [week left out, place]."""
    variance = np.array([jackknife_se(of_place) for of_place in far.T]) ** 2
    weight: Floats = variance / (variance + rules.far_share_sd**2)
    return weight


def _large_classes(counts: PairCounts, rules: PairRules) -> PairCounts:
    """Without classes of time, place or age too small to have a profile: as if their share were the others'."""
    number = counts.records.sum(axis=0)
    least = rules.smallest_class * number.sum()
    kept = (
        (number.sum(axis=(1, 2)) >= least)[:, None, None]
        & (number.sum(axis=(0, 2)) >= least)[None, :, None]
        & (number.sum(axis=(0, 1)) >= least)[None, None, :]
    ).astype(np.float64)
    near, far = kept[..., None, None, None, None], kept[..., None, None]
    return PairCounts(
        counts.near * near,
        counts.near_null * near,
        counts.far * far,
        counts.far_null * far,
        counts.records * kept,
        counts.control,
        counts.scale,
    )


def _with_figures(
    share: KnownShare,
    name: str,
    readings: Mapping[str, _Reading],
    tensor: TensorShare,
    wide_share: float,
    rules: PairRules,
) -> KnownShare:
    """The mean of both readings, or why there is none."""
    part, part_without = _pooled_part(readings)
    reading = readings[name]
    own = reading.pairs * part
    # A week in which this service has no record leaves its pairs as they are.
    weeks = sorted(part_without)
    pairs_without = dict(zip(reading.weeks.tolist(), reading.without[:, 0].tolist(), strict=True))
    without = [pairs_without.get(week, reading.pairs) * part_without[week] for week in weeks]
    own_error = jackknife_se(np.array(without))
    share = replace(
        share,
        moments=own,
        moments_error=own_error,
        tensor=tensor.estimate,
        tensor_error=tensor.standard_error,
        tensor_bias=tensor.bias,
        wide_share=wide_share,
        own_record_part=part,
        core_excess=reading.core,
        core_excess_se=reading.core_se,
    )
    if not np.isfinite([tensor.estimate, tensor.standard_error]).all():
        return replace(share, reason="the second reading cannot be had")
    mean, error = mean_of_readings((own, own_error), (tensor.estimate, tensor.standard_error), rules)
    reach = float(stdtrit(len(weeks) - 1, 0.5 + rules.level / 2)) * error
    apart = abs(own - tensor.estimate)
    if apart > rules.most_errors_apart * error:
        lower, upper = (min(max(mean + side * (reach + apart / 2), 0.0), 1.0) for side in (-1, 1))
        return replace(share, reason=READINGS_APART, lower=lower, upper=upper)
    if 2 * reach > rules.widest_interval:
        return replace(share, reason="the interval would be too wide to tell anything")
    lower, upper = (min(max(mean + side * reach, 0.0), 1.0) for side in (-1, 1))
    return replace(
        share,
        calibrated=True,
        estimate=min(max(mean, 0.0), 1.0),
        standard_error=error,
        lower=lower,
        upper=upper,
        upper_if_hidden=min(upper / (1.0 - rules.hidden_share), 1.0),
        hidden_share=rules.hidden_share,
        co_victims=mean * (1.0 - part) / part,
    )


def mean_of_readings(
    one: tuple[float, float], other: tuple[float, float], rules: PairRules
) -> tuple[float, float]:
    """Mean of two readings, and its standard error, their errors hanging together.

    Args:
        one, other: A reading, and its standard error.
        rules: Correlation of the errors.
    """
    together = np.sqrt((1.0 + rules.error_correlation) / 2.0)
    return (one[0] + other[0]) / 2.0, float(together * (one[1] + other[1]) / 2.0)


def _pooled_part(readings: Mapping[str, _Reading]) -> tuple[float, dict[int, float]]:
    """Part of pairs that is of one victim, over the services, and without each week in turn."""
    weights = {name: 1.0 / jackknife_se(reading.without[:, 1]) ** 2 for name, reading in readings.items()}
    whole = sum(weights.values())
    pooled = sum(weights[name] * reading.own_part for name, reading in readings.items()) / whole
    without: dict[int, float] = {}
    for week in sorted({week for reading in readings.values() for week in reading.weeks.tolist()}):
        without[week] = 0.0
        for name, reading in readings.items():
            place = np.flatnonzero(reading.weeks == week)
            value = float(reading.without[place[0], 1]) if len(place) else reading.own_part
            without[week] += weights[name] * value / whole
    return pooled, without


def _sum_se(weekly: Floats) -> float:
    """Standard error of a sum over weeks."""
    return float(np.sqrt(len(weekly) * weekly.var(ddof=1))) if len(weekly) > 1 else float("inf")


def _part(progress: Callable[[float], None] | None, place: int, parts: int) -> Callable[[float], None] | None:
    if progress is None:
        return None
    tell = progress
    return lambda share: tell((place + share) / parts)
