"""What a month of a site is worth: its parts, its score with limits, its grade, and what costs how many points."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from preventable.methods.limits import normal_quantile
from preventable.stages.scorecards.rules import ScoreRules
from preventable.stages.scorecards.tallies import UNIT, Tally
from preventable.stages.scorecards.volume import ExpectedRecords

#: Less than this is the last bits of a sum.
_LAST_BITS = 1e-9
#: Class of place -> what a sentence says of it. Places of usable classes that lose points are not told.
_CLASSES = {"L0": "place_text", "L1": "generic", "L2": "town", "L4": "ambiguous", "wide": "wide"}


@dataclass(frozen=True)
class Trips:
    """Rows of a provider's month that a rule found, of those that it looked at."""

    found: int
    looked_at: int

    @property
    def share(self) -> float:
        """Share found, 0 where none was looked at."""
        return self.found / self.looked_at if self.looked_at else 0.0


@dataclass(frozen=True)
class Came:
    """When a provider's month came.

    Attributes:
        days_late: Days from the due day to the day its first file came; None where that is not known.
        first: Records that came in the month of that file.
        in_all: Records that have come by now; 0 where that is not known.
    """

    days_late: int | None
    first: int = 0
    in_all: int = 0

    def timeliness(self, rules: ScoreRules) -> tuple[float, float] | None:
        """Share of the points that the first file leaves, and that records which came later leave of these."""
        if self.days_late is None:
            return None
        with_first = self.first / self.in_all if self.in_all else 1.0
        return max(0.0, 1 - self.days_late / rules.none_from_days), with_first


@dataclass(frozen=True)
class Loss:
    """Something that costs points.

    Attributes:
        about: Key of the sentence (`stages.scorecards.rules.ABOUT`); of a rule, its id.
        points: Points of 100 that it costs.
        part: Records or rows concerned.
        whole: Of how many; 0 where it is about the month.
    """

    about: str
    points: float
    part: int = 0
    whole: int = 0


@dataclass(frozen=True)
class MonthScore:
    """A month of a site.

    Attributes:
        records: Records that stand.
        asked: Of these, asked for a place: not at home.
        usable: Of these, with a place that can be acted on.
        parts: Part -> share of its points, 0 to 1; None where it cannot be judged.
        score: 0 to 100, with its limits (95 % by default) for what chance makes of few records.
        lower, upper: Its limits.
        grade: A to E, of the whole points.
        losses: What costs points, most first.
    """

    records: int
    asked: int
    usable: int
    parts: Mapping[str, float | None]
    score: float
    lower: float
    upper: float
    grade: str
    losses: tuple[Loss, ...]

    @property
    def points(self) -> int:
        """The score in whole points, as it is shown."""
        return whole_points(self.score)

    @property
    def limits(self) -> tuple[int, int]:
        """Its limits in whole points, as they are shown: no narrower than they are."""
        return whole_points(self.lower), -whole_points(-self.upper)


def whole_points(score: float) -> int:
    """A score as it is shown: rounded down, so that no grade is shown with points that another one needs.

    Example:
        >>> whole_points(84.9), whole_points(85 - 1e-12)
        (84, 85)
    """
    return math.floor(score + _LAST_BITS)


def month_score(
    tally: Tally,
    trips: Mapping[str, Trips],
    expected: ExpectedRecords | None,
    came: Came,
    rules: ScoreRules,
    fields: Sequence[str],
) -> MonthScore | None:
    """Score a month that was received.

    Args:
        tally: Its records.
        trips: Rule -> rows that it found, of the provider's month.
        expected: Records that earlier years lead one to expect; None where these say too little.
        came: When it came.
        rules: Weights and thresholds.
        fields: Fields that the kind of source is asked for.

    Returns:
        The score; None where there are too few records for one.
    """
    if tally.records < rules.least_records:
        return None
    spoiled = min(1.0, sum(trips[rule].share for rule in rules.time_spoiled_by if rule in trips))
    timeliness = came.timeliness(rules)
    parts = {
        "timeliness": None if timeliness is None else timeliness[0] * timeliness[1],
        "volume": None if expected is None else _volume(tally.records, expected, rules),
        "completeness": statistics.fmean(tally.filled[name] / tally.records for name in fields),
        "time": max(0.0, _mean(tally.precisions, rules.time_points) - spoiled),
        "location": _mean(tally.classes, rules.location_points) if tally.asked else None,
        "consistency": _consistency(trips, rules),
    }
    judged = sum(rules.weights[name] for name, share in parts.items() if share is not None)
    scale = 100 / judged
    score = scale * sum(rules.weights[name] * share for name, share in parts.items() if share is not None)
    spread = normal_quantile(rules.trend["level"]) * scale * _standard_error(tally, trips, rules, fields)
    losses = [
        replace(one, points=one.points * scale)
        for one in (
            *_losses_of_timeliness(came, rules),
            *_losses_of_volume(tally, parts["volume"], expected, rules),
            *_losses_of_records(tally, rules, fields),
            *_losses_of_rules(trips, parts, rules),
        )
    ]
    return MonthScore(
        tally.records,
        tally.asked,
        tally.usable(rules),
        parts,
        score,
        max(0.0, score - spread),
        min(100.0, score + spread),
        rules.grade(whole_points(score)),
        tuple(sorted((one for one in losses if one.points > 0), key=lambda one: (-one.points, one.about))),
    )


