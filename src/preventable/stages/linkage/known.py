"""Share of victims known to police, by health source, from located records. No record is linked for it."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from preventable.methods.pair_excess import (
    ArrivalRules,
    HealthRecords,
    KnownShare,
    PairRules,
    PoliceRecords,
    SeenByEither,
    TimeRule,
    known_to_police,
)
from preventable.methods.pair_excess_groups import Grouping
from preventable.stages.linkage.known_groups import group_names, group_rows, group_sizes, groupings
from preventable.stages.linkage.policy import LinkagePolicy

HEALTH_SOURCES = ("ed", "ambulance")
"""Sources whose records are of victims that the police may know."""
MOST_UNREAD = "most records give neither age nor sex"
_TIMES = ("stated", "day_only", "missing")
_PLACES = ("venue", "street", "area")
_STATED, _DAY_ONLY, _MISSING = range(3)
_EPOCH_MONDAY = dt.date(1970, 1, 5)
_DAY_US = 24 * 60 * 60 * 1_000_000
_FIGURES = (
    "estimate",
    "standard_error",
    "lower",
    "upper",
    "upper_if_hidden",
    "calibrated",
    "reason",
    "own_record_part",
    "wide_share",
)
_READINGS = ("moments", "moments_error", "tensor", "tensor_error", "tensor_bias")
_INTERVAL = ("estimate", "standard_error", "lower", "upper", "upper_if_hidden")
_CALLED, _ARRIVED = "ambulance", "ed"


def read_known_rules(policy: LinkagePolicy) -> dict[str, Any]:
    """Contents of known.toml, with what the partnership agrees of later visits and wide windows."""
    rules = tomllib.loads((files(__package__) / "known.toml").read_text(encoding="utf-8"))
    rules["groups"] = policy.groups
    rules["re_attendance"] = {"within_min": policy.same_injury_hours * 60}
    rules["police"]["longest_window_min"] = policy.widest_window_hours * 60
    return rules


def estimate_known(
    records: pa.Table, *, rules: Mapping[str, Any], progress: Callable[[float], None] | None = None
) -> list[dict[str, Any]]:
    """Share of the victims of each health source who have a police record of their own.

    Times are the local clock's. A shift by whole weeks keeps hour and weekday, and habits go by the local clock; both
    sides of a pair are on the same one, so that a change of the clocks moves no difference but those across it.

    Args:
        records: Rows of `located_records` whose source is ed, ambulance or police and that are of assaults.
        rules: Contents of known.toml (`read_known_rules`).
        progress: Called with the share that is done, 0 to 1.

    Returns:
        Rows for each source of `HEALTH_SOURCES`, in that order: own records and incidents of all; of ambulances, the
        same seen by police or emergency department; then own records by group. source, measure, breakdown, category,
        period_start and period_end (first and last day of the whole weeks used), weeks, records, police_records, the
        share known (estimate, standard_error, lower, upper, upper_if_hidden; None where no share is given),
        calibrated, reason, own_record_part, wide_share, the two readings of which it is the mean, with their standard
        errors and the bias taken off the second. Where the two lie too far apart there is no share, but the span of
        both as lower and upper.
    """
    by_source = {
        source: records.filter(pc.equal(records["source"], source)).sort_by(
            [("contact_local", "ascending"), ("record_key", "ascending")]
        )
        for source in (*HEALTH_SOURCES, "police")
    }
    by_source["ed"] = _first_attendances(by_source["ed"], rules["re_attendance"]["within_min"])
    first, weeks = _whole_weeks(by_source)
    names = group_names(by_source, rules["groups"])
    sent = groupings(by_source, names, rules["groups"])
    told = {source: _tells_age_or_sex(by_source[source]) for source in HEALTH_SOURCES}
    made = {
        name: replace(one, health={source: labels[told[source]] for source, labels in one.health.items()})
        for name, one in sent.items()
    }
    shares = known_to_police(
        {
            source: health_records(
                by_source[source].filter(pa.array(told[source])), first, rules["place"]["sigma_m"]
            )
            for source in HEALTH_SOURCES
        },
        police_records(by_source["police"], first),
        weeks=weeks,
        rules=pair_rules(rules),
        groupings=_of_timed_police(made, by_source["police"], first),
        between_sd=rules["groups"].between_groups_sd,
        arrivals=arrival_rules(rules),
        progress=progress,
    )
    rows = []
    for source in HEALTH_SOURCES:
        read_share = told[source].mean() if len(told[source]) else 0.0
        share = _unless_most_are_unread(shares[source], read_share, rules["groups"].fewest_read_share)
        whole = _row(source, share, first, weeks)
        no_readings = dict.fromkeys(_READINGS)
        rows += [whole, {**whole, **no_readings, "measure": "incident", **of_incidents(share, rules)}]
        if share.either is not None:
            rows += [{**whole, **no_readings, **one} for one in seen_by_either(share, rules)]
        read = {
            name: group_sizes(made[name], source) / np.maximum(group_sizes(sent[name], source), 1)
            for name in names
        }
        of_groups = group_rows(shares[source], names, read, rules["given"]["level"], rules["groups"])
        rows += [{**whole, **no_readings, "own_record_part": None, **one} for one in of_groups]
    return rows


def _tells_age_or_sex(records: pa.Table) -> np.ndarray:
    """Which records give an age or a sex. Pairs of the others are hardly told from chance: one hospital that sends
    neither would drown the share of all."""
    person = _person(records)
    return ~np.isnan(person["age_from"]) | (person["sex"] >= 0)


def _unless_most_are_unread(share: KnownShare, read: float, fewest: float) -> KnownShare:
    """The share of all, or none where most records give neither age nor sex."""
    if share.estimate is None or read >= fewest:
        return share
    either = SeenByEither(MOST_UNREAD) if share.either else None
    return replace(share, **dict.fromkeys(_INTERVAL), calibrated=False, reason=MOST_UNREAD, either=either)


def _of_timed_police(made: Mapping[str, Grouping], police: pa.Table, first: dt.date) -> dict[str, Grouping]:
    """The same for the police records that have a time, which alone are compared."""
    timed = ~np.isnan(_minutes(police["injury_start_local"], first))
    return {name: replace(grouping, police=grouping.police[timed]) for name, grouping in made.items()}


def of_incidents(share: KnownShare, rules: Mapping[str, Any]) -> dict[str, Any]:
    """Share of victims of whose incident the police have recorded any victim; none where no share is given."""
    if share.estimate is None or share.standard_error is None or share.co_victims is None:
        return dict.fromkeys(_INTERVAL)
    incident, half = rules["incident"], ((share.upper or 0.0) - (share.lower or 0.0)) / 2
    estimate = min(share.estimate + incident["part"] * share.co_victims, 1.0)
    error = float(np.hypot(share.standard_error, incident["part_sd"] * share.co_victims))
    reach = half * error / share.standard_error
    upper = min(estimate + reach, 1.0)
    return {
        "estimate": estimate,
        "standard_error": error,
        "lower": max(estimate - reach, 0.0),
        "upper": upper,
        "upper_if_hidden": min(upper / (1.0 - rules["given"]["hidden_share"]), 1.0),
    }


def seen_by_either(share: KnownShare, rules: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Figures of the share whom police or emergency department saw: by their own records, and by incident.

    By incident, some of those whom neither saw were hurt with somebody who was seen: a stated part of them.
    """
    either = share.either
    own = {"measure": "own_record_or_ed", "calibrated": False, "own_record_part": None}
    by_incident = {**own, "measure": "incident_or_ed"}
    if either is None or either.estimate is None or either.standard_error is None:
        none = {"reason": either.reason if either else "", **dict.fromkeys(_INTERVAL)}
        return [{**own, **none}, {**by_incident, **none}]
    figures = {name: getattr(either, name) for name in _INTERVAL}
    part, part_sd = rules["incident"]["neither_part"], rules["incident"]["neither_part_sd"]
    neither = 1.0 - either.estimate
    error = float(np.hypot((1.0 - part) * either.standard_error, part_sd * neither))
    reach = ((either.upper or 0.0) - (either.lower or 0.0)) / 2 * error / either.standard_error
    estimate = 1.0 - (1.0 - part) * neither
    hidden = (either.upper_if_hidden or 0.0) - (either.upper or 0.0)
    upper = min(estimate + reach, 1.0)
    given = {"calibrated": True, "reason": ""}
    return [
        {**own, **given, **figures},
        {
            **by_incident,
            **given,
            "estimate": estimate,
            "standard_error": error,
            "lower": max(estimate - reach, 0.0),
            "upper": upper,
            "upper_if_hidden": min(upper + hidden, 1.0),
        },
    ]


