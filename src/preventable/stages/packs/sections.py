"""Parts that the documents share: tables of shown figures, provenance, how to read, what is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from preventable.stages.packs.blocks import (
    Block,
    Cell,
    Column,
    Figure,
    Heading,
    Note,
    Paragraph,
    Provenance,
    Row,
    TableBlock,
)
from preventable.stages.packs.charts import Interval, IntervalPanel, Panel, Point, interval_chart
from preventable.stages.packs.findings import (
    ComparisonFinding,
    comparison_finding,
    comparison_headline,
    comparison_words,
)
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
    sentence_start,
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
            [label("source_kind", source) for source in dict.fromkeys(figure.source for figure in used)]
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
    """A part in which every figure is a token says so instead of a table of tokens."""
    tokens = sorted({figure.text for figure in figures})
    return Note(
        _("Nothing to show"),
        (_("{what}: {tokens} throughout.").format(what=what, tokens=alternatives(tokens)),),
    )


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


@dataclass(frozen=True)
class RatePair:
    """A rate of the district and, where it was released, of the region."""

    definition: str
    own: Shown
    region: Shown | None

    @property
    def finding(self) -> ComparisonFinding:
        """Whether they differ."""
        return comparison_finding(self.own, self.region)

    @property
    def words(self) -> str:
        """Whether they differ, in words; why not, where that cannot be said."""
        words = comparison_words(self.finding)
        reason = next((figure.note for figure in self.figures if figure.value is None and figure.note), "")
        return _("{words} ({reason})").format(words=words, reason=_(reason)) if reason else words

    @property
    def comparable(self) -> bool:
        """Whether both are shown."""
        return self.finding.verdict != "not_available"

    @property
    def has_value(self) -> bool:
        """Whether either is shown."""
        return self.own.value is not None or (self.region is not None and self.region.value is not None)

    @property
    def figures(self) -> list[Shown]:
        """Those that were released."""
        return [self.own] if self.region is None else [self.own, self.region]


def rate_pairs(inputs: PackInputs, definitions: Sequence[str], measure: str, span: Span) -> list[RatePair]:
    """Rates of district and region, by definition, for the definitions that have one."""
    pairs = []
    for definition in definitions:
        own, region = (
            _rate(inputs, definition, area, measure, span)
            for area in (("district", inputs.district), ("region", inputs.region_area.area))
        )
        if own is not None:
            pairs.append(RatePair(definition, own, region))
    return pairs


def _rate(
    inputs: PackInputs, definition: str, area: tuple[str, str], measure: str, span: Span
) -> Shown | None:
    found = inputs.figures.select(
        definition, area[0], span.period_type, measure=measure, area=area[1], period_end=span.end
    )
    return found[0] if found else None


def rates_figure(inputs: PackInputs, definitions: Sequence[str], measure: str, span: Span) -> Figure | None:
    """Rates of district and region with limits, drawn, and in words whether they differ.

    None where no rate of the district is shown: a table says that better.
    """
    pairs = [pair for pair in rate_pairs(inputs, definitions, measure, span) if pair.own.value is not None]
    table = rates_table(inputs, definitions, measure, span)
    if not pairs or not isinstance(table, TableBlock) or table.provenance is None:
        return None
    own, region = inputs.district_name, inputs.region_area.name
    comparable = [pair for pair in pairs if pair.comparable]
    summary = "; ".join(
        _("{measure}: {words}").format(measure=inputs.title(pair.definition), words=pair.words)
        for pair in pairs
    )
    return Figure(
        anchor=f"rates-{measure.replace('_', '-')}",
        headline=sentence_start(rate_headline(inputs, comparable[0]))
        if comparable
        else _("None of these rates can be compared"),
        title=_("{measure} per 100,000 person-years, {area} and {region}, {period}").format(
            measure=_measure_name(measure), area=own, region=region, period=span.text
        ),
        summary=_("{phrases}.").format(phrases=summary),
        description=_(
            "One panel for each measure with two marks, {area} (circle) and {region} (diamond), each "
            "with a line "
            "from the lower to the upper 95 % limit. {summary}. The numbers stand in the table below."
        ).format(area=own, region=region, summary=summary),
        spec=interval_chart([_interval_panel(inputs, pair) for pair in pairs]),
        table=replace(table, provenance=None),
        provenance=table.provenance,
    )


def rate_headline(inputs: PackInputs, pair: RatePair) -> str:
    """How the district's rate stands beside the region's, in a few words."""
    words = comparison_headline(pair.finding)
    form = (
        _("{measure}, {words}") if pair.finding.verdict == "no_clear_difference" else _("{measure} {words}")
    )
    return form.format(measure=inputs.in_title(pair.definition), words=words)


def rates_table(
    inputs: PackInputs, definitions: Sequence[str], measure: str, span: Span
) -> TableBlock | Note | None:
    """Rates of district and region with limits, by definition, and in words whether they differ."""
    every = rate_pairs(inputs, definitions, measure, span)
    if not every:
        return None
    name = _("{measure} per 100,000 person-years with 95 % limits, {period}").format(
        measure=_measure_name(measure), period=span.text
    )
    pairs = [pair for pair in every if pair.has_value]
    if not pairs:
        return nothing_shown(name, [figure for pair in every for figure in pair.figures])
    found = {
        "": {
            pair.definition: next((f for f in pair.figures if f.value is not None), pair.own)
            for pair in every
        }
    }
    columns: list[Column] = [Column(_("Measure"))]
    for area in (inputs.district_name, inputs.region_area.name):
        columns += numeric(
            area, _("{area}, lower limit").format(area=area), _("{area}, upper limit").format(area=area)
        )
    return TableBlock(
        anchor=f"table-{measure.replace('_', '-')}",
        caption=name,
        columns=(*columns, Column(_("In words"))),
        rows=tuple(
            Row(
                inputs.title(pair.definition),
                (*limit_cells(pair.own), *limit_cells(pair.region), Cell(pair.words)),
            )
            for pair in pairs
        ),
        provenance=provenance(inputs, [figure for pair in every for figure in pair.figures]),
        remarks=trimmed(found, list(found[""]), column_name=inputs.title, row_name=inputs.title).remarks,
        short=_measure_name(measure),
    )


def _measure_name(measure: str) -> str:
    return {
        "standardised_rate": _("Rates standardised for age"),
        "crude_rate": _("Crude rates"),
    }[measure]


def _interval_panel(inputs: PackInputs, pair: RatePair) -> IntervalPanel:
    intervals = [_interval(inputs.district_name, pair.own)]
    if pair.region is not None:
        intervals.append(_interval(inputs.region_area.name, pair.region))
    return IntervalPanel(inputs.title(pair.definition), tuple(intervals))


def _interval(who: str, shown: Shown) -> Interval:
    return Interval(who, shown.value, shown.lower, shown.upper, shown.value_note)


def monthly_panel(inputs: PackInputs, definition: str, monthly: Sequence[Shown]) -> Panel:
    """A definition's months as a line: a month without a value is a gap with its token."""
    points = (
        Point(month_text(figure.period_end, short=True), figure.value, figure.value_note)
        for figure in sorted(monthly, key=lambda figure: figure.period_end)
    )
    return Panel(_("{measure}, each month").format(measure=inputs.title(definition)), tuple(points))


