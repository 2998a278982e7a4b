"""Packs: what each partner may see, as documents a person reads and tables a program reads."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from preventable.engine import Engine
from preventable.errors import ReleaseRefusedError
from preventable.settings import Policy, StepContext
from preventable.stages.packs import community_safety, licensing, public_health
from preventable.stages.packs.blocks import Block, Document
from preventable.stages.packs.csvw import FILES, render_csv, render_metadata
from preventable.stages.packs.findings import word_rules
from preventable.stages.packs.html import render_html, render_index
from preventable.stages.packs.inputs import (
    Area,
    Day,
    Gap,
    PackInputs,
    Venue,
    granted_estimates,
    read_violence,
    release_rule,
    terms_of,
)
from preventable.stages.packs.ods import render_ods
from preventable.stages.packs.pdf import after_month, render_pdf
from preventable.stages.packs.placement import Placements, read_placements
from preventable.stages.packs.shown import ShownFigures, estimates_of, signals_of
from preventable.stages.packs.words import _, data_file, language, month_text, plural
from preventable.stages.packs.xlsx import render_xlsx
from preventable.tables import TABLES
from preventable.tables.estimate_rules import read_estimate_rules
from preventable.tables.signal_rules import read_signal_rules
from preventable.tables.source_kinds import SourceKind, source_kinds
from preventable.tables.time_masks import read_time_masks


@dataclass(frozen=True)
class _Kind:
    """How the document of one kind of partner is built."""

    title: Callable[[PackInputs], str]
    blocks: Callable[[PackInputs], tuple[Block, ...]]


_KINDS: Mapping[str, _Kind] = {
    "community_safety": _Kind(community_safety.title, community_safety.blocks),
    "licensing": _Kind(licensing.title, licensing.blocks),
    "public_health": _Kind(public_health.title, public_health.blocks),
}


def make_packs(engine: Engine, context: StepContext) -> dict[str, bytes]:
    """Make one pack for each partner with released figures, in every format; and a page to find them.

    Reads `released`, `released_estimates`, `released_signals`, `release_register`, `areas`, `venues`, `partners`,
    `providers`, `calendar`; creates `partner_packs`.

    Returns:
        Path below the folder of the release (`<partner>/<document>.<ending>`) to content, in order of path. Endings:
        html, pdf, csv, csv-metadata.json, xlsx, ods.
        `index.html`, which leads to all of them, is nobody's pack and not in `partner_packs`.

    Raises:
        ReleaseRefusedError: A figure is not in the release register as it stands.
        PolicyError: Policy does not say on what terms a partner receives its pack, or a definition of it asks for a
            part of a pack that there is not.
    """
    release = _release(engine)
    partners = _rows(engine, "SELECT * FROM partners ORDER BY partner")
    shared = _Shared.read(engine, context.policy)
    made: dict[str, bytes] = {}
    recipients: dict[str, str] = {}
    documents: list[Document] = []
    for n, partner in enumerate(partners, start=1):
        inputs = _inputs(partner, shared, context, release)
        if inputs.figures.all:
            documents.append(_document(inputs, context))
            files = _files(inputs, documents[-1])
            made.update(files)
            recipients.update(dict.fromkeys(files, partner["partner"]))
        if context.progress:
            context.progress(n / len(partners))
    engine.load("partner_packs", _register(made, recipients, release))
    if documents:
        made["index.html"] = render_index(documents, title=_index_title(documents, context))
    return dict(sorted(made.items()))


#: Everything that a pack may tell, by its name.
_TOLD = """
SELECT recipient, figure, value, lower, upper, value_note FROM released
UNION ALL SELECT recipient, figure, value, lower, upper, value_note FROM released_estimates
UNION ALL SELECT recipient, figure, value, usual_lower, usual_upper,
    CASE WHEN state = '' THEN verdict ELSE concat(verdict, ', ', state) END
FROM released_signals
UNION ALL SELECT recipient, figure, CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE),
    concat(kind, ' to ', period_end)