def arrival_rules(rules: Mapping[str, Any]) -> ArrivalRules:
    """The rules of known.toml on how a call for an ambulance and an arrival are paired."""
    pairs, arrival = pair_rules(rules), rules["arrival"]
    gaps = tuple((above, to) for above, to in arrival["gaps"])
    near = TimeRule(arrival["near_before"], arrival["near_after"], (0.0,), (), ())
    return ArrivalRules(
        called=_CALLED,
        arrived=_ARRIVED,
        pairs=replace(pairs, times=(near,) * len(_TIMES), tensor_gaps=(gaps,) * len(_TIMES)),
        far_m=arrival["far_m"],
        dependence_sd=arrival["dependence_sd"],
    )


def pair_rules(rules: Mapping[str, Any]) -> PairRules:
    """The rules of known.toml in the form that the method takes."""
    given, null, place, person = rules["given"], rules["null"], rules["place"], rules["person"]
    return PairRules(
        shift_weeks=null["shift_weeks"],
        fewest_weeks=given["fewest_weeks"],
        fewest_standard_errors=given["fewest_standard_errors"],
        smallest_class=null["smallest_class"],
        fewest_week_share=null["fewest_week_share"],
        level=given["level"],
        widest_interval=given["widest_interval"],
        hidden_share=given["hidden_share"],
        longest_window_min=rules["police"]["longest_window_min"],
        narrow_window_min=rules["police"]["narrow_window_min"],
        block_min=null["block_min"],
        block_start_min=null["block_start_min"],
        times=tuple(_time_rule(rules["time"][name]) for name in _TIMES),
        distance_edges_m=tuple(place["edges_m"]),
        far_share=place["far_share"],
        far_share_sd=place["far_share_sd"],
        tight_m=tuple(place["tight_m"][name] for name in _PLACES),
        core_m=tuple(place["core_m"][name] for name in _PLACES),
        control_from_m=null["control_from_m"],
        fewest_control_pairs=null["fewest_control_pairs"],
        age_steps=tuple(person["age_steps"]),
        far_apart_years=person["far_apart_years"],
        other_sex_apart_years=person["other_sex_apart_years"],
        co_victim_window_min=rules["co_victims"]["window_min"],
        co_victim_gap_min=rules["co_victims"]["gap_min"],
        co_victim_distance_m=rules["co_victims"]["distance_m"],
        fewest_co_victim_errors=rules["co_victims"]["fewest_standard_errors"],
        tensor_gaps=tuple(
            tuple((above, to) for above, to in rules["tensor"]["gaps"][name]) for name in _TIMES
        ),
        tensor_far_min=rules["tensor"]["far_min"],
        tensor_reweighed=rules["tensor"]["reweighed"],
        tensor_rounds=rules["tensor"]["rounds"],
        tensor_again=rules["tensor"]["again"],
        tensor_seed=rules["tensor"]["seed"],
        most_week_groups=rules["tensor"]["most_week_groups"],
        error_correlation=rules["readings"]["error_correlation"],
        most_errors_apart=rules["readings"]["most_errors_apart"],
        most_same_age=rules["co_victims"]["most_same_age"],
    )


