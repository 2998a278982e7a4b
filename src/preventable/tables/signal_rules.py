"""What policy/signals.toml says: definitions that are counted by week, how a week is judged, what a partner is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys, words_given
from preventable.tables.known_changes import KnownChange, known_changes

_WHERE = "policy/signals.toml"
_KEYS = ("method", "smaller_areas", "series", "weeks", "sparse", "score", "lines", "changes")
_WEEKS = ("minimum_coverage", "windows", "earlier_weeks")
_SPARSE = ("least_mean", "earlier_months")
#: How a series may be scored, and levels below the district that may be.
METHODS, SMALLER_AREAS = ("kernel", "farrington"), ("neighbourhood", "ward", "middle_area")
_SCORE = ("newest_weight", "correlation")
_LINES = ("false_discovery_rate", "watch_p", "at_most")


@dataclass(frozen=True)
class SignalRules:
    """The partnership's rules of signals.

    Attributes:
        severity_weights: Definition counted by week -> what one record weighs in the order of the lines.
        methods: Definition -> how its series are scored, one of `METHODS`.
        smaller_areas: Levels below the district that are scored too, where a definition is counted there.
        minimum_coverage: Least coverage of a usable week, 0 to 1.
        windows: Lengths that are judged, in weeks, ascending.
        earlier_weeks: Weeks scored besides those that end in the last month.
        least_mean: Events a week below which a series is scored by calendar month.
        earlier_months: Months scored besides the last.
        newest_weight: Weight of the newest week's score in the score of one and two weeks.
        correlation: Correlation of the two where nothing happens.
        false_discovery_rate: Rate at which series may be signals.
        watch_p: p of a line at most.
        most_lines: Lines for one partner.
        changes: Changes that the partnership knows of; `with_changes_of_region` adds those of the region.
    """

    severity_weights: Mapping[str, float]
    methods: Mapping[str, str]
    smaller_areas: tuple[str, ...]
    minimum_coverage: float
    windows: tuple[int, ...]
    earlier_weeks: int
    least_mean: float
    earlier_months: int
    newest_weight: float
    correlation: float
    false_discovery_rate: float
    watch_p: float
    most_lines: int
    changes: tuple[KnownChange, ...]


def read_signal_rules(policy: Policy) -> SignalRules:
    """Read and check policy/signals.toml.

    Raises:
        PolicyError: It lacks a part, has a key that nothing reads, a number outside its bounds, or a definition
            that is unknown or named twice.
    """
    contents = policy.file("signals")
    refuse_unknown_keys(_WHERE, "it", contents, (*POLICY_HEADER, *_KEYS))
    weeks, sparse, score, lines = (
        _part(contents, name, keys)
        for name, keys in (("weeks", _WEEKS), ("sparse", _SPARSE), ("score", _SCORE), ("lines", _LINES))
    )
    weights = _series(contents.get("series"), policy)
    return SignalRules(
        severity_weights=weights,
        methods=_methods(contents, weights),
        smaller_areas=words_given(_WHERE, "smaller_areas", contents.get("smaller_areas"), SMALLER_AREAS),
        minimum_coverage=_number(weeks, "minimum_coverage", 0, 1),
        windows=_windows(weeks["windows"]),
        earlier_weeks=_whole(weeks, "earlier_weeks", 0),
        least_mean=_number(sparse, "least_mean", 0, 1_000),
        earlier_months=_whole(sparse, "earlier_months", 0),
        newest_weight=_number(score, "newest_weight", 0, 100),
        correlation=_number(score, "correlation", 0, 1),
        false_discovery_rate=_number(lines, "false_discovery_rate", 0, 1),
        watch_p=_number(lines, "watch_p", 0, 0.5),
        most_lines=_whole(lines, "at_most", 0),
        changes=known_changes(contents.get("changes"), _WHERE),
    )


def with_changes_of_region(rules: SignalRules, about: Mapping[str, Any]) -> SignalRules:
    """The rules with the changes that region.toml names beside those of policy.

    Raises:
        PolicyError: One of them is not well formed.
    """
    both = (*rules.changes, *known_changes(about.get("changes"), "region.toml"))
    return replace(rules, changes=tuple(sorted(both, key=lambda one: (one.date, one.what))))


def _part(contents: Mapping[str, Any], name: str, keys: tuple[str, ...]) -> Mapping[str, Any]:
    part: Mapping[str, Any] = contents.get(name, {})
    refuse_unknown_keys(_WHERE, name, part, keys)
    absent = [key for key in keys if key not in part]
    if absent:
        raise PolicyError(_WHERE, f"{name} lacks {', '.join(absent)}")
    return part


def _series(entries: object, policy: Policy) -> dict[str, float]:
    if not isinstance(entries, list) or not entries:
        raise PolicyError(_WHERE, "it names no series")
    weights: dict[str, float] = {}
    for entry in entries:
        refuse_unknown_keys(_WHERE, "a series", entry, ("definition", "severity_weight", "method"))
        definition = entry.get("definition")
        if definition not in policy.definitions:
            raise PolicyError(_WHERE, "a series is of a definition that is not in policy/definitions")
        if definition in weights:
            raise PolicyError(_WHERE, f"it names {definition} twice")
        weights[definition] = _number(entry, "severity_weight", 0, 1_000)
    return dict(sorted(weights.items()))


def _methods(contents: Mapping[str, Any], definitions: Iterable[str]) -> dict[str, str]:
    """Definition -> method: its series' own, else that of all."""
    own = {entry["definition"]: entry["method"] for entry in contents["series"] if "method" in entry}
    methods = {definition: own.get(definition, contents.get("method")) for definition in definitions}
    if not set(methods.values()) <= set(METHODS):
        raise PolicyError(_WHERE, f"a method is not one of {', '.join(METHODS)}")
    return {definition: str(method) for definition, method in methods.items()}


def _windows(given: object) -> tuple[int, ...]:
    if not isinstance(given, list) or not all(type(one) is int and one > 0 for one in given):
        raise PolicyError(_WHERE, "windows is not a list of whole numbers")
    if given != sorted(set(given)) or given[:2] != [1, 2]:
        raise PolicyError(_WHERE, "windows do not ascend from 1 and 2, which one score is made of")
    return tuple(given)


def _number(part: Mapping[str, Any], key: str, least: float, most: float) -> float:
    value = part.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise PolicyError(_WHERE, f"{key} is not a number from {least} to {most}")
    return float(value)


def _whole(part: Mapping[str, Any], key: str, least: int) -> int:
    value = part.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise PolicyError(_WHERE, f"{key} is not a whole number from {least} on")
    return value
