"""Invented worlds of violent incidents that three services see with errors, and the truth of them.

A second program beside the one that made ../shared/reference/linkage/world_a, in its columns: so linkage and the share
known to police can be judged on many worlds, with errors drawn anew in each.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.special import ndtr, ndtri

HOSTILE = ("dependent", "shapes", "copycat", "season", "wrong_dates")
HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0
VENUE, HOME = 0, 1
_ERRORS = ("ambulance", "emergency", "police")
_ROUND_S = (3600.0, 1800.0, 900.0, 300.0)
_MOST_SHARE = 0.9


@dataclass(frozen=True)
class World:
    """One world.

    Attributes:
        ambulance, emergency, police: Records, in the columns of world_a.
        truth: source, record_id, incident, victim of every record.
        victims: Every victim, seen or not: victim, incident, place_type, injured, sharp, and whether seen by ambulance,
            emergency and police.
        parameters: What was drawn, by table of linkage_worlds.toml.
    """

    ambulance: pa.Table
    emergency: pa.Table
    police: pa.Table
    truth: pa.Table
    victims: pa.Table
    parameters: Mapping[str, Any]

    def known_to_police(self, source: str, *, incident: bool = False) -> float:
        """True share of the victims of `ambulance` or `emergency` records who have a police record.

        With `incident`, those of whose incident any victim has one.
        """
        victims = {name: self.victims[name].to_numpy() for name in self.victims.column_names}
        known = victims["police"]
        if incident:
            known = np.isin(victims["incident"], victims["incident"][known])
        return float(known[victims[source]].mean())

    def seen_by_neither(self, *, incident: bool = False) -> float:
        """True share of the victims of ambulance records who have no record of their own elsewhere.

        With `incident`, those of whose incident nobody has one.
        """
        victims = {name: self.victims[name].to_numpy() for name in self.victims.column_names}
        seen = victims["police"] | victims["emergency"]
        if incident:
            seen = np.isin(victims["incident"], victims["incident"][seen])
        return float(1.0 - seen[victims["ambulance"]].mean())


def world(
    seed: int, incidents: int = 60_000, vary: bool = True, hostile: str | None = None, slopes: bool = False
) -> World:
    """A world of so many incidents, the same for the same arguments.

    Args:
        seed: Of all that is drawn.
        incidents: Violent incidents; 160,000 are a year.
        vary: Draw each error parameter from half to double its value in linkage_worlds.toml.
        hostile: None, or one of `HOSTILE`: what the errors are that no model expects.
        slopes: Draw from half to double, too, by how much a worse injury is more likely to be seen by each service.
    """
    if hostile is not None and hostile not in HOSTILE:
        raise ValueError(f"no such hostile world: {hostile}; one of {', '.join(HOSTILE)}")
    rules = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    draw = np.random.default_rng([seed, incidents, HOSTILE.index(hostile) + 1 if hostile else 0])
    rules = _varied(rules, draw) if vary else rules
    rules = _with_other_slopes(rules, draw) if slopes else rules
    maker = _Maker(rules, draw, incidents, hostile)
    victims = maker.victims()
    ambulance, emergency, police = maker.ambulance(victims), maker.emergency(victims), maker.police(victims)
    truth = [
        _truth(name, table, victims)
        for name, table in zip(_ERRORS, (ambulance, emergency, police), strict=True)
    ]
    seen = {name: np.isin(victims["victim"], table["victim"]) for name, table in zip(
        _ERRORS, (ambulance, emergency, police), strict=True
    )}  # fmt: skip
    told = {name: victims[name] for name in ("victim", "incident", "place_type", "injured", "sharp")}
    return World(
        *(_table(table) for table in (ambulance, emergency, police)),
        truth=pa.concat_tables(truth),
        victims=pa.table(told | seen),
        parameters=rules,
    )


def write_world(made: World, folder: Path) -> None:
    """Write it as world_a is: a file a table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*_ERRORS, "truth"):
        pq.write_table(getattr(made, name), folder / f"{name}.parquet")


