"""What a PDF says and how it is tagged, read with pikepdf: pages as text, and the tree that a screen reader walks."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pikepdf

_STILL = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass
class Node:
    """An element of the structure tree.

    Attributes:
        tag: Standard type of structure, for instance H1, Table, TH; "text" for words themselves.
        text: Of words themselves, what they say.
        children: Elements inside it, in order.
        alt: Text alternative.
        scope: Of a TH, what it heads.
    """

    tag: str
    text: str = ""
    children: list[Node] = field(default_factory=list)
    alt: str = ""
    scope: str = ""

    def all(self, *tags: str) -> list[Node]:
        """Every element of one of these types, itself or below, in reading order."""
        return [node for node in self.walk() if node.tag in tags]

    def walk(self) -> Iterator[Node]:
        """The element and all below it, in reading order."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def words(self) -> str:
        """All that it says, without white space: a PDF does not keep it at the end of a line."""
        return bare("".join(node.text for node in self.walk()))


def bare(text: str) -> str:
    """Text without white space and without the marks of where a word may, or may not, be broken."""
    return re.sub(r"[\s\u200b\u2060]+", "", text)


class PdfReader:
    """A PDF taken apart.

    Attributes:
        pages: All text of each page in order of drawing, banners and footer too, without white space.
        places: Where each piece of text begins, and its words without white space: page, distance from its left and
            from its lower edge in points.
        root: Top of the structure tree.
        fonts: Names of the fonts in it, without the mark of a subset.
        outline: Level and title of each bookmark, in order.
    """

    def __init__(self, content: bytes) -> None:
        self.pdf = pikepdf.open(io.BytesIO(content))
        self._marked: dict[tuple[int, int], str] = {}
        self._page_of = {page.obj.objgen: n for n, page in enumerate(self.pdf.pages)}
        self.places: list[tuple[int, float, float, str]] = []
        self.pages = [self._read(n, page) for n, page in enumerate(self.pdf.pages)]
        tree = self.pdf.Root.StructTreeRoot
        self._roles = {str(k): str(v) for k, v in tree.get("/RoleMap", {}).items()}
        self.root = self._node(tree, 0)
        fonts = [
            o for o in self.pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/Font"
        ]
        self.fonts = {str(font.BaseFont).lstrip("/").rpartition("+")[2] for font in fonts}
        with self.pdf.open_outline() as outline:
            self.outline = list(_bookmarks(outline.root, 1))

    def of(self, kind: str, key: str) -> list[pikepdf.Dictionary]:
        """Objects with a value under a key, for instance all tiling patterns."""
        return [
            thing
            for thing in self.pdf.objects
            if isinstance(thing, pikepdf.Dictionary | pikepdf.Stream) and str(thing.get(key, "")) == kind
        ]

    def tables(self) -> list[list[list[str]]]:
        """Of each table, its caption as a row of one, then its rows of cells."""
        return [
            [
                [caption.words for caption in table.all("Caption")],
                *([cell.words for cell in row.all("TH", "TD")] for row in table.all("TR")),
            ]
            for table in self.root.all("Table")
        ]

    def _read(self, number: int, page: pikepdf.Page) -> str:
        """Text of a page; keeps the words of each marked part and where they stand."""
        fonts = {name: _unicode(font) for name, font in page.resources.get("/Font", {}).items()}
        decode: dict[int, str] = {}
        marks: list[tuple[int | None, str | None]] = []
        now, kept, text = _STILL, [], _STILL
        said: list[str] = []
        for operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name == "q":
                kept.append(now)
            elif name == "Q":
                now = kept.pop()
            elif name == "cm":
                now = _times(tuple(map(float, operands)), now)
            elif name == "Tm":
                text = tuple(map(float, operands))
            elif name == "Tf":
                decode = fonts[str(operands[0])]
            elif name in ("BDC", "BMC"):
                told = operands[1] if name == "BDC" and isinstance(operands[1], pikepdf.Dictionary) else {}
                marks.append((told.get("/MCID"), str(told["/ActualText"]) if "/ActualText" in told else None))
                self._say(number, marks, said, marks[-1][1] or "")
            elif name == "EMC":
                marks.pop()
            elif name in ("Tj", "TJ"):
                words = _decoded(operands[0], decode)
                self.places.append((number, *_times(text, now)[4:], bare(words)))
                if all(actual is None for _mcid, actual in marks):
                    self._say(number, marks, said, words)
        return bare("".join(said))

    def _say(self, page: int, marks: list[tuple[int | None, str | None]], said: list[str], text: str) -> None:
        said.append(text)
        mcid = next((int(mcid) for mcid, _actual in reversed(marks) if mcid is not None), None)
        if mcid is not None:
            self._marked[page, mcid] = self._marked.get((page, mcid), "") + text

    def _node(self, element: pikepdf.Object, page: int) -> Node:
        tag = str(element.get("/S", "/Root"))
        node = Node(self._roles.get(tag, tag).lstrip("/"), alt=str(element.get("/Alt", "")))
        page = self._page_of[element.Pg.objgen] if "/Pg" in element else page
        for attributes in _listed(element.get("/A")):
            node.scope = str(attributes.get("/Scope", node.scope)).lstrip("/")
        for kid in _listed(element.get("/K")):
            if isinstance(kid, int):
                node.children.append(Node("text", text=self._marked.get((page, kid), "")))
            elif kid.get("/Type") == "/MCR":
                on = self._page_of[kid.Pg.objgen] if "/Pg" in kid else page
                node.children.append(Node("text", text=self._marked.get((on, int(kid.MCID)), "")))
            elif kid.get("/Type") != "/OBJR":
                node.children.append(self._node(kid, page))
        return node


def _bookmarks(items: list[pikepdf.OutlineItem], level: int) -> Iterator[tuple[int, str]]:
    for item in items:
        yield level, item.title
        yield from _bookmarks(item.children, level + 1)


def _times(one: tuple[float, ...], two: tuple[float, ...]) -> tuple[float, ...]:
    """Product of two transformations as PDF writes them: a b c d e f."""
    a, b, c, d, e, f = one
    g, h, i, j, k, m = two
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m)


def _listed(value: object) -> list:
    if value is None:
        return []
    return list(value) if isinstance(value, pikepdf.Array) else [value]


def _decoded(shown: pikepdf.Object, decode: dict[int, str]) -> str:
    parts = (
        [shown] if isinstance(shown, pikepdf.String) else [p for p in shown if isinstance(p, pikepdf.String)]
    )
    raw = b"".join(map(bytes, parts))
    return "".join(decode[int.from_bytes(raw[at : at + 2], "big")] for at in range(0, len(raw), 2))


def _unicode(font: pikepdf.Object) -> dict[int, str]:
    """What each code of a font stands for, from its own table."""
    table = font.ToUnicode.read_bytes().decode("ascii")
    found: dict[int, str] = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for code, text in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            for n in range(int(first, 16), int(last, 16) + 1):
                found[n] = chr(int(text, 16) + n - int(first, 16))
    return found
