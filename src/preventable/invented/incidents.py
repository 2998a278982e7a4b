"""Violent incidents and their victims: when, where, who. What services make of them is in `capture`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from preventable.codes import allowed, weapon_of_method
from preventable.errors import UsageError
from preventable.invented.draws import stream
from preventable.invented.planted import Planted
from preventable.invented.world import (
    KINDS,
    MINUTES_A_DAY,
    Flags,
    Floats,
    Groups,
    Ints,
    Texts,
    World,
    day_number,
    day_of,
)

METHODS = allowed("method")
PLACE_TYPES = allowed("place_type")
VENUE, HOME, STREET, OTHER = range(4)
MALE, FEMALE = 0, 1
DAYS_A_YEAR = 365.25
_NIGHT_HOURS = frozenset({22, 23, 0, 1, 2, 3, 4})


@dataclass(frozen=True)
class Incidents:
    """One element an incident, in order of time. -1: no venue, street, institution or household."""

    kind: Ints
    utc_min: Ints
    local_min: Ints
    points: Floats
    area: Ints
    district: Ints
    venue: Ints
    street: Ints
    institution: Ints
    household: Ints
    place_type: Ints
    method: Ints
    domestic: Flags
    planted: Texts


@dataclass(frozen=True)
class Victims:
    """One element a victim of an incident. `person` counts people from 0, each with one NHS number."""

    incident: Ints
    person: Ints
    nhs_numbers: Texts
    sex: Ints
    age: Ints
    residence: Ints
    injured: Flags
    severity: Floats
    at_own_home: Flags


def draw_incidents(world: World, chances: Mapping[str, Any], planted: Planted, *, seed: int) -> Incidents:
    """All incidents from some days before the first month to the end of the last.

    Args:
        world: The county.
        chances: All parameters.
        planted: What is planted; it changes how many incidents happen where.
        seed: Seed of the world.
    """
    rules = chances["incidents"]
    kind, district, local_min, tags, centres = _when(world, rules, planted, seed=seed)
    rng = stream(seed, "clock")
    local_min = world.clock.out_of_gap(local_min)
    utc_min = world.clock.utc(local_min, second_pass=rng.random(len(local_min)) < 0.5)
    order = np.lexsort((np.arange(len(utc_min)), utc_min))
    kind, district, local_min, utc_min = kind[order], district[order], local_min[order], utc_min[order]
    tags, centres = tags[order], centres[order]
    place = _where(world, rules, planted, kind, district, local_min, centres, seed=seed)
    domestic = (kind == HOME) & (stream(seed, "domestic").random(len(kind)) < rules["domestic_share_of_home"])
    bad = np.isin(place["venue"], planted.bad_venues) & (kind == VENUE)
    tags[bad] = "badly_run_venue"
    return Incidents(
        kind=kind,
        utc_min=utc_min,
        local_min=local_min,
        points=place["points"],
        area=place["area"],
        district=world.area_district[place["area"]],
        venue=place["venue"],
        street=place["street"],
        institution=place["institution"],
        household=place["household"],
        place_type=place["place_type"],
        method=_methods(rules, kind, seed=seed),
        domestic=domestic,
        planted=tags,
    )


def _area_weights(world: World, rules: Mapping[str, Any], *, gradient: float = 1.0) -> Floats:
    """Risk of a small area: residents, rising with deprivation by so much of the whole gradient."""
    slope = gradient * np.log(rules["most_over_least_deprived"]) / 9.0
    return world.area_persons * np.exp(-slope * (world.area_decile - 1))


def _when(
    world: World, rules: Mapping[str, Any], planted: Planted, *, seed: int
) -> tuple[Ints, Ints, Ints, Texts, Floats]:
    """Kind, district, local minute, tag and (for planted spots) centre of each incident."""
    first = day_number(world.months.firsts[0]) - rules["warm_up_days"]
    days = np.arange(first, day_number(world.months.end), dtype=np.int64)
    rates = _rates(world, rules, planted, days, seed=seed)
    rng = stream(seed, "incidents")
    counts = rng.poisson(rates)
    kind, day, hour, district = (np.repeat(axis, counts.ravel()) for axis in _axes(counts.shape))
    local = (days[day] * 24 + hour) * 60 + rng.integers(0, 60, len(day))
    tags = np.full(len(kind), "", dtype=object)
    within = (days[day] >= planted.time_days[0]) & (days[day] <= planted.time_days[1])
    within &= (district == planted.time_district) & np.isin(kind, (VENUE, STREET))
    tags[within] = "time_cluster"
    centres = np.full((len(kind), 2), np.nan)
    spots = [_spot_incidents(world, rules, spot, first, rng) for spot in planted.spots]
    return (
        np.concatenate([kind, *[np.full(len(s[0]), STREET) for s in spots]]),
        np.concatenate(
            [district, *[np.full(len(s[0]), p.district) for s, p in zip(spots, planted.spots, strict=True)]]
        ),
        np.concatenate([local, *[s[0] for s in spots]]),
        np.concatenate(
            [
                tags,
                *[
                    np.full(len(s[0]), p.name, dtype=object)
                    for s, p in zip(spots, planted.spots, strict=True)
                ],
            ]
        ),
        np.concatenate([centres, *[s[1] for s in spots]]),
    )


def _axes(shape: tuple[int, ...]) -> tuple[Ints, ...]:
    return tuple(axis.ravel().astype(np.int64) for axis in np.indices(shape))


def _rates(world: World, rules: Mapping[str, Any], planted: Planted, days: Ints, *, seed: int) -> Floats:
    """Expected incidents by kind, day, hour and district."""
    weekday = (days + 3) % 7  # 1 January 1970 was a Thursday
    row = np.select([weekday == 4, weekday == 5, weekday == 6], [1, 2, 3], 0)
    month = np.array([day_of(int(day)).month for day in days]) - 1
    evenings = _evenings(world, rules, days)
    shares = _district_shares(world, rules, planted, seed=seed)
    rates = np.empty((len(KINDS), len(days), 24, len(world.district_codes)))
    for number, name in enumerate(KINDS):
        kind = rules["kinds"][name]
        week = np.array(kind["week"])
        weekly = week / (4 * week[0].sum() + week[1:].sum())
        daily = rules["per_year"] * kind["share"] * 7 / DAYS_A_YEAR * np.array(kind["season"])[month]
        daily = daily * np.where(_on(world, "bank_holiday", days), kind["bank_holiday"], 1.0)
        daily = daily * np.where(_on(world, "school_holiday", days), kind["school_holiday"], 1.0)
        hours = daily[:, None] * weekly[row]
        hours = hours * np.where(evenings["eve"], kind["bank_holiday_eve"], 1.0)
        rates[number] = hours[:, :, None] * shares[number]
        if number in (VENUE, STREET):
            rates[number] *= evenings["event"]
    return _apply_planted(rates, planted, days)


def _on(world: World, kind: str, days: Ints) -> Flags:
    return np.isin(days, np.fromiter(sorted(world.day_types[kind]), dtype=np.int64))


def _evenings(world: World, rules: Mapping[str, Any], days: Ints) -> dict[str, Any]:
    """Evenings and nights: which are a holiday's eve (day, hour), and factors of events (with district)."""
    begin, stop = rules["eve_hours"]
    districts = len(world.district_codes)
    eve = np.zeros((len(days) + 1, 24), dtype=bool)
    event = np.ones((len(days) + 1, 24, districts))
    on_eve = np.flatnonzero(_on(world, "bank_holiday_eve", days))
    eve[on_eve, begin:] = True
    eve[on_eve + 1, :stop] = True
    for day, name, code in world.events:
        at = day - int(days[0])
        if 0 <= at < len(days):
            factor = rules["events"].get(name, rules["events"]["other"])
            there = slice(None) if code is None else world.district_codes.index(code)
            event[at, begin:, there] *= factor
            event[at + 1, :stop, there] *= factor
    return {"eve": eve[:-1], "event": event[:-1]}


