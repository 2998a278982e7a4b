"""Charts as specifications: gaps stay gaps, tokens are hatched, every series has a second channel."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
from altair.utils.schemapi import debug_mode

from preventable.stages.packs.svg import HATCHES
from preventable.stages.packs.words import data_file

#: Builds a chart without Altair's check of each part against its schema; tests check the whole.
unchecked = debug_mode(False)

WIDTH = 540
_MOST_LABELS = 8
_TOKEN_WIDTH = 20


@dataclass(frozen=True)
class Point:
    """A value at a label of the axis; a token where there is none."""

    label: str
    value: float | None
    token: str = ""


@dataclass(frozen=True)
class Panel:
    """One line of a chart, with its own scale."""

    title: str
    points: tuple[Point, ...]


def _palette() -> dict[str, Any]:
    return data_file("palette.toml")["chart"]


class Rows:
    """Data of a chart, kept beside it: what stands inside a chart, Altair copies many times over."""

    def __init__(self) -> None:
        self.sets: dict[str, list[dict[str, Any]]] = {}

    def named(self, rows: Sequence[dict[str, Any]]) -> alt.NamedData:
        """Keep rows and give the name by which the chart refers to them."""
        name = f"rows-{len(self.sets)}"
        self.sets[name] = list(rows)
        return alt.NamedData(name)


def canonical(chart: alt.TopLevelMixin, rows: Rows) -> str:
    """A chart as canonical JSON, with its data and the fonts and plain frame of every drawing."""
    colours, ink = _palette(), data_file("palette.toml")["page"]["ink"]
    plain = {
        "labelFontSize": 13,
        "titleFontSize": 13,
        "labelColor": ink,
        "titleColor": ink,
        "titleFontWeight": "normal",
    }
    specification = chart.to_dict()
    specification["datasets"] = rows.sets
    specification["config"] = {
        "aria": False,
        "font": colours["font"],
        "background": "white",
        "padding": 4,
        "view": {"stroke": None},
        "axis": {**plain, "gridColor": colours["grid"], "domainColor": ink, "tickColor": ink},
        "title": {"fontSize": 15, "anchor": "start", "color": ink, "offset": 8, "frame": "group"},
        "legend": {**plain, "labelLimit": 420, "titleLimit": 500},
    }
    return json.dumps(specification, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@unchecked
def trend_chart(panels: Sequence[Panel]) -> str:
    """Lines over months, one panel below the other, each from zero on its own scale.

    A line breaks where a value is missing, and the month is hatched and carries its token.
    """
    rows = Rows()
    return canonical(
        alt.vconcat(*[_trend_panel(panel, n, rows) for n, panel in enumerate(panels)], spacing=26), rows
    )


def _trend_panel(panel: Panel, n: int, data: Rows) -> alt.LayerChart:
    colours = _palette()
    style = n % len(colours["categories"])
    labels = [point.label for point in panel.points]
    step = next(step for step in (1, 2, 3, 6, 12, 24, 60) if len(labels) <= step * _MOST_LABELS)
    top = max((point.value for point in panel.points if point.value is not None), default=10)
    rows = [{"label": p.label, "value": p.value, "token": p.token, "middle": top / 2} for p in panel.points]
    axis = alt.Axis(title=None, labelAngle=0, values=labels[::step], grid=False, labelOverlap=False)
    x = alt.X("label:O", sort=labels, axis=axis, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    y = alt.Y("value:Q", scale=alt.Scale(zero=True, nice=4), axis=alt.Axis(title=None, tickCount=4))
    lines = alt.Chart(data.named(rows)).encode(x=x, y=y)
    line = lines.mark_line(
        invalid="break-paths-show-domains",
        color=colours["categories"][style],
        strokeWidth=2.5,
        strokeDash=colours["dashes"][style],
    )
    known = data.named([row for row in rows if row["value"] is not None])
    dots = (
        alt.Chart(known)
        .encode(x=x, y=y)
        .mark_point(
            shape=colours["shapes"][style],
            filled=True,
            opacity=1,
            size=38,
            color=colours["categories"][style],
        )
    )
    layers: list[alt.Chart] = [line, dots]
    gaps = [row for row in rows if row["value"] is None]
    if gaps:
        missing = alt.Chart(data.named(gaps)).encode(x=x)
        hatched = [
            missing.transform_filter(alt.datum.token == token).mark_rect(fill=colour)
            for token, colour in HATCHES.items()
            if any(row["token"] == token for row in gaps)
        ]
        named = alt.Chart(data.named(_named_gaps(rows))).encode(x=x)
        tokens = named.encode(y=alt.Y("middle:Q"), text="token:N").mark_text(fontSize=13, fontWeight="bold")
        halo = tokens.mark_text(
            fontSize=13, fontWeight="bold", stroke="white", strokeWidth=5, strokeJoin="round"
        )
        layers = [*hatched, line, dots, halo, tokens]
    return alt.layer(*layers).properties(width=WIDTH, height=120, title=panel.title)


def _named_gaps(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The gaps that carry their token: each, or the middle one of a run where tokens would run into each other."""
    runs: list[list[dict[str, Any]]] = []
    for before, row in zip([None, *rows], rows, strict=False):
        if row["value"] is None:
            follows = before is not None and before["value"] is None and before["token"] == row["token"]
            runs = [*runs[:-1], [*runs[-1], row]] if follows else [*runs, [row]]
    if len(rows) * _TOKEN_WIDTH <= WIDTH:
        return [row for run in runs for row in run]
    return [run[(len(run) - 1) // 2] for run in runs]


@dataclass(frozen=True)
class Square:
    """One cell of a grid: its shown text and its class, an index of the classes or a token."""

    row: str
    column: str
    text: str
    shade: int | str


@unchecked
def grid_chart(
    squares: Sequence[Square],
    *,
    classes: Sequence[str],
    tokens: dict[str, str],
    title: str,
    height: int = 190,
) -> str:
    """Weekday by hour, shaded by class; every cell carries its number.

    Args:
        squares: Cells, in order of rows and columns.
        classes: Names of the classes, from few to many.
        tokens: Token to its words in the legend, for the tokens that occur.
        title: Title of the legend.
        height: Height of the drawing without its legend.
    """
    colours, data = _palette(), Rows()
    names = [*classes, *tokens.values()]
    rows = [
        {
            "row": s.row,
            "column": s.column,
            "text": s.text,
            "shade": _shade_name(s.shade, classes, tokens),
            "ink": colours["sequential_ink"][s.shade] if isinstance(s.shade, int) else "#0b0c0c",
        }
        for s in squares
    ]
    bare: dict[str, Any] = {"title": None, "domain": False, "ticks": False}
    across = alt.Axis(labelAngle=0, orient="top", **bare)
    base = alt.Chart(data.named(rows)).encode(
        x=alt.X("column:O", sort=_in_order(s.column for s in squares), axis=across),
        y=alt.Y("row:O", sort=_in_order(s.row for s in squares), axis=alt.Axis(**bare)),
    )
    cells = base.mark_rect(stroke="white", strokeWidth=2).encode(
        fill=alt.Fill("shade:N", sort=names, scale=class_scale(classes, tokens), legend=class_legend(title))
    )
    words = base.encode(text="text:N")
    halo = words.transform_filter("indexof(datum.text, '[') == 0").mark_text(
        fontSize=14, stroke="white", strokeWidth=5, strokeJoin="round"
    )
    texts = words.mark_text(fontSize=14).encode(color=alt.Color("ink:N", scale=None))
    return canonical(alt.layer(cells, halo, texts).properties(width=480, height=height), data)


def _in_order(items: Any) -> list[str]:
    return list(dict.fromkeys(items))


def _shade_name(shade: int | str, classes: Sequence[str], tokens: dict[str, str]) -> str:
    return classes[shade] if isinstance(shade, int) else tokens[shade]


def class_scale(classes: Sequence[str], tokens: dict[str, str]) -> alt.Scale:
    """Classes to colours, tokens to the stand-ins of their hatching."""
    colours = [*_palette()["sequential"][: len(classes)], *(HATCHES[token] for token in tokens)]
    return alt.Scale(domain=[*classes, *tokens.values()], range=colours)


def class_legend(title: str) -> alt.Legend:
    """The legend of classes and tokens, below the drawing."""
    return alt.Legend(
        title=title,
        orient="bottom",
        direction="vertical",
        symbolType="square",
        symbolSize=320,
        symbolStrokeColor=_palette()["outline"],
        symbolStrokeWidth=1,
        rowPadding=4,
    )


@dataclass(frozen=True)
class Interval:
    """A rate with its limits; a token where there is none."""

    who: str
    value: float | None
    lower: float | None
    upper: float | None
    token: str = ""


@dataclass(frozen=True)
class IntervalPanel:
    """Rates of one definition, on their own scale."""

    title: str
    intervals: tuple[Interval, ...]


@unchecked
def interval_chart(panels: Sequence[IntervalPanel]) -> str:
    """Rates with 95 % limits, the own area beside the region: name, colour and shape tell them apart."""
    rows = Rows()
    return canonical(alt.vconcat(*[_interval_panel(panel, rows) for panel in panels], spacing=26), rows)


def _interval_panel(panel: IntervalPanel, data: Rows) -> alt.LayerChart:
    colours = _palette()
    order = [interval.who for interval in panel.intervals]
    rows = [
        {"who": i.who, "value": i.value, "lower": i.lower, "upper": i.upper, "token": i.token, "zero": 0}
        for i in panel.intervals
    ]
    scale = alt.Scale(zero=True, nice=5)
    beside = alt.Axis(title=None, domain=False, ticks=False, labelLimit=170, minExtent=150)
    y = alt.Y("who:N", sort=order, axis=beside)
    hue = alt.Color("who:N", sort=order, legend=None, scale=alt.Scale(domain=order, range=colours["pair"]))
    shape = alt.Shape(
        "who:N", sort=order, legend=None, scale=alt.Scale(domain=order, range=colours["shapes"][::2])
    )
    known = [row for row in rows if row["value"] is not None]
    axis = alt.Axis(title=None, tickCount=5)
    x = alt.X("value:Q", scale=scale, axis=axis)
    base = alt.Chart(data.named(known)).encode(y=y)
    layers: list[alt.Chart] = [
        base.mark_rule(strokeWidth=3).encode(
            x=alt.X("lower:Q", scale=scale, axis=axis), x2="upper:Q", color=hue
        ),
        base.mark_point(filled=True, size=130, opacity=1).encode(x=x, color=hue, shape=shape),
    ]
    if len(known) < len(rows):
        unknown = data.named([row for row in rows if row["value"] is None])
        tokens = alt.Chart(unknown).encode(x=alt.X("zero:Q", scale=scale), y=y, text="token:N")
        layers.append(tokens.mark_text(align="left", fontSize=13, fontWeight="bold", dx=4))
    return alt.layer(*layers).properties(width=WIDTH - 170, height=30 * len(rows), title=panel.title)


@unchecked
def bar_chart(panels: Sequence[Panel]) -> str:
    """Counts by category, one panel below the other; a token stands where a count is not shown."""
    rows = Rows()
    return canonical(alt.vconcat(*[_bar_panel(panel, rows) for panel in panels], spacing=26), rows)


def _bar_panel(panel: Panel, data: Rows) -> alt.LayerChart:
    colours = _palette()
    order = [point.label for point in panel.points]
    x = alt.X("value:Q", scale=alt.Scale(zero=True, nice=5), axis=alt.Axis(title=None, tickCount=5))
    beside = alt.Axis(title=None, domain=False, ticks=False, labelLimit=170, minExtent=90)
    y = alt.Y("label:N", sort=order, axis=beside)
    known = [{"label": p.label, "value": p.value} for p in panel.points if p.value is not None]
    unknown = [{"label": p.label, "value": 0, "token": p.token} for p in panel.points if p.value is None]
    layers: list[alt.Chart] = [
        alt.Chart(data.named(known)).mark_bar(color=colours["categories"][0]).encode(x=x, y=y)
    ]
    if unknown:
        texts = alt.Chart(data.named(unknown)).mark_text(align="left", dx=4, fontSize=13, fontWeight="bold")
        layers.append(texts.encode(x=x, y=y, text="token:N"))
    return alt.layer(*layers).properties(width=WIDTH - 110, height=24 * len(order), title=panel.title)
