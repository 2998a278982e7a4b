"""Named hours of the week (policy/time_masks.toml): what definitions count alone, and packs add up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys
from preventable.tables.conditions import MASK_COLUMN, Condition

_WHERE = "policy/time_masks.toml"
#: Days of the week, the first as hours of the week are counted.
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEK = 7 * 24
_TIME = re.compile(rf"({'|'.join(DAYS)}) ([01]\d|2[0-3]):00\Z")
_KEYS = ("id", "version", "title", "plain", "windows")


@dataclass(frozen=True)
class TimeMask:
    """Hours of the week under a name: whole hours by the local clock, 0 that of Monday from midnight, ascending."""

    id: str
    version: int
    title: str
    plain: str
    hours: tuple[int, ...]

    @property
    def condition(self) -> Condition:
        """The condition that a definition names by the mask's id."""
        named = f"{MASK_COLUMN} is {self.id}.v{self.version}: {self.plain}"
        return Condition("hour_of_week", "in", tuple(str(hour) for hour in self.hours), named)

    @property
    def days_and_hours(self) -> tuple[str, ...]:
        """Its hours as tables name them: `Fri 20`."""
        return tuple(f"{DAYS[hour // 24]} {hour % 24:02d}" for hour in self.hours)


def read_time_masks(policy: Policy) -> Mapping[str, TimeMask]:
    """Every mask by its id; none where the policy has no masks.

    Raises:
        PolicyError: A mask lacks a part, names a time that is no whole hour of the week, or covers an hour twice.
    """
    contents = policy.files.get("time_masks", {"masks": []})
    refuse_unknown_keys(_WHERE, "it", contents, (*POLICY_HEADER, "masks"))
    masks = [_mask(entry) for entry in contents["masks"]]
    by_id = {mask.id: mask for mask in masks}
    if len(by_id) != len(masks):
        raise PolicyError(_WHERE, "two masks have one id")
    return by_id


def mask_condition(where: str, contents: Mapping[str, Any], masks: Mapping[str, TimeMask]) -> Condition:
    """A condition `time_mask is NAME` as one on the hours of the week.

    Raises:
        PolicyError: It names another operator, or no mask that there is.
    """
    refuse_unknown_keys(where, "a condition", contents, ("column", "operator", "values"))
    names = contents.get("values")
    if contents.get("operator") != "is" or not isinstance(names, list) or len(names) != 1:
        raise PolicyError(where, f"the condition on {MASK_COLUMN} is not `is` and one mask")
    if names[0] not in masks:
        raise PolicyError(
            where, f"its {MASK_COLUMN} is not one of {', '.join(sorted(masks)) or 'those of ' + _WHERE}"
        )
    return masks[names[0]].condition


def _mask(entry: Mapping[str, Any]) -> TimeMask:
    refuse_unknown_keys(_WHERE, "a mask", entry, _KEYS)
    absent = [key for key in _KEYS if not entry.get(key)]
    if absent:
        raise PolicyError(_WHERE, f"a mask lacks {', '.join(absent)}")
    if type(entry["version"]) is not int or entry["version"] < 1:
        raise PolicyError(_WHERE, "the version of a mask is not a whole number from 1 on")
    hours = [hour for window in entry["windows"] for hour in _hours(window)]
    if len(set(hours)) != len(hours):
        raise PolicyError(_WHERE, f"the mask {entry['id']} covers an hour twice")
    return TimeMask(
        entry["id"], entry["version"], entry["title"], entry["plain"], tuple(sorted(hours))
    )


def _hours(window: Mapping[str, Any]) -> list[int]:
    """Hours of the week from the start of a window up to its end, over the end of the week too."""
    refuse_unknown_keys(_WHERE, "a window", window, ("from", "to"))
    first, last = (_hour(window.get(key)) for key in ("from", "to"))
    length = (last - first) % _WEEK
    if not length:
        raise PolicyError(_WHERE, "a window is empty, or the whole week")
    return [(first + later) % _WEEK for later in range(length)]


def _hour(words: object) -> int:
    found = _TIME.match(words) if isinstance(words, str) else None
    if not found:
        raise PolicyError(_WHERE, "a time is not written as a day and a full hour, such as Fri 20:00")
    return DAYS.index(found[1]) * 24 + int(found[2])
