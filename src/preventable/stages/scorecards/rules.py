"""What a score card looks at, and how much each part counts: policy/scorecards.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.codes import allowed
from preventable.errors import PolicyError
from preventable.settings import (
    POLICY_HEADER,
    Policy,
    refuse_unknown_fields,
    refuse_unknown_keys,
    words_given,
)

_WHERE = "policy/scorecards.toml"
PARTS = ("timeliness", "volume", "completeness", "time", "location", "consistency")
#: Field that a site is asked for -> the test that it is filled in the record `r`.
FIELDS = {
    "contact": "r.contact_local IS NOT NULL",
    "stated_time": "r.injury_start_local IS NOT NULL AND coalesce(r.time_basis, '') = 'stated'",
    "method": "coalesce(r.method, 'unknown') <> 'unknown'",
    "place_type": "coalesce(r.place_type, 'unknown') <> 'unknown'",
    "place_text": "r.place_text_id IS NOT NULL OR r.location_class = 'home'",
    "age": "r.age_from IS NOT NULL",
    "sex": "coalesce(r.sex, 'unknown') <> 'unknown'",
}
#: A street or place whose radius is larger than policy allows.
WIDE = "wide"
#: A private home: the record is asked for no place.
HOME = "home"
#: What a sentence may be about.
ABOUT = (
    "late", "late_records", "volume_low", "volume_high", *FIELDS, "time_inexact", "time_spoiled",
    "generic", "town", "ambiguous", "wide", "rule",
)  # fmt: skip
#: What a sentence may have in braces.
_FIELDS = ("percent", "days", "description", "remedy")
_TABLES = (
    "weights", "grades", "least", "timeliness", "volume", "sources", "time", "location", "consistency",
    "trend", "groups", "mend", "page",
)  # fmt: skip


@dataclass(frozen=True)
class Sentence:
    """What is wrong, what is asked, and a made-up example."""

    words: str
    ask: str
    example: str


@dataclass(frozen=True)
class ScoreRules:
    """What policy/scorecards.toml says, under its own names.

    Attributes:
        weights: Part -> points of 100.
        grades: Grade -> least score, best first.
        least_records: Of a month, below which it has no score.
        fields: Kind of source -> fields that it is asked for; the kinds that have score cards.
        none_from_days: Days late from which timeliness has no points.
        volume: Numbers of [volume].
        time_points: Precision of the injury time -> points of 1.
        time_spoiled_by: Rules whose rows have no points for their time.
        radius_m: Largest radius of a place that can be acted on, m.
        homes: Types of place that are private homes.
        location_points: Class of place -> points of 1.
        usable: Classes of places that can be acted on.
        none_from_share: Share of rows that trip a rule from which consistency has no points.
        consistency_rules: Those rules.
        trend: Numbers of [trend].
        groups: Numbers of [groups].
        sentences: How many are told at the most.
        least_points: Points that one must cost.
        words: What a sentence is about -> its words.
        page: What the card says of itself.
    """

    weights: Mapping[str, float]
    grades: Mapping[str, float]
    least_records: int
    fields: Mapping[str, tuple[str, ...]]
    none_from_days: int
    volume: Mapping[str, float]
    time_points: Mapping[str, float]
    time_spoiled_by: tuple[str, ...]
    radius_m: float
    homes: tuple[str, ...]
    location_points: Mapping[str, float]
    usable: tuple[str, ...]
    none_from_share: float
    consistency_rules: tuple[str, ...]
    trend: Mapping[str, float]
    groups: Mapping[str, Any]
    sentences: int
    least_points: float
    words: Mapping[str, Sentence]
    page: Mapping[str, str]

    def grade(self, score: float) -> str:
        """The grade of a score."""
        return next((name for name, least in self.grades.items() if score >= least), "E")


def read_score_rules(policy: Policy) -> ScoreRules:
    """What a score card looks at.

    Raises:
        PolicyError: The file is missing, has another key, or a number, field or class that cannot be.
    """
    told = policy.file("scorecards")
    refuse_unknown_keys(_WHERE, "it", told, (*POLICY_HEADER, *_TABLES))
    weights = _numbers(told, "weights", PARTS)
    if sum(weights.values()) != 100 or any(weight % 1 for weight in weights.values()):
        raise PolicyError(_WHERE, "[weights] are no whole numbers that add up to 100")
    location = _table(told, "location", ("radius_m", "homes", "points", "usable"))
    classes = (*allowed("precision_class"), WIDE)
    time = _table(told, "time", ("points", "spoiled_by"))
    consistency = _table(told, "consistency", ("none_from_share", "rules"))
    mend = _table(told, "mend", ("sentences", "least_points", "words"))
    page = _table(told, "page", ("purpose", "legal_basis"))
    return ScoreRules(
        weights=weights,
        grades=_grades(told),
        least_records=int(_numbers(told, "least", ("records",))["records"]),
        fields=_fields(told.get("sources", {})),
        none_from_days=int(_numbers(told, "timeliness", ("none_from_days",))["none_from_days"]),
        volume=_numbers(
            told, "volume", ("years", "least_months", "full_within", "none_from", "least_spread")
        ),
        time_points=_points("[time]", time, allowed("time_precision")),
        time_spoiled_by=words_given(_WHERE, "spoiled_by of [time]", time.get("spoiled_by")),
        radius_m=_number("radius_m of [location]", location.get("radius_m")),
        homes=_homes(location),
        location_points=_points("[location]", location, classes),
        usable=words_given(_WHERE, "usable of [location]", location.get("usable"), classes),
        none_from_share=_number("none_from_share of [consistency]", consistency.get("none_from_share")),
        consistency_rules=words_given(_WHERE, "rules of [consistency]", consistency.get("rules")),
        trend=_numbers(told, "trend", ("months", "level", "least_points")),
        groups=_groups(told),
        sentences=int(_number("sentences of [mend]", mend.get("sentences"))),
        least_points=_number("least_points of [mend]", mend.get("least_points")),
        words=_words(mend.get("words", {})),
        page={name: str(page[name]) for name in ("purpose", "legal_basis")},
    )


def _table(told: Mapping[str, Any], name: str, known: tuple[str, ...]) -> Mapping[str, Any]:
    table: Mapping[str, Any] = told.get(name, {})
    refuse_unknown_keys(_WHERE, f"[{name}]", table, known)
    absent = [key for key in known if key not in table]
    if absent:
        raise PolicyError(_WHERE, f"[{name}] lacks {', '.join(absent)}")
    return table


def _number(what: str, value: object) -> float:
    if type(value) not in (int, float) or value <= 0:  # type: ignore[operator]
        raise PolicyError(_WHERE, f"{what} is no number above 0")
    return float(value)  # type: ignore[arg-type]


def _numbers(told: Mapping[str, Any], name: str, known: tuple[str, ...]) -> dict[str, float]:
    table = _table(told, name, known)
    return {key: _number(f"{key} of [{name}]", table[key]) for key in known}


def _grades(told: Mapping[str, Any]) -> dict[str, float]:
    grades = _numbers(told, "grades", ("A", "B", "C", "D"))
    if list(grades.values()) != sorted(set(grades.values()), reverse=True):
        raise PolicyError(_WHERE, "the scores of [grades] do not fall")
    return grades


def _fields(sources: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found = {}
    for source, told in sources.items():
        refuse_unknown_keys(_WHERE, f"[sources.{source}]", told, ("fields",))
        what = f"fields of [sources.{source}]"
        found[source] = words_given(_WHERE, what, told.get("fields"), FIELDS)
        if not found[source]:
            raise PolicyError(_WHERE, f"{what} is empty")
    return found


def _points(what: str, table: Mapping[str, Any], words: tuple[str, ...]) -> dict[str, float]:
    points = table["points"]
    refuse_unknown_keys(_WHERE, f"points of {what}", points, words)
    bad = [word for word in words if not 0 <= points.get(word, -1) <= 1]
    if bad:
        raise PolicyError(_WHERE, f"points of {what} has no number from 0 to 1 for {', '.join(bad)}")
    return {word: float(points[word]) for word in words}


def _homes(location: Mapping[str, Any]) -> tuple[str, ...]:
    homes = words_given(_WHERE, "homes of [location]", location["homes"], allowed("place_type"))
    if not homes:
        raise PolicyError(_WHERE, "homes of [location] is empty")
    return homes


def _groups(told: Mapping[str, Any]) -> dict[str, Any]:
    table = _table(told, "groups", ("months", "ages", "night", "least_records", "level"))
    ages, night = table["ages"], table["night"]
    if not ages or ages[0] != 0 or ages != sorted(set(ages)):
        raise PolicyError(_WHERE, "ages of [groups] do not rise from 0")
    if len(night) != 2 or not all(type(hour) is int and 0 <= hour < 24 for hour in night):
        raise PolicyError(_WHERE, "night of [groups] is no pair of hours")
    return dict(table)


def _words(told: Mapping[str, Any]) -> dict[str, Sentence]:
    refuse_unknown_keys(_WHERE, "[mend.words]", told, ABOUT)
    absent = [about for about in ABOUT if about not in told]
    if absent:
        raise PolicyError(_WHERE, f"[mend.words] lacks {', '.join(absent)}")
    found = {}
    for about, one in told.items():
        refuse_unknown_keys(_WHERE, f"{about} of [mend.words]", one, ("words", "ask", "example"))
        texts = [str(one.get(key, "")) for key in ("words", "ask", "example")]
        for text in texts:
            refuse_unknown_fields(_WHERE, f"{about} of [mend.words]", text, _FIELDS)
        found[about] = Sentence(*texts)
    return found
