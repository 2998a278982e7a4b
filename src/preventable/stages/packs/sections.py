"""Parts that the documents share: cells and tables of shown figures, provenance, what is not complete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from preventable.stages.packs.blocks import (
    Block,
    Cell,
    Column,
    Note,
    Provenance,
    Row,
    TableBlock,
)
from preventable.stages.packs.charts import Panel, Point
from preventable.stages.packs.inputs import PackInputs, Span
from preventable.stages.packs.shown import Shown
from preventable.stages.packs.trimming import Found, trimmed
from preventable.stages.packs.words import (
    _,
    alternatives,
    category_label,
    label,
    listed,
    month_text,
    order_of,
    span_text,
)

_NAME_PARTS = 8
_MOST_NAMES = 6


def shown_cell(shown: Shown | None) -> Cell:
    """A value; a dash word where the partner has no such figure."""
    if shown is None:
        return Cell("[z]", numeric=True)
    return Cell(shown.text, figure=shown.figure, numeric=True, value=shown.value)


def count_sentence(things: str, shown: Shown, span: Span) -> str:
    """A count in words, without its full stop: about how many, or why that cannot be said.

    Args:
        things: What is counted, in the plural.
        shown: The count of the span.
        span: Its period.
    """
    if shown.value is not None:
        words = _("About {count} {things} {within}")
    elif shown.value_note == "[c]":
        words = _("Too few {things} to show {within} ([c])")
    else:
        words = _("No full count of {things} {within} ([x])")
    return words.format(count=shown.text, things=things, within=span.within)


def limit_cells(shown: Shown | None) -> tuple[Cell, Cell, Cell]:
    """A rate and its limits."""
    if shown is None:
        return (Cell("[z]", numeric=True),) * 3
    return (
        Cell(shown.text, shown.figure, "value", numeric=True, value=shown.value),
        Cell(shown.lower_text, shown.figure, "lower", numeric=True, value=shown.lower),
        Cell(shown.upper_text, shown.figure, "upper", numeric=True, value=shown.upper),
    )


def provenance(inputs: PackInputs, figures: Iterable[Shown]) -> Provenance:
    """Source, period, exclusions and names of what a table or figure shows."""
    used = sorted({figure.figure: figure for figure in figures}.values(), key=lambda figure: figure.figure)
    start = min((figure.period_start for figure in used), default=inputs.as_at)
    end = max((figure.period_end for figure in used), default=inputs.as_at)
    names = name_patterns([figure.figure for figure in used])
    return Provenance(
        source=listed(
            [inputs.source_title(source) for source in dict.fromkeys(figure.source for figure in used)]
        ),
        period=span_text(start, end),
        data_as_at=inputs.as_at_text,
        exclusions=_exclusions(inputs, used),
        remarks="; ".join(_(note) for note in _notes(used, "")),
        download=inputs.download,
        names=tuple(names[:_MOST_NAMES]),
        more_names=len(names) > _MOST_NAMES,
    )


def _exclusions(inputs: PackInputs, used: Sequence[Shown]) -> str:
    parts = [
        _("counts of 0 to {most} ([c]); the others are rounded to the nearest {base}").format(
            most=inputs.rule.minimum - 1, base=inputs.rule.base
        )
    ]
    missing = sorted(
        {figure.period_end for figure in used if figure.value_note == "[x]" and figure.period_type == "month"}
    )
    if missing:
        parts.append(
            _("{months} ([x], not complete)").format(months=listed([month_text(month) for month in missing]))
        )
    parts += [
        _("[x], {reason}").format(reason=_(reason)) for reason in _notes(used, "[x]", longer=bool(missing))
    ]
    return "; ".join(parts)


def _notes(used: Sequence[Shown], token: str, *, longer: bool = False) -> list[str]:
    """What stands beside the figures with a token (or a value), each once; of `longer` periods alone."""
    marked = (f for f in used if f.value_note == token and not (longer and f.period_type == "month"))
    return sorted({note for figure in marked for note in figure.note.split("; ") if note})


def name_patterns(names: Sequence[str]) -> list[str]:
    """Names of figures drawn together: one pattern for each definition and level, `*` where they differ."""
    groups: dict[tuple[str, ...], list[list[str]]] = {}
    for name in sorted(names):
        parts = name.split("/")
        if len(parts) == _NAME_PARTS:
            definition, area_type, _area, period_type, _end, dimension, _category, measure = parts
            groups.setdefault((definition, area_type, period_type, dimension, measure), []).append(parts)
    return [
        "/".join(column[0] if len(set(column)) == 1 else "*" for column in zip(*members, strict=True))
        for members in groups.values()
    ]


def numeric(*titles: str) -> tuple[Column, ...]:
    """Heads of columns of numbers."""
    return tuple(Column(title, numeric=True) for title in titles)


def value_with_limits(value: str, *, level: int = 95, unit: str = "") -> tuple[Column, ...]:
    """Heads of a value and its limits, whose cells are `ShownEstimate.cells`; `unit` follows each limit's name."""
    words = (_("Lower {level} % limit{unit}"), _("Upper {level} % limit{unit}"))
    return numeric(value, *(one.format(level=level, unit=unit) for one in words))


