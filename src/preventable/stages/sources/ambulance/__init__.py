"""Ambulance service: call-outs from computer-aided dispatch."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from preventable.codes import code_file
from preventable.stages.sources.intervals import before_contact
from preventable.stages.sources.kinds import Derived, Kind, KindFields, words_from
from preventable.stages.sources.rules_files import rules_file


def determinant(text: str) -> tuple[object, str]:
    """A dispatch determinant as scheme and code, such as `MPDS 04B01A`, by the schemes of codes/mpds."""
    for scheme, pattern in _schemes():
        found = pattern.fullmatch(text.upper())
        if found:
            protocol, level, number, suffix = found.groups()
            return f"{scheme} {int(protocol):02d}{level}{int(number):02d}{suffix}", ""
    return None, "unknown_code" if text else ""


def _derive(fields: KindFields) -> Derived:
    rules = rules_file("ambulance/rules")
    intervals = before_contact(
        fields.contact,
        minutes=rules["minutes_before_call"],
        basis="call_time",
        precision=rules["precision"],
    )
    told = words_from(fields.values["determinant"], _severity())
    severity = pc.fill_null(pc.coalesce(fields.values["severity"], told), pa.scalar("unknown"))
    return Derived(intervals, {"severity": severity})


def _severity() -> Callable[[str], str | None]:
    severity_of_level = code_file("mpds")["severity_of_level"]
    level = re.compile(r" \d+([A-Z])")

    def word_of(code: str | None) -> str | None:
        return severity_of_level.get(level.search(code)[1]) if code else None

    return word_of


@cache
def _schemes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((s["scheme"], re.compile(s["expression"])) for s in code_file("mpds")["schemes"])


KIND = Kind(derive=_derive, required=tuple(rules_file("ambulance/rules")["required"]))
