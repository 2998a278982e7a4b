"""Where: maps of the district's areas, and tables of each level of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from preventable.stages.packs.blocks import Block, Figure, Heading, Note, TableBlock
from preventable.stages.packs.findings import largest
from preventable.stages.packs.inputs import Area, PackInputs, Span
from preventable.stages.packs.maps import (
    Classes,
    MappedArea,
    area_map,
    count_classes,
    rate_classes,
    token_names,
)
from preventable.stages.packs.rates import area_rates_table, measure_name
from preventable.stages.packs.sections import (
    area_table,
    available,
    best_shown,
    nothing_released,
    provenance,
)
from preventable.stages.packs.shown import Shown
from preventable.stages.packs.words import _, data_file, label, plural, sentence_start

_Tables = Callable[[PackInputs, str, Sequence[str], Span], TableBlock | Note | None]
_TABLES: dict[str, _Tables] = {"count": area_table, "crude_rate": area_rates_table}


def where(inputs: PackInputs, span: Span, measures: Sequence[str]) -> tuple[Block, ...]:
    """The section on the district's areas: for each measure a map of one level, then a table of the others.

    Levels that the region does not have are left out. A level without any outline has no map, and its table stands all
    the same. What no source of the region tells is left out; of the rest the section says what was not released.

    Args:
        inputs: The pack's.
        span: Period of the figures.
        measures: `count` and `crude_rate`, in the order in which they stand.
    """
    mapped, listed_in = inputs.section("map"), inputs.section("areas")
    if not mapped and not listed_in:
        return ()
    parts: list[Block] = []
    told: set[str] = set()
    for measure in measures:
        level, drawn = _first_map(inputs, mapped, measure, span)
        tables = {
            one: table
            for one in _levels(inputs, "tables")
            if one != level and (table := _TABLES[measure](inputs, one, listed_in, span)) is not None
        }
        parts += [*([drawn] if drawn else []), *tables.values()]
        told |= {level, *tables}
    parts += _not_released(inputs, told, any(isinstance(part, Figure) for part in parts), mapped)
    return (Heading(_("Where"), "where"), *parts) if parts else ()


def _levels(inputs: PackInputs, purpose: str) -> list[str]:
    """Levels of which the district has areas, in order (contents.toml)."""
    return [level for level in data_file("contents.toml")["levels"][purpose] if inputs.own_areas(level)]


def _not_released(inputs: PackInputs, told: set[str], has_map: bool, mapped: Sequence[str]) -> list[Note]:
    """A line for a map where areas could be drawn, and for each level of which nothing stands here."""
    outlined = any(area.polygon for level in _levels(inputs, "map") for area in inputs.own_areas(level))
    absent = [label("area_type", level) for level in _levels(inputs, "tables") if level not in told]
    if mapped and not has_map and outlined:
        absent = [_("A map"), *absent]
    return [nothing_released(what) for what in absent]


def _first_map(
    inputs: PackInputs, definitions: Sequence[str], measure: str, span: Span
) -> tuple[str, Figure | Note | None]:
    """The map of the first level with outlines and something to show; else a note on what is not shown."""
    notes: list[tuple[str, Note]] = []
    for level in _levels(inputs, "map"):
        drawn = _map(inputs, level, definitions, measure, span)
        if isinstance(drawn, Figure):
            return level, drawn
        if isinstance(drawn, Note):
            notes.append((level, drawn))
    return notes[0] if notes else ("", None)


def _map(
    inputs: PackInputs, level: str, definitions: Sequence[str], measure: str, span: Span
) -> Figure | Note | None:
    found = available(
        definitions,
        lambda name: inputs.figures.select(
            name, level, span.period_type, measure=measure, period_end=span.end
        ),
    )
    areas = [area for area in inputs.own_areas(level) if area.polygon]
    table = _TABLES[measure](inputs, level, list(found), span)
    best = best_shown(found)
    if not areas or not isinstance(table, TableBlock) or best is None:
        return table if areas and isinstance(table, Note) else None
    definition, all_figures = best
    by_area = {figure.area: figure for figure in all_figures}
    drawn = [area for area in areas if area.area in by_area]
    if not drawn:
        return None
    return _map_figure(inputs, level, drawn, definition, by_area, table, span)


def _map_figure(
    inputs: PackInputs,
    level: str,
    drawn: Sequence[Area],
    definition: str,
    by_area: dict[str, Shown],
    table: TableBlock,
    span: Span,
) -> Figure:
    figures = [by_area[area.area] for area in drawn]
    is_count = figures[0].measure == "count"
    classes = _classes(inputs, figures)
    name = _("{measure}: {areas} of {area}, {period}").format(
        measure=inputs.title(definition)
        if is_count
        else _("{measure} per 100,000 residents a year").format(measure=inputs.title(definition)),
        areas=label("area_types", level),
        area=inputs.district_name,
        period=span.text,
    )
    top = _top_area(inputs, level, figures)
    shown = _shown_areas(inputs, level, figures)
    return Figure(
        anchor="map-figure" if is_count else "rate-map-figure",
        headline=top,
        title=name,
        summary=shown,
        description=_(
            "Map of {n} {areas} of {area}, darker where {more}. {top}. {shown} The numbers stand in the table below."
        ).format(
            n=len(drawn),
            areas=label("area_types", level),
            area=inputs.district_name,
            more=_("more were counted") if is_count else _("the rate is higher"),
            top=top,
            shown=shown,
        ),
        spec=area_map(
            [
                MappedArea(area.area, area.polygon or b"", shade(by_area[area.area], classes))
                for area in drawn
            ],
            classes=classes.names,
            tokens=tokens(inputs, figures),
            title=legend_title(inputs, figures, span),
        ),
        table=table,
        provenance=table.provenance or provenance(inputs, figures),
    )


def _classes(inputs: PackInputs, figures: Sequence[Shown]) -> Classes:
    values = [figure.value for figure in figures if figure.value is not None]
    return (
        count_classes(values, inputs.rule.minimum) if figures[0].measure == "count" else rate_classes(values)
    )


def shade(figure: Shown, classes: Classes) -> int | str:
    """Class of a figure in a drawing, or its token."""
    return figure.value_note if figure.value is None else classes.of(figure.value)


def tokens(inputs: PackInputs, figures: Sequence[Shown]) -> dict[str, str]:
    """Tokens that occur among the figures of a drawing, with their words in its legend."""
    present = {figure.value_note for figure in figures if figure.value is None}
    names = token_names(inputs.rule.minimum, measure=figures[0].measure)
    return {token: words for token, words in names.items() if token in present}


def legend_title(inputs: PackInputs, figures: Sequence[Shown], span: Span) -> str:
    """What the classes of a drawing are of."""
    if figures[0].measure == "count":
        return _("Count to the nearest {base}, {period}").format(base=inputs.rule.base, period=span.text)
    return _("Per 100,000 residents a year, {period}").format(period=span.text)


def _top_area(inputs: PackInputs, level: str, figures: Sequence[Shown]) -> str:
    """Which area may be said to have the largest count; of rates, in which chance moves ranks, what is drawn."""
    if figures[0].measure != "count":
        return sentence_start(_("{rates} of {areas}")).format(
            rates=measure_name(figures[0].measure), areas=label("area_types", level)
        )
    top = largest(figures, inputs.rule)
    if len(top) == 1:
        whole = all(figure.value_note in ("", "[c]") for figure in figures)
        words = _("{area} has the largest count") if whole else _("{area} has the largest count shown")
        return words.format(area=inputs.area_name(level, top[0].area))
    return _("{n} areas may have the largest count").format(n=len(top))


def _shown_areas(inputs: PackInputs, level: str, figures: Sequence[Shown]) -> str:
    """How many of the drawn areas have a value, and how many areas of the level could not be drawn."""
    shown, areas = sum(figure.value is not None for figure in figures), label("area_types", level)
    undrawn = sum(area.polygon is None for area in inputs.own_areas(level))
    if undrawn:
        areas = _("{areas} that are drawn").format(areas=areas)
    if shown == len(figures):
        words = _("All {all} {areas} have a shown {value}.")
    else:
        words = plural(
            "{n} of {all} {areas} has a shown {value}; the others are hatched.",
            "{n} of {all} {areas} have a shown {value}; the others are hatched.",
            shown,
        )
    value = _("count") if figures[0].measure == "count" else _("rate")
    said = words.format(n=shown, all=len(figures), areas=areas, value=value)
    if not undrawn:
        return said
    missing = plural(
        "{n} area of this level is not drawn, as the region has no outline of it; the table has it.",
        "{n} areas of this level are not drawn, as the region has no outline of them; the table has them.",
        undrawn,
    ).format(n=undrawn)
    return f"{said} {missing}"
