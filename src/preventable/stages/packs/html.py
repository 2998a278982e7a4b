"""A document as one HTML file, and the page that leads to all: no script, no outside reference, all inside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files

import jinja2
from markupsafe import Markup

from preventable.stages.packs.blocks import Block, Document, Figure, Heading
from preventable.stages.packs.svg import described_svg
from preventable.stages.packs.words import _, data_file, label, listed

_FRAME = "frame.html.jinja"


def render_html(document: Document) -> bytes:
    """The document as UTF-8 HTML."""
    template = _environment().get_template("pack.html.jinja")
    page = template.render(
        document=document,
        language=document.language,
        classification=document.classification,
        invented=document.invented,
        sections=[block for block in document.blocks if isinstance(block, Heading) and block.level == 2],
        style=page_style(),
        kind=label("document", document.name),
    )
    return page.encode("utf-8")


def render_index(documents: Sequence[Document], *, title: str) -> bytes:
    """One page that leads to every document of a release, by kind and partner.

    Args:
        documents: At least one, all of one release.
        title: Its heading.
    """
    template = _environment().get_template("index.html.jinja")
    first = documents[0]
    kinds = {kind: [d for d in documents if d.name == kind] for kind in sorted({d.name for d in documents})}
    page = template.render(
        title=title,
        language=first.language,
        classification=listed(sorted({document.classification for document in documents})),
        invented=first.invented,
        release=first.release,
        kinds=list(kinds.items()),
        endings=("pdf", "xlsx", "ods", "csv"),
        style=page_style(),
    )
    return page.encode("utf-8")


def page_environment(template: Callable[[str], str]) -> jinja2.Environment:
    """What makes a page of a template: nothing unescaped, nothing undefined; words through gettext.

    Args:
        template: Gives the text of a template by its name; `frame.html.jinja` is asked for here.
    """
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _template(name) if name == _FRAME else template(name)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update({"_": _, "label": label})
    return environment


def page_style(own: str = "") -> Markup:
    """The style of every page, colours first, and after it what one kind of page adds."""
    colours = data_file("palette.toml")["page"]
    names = "".join(f"--{name.replace('_', '-')}:{colour};" for name, colour in colours.items())
    return Markup(f":root{{{names}}}\n{_resource('style.css')}{own}")


@cache
def _environment() -> jinja2.Environment:
    environment = page_environment(_template)
    environment.filters["block_name"] = _block_name
    environment.filters["drawing"] = _drawing
    return environment


def _template(name: str) -> str:
    return _resource(f"templates/{name}")


def _resource(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _block_name(block: Block) -> str:
    return type(block).__name__


def _drawing(figure: Figure) -> Markup:
    # Safe: made by vl-convert from our own specification; words are escaped there.
    return Markup(
        described_svg(figure.spec, anchor=figure.anchor, title=figure.title, description=figure.description)
    )