def _time_rule(rule: Mapping[str, Any]) -> TimeRule:
    return TimeRule(
        near_before=rule["near_before"],
        near_after=rule["near_after"],
        steps=tuple(rule["steps"]),
        far_before=tuple((above, to) for above, to in rule["far_before"]),
        far_after=tuple((above, to) for above, to in rule["far_after"]),
    )


def _row(source: str, share: KnownShare, first: dt.date, weeks: int) -> dict[str, Any]:
    figures = asdict(share)
    return {
        "source": source,
        "measure": "own_record",
        "breakdown": "all",
        "category": "",
        "period_start": first.isoformat() if weeks else None,
        "period_end": (first + dt.timedelta(weeks=weeks, days=-1)).isoformat() if weeks else None,
        "weeks": share.weeks,
        "records": share.records,
        "police_records": share.police_records,
        **{name: figures[name] for name in (*_FIGURES, *_READINGS)},
    }


# --- tables to arrays ------------------------------------------------------------------------


def _first_attendances(attendances: pa.Table, within_min: float) -> pa.Table:
    """Attendances without those that follow another of the same person within so many minutes of the first."""
    persons = attendances["person_key"].to_pylist()
    arrivals = _minutes(attendances["contact_local"], _EPOCH_MONDAY)
    last_first: dict[str, float] = {}
    kept = np.ones(len(persons), dtype=bool)
    for row, (person, arrival) in enumerate(zip(persons, arrivals.tolist(), strict=True)):
        if person is None:
            continue
        if person in last_first and arrival - last_first[person] < within_min:
            kept[row] = False
        else:
            last_first[person] = arrival
    return attendances.filter(pa.array(kept))


