"""Hospital admissions by assault, with the external cause as ICD-10 has it."""

from __future__ import annotations

import re
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from preventable.codes import code_file
from preventable.stages.sources.intervals import before_contact, ended_by_contact, otherwise, stated
from preventable.stages.sources.kinds import Derived, Kind, KindFields, words_from
from preventable.stages.sources.rules_files import rules_file


def external_cause(text: str) -> tuple[object, str]:
    """An external cause as `X99` or `X99.0`, whatever way it was written; only those of chapter XX."""
    if not text:
        return None, ""
    found = _expression().fullmatch(text.upper())
    if not found:
        return None, "unknown_code"
    code = found[1] + found[2]
    causes = code_file("icd10_external_cause")
    if not causes["first"] <= code <= causes["last"]:
        return None, "unknown_code"
    return (f"{code}.{found[3]}" if found[3] and found[3] != "X" else code), ""


def _derive(fields: KindFields) -> Derived:
    rules = rules_file("admissions/rules")
    said = stated(
        fields.injury_from,
        fields.injury_to,
        basis="stated",
        minutes=rules["stated_minutes"],
        zone=fields.zone,
    )
    unsaid = before_contact(
        fields.contact, minutes=rules["minutes_before_admission"], basis="arrival_proxy", precision="unknown"
    )
    method_of_cause = code_file("icd10_external_cause")["method"]
    told = words_from(
        fields.values["icd10_external_cause"], lambda code: method_of_cause.get(code[:3]) if code else None
    )
    values = {
        "method": pc.coalesce(fields.values["method"], told),
        "severity": pc.fill_null(fields.values["severity"], pa.scalar(rules["severity"])),
    }
    return Derived(ended_by_contact(otherwise(said, unsaid), fields.contact), values)


@cache
def _expression() -> re.Pattern[str]:
    return re.compile(code_file("icd10_external_cause")["expression"])


KIND = Kind(derive=_derive, required=tuple(rules_file("admissions/rules")["required"]))