def _district_shares(world: World, rules: Mapping[str, Any], planted: Planted, *, seed: int) -> Floats:
    """Share of each district in the incidents of each kind; badly run venues add to their district."""
    areas = np.bincount(world.area_district, _area_weights(world, rules), len(world.district_codes))
    areas = areas / areas.sum()
    weights = world.venue_sizes(rules, seed=seed)[0].mean(axis=1)
    there = world.area_district[world.venue_area]
    size_alone = np.bincount(there, weights, len(areas))
    with_bad = np.bincount(there, weights * _bad_factors(world, planted), len(areas))
    venues = with_bad / size_alone.sum()
    return np.stack([venues, areas, areas, areas])


def _bad_factors(world: World, planted: Planted) -> Floats:
    factors = np.ones(len(world.venue_ids))
    factors[list(planted.bad_venues)] = planted.bad_factors
    return factors


def _apply_planted(rates: Floats, planted: Planted, days: Ints) -> Floats:
    hot = (days >= planted.time_days[0]) & (days <= planted.time_days[1])
    for kind in (VENUE, STREET):
        rates[kind, hot, :, planted.time_district] *= planted.time_factor
    months = np.maximum(0.0, (days - day_number(planted.rise_begins)) / (DAYS_A_YEAR / 12))
    rates[STREET, :, :, planted.rise_district] *= (1 + planted.rise_per_month * months)[:, None]
    for programme in planted.programmes:
        after = days >= day_number(programme.begins)
        rates[VENUE, after, :, programme.district] *= programme.factor
    return rates