def available(
    definitions: Sequence[str], find: Callable[[str], Sequence[Shown]]
) -> dict[str, tuple[Shown, ...]]:
    """Definitions for which the partner has figures, in order, with these figures."""
    found = {definition: tuple(find(definition)) for definition in definitions}
    return {definition: figures for definition, figures in found.items() if figures}


def best_shown(found: Mapping[str, tuple[Shown, ...]]) -> tuple[str, tuple[Shown, ...]] | None:
    """Of several definitions the first with a value in half of its figures, else the one with most values.

    None where no figure has a value.
    """
    values = {name: sum(f.value is not None for f in figures) for name, figures in found.items()}
    if not any(values.values()):
        return None
    half = [name for name, figures in found.items() if values[name] * 2 >= len(figures)]
    definition = half[0] if half else max(values, key=lambda name: values[name])
    return definition, found[definition]


def nothing_released(what: str) -> Note:
    """A part that stays empty says so."""
    return Note(
        _("Not in this release"),
        (_("{what}: no figure of this kind was released to you.").format(what=what),),
    )


def without_empty(sections: Sequence[tuple[Block, ...]]) -> tuple[Block, ...]:
    """The blocks of the sections that hold something; of the others their notes, gathered at the end.

    A section of which nothing was released is its heading and the note that says so.
    """
    title = nothing_released("").title
    full: list[Block] = []
    notes: list[Note] = []
    for section in sections:
        said = [block for block in section[1:] if isinstance(block, Note) and block.title == title]
        if len(said) == len(section) - 1:
            notes += said
        else:
            full += section
    lines = tuple(line for note in notes for line in note.lines)
    return (*full, *([Note(title, lines)] if lines else []))


def nothing_shown(what: str, figures: Iterable[Shown]) -> Note:
    """A part in which every figure is a token says so, and why of [x], instead of a table of tokens."""
    hidden = list(figures)
    tokens = alternatives(sorted({figure.text for figure in hidden}))
    reasons = [_(reason) for reason in _notes(hidden, "[x]")]
    words = _("{what}: {tokens} throughout ({reasons}).") if reasons else _("{what}: {tokens} throughout.")
    said = words.format(what=what, tokens=tokens, reasons="; ".join(reasons))
    return Note(_("Nothing to show"), (said,))


def breakdown_table(
    inputs: PackInputs, dimension: str, definitions: Sequence[str], span: Span
) -> TableBlock | Note | None:
    """Counts of the long period by one breakdown, a column for each definition with something to show."""
    found = available(
        definitions,
        lambda definition: inputs.figures.select(
            definition,
            "district",
            span.period_type,
            dimension=dimension,
            area=inputs.district,
            period_end=span.end,
        ),
    )
    if not found:
        return None
    categories = ordered_categories(dimension, {f.category for figures in found.values() for f in figures})
    return _counts_table(
        inputs,
        {definition: {f.category: f for f in figures} for definition, figures in found.items()},
        {category: category_label(dimension, category) for category in categories},
        anchor=f"by-{dimension.replace('_', '-')}",
        head=label("dimension", dimension),
        span=span,
        unknown=order_of("not_telling"),
    )


