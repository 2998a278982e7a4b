"""Emergency departments: attendances by assault, ISTV-like."""

from __future__ import annotations

import pyarrow.compute as pc

from preventable.stages.sources.intervals import before_contact, ended_by_contact, otherwise, stated
from preventable.stages.sources.kinds import Derived, Kind, KindFields
from preventable.stages.sources.rules_files import rules_file


def _derive(fields: KindFields) -> Derived:
    rules = rules_file("ed/rules")
    said = stated(
        fields.injury_from,
        fields.injury_to,
        basis="stated",
        minutes=rules["stated_minutes"],
        zone=fields.zone,
    )
    unsaid = before_contact(
        fields.contact, minutes=rules["minutes_before_arrival"], basis="arrival_proxy", precision="unknown"
    )
    intervals = ended_by_contact(otherwise(said, unsaid), fields.contact)
    return Derived(intervals, {"severity": pc.fill_null(fields.values["severity"], "unknown")})


KIND = Kind(
    derive=_derive,
    required=tuple(rules_file("ed/rules")["required"]),
    codes=rules_file("ed/rules")["codes"],
)
