"""Whose records lack what: fields filled and places that can be acted on, by group of patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from preventable.methods.proportions import difference_of_proportions
from preventable.stages.scorecards.rules import ScoreRules
from preventable.stages.scorecards.tallies import Group, Tally, added_up

#: What patients are told apart by.
DIMENSIONS = ("sex", "age_band", "arrival")
#: Stands beside the fields: records whose place can be acted on.
USABLE = "usable"


@dataclass(frozen=True)
class Filled:
    """Records of a group in which something is filled.

    Attributes:
        part: How many.
        whole: Of how many: a place is asked for outside homes alone.
        less: Whether their share is smaller than that of all other patients, beyond chance.
    """

    part: int
    whole: int
    less: bool


@dataclass(frozen=True)
class GroupLack:
    """One group of patients of a site.

    Attributes:
        dimension: One of `DIMENSIONS`.
        group: Its value.
        records: Records of the group.
        filled: Field, or `USABLE` -> records in which it is filled; empty where there are too few records to say.
    """

    dimension: str
    group: str
    records: int
    filled: Mapping[str, Filled]


def group_lacks(
    tallies: Mapping[Group, Tally], rules: ScoreRules, fields: Sequence[str]
) -> tuple[GroupLack, ...]:
    """Of each group of patients, in how many records what is filled.

    Args:
        tallies: Records of one site, of the months to look at.
        rules: Says how many records a group needs, and the level of the comparison with all others.
        fields: Fields that the kind of source is asked for.
    """
    found = []
    for dimension in DIMENSIONS:
        values = sorted({getattr(group, dimension) for group in tallies})
        # One that is the same of all has nothing to stand beside.
        for value in values if len(values) > 1 else ():
            inside = added_up(tally for group, tally in tallies.items() if getattr(group, dimension) == value)
            others = added_up(tally for group, tally in tallies.items() if getattr(group, dimension) != value)
            found.append(GroupLack(dimension, value, inside.records, _filled(inside, others, rules, fields)))
    return tuple(found)


def _filled(inside: Tally, others: Tally, rules: ScoreRules, fields: Sequence[str]) -> dict[str, Filled]:
    if inside.records < rules.groups["least_records"]:
        return {}
    found = {}
    for name in (USABLE, *fields):
        (part, whole), (other, others_whole) = _part(inside, name, rules), _part(others, name, rules)
        less = False
        if whole and others_whole:
            beside = difference_of_proportions(part, whole, other, others_whole, level=rules.groups["level"])
            less = beside.upper < 0
        found[name] = Filled(part, whole, less)
    return found


def _part(tally: Tally, name: str, rules: ScoreRules) -> tuple[int, int]:
    """Records in which it is filled, of how many."""
    if name == USABLE:
        return tally.usable(rules), tally.asked
    return tally.filled.get(name, 0), tally.records
