"""A document as PDF/UA-1, from the same blocks as the page: the only code that knows how to set one with Typst.

Words, numbers and drawings reach the template (`templates/pack.typ`) as one JSON text; none is ever read as Typst.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import typst

from preventable.stages.packs.blocks import (
    Actions,
    Block,
    Document,
    Figure,
    Heading,
    Note,
    Paragraph,
    Provenance,
    TableBlock,
)
from preventable.stages.packs.pdf_font import FAMILY, LACKING, printable, shipped_fonts
from preventable.stages.packs.pdf_tables import INSET_PT, LINE_PT, Part, table_setting
from preventable.stages.packs.svg import described_svg
from preventable.stages.packs.words import _, data_file, label

#: May be broken, as no column could hold it.
_LONG_WORD = re.compile(r"[^ \u200b]{41,}")
#: Parts of a block that must stay as they are: drawings and what is said of them, and names, which a reader copies.
_WHOLE = ("drawing", "description", "names")


def render_pdf(document: Document, *, timestamp: dt.datetime) -> bytes:
    """The document as tagged PDF (PDF/UA-1), the same bytes whenever it is made.

    Args:
        document: What to set. A heading that skips a level, or a figure without its place in the outline, is raised
            to the level that fits.
        timestamp: Moment of making as the file tells it, with its time zone: of the release, never of the clock.

    Raises:
        TypeError: A block is of a type that this renderer does not know.
        typst.TypstError: The document breaks a rule of PDF/UA, for instance a drawing without text alternative.
    """
    told = json.dumps(_told(document), ensure_ascii=False, sort_keys=True)
    made = _compiler().compile(
        _template(),
        sys_inputs={"document": told},
        format="pdf",
        pdf_standards=["ua-1"],
        timestamp=timestamp,
    )
    return bytes(made)


def after_month(month: str) -> dt.datetime:
    """The moment a month ends, in UTC: '2025-12' is midnight of 1 January 2026."""
    year, number = map(int, month.split("-"))
    return dt.datetime(year + number // 12, number % 12 + 1, 1, tzinfo=dt.UTC)


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(font_paths=shipped_fonts())


@cache
def _template() -> bytes:
    return (files(__package__) / "templates/pack.typ").read_bytes()


def _told(document: Document) -> dict[str, Any]:
    """Everything that the template needs, in characters that the font has."""
    language, _dash, region = document.language.partition("-")
    told = _fitting({**_frame(document), "blocks": _blocks(document.blocks)})
    lacking = LACKING in json.dumps(told, ensure_ascii=False)
    return {
        **told,
        "language": language,
        "region": region or None,
        "font": FAMILY,
        "line_pt": LINE_PT,
        "inset_pt": INSET_PT,
        "colours": data_file("palette.toml")["page"],
        "lacking": _lacking_words() if lacking else "",
        "has_sections": any(block.get("level") == 2 for block in told["blocks"]),
    }


def _lacking_words() -> str:
    words = _("{sign} stands for a character that this document's font lacks; the page and the CSV have it.")
    return printable(words.format(sign=LACKING))


def _frame(document: Document) -> dict[str, Any]:
    """What stands before, above and below the blocks."""
    kind = label("document", document.name)
    data_to = _("data to {month}").format(month=document.data_as_at)
    release = _("release {release}").format(release=document.release)
    return {
        "title": document.title,
        "classification": document.classification,
        "invented": document.invented,
        "kind": " · ".join((kind, document.partner_name, data_to)),
        "foot": " · ".join((document.classification, kind, document.partner_name, release)),
        "leads": [block.text for block in document.blocks if _is_lead(block)],
        "terms": _terms(document),
        "words": {
            "invented": _("Invented data"),
            "contents": _("Contents"),
            "names": _("Figures"),
            "page": _("page {n} of {all}"),
        },
    }


def _terms(document: Document) -> list[tuple[str, str]]:
    return [
        (_("Classification"), document.classification),
        *([(_("Invented data"), document.invented)] if document.invented else []),
        (_("Period"), document.period),
        (_("Records held to"), document.data_as_at),
        (_("Purpose"), document.purpose),
        (_("Legal basis"), document.legal_basis),
        *([(_("Agreement ends"), document.expires)] if document.expires else []),
    ]


def _is_lead(block: Block) -> bool:
    return isinstance(block, Paragraph) and block.lead


def _blocks(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """Each block as the template takes it: no heading skips a level, a line that leads to a table stays with it."""
    body = [block for block in blocks if not _is_lead(block)]
    made: list[dict[str, Any]] = []
    level = 1
    for n, block in enumerate(body):
        one = _block(block)
        if "level" in one:
            one["level"] = min(one["level"], level + 1)
            level = level if isinstance(block, Figure) else one["level"]
        if isinstance(block, Paragraph):
            one["leads_on"] = isinstance((*body, None)[n + 1], TableBlock | Figure)
        made.append(one)
    return made


def _block(block: Block) -> dict[str, Any]:
    kind = type(block)
    if kind not in _BLOCKS:
        raise TypeError(f"no PDF is made of a block of type {kind.__name__}")
    return {"kind": kind.__name__, **_BLOCKS[kind](block)}


def _table(block: TableBlock) -> dict[str, Any]:
    titles = _fitting([column.title for column in block.columns])
    rows = _fitting([[row.head, *(cell.text for cell in row.cells)] for row in block.rows])
    flush_right = [[False, *(cell.numeric for cell in row.cells)] for row in block.rows]
    setting = table_setting(titles, rows)
    return {
        "size": setting.size_pt,
        "parts": [
            {
                "caption": _part_caption(block, part, of=len(setting.parts)),
                "widths": part.widths_pt,
                "titles": [titles[n] for n in part.columns],
                "numeric": [block.columns[n].numeric for n in part.columns],
                "rows": [
                    {
                        "breaks": setting.breaks(row),
                        "cells": [{"text": row[n], "numeric": right[n]} for n in part.columns],
                    }
                    for row, right in zip(rows, flush_right, strict=True)
                ],
            }
            for part in setting.parts
        ],
        "remarks": block.remarks,
        "source": _source(block.provenance),
    }


def _part_caption(block: TableBlock, part: Part, *, of: int) -> str:
    if of == 1:
        return block.caption
    return _("{caption}, columns {first} to {last} of {n}").format(
        caption=block.caption, first=part.columns[1] + 1, last=part.columns[-1] + 1, n=len(block.columns)
    )


def _figure(block: Figure) -> dict[str, Any]:
    drawn = described_svg(block.spec, anchor=block.anchor, title=block.title, description=block.description)
    return {
        "level": 3,
        "headline": block.headline,
        "title": block.title,
        "summary": block.summary,
        "description": block.description,
        "drawing": drawn,
        "table": {**_table(block.table), "source": _source(block.provenance)},
    }


def _source(where: Provenance | None) -> dict[str, Any]:
    """Provenance as terms, and the names of the figures, one a line."""
    if where is None:
        return {"terms": [], "names": []}
    held = _("records held to {month}").format(month=where.data_as_at)
    more = [_("and others, named in the CSV file")] if where.more_names else []
    terms = [
        (_("Source"), where.source),
        (_("Period"), f"{where.period}; {held}"),
        (_("Not shown"), where.exclusions),
        *([(_("To bear in mind"), where.remarks)] if where.remarks else []),
        (_("Download"), f"{_('Released figures of this pack (CSV)')}: {where.download}"),
    ]
    return {"terms": terms, "names": [*where.names, *more]}


_BLOCKS: Mapping[type, Callable[[Any], dict[str, Any]]] = {
    Heading: lambda block: {"level": block.level, "text": block.text},
    Paragraph: lambda block: {"text": block.text},
    Note: lambda block: {"title": block.title, "lines": block.lines},
    Actions: lambda block: {"level": 2, "title": block.title, "items": block.items},
    TableBlock: _table,
    Figure: _figure,
}


def _fitting(thing: Any, *, whole: bool = False) -> Any:
    """The same thing with its text in characters that the font has and, but for `whole`, no word wider than a line."""
    if isinstance(thing, str):
        fit = printable(thing)
        return fit if whole else _LONG_WORD.sub(lambda word: "\u200b".join(_pieces(word[0])), fit)
    if isinstance(thing, Mapping):
        return {key: _fitting(value, whole=key in _WHOLE) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_fitting(one, whole=whole) for one in thing]
    return thing


def _pieces(word: str) -> list[str]:
    return [word[at : at + 20] for at in range(0, len(word), 20)]
