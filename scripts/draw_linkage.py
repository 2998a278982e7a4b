"""Draw the pictures of the pages on linkage from the invented county: docs/explanation/pictures/*.svg.

.venv/bin/python scripts/draw_linkage.py preventable-home     the home that `./preventable demo` made
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from preventable.engine.duckdb import DuckDBEngine  # noqa: E402
from preventable.settings import load_policy  # noqa: E402
from preventable.stages.linkage.candidates import load_sides, whole_weeks  # noqa: E402
from preventable.stages.linkage.comparisons import read_models  # noqa: E402
from preventable.stages.linkage.policy import read_linkage_policy  # noqa: E402
from preventable.stages.linkage.prepare import prepare_records  # noqa: E402
from preventable.stages.linkage.windows import nearness, number_near, read_windows  # noqa: E402
from preventable.store.home import open_home  # noqa: E402
from preventable.store.session import reading  # noqa: E402

PICTURES = ROOT / "docs" / "explanation" / "pictures"
PALETTE = tomllib.loads((ROOT / "src/preventable/stages/packs/palette.toml").read_text(encoding="utf-8"))
INK, QUIET, GRID = PALETTE["page"]["ink"], PALETTE["page"]["quiet"], PALETTE["chart"]["grid"]
BLUE, ORANGE = PALETTE["chart"]["pair"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 70, 20, 46, 56
_NEAR_M, _HOURS, _SHIFTS = 300, 12, (-2, -1, 1, 2)
_TITLES = {"ed": "emergency departments", "ambulance": "ambulance"}


def counted_gaps(engine: DuckDBEngine, widest_min: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of an ambulance and a police record within 300 m by whole hours between them: as they are, and shifted."""
    model = next(one for one in read_models() if one.pair == "ambulance_police")
    whole = whole_weeks(engine, model)

    def counted(shift: int) -> np.ndarray:
        load_sides(engine, model, whole, widest_min, shift)
        rows = engine.fetch(
            "SELECT CAST(floor((l.contact_min - (r.from_min + r.to_min) / 2.0) / 60) AS BIGINT) AS hours,"
            " count(*) AS pairs"
            " FROM linkage_left AS l JOIN linkage_right AS r"
            " ON l.contact_min - $span <= r.to_min AND r.from_min <= l.contact_min + $span"
            " WHERE l.week IS NOT NULL AND r.week IS NOT NULL AND r.to_min - r.from_min <= 180"
            " AND (l.x_m - r.x_m) * (l.x_m - r.x_m) + (l.y_m - r.y_m) * (l.y_m - r.y_m) <= $near"
            " GROUP BY 1",
            {"span": _HOURS * 60 + 180, "near": _NEAR_M**2},
        ).to_pylist()
        found = np.zeros(2 * _HOURS)
        for row in rows:
            if -_HOURS <= row["hours"] < _HOURS:
                found[row["hours"] + _HOURS] = row["pairs"]
        return found

    load_sides(engine, model, whole, widest_min, 0)
    return counted(0), np.mean([counted(shift) for shift in _SHIFTS], axis=0)


