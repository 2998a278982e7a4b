"""What a document is built from: one partner, its figures, its area, and the rules of their release."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from preventable.errors import PolicyError
from preventable.methods.words import WordRules
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys, words_given
from preventable.stages.packs.findings import Dispersion, ReleaseRule, dispersion_of
from preventable.stages.packs.placement import Placements
from preventable.stages.packs.shown import ShownEstimate, ShownFigures, ShownSignal
from preventable.stages.packs.words import (
    _,
    data_file,
    date_text,
    label,
    month_text,
    sentence_inside,
    span_text,
)
from preventable.tables.estimate_rules import PremisesPolicy
from preventable.tables.source_kinds import SourceKind
from preventable.tables.time_masks import TimeMask

DISPERSION = "dispersion"
#: The end of a title that a sentence does without, unless another title differs in it alone.
_BY_WHAT = re.compile(r", by [^,]+$")


@dataclass(frozen=True)
class Area:
    """An area of the region; `polygon` is WKB in grid metres, None where the region holds none."""

    area_type: str
    area: str
    name: str
    district: str | None
    polygon: bytes | None


@dataclass(frozen=True)
class Venue:
    """A licensed venue of the district; None where the region's register does not say."""

    venue: str
    name: str
    venue_type: str | None
    licence_number: str | None
    capacity: int | None
    opened_on: dt.date | None
    closed_on: dt.date | None
    renamed_on: dt.date | None = None


@dataclass(frozen=True)
class Day:
    """A bank holiday or event."""

    date: dt.date
    name: str
    day_type: str
    district: str | None


@dataclass(frozen=True)
class Gap:
    """Months that a service has not sent, behind counts that are not available: kind, first and last month."""

    provider_name: str
    kind: str
    first: str
    last: str


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
class Violence:
    """What violence means, whose words these are, and what of it records cannot show.

    Empty where policy does not say.
    """

    definition: str = ""
    source: str = ""
    cannot_see: tuple[str, ...] = ()


def read_violence(policy: Policy) -> Violence:
    """What policy/violence.toml says.

    Raises:
        PolicyError: It names a key that nothing reads, or lacks the definition or what cannot be seen.
    """
    where, contents = "policy/violence.toml", policy.files.get("violence")
    if contents is None:
        return Violence()
    refuse_unknown_keys(where, "it", contents, (*POLICY_HEADER, "version", "definition", "cannot_see"))
    unseen = words_given(where, "what cannot be seen", contents.get("cannot_see"))
    if not isinstance(contents.get("definition"), str) or not contents["definition"] or not unseen:
        raise PolicyError(where, "it lacks the definition, or what records cannot show of it")
    return Violence(contents["definition"], str(contents.get("source", "")), unseen)