def _spot_incidents(
    world: World, rules: Mapping[str, Any], spot: Any, first_day: int, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """Local minutes and points of a spot's extra incidents, at the hours of street incidents."""
    number = rng.poisson(spot.expected_extra)
    day = rng.integers(max(spot.first_day, first_day), spot.last_day + 1, number)
    week = np.array(rules["kinds"]["street"]["week"]).sum(axis=0)
    hour = rng.choice(24, size=number, p=week / week.sum())
    local = (day * 24 + hour) * 60 + rng.integers(0, 60, number)
    angle, reach = rng.uniform(0, 2 * np.pi, number), spot.radius_m * np.sqrt(rng.random(number))
    shift = np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]
    return local.astype(np.int64), np.array([spot.easting_m, spot.northing_m]) + shift


def _where(
    world: World,
    rules: Mapping[str, Any],
    planted: Planted,
    kind: Ints,
    district: Ints,
    local_min: Ints,
    centres: Floats,
    *,
    seed: int,
) -> dict[str, Any]:
    """Place of each incident by kind."""
    number = len(kind)
    place: dict[str, Any] = {
        name: np.full(number, -1, dtype=np.int64)
        for name in ("venue", "street", "institution", "household", "area", "place_type")
    }
    place["points"] = np.zeros((number, 2))
    rng = stream(seed, "places")
    at_venue, at_home = np.flatnonzero(kind == VENUE), np.flatnonzero(kind == HOME)
    _place_venues(world, rules, planted, place, at_venue, district, local_min, rng, seed=seed)
    _place_homes(world, rules, place, at_home, district, rng, seed=seed)
    near = np.isnan(centres[:, 0])
    on_street = np.flatnonzero((kind == STREET) & near)
    by_night = rng.random(len(on_street)) < rules["night_share_of_streets"]
    _place_venues(
        world, rules, planted, place, on_street[by_night], district, local_min, rng, seed=seed, inside=False
    )
    _place_streets(world, rules, place, on_street[~by_night], district, rng)
    elsewhere = np.flatnonzero(kind == OTHER)
    _place_streets(world, rules, place, elsewhere, district, rng)
    _place_types(rules, place, np.flatnonzero(kind == STREET), "street", rng)
    _place_types(rules, place, elsewhere, "other", rng)
    _place_schools(world, place, elsewhere, district, rng)
    spots = np.flatnonzero(~near)
    place["points"][spots] = centres[spots]
    place["area"][spots] = world.street_area[cKDTree(world.street_points).query(centres[spots])[1]]
    # A point beyond the county's edge counts where the venue, home or street lies that it hangs on.
    place["area"] = world.area_of(place["points"], place["area"])
    return place


