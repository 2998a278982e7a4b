"""From a chart's specification to described SVG: the only code that knows vl-convert."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

import vl_convert

from preventable.stages.packs.words import data_file

#: Colours that stand for a pattern in a specification, as Vega knows none; never drawn themselves.
HATCHES = {"[c]": "#0bad0c", "[x]": "#0bad0e"}

_ROOT = re.compile(r"<svg\b[^>]*?width=\"([\d.]+)\"[^>]*?height=\"([\d.]+)\"[^>]*>")
_ROLES = re.compile(r" (?:role|aria-[a-z]+|pointer-events|xmlns:xlink)=\"[^\"]*\"")


@lru_cache(maxsize=512)
def _drawn(spec: str) -> str:
    """SVG of a Vega-Lite specification; the same specification is drawn once."""
    return vl_convert.vegalite_to_svg(spec, vl_version="6.4")


def described_svg(spec: str, *, anchor: str, title: str, description: str) -> str:
    """One drawing with its title and description, hatched where the specification asks for it.

    Args:
        spec: Vega-Lite specification as JSON.
        anchor: Id unique in the page; begins every id of the drawing.
        title: Short name of the drawing.
        description: Text alternative.

    Returns:
        An `<svg role="img">` element without script, style sheet or outside reference.
    """
    drawn = _ROLES.sub("", _drawn(spec))
    root = _ROOT.search(drawn)
    width, height = root.group(1), root.group(2)
    for token, colour in HATCHES.items():
        drawn = drawn.replace(f'"{colour}"', f'"url(#{anchor}-{_pattern_name(token)})"')
    body = drawn[root.end() :]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="drawing" role="img" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'aria-labelledby="{anchor}-title {anchor}-desc">'
        f'<title id="{anchor}-title">{escape(title)}</title>'
        f'<desc id="{anchor}-desc">{escape(description)}</desc>'
        f"{_patterns(anchor)}{body}"
    )


def _pattern_name(token: str) -> str:
    return {"[c]": "confidential", "[x]": "unavailable"}[token]


def _patterns(anchor: str) -> str:
    colours = data_file("palette.toml")["chart"]
    line, paper = colours["hatch_line"], colours["hatch_paper"]
    stripes = f'<path d="M-1,7L7,-1M-1,1L1,-1M5,7L7,5" stroke="{line}" stroke-width="1"/>'
    crosses = f'<path d="M1,1L5,5M5,1L1,5" stroke="{line}" stroke-width="1"/>'
    made = ""
    for token, lines in (("[c]", stripes), ("[x]", crosses)):
        made += (
            f'<pattern id="{anchor}-{_pattern_name(token)}" '
            'width="6" height="6" patternUnits="userSpaceOnUse">'
            f'<rect width="6" height="6" fill="{paper}"/>{lines}</pattern>'
        )
    return f"<defs>{made}</defs>"