def _varied(rules: dict[str, Any], draw: np.random.Generator) -> dict[str, Any]:
    """Each error parameter from half to double, evenly on the log scale."""

    def factor() -> float:
        return float(2.0 ** draw.uniform(-1.0, 1.0))

    varied = dict(rules)
    varied["capture"] = {name: odds * factor() for name, odds in rules["capture"].items()}
    for source in _ERRORS:
        table: dict[str, Any] = {}
        for name, value in rules[source].items():
            if name == "weights":
                drawn = {key: np.array([w * factor() for w in weights]) for key, weights in value.items()}
                table[name] = {key: (w / w.sum()).tolist() for key, w in drawn.items()}
            elif name == "spreads":
                table[name] = {
                    key: [spread * factor() for spread in spreads] for key, spreads in value.items()
                }
            else:
                table[name] = min(value * factor(), _MOST_SHARE) if value < 1 else value * factor()
        varied[source] = table
    return varied


def _with_other_slopes(rules: dict[str, Any], draw: np.random.Generator) -> dict[str, Any]:
    slopes = rules["capture_slopes"]
    drawn = {
        name: slope * float(2.0 ** draw.uniform(-1.0, 1.0))
        for name, slope in slopes.items()
        if name != "police_types"
    }
    return {**rules, "capture_slopes": slopes | drawn}


