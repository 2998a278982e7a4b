"""What the excess of pair differences is read from: records as arrays, and the rules of reading them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

WEEK_MIN = 7 * 24 * 60.0
STATED, DAY_ONLY, MISSING = 0, 1, 2
"""How the time of injury was given by the health service."""
NO_PLACE = 3
"""Place class of a health record without a point; 0, 1 and 2 have one: of a venue, a street, an area."""
EXACT_AGE, AGE_BAND, NO_AGE = 0, 1, 2


@dataclass(frozen=True)
class HealthRecords:
    """Records of one health service, an entry a record. Times are minutes from the start of the first whole week.

    Attributes:
        contact_min: Arrival or call.
        start_min, end_min: Earliest and latest time of the injury as stated; NaN where it is not.
        time_class: 0 stated, 1 the day alone, 2 missing (then the contact stands for it).
        easting_m, northing_m: Place of the injury, NaN where there is none.
        place_class: 0 as exact as a venue, 1 a street, 2 an area, 3 none.
        age_from, age_to: Age in years, twice the same, or a band; NaN where missing.
        sex: 0 male, 1 female, -1 missing.
    """

    contact_min: Floats
    start_min: Floats
    end_min: Floats
    time_class: Ints
    easting_m: Floats
    northing_m: Floats
    place_class: Ints
    age_from: Floats
    age_to: Floats
    sex: Ints

    def __len__(self) -> int:
        return len(self.contact_min)

    @property
    def age_class(self) -> Ints:
        """0 exact, 1 a band, 2 missing."""
        width = self.age_to - self.age_from
        return np.where(np.isnan(width), NO_AGE, np.where(width < 1, EXACT_AGE, AGE_BAND)).astype(np.int64)


@dataclass(frozen=True)
class PoliceRecords:
    """Victims in police records, an entry a victim. Times are minutes from the start of the first whole week.

    Attributes:
        start_min, end_min: Window in which the offence happened.
        easting_m, northing_m: Its place, NaN where there is none.
        age_from, age_to: Age in years, twice the same, or a band; NaN where missing.
        sex: 0 male, 1 female, -1 missing.
    """

    start_min: Floats
    end_min: Floats
    easting_m: Floats
    northing_m: Floats
    age_from: Floats
    age_to: Floats
    sex: Ints

    def __len__(self) -> int:
        return len(self.start_min)

    @property
    def width_min(self) -> Floats:
        return self.end_min - self.start_min


_Records = TypeVar("_Records", HealthRecords, PoliceRecords)


def chosen(records: _Records, rows: Ints | Flags) -> _Records:
    """The records of these rows, in their order."""
    return type(records)(**{f.name: getattr(records, f.name)[rows] for f in fields(records)})


@dataclass(frozen=True)
class TimeRule:
    """Gaps between police window and health record that are read, in minutes, for one way of giving the time.

    Attributes:
        near_before, near_after: Longest gap, before and after the health record, of a near pair.
        steps: Upper ends of the classes of near gaps.
        far_before, far_after: Ranges of longer gaps, each above the first and up to the second number, that a pair
            of one person may have: a day mistaken, a late attendance.
    """

    near_before: float
    near_after: float
    steps: tuple[float, ...]
    far_before: tuple[tuple[float, float], ...]
    far_after: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class PairRules:
    """How pairs are sorted, and when a share is given. `stages/linkage/known.toml` holds ours, with the reasons.

    Attributes:
        shift_weeks: Police records are shifted by 1 to so many whole weeks, both ways.
        fewest_weeks: Whole weeks with records of the service below which no share is given.
        fewest_standard_errors: Of the core excess, below which none is given.
        smallest_class: Share of a service's records below which a class of time, place or age is left out.
        fewest_week_share: Of the usual week's police records, below which a week is left out.
        level: Coverage of the interval.
        widest_interval: Width above which no share is given.
        hidden_share: Assumed largest share of known victims whose police record no admissible pair can show.
        longest_window_min: Police records with longer windows are left out and divided for.
        narrow_window_min: Longest narrow window; wide ones have a time profile of their own.
        block_min, block_start_min: Blocks in which the null is scaled; minute of the week when the first begins.
        times: By time class.
        distance_edges_m: Upper ends of the classes of distance.
        far_share, far_share_sd: What is taken for the share of pairs beyond the last edge before any is seen, and how
            sure that is.
        tight_m, core_m: By place class: radius in which time and age are read, and in which pairs are added up.
        control_from_m: Pairs farther apart, of like persons who are hardly one, scale the null.
        fewest_control_pairs: Of these, below which no share is given.
        age_steps: Upper ends, in years, of the classes of age difference that one person may have.
        far_apart_years: Age difference that one person does not have.
        other_sex_apart_years: The same where the sex differs too.
        co_victim_window_min, co_victim_gap_min, co_victim_distance_m: Police records of one incident: longest
            window, gap and distance.
        fewest_co_victim_errors: Standard errors that their number is above 0, below which no share is given.
        most_same_age: Share of those of one age and sex, of those with both, above which they are one person's.
        tensor_gaps: By time class, ranges of gaps of the second reading in minutes, beside overlap; below 0 before.
        tensor_far_min: Gaps above are of another night: their chance is scaled by itself.
        tensor_reweighed, tensor_rounds: How often its weights are made anew, and rounds of least squares each time.
        tensor_again: Rounds from the fit of all weeks, for weeks left out and signals injected.
        tensor_seed: Seed of the signals that are injected.
        most_week_groups: Weeks are left out of it in so many groups at most.
        error_correlation: Correlation of the errors of the two readings, as measured.
        most_errors_apart: Standard errors that the readings may lie apart; above, no share is given.
    """

    shift_weeks: int
    fewest_weeks: int
    fewest_standard_errors: float
    smallest_class: float
    fewest_week_share: float
    level: float
    widest_interval: float
    hidden_share: float
    longest_window_min: float
    narrow_window_min: float
    block_min: float
    block_start_min: float
    times: tuple[TimeRule, ...]
    distance_edges_m: tuple[float, ...]
    far_share: float
    far_share_sd: float
    tight_m: tuple[float, ...]
    core_m: tuple[float, ...]
    control_from_m: float
    fewest_control_pairs: int
    age_steps: tuple[float, float, float]
    far_apart_years: float
    other_sex_apart_years: float
    co_victim_window_min: float
    co_victim_gap_min: float
    co_victim_distance_m: float
    fewest_co_victim_errors: float
    most_same_age: float
    tensor_gaps: tuple[tuple[tuple[float, float], ...], ...]
    tensor_far_min: float
    tensor_reweighed: int
    tensor_rounds: int
    tensor_again: int
    tensor_seed: int
    most_week_groups: int
    error_correlation: float
    most_errors_apart: float

    @property
    def steps(self) -> int:
        """Classes of near gaps."""
        return max(len(rule.steps) for rule in self.times)

    @property
    def distances(self) -> int:
        """Classes of distance: up to each edge, beyond the last, and none."""
        return len(self.distance_edges_m) + 2

    def distances_within(self, radius_m: float) -> int:
        """Classes of distance inside a radius, which is one of the edges."""
        return self.distance_edges_m.index(radius_m) + 1

    def shifts(self, weeks: int) -> Sequence[int]:
        """Whole weeks by which police records are shifted round a span of so many."""
        if weeks > 2 * self.shift_weeks + 1:
            return [k for k in range(-self.shift_weeks, self.shift_weeks + 1) if k]
        return range(1, weeks)
