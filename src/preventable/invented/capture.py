"""What each service sees of an incident and what it writes down: loss, delay, rounding, wrong places.

Times are minutes since 1970, local clock unless the name ends in `utc_min`; `NO_TIME` where none was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import expit

from preventable.invented.draws import stream
from preventable.invented.incidents import (
    HOME,
    MALE,
    METHODS,
    PLACE_TYPES,
    STREET,
    VENUE,
    Incidents,
    Victims,
)
from preventable.invented.world import KINDS, MINUTES_A_DAY, NO_TIME, Flags, Floats, Ints, World

Columns = dict[str, Any]

UNKNOWN_SEX = 2
NO_ENTRY, VENUE_ENTRY, STREET_ENTRY, AREA_ENTRY, SCHOOL_ENTRY, HOME_ENTRY = range(6)
ENTRY_KINDS = ("none", "venue", "street", "area", "institution", "home")
PLACE_CLASSES = ("venue", "street", "area", "none")
ANSWERS = ("yes", "no", "unknown")


@dataclass(frozen=True)
class Seen:
    """Which victims each service has, and when they called or arrived (`NO_TIME` for the others)."""

    ambulance: Flags
    conveyed: Flags
    ed: Flags
    police: Flags
    admitted: Flags
    call_utc_min: Ints
    arrival_utc_min: Ints
    late: Flags


def draw_seen(chances: Mapping[str, Any], incidents: Incidents, victims: Victims, *, seed: int) -> Seen:
    """Who is seen by whom: the more severe the likelier, each service's share as the parameters say.

    Ambulance first, then emergency department given the ambulance, then police given both, then admission.
    """
    rules, rng = chances["capture"], stream(seed, "seen")
    number = len(victims.incident)
    kind = incidents.kind[victims.incident]
    ambulance = _seen(
        rules["severity_ambulance"] * victims.severity + _by_kind(rules["kind_ambulance"], kind),
        rules["ambulance_share"] * number,
        victims.injured,
        rng,
    )
    ed_slope = rules["severity_ed"] * victims.severity + _by_kind(rules["kind_ed"], kind)
    also = rules["ed_share_of_ambulance"] * ambulance.sum()
    ed = _seen(rules["severity_ed_of_ambulance"] * ed_slope, also, ambulance, rng)
    ed |= _seen(ed_slope, rules["ed_share"] * number - also, victims.injured & ~ambulance, rng)
    police = _police(rules, incidents, victims, ambulance, ed, rng)
    through_ed = rules["admissions_share"] * number * rules["admitted_through_ed"]
    admission_slope = rules["severity_admissions"] * victims.severity
    admission_slope = admission_slope + np.where(victims.sex == MALE, rules["male_admissions"], 0.0)
    admitted = _seen(admission_slope, through_ed, ed, rng)
    admitted |= _seen(
        admission_slope, rules["admissions_share"] * number - through_ed, victims.injured & ~ed, rng
    )
    conveyed_share = np.where(ed, rules["conveyed_of_seen"], rules["conveyed_of_unseen"])
    conveyed = ambulance & (rng.random(number) < conveyed_share)
    call = _calls(chances["ambulance"], incidents.utc_min[victims.incident], rng)
    arrival, late = _arrivals(chances["ed"], incidents.utc_min[victims.incident], call, conveyed, ed, rng)
    return Seen(
        ambulance=ambulance,
        conveyed=conveyed,
        ed=ed,
        police=police,
        admitted=admitted,
        call_utc_min=np.where(ambulance, call, NO_TIME),
        arrival_utc_min=np.where(ed | admitted, arrival, NO_TIME),
        late=late & ed,
    )


def _by_kind(shift: Mapping[str, float], kind: Ints) -> Floats:
    return np.array([shift[name] for name in KINDS])[kind]


def level_for(log_odds: Floats, share: float) -> float:
    """The constant that gives log odds a mean probability of `share` (bisection to 1e-9)."""
    low, high = -40.0, 40.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        if expit(log_odds + middle).mean() < share:
            low = middle
        else:
            high = middle
    return low


def _seen(log_odds: Floats, expected: float, among: Flags, rng: np.random.Generator) -> Flags:
    """Draw so that `expected` of those `among` whom it can happen are seen."""
    chance = rng.random(len(among))
    thin = log_odds[among][:: max(1, int(among.sum()) // 40_000)]
    level = level_for(thin, min(0.999, expected / max(1, among.sum())))
    return among & (chance < expit(log_odds + level))


def _police(
    rules: Mapping[str, Any],
    incidents: Incidents,
    victims: Victims,
    ambulance: Flags,
    ed: Flags,
    rng: np.random.Generator,
) -> Flags:
    """Police know a victim the likelier where health services do, and co-victims together."""
    shared = rng.normal(0.0, rules["incident_spread_police"], len(incidents.kind))[victims.incident]
    base = rules["severity_police"] * victims.severity + shared
    base = base + _by_kind(rules["kind_police"], incidents.kind[victims.incident])
    thin = slice(None, None, max(1, len(base) // 60_000))
    by_ambulance, by_ed = 0.0, 0.0
    log_odds = base[thin]
    a, e = ambulance[thin], ed[thin]
    for _ in range(8):
        level = level_for(log_odds + by_ambulance * a + by_ed * e, rules["police_share"])
        by_ambulance = level_for(log_odds[a] + level + by_ed * e[a], rules["police_share_of_ambulance"])
        by_ed = level_for(log_odds[e] + level + by_ambulance * a[e], rules["police_share_of_ed"])
    return rng.random(len(base)) < expit(base + level + by_ambulance * ambulance + by_ed * ed)


def _lognormal(rng: np.random.Generator, median: float, spread: float, number: int) -> Floats:
    return median * np.exp(rng.normal(0.0, spread, number))


def _between(rng: np.random.Generator, limits: Sequence[int], number: int) -> Ints:
    """Whole numbers, the limits included."""
    return rng.integers(limits[0], limits[1] + 1, number)


def _whole(shares: Mapping[str, float]) -> Floats:
    """Shares that were each drawn on their own, divided by their sum."""
    values = np.array(list(shares.values()))
    return values / values.sum()


def _calls(rules: Mapping[str, Any], injury: Ints, rng: np.random.Generator) -> Ints:
    number = len(injury)
    delay = _lognormal(rng, rules["call_delay_min"], rules["call_delay_spread"], number)
    late = rng.random(number) < rules["late_call"]
    delay = np.where(late, _lognormal(rng, rules["late_call_min"], rules["late_call_spread"], number), delay)
    return injury + np.minimum(delay, rules["latest_call_min"]).astype(np.int64)


def _arrivals(
    rules: Mapping[str, Any], injury: Ints, call: Ints, conveyed: Flags, ed: Flags, rng: np.random.Generator
) -> tuple[Ints, Flags]:
    """Arrival at hospital, and who came late."""
    number = len(injury)
    own = ed & ~conveyed
    late = ~conveyed & (rng.random(number) < rules["late"] * ed.sum() / max(1, own.sum()))
    on_foot = _lognormal(rng, rules["arrival_delay_min"], rules["arrival_delay_spread"], number)
    by_vehicle = (
        call - injury + _lognormal(rng, rules["conveyed_delay_min"], rules["conveyed_delay_spread"], number)
    )
    hours_late = _lognormal(rng, rules["late_hours"], rules["late_spread"], number)
    hours_late = np.clip(hours_late, *rules["late_limits_hours"])
    delay = np.select([conveyed, late], [by_vehicle, 60 * hours_late], on_foot)
    return injury + np.maximum(rules["least_delay_min"], delay).astype(np.int64), late


def _blur(points: Floats, sd_m: Floats | float, rng: np.random.Generator) -> Floats:
    sd = np.broadcast_to(np.asarray(sd_m, dtype=float), (len(points),))
    return points + rng.normal(0.0, 1.0, points.shape) * sd[:, None]


def _classes(classes: list[list[float]], number: int, rng: np.random.Generator) -> Floats:
    """Standard deviation of each point, drawn from classes of (share, metres)."""
    share = np.array([row[0] for row in classes])
    which = np.searchsorted(np.cumsum(share / share.sum()), rng.random(number), side="right")
    return np.array([row[1] for row in classes])[np.minimum(which, len(share) - 1)]


def _written_age(age: Ints, rules: Mapping[str, Any], rng: np.random.Generator) -> Ints:
    """Age as written by a service that has these rules of error; -1 where missing."""
    number, most = len(age), rules.get("age_wrong_by_years", 0)
    wrong = rng.random(number) < rules.get("age_wrong", 0.0)
    written = np.where(wrong, age + rng.integers(-most, most + 1, number), age)
    step = rules.get("age_sight_step_years", 1)
    by_sight = np.round((age + rng.normal(0.0, rules.get("age_sight_sd_years", 0.0), number)) / step) * step
    written = np.where(rng.random(number) < rules.get("age_estimated", 0.0), by_sight, written)
    written = np.clip(written, 0, 105).astype(np.int64)
    return np.where(rng.random(number) < rules.get("age_missing", 0.0), -1, written)


def _written_sex(sex: Ints, missing: float, rng: np.random.Generator) -> Ints:
    return np.where(rng.random(len(sex)) < missing, UNKNOWN_SEX, sex)


def ambulance_records(
    world: World,
    chances: Mapping[str, Any],
    incidents: Incidents,
    victims: Victims,
    seen: Seen,
    ed_site: Ints,
    *,
    seed: int,
) -> Columns:
    """Call-outs: a row for each vehicle sent to a patient.

    Args:
        ed_site: Index of the emergency department of each victim.
    """
    rules, rng = chances["ambulance"], stream(seed, "ambulance")
    patients = np.flatnonzero(seen.ambulance)
    second = patients[rng.random(len(patients)) < rules["two_vehicles"]]
    victim = np.concatenate([patients, second])
    again = np.arange(len(victim)) >= len(patients)
    incident = victims.incident[victim]
    later = _between(rng, rules["second_vehicle_after_min"], len(victim))
    call = seen.call_utc_min[victim] + np.where(again, later, 0)
    sd = _classes(rules["point_classes"], len(patients), rng) * rules["point_scale"]
    points = _blur(incidents.points[victims.incident[patients]], sd, rng)
    snapped = rng.random(len(patients)) < rules["snapped"]
    grid = rules["snap_m"]
    points = np.where(snapped[:, None], np.round(points / grid) * grid, np.round(points))
    age = _written_age(victims.age[patients], rules, rng)
    sex = _written_sex(victims.sex[patients], rules["sex_missing"], rng)
    of = np.concatenate([np.arange(len(patients)), np.searchsorted(patients, second)])
    local = world.clock.local(call)
    return {
        "victim": victim,
        "provider": np.full(len(victim), "ambulance", dtype=object),
        "row_kind": np.where(again, "second_vehicle", "first").astype(object),
        "contact_min": local,
        "best_min": local,
        "from_min": np.full(len(victim), NO_TIME),
        "to_min": np.full(len(victim), NO_TIME),
        "points": points[of],
        "sd_m": np.where(snapped, grid, np.ceil(np.maximum(sd, 10.0) / 10) * 10)[of],
        "age": age[of],
        "sex": sex[of],
        "conveyed_site": np.where(seen.conveyed[victim] & ~again, ed_site[victim], -1),
        "severity": victims.severity[victim],
        "method": incidents.method[incident],
        "place_class": np.full(len(victim), "venue", dtype=object),
    }


def choose_sites(
    world: World,
    chances: Mapping[str, Any],
    pull: Floats,
    incidents: Incidents,
    victims: Victims,
    *,
    seed: int,
) -> Ints:
    """The emergency department to which each victim would go: mostly the nearest, the small ones less.

    Args:
        pull: How much each department draws, 1 an ordinary one.
    """
    points = incidents.points[victims.incident]
    gap = np.hypot(*(points[:, None, :] - world.ed_points[None, :, :]).transpose(2, 0, 1)) + 500.0
    noise = stream(seed, "sites").normal(0.0, chances["ed"]["distance_noise"], gap.shape)
    return np.argmin(np.log(gap) + noise - np.log(pull), axis=1)


def ed_records(
    world: World,
    chances: Mapping[str, Any],
    incidents: Incidents,
    victims: Victims,
    seen: Seen,
    ed_site: Ints,
    *,
    seed: int,
) -> Columns:
    """Attendances, with re-attendances and transfers to another department as further rows."""
    rules, rng = chances["ed"], stream(seed, "ed")
    patients = np.flatnonzero(seen.ed)
    number = len(patients)
    arrival = seen.arrival_utc_min[patients]
    stated, best = _stated_times(world, rules, incidents, victims, seen, patients, rng)
    place = _ed_places(world, rules, incidents, victims, patients, rng)
    age = _written_age(victims.age[patients], rules, rng)
    method = incidents.method[victims.incident[patients]]
    method = np.where(rng.random(number) < rules["method_unknown"], METHODS.index("unknown"), method)
    place_type = incidents.place_type[victims.incident[patients]]
    place_type = np.where(
        rng.random(number) < rules["place_type_unknown"], PLACE_TYPES.index("unknown"), place_type
    )
    answers = np.where(
        seen.police[patients],
        rng.choice(3, size=number, p=_whole(rules["informed_known"])),
        rng.choice(3, size=number, p=_whole(rules["informed_unknown"])),
    )
    back = np.flatnonzero(rng.random(number) < rules["reattend"])
    moved = np.flatnonzero((rng.random(number) < rules["transfer"]) & (victims.severity[patients] > 0))
    of = np.concatenate([np.arange(number), back, moved])
    row_kind = np.repeat(
        np.array(["first", "reattendance", "transfer"], dtype=object), [number, len(back), len(moved)]
    )
    later = np.select(
        [row_kind == "reattendance", row_kind == "transfer"],
        [_between(rng, rules[f"{kind}_after_min"], len(of)) for kind in ("reattend", "transfer")],
        0,
    )
    elsewhere = (ed_site[patients][of] + rng.integers(1, len(world.eds), len(of))) % len(world.eds)
    site = np.where(row_kind == "transfer", elsewhere, ed_site[patients][of])
    columns: Columns = {
        "victim": patients[of],
        "provider": np.array(world.eds, dtype=object)[site],
        "row_kind": row_kind,
        "contact_min": world.clock.local(arrival[of] + later),
        "best_min": best[of],
        "from_min": stated[of],
        "to_min": np.full(len(of), NO_TIME),
        "age": age[of],
        "sex": victims.sex[patients][of],
        "method": method[of],
        "place_type": place_type[of],
        "police_informed": answers[of],
        "severity": victims.severity[patients][of],
        "has_nhs_number": (rng.random(number) >= rules["nhs_number_missing"])[of],
        "has_residence": (rng.random(number) >= rules["residence_missing"])[of],
    }
    columns.update({name: values[of] for name, values in place.items()})
    return columns


def _stated_times(
    world: World,
    rules: Mapping[str, Any],
    incidents: Incidents,
    victims: Victims,
    seen: Seen,
    patients: Ints,
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """Assault time as stated, and the best guess of it: without a statement, some time before the arrival."""
    number = len(patients)
    arrival = world.clock.local(seen.arrival_utc_min[patients])
    sd = np.where(seen.late[patients], rules["late_recall_sd_min"], rules["recall_sd_min"])
    recalled = incidents.local_min[victims.incident[patients]] + rng.normal(0.0, 1.0, number) * sd
    draw = rng.random(number)
    hour, half = rules["to_the_hour"], rules["to_the_hour"] + rules["to_the_half_hour"]
    step = np.select([draw < hour, draw < half], [60, 30], 5)
    stated = (np.round(recalled / step) * step).astype(np.int64)
    stated = np.minimum(stated, arrival - arrival % 5)
    wrong = rng.random(number) < rules["wrong_day"]
    shift = np.where(rng.random(number) < rules["wrong_day_later"], MINUTES_A_DAY, -MINUTES_A_DAY)
    stated = world.clock.out_of_gap(stated + wrong * shift)
    missing = rng.random(number) < rules["time_missing"]
    best = np.where(missing, arrival - rules["guess_before_arrival_min"], stated)
    return np.where(missing, NO_TIME, stated), best


def _ed_places(
    world: World,
    rules: Mapping[str, Any],
    incidents: Incidents,
    victims: Victims,
    patients: Ints,
    rng: np.random.Generator,
) -> Columns:
    """The place as the receptionist understood it: an entry of the register of places, and its point."""
    incident = victims.incident[patients]
    number = len(incident)
    kind, true = incidents.kind[incident], incidents.points[incident]
    venues = cKDTree(world.venue_points)
    gap, nearest = venues.query(true)
    told_by_venue = (kind == STREET) & (gap <= rules["venue_reach_m"])
    entry_kind = np.select(
        [kind == VENUE, kind == HOME, incidents.institution[incident] >= 0, told_by_venue],
        [VENUE_ENTRY, HOME_ENTRY, SCHOOL_ENTRY, VENUE_ENTRY],
        NO_ENTRY,
    )
    entry = np.select(
        [kind == VENUE, kind == HOME, incidents.institution[incident] >= 0, told_by_venue],
        [incidents.venue[incident], -1, incidents.institution[incident], nearest],
        -1,
    )
    place_class = _place_classes(_whole(rules["place_shares"]), entry_kind != NO_ENTRY, rng)
    wrong = (rng.random(number) < rules["wrong_place"]) & (place_class != 3)
    meant = _blur(true, np.where(wrong, rules["wrong_place_m"], 0.0), rng)
    misnamed = wrong & (place_class == 0)
    entry_kind = np.where(misnamed, VENUE_ENTRY, entry_kind)
    entry = np.where(misnamed, venues.query(meant)[1], entry)
    by_door = entry_kind == VENUE_ENTRY
    points = np.where(by_door[:, None], world.venue_points[np.where(by_door, entry, 0)], meant)
    points = _blur(points, rules["venue_sd_m"], rng)
    street = cKDTree(world.street_points).query(_blur(meant, rules["street_sd_m"], rng))[1]
    area = _named_area(world, rules["area_levels"], _blur(meant, rules["area_sd_m"], rng), rng)
    centres = np.array([(east, north) for *_, east, north in world.named_areas])
    by_class = [place_class == 0, place_class == 1, place_class == 2]
    points = np.select(
        [flag[:, None] for flag in by_class], [points, world.street_points[street], centres[area]], np.nan
    )
    at_home = kind == HOME
    return {
        "points": points,
        "place_class": np.array(PLACE_CLASSES, dtype=object)[place_class],
        "entry_kind": np.select(by_class, [entry_kind, STREET_ENTRY, AREA_ENTRY], NO_ENTRY),
        "entry": np.select(by_class, [entry, street, area], -1),
        "wrong_place": wrong,
        "at_home": at_home,
        "at_own_home": at_home & victims.at_own_home[patients],
    }


def _place_classes(shares: Floats, nameable: Flags, rng: np.random.Generator) -> Ints:
    """Venue, street, area or none: only nameable places can be told as a venue; overall shares as given."""
    by_name = min(0.98, shares[0] / max(1e-9, float(nameable.mean())))
    rest = shares[1:] / shares[1:].sum()
    other = 1 + rng.choice(3, size=len(nameable), p=rest)
    return np.where(nameable & (rng.random(len(nameable)) < by_name), 0, other)


def _named_area(world: World, shares: Mapping[str, float], points: Floats, rng: np.random.Generator) -> Ints:
    """An area that people name, near each point: mostly a ward, at times a neighbourhood or the town."""
    levels = np.array([level for level, *_ in world.named_areas], dtype=object)
    centres = np.array([(east, north) for *_, east, north in world.named_areas])
    which = rng.choice(len(shares), size=len(points), p=list(shares.values()))
    found = np.zeros(len(points), dtype=np.int64)
    for number, level in enumerate(shares):
        here = np.flatnonzero(levels == level)
        mine = which == number
        found[mine] = here[cKDTree(centres[here]).query(points[mine])[1]]
    return found


def police_records(
    world: World, chances: Mapping[str, Any], incidents: Incidents, victims: Victims, seen: Seen, *, seed: int
) -> Columns:
    """Recorded offences, a row a victim: from, to, reported."""
    rules, rng = chances["police"], stream(seed, "police")
    victim = np.flatnonzero(seen.police)
    incident = victims.incident[victim]
    number = len(victim)
    begin, end = _windows(rules, incidents.utc_min[incident], rng)
    reported = np.maximum(end, incidents.utc_min[incident])
    reported = reported + _lognormal(
        rng, rules["report_delay_min"], rules["report_delay_spread"], number
    ).astype(int)
    local = [world.clock.local(minutes) for minutes in (begin, end, reported)]
    wrong = rng.random(number) < rules["wrong_place"]
    sd = np.where(
        wrong, rules["wrong_place_m"], _classes(rules["point_classes"], number, rng) * rules["point_scale"]
    )
    domestic = incidents.domestic[incident]
    flagged = rng.random(number) < np.where(domestic, rules["domestic_flagged"], rules["domestic_false"])
    return {
        "victim": victim,
        "provider": np.full(number, "police", dtype=object),
        "row_kind": np.full(number, "first", dtype=object),
        "contact_min": local[2],
        "best_min": (local[0] + local[1]) // 2,
        "from_min": local[0],
        "to_min": local[1],
        "points": np.round(_blur(incidents.points[incident], sd, rng)),
        "age": _written_age(victims.age[victim], rules, rng),
        "sex": _written_sex(victims.sex[victim], rules["sex_missing"], rng),
        "domestic": flagged,
        "offence": _offences(rules, victims.injured[victim], victims.severity[victim], rng),
        "severity": victims.severity[victim],
        "method": incidents.method[incident],
        "place_class": np.where(wrong, "wrong", "venue").astype(object),
        "has_text": rng.random(number) >= rules["text_missing"],
    }


def _windows(rules: Mapping[str, Any], injury: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """From and to: a point, a few hours, a night, or days, the injury somewhere within."""
    number = len(injury)
    names = list(rules["windows"])
    which = rng.choice(len(names), size=number, p=_whole(rules["windows"]))
    width = np.zeros(number)
    for name, (least, most) in rules["window_width_min"].items():
        width = np.where(which == names.index(name), rng.uniform(least, most, number), width)
    told = injury + rng.normal(0.0, rules["point_spread_min"], number)
    begin = np.where(width == 0.0, told, injury - rng.random(number) * width)
    begin = (np.round(begin / 5) * 5).astype(np.int64)
    return begin, begin + (np.round(width / 5) * 5).astype(np.int64)


def _offences(rules: Mapping[str, Any], injured: Flags, severity: Floats, rng: np.random.Generator) -> Any:
    """Home Office codes: with injury by severity, without injury otherwise."""
    draw = rng.random(len(injured))
    with_injury = np.select(
        [
            severity > rules["murder_above"],
            severity > rules["attempted_murder_above"],
            severity > rules["serious_harm_above"],
            draw < rules["hate_of_injuries"],
            draw < rules["hate_of_injuries"] + rules["constable_of_injuries"],
        ],
        ["1", "2", "5D", "8P", "8S"],
        "8N",
    )
    without = np.select(
        [draw < rules["hate_of_others"], draw < rules["hate_of_others"] + rules["constable_of_others"]],
        ["105B", "104"],
        "105A",
    )
    return np.where(injured, with_injury, without).astype(object)


def admission_records(
    world: World,
    chances: Mapping[str, Any],
    incidents: Incidents,
    victims: Victims,
    seen: Seen,
    ed_site: Ints,
    *,
    seed: int,
) -> Columns:
    """Admissions to a ward; a transfer is a second row."""
    rules, rng = chances["admissions"], stream(seed, "admissions")
    patients = np.flatnonzero(seen.admitted)
    moved = patients[rng.random(len(patients)) < rules["transfer"]]
    of = np.concatenate([np.arange(len(patients)), np.searchsorted(patients, moved)])
    again = np.arange(len(of)) >= len(patients)
    hours = _lognormal(rng, rules["delay_hours"], rules["delay_spread"], len(patients))
    admitted = seen.arrival_utc_min[patients] + (60 * hours).astype(np.int64)
    admitted = admitted[of] + np.where(again, _between(rng, rules["transfer_after_min"], len(of)), 0)
    incident = victims.incident[patients][of]
    site = np.where(again, (ed_site[patients][of] + 1) % len(world.eds), ed_site[patients][of])
    through_ed = seen.ed[patients][of]
    local = world.clock.local(admitted)
    return {
        "victim": patients[of],
        "provider": np.full(len(of), "admissions", dtype=object),
        "row_kind": np.where(again, "transfer", "first").astype(object),
        "contact_min": local,
        "best_min": local,
        "from_min": np.full(len(of), NO_TIME),
        "to_min": np.full(len(of), NO_TIME),
        "points": np.full((len(of), 2), np.nan),
        "age": victims.age[patients][of],
        "sex": victims.sex[patients][of],
        "site": site,
        "admission_method": np.select(
            [again, through_ed, rng.random(len(of)) < 0.5], ["81", "21", "22"], "28"
        ).astype(object),
        "unspecified": (rng.random(len(patients)) < rules["unspecified"])[of],
        "method": incidents.method[incident],
        "place_type": incidents.place_type[incident],
        "severity": victims.severity[patients][of],
        "has_nhs_number": (rng.random(len(patients)) >= rules["nhs_number_missing"])[of],
        "has_residence": (rng.random(len(patients)) >= rules["residence_missing"])[of],
        "place_class": np.full(len(of), "none", dtype=object),
    }


def in_span(world: World, columns: Columns) -> Columns:
    """The rows whose contact lies in the months of the world, in order, with the index of their month."""
    month = world.months.index_of(columns["contact_min"])
    inside = np.flatnonzero((month >= 0) & (month < len(world.months.firsts)))
    order = inside[np.lexsort((inside, columns["contact_min"][inside]))]
    kept = {name: values[order] for name, values in columns.items()}
    kept["month"] = month[order]
    return kept


def sex_words(sex: Ints) -> Any:
    """Our words for sex."""
    return np.array(["male", "female", "unknown"], dtype=object)[sex]