def _place_venues(
    world: World,
    rules: Mapping[str, Any],
    planted: Planted,
    place: dict[str, Any],
    which: Ints,
    district: Ints,
    local_min: Ints,
    rng: np.random.Generator,
    *,
    seed: int,
    inside: bool = True,
) -> None:
    """Choose venues by district and hour, open on the day; with `inside` False the street near them."""
    weights = world.venue_sizes(rules, seed=seed)[0] * (
        _bad_factors(world, planted)[:, None] if inside else 1.0
    )
    venue_district = world.area_district[world.venue_area]
    hour, day = local_min // 60 % 24, local_min // MINUTES_A_DAY
    part = np.select([np.isin(hour, sorted(_NIGHT_HOURS)), (hour >= 17) & (hour < 22)], [2, 1], 0)
    chosen = np.full(len(place["venue"]), -1, dtype=np.int64)
    for band in range(3):
        groups = Groups.of(venue_district, weights[:, band], groups=len(world.district_codes))
        left = which[part[which] == band]
        for _ in range(12):
            chosen[left] = groups.draw(district[left], rng)
            opened, closed = world.venue_open[chosen[left]].T
            left = left[(day[left] < opened) | (day[left] > closed)]
    venue = chosen[which]
    spread = 12.0 if inside else rules["night_street_sd_m"]
    place["points"][which] = world.venue_points[venue] + rng.normal(0.0, spread, (len(which), 2))
    place["street"][which] = world.venue_street[venue]
    place["area"][which] = world.venue_area[venue]
    if inside:
        place["venue"][which] = venue
        shop = np.isin(world.venue_types[venue], ("takeaway", "shop"))
        outside = rng.random(len(which)) < rules["outside_share_of_venues"]
        types = np.where(
            shop,
            PLACE_TYPES.index("takeaway_shop"),
            np.where(
                outside,
                PLACE_TYPES.index("licensed_premises_outside"),
                PLACE_TYPES.index("licensed_premises_inside"),
            ),
        )
        place["place_type"][which] = types