def how_to_read(inputs: PackInputs, worked_out: Sequence[str] = ()) -> tuple[Block, ...]:
    """Shorthand, rounding and definitions: the last part of every pack.

    Args:
        inputs: The pack's.
        worked_out: How the pack's numbers came about that are not released, and so in no CSV.
    """
    most, base = inputs.rule.minimum - 1, inputs.rule.base
    return (
        Heading(_("How to read this pack"), "how-to-read"),
        Note(
            _("Shorthand"),
            (
                _(
                    "[c] confidential: the count is 0 to {most}, or the rate rests on such a count. A zero "
                    "is not told apart from a small number."
                ).format(most=most),
                _(
                    "[x] not available: not every service has sent its records for the period, or a rate "
                    "would rest on too few records, or on too many without an age. A gap is not a zero."
                ),
                _("[z] not applicable, or not part of this release."),
            ),
        ),
        Note(
            _("Rounding"),
            (
                _(
                    "Counts of {minimum} and more are rounded to the nearest {base}, each on its own: read "
                    "each as “about”. Parts need not add up to their total."
                ).format(minimum=inputs.rule.minimum, base=base),
                _("Rates and limits are computed from the shown counts; the limits take in the rounding."),
                *worked_out,
            ),
        ),
        Note(
            _("What a count leaves out, and what it is not"),
            (
                _(
                    "Rows that the quality rules hold back are not counted: for instance an injury that is "
                    "recorded after the arrival."
                ),
                _(
                    "Attendances, call-outs, offences and admissions are not people: one person may be counted "
                    "more than once, and one assault by more than one service."
                ),
            ),
        ),
        Heading(_("What is counted"), "what-is-counted", level=3),
        _definitions_table(inputs),
        Paragraph(
            _(
                "Release {release}. All that was released to you, with its names, is in the CSV files beside this "
                "page, counts and rates in {download}. Whoever sent you this pack can trace each figure back: quote "
                "its name."
            ).format(release=inputs.release, download=inputs.download)
        ),
    )


def _definitions_table(inputs: PackInputs) -> TableBlock:
    versions = {figure.definition: figure.definition_version for figure in inputs.figures.all}
    return TableBlock(
        anchor="definitions",
        caption=_("Definitions used in this pack"),
        columns=(Column(_("Definition")), Column(_("Name and version")), Column(_("What it counts"))),
        rows=tuple(
            Row(inputs.title(name), (Cell(f"{name}.v{versions[name]}"), Cell(inputs.plain(name))))
            for name in inputs.figures.definitions()
        ),
    )


def incomplete_lines(inputs: PackInputs, figures: Iterable[Shown]) -> tuple[str, ...]:
    """Which periods are not complete, for which measures, and why: a line for each period and reason."""
    missing: dict[tuple[str, str, str], set[str]] = {}
    for figure in figures:
        if figure.value_note == "[x]":
            key = (figure.period_end, figure.period_start, figure.note)
            missing.setdefault(key, set()).add(figure.definition)
    return tuple(
        _("{period}: {measures} ({reason}).").format(
            period=span_text(start, end),
            measures=listed([inputs.in_sentence(name) for name in sorted(missing[end, start, reason])]),
            reason=_(reason),
        )
        for end, start, reason in sorted(missing)
    )


def incomplete_note(inputs: PackInputs, figures: Sequence[Shown]) -> Note | None:
    """Which periods are not complete; None where all are complete."""
    if not any(figure.value_note == "[x]" for figure in figures):
        return None
    return Note(_("Not complete, so not shown"), incomplete_lines(inputs, figures))
