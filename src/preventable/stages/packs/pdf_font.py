"""The font that PDF packs are set in: where it lies, which characters it has, and how wide they are."""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files

import typst

#: Name of the only family that a PDF holds; its files and licence lie in `fonts/`.
FAMILY = "Liberation Sans"
#: Stands for a character that the font lacks.
LACKING = "\u25a1"

_REGULAR, _BOLD = "LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"


@cache
def shipped_fonts() -> typst.Fonts:
    """The shipped family alone: none of the machine, none of those inside Typst."""
    with as_file(files(__package__) / "fonts") as folder:
        return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def printable(text: str) -> str:
    """Text as the font can show it: Typst refuses a PDF/UA with a character that the font lacks.

    White space becomes a space, as on a web page. A character without a sign of its own that the font lacks is left
    out, any other becomes `LACKING`.

    Example:
        >>> printable("Łódź 北\\tBar")
        'Łódź □ Bar'
    """
    spaced = re.sub(r"[\t\n\v\f\r\u2028\u2029]+", " ", text)
    return "".join(map(_as_shown, spaced))


def text_width_em(text: str, *, bold: bool = False) -> float:
    """Width of a line of text in multiples of the size of the font, kerning left aside.

    Example:
        >>> round(text_width_em("1,250"), 3)
        2.502
    """
    widths = _widths_em(_BOLD if bold else _REGULAR)
    return sum(widths.get(ord(one), 0.0) for one in text)


@cache
def _as_shown(one: str) -> str:
    """A character, or what stands for it where the font lacks it."""
    if all(ord(one) in _widths_em(name) for name in (_REGULAR, _BOLD)):
        return one
    return "" if unicodedata.category(one) in ("Cf", "Cc") else LACKING


@cache
def _widths_em(name: str) -> Mapping[int, float]:
    """Advance of each character of a TrueType font (OpenType specification: cmap format 4, head, hhea, hmtx)."""
    font = (files(__package__) / "fonts" / name).read_bytes()
    (count,) = struct.unpack_from(">H", font, 4)
    tables = {
        font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in range(12, 12 + 16 * count, 16)
    }
    (units,) = struct.unpack_from(">H", font, tables[b"head"] + 18)
    (advances,) = struct.unpack_from(">H", font, tables[b"hhea"] + 34)

    def advance(glyph: int) -> float:
        at = tables[b"hmtx"] + 4 * min(glyph, advances - 1)
        return float(struct.unpack_from(">H", font, at)[0] / units)

    return {code: advance(glyph) for code, glyph in _glyphs(font, tables[b"cmap"]).items()}


def _glyphs(font: bytes, cmap: int) -> dict[int, int]:
    """Character to glyph, of the table for Unicode's first plane."""
    (subtables,) = struct.unpack_from(">H", font, cmap + 2)
    records = [struct.unpack_from(">HHI", font, cmap + 4 + 8 * n) for n in range(subtables)]
    at = cmap + next(offset for platform, encoding, offset in records if (platform, encoding) == (3, 1))
    twice = struct.unpack_from(">H", font, at + 6)[0]
    ends, starts, deltas, ranges = (
        struct.unpack_from(f">{twice // 2}H", font, at + 14 + offset)
        for offset in (0, twice + 2, 2 * twice + 2, 3 * twice + 2)
    )
    found = {}
    for n, (start, end, delta, near) in enumerate(zip(starts, ends, deltas, ranges, strict=True)):
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = code + delta
            if near:
                where = at + 16 + 3 * twice + 2 * n + near + 2 * (code - start)
                (listed,) = struct.unpack_from(">H", font, where)
                glyph = listed + delta if listed else 0
            if glyph & 0xFFFF:
                found[code] = glyph & 0xFFFF
    return found
