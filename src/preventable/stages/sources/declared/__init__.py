"""Sources that a partnership declares in policy/sources: what their fields mean, told by the declaration alone."""

from __future__ import annotations

import pyarrow.compute as pc

from preventable.stages.sources.intervals import (
    Intervals,
    before_contact,
    ended_by_contact,
    none,
    otherwise,
    stated,
)
from preventable.stages.sources.kinds import Derived, Kind, KindFields
from preventable.stages.sources.rules_files import rules_file
from preventable.tables.source_kinds import SourceKind


def declared_kind(source: SourceKind) -> Kind:
    """The meaning of a declared source's fields: a stated injury time, else the minutes that it declares, else none."""

    def derive(fields: KindFields) -> Derived:
        if not source.is_event:
            return Derived(none(fields.rows))
        severity = pc.fill_null(fields.values["severity"], "unknown")
        return Derived(_intervals(source, fields), {"severity": severity})

    return Kind(derive=derive, required=source.required)


def _intervals(source: SourceKind, fields: KindFields) -> Intervals:
    said = stated(
        fields.injury_from,
        fields.injury_to,
        basis="stated",
        minutes=rules_file("declared/rules")["stated_minutes"],
        zone=fields.zone,
    )
    if source.minutes_before_contact is None:
        return said if source.contact_to != "minute" else ended_by_contact(said, fields.contact)
    unsaid = before_contact(
        fields.contact,
        minutes=source.minutes_before_contact,
        basis="arrival_proxy",
        precision=source.precision,
    )
    return ended_by_contact(otherwise(said, unsaid), fields.contact)
