"""A page as the tests of the packs see it: elements in order, with their words."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from unittest.mock import patch

from packs_world import World

from preventable.stages.packs import stage
from preventable.stages.packs.blocks import Document
from preventable.stages.packs.html import render_html
from preventable.stages.packs.inputs import PackInputs

_VOID = {"meta", "br", "link", "input", "img", "hr"}


@dataclass
class Element:
    """An element: tag, attributes, own and inner words, the tags around it."""

    tag: str
    attributes: dict[str, str | None]
    around: tuple[str, ...]
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All words inside, one space apart."""
        return " ".join("".join(self.words).split())


class Page(HTMLParser):
    """Elements of a page in order; `texts` are its visible text nodes."""

    def __init__(self, content: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.texts: list[tuple[str, tuple[str, ...]]] = []
        self._open: list[Element] = []
        self.feed(content.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), tuple(e.tag for e in self._open))
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs), tuple(e.tag for e in self._open)))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.words.append(data)
        if data.strip() and not any(e.tag in ("style", "script") for e in self._open):
            self.texts.append((" ".join(data.split()), tuple(e.tag for e in self._open)))

    def all(self, *tags: str) -> list[Element]:
        """Elements with one of the tags."""
        return [element for element in self.elements if element.tag in tags]

    def table(self, anchor: str) -> list[list[Element]]:
        """Rows of the table with that id: heads and cells."""
        rows: list[list[Element]] = []
        inside = False
        for element in self.elements:
            if element.tag == "table":
                inside = element.attributes.get("id") == anchor
            elif inside and element.tag == "tr":
                rows.append([])
            elif inside and element.tag in ("th", "td"):
                rows[-1].append(element)
        return rows


def only_page(world: World, path: str) -> bytes:
    """One page of a world: of its partner alone, and in no other format, none of which a test of a page looks at."""
    return only_pages(world.only(path.partition("/")[0]))[path]


def only_pages(world: World) -> dict[str, bytes]:
    """The pages of a world, without workbooks, PDF and CSV."""

    def page(_inputs: PackInputs, document: Document) -> dict[str, bytes]:
        return {f"{document.stem}.html": render_html(document)}

    with patch.object(stage, "_files", page):
        return stage.make_packs(world.engine(), world.context)