def _whole_weeks(by_source: Mapping[str, pa.Table]) -> tuple[dt.date, int]:
    """Monday of the first whole week, and number of whole weeks, of the months of both police and health services."""
    police = by_source["police"]["month"].to_pylist()
    health = [month for source in HEALTH_SOURCES for month in by_source[source]["month"].to_pylist()]
    if not police or not health:
        return _EPOCH_MONDAY, 0
    first = dt.date.fromisoformat(f"{max(min(police), min(health))}-01")
    last = dt.date.fromisoformat(f"{min(max(police), max(health))}-01")
    end = (last + dt.timedelta(days=32)).replace(day=1)
    monday = first + dt.timedelta(days=-first.weekday() % 7)
    return monday, max((end - monday).days // 7, 0)


def health_records(records: pa.Table, first: dt.date, sigma_m: Mapping[str, float]) -> HealthRecords:
    """Located records of a health service as the method takes them, in minutes from the start of a day."""
    start, end = (_minutes(records[f"injury_{side}_local"], first) for side in ("start", "end"))
    basis, precision = _texts(records["time_basis"]), _texts(records["time_precision"])
    missing = np.isnan(start) | np.isnan(end) | (basis == "arrival_proxy") | (precision == "unknown")
    sigma, easting = _numbers(records["sigma_m"]), _numbers(records["easting_m"])
    wide = ~(sigma <= sigma_m["street"])
    return HealthRecords(
        contact_min=_minutes(records["contact_local"], first),
        start_min=start,
        end_min=end,
        time_class=np.select([missing, precision == "day"], [_MISSING, _DAY_ONLY], _STATED).astype(np.int64),
        easting_m=easting,
        northing_m=_numbers(records["northing_m"]),
        place_class=np.select([np.isnan(easting), sigma <= sigma_m["venue"], wide], [3, 0, 2], 1).astype(
            np.int64
        ),
        **_person(records),
    )


def police_records(records: pa.Table, first: dt.date) -> PoliceRecords:
    """Police records with a window; one without an end ends where it starts."""
    start, end = (_minutes(records[f"injury_{side}_local"], first) for side in ("start", "end"))
    timed = ~np.isnan(start)
    end = np.fmax(start, end)
    return PoliceRecords(
        start_min=start[timed],
        end_min=end[timed],
        easting_m=_numbers(records["easting_m"])[timed],
        northing_m=_numbers(records["northing_m"])[timed],
        **{name: values[timed] for name, values in _person(records).items()},
    )


def _person(records: pa.Table) -> dict[str, np.ndarray]:
    age_from, age_to = (
        _numbers(pc.coalesce(records["age_years"], records[f"age_{side}"])) for side in ("from", "to")
    )
    sex = _texts(records["sex"])
    return {
        "age_from": age_from,
        "age_to": np.where(np.isnan(age_from), np.nan, age_to),
        "sex": np.select([sex == "male", sex == "female"], [0, 1], -1).astype(np.int64),
    }


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    return column.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)


def _texts(column: pa.ChunkedArray) -> np.ndarray:
    return np.array(column.fill_null("").to_pylist(), dtype=object)


def _minutes(column: pa.ChunkedArray, first: dt.date) -> np.ndarray:
    """Minutes from the start of a day on the same clock, NaN where there is no time."""
    since = (first - dt.date(1970, 1, 1)).days * _DAY_US
    stamps = column.cast(pa.timestamp("us")).cast(pa.int64())
    return (_numbers(stamps) - since) / 60_000_000