@dataclass(frozen=True)
class PackInputs:
    """Everything one document may know. All of it is public or released to this partner.

    Attributes:
        violence: What violence means, and what records cannot show of it.
        words: When which words may be used.
        change_level: Level of the limits of yearly changes, in per cent.
        placements: Definitions of each part of each document.
        kinds: Every kind of source, by name.
        sources: Kinds that the region holds: those of its providers.
        granted_estimates: Kinds of estimates that policy grants this partner.
        premises: When premises stand above others of their type and size.
        gaps: Months that services have not sent, behind counts of this partner that are not available.
        nights: The hours of the week that are added up; None where policy does not name them.
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
    words: WordRules
    change_level: int
    definitions: Mapping[str, Mapping[str, Any]]
    violence: Violence
    placements: Placements
    kinds: Mapping[str, SourceKind]
    sources: frozenset[str]
    granted_estimates: frozenset[str]
    premises: PremisesPolicy
    region: Mapping[str, Any]
    as_at: str
    release: str
    gaps: tuple[Gap, ...] = ()
    nights: TimeMask | None = None

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
    def region_name(self) -> str:
        """Name of the region, told from that of a district of the same name."""
        name = self.region_area.name
        return _("{name} (region)").format(name=name) if name == self.district_name else name

    @property
    def has_neighbours(self) -> bool:
        """Whether the region has more districts than this one: else nothing is to be compared with it."""
        return sum(area.area_type == "district" for area in self.areas) > 1

    @property
    def licences(self) -> tuple[str, ...]:
        """Licence lines of the region's data."""
        return self.region_lines("licences")

    def region_lines(self, key: str) -> tuple[str, ...]:
        """Lines of the region's own words (region.toml): `licences`, `left_out` or `notes`."""
        return tuple(_(str(line)) for line in self.region.get(key, ()))

    @property
    def as_at_text(self) -> str:
        """Last month of the data in words."""
        return month_text(self.as_at)

    def estimates_of(self, estimate: str) -> tuple[ShownEstimate, ...]:
        """Released estimates of one kind."""
        return tuple(one for one in self.estimates if one.estimate == estimate)

    def dispersion(self, definition: str) -> Dispersion:
        """How much more a district's counts of a definition vary than chance alone."""
        found = [one.value for one in self.estimates_of(DISPERSION) if one.definition == definition]
        return dispersion_of(found[0] if found else None)

    def own_areas(self, area_type: str) -> tuple[Area, ...]:
        """The district's areas of one level, by name."""
        found = [a for a in self.areas if a.area_type == area_type and a.district == self.district]
        return tuple(sorted(found, key=lambda area: (area.name, area.area)))

    def section(self, part: str) -> list[str]:
        """Definitions of a part of this document, in order, without those whose source the region does not hold."""
        return [name for name in self.placements[self.partner_type][part] if self._is_held(name)]

    def section_by(self, part: str, dimensions: Collection[str]) -> list[str]:
        """Definitions of a part that policy counts by one of these breakdowns: of no other one is any to be missed."""
        return [
            name
            for name in self.section(part)
            if any(set(level["dimensions"]) & set(dimensions) for level in self._definition(name)["levels"])
        ]

    def _is_held(self, definition: str) -> bool:
        return definition in self.definitions and self.definitions[definition]["source"] in self.sources

    @property
    def dimensions(self) -> list[str]:
        """Breakdowns of this document, in order (contents.toml)."""
        return list(data_file("contents.toml")[self.partner_type]["dimensions"])

    def sources_not_held(self) -> list[str]:
        """Kinds of source, in their order, that definitions of this document rest on and the region does not hold."""
        parts = self.placements[self.partner_type].values()
        placed = {name for names in parts for name in names if name in self.definitions}
        wanted = {self.definitions[name]["source"] for name in placed}
        return [kind for kind in self.kinds if kind in wanted - self.sources]

    def source_title(self, source: str) -> str:
        """A kind of source in words: ours, or the title of its declaration."""
        declared = self.kinds[source].title if source in self.kinds else ""
        return _(declared) if declared else label("source_kind", source)

    def source_not_held(self, source: str) -> str:
        """A kind of source in words that tell it from what a region may hold in its place."""
        if source in data_file("words.toml")["source_not_held"]:
            return label("source_not_held", source)
        return self.source_title(source)

    def is_of_residents(self, definition: str) -> bool:
        """Whether a definition counts by where people live: a rate of it is that of residents."""
        return self._definition(definition).get("area_basis") == "residence"

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
        title = sentence_inside(self.title(definition))
        short = _BY_WHAT.sub("", title)
        others = [
            sentence_inside(str(one["title"])) for name, one in self.definitions.items() if name != definition
        ]
        return title if any(_BY_WHAT.sub("", other) == short for other in others) else short

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
        contents = policy.file("disclosure")
        counts = contents["counts"]
        return ReleaseRule(
            int(counts["minimum_count"]),
            int(counts["rounding_base"]),
            least_coverage=float(contents["coverage"]["minimum_coverage"]),
            limits_level=float(contents["rates"]["level"]),
        )
    except KeyError as error:
        raise PolicyError("policy/disclosure.toml", f"it lacks {error.args[0]}") from error


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
    kind = _recipient(policy, partner_type)
    absent = [name for name in ("purpose", "legal_basis", "expires") if name not in kind]
    if absent:
        raise PolicyError("policy/recipients.toml", f"{partner_type} lacks {', '.join(absent)}")
    classification = _(kind.get("classification", data_file("words.toml")["classification"]))
    if invented:
        classification = _("{classification} - invented data").format(classification=classification)
    return Terms(_(kind["purpose"]), _(kind["legal_basis"]), date_text(kind["expires"]), classification)


def granted_estimates(policy: Policy, partner_type: str) -> frozenset[str]:
    """Kinds of estimates that a kind of partner may have (policy/recipients.toml)."""
    return frozenset(_recipient(policy, partner_type).get("estimates", []))


def _recipient(policy: Policy, partner_type: str) -> Mapping[str, Any]:
    kinds = policy.file("recipients").get("recipients", [])
    return next((kind for kind in kinds if kind.get("partner_type") == partner_type), {})