def _counts_table(
    inputs: PackInputs,
    found: Found,
    rows: Mapping[str, str],
    *,
    anchor: str,
    head: str,
    span: Span,
    unknown: Sequence[str] = (),
) -> TableBlock | Note:
    """Counts by row and definition, without the rows and columns in which nothing can be shown.

    Args:
        inputs: The pack's.
        found: Definition to row to figure.
        rows: Row to its words, in order.
        anchor: Id of the table.
        head: What the rows are.
        span: Period of the figures.
        unknown: Rows for what is not known.
    """
    name = _("{rows}: counts, {area}, {period}").format(
        rows=head, area=inputs.district_name, period=span.text
    )
    everything = [by_row[row] for by_row in found.values() for row in rows if row in by_row]
    kept = trimmed(
        found, list(rows), column_name=inputs.title, row_name=lambda row: rows[row], unknown=unknown
    )
    if not kept.columns:
        telling = [by_row[row] for by_row in found.values() for row in by_row if row not in unknown]
        return nothing_shown(name, telling)
    return TableBlock(
        anchor=anchor,
        caption=name,
        columns=(Column(head), *numeric(*[inputs.title(d) for d in kept.columns])),
        rows=tuple(
            Row(rows[row], tuple(shown_cell(found[d].get(row)) for d in kept.columns)) for row in kept.rows
        ),
        provenance=provenance(inputs, everything),
        remarks=kept.remarks,
    )


def ordered_categories(dimension: str, categories: set[str]) -> list[str]:
    """Categories in the order of words.toml, then by name; ages by first age, what is not known last."""
    order = order_of(f"category.{dimension}")
    if dimension == "age_band":
        return sorted(categories, key=lambda band: (not band[:1].isdigit(), band))
    return sorted(categories, key=lambda c: (order.index(c) if c in order else len(order), c))


def area_table(
    inputs: PackInputs, area_type: str, definitions: Sequence[str], span: Span
) -> TableBlock | Note | None:
    """Counts of the long period in the areas of one level, by name."""
    found = available(
        definitions,
        lambda definition: inputs.figures.select(
            definition, area_type, span.period_type, period_end=span.end
        ),
    )
    areas = inputs.own_areas(area_type)
    if not found or not areas:
        return None
    return _counts_table(
        inputs,
        {definition: {f.area: f for f in figures} for definition, figures in found.items()},
        {area.area: area.name for area in areas},
        anchor=f"by-{area_type.replace('_', '-')}",
        head=label("area_type", area_type),
        span=span,
    )


def monthly_panel(
    inputs: PackInputs, definition: str, monthly: Sequence[Shown], months: Sequence[str]
) -> Panel:
    """A definition's line over the months: a month without a value, or that was not released, is a gap."""
    by_month = {figure.period_end: shown_cell(figure) for figure in monthly}
    cells = {month: by_month.get(month, shown_cell(None)) for month in months}
    points = (
        Point(month_text(month, short=True), cell.value, cell.text if cell.value is None else "")
        for month, cell in cells.items()
    )
    return Panel(_("{measure}, each month").format(measure=inputs.title(definition)), tuple(points))


def incomplete_lines(inputs: PackInputs, figures: Iterable[Shown]) -> tuple[str, ...]:
    """Which periods are not complete, for which measures, and why: a line for each reason and set of measures."""
    missing: dict[tuple[str, str, str], set[str]] = {}
    for figure in figures:
        if figure.value_note == "[x]":
            key = (figure.period_end, figure.period_start, figure.note)
            missing.setdefault(key, set()).add(figure.definition)
    alike: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for end, start, reason in sorted(missing):
        names = tuple(sorted(missing[end, start, reason]))
        alike.setdefault((names, reason), []).append(span_text(start, end))
    return tuple(
        _("{periods}: {measures} ({reason}).").format(
            periods=listed(periods),
            measures=listed([inputs.in_sentence(name) for name in names]),
            reason=_(reason),
        )
        for (names, reason), periods in alike.items()
    )


def incomplete_note(inputs: PackInputs, figures: Sequence[Shown]) -> Note | None:
    """Which periods are not complete; None where all are complete."""
    if not any(figure.value_note == "[x]" for figure in figures):
        return None
    return Note(_("Not complete, so not shown"), incomplete_lines(inputs, figures))
