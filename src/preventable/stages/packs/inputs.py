"""What a document is built from: one partner, its figures, its area, and the rules of their release."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from preventable.errors import PolicyError
from preventable.settings import Policy
from preventable.stages.packs.findings import ReleaseRule
from preventable.stages.packs.shown import ShownEstimate, ShownFigures, ShownSignal
from preventable.stages.packs.words import _, data_file, date_text, label, month_text, span_text


@dataclass(frozen=True)
class Area:
    """An area of the region; `polygon` is WKB in grid metres."""

    area_type: str
    area: str
    name: str
    district: str | None
    polygon: bytes


@dataclass(frozen=True)
class Venue:
    """A licensed venue of the district."""

    venue: str
    name: str
    venue_type: str
    licence_number: str
    capacity: int
    opened_on: dt.date
    closed_on: dt.date | None


@dataclass(frozen=True)
class Day:
    """A bank holiday or event."""

    date: dt.date
    name: str
    day_type: str
    district: str | None


@dataclass(frozen=True)
class Span:
    """The long period of a pack: `last12`, or `to_date` while fewer months are held."""

    period_type: str
    start: str
    end: str

    @property
    def text(self) -> str:
        """The span in words, with its true length."""
        return span_text(self.start, self.end)

    @property
    def within(self) -> str:
        """The span inside a sentence: 'in the 12 months to December 2025', 'in December 2025'."""
        return (_("in {span}") if self.start == self.end else _("in the {span}")).format(span=self.text)


@dataclass(frozen=True)
class PackInputs:
    """Everything one document may know. All of it is public or released to this partner.

    `change_level` is the level of the limits of yearly changes, in per cent.
    """

    partner: str
    partner_name: str
    partner_type: str
    district: str
    figures: ShownFigures
    estimates: tuple[ShownEstimate, ...]
    signals: tuple[ShownSignal, ...]
    areas: tuple[Area, ...]
    area_names: Mapping[tuple[str, str], str]
    venues: tuple[Venue, ...]
    days: tuple[Day, ...]
    rule: ReleaseRule
    change_level: int
    definitions: Mapping[str, Mapping[str, Any]]
    region: Mapping[str, Any]
    as_at: str
    release: str

    def area_name(self, area_type: str, area: str) -> str:
        """Name of an area, its code where the region does not name it."""
        return self.area_names.get((area_type, area), area)

    @property
    def district_name(self) -> str:
        """Name of the partner's district."""
        return self.area_name("district", self.district)

    @property
    def region_area(self) -> Area:
        """The region as a whole."""
        return next(area for area in self.areas if area.area_type == "region")

    @property
    def as_at_text(self) -> str:
        """Last month of the data in words."""
        return month_text(self.as_at)

    def estimates_of(self, estimate: str) -> tuple[ShownEstimate, ...]:
        """Released estimates of one kind."""
        return tuple(one for one in self.estimates if one.estimate == estimate)

    def own_areas(self, area_type: str) -> tuple[Area, ...]:
        """The district's areas of one level, by name."""
        found = [a for a in self.areas if a.area_type == area_type and a.district == self.district]
        return tuple(sorted(found, key=lambda area: (area.name, area.area)))

    def section(self, name: str) -> list[str]:
        """Definitions of a part of this document, in order (contents.toml)."""
        return data_file("contents.toml")[self.partner_type][name]

    def long_period(self) -> Span:
        """The latest twelve months released, or all months held while there are fewer."""
        for period_type in ("last12", "to_date"):
            spans = {(f.period_end, f.period_start) for f in self.figures.all if f.period_type == period_type}
            if spans:
                end, start = max(spans)
                return Span(period_type, start, end)
        return Span("month", self.as_at, self.as_at)

    def title(self, definition: str) -> str:
        """Head of a definition's column or panel: our short name, else the title in policy."""
        if definition in data_file("words.toml")["definition_head"]:
            return label("definition_head", definition)
        return _(str(self._definition(definition)["title"]))

    def in_sentence(self, definition: str) -> str:
        """A definition inside a sentence."""
        if definition in data_file("words.toml")["definition_sentence"]:
            return label("definition_sentence", definition)
        return self.title(definition)

    def in_title(self, definition: str) -> str:
        """A definition inside a title: as few words as tell it from the others."""
        if definition in data_file("words.toml")["definition_title"]:
            return label("definition_title", definition)
        return self.in_sentence(definition)

    @property
    def download(self) -> str:
        """Name of the file beside the page that holds all figures."""
        return f"{self.partner_type}.csv"

    def plain(self, definition: str) -> str:
        """What a definition counts, in plain words, from policy."""
        return _(str(self._definition(definition).get("plain", "")))

    def _definition(self, definition: str) -> Mapping[str, Any]:
        if definition not in self.definitions:
            raise PolicyError(f"policy/definitions/{definition}.toml", "the file is missing")
        return self.definitions[definition]


def release_rule(policy: Policy) -> ReleaseRule:
    """The rule by which counts were withheld and rounded.

    Raises:
        PolicyError: policy/disclosure.toml does not say it.
    """
    try:
        counts = policy.file("disclosure")["counts"]
        return ReleaseRule(int(counts["minimum_count"]), int(counts["rounding_base"]))
    except KeyError as error:
        raise PolicyError(
            "policy/disclosure.toml", "[counts] lacks minimum_count or rounding_base"
        ) from error


@dataclass(frozen=True)
class Terms:
    """On what terms a kind of partner receives its pack."""

    purpose: str
    legal_basis: str
    expires: str
    classification: str


def terms_of(policy: Policy, partner_type: str, *, invented: bool) -> Terms:
    """Purpose, legal basis, expiry and classification of a kind of partner (policy/recipients.toml).

    Raises:
        PolicyError: The file does not name the kind of partner or its purpose, legal basis or expiry.
    """
    kinds = policy.file("recipients").get("recipients", [])
    kind = next((kind for kind in kinds if kind.get("partner_type") == partner_type), {})
    absent = [name for name in ("purpose", "legal_basis", "expires") if name not in kind]
    if absent:
        raise PolicyError("policy/recipients.toml", f"{partner_type} lacks {', '.join(absent)}")
    classification = _(kind.get("classification", data_file("words.toml")["classification"]))
    if invented:
        classification = _("{classification} - invented data").format(classification=classification)
    return Terms(_(kind["purpose"]), _(kind["legal_basis"]), date_text(kind["expires"]), classification)
