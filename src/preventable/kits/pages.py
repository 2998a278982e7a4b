"""A kit as a page: what a row is, every column in words, every code. Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from preventable.kits import Kit

#: Parts of a mapping whose columns fill no field of their own.
_PERIOD = ("month", "start", "end")


def kit_page(kit: Kit, *, depth: int = 1) -> str:
    """The page of a kit.

    Args:
        kit: The kit.
        depth: Of its heading.
    """
    mapped, deeper = kit.mapped, "#" * (depth + 1)
    lines = [
        f"{'#' * depth} {kit.name}: {kit.title}",
        "",
        f"A row is {kit.row}.",
        "",
        f"{_written(mapped['file'])} Times are of the clock of {mapped.get('time', {}).get('zone', 'Europe/London')}.",
        "",
        f"{deeper} Columns of {kit.name}",
        "",
        "| Column | Must be filled | What to write | Fills |",
        "|---|---|---|---|",
        *(_column(kit, mapped, header) for header in kit.columns),
    ]
    if kit.notes:
        lines += ["", *(f"- {note}" for note in kit.notes)]
    for field, codes in mapped.get("codes", {}).items():
        lines += ["", f"{deeper} Codes of {kit.name} for {field}", "", "| Code | Is |", "|---|---|"]
        lines += [f"| {_cell(_code(code))} | {_cell(word)} |" for code, word in codes.items()]
    about = kit.about
    lines += [
        "",
        f"Owner: {about['owner']}. Reviewed {about['reviewed']} by {about['reviewer']}, again by {about['review_by']}.",
        f"Source: {about['source']}.",
    ]
    return "\n".join(lines) + "\n"


def samples_page(every: Sequence[Kit]) -> str:
    """What lies in a folder of samples, and what to do with it."""
    lines = [
        "# Samples of every kind of source",
        "",
        "Everything here is invented. `pages/` tells each layout, `submissions/` has a month in it, `region/mappings/`",
        "reads it, `policy/sources/` declares the kinds that a partnership declares itself.",
        "",
        "| Kit | Is | A row |",
        "|---|---|---|",
        *(f"| [{kit.name}](pages/{kit.name}.md) | {kit.title} | {kit.row} |" for kit in every),
        "",
        "Hold a file of your own against a kit; nothing need be set up, and nothing is sent or stored:",
        "",
        "    preventable conform FILE --kind KIT",
        "",
        "Take the samples through the door, in a home of their own:",
        "",
        "    PREVENTABLE_POLICY=POLICY:policy preventable submit submissions --home HOME --region region",
        "",
        "POLICY is the folder of the policy that came with the program.",
    ]
    return "\n".join(lines) + "\n"


def _written(file: Mapping[str, Any]) -> str:
    if file["format"] != "csv":
        return f"A file of the kind {file['format']}."
    return f"CSV in {file.get('encoding', 'utf-8')}, parted by `{file.get('delimiter', ',')}`, a header line first."


def _column(kit: Kit, mapped: Mapping[str, Any], header: str) -> str:
    must = "yes" if header in kit.must else ""
    return f"| `{header}` | {must} | {_cell(kit.columns[header])} | {_cell(_fills(mapped, header))} |"


def _fills(mapped: Mapping[str, Any], header: str) -> str:
    """The fields that a column fills, in words where it fills none."""
    fields = [
        f"`{field}`"
        for field, headers in mapped["columns"].items()
        if header == headers or (isinstance(headers, list) and header in headers)
    ]
    if header in [mapped["period"].get(name) for name in _PERIOD]:
        fields.append("the month of the file")
    if header in mapped.get("record_number", {}).get("columns", ()):
        fields.append("the number made of the row")
    return ", ".join(fields) or "nothing: it is dropped at the door"


def _code(code: str) -> str:
    return "every other" if code == "*" else code


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