class _Maker:
    """Draws one world, in a fixed order."""

    def __init__(
        self, rules: Mapping[str, Any], draw: np.random.Generator, incidents: int, hostile: str | None
    ) -> None:
        self.rules, self.draw, self.incidents, self.hostile = rules, draw, incidents, hostile
        self.span = incidents / rules["county"]["incidents_a_year"] * 365.25 * DAY

    # --- what happened -------------------------------------------------------------------------

    def victims(self) -> dict[str, Any]:
        """Arrays by name, an entry a victim."""
        rules, draw = self.rules["incidents"], self.draw
        kind = draw.choice(4, self.incidents, p=_shares(rules["type_weights"]))
        time = self._times(kind)
        x, y = self._places(kind)
        if self.hostile == "copycat":
            self._copycats(kind, time, x, y)
        number = 1 + draw.choice(3, self.incidents, p=_shares(rules["victims"]))
        incident = np.repeat(np.arange(self.incidents), number)
        size = len(incident)
        kind = kind[incident]
        male = draw.random(size) < np.array(rules["male"])[kind]
        made = {
            "victim": np.arange(size),
            "incident": incident,
            "place_type": kind,
            "time": time[incident],
            "x": x[incident],
            "y": y[incident],
            "male": male,
            "age": self._ages(kind),
            "sharp": (draw.random(self.incidents) < rules["sharp"])[incident],
            "injured": (draw.random(self.incidents) < rules["injured"])[incident],
            "person": self._persons(size),
        }
        made["hospital"] = self._hospitals(made["x"], made["y"])
        return made | self._capture(made)

    def _times(self, kind: Any) -> Any:
        rules, draw = self.rules["incidents"], self.draw
        weeks = int(np.ceil(self.span / WEEK))
        busy = np.ones(weeks)
        if self.hostile == "season":
            hostile = self.rules["hostile"]
            busy += hostile["season"] * np.sin(2 * np.pi * (np.arange(weeks) / weeks + draw.random()))
            busy[draw.choice(weeks, 2, replace=False)] *= hostile["big_week"]
        time = np.empty(len(kind))
        left = np.ones(len(kind), dtype=bool)
        while left.any():
            rows = np.flatnonzero(left)
            found = draw.choice(weeks, len(rows), p=busy / busy.sum()) * WEEK
            for one in range(4):
                of_kind = np.flatnonzero(kind[rows] == one)
                days, hours = _shares(rules["days"][one]), _shares(rules["hours"][one])
                found[of_kind] += draw.choice(7, len(of_kind), p=days) * DAY
                found[of_kind] += draw.choice(24, len(of_kind), p=hours) * HOUR
            time[rows] = found + draw.uniform(0, HOUR, len(rows))
            left = time >= self.span
        return time

    def _places(self, kind: Any) -> tuple[Any, Any]:
        county, draw = self.rules["county"], self.draw
        size = (county["width_m"], county["height_m"])
        towns = draw.uniform((0, 0), size, (county["neighbourhoods"], 2))
        people = _shares(draw.gamma(1.0, 1.0, len(towns)) + 0.2)

        def near(number: int) -> Any:
            of = towns[draw.choice(len(towns), number, p=people)]
            return of + draw.normal(0, county["neighbourhood_sd_m"], (number, 2))

        point = near(len(kind))
        centres = towns[draw.choice(len(towns), county["centres"], p=people)]
        venues = centres[draw.choice(len(centres), county["venues"], p=_zipf(county["centres"], 0.9))]
        venues = venues + draw.normal(0, county["centre_sd_m"], venues.shape)
        pools = {
            VENUE: (np.ones(len(kind), bool), venues, _zipf(len(venues), 0.62)),
            HOME: (
                draw.random(len(kind)) < county["homes_again"],
                near(county["homes_pool"]),
                _zipf(county["homes_pool"], 0.5),
            ),
        }
        for one, (of_pool, places, weights) in pools.items():
            rows = np.flatnonzero((kind == one) & of_pool)
            point[rows] = places[draw.choice(len(places), len(rows), p=weights)]
        return point[:, 0] + county["west_m"], point[:, 1] + county["south_m"]

    def _copycats(self, kind: Any, time: Any, x: Any, y: Any) -> None:
        """Some incidents follow another: the same kind, close by, within three days."""
        draw = self.draw
        rows = draw.permutation(len(kind))[: 2 * round(self.rules["hostile"]["copycat"] * len(kind))]
        later, first = np.array_split(rows, 2)
        when = time[first] + draw.uniform(2 * HOUR, 72 * HOUR, len(first))
        inside = when < self.span
        later, first = later[inside], first[inside]
        kind[later], time[later] = kind[first], when[inside]
        x[later] = x[first] + draw.uniform(-200, 200, len(first))
        y[later] = y[first] + draw.uniform(-200, 200, len(first))

    def _ages(self, kind: Any) -> Any:
        age = np.empty(len(kind))
        for one, rule in enumerate(self.rules["incidents"]["ages"]):
            rows = np.flatnonzero(kind == one)
            shape = (rule["mean"] / rule["sd"]) ** 2
            drawn = (
                rule["least"] + self.draw.gamma(shape, rule["mean"] / shape, len(rows))
                if rule["tail"]
                else self.draw.normal(rule["mean"], rule["sd"], len(rows))
            )
            age[rows] = np.clip(drawn, rule["least"], 95)
        return np.floor(age)

    def _persons(self, size: int) -> Any:
        """Pseudonyms, some of which come more than once."""
        again = self.draw.random(size) < 0.15
        return np.where(again, self.draw.integers(0, size // 8, size), self.draw.integers(0, 4 * size, size))

    def _hospitals(self, x: Any, y: Any) -> Any:
        county, draw = self.rules["county"], self.draw
        size = (county["width_m"], county["height_m"])
        at = draw.uniform((0, 0), size, (county["hospitals"], 2)) + (county["west_m"], county["south_m"])
        squared = (x[:, None] - at[:, 0]) ** 2 + (y[:, None] - at[:, 1]) ** 2
        nearest = squared.argmin(axis=1)
        other = draw.random(len(x)) < 0.1
        return np.where(other, draw.integers(0, county["hospitals"], len(x)), nearest)

    def _capture(self, made: Mapping[str, Any]) -> dict[str, Any]:
        """Who saw each victim: worse injuries are seen more often by all; victims of one incident mostly together."""
        odds, slopes, draw = self.rules["capture"], self.rules["capture_slopes"], self.draw
        incident, size = made["incident"], len(made["incident"])
        joint = self.rules["incidents"]["shared_severity"]
        shared = draw.normal(0, 1, self.incidents)
        own = joint * shared[incident] + np.sqrt(1 - joint**2) * draw.normal(0, 1, size)
        worse = self.rules["incidents"]["sharp_severity"] * made["sharp"]
        kind = made["place_type"]

        def seen(name: str, log_odds: Any, of_incident: bool = False) -> Any:
            even = draw.random(self.incidents)[incident] if of_incident else draw.random(size)
            return even < 1 / (1 + np.exp(-log_odds) / odds[name])

        severity = shared[incident] + worse
        called = slopes["ambulance"] * severity + slopes["venue_ambulance"] * (kind == VENUE)
        ambulance = made["injured"] & seen("ambulance", called, True) & seen("attended", np.zeros(size))
        conveyed = ambulance & seen("conveyed", slopes["conveyed"] * (own + worse))
        alone = made["injured"] & ~ambulance & seen("emergency", slopes["emergency"] * (own + worse))
        carried = conveyed & seen("emergency_conveyed", np.zeros(size))
        later = ambulance & ~conveyed & seen("emergency_not_conveyed", np.zeros(size))
        reported = slopes["police"] * severity * made["injured"] + np.array(slopes["police_types"])[kind]
        return {
            "by_ambulance": ambulance,
            "conveyed": conveyed,
            "carried": carried,
            "by_emergency": alone | carried | later,
            "by_police": seen("police", reported, True) & seen("recorded", np.zeros(size)),
        }

    # --- what each service writes --------------------------------------------------------------

    def ambulance(self, made: Mapping[str, Any]) -> dict[str, Any]:
        """Records of the ambulance service, some patients with two."""
        rules, draw = self.rules["ambulance"], self.draw
        rows = np.flatnonzero(made["by_ambulance"])
        rows = np.concatenate([rows, rows[draw.random(len(rows)) < rules["two_vehicles"]]])
        rows = draw.permutation(rows)
        size = len(rows)
        care_time, care_place = self._care(size)
        delay = rules["delay_median_min"] * np.exp(rules["delay_spread"] * self._normal(size))
        late = care_time < rules["late_call"]
        delay = delay + late * draw.exponential(rules["late_call_min"], size)
        call = made["time"][rows] + np.minimum(delay, 24 * 60) * 60
        x, y = self._point(made, rows, rules, care_place)
        snapped = draw.random(size) < rules["snapped"]
        age = self._age(made["age"][rows], rules["age_missing"])
        estimated = draw.random(size) < rules["age_estimated"]
        guess = 5 * np.round((age + draw.normal(0, rules["age_estimated_sd"], size)) / 5)
        off = (draw.random(size) < rules["age_a_year_off"]) * draw.choice([-1, 1], size)
        return {
            "victim": made["victim"][rows],
            "time_s": call,
            "earliest_s": call - 1800,
            "latest_s": call,
            "easting_m": np.where(snapped, 200 * np.round(x / 200), x),
            "northing_m": np.where(snapped, 200 * np.round(y / 200), y),
            "place_sd_m": np.full(size, 60.0),
            "age": np.maximum(np.where(estimated, guess, age + off), 0),
            "sex": self._sex(made["male"][rows], rules["sex_missing"]),
            "hospital": np.where(made["conveyed"][rows], made["hospital"][rows], -1),
            "weapon": self._weapon(made["sharp"][rows], rules["sharp_missed"], rules["sharp_wrong"]),
        }

    def emergency(self, made: Mapping[str, Any]) -> dict[str, Any]:
        """Attendances, some of them the second of one injury."""
        rules, draw = self.rules["emergency"], self.draw
        rows = np.flatnonzero(made["by_emergency"])
        first = np.ones(len(rows), bool)
        twice = rows[draw.random(len(rows)) < rules["re_attendance"]]
        rows, first = np.concatenate([rows, twice]), np.concatenate([first, np.zeros(len(twice), bool)])
        order = draw.permutation(len(rows))
        rows, first = rows[order], first[order]
        size = len(rows)
        arrival = self._arrivals(made, rows) + np.where(first, 0, draw.uniform(10 * HOUR, 68 * HOUR, size))
        care_time, care_place = self._care(size)
        start, end, told = self._stated(made["time"][rows], arrival, care_time)
        place = _class_of(rules["weights"]["place"], care_place)
        x, y = self._ed_points(made, rows, place)
        other = draw.random(size) < rules["other_hospital"]
        hospital = np.where(
            other, draw.integers(0, self.rules["county"]["hospitals"], size), made["hospital"][rows]
        )
        weapon = self._weapon(made["sharp"][rows], 0.0, 0.0)
        weapon[draw.random(size) < rules["weapon_missing"]] = None
        none = place == 3
        return {
            "victim": made["victim"][rows],
            "time_s": told,
            "earliest_s": start,
            "latest_s": end,
            "arrival_s": arrival,
            "easting_m": np.where(none, np.nan, x),
            "northing_m": np.where(none, np.nan, y),
            "place_sd_m": np.array([40.0, 200.0, 1200.0, np.nan])[place],
            "age": self._wrong_age(made["age"][rows], rules["age_wrong"]),
            "sex": self._sex(made["male"][rows], 0.0),
            "hospital": hospital,
            "weapon": weapon,
            "person": made["person"][rows],
            "amb_arrival": made["carried"][rows],
            "place_type": np.where(draw.random(size) < rules["type_missing"], -1, made["place_type"][rows]),
        }

    def _arrivals(self, made: Mapping[str, Any], rows: Any) -> Any:
        rules, ambulance, draw = self.rules["emergency"], self.rules["ambulance"], self.draw
        size = len(rows)
        carried = ambulance["travel_min"] + draw.normal(0, ambulance["travel_sd_min"], size)
        alone = rules["arrival_median_min"] * np.exp(rules["arrival_spread"] * self._normal(size))
        late = draw.random(size) < rules["late"]
        alone = np.where(late, draw.uniform(8 * 60, 40 * 60, size), alone)
        minutes = np.where(made["carried"][rows], np.maximum(carried, 5), np.clip(alone, 5, 96 * 60))
        return made["time"][rows] + minutes * 60

    def _stated(self, event: Any, arrival: Any, care: Any) -> tuple[Any, Any, Any]:
        """Earliest, latest and stated time of attendances: stated, the day alone, or missing."""
        rules, draw = self.rules["emergency"], self.draw
        size = len(event)
        told = event + 60 * rules["time_sd_min"] * self._normal(size)
        told = self._rounded(told, rules["weights"]["rounding"])
        told = told + DAY * (draw.random(size) < rules["wrong_day"]) * draw.choice([-1, 1], size)
        told = np.minimum(told, arrival)
        missing = care < rules["time_missing"]
        day = ~missing & (draw.random(size) < rules["day_only"])
        midnight = DAY * np.floor(told / DAY)
        start = np.select([missing, day], [arrival - 12 * HOUR, midnight], told - 2700)
        end = np.select([missing, day], [arrival - 600, np.minimum(midnight + DAY, arrival)], told + 2700)
        return start, end, np.select([missing, day], [arrival - 2 * HOUR, (start + end) / 2], told)

    def _ed_points(self, made: Mapping[str, Any], rows: Any, place: Any) -> tuple[Any, Any]:
        rules, draw = self.rules["emergency"], self.draw
        spread = np.array([*rules["spreads"]["place"], 1.0])[place]
        wrong = draw.random(len(rows)) < rules["wrong_place"]
        at = np.where(wrong, draw.integers(0, len(made["x"]), len(rows)), rows)
        return self._scattered(made, at, spread)

    def police(self, made: Mapping[str, Any]) -> dict[str, Any]:
        """Crimes, one a victim."""
        rules, draw = self.rules["police"], self.draw
        rows = draw.permutation(np.flatnonzero(made["by_police"]))
        size = len(rows)
        care_time, care_place = self._care(size)
        start, end = self._windows(made["time"][rows], care_time)
        x, y = self._point(made, rows, rules, care_place)
        kind = made["place_type"][rows]
        age = self._wrong_age(self._age(made["age"][rows], rules["age_missing"]), rules["age_wrong"])
        return {
            "victim": made["victim"][rows],
            "time_s": (start + end) / 2,
            "earliest_s": start,
            "latest_s": end,
            "easting_m": x,
            "northing_m": y,
            "place_sd_m": np.full(size, 100.0),
            "age": age,
            "sex": self._sex(made["male"][rows], rules["sex_missing"]),
            "hospital": np.full(size, -1),
            "weapon": self._weapon(made["sharp"][rows], rules["sharp_missed"], rules["sharp_wrong"]),
            "domestic_flag": (kind == HOME) & (draw.random(size) < rules["domestic"]),
            "injury_flag": made["injured"][rows] & (draw.random(size) >= rules["injury_missed"]),
            "place_type": kind,
        }

    def _windows(self, event: Any, care: Any) -> tuple[Any, Any]:
        """From and to of police records: a point, up to four hours, a night, days or weeks."""
        rules, draw = self.rules["police"], self.draw
        size = len(event)
        kind = _class_of(rules["weights"]["window"], care)
        point = self._rounded(
            event + 60 * rules["time_sd_min"] * self._normal(size), rules["weights"]["rounding"]
        )
        hours = draw.uniform(0.625, 4.125, size)
        width = np.select(
            [kind == 1, kind == 2, kind == 3],
            [
                np.round(hours * 4) / 4,
                np.round(draw.uniform(6.25, 14.25, size) * 2) / 2,
                24 * np.ceil(1 + draw.exponential(20, size)),
            ],
            0.0,
        )
        start = np.where(kind == 0, point, 900 * np.round((event - draw.random(size) * width * HOUR) / 900))
        if self.hostile == "wrong_dates":
            wrong = draw.random(size) < self.rules["hostile"]["wrong_dates"]
            start = start + DAY * wrong * draw.integers(3, 61, size) * draw.choice([-1, 1], size)
        return start - 900, start + width * HOUR + 900

    # --- errors --------------------------------------------------------------------------------

    def _care(self, size: int) -> tuple[Any, Any]:
        """Two even draws, of how badly a record gives its time and its place; the last classes are the worst."""
        one, other = self.draw.normal(0, 1, (2, size))
        if self.hostile == "dependent":
            joint = self.rules["hostile"]["dependent"]
            other = joint * one + np.sqrt(1 - joint**2) * other
            # A small draw leaves the time out; a large one the place.
            return ndtr(-one), ndtr(other)
        return ndtr(one), ndtr(other)

    def _normal(self, size: int) -> Any:
        """Errors of time: normal, or with the tails of t with 2 degrees and the same middle half."""
        if self.hostile == "shapes":
            return np.clip(self.draw.standard_t(2, size) * (ndtri(0.75) / 0.8165), -12, 12)
        return self.draw.normal(0, 1, size)

    def _scattered(self, made: Mapping[str, Any], rows: Any, spread: Any) -> tuple[Any, Any]:
        east, north = self.draw.normal(0, 1, (2, len(rows)))
        if self.hostile == "shapes":
            longer = np.exp(0.8 * self.draw.normal(0, 1, len(rows)))
            east, north = east * longer, north * longer
        return np.round(made["x"][rows] + spread * east, 1), np.round(made["y"][rows] + spread * north, 1)

    def _point(
        self, made: Mapping[str, Any], rows: Any, rules: Mapping[str, Any], care: Any
    ) -> tuple[Any, Any]:
        spread = np.array(rules["spreads"]["point"])[_class_of(rules["weights"]["point"], care)]
        return self._scattered(made, rows, spread)

    def _rounded(self, time: Any, weights: list[float]) -> Any:
        step = np.array(_ROUND_S)[self.draw.choice(4, len(time), p=_shares(weights))]
        return step * np.round(time / step)

    def _age(self, age: Any, missing: float) -> Any:
        heaped = self.draw.random(len(age)) < self.rules["hostile"]["age_heaped"]
        age = np.where(heaped & (self.hostile == "shapes"), 5 * np.round(age / 5), age)
        return np.where(self.draw.random(len(age)) < missing, np.nan, age)

    def _wrong_age(self, age: Any, share: float) -> Any:
        wrong = self.draw.random(len(age)) < share
        return np.maximum(age + wrong * self.draw.integers(-10, 11, len(age)), 0)

    def _sex(self, male: Any, missing: float) -> Any:
        size = len(male)
        swapped = (self.draw.random(size) < self.rules["hostile"]["sex_wrong"]) & (self.hostile == "shapes")
        sex = np.where(male ^ swapped, "M", "F").astype(object)
        sex[self.draw.random(size) < missing] = None
        return sex

    def _weapon(self, sharp: Any, missed: float, wrong: float) -> Any:
        seen = self.draw.random(len(sharp))
        return np.where(np.where(sharp, seen >= missed, seen < wrong), "sharp", "other").astype(object)


def _shares(weights: Any) -> Any:
    weights = np.asarray(weights, dtype=float)
    return weights / weights.sum()


def _zipf(number: int, power: float) -> Any:
    return _shares(np.arange(1, number + 1) ** -power)


def _class_of(weights: list[float], even: Any) -> Any:
    """Class by an even draw."""
    return np.minimum(np.searchsorted(np.cumsum(_shares(weights)), even), len(weights) - 1)


def _truth(source: str, made: Mapping[str, Any], victims: Mapping[str, Any]) -> pa.Table:
    victim = made["victim"]
    columns = {
        "source": pa.array([source] * len(victim), pa.large_string()),
        "record_id": np.arange(len(victim)),
        "incident": victims["incident"][victim],
        "victim": victim,
    }
    return pa.table(columns)


def _table(made: Mapping[str, Any]) -> pa.Table:
    """The records without their truth; times to a tenth of a second; missing numbers null."""
    columns: dict[str, Any] = {"record_id": np.arange(len(made["victim"]))}
    for name, values in made.items():
        if name == "victim":
            continue
        if name in ("sex", "weapon"):
            columns[name] = pa.array(values, pa.large_string())
        elif values.dtype == float:
            columns[name] = pa.array(np.round(values, 1), pa.float64(), from_pandas=True)
        else:
            columns[name] = pa.array(values)
    return pa.table(columns)
