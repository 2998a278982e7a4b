"""Share of an ambulance's patients whom police or emergency department saw, from the excess of pairs of both kinds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from preventable.methods.pair_excess_classes import AGES, weeks_of
from preventable.methods.pair_excess_moments import jackknife_se
from preventable.methods.pair_excess_pairs import KNOWN, NEAR_AGE, NEXT_AGE, OTHER_PERSON, PERSONS, SAME_AGE
from preventable.methods.pair_excess_records import (
    NO_AGE,
    STATED,
    Floats,
    HealthRecords,
    PairRules,
    PoliceRecords,
)
from preventable.methods.pair_loops import sums_by_record
from preventable.methods.pair_tensor import TensorReading, TensorShare, read_tensor, tensor_shares
from preventable.methods.pair_tensor_counts import week_groups

_ONE_PERSON = (SAME_AGE, NEXT_AGE, NEAR_AGE)


@dataclass(frozen=True)
class SeenByEither:
    """Share of the patients of one service, the ambulance, whom the police or a second service saw.

    Attributes:
        reason: Why there is no share, in plain words; empty where there is.
        estimate: Share with a record of their own at the police, the second service or both.
        standard_error: Of the share.
        lower, upper: Limits of the interval, cut to 0 to 1.
        upper_if_hidden: Upper limit if as many known victims as is assumed have a police record that no pair can show.
        arrived: Share with a record at the second service.
        dependence: How much more often both saw a patient than if each saw him regardless of the other: a ratio,
            drawn towards 1.
        seen_dependence, dependence_error: The ratio as read, and its standard error.
    """

    reason: str
    estimate: float | None = None
    standard_error: float | None = None
    lower: float | None = None
    upper: float | None = None
    upper_if_hidden: float | None = None
    arrived: float | None = None
    dependence: float | None = None
    seen_dependence: float | None = None
    dependence_error: float | None = None


@dataclass(frozen=True)
class ArrivalRules:
    """How a call for an ambulance and an arrival are paired.

    Attributes:
        called, arrived: Names of the services: the ambulance, and where its patients may arrive.
        pairs: Classes of pairs; the gap is from the arrival to the call.
        far_m: Pairs farther apart are not used where both readings of a patient are put beside each other.
        dependence_sd: How far the dependence is taken to lie from 1 before any is seen, as a standard deviation.
    """

    called: str
    arrived: str
    pairs: PairRules
    far_m: float
    dependence_sd: float


@dataclass(frozen=True)
class _Both:
    """By group of weeks: ambulance records read, and sums of what each adds: of police, of arrivals, of both."""

    number: Floats
    police: Floats
    arrivals: Floats
    both: Floats

    def dependence(self) -> tuple[float, Floats]:
        """With all weeks, and without each group."""
        parts = (self.number, self.police, self.arrivals, self.both)
        rests = [one.sum() - np.array([0.0, *one]) for one in parts]
        ratio = rests[3] * rests[0] / (rests[1] * rests[2])
        return float(ratio[0]), ratio[1:]


def seen_by_either(
    ambulance: HealthRecords,
    arrivals: HealthRecords,
    of_one_incident: Floats,
    *,
    police: TensorReading,
    known: tuple[float, TensorShare],
    weeks: int,
    rules: ArrivalRules,
) -> SeenByEither:
    """Share of ambulance patients whom the police or an emergency department saw.

    It is the share known to police and the share that arrived, less that of both. Pairs of calls and arrivals tell who
    arrived, as pairs with the police tell who is known. Of both: what each ambulance record adds to the one excess,
    times what it adds to the other, less the same with police and arrivals shifted by the same weeks, in which chance
    of both kinds hangs together as it does in fact but nobody is the same. An error in the ambulance record would spoil
    both; so arrivals are read there in cells so wide that place, age and sex hardly matter.

    Args:
        ambulance: Its records with contacts inside the span.
        arrivals: Records of the second service inside the span, re-attendances left out.
        of_one_incident: [week, person]: police pairs of one incident beyond chance.
        police: Reading of ambulance and police.
        known: Share of ambulance patients known to police, and the same by the tensor.
        weeks: Whole weeks of the span.
        rules: How calls and arrivals are paired.
    """
    point = np.zeros_like(arrivals.time_class)
    came = replace(
        arrivals, start_min=arrivals.contact_min, end_min=arrivals.contact_min, time_class=point + STATED
    )
    calls = _calls(ambulance)
    pairs = rules.pairs
    if not len(came):
        return SeenByEither("no records of the other service in whole weeks for which the police have sent")
    reading = read_tensor(came, calls, of_one_incident, usable=1.0, weeks=weeks, rules=pairs)
    share = tensor_shares({"": reading})[""]
    if not share.estimate > pairs.fewest_standard_errors * share.standard_error:
        return SeenByEither("too few pairs of calls and arrivals beyond chance")

    group = week_groups(weeks, pairs)[weeks_of(ambulance, weeks, pairs)]
    both = _both(ambulance, group, police, reading, of_one_incident.sum(axis=0), rules)
    seen, seen_without = both.dependence()
    error = jackknife_se(seen_without)
    if not np.isfinite(error):
        return SeenByEither("too few ambulance records with an age and a sex")
    stated = error**2 / (error**2 + rules.dependence_sd**2)
    dependence = seen + stated * (1.0 - seen)
    dependence_without = seen_without + stated * (1.0 - seen_without)

    rest = len(ambulance) - np.bincount(group, minlength=len(seen_without))
    arrived = share.estimate * reading.records / len(ambulance)
    arrived_without = share.without * (reading.records - reading.counted.records) / rest
    known_without = known[0] + known[1].without - known[1].estimate
    estimate = known[0] + arrived - dependence * known[0] * arrived
    without = known_without + arrived_without - dependence_without * known_without * arrived_without
    standard_error = float(np.hypot(jackknife_se(without), stated * rules.dependence_sd * known[0] * arrived))
    reach = float(stdtrit(len(without) - 1, 0.5 + pairs.level / 2)) * standard_error
    if not 2 * reach <= pairs.widest_interval:
        return SeenByEither("the interval would be too wide to tell anything")
    upper = min(estimate + reach, 1.0)
    hidden = known[0] * pairs.hidden_share / (1.0 - pairs.hidden_share)
    return SeenByEither(
        "",
        estimate=min(max(estimate, 0.0), 1.0),
        standard_error=standard_error,
        lower=min(max(estimate - reach, 0.0), 1.0),
        upper=max(upper, 0.0),
        upper_if_hidden=min(max(upper, 0.0) + hidden * max(1.0 - dependence * arrived, 0.0), 1.0),
        arrived=arrived,
        dependence=dependence,
        seen_dependence=seen,
        dependence_error=error,
    )


def _calls(ambulance: HealthRecords) -> PoliceRecords:
    """Ambulance records on the side of a pair that has a window: that of their call."""
    return PoliceRecords(
        ambulance.contact_min,
        ambulance.contact_min,
        ambulance.easting_m,
        ambulance.northing_m,
        ambulance.age_from,
        ambulance.age_to,
        ambulance.sex,
    )


def _both(
    ambulance: HealthRecords,
    group: np.ndarray,
    police: TensorReading,
    arrivals: TensorReading,
    of_one_incident: Floats,
    rules: ArrivalRules,
) -> _Both:
    """What each ambulance record that gives an age and a sex adds to both excesses, and to them together."""
    by_police, _ = sums_by_record(police.paired, _own_values(police, of_one_incident), police.counted.chance)
    _, by_arrival = sums_by_record(arrivals.paired, _wide_values(arrivals, rules), arrivals.counted.chance)
    told = (ambulance.age_class != NO_AGE) & (ambulance.sex >= 0)
    used = np.flatnonzero(told[police.rows])
    rows = police.rows[used]
    own, own_shifted = _beyond_chance(by_police[:, used])
    came, came_shifted = _beyond_chance(by_arrival[:, rows])
    shifts = len(own_shifted)
    # Calls moved later are arrivals moved earlier. A null without the shift that plays real is a little less exact.
    by_chance = (own_shifted * came_shifted[::-1]).mean(axis=0) * (1.0 - 1.0 / shifts**2)
    groups = int(group.max()) + 1 if len(group) else 0
    number = max(groups, len(arrivals.counted.records))

    def summed(values: Floats) -> Floats:
        sums: Floats = np.bincount(group[rows], values, minlength=number).astype(np.float64)
        return sums

    return _Both(summed(np.ones(len(rows))), summed(own), summed(came), summed(own * came - by_chance))


def _beyond_chance(sums: Floats) -> tuple[Floats, Floats]:
    """Real sums less those of all shifts, and each shift's less those of the others: [record], [shift, record]."""
    shifted = sums[1:]
    number, whole = len(shifted), shifted.sum(axis=0)
    return sums[0] - whole, number * shifted - (whole - shifted) * number / (number - 1)