FROM released_gaps
"""


def _release(engine: Engine) -> str:
    """The release that all figures at hand belong to: the register holds each of them as it stands.

    Raises:
        ReleaseRefusedError: No release in the register holds every figure with its value, limits and token.
    """
    engine.create("packs_told", _TOLD)
    figures = _rows(engine, "SELECT count(*) AS n FROM packs_told")[0]["n"]
    releases = _rows(
        engine,
        """
        SELECT register.release, count(*) AS n
        FROM packs_told AS told JOIN release_register AS register
          ON told.recipient = register.recipient AND told.figure = register.figure
        WHERE told.value_note = register.value_note
          AND coalesce(told.value, -9) = coalesce(register.value, -9)
          AND coalesce(told.lower, -9) = coalesce(register.lower, -9)
          AND coalesce(told.upper, -9) = coalesce(register.upper, -9)
        GROUP BY register.release
        ORDER BY register.release
        """,
    )
    engine.drop("packs_told")
    whole = [row["release"] for row in releases if row["n"] == figures]
    if figures and not whole:
        most = max((row["n"] for row in releases), default=0)
        raise ReleaseRefusedError(
            "packs", f"{figures - most} of {figures} figures are not in the release register"
        )
    return whole[-1] if whole else ""


@dataclass(frozen=True)
class _Shared:
    """What the packs of all partners are made from."""

    figures: Mapping[str, list[Mapping[str, Any]]]
    estimates: Mapping[str, list[Mapping[str, Any]]]
    signals: Mapping[str, list[Mapping[str, Any]]]
    gaps: Mapping[str, list[Mapping[str, Any]]]
    areas: tuple[Area, ...]
    area_names: Mapping[tuple[str, str], str]
    venues: Mapping[str, tuple[Venue, ...]]
    days: tuple[Day, ...]
    sources: frozenset[str]
    kinds: Mapping[str, SourceKind]
    placements: Placements

    @classmethod
    def read(cls, engine: Engine, policy: Policy) -> _Shared:
        told = [
            _by_recipient(_rows(engine, f"SELECT * FROM {table} ORDER BY recipient, figure"))
            for table in FILES
        ]
        areas = _rows(
            engine,
            "SELECT area_type, area, area_name, district, polygon FROM areas "
            "WHERE area_type <> 'small_area' ORDER BY area_type, area",
        )
        venues = _rows(
            engine,
            """
            SELECT venues.venue, venue_name, venue_type, licence_number, capacity, opened_on, closed_on,
                   renamed_on, areas.district
            FROM venues JOIN areas ON areas.area_type = 'small_area' AND areas.area = venues.small_area
            ORDER BY venues.venue
            """,
        )
        by_district: dict[str, list[Venue]] = defaultdict(list)
        for row in venues:
            by_district[row["district"]].append(
                Venue(
                    row["venue"],
                    row["venue_name"],
                    row["venue_type"],
                    row["licence_number"],
                    row["capacity"],
                    row["opened_on"],
                    row["closed_on"],
                    row["renamed_on"],
                )
            )
        names = _rows(
            engine,
            "SELECT area_type, area, area_name FROM areas "
            "UNION ALL SELECT 'venue', venue, venue_name FROM venues ORDER BY 1, 2",
        )
        days = _rows(engine, 'SELECT "date" AS on_day, name, day_type, district FROM calendar ORDER BY 1, 2')
        gaps = _rows(
            engine,
            """
            SELECT g.recipient, coalesce(p.provider_name, g.provider) AS provider_name, g.kind, g.period_start,
                   g.period_end
            FROM released_gaps g
            LEFT JOIN (SELECT DISTINCT provider, provider_name FROM providers) p ON p.provider = g.provider
            ORDER BY g.recipient, g.source, g.period_start, g.provider
            """,
        )
        return cls(
            *told,
            _by_recipient(gaps),
            tuple(
                Area(row["area_type"], row["area"], row["area_name"], row["district"], row["polygon"])
                for row in areas
            ),
            {(row["area_type"], row["area"]): row["area_name"] for row in names},
            {district: tuple(found) for district, found in by_district.items()},
            tuple(Day(row["on_day"], row["name"], row["day_type"], row["district"]) for row in days),
            frozenset(row["source"] for row in _rows(engine, "SELECT DISTINCT source FROM providers")),
            source_kinds(policy),
            read_placements(policy),
        )


def _by_recipient(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["recipient"]].append(row)
    return found


def _rows(engine: Engine, sql: str) -> list[dict[str, Any]]:
    return engine.fetch(sql).to_pylist()


def _inputs(partner: Mapping[str, Any], shared: _Shared, context: StepContext, release: str) -> PackInputs:
    figures = ShownFigures(shared.figures.get(partner["partner"], []))
    kinds, signal_rules = tuple(shared.kinds), read_signal_rules(context.policy)
    return PackInputs(
        partner=partner["partner"],
        partner_name=partner["partner_name"],
        partner_type=partner["partner_type"],
        district=partner["district"],
        figures=figures,
        estimates=estimates_of(shared.estimates.get(partner["partner"], []), sources=kinds),
        signals=signals_of(shared.signals.get(partner["partner"], []), sources=kinds),
        areas=shared.areas,
        area_names=shared.area_names,
        venues=shared.venues.get(partner["district"], ()),
        days=shared.days,
        rule=release_rule(context.policy),
        words=word_rules(signal_rules.false_discovery_rate, signal_rules.watch_p),
        change_level=round(100 * (1 - 2 * signal_rules.watch_p)),
        definitions=context.policy.definitions,
        violence=read_violence(context.policy),
        placements=shared.placements,
        kinds=shared.kinds,
        sources=shared.sources,
        granted_estimates=granted_estimates(context.policy, partner["partner_type"]),
        premises=read_estimate_rules(context.policy).premises,
        region=context.region,
        as_at=max((figure.period_end for figure in figures.all), default=context.period),
        release=release,
        gaps=tuple(
            Gap(row["provider_name"], row["kind"], row["period_start"], row["period_end"])
            for row in shared.gaps.get(partner["partner"], [])
        ),
        nights=read_time_masks(context.policy).get(data_file("contents.toml")["hours"]["mask"]),
    )


def _document(inputs: PackInputs, context: StepContext) -> Document:
    kind = _KINDS[inputs.partner_type]
    invented = bool(context.region["invented"])
    terms = terms_of(context.policy, inputs.partner_type, invented=invented)
    return Document(
        partner=inputs.partner,
        partner_name=inputs.partner_name,
        name=inputs.partner_type,
        language=language(),
        title=kind.title(inputs),
        classification=terms.classification,
        invented=_("No person, place or event in this pack is real.") if invented else "",
        purpose=terms.purpose,
        legal_basis=terms.legal_basis,
        expires=terms.expires,
        period=inputs.long_period().text,
        data_as_at=inputs.as_at_text,
        release=inputs.release,
        licences=inputs.licences,
        blocks=kind.blocks(inputs),
    )


def _index_title(documents: Sequence[Document], context: StepContext) -> str:
    return plural(
        "{region}: {n} pack, data to {month}", "{region}: {n} packs, data to {month}", len(documents)
    ).format(
        region=context.region["name"],
        n=len(documents),
        month=month_text(context.period),
    )


def _files(inputs: PackInputs, document: Document) -> dict[str, bytes]:
    return {
        f"{document.stem}.html": render_html(document),
        f"{document.stem}.pdf": render_pdf(document, timestamp=after_month(inputs.as_at)),
        **_tables(inputs, document),
        f"{document.stem}.xlsx": render_xlsx(document),
        f"{document.stem}.ods": render_ods(document),
    }


def _tables(inputs: PackInputs, document: Document) -> dict[str, bytes]:
    """A CSV file with its metadata for each released table of which the partner has rows."""
    told = (inputs.figures.all, inputs.estimates, inputs.signals)
    made = {}
    for (table, ending), rows in zip(FILES.items(), told, strict=True):
        if rows:
            name = f"{document.name}{ending}.csv"
            path = f"{document.partner}/{name}"
            made[path] = render_csv(rows, inputs.area_names, table=table)
            made[f"{path}-metadata.json"] = render_metadata(document, url=name, table=table)
    return made


def _register(made: Mapping[str, bytes], recipients: Mapping[str, str], release: str) -> pa.Table:
    rows = [
        {
            "release": release,
            "recipient": recipients[path],
            "format": path.rpartition(".")[2],
            "path": path,
            "sha256": hashlib.sha256(made[path]).hexdigest(),
        }
        for path in sorted(made)
    ]
    return pa.Table.from_pylist(rows, schema=TABLES["partner_packs"].arrow_schema())
