"""policy/linkage.toml, checked once and made into a type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys
from preventable.tables.aggregate import BREAKDOWNS_OF_SHARES
from preventable.tables.conditions import RECORD_COLUMNS, Condition, read_condition

SOURCES = ("ambulance", "ed", "police")
_WHERE = "policy/linkage.toml"
_ESTIMATES = (
    "fewest_records", "fewest_read_share", "fewest_standard_errors", "widest_interval", "between_groups_sd",
)  # fmt: skip
_BUSIEST = ("busiest_share", "busiest_precision")
_NUMBERS = ("report_probability", "kept_probability", "same_injury_hours", "widest_window_hours")


@dataclass(frozen=True)
class GroupRules:
    """Groups of victims of which the share known to police is told, and when.

    Attributes:
        fewest_records: Health records below which it is not told.
        fewest_read_share: Share of a group's records that can be read, below which it is not told: the rest may differ.
        fewest_standard_errors: Of the pairs beyond chance, below which it is not told.
        widest_interval: Width above which it is not told.
        between_groups_sd: Standard deviation between groups of the part of pairs that is of one victim.
        age_from: Youngest age of each band, rising from 0.
        codes: Codes of each group, by break-down (place_type, weapon).
        not_told: Break-downs that are not told, by health source.
    """

    fewest_records: int
    fewest_read_share: float
    fewest_standard_errors: float
    widest_interval: float
    between_groups_sd: float
    age_from: tuple[int, ...]
    codes: Mapping[str, Mapping[str, tuple[str, ...]]]
    not_told: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Busiest:
    """What is asked of links where chance brings most records together.

    Attributes:
        share: Share of the links of two sources that are there.
        precision: As large a share of these is expected to be right.
    """

    share: float
    precision: float


@dataclass(frozen=True)
class LinkagePolicy:
    """Which records are linked, and from which probability on a link stands.

    Attributes:
        report_probability: Least probability of a link that joins records into an incident.
        kept_probability: Least probability of a pair that stays in the table of links.
        same_injury_hours: Later visits of one person within these hours are of the same injury.
        widest_window_hours: Police records with a wider from-to window are not linked.
        linkable: Conditions that pick the records of each source.
        groups: Groups of the share known to police.
        busiest: What is asked of links where chance brings most records together.
    """

    report_probability: float
    kept_probability: float
    same_injury_hours: int
    widest_window_hours: int
    linkable: Mapping[str, tuple[Condition, ...]]
    groups: GroupRules
    busiest: Busiest


def read_linkage_policy(policy: Policy) -> LinkagePolicy:
    """The rules of linkage.

    Raises:
        PolicyError: The file or a definition that it names is missing or not well formed.
    """
    contents = policy.file("linkage")
    refuse_unknown_keys(
        _WHERE, "it", contents, (*POLICY_HEADER, *_NUMBERS, *_BUSIEST, "linkable", "estimates")
    )
    numbers = {name: contents.get(name) for name in (*_NUMBERS, *_BUSIEST)}
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise PolicyError(_WHERE, f"{name} is not a number")
    report, kept = float(numbers["report_probability"]), float(numbers["kept_probability"])
    if not 0 < kept <= report < 1:
        raise PolicyError(_WHERE, "kept_probability and report_probability do not rise between 0 and 1")
    hours = (numbers["same_injury_hours"], numbers["widest_window_hours"])
    if not all(isinstance(number, int) and number > 0 for number in hours):
        raise PolicyError(_WHERE, "hours are not whole numbers above 0")
    busiest = Busiest(*(float(numbers[name]) for name in _BUSIEST))
    if not (0 < busiest.share <= 1 and 0 < busiest.precision < 1):
        raise PolicyError(_WHERE, f"{' and '.join(_BUSIEST)} are not above 0 and at most 1")
    return LinkagePolicy(
        report,
        kept,
        *hours,
        linkable=_linkable(policy, contents.get("linkable")),
        groups=_groups(contents.get("estimates")),
        busiest=busiest,
    )


def _groups(given: object) -> GroupRules:
    if not isinstance(given, Mapping):
        raise PolicyError(_WHERE, "it has no estimates")
    refuse_unknown_keys(_WHERE, "estimates", given, (*_ESTIMATES, "groups", "not_told"))
    numbers = {name: given.get(name) for name in _ESTIMATES}
    for name, number in numbers.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or number <= 0:
            raise PolicyError(_WHERE, f"{name} is not a number above 0")
    groups = given.get("groups")
    if not isinstance(groups, Mapping) or set(groups) != {"age_from", "place_type", "weapon"}:
        raise PolicyError(_WHERE, "groups are not those of age_from, place_type and weapon")
    ages = groups["age_from"]
    if not ages or ages[0] != 0 or sorted(set(ages)) != list(ages):
        raise PolicyError(_WHERE, "age_from does not rise from 0")
    codes = {
        name: {group: tuple(words) for group, words in groups[name].items()}
        for name in ("place_type", "weapon")
    }
    return GroupRules(
        **numbers, age_from=tuple(ages), codes=codes, not_told=_not_told(given.get("not_told", {}))
    )


def _not_told(given: object) -> dict[str, tuple[str, ...]]:
    known = set(BREAKDOWNS_OF_SHARES) - {"all"}
    if not isinstance(given, Mapping) or not set(given) <= set(SOURCES) - {"police"}:
        raise PolicyError(_WHERE, "not_told does not name health sources")
    if not all(isinstance(words, list) and set(words) <= known for words in given.values()):
        raise PolicyError(_WHERE, f"not_told names what is none of {', '.join(sorted(known))}")
    return {source: tuple(words) for source, words in given.items()}


def _linkable(policy: Policy, named: object) -> dict[str, tuple[Condition, ...]]:
    if not isinstance(named, Mapping) or set(named) != set(SOURCES):
        raise PolicyError(_WHERE, f"linkable does not name one definition each for {', '.join(SOURCES)}")
    return {source: _conditions(policy, source, named[source]) for source in SOURCES}


def _conditions(policy: Policy, source: str, name: object) -> tuple[Condition, ...]:
    definition = policy.definitions.get(str(name))
    if definition is None or definition.get("source") != source:
        raise PolicyError(_WHERE, f"linkable names for {source} what is no definition of {source}")
    where = f"policy/definitions/{name}.toml"
    return tuple(read_condition(where, one, RECORD_COLUMNS) for one in definition.get("conditions", ()))
