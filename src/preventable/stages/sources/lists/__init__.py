"""Lists: licensing register, school returns. A line has no injury and no person."""

from __future__ import annotations

from preventable.stages.sources.intervals import none
from preventable.stages.sources.kinds import Derived, Kind, KindFields
from preventable.stages.sources.rules_files import rules_file


def _derive(fields: KindFields) -> Derived:
    return Derived(none(fields.rows))


KIND = Kind(derive=_derive, required=tuple(rules_file("lists/rules")["required"]))