def _mean(counts: Mapping[str, int], points: Mapping[str, float]) -> float:
    """Mean points of what has points; of none 0."""
    records = sum(counts[name] for name in points)
    return sum(counts[name] * points[name] for name in points) / records if records else 0.0


def _volume(records: int, expected: ExpectedRecords, rules: ScoreRules) -> float:
    """Full near what earlier years lead one to expect, none far from it."""
    full, none = rules.volume["full_within"], rules.volume["none_from"]
    apart = abs(records - expected.records) / expected.deviation
    return min(1.0, max(0.0, (none - apart) / (none - full)))


def _consistency(trips: Mapping[str, Trips], rules: ScoreRules) -> float | None:
    shares = [trips[rule].share for rule in rules.consistency_rules if rule in trips]
    return max(0.0, 1 - sum(shares) / rules.none_from_share) if shares else None


def _standard_error(
    tally: Tally, trips: Mapping[str, Trips], rules: ScoreRules, fields: Sequence[str]
) -> float:
    """Of the points of a month whose records were others of the same kind; when and how many came is no chance.

    Shares of rules have Agresti and Coull's variance, which is none of no row; they are taken as independent.
    """
    variance = _variance_of_rows(tally, UNIT * len(fields)) / (tally.records - 1)
    for name, ids, scale in (
        ("time", rules.time_spoiled_by, 1.0),
        ("consistency", rules.consistency_rules, 1 / rules.none_from_share),
    ):
        looked = [trips[rule] for rule in ids if rule in trips and trips[rule].looked_at]
        if looked:
            found, at = sum(one.found for one in looked), max(one.looked_at for one in looked)
            share = min(1.0, (found + 2) / (at + 4))
            variance += (rules.weights[name] * scale) ** 2 * share * (1 - share) / (at + 4)
    return math.sqrt(variance)


def _variance_of_rows(tally: Tally, unit: int) -> float:
    """Variance of what a record adds to the mean of fields and times and to the mean place of the records asked.

    The second is a ratio: by the delta method a record adds its place less the mean, over the share that is asked.
    """
    mean = {name: total / tally.records for name, total in tally.sums.items()}
    squares = mean["other_squares"] - mean["other"] ** 2
    if tally.asked:
        place, over = mean["place"] / mean["asked"], 1 / mean["asked"]
        squares += 2 * over * (mean["other_place"] - place * mean["other_asked"])
        squares += over**2 * (mean["place_squares"] - 2 * place * mean["place"] + place**2 * mean["asked"])
    return max(0.0, squares) / unit**2


def _losses_of_timeliness(came: Came, rules: ScoreRules) -> list[Loss]:
    timeliness = came.timeliness(rules)
    if timeliness is None:
        return []
    weight, (of_first, with_first) = rules.weights["timeliness"], timeliness
    later = Loss("late_records", weight * of_first * (1 - with_first), came.in_all - came.first, came.in_all)
    return [Loss("late", weight * (1 - of_first)), later]


def _losses_of_volume(
    tally: Tally, share: float | None, expected: ExpectedRecords | None, rules: ScoreRules
) -> list[Loss]:
    if share is None or expected is None:
        return []
    about = "volume_low" if tally.records < expected.records else "volume_high"
    return [Loss(about, rules.weights["volume"] * (1 - share))]


def _losses_of_records(tally: Tally, rules: ScoreRules, fields: Sequence[str]) -> list[Loss]:
    """What fields, times and places lost, by cause. One that costs points of two parts is told once."""
    records, asked = tally.records, tally.asked
    found = {
        name: Loss(
            name,
            rules.weights["completeness"] / len(fields) * (records - tally.filled[name]) / records,
            records - tally.filled[name],
            records,
        )
        for name in fields
    }
    for precision, points in rules.time_points.items():
        about = "stated_time" if precision == "unknown" and "stated_time" in found else "time_inexact"
        count = tally.precisions[precision] if points < 1 else 0
        lost = rules.weights["time"] * (1 - points) * count / records
        before = found.get(about, Loss(about, 0.0, 0, records))
        more = count if about == "time_inexact" else 0
        found[about] = replace(before, points=before.points + lost, part=before.part + more)
    for name, about in _CLASSES.items() if asked else ():
        count = tally.classes[name]
        lost = rules.weights["location"] * (1 - rules.location_points[name]) * count / asked
        before = found.get(about, Loss(about, 0.0, count, asked))
        found[about] = replace(before, points=before.points + lost)
    return list(found.values())


def _losses_of_rules(
    trips: Mapping[str, Trips], parts: Mapping[str, float | None], rules: ScoreRules
) -> list[Loss]:
    """What rules cost: times that they spoiled, and consistency, shared out by the share of rows that each found."""
    spoiled = [trips[rule] for rule in rules.time_spoiled_by if rule in trips and trips[rule].looked_at]
    found = []
    if spoiled:
        rows, looked_at = sum(one.found for one in spoiled), max(one.looked_at for one in spoiled)
        found.append(
            Loss("time_spoiled", rules.weights["time"] * min(1.0, rows / looked_at), rows, looked_at)
        )
    shares = {rule: trips[rule].share for rule in rules.consistency_rules if rule in trips}
    in_all, share = sum(shares.values()), parts["consistency"]
    if share is None or not in_all:
        return found
    lost = rules.weights["consistency"] * (1 - share)
    return found + [
        Loss(rule, lost * one / in_all, trips[rule].found, trips[rule].looked_at)
        for rule, one in shares.items()
    ]
