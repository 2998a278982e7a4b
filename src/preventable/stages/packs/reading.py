"""The last part of every pack: how to read it, what is counted, and what region and sources rest on."""

from __future__ import annotations

from collections.abc import Sequence

from preventable.stages.packs.blocks import (
    Block,
    Cell,
    Column,
    Heading,
    Note,
    Paragraph,
    Row,
    TableBlock,
)
from preventable.stages.packs.findings import dispersion_of
from preventable.stages.packs.inputs import DISPERSION, PackInputs
from preventable.stages.packs.words import _, month_text


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
                    "would rest on too few records, on too many without an age, or on a population that is not held. "
                    "A gap is not a zero."
                ),
                _("[z] not applicable, or not part of this release."),
            ),
        ),
        *_gaps(inputs),
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
                _("Rows that the quality rules hold back are not counted."),
                _(
                    "Attendances, call-outs, offences and admissions are not people: one person may be counted "
                    "more than once, and one assault by more than one service."
                ),
                *_not_held(inputs),
            ),
        ),
        *_dispersions(inputs),
        *_region_notes(inputs),
        Heading(_("What is counted"), "what-is-counted", level=3),
        *_violence(inputs),
        _definitions_table(inputs),
        Paragraph(
            _(
                "Release {release}. All that was released to you, with its names, is in the CSV files beside this "
                "page, counts and rates in {download}. Whoever sent you this pack can trace each figure back: quote "
                "its name."
            ).format(release=inputs.release, download=inputs.download)
        ),
    )


#: What is said of months that did not come, by kind and whether they are several.
_GAP_WORDS = {
    ("stopped", True): "{provider} has sent nothing from {first} on.",
    ("not_yet_sent", False): "{provider} has not sent {first} yet.",
    ("gap", False): "{provider} has not sent {first}.",
    ("gap", True): "{provider} has not sent {first} to {last}.",
    ("never_sent", False): "{provider} has never sent.",
    ("never_sent", True): "{provider} has never sent.",
}


def _gaps(inputs: PackInputs) -> tuple[Note, ...]:
    """Which services' missing months stand behind [x], where there are any."""
    if not inputs.gaps:
        return ()
    lines = [
        _(_GAP_WORDS[one.kind, one.first != one.last]).format(
            provider=one.provider_name, first=month_text(one.first), last=month_text(one.last)
        )
        for one in inputs.gaps
    ]
    closing = _(
        "What is missing is no fall: counts of these months are not available where too much of them is."
    )
    return (Note(_("Months that have not come, behind [x]"), (*lines, closing)),)


def _violence(inputs: PackInputs) -> tuple[Paragraph | Note, ...]:
    """What violence means, and what of it these records cannot show (policy/violence.toml)."""
    told = inputs.violence
    if not told.definition:
        return ()
    words = _("Violence is {definition} ({source}).")
    return (
        Paragraph(words.format(definition=f"“{_(told.definition)}”", source=told.source)),
        Note(_("What the records of these services cannot show"), tuple(_(one) for one in told.cannot_see)),
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


def _dispersions(inputs: PackInputs) -> tuple[Note, ...]:
    """How much more counts vary than chance alone, as measured here or as taken from elsewhere."""
    told = inputs.estimates_of(DISPERSION)
    known = [one for one in told if one.value is not None and one.definition in inputs.definitions]
    unknown = [one for one in told if one.value is None and one.definition in inputs.definitions]
    lines = []
    if known:
        words = _(
            "Variance over mean of a district's counts, 1 being chance alone: {measures}. It was measured on the shown "
            "counts of this region's districts, of equal months or quarters a year apart, and every change and "
            "comparison in words takes it in. Several victims of one incident are in it, for records are counted. "
            "Limits of rates in tables are those of chance alone, and narrower."
        )
        measures = (
            _("{measure} {number}").format(
                measure=inputs.in_sentence(one.definition), number=f"{one.value:.1f}"
            )
            for one in known
        )
        lines.append(words.format(measures="; ".join(measures)))
    if unknown:
        assumed = dispersion_of(None)
        words = _(
            "It could not be measured here ({reasons}) of: {measures}. In its place stands {change} for a change and "
            "{comparison} for a rate beside another, those of real boroughs: too wide rather than too narrow."
        )
        lines.append(
            words.format(
                reasons="; ".join(sorted({_(one.note) for one in unknown})),
                measures="; ".join(inputs.in_sentence(one.definition) for one in unknown),
                change=f"{assumed.value:g}",
                comparison=f"{assumed.comparison:g}",
            )
        )
    return (Note(_("How much counts vary by themselves"), tuple(lines)),) if lines else ()


def _not_held(inputs: PackInputs) -> tuple[str, ...]:
    """Which kinds of source the region does not hold; empty where it holds all that the pack is made for."""
    absent = [inputs.source_not_held(source) for source in inputs.sources_not_held()]
    if not absent:
        return ()
    words = _(
        "Kinds of source that this region does not hold, so that nothing of them is in this pack: {kinds}."
    )
    return (words.format(kinds="; ".join(absent)),)


def _region_notes(inputs: PackInputs) -> tuple[Note, ...]:
    """Whose data maps, names and populations are, as their licences ask; and what to bear in mind of them."""
    left_out = "; ".join(inputs.region_lines("left_out"))
    remarks = (
        *inputs.region_lines("notes"),
        *([_("Not held of this region: {what}.").format(what=left_out)] if left_out else []),
        *_transform(inputs),
    )
    licences = Note(_("Licences and sources of maps, names and numbers"), inputs.licences)
    about = Note(_("What to know of maps and populations"), remarks)
    return tuple(note for note in (licences, about) if note.lines)


def _transform(inputs: PackInputs) -> tuple[str, ...]:
    """In which projection places are held, and how far they may have moved on the way to it."""
    crs, error_m = inputs.region.get("crs"), inputs.region.get("transform_error_m")
    if not crs or error_m is None:
        return ()
    words = _("Places are held in metres of {crs}.")
    if error_m > 0:
        words = _("Places are held in metres of {crs}, which may move them by about {error} m.")
    elif error_m < 0:
        words = _("Places are held in metres of {crs}; by how much that may move them is not known.")
    return (words.format(crs=crs, error=f"{float(error_m):g}"),)
