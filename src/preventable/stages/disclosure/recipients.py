"""Who may receive what: policy/recipients.toml, refused where policy/disclosure.toml says never."""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from preventable.codes import allowed
from preventable.errors import PolicyError
from preventable.settings import Policy
from preventable.tables import TABLES

_WHERE = "policy/recipients.toml"
_NEVER_WHERE = "policy/disclosure.toml"
_SCOPES = ("own_district",)
_PERIODS = ("month", "quarter", "year", "last12")
_RATES = ("crude_rate", "standardised_rate")
_KEYS = {
    "definitions": "definition",
    "area_types": "area_type",
    "period_types": "period_type",
    "dimensions": "dimension",
    "measures": "measure",
}


@dataclass(frozen=True)
class Grant:
    """One kind of figure that one kind of partner may receive."""

    partner_type: str
    definition: str
    area_type: str
    period_type: str
    dimension: str
    measure: str


@dataclass(frozen=True)
class Recipient:
    """One kind of partner: why it receives figures, under which agreement, until when, and which."""

    partner_type: str
    purpose: str
    legal_basis: str
    expires: dt.date
    scope: str
    grants: tuple[Grant, ...]

    def may_receive(self, period: str) -> bool:
        """Whether the agreement still stands on the last day of a month (YYYY-MM)."""
        year, month = int(period[:4]), int(period[5:])
        return dt.date(year, month, calendar.monthrange(year, month)[1]) <= self.expires


def read_recipients(policy: Policy) -> tuple[Recipient, ...]:
    """Every kind of partner with its grants.

    Raises:
        PolicyError: A part is missing or unknown, or a grant is one that nobody may have.
    """
    entries = policy.file("recipients").get("recipients", [])
    recipients = tuple(_recipient(entry, policy.definitions) for entry in entries)
    kinds = [recipient.partner_type for recipient in recipients]
    if len(set(kinds)) != len(kinds):
        raise PolicyError(_WHERE, "a partner_type stands there twice")
    nevers = _nevers(policy)
    subjects = _subjects(policy)
    for recipient in recipients:
        for grant in recipient.grants:
            _refuse(grant, nevers, subjects[grant.definition])
            _refuse_uncounted(grant, policy.definitions[grant.definition])
    return recipients


def _recipient(entry: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]) -> Recipient:
    absent = [
        name for name in ("partner_type", "purpose", "legal_basis", "expires", "scope") if not entry.get(name)
    ]
    if absent:
        raise PolicyError(_WHERE, f"a recipient lacks {', '.join(absent)}")
    kind = entry["partner_type"]
    if kind not in (TABLES["partners"].column("partner_type").allowed or ()):
        raise PolicyError(_WHERE, "a partner_type is not one of the region's")
    if type(entry["expires"]) is not dt.date:
        raise PolicyError(_WHERE, f"expires of {kind} is not a date")
    if entry["scope"] not in _SCOPES:
        raise PolicyError(_WHERE, f"the scope of {kind} is not one of {', '.join(_SCOPES)}")
    grants = [grant for one in entry.get("allowed", []) for grant in _grants(kind, one, definitions)]
    return Recipient(
        kind,
        entry["purpose"],
        entry["legal_basis"],
        entry["expires"],
        entry["scope"],
        tuple(dict.fromkeys(grants)),
    )


def _grants(
    kind: str, entry: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]
) -> Iterable[Grant]:
    words = {
        "definitions": tuple(definitions),
        "area_types": allowed("area_type"),
        "period_types": _PERIODS,
        "dimensions": allowed("dimension"),
        "measures": allowed("measure"),
    }
    for key, known in words.items():
        if not entry.get(key) or not set(entry[key]) <= set(known):
            raise PolicyError(_WHERE, f"{key} of a grant to {kind} is missing or names what we do not know")
    for definition, *rest in itertools.product(*(entry[key] for key in words)):
        grant = Grant(kind, definition, *rest)
        if grant.measure in _RATES and definitions[definition].get("area_basis") != "residence":
            raise PolicyError(
                _WHERE, f"{kind} is granted a rate of {definition}, which does not count residents"
            )
        if grant.measure in _RATES and grant.dimension != "all":
            raise PolicyError(_WHERE, f"{kind} is granted a rate by {grant.dimension}, which is not computed")
        if grant.measure == "share" and grant.dimension == "all":
            raise PolicyError(_WHERE, f"{kind} is granted a share without a breakdown")
        yield grant


def _nevers(policy: Policy) -> Sequence[Mapping[str, Any]]:
    rules: list[Mapping[str, Any]] = policy.file("disclosure").get("never", [])
    if not rules:
        raise PolicyError(_NEVER_WHERE, "it says of nothing that it may never leave")
    for rule in rules:
        keys = set(rule) - {"reason"}
        if not rule.get("reason") or not keys or not keys <= {*_KEYS, "partner_types", "about"}:
            raise PolicyError(_NEVER_WHERE, "a rule under never lacks a reason or names what we do not know")
    return rules


def _subjects(policy: Policy) -> dict[str, frozenset[str]]:
    """What each definition is about, told by its conditions: home, sexual, domestic, young."""
    marks = policy.file("disclosure").get("about", [])
    return {
        name: frozenset(
            mark["subject"]
            for mark in marks
            for condition in definition.get("conditions", [])
            if condition.get("column") == mark["column"] and _picks(condition, mark.get("values"))
        )
        for name, definition in policy.definitions.items()
    }


def _picks(condition: Mapping[str, Any], words: Sequence[str] | None) -> bool:
    """Whether a condition singles out one of the words; a condition that leaves them out does not."""
    if words is None:
        return True
    values = condition.get("values", [])
    if condition.get("operator") == "starts_with":
        return any(word.startswith(value) for word in words for value in values)
    return condition.get("operator") in ("is", "in") and bool(set(words) & set(values))


def _refuse(grant: Grant, nevers: Sequence[Mapping[str, Any]], subjects: frozenset[str]) -> None:
    for rule in nevers:
        fits = [grant.partner_type in rule["partner_types"]] if "partner_types" in rule else []
        fits += [bool(subjects & set(rule["about"]))] if "about" in rule else []
        fits += [getattr(grant, name) in rule[key] for key, name in _KEYS.items() if key in rule]
        if all(fits):
            raise PolicyError(
                _WHERE,
                f"{grant.partner_type} is granted {grant.measure} of {grant.definition} by {grant.area_type},"
                f" {grant.period_type} and {grant.dimension}, but {rule['reason']}",
            )


def _refuse_uncounted(grant: Grant, definition: Mapping[str, Any]) -> None:
    """A grant of what its definition does not count would promise a partner figures that never come."""
    wanted = (
        ("area_types", grant.area_type),
        ("period_types", grant.period_type),
        ("dimensions", grant.dimension),
    )
    counted = any(
        all(word in level.get(key, ()) for key, word in wanted) for level in definition.get("levels", ())
    )
    if not counted:
        raise PolicyError(
            _WHERE,
            f"{grant.partner_type} is granted {grant.definition} by {grant.area_type}, {grant.period_type} and"
            f" {grant.dimension}, which its definition does not count",
        )