def _own_values(reading: TensorReading, of_one_incident: Floats) -> Floats:
    """What a pair counts so that a victim's own record makes 1 and another victim's of the incident nothing."""
    known = np.zeros(PERSONS)
    known[KNOWN] = of_one_incident[KNOWN] / of_one_incident[KNOWN].sum()
    own, others = np.zeros((2, AGES, PERSONS))
    for age in range(NO_AGE):
        told = float(reading.fit.persons[age, KNOWN].sum())
        if told > 0:
            profile = np.zeros(PERSONS)
            profile[KNOWN] = reading.fit.persons[age, KNOWN] / told
            part = 1.0 - profile[OTHER_PERSON] / known[OTHER_PERSON]
            own[age] = told * (profile - (1.0 - part) * known) / part
            others[age] = told * known
    kinds = reading.paired.kinds
    unit = replace(reading.fit, pairs=np.ones_like(reading.fit.pairs))
    of_own = replace(unit, persons=own).cells(kinds)
    of_others = replace(unit, persons=others).cells(kinds)
    one_person, other_person = np.zeros((2, PERSONS))
    one_person[list(_ONE_PERSON)] = 1.0
    other_person[OTHER_PERSON] = 1.0
    values = _values(reading.weight * of_own * one_person, of_own)
    of_other_person = _values(reading.weight * of_others * other_person, of_others)
    leak = (values * of_others).sum(axis=(2, 3, 4), keepdims=True)
    return np.asarray(values - leak * of_other_person)


def _wide_values(reading: TensorReading, rules: ArrivalRules) -> Floats:
    """What a pair counts by its gap alone: signal over signal and chance of all persons within a wide radius."""
    inside = np.zeros(reading.weight.shape)
    inside[..., : rules.pairs.distances_within(rules.far_m), :] = 1.0
    inside[..., -1, :] = 1.0
    inside *= reading.weight > 0
    kinds = reading.paired.kinds
    signal = np.maximum((reading.fit.cells(kinds) * inside).sum(axis=(3, 4), keepdims=True), 0.0)
    chance = (reading.counted.null.sum(axis=0) * inside).sum(axis=(3, 4), keepdims=True)
    weight = signal / (signal + 2.0 * chance + 1.0)
    unit = replace(reading.fit, pairs=np.ones_like(reading.fit.pairs)).cells(kinds)
    return _values(weight * inside, unit)


def _values(weight: Floats, profile: Floats) -> Floats:
    """Weights scaled so that pairs with this profile make 1 in all."""
    whole = np.broadcast_to((weight * profile).sum(axis=(2, 3, 4), keepdims=True), weight.shape)
    values: Floats = np.divide(weight, whole, out=np.zeros_like(weight), where=whole > 0)
    return values
