"""What each kind of source means by its fields: the injury interval, severity, what follows from codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import pyarrow as pa

from preventable.stages.sources.intervals import Intervals
from preventable.stages.sources.times import Stamps


@dataclass(frozen=True)
class KindFields:
    """What a kind may use: its stamps, the values of coded fields read so far, and the zone of its clock."""

    contact: Stamps
    injury_from: Stamps
    injury_to: Stamps
    values: Mapping[str, pa.Array]
    zone: ZoneInfo

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.contact.utc)


@dataclass(frozen=True)
class Derived:
    """What a kind found: intervals, and columns that replace the values read."""

    intervals: Intervals
    values: Mapping[str, pa.Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """One kind of source.

    Attributes:
        derive: The meaning of its fields.
        required: Fields whose absence is reported as `missing` in every row that lacks them.
        codes: Field -> code -> our word, where a mapping has no codes of its own.
    """

    derive: Callable[[KindFields], Derived]
    required: tuple[str, ...]
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def words_from(codes: pa.Array, word_of: Callable[[str], str | None]) -> pa.Array:
    """A word for each code, each distinct code looked up once; null where there is no code or no word."""
    distinct = codes.dictionary_encode()
    found = [word_of(code) for code in distinct.dictionary.to_pylist()]
    return pa.array(found, pa.string()).take(distinct.indices)