def _place_homes(
    world: World,
    rules: Mapping[str, Any],
    place: dict[str, Any],
    which: Ints,
    district: Ints,
    rng: np.random.Generator,
    *,
    seed: int,
) -> None:
    """Choose households: some addresses again and again."""
    most = rules["households_per_small_area"]
    areas = Groups.of(world.area_district, _area_weights(world, rules), groups=len(world.district_codes))
    area = areas.draw(district[which], rng)
    household = area * most + np.minimum(
        most - 1, (most * rng.random(len(which)) ** rules["household_power"]).astype(np.int64)
    )
    postcodes = Groups.of(world.postcode_area, np.ones(len(world.postcodes)), groups=len(world.area_codes))
    fixed = stream(seed, "households")
    homes, index = np.unique(household, return_inverse=True)
    centre = world.postcode_points[postcodes.draw(homes // most, fixed)]
    points = centre + fixed.normal(0.0, 30.0, (len(homes), 2))
    place["household"][which] = household
    place["points"][which] = points[index]
    place["area"][which] = area
    own = rng.random(len(which)) < rules["own_home_share"]
    place["place_type"][which] = np.where(own, PLACE_TYPES.index("own_home"), PLACE_TYPES.index("other_home"))


def _place_streets(
    world: World,
    rules: Mapping[str, Any],
    place: dict[str, Any],
    which: Ints,
    district: Ints,
    rng: np.random.Generator,
) -> None:
    """Choose streets by length and the risk of their small area."""
    streets_in_area = np.bincount(world.street_area, minlength=len(world.area_codes))
    weight = _area_weights(world, rules)[world.street_area] / streets_in_area[world.street_area]
    weight = weight * np.sqrt(world.street_length)
    groups = Groups.of(world.area_district[world.street_area], weight, groups=len(world.district_codes))
    street = groups.draw(district[which], rng)
    along = rng.uniform(-0.5, 0.5, len(which)) * world.street_length[street]
    # Streets are anchors without a course; a fixed direction for each keeps its incidents in one line.
    direction = (street * 0.618034 % 1.0) * np.pi
    shift = np.column_stack([np.cos(direction), np.sin(direction)]) * along[:, None]
    place["points"][which] = world.street_points[street] + shift
    place["street"][which] = street
    place["area"][which] = world.street_area[street]


def _place_types(
    rules: Mapping[str, Any], place: dict[str, Any], which: Ints, kind: str, rng: np.random.Generator
) -> None:
    table = rules["place_types"][kind]
    types = np.array([PLACE_TYPES.index(name) for name in table])
    place["place_type"][which] = rng.choice(types, size=len(which), p=np.array(list(table.values())))


def _place_schools(
    world: World, place: dict[str, Any], which: Ints, district: Ints, rng: np.random.Generator
) -> None:
    """Move incidents of schools to schools."""
    at = which[place["place_type"][which] == PLACE_TYPES.index("school_college")]
    pull = np.select(
        [world.institution_types == "secondary_school", world.institution_types == "primary_school"],
        [1.0, 0.08],
        0.0,
    )
    groups = Groups.of(world.area_district[world.institution_area], pull, groups=len(world.district_codes))
    school = groups.draw(district[at], rng)
    place["institution"][at] = school
    place["street"][at] = -1
    place["points"][at] = world.institution_points[school] + rng.normal(0.0, 40.0, (len(at), 2))
    place["area"][at] = world.institution_area[school]


def _methods(rules: Mapping[str, Any], kind: Ints, *, seed: int) -> Ints:
    rng = stream(seed, "methods")
    method = np.zeros(len(kind), dtype=np.int64)
    for number, name in enumerate(KINDS):
        table = rules["kinds"][name]["methods"]
        share = np.array(list(table.values()))
        words = np.array([METHODS.index(word) for word in table])
        here = kind == number
        method[here] = rng.choice(words, size=int(here.sum()), p=share / share.sum())
    return method


def draw_victims(world: World, chances: Mapping[str, Any], incidents: Incidents, *, seed: int) -> Victims:
    """One to three victims of each incident; some people again and again.

    Raises:
        UsageError: The span has more people than there are NHS numbers in the invented range.
    """
    rules = chances["incidents"]
    rng = stream(seed, "victims")
    several = rng.choice([1, 2, 3], size=len(incidents.kind), p=rules["victims"])
    incident = np.repeat(np.arange(len(incidents.kind)), several)
    first = np.diff(incident, prepend=-1) != 0
    kind = incidents.kind[incident]
    at_own_home = (incidents.place_type[incident] == PLACE_TYPES.index("own_home")) & (
        first | (rng.random(len(incident)) < rules["residents_among_others"])
    )
    sex, age = _sex_and_age(world, rules, kind, rng)
    residence = _residences(world, rules, incidents.area[incident], rng)
    residence = np.where(at_own_home, incidents.area[incident], residence)
    source = _same_person_as(rules, incidents, incident, first, kind, at_own_home, rng)
    years = (incidents.local_min[incident] - incidents.local_min[0]) / (MINUTES_A_DAY * DAYS_A_YEAR)
    born = age + rng.random(len(age)) - years
    age = np.maximum(0, np.floor(born[source] + years)).astype(np.int64)
    person = np.unique(source, return_inverse=True)[1].astype(np.int64)
    severity = rng.normal(0.0, 1.0, len(incident)) + _weapon_severity(
        chances["capture"], incidents.method[incident]
    )
    injured_share = np.array([rules["kinds"][name]["injured"] for name in KINDS])[kind]
    return Victims(
        incident=incident,
        person=person,
        nhs_numbers=nhs_numbers(int(person.max()) + 1, seed=seed),
        sex=sex[source],
        age=age,
        residence=residence[source],
        injured=rng.random(len(incident)) < injured_share,
        severity=severity,
        at_own_home=at_own_home,
    )


def _sex_and_age(
    world: World, rules: Mapping[str, Any], kind: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Sex by the kind's share of men, age by its risk of a resident of that age."""
    sex = np.zeros(len(kind), dtype=np.int64)
    age = np.zeros(len(kind), dtype=np.int64)
    ages = np.arange(len(world.age_persons))
    for number, name in enumerate(KINDS):
        here = np.flatnonzero(kind == number)
        knots = np.array(rules["kinds"][name]["ages"])
        victims = np.interp(ages, knots[:, 0], knots[:, 1]) * world.age_persons
        age[here] = rng.choice(ages, size=len(here), p=victims / victims.sum())
        sex[here] = np.where(rng.random(len(here)) < rules["kinds"][name]["male"], MALE, FEMALE)
    return sex, age


def _residences(world: World, rules: Mapping[str, Any], area: Ints, rng: np.random.Generator) -> Ints:
    """Small area of residence: near where it happened, more often a deprived one."""
    gap = world.area_points[:, None, :] - world.area_points[None, :, :]
    near = (1.0 + np.hypot(gap[:, :, 0], gap[:, :, 1]) / rules["residence_decay_m"]) ** -2.0
    pull = np.cumsum(near * _area_weights(world, rules, gradient=rules["residence_gradient"]), axis=1)
    pull = pull / pull[:, -1:] + np.arange(len(pull))[:, None]
    found = np.searchsorted(pull.ravel(), area + rng.random(len(area)), side="right") - area * len(pull)
    return np.clip(found, 0, len(pull) - 1)


def _same_person_as(
    rules: Mapping[str, Any],
    incidents: Incidents,
    incident: Ints,
    first: Flags,
    kind: Ints,
    at_own_home: Flags,
    rng: np.random.Generator,
) -> Ints:
    """The victim whose person each victim is: itself, the one of the household, or a prone person."""
    number = len(incident)
    source = np.arange(number)
    household = incidents.household[incident]
    resident = np.flatnonzero(at_own_home & first & (rng.random(number) < rules["same_resident_share"]))
    _, earliest, index = np.unique(household[resident], return_index=True, return_inverse=True)
    source[resident] = resident[earliest][index]
    group = incidents.district[incident] * len(KINDS) + kind
    away = np.flatnonzero(~at_own_home)
    prone_pick = rng.random(number)
    again = rng.random(number) < rules["repeat_person_share"]
    prone = away[(prone_pick[away] < rules["prone_share"]) & ~again[away]]
    repeats = away[again[away] & np.isin(group[away], group[prone])]
    # Weights fall steeply, so that a few people come very often.
    weight = rng.random(len(prone)) ** 4 + 0.01
    pool = Groups.of(group[prone], weight, groups=int(group.max()) + 1)
    chosen = prone[pool.draw(group[repeats], rng)]
    other_incident = incident[chosen] != incident[repeats]
    source[repeats[other_incident]] = chosen[other_incident]
    return _once_in_an_incident(source, incident)


def _once_in_an_incident(source: Ints, incident: Ints) -> Ints:
    """Nobody is twice a victim of one incident: the later one is somebody else."""
    order = np.lexsort((np.arange(len(source)), source, incident))
    twice = np.zeros(len(source), dtype=bool)
    same = (source[order][1:] == source[order][:-1]) & (incident[order][1:] == incident[order][:-1])
    twice[order[1:][same]] = True
    return np.where(twice, np.arange(len(source)), source)


def _weapon_severity(rules: Mapping[str, Any], method: Ints) -> Floats:
    weapon = weapon_of_method()
    shift = {
        "sharp": rules["sharp_severity"],
        "firearm": rules["sharp_severity"],
        "blunt": rules["blunt_severity"],
    }
    return np.array([shift.get(weapon[name], 0.0) for name in METHODS])[method]


def nhs_numbers(persons: int, *, seed: int) -> Texts:
    """So many different valid NHS numbers from the range that no person has, 999 000 0000 to 999 999 9999.

    Raises:
        UsageError: The range has fewer.

    Sources:
        NHS Data Dictionary, NHS NUMBER: check digit modulus 11, weights 10 to 2; 10 is not used.
    """
    middle = np.arange(1_000_000, dtype=np.int64)
    total = 9 * (10 + 9 + 8) + sum((middle // 10 ** (5 - i) % 10) * (7 - i) for i in range(6))
    check = (11 - total % 11) % 11
    valid = np.flatnonzero(check < 10)
    if persons > len(valid):
        raise UsageError("invent", f"{persons} people need more NHS numbers than the invented range holds")
    chosen = stream(seed, "nhs numbers").permutation(valid)[:persons]
    whole = 9_990_000_000 + chosen * 10 + check[chosen]
    return whole.astype(str).astype(object)
