"""The release rule of policy/disclosure.toml, checked once and made into a type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.errors import PolicyError
from preventable.methods import counts_shown_as, round_half_up
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys, words_given
from preventable.tables.source_kinds import source_kinds

_WHERE = "policy/disclosure.toml"
_NOTES = (
    "confidential", "confidential_part", "few_events", "few_people", "unknown_age", "no_population",
    "nearly_complete", "older_areas", "shared_out", "age_left_out", "not_calibrated", "few_records",
    "pattern_incomplete", "few_for_hours", "hours_narrow", "few_for_places", "even_places",
)  # fmt: skip
#: Notes with words for each kind of source.
_NOTES_BY_SOURCE = ("incomplete", "not_expected")
_KEYS = {
    "counts": ("minimum_count", "rounding_base", "least_values_of_a_cell"),
    "coverage": ("minimum_coverage", "minimum_coverage_of_longer_periods", "providers_not_expected"),
    "rates": (
        "per", "level", "decimals", "minimum_events_for_rate", "minimum_person_years", "maximum_unknown_age",
        "standard_population",
    ),
    "shares": ("minimum_denominator", "decimals", "more_decimals", "more_decimals_from"),
    "estimates": ("minimum_records", "decimals", "total_base"),
    "patterns": (
        "minimum_pattern_records", "minimum_special_records", "top_share", "least_top_places", "most_hidden_places",
        "least_unevenness",
    ),
    "notes": (*_NOTES, *_NOTES_BY_SOURCE),
}  # fmt: skip

#: Pages and sheets show estimates as whole per cents: a finer limit would be rounded inwards there.
_MOST_DECIMALS = 2


@dataclass(frozen=True)
class ReleaseRule:
    """What is shown and what is withheld. Names are those of the policy file, which gives the reasons.

    `counted_sources` are those of the form counts: who counts where is public, and so is what of an area is missing.
    """

    minimum_count: int
    rounding_base: int
    minimum_coverage: float
    minimum_coverage_of_longer_periods: float
    per: int
    level: float
    rate_decimals: int
    minimum_events_for_rate: int
    minimum_person_years: float
    maximum_unknown_age: float
    minimum_denominator: int
    decimals: int
    more_decimals: int
    more_decimals_from: int
    minimum_records: int
    estimate_decimals: int
    total_base: int
    minimum_pattern_records: int
    minimum_special_records: int
    top_share: float
    least_top_places: int
    most_hidden_places: float
    least_unevenness: float
    notes: Mapping[str, str]
    incomplete: Mapping[str, str]
    not_expected: Mapping[str, str]
    counted_sources: frozenset[str]

    @property
    def rounding_error(self) -> int:
        """Largest distance of a count from the multiple at which it is shown."""
        return self.rounding_base // 2

    def least_coverage(self, period_type: str) -> float:
        """Coverage from which a figure of such a period is shown."""
        return self.minimum_coverage if period_type == "month" else self.minimum_coverage_of_longer_periods

    def incomplete_note(self, source: str) -> str:
        """Words beside the mark of a period whose providers have not all sent."""
        return self.incomplete.get(source, self.incomplete["other"])

    def not_expected_note(self, source: str) -> str:
        """Words beside every figure of a kind of which a provider is not expected."""
        return self.not_expected.get(source, self.not_expected["other"])


def read_release_rule(policy: Policy) -> ReleaseRule:
    """The release rule.

    Raises:
        PolicyError: A value is missing or cannot be, a key is one that nothing reads, or a token or shown
            value would stand for fewer counts than `least_values_of_a_cell`.
    """
    contents, kinds = policy.file("disclosure"), source_kinds(policy)
    refuse_unknown_keys(_WHERE, "it", contents, (*POLICY_HEADER, *_KEYS, "never", "about"))
    for section in _KEYS.keys() & contents.keys():
        refuse_unknown_keys(_WHERE, f"[{section}]", contents[section], _KEYS[section])
    try:
        rule = ReleaseRule(
            **_numbers(contents, "counts", "minimum_count", "rounding_base"),
            **_numbers(contents, "coverage", "minimum_coverage", "minimum_coverage_of_longer_periods"),
            **_numbers(
                contents, "rates", "per", "level", "minimum_events_for_rate", "minimum_person_years",
                "maximum_unknown_age",
            ),
            rate_decimals=_numbers(contents, "rates", "decimals")["decimals"],
            **_numbers(
                contents, "shares", "minimum_denominator", "decimals", "more_decimals", "more_decimals_from"
            ),
            **_numbers(contents, "estimates", "minimum_records", "total_base"),
            **_numbers(contents, "patterns", *_KEYS["patterns"]),
            estimate_decimals=_numbers(contents, "estimates", "decimals")["decimals"],
            notes={name: contents["notes"][name] for name in _NOTES},
            incomplete=contents["notes"]["incomplete"],
            not_expected=contents["notes"]["not_expected"],
            counted_sources=frozenset(one.id for one in kinds.values() if one.form == "counts"),
        )  # fmt: skip
        least_values = contents["counts"]["least_values_of_a_cell"]
        not_expected = contents["coverage"]["providers_not_expected"]
    except KeyError as error:
        raise PolicyError(_WHERE, f"it lacks {error.args[0]}") from None
    words_given(_WHERE, "providers_not_expected", not_expected)
    _check(rule, least_values, tuple(kinds))
    return rule


def _numbers(contents: Mapping[str, Any], section: str, *names: str) -> dict[str, Any]:
    values = {name: contents[section][name] for name in names}
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise PolicyError(_WHERE, f"{name} is not a number of 0 or more")
    return values


def _check(rule: ReleaseRule, least_values: int, sources: tuple[str, ...]) -> None:
    for name in _NOTES_BY_SOURCE:
        refuse_unknown_keys(_WHERE, f"[notes.{name}]", getattr(rule, name), ("other", *sources))
        if "other" not in getattr(rule, name):
            raise PolicyError(_WHERE, f"notes.{name} has no word for other sources")
    notes = (*rule.notes.values(), *rule.incomplete.values(), *rule.not_expected.values())
    if not all(isinstance(note, str) and note for note in notes):
        raise PolicyError(_WHERE, "a note is no text")
    for name in ("minimum_count", "rounding_base", "per", "total_base"):
        if not isinstance(getattr(rule, name), int) or getattr(rule, name) < 1:
            raise PolicyError(_WHERE, f"{name} is not a whole number from 1 on")
    for name in ("rate_decimals", "decimals", "more_decimals", "estimate_decimals"):
        if not isinstance(getattr(rule, name), int):
            raise PolicyError(_WHERE, f"{name} is not a whole number")
    for name in (
        "level", "minimum_coverage", "minimum_coverage_of_longer_periods", "maximum_unknown_age", "top_share",
        "most_hidden_places",
    ):  # fmt: skip
        if getattr(rule, name) > 1 or (name == "level" and not 0 < rule.level < 1):
            raise PolicyError(_WHERE, f"{name} is no share")
    if rule.estimate_decimals > _MOST_DECIMALS:
        raise PolicyError(_WHERE, "decimals of estimates are more than whole per cents, which pages show")
    if rule.rounding_error >= rule.minimum_count:
        raise PolicyError(_WHERE, "minimum_count is so small that a shown count could be 0")
    if rule.minimum_pattern_records < 200 * rule.minimum_count:
        raise PolicyError(_WHERE, "half a per cent of minimum_pattern_records is fewer than minimum_count")
    lowest = round_half_up(rule.minimum_count, rule.rounding_base)
    behind = (
        rule.minimum_count,
        len(counts_shown_as(lowest, rule.rounding_base, rule.minimum_count)),
        len(counts_shown_as(lowest + rule.rounding_base, rule.rounding_base, rule.minimum_count)),
    )
    if min(behind) < least_values:
        raise PolicyError(
            _WHERE,
            f"minimum_count and rounding_base let a cell stand for {min(behind)} counts, fewer than"
            " least_values_of_a_cell",
        )
