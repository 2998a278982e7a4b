"""Draw the pictures of docs/explanation/overdispersion.md from generated counts: overdispersion-*.svg beside it.

.venv/bin/python scripts/draw_explanations.py     prints what the alternative texts must say

Counts are negative binomial, with the variance over mean of real months of two years (benchmarks/README.md); in no area
did anything change. No real area is in them.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from preventable.methods.changes import Change, change_between, level_dispersion  # noqa: E402

PICTURES = ROOT / "docs" / "explanation" / "pictures"
PALETTE = tomllib.loads((ROOT / "src/preventable/stages/packs/palette.toml").read_text(encoding="utf-8"))
INK, QUIET, GRID = PALETTE["page"]["ink"], PALETTE["page"]["quiet"], PALETTE["chart"]["grid"]
BLUE, ORANGE = PALETTE["chart"]["pair"]
WIDTH, HEIGHT = 720, 340
#: Level: areas, least and greatest mean of a month, variance over mean.
LEVELS = {
    "small areas": (600, 1.5, 6.0, 1.4),
    "wards": (400, 10.0, 60.0, 1.7),
    "boroughs": (400, 300.0, 3_000.0, 5.6),
}
_DISTRICTS, _SEED = 12, 11
Changes = list[tuple[Change, Change]]


def changes(areas: int, low: float, high: float, phi: float, seed: int) -> Changes:
    """Of each area the change between two years without any: with limits of pure chance and with phi."""
    random = np.random.default_rng(seed)
    means = np.exp(random.uniform(math.log(low), math.log(high), (areas, 1))) * np.ones((1, 12))
    years = [random.poisson(random.gamma(means / (phi - 1)) * (phi - 1)).astype(float) for _ in range(2)]
    measured = level_dispersion(*years, winsorised=0.1).value
    earlier, later = (year.sum(axis=1) for year in years)
    return [
        (change_between(x, y, dispersion=1.0), change_between(x, y, dispersion=measured))
        for x, y in zip(earlier, later, strict=True)
        if x + y >= 20
    ]


def sure(change: Change) -> bool:
    """Whether its limits leave out no change."""
    return change.lower > 1 or change.upper < 1


def text(x: float, y: float, words: str, *, size: int = 13, anchor: str = "start", fill: str = INK) -> str:
    """A line of text."""
    where = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"'
    return f"<text {where}>{escape(words)}</text>"


def line(x1: float, y1: float, x2: float, y2: float, colour: str, *, width: float = 1, dash: str = "") -> str:
    """A straight line."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width:g}"{dashes}/>'
    )


def svg(title: str, description: str, parts: Sequence[str]) -> str:
    """A picture with its title and description."""
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(title)}" font-family="Liberation Sans, Arial, Helvetica, sans-serif">',
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(description)}</desc>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            *parts,
            "</svg>",
            "",
        )
    )


def limits_picture(found: Changes) -> tuple[str, str]:
    """Changes of districts with either limits, side by side, and what they show in words."""
    naive, right = ([pair[at] for pair in found] for at in (0, 1))
    said = (
        f"{len(found)} districts in which nothing changed. Left, with limits of pure chance, "
        f"{sum(map(sure, naive))} leave out no change; right, with the measured dispersion, {sum(map(sure, right))}."
    )
    parts = []
    reach = max(abs(math.log(end)) for one in right for end in (one.lower, one.upper))
    for left, title, shown in (
        (40, "Limits of pure chance", naive),
        (390, "Limits with the districts' phi", right),
    ):
        middle, scale = left + 145, 140 / reach
        parts += [text(left, 26, title, size=15), line(middle, 42, middle, 296, QUIET)]
        for place, one in enumerate(shown):
            y, out = 56 + 20 * place, sure(one)
            low, at, high = (middle + scale * math.log(end) for end in (one.lower, one.ratio, one.upper))
            parts.append(line(low, y, high, y, ORANGE if out else BLUE, width=3))
            mark = f'x="{at - 5:.1f}" y="{y - 5:.1f}" width="10" height="10"'
            parts.append(
                f'<rect {mark} fill="{ORANGE}"/>'
                if out
                else f'<circle cx="{at:.1f}" cy="{y:.1f}" r="5" fill="{BLUE}"/>'
            )
        for percent in (-20, -10, 0, 10, 20):
            x = middle + scale * math.log1p(percent / 100)
            if left - 10 <= x <= left + 300:
                parts.append(text(x, 314, f"{percent:+d} %".replace("+0", "0"), anchor="middle", fill=QUIET))
    parts.append(
        text(
            40, 334, "Squares: “rose” or “fell” would be said, and would be false. Circles: no clear change."
        )
    )
    return svg("Changes of districts in which nothing changed", said, parts), said


def headlines_picture(found: dict[str, Changes]) -> tuple[str, str]:
    """Share of areas of each level of which "rose" or "fell" would be said, and the same in words."""
    shares = {
        level: [100 * sum(sure(pair[at]) for pair in pairs) / len(pairs) for at in (0, 1)]
        for level, pairs in found.items()
    }
    told = "; ".join(f"{level} {naive:.0f} % and {right:.0f} %" for level, (naive, right) in shares.items())
    said = f"Share of areas falsely said to have risen or fallen, by pure chance and with phi: {told}."
    parts = [text(40, 26, "Said to have risen or fallen, though nothing changed", size=15)]
    scale = 440 / 50
    for percent in (0, 10, 20, 30, 40, 50):
        x = 180 + scale * percent
        parts += [line(x, 44, x, 280, GRID), text(x, 298, f"{percent} %", anchor="middle", fill=QUIET)]
    for place, (level, pair) in enumerate(shares.items()):
        y = 56 + 76 * place
        parts.append(text(170, y + 32, level, size=14, anchor="end"))
        for row, (share, colour) in enumerate(zip(pair, (ORANGE, BLUE), strict=True)):
            top = y + 26 * row
            parts.append(
                f'<rect x="180" y="{top}" width="{scale * share:.1f}" height="22" fill="{colour}" stroke="{INK}"/>'
            )
            words = f"{share:.0f} % {('by pure chance', 'with phi')[row]}"
            parts.append(text(188 + scale * max(share, 5.0), top + 16, words))
    x = 180 + scale * 5
    parts += [
        line(x, 44, x, 280, INK, width=2, dash="6 3"),
        text(40, 326, "Broken line: the 5 % that 95 % limits promise."),
    ]
    return svg("How often a headline is false", said, parts), said


def main() -> None:
    """Write both pictures."""
    districts = changes(_DISTRICTS, 300.0, 3_000.0, 5.6, _SEED)
    levels = {name: changes(*level, _SEED) for name, level in LEVELS.items()}
    for name, (picture, said) in {
        "overdispersion-limits": limits_picture(districts),
        "overdispersion-headlines": headlines_picture(levels),
    }.items():
        (PICTURES / f"{name}.svg").write_text(picture, encoding="utf-8")
        print(f"{name}: {said}")


if __name__ == "__main__":
    main()
