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
from preventable.stages.disclosure.estimates import SHARE_OF
from preventable.stages.disclosure.never import (
    PERIODS,
    Grant,
    NeverRule,
    read_marks,
    read_never_rules,
    subjects_of,
)
from preventable.stages.disclosure.premises_told import PREMISES_ESTIMATES
from preventable.tables import TABLES
from preventable.tables.aggregate import BREAKDOWNS_OF_SHARES
from preventable.tables.denominators import denominator_of

_WHERE = "policy/recipients.toml"
_SCOPES = ("own_district",)
#: Measures over residents, and those of them that rest on every age band.
_RATES = ("crude_rate", "standardised_rate", "standardised_ratio")
_BY_AGE = ("standardised_rate", "standardised_ratio")
_NEEDED = ("partner_type", "purpose", "legal_basis", "expires", "scope")
#: What is told of premises rests on their counts: who may not have these is told nothing of them.
_BEHIND_PREMISES = ("venue", "last12", "all", "count")
#: What a pattern rests on, counts of this area type (the pattern's own where empty), period and dimension: who may not
#: have these counts of a definition is told no such pattern of it.
_BEHIND_PATTERNS = {
    "hour_share": ("", "last12", "weekday_hour"),
    "special_days": ("", "month", "all"),
    "top_places_share": ("small_area", "year", "all"),
    "place_agreement": ("small_area", "year", "all"),
}
#: Dimensions by which shares of what is missed are told (BREAKDOWNS_OF_SHARES; weapons there have their short name).
_SHARES_BY = tuple(
    sorted(
        {*allowed("dimension")} & {*BREAKDOWNS_OF_SHARES, *(f"{name}_class" for name in BREAKDOWNS_OF_SHARES)}
    )
)
#: Estimates of rates: who may have no rate is told none in other words.
_OF_RATES = ("similar_areas", "deprivation_rate", "inequality_slope", "inequality_ratio")
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

    @property
    def counted_by_venue(self) -> tuple[str, ...]:
        """Definitions whose counts by venue it may have."""
        found = {
            one.definition
            for one in self.grants
            if (one.area_type, one.period_type, one.dimension, one.measure) == _BEHIND_PREMISES
        }
        return tuple(sorted(found))

    def may_be_told(self, pattern: str, definition: str, area_type: str) -> bool:
        """Whether it is granted an estimate on patterns, and the counts of a definition that it rests on."""
        area, *rest = _BEHIND_PATTERNS[pattern]
        behind = Grant(self.partner_type, definition, area or area_type, *rest, "count")
        return pattern in self.estimates and behind in self.grants

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
        _refuse_estimates(recipient, nevers)
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
    if set(estimates) & set(PREMISES_ESTIMATES) and not any(
        (one.area_type, one.period_type, one.dimension, one.measure) == _BEHIND_PREMISES for one in grants
    ):
        raise PolicyError(_WHERE, f"{kind} is granted estimates of premises, but no counts by venue")
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


def _refuse_estimates(recipient: Recipient, nevers: Sequence[NeverRule]) -> None:
    """Estimates whose counts or rates are not granted, or that are told by what a rule forbids."""
    kind = recipient.partner_type
    for name in recipient.estimates:
        area, *rest = _BEHIND_PATTERNS.get(name, ("",))
        if rest and not any(
            [one.period_type, one.dimension] == rest
            and one.measure == "count"
            and area in ("", one.area_type)
            for one in recipient.grants
        ):
            raise PolicyError(_WHERE, f"{kind} is granted {name}, but none of the counts that it rests on")
        if name in _OF_RATES and not any(one.measure in _RATES for one in recipient.grants):
            raise PolicyError(_WHERE, f"{kind} is granted {name}, but no rate")
        if name in SHARE_OF.values():
            for dimension in _SHARES_BY:
                _refuse_told(Grant(kind, name, "region", "last12", dimension, "share"), nevers)


def _refuse_told(told: Grant, nevers: Sequence[NeverRule]) -> None:
    """A share is told by every breakdown: what forbids one of them forbids it. It is of no definition of its own."""
    for rule in nevers:
        if rule.hits(told, frozenset()):
            raise PolicyError(
                _WHERE,
                f"{told.partner_type} is granted {told.definition}, told by {told.dimension}, but {rule.reason}",
            )


def _refuse_uncounted(grant: Grant, definition: Mapping[str, Any]) -> None:
    """A grant of what its definition does not count would promise a partner figures that never come.

    A standardised rate rests on every age band, and so on a source that records ages.
    """
    for dimension in (grant.dimension, *(["age_band"] if grant.measure in _BY_AGE else [])):
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
