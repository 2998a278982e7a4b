"""policy/limits.toml, read once into a checked type: what a submitted file may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy
from preventable.stages.sources.formats.form import ContainerLimits, FileLimits, FormatLimits
from preventable.stages.sources.join_keys import read_join_keys
from preventable.stages.sources.linkage_keys import read_accepted_keys

_WHERE = "policy/limits.toml"


@dataclass(frozen=True)
class ReaderLimits:
    """What the process that reads a file may take for it: memory, processor seconds, seconds of the clock."""

    memory_bytes: int
    cpu_seconds: int
    wall_seconds: int


@dataclass(frozen=True)
class PeriodLimits:
    """How many days after the day of receipt a file's month may begin."""

    days_ahead: int


@dataclass(frozen=True)
class UnknownCodeLimits:
    """From how many rows on, and above which share of them, unknown codes in one column refuse a file."""

    share: float
    rows: int


@dataclass(frozen=True)
class Limits:
    """The whole file, section by section. Names are those of the policy file, which gives the reasons.

    Attributes:
        join_keys: What policy/join_keys.toml agrees: the form of each field by which records may be joined.
        linkage_keys: Ids of the keys whose pseudonyms policy/linkage_keys.toml accepts.
    """

    file: FileLimits
    container: ContainerLimits
    reader: ReaderLimits
    period: PeriodLimits
    unknown_codes: UnknownCodeLimits
    join_keys: Mapping[str, str] = field(default_factory=dict)
    linkage_keys: tuple[str, ...] = ()

    @property
    def of_formats(self) -> FormatLimits:
        """What the readers of formats are told."""
        return FormatLimits(self.file, self.container)


def read_limits(policy: Policy) -> Limits:
    """The limits of the policy, with what it agrees of fields to join by and of linkage keys.

    Raises:
        PolicyError: The file is missing, or a section or value is missing, unknown or cannot be.
    """
    contents = policy.file("limits")
    sections = {
        "file": FileLimits,
        "container": ContainerLimits,
        "reader": ReaderLimits,
        "period": PeriodLimits,
        "unknown_codes": UnknownCodeLimits,
    }
    _closed(contents, "the file", {*POLICY_HEADER, *sections}, set(sections))
    return Limits(
        **{name: _section(contents[name], name, kind) for name, kind in sections.items()},
        join_keys=read_join_keys(policy),
        linkage_keys=read_accepted_keys(policy),
    )


def _section(contents: object, name: str, kind: type[Any]) -> Any:
    keys = {field.name for field in fields(kind)}
    if not isinstance(contents, Mapping):
        raise PolicyError(_WHERE, f"{name} is no section")
    _closed(contents, f"[{name}]", keys, keys)
    for key, value in contents.items():
        _check(f"{name}.{key}", value)
    return kind(**contents)


def _closed(contents: Mapping[str, Any], what: str, known: set[str], needed: set[str]) -> None:
    absent, strange = sorted(needed - set(contents)), sorted(set(contents) - known)
    if absent:
        raise PolicyError(_WHERE, f"{what} lacks {', '.join(absent)}")
    if strange:
        raise PolicyError(_WHERE, f"{what} has {', '.join(strange)}, which nothing reads")


def _check(name: str, value: object) -> None:
    if name == "unknown_codes.share":
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise PolicyError(_WHERE, f"{name} is no share between 0 and 1")
        return
    least = 0 if name == "period.days_ahead" else 1
    if type(value) is not int or value < least:
        raise PolicyError(_WHERE, f"{name} is no whole number of {least} or more")