def picture(title: str, description: str, marks: Iterable[str]) -> str:
    """An SVG with a title and words for those who do not see it."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
            f' aria-label="{escape(title)}" font-family="Liberation Sans, Arial, Helvetica, sans-serif">',
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(description)}</desc>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            *marks,
            "</svg>\n",
        ]
    )


def text(x: float, y: float, words: str, *, anchor: str = "middle", size: int = 13, colour: str = INK) -> str:
    """A line of text."""
    look = f'font-size="{size}" fill="{colour}" text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1, dash: str = "") -> str:
    """A straight line."""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"{dashes}/>'


def bar(x: float, y: float, width: float, colour: str) -> str:
    """A bar that stands on the axis."""
    height = HEIGHT - BOTTOM - y
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def draw_null(real: np.ndarray, shifted: np.ndarray) -> str:
    """Pairs by hours apart, as they are and with the police records weeks away."""
    top = float(real.max()) * 1.08
    step = (WIDTH - LEFT - RIGHT) / len(real)

    def y_of(value: float) -> float:
        return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)

    marks = [
        text(LEFT, 24, "Pairs of an ambulance and a police record within 300 m", anchor="start", size=15)
    ]
    for value in np.linspace(0, round(top / 1.08, -2), 5):
        marks += [
            line(LEFT, y_of(value), WIDTH - RIGHT, y_of(value), GRID),
            text(LEFT - 8, y_of(value) + 4, f"{value:,.0f}", anchor="end", colour=QUIET),
        ]
    for place, pairs in enumerate(real.tolist()):
        x = LEFT + place * step
        marks.append(bar(x + 1, y_of(pairs), step - 2, BLUE))
    points = [(LEFT + (place + 0.5) * step, y_of(pairs)) for place, pairs in enumerate(shifted.tolist())]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    marks.append(f'<polyline points="{path}" fill="none" stroke="{ORANGE}" stroke-width="3"/>')
    marks += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{ORANGE}"/>' for x, y in points]
    for hours in range(-_HOURS, _HOURS + 1, 3):
        marks.append(
            text(
                LEFT + (hours + _HOURS) * step,
                HEIGHT - BOTTOM + 18,
                f"{hours:+d} h" if hours else "0",
                colour=QUIET,
            )
        )
    marks.append(
        text(
            (LEFT + WIDTH - RIGHT) / 2,
            HEIGHT - 14,
            "call to the ambulance after (+) or before (-) the offence",
        )
    )
    right = WIDTH - RIGHT - 210
    marks += [
        f'<rect x="{right}" y="{TOP + 8}" width="16" height="12" fill="{BLUE}"/>',
        text(right + 24, TOP + 19, "as they are", anchor="start"),
        line(right, TOP + 36, right + 16, TOP + 36, ORANGE, 3),
        text(right + 24, TOP + 41, "police records weeks away", anchor="start"),
    ]
    said = (
        f"Bars: most pairs, {real.max():,.0f}, lie within the hour after the offence. Line: police records"
        f" weeks away, {shifted.min():,.0f} to {shifted.max():,.0f} pairs in every hour."
    )
    return picture("What chance brings together", said, marks)


def draw_windows(shares: Sequence[tuple[int, int, float, float]], truth: float, source: str) -> str:
    """The plain share known to police by window, and what is true."""
    minutes, metres = (sorted({one[place] for one in shares}) for place in (0, 1))
    step = (WIDTH - LEFT - RIGHT - 140) / len(metres)

    def y_of(share: float) -> float:
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    marks = [
        text(LEFT, 24, f"Share known to police by plain counting, {_TITLES[source]}", anchor="start", size=15)
    ]
    for share in np.linspace(0, 1, 6):
        marks += [
            line(LEFT, y_of(share), WIDTH - RIGHT - 140, y_of(share), GRID),
            text(LEFT - 8, y_of(share) + 4, f"{100 * share:.0f} %", anchor="end", colour=QUIET),
        ]
    marks += [
        line(LEFT, y_of(truth), WIDTH - RIGHT - 140, y_of(truth), INK, 2, "7 4"),
        text(WIDTH - RIGHT - 132, y_of(truth) + 4, f"true: {100 * truth:.0f} %", anchor="start"),
    ]
    width = step / (len(minutes) + 1)
    tints = ["#6BACE6", "#4a8fd1", "#2073BC", "#1a5994", "#12436D"]
    for column, metre in enumerate(metres):
        for row, minute in enumerate(minutes):
            near, chance = next((one[2], one[3]) for one in shares if one[:2] == (minute, metre))
            x = LEFT + column * step + (row + 0.5) * width
            marks.append(bar(x, y_of(near), width - 3, tints[row]))
            marks.append(line(x, y_of(chance), x + width - 3, y_of(chance), ORANGE, 3))
        marks.append(
            text(LEFT + (column + 0.5) * step, HEIGHT - BOTTOM + 18, f"within {metre:,} m", colour=QUIET)
        )
    for row, minute in enumerate(minutes):
        at = TOP + 164 + 20 * row
        words = f"{minute} min" if minute < 60 else f"{minute // 60} h"
        marks += [
            f'<rect x="{WIDTH - RIGHT - 132}" y="{at - 10}" width="14" height="12" fill="{tints[row]}"/>',
            text(WIDTH - RIGHT - 112, at, words, anchor="start"),
        ]
    at = TOP + 164 + 20 * len(minutes)
    marks += [
        line(WIDTH - RIGHT - 132, at - 4, WIDTH - RIGHT - 118, at - 4, ORANGE, 3),
        text(WIDTH - RIGHT - 112, at, "by chance alone", anchor="start"),
    ]
    marks.append(
        text(
            LEFT + (WIDTH - LEFT - RIGHT - 140) / 2,
            HEIGHT - 14,
            "a police record is counted where it is so near in time (colour) and place",
        )
    )
    least, most = min(one[2] for one in shares), max(one[2] for one in shares)
    said = (
        f"By the window alone the share runs from {100 * least:.0f} % to {100 * most:.0f} %; the true share"
        f" is {100 * truth:.0f} %. In the widest window chance alone gives {100 * max(one[3] for one in shares):.0f} %."
    )
    return picture(f"Plain shares by window, {_TITLES[source]}", said, marks)


def main(folder: Path) -> None:
    """Write the pictures."""
    home = open_home(folder)
    truth = json.loads((folder / "demo" / "truth" / "truth.json").read_text(encoding="utf-8"))
    policy = read_linkage_policy(load_policy())
    widest = policy.widest_window_hours * 60
    engine = DuckDBEngine(threads=1)
    with reading(home) as tables:
        engine.load("located_records", tables.read("located_records"))
    engine.load("small_areas", home.region_table("small_areas"))
    prepare_records(engine, policy)
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / "null.svg").write_text(draw_null(*counted_gaps(engine, widest)), encoding="utf-8")
    rules = read_windows()
    for one in nearness(engine, minutes=rules["minutes"], metres=rules["metres"], widest_min=widest):
        records = sum(one.records.values())
        shares = [
            (
                minutes,
                metres,
                *(number_near(of or {}, minutes, metres) / records for of in (one.near, one.by_chance)),
            )
            for minutes in rules["minutes"]
            for metres in rules["metres"]
        ]
        drawn = draw_windows(shares, truth[f"{one.source}_known_to_police"], one.source)
        (PICTURES / f"windows-{one.source}.svg").write_text(drawn, encoding="utf-8")
        print(one.source, [(m, d, round(a, 3), round(b, 3)) for m, d, a, b in shares])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
