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
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys, words_given
from preventable.stages.disclosure.never import (
    PERIODS,
    Grant,
    NeverRule,
    read_marks,
    read_never_rules,
    subjects_of,
)
from preventable.tables import TABLES
from preventable.tables.denominators import denominator_of

_WHERE = "policy/recipients.toml"
_SCOPES = ("own_district",)
_RATES = ("crude_rate", "standardised_rate")
_NEEDED = ("partner_type", "purpose", "legal_basis", "expires", "scope")
#: What a signal is told of: a partner that may not have the monthly counts is not told that a week's were high.
_BEHIND_A_SIGNAL = ("district", "month", "all", "count")


@dataclass(frozen=True)
class Recipient:
    """One kind of partner: why it receives figures, under which agreement, until when, and which.

    `estimates` are those it may have, `signals` the definitions of whose weekly series it may be told.
    """

    partner_type: str
    purpose: str
    legal_basis: str
    expires: dt.date
    scope: str
    grants: tuple[Grant, ...]
    estimates: tuple[str, ...]
    signals: tuple[str, ...]

    def may_receive(self, period: str) -> bool:
        """Whether the agreement still stands on the last day of a month (YYYY-MM)."""
        year, month = int(period[:4]), int(period[5:])
        return dt.date(year, month, calendar.monthrange(year, month)[1]) <= self.expires


def read_recipients(policy: Policy) -> tuple[Recipient, ...]:
    """Every kind of partner with its grants.

    Raises:
        PolicyError: A part is missing or unknown, or a grant is one that nobody may have.
    """
    contents = policy.file("recipients")
    refuse_unknown_keys(_WHERE, "it", contents, (*POLICY_HEADER, "recipients"))
    entries = contents.get("recipients", [])
    recipients = tuple(_recipient(entry, policy.definitions) for entry in entries)
    kinds = [recipient.partner_type for recipient in recipients]
    if len(set(kinds)) != len(kinds):
        raise PolicyError(_WHERE, "a partner_type stands there twice")
    nevers = read_never_rules(policy)
    marks = read_marks(policy)
    subjects = {
        name: subjects_of(definition.get("conditions", ()), marks)
        for name, definition in policy.definitions.items()
    }
    for recipient in recipients:
        for grant in recipient.grants:
            _refuse(grant, nevers, subjects[grant.definition])
            _refuse_uncounted(grant, policy.definitions[grant.definition])
    return recipients


def _recipient(entry: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]) -> Recipient:
    refuse_unknown_keys(_WHERE, "a recipient", entry, (*_NEEDED, "allowed", "estimates", "signals"))
    absent = [name for name in _NEEDED if not entry.get(name)]
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
    known = TABLES["released_estimates"].column("estimate").allowed
    estimates = words_given(_WHERE, f"estimates of {kind}", entry.get("estimates", []), known)
    signals = words_given(_WHERE, f"signals of {kind}", entry.get("signals", []), definitions)
    for definition in signals:
        if Grant(kind, definition, *_BEHIND_A_SIGNAL) not in grants:
            raise PolicyError(
                _WHERE, f"{kind} is granted signals of {definition}, but not its monthly counts by district"
            )
    return Recipient(
        kind,
        entry["purpose"],
        entry["legal_basis"],
        entry["expires"],
        entry["scope"],
        tuple(dict.fromkeys(grants)),
        tuple(dict.fromkeys(estimates)),
        tuple(dict.fromkeys(signals)),
    )


def _grants(
    kind: str, entry: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]
) -> Iterable[Grant]:
    words = {
        "definitions": tuple(definitions),
        "area_types": allowed("area_type"),
        "period_types": PERIODS,
        "dimensions": allowed("dimension"),
        "measures": allowed("measure"),
    }
    refuse_unknown_keys(_WHERE, f"a grant to {kind}", entry, words)
    for key, known in words.items():
        if not words_given(_WHERE, f"{key} of a grant to {kind}", entry.get(key), known):
            raise PolicyError(_WHERE, f"{key} of a grant to {kind} is empty")
    for definition, *rest in itertools.product(*(entry[key] for key in words)):
        grant = Grant(kind, definition, *rest)
        if grant.measure in _RATES and _denominator(definition, definitions) != "residents":
            raise PolicyError(
                _WHERE, f"{kind} is granted a rate of {definition}, whose denominator is not residents"
            )
        if grant.measure in _RATES and grant.dimension != "all":
            raise PolicyError(_WHERE, f"{kind} is granted a rate by {grant.dimension}, which is not computed")
        if grant.measure == "share" and grant.dimension == "all":
            raise PolicyError(_WHERE, f"{kind} is granted a share without a breakdown")
        yield grant


def _denominator(definition: str, definitions: Mapping[str, Mapping[str, Any]]) -> str:
    return denominator_of(f"policy/definitions/{definition}.toml", definitions[definition])


def _refuse(grant: Grant, nevers: Sequence[NeverRule], subjects: frozenset[str]) -> None:
    for rule in nevers:
        if rule.hits(grant, subjects):
            raise PolicyError(
                _WHERE,
                f"{grant.partner_type} is granted {grant.measure} of {grant.definition} by {grant.area_type},"
                f" {grant.period_type} and {grant.dimension}, but {rule.reason}",
            )


def _refuse_uncounted(grant: Grant, definition: Mapping[str, Any]) -> None:
    """A grant of what its definition does not count would promise a partner figures that never come.

    A standardised rate rests on every age band, and so on a source that records ages.
    """
    for dimension in (grant.dimension, *(["age_band"] if grant.measure == "standardised_rate" else [])):
        wanted = (
            ("area_types", grant.area_type),
            ("period_types", grant.period_type),
            ("dimensions", dimension),
        )
        counted = any(
            all(word in level.get(key, ()) for key, word in wanted) for level in definition.get("levels", ())
        )
        if not counted:
            raise PolicyError(
                _WHERE,
                f"{grant.partner_type} is granted {grant.measure} of {grant.definition} by {grant.area_type},"
                f" {grant.period_type} and {dimension}, which its definition does not count",
            )
