"""Optional fields by which records may be joined: what policy/join_keys.toml agrees, and how they are read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from preventable.errors import PolicyError
from preventable.methods.phonetic import soundex
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys
from preventable.stages.sources import cells
from preventable.stages.sources.cells import Parser
from preventable.stages.sources.rules_files import rules_file

#: Our field -> its column of `submissions`.
JOIN_KEYS: Mapping[str, str] = {
    "birth_month": "birth_month",
    "birth_date": "birth_date",
    "surname": "surname_code",
    "dispatch_number": "dispatch_number",
    "person": "person_token",
}
_WHERE = "policy/join_keys.toml"
_FORMS = ("none", "clear", "hashed")
_CLEAR_ALONE = ("birth_month",)
_HASHED_ALONE = ("person",)
_BIRTH_DATES = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"),
    re.compile(r"(?P<d>\d{2})/(?P<m>\d{2})/(?P<y>\d{4})"),
)


def read_join_keys(policy: Policy) -> Mapping[str, str]:
    """The form of each field, `none` where it is not agreed. No file: none is.

    Raises:
        PolicyError: It names another field or form, or a form that the field cannot have.
    """
    agreed = dict.fromkeys(JOIN_KEYS, "none")
    if "join_keys" not in policy.files:
        return agreed
    contents = policy.file("join_keys")
    refuse_unknown_keys(_WHERE, "it", contents, (*POLICY_HEADER, "keys"))
    keys = contents.get("keys", {})
    refuse_unknown_keys(_WHERE, "[keys]", keys, JOIN_KEYS)
    for name, form in keys.items():
        if form not in _FORMS:
            raise PolicyError(_WHERE, f"{name} is not one of {', '.join(_FORMS)}")
        if (form == "hashed" and name in _CLEAR_ALONE) or (form == "clear" and name in _HASHED_ALONE):
            raise PolicyError(_WHERE, f"{name} cannot be {form}")
    return agreed | dict(keys)


def key_parser(name: str, form: str) -> Parser:
    """How a field is read, in the form that is agreed."""
    if form == "hashed":
        return _token
    return {
        "birth_month": cells.integer("birth_month"),
        "birth_date": _birth_date,
        "surname": _surname,
        "dispatch_number": cells.shaped("dispatch_number", "out_of_range"),
    }[name]


def month_of_birth(month: pa.Array, birth_date: pa.Array, form: str) -> pa.Array:
    """The month as sent, else that of a date of birth in clear."""
    if form != "clear":
        return month
    return pc.coalesce(month, pc.cast(pc.utf8_slice_codeunits(birth_date, 5, 7), pa.int64()))


def _token(text: str) -> tuple[object, str]:
    """A token as sent, or nothing where it has not the look of one: a name in clear is none."""
    if not text:
        return None, ""
    found = re.fullmatch(rules_file("reading")["patterns"]["join_token"], text)
    return (text, "") if found else (None, "out_of_range")


def _birth_date(text: str) -> tuple[object, str]:
    """A day as YYYY-MM-DD, from that or DD/MM/YYYY; what stands for "not known" is nothing."""
    if not text:
        return None, ""
    found = next((match for form in _BIRTH_DATES if (match := form.fullmatch(text[:10]))), None)
    try:
        day = dt.date(*(int(found[part]) for part in "ymd")) if found else None
    except ValueError:
        day = None
    if day is None:
        return None, "not_a_date"
    return (
        (None, "sentinel_date") if day in rules_file("reading")["sentinel_dates"] else (day.isoformat(), "")
    )


def _surname(text: str) -> tuple[object, str]:
    """The Soundex code: the name itself goes no further."""
    return soundex(text) or None, ""
