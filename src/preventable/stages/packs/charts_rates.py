"""Drawings of rates: a gradient over groups, a funnel. Position, shape and dashes tell all that colour does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from preventable.stages.packs.charts import WIDTH, Rows, canonical, unchecked
from preventable.stages.packs.words import _, data_file

Limits = tuple[float, float, float]


def _palette() -> dict[str, Any]:
    return data_file("palette.toml")["chart"]


@unchecked
def gradient_chart(groups: Sequence[str], rates: Sequence[Limits]) -> str:
    """Rates with limits, one below the other.

    Args:
        groups: Names of the groups, in order.
        rates: Lower limit, rate and upper limit of each.
    """
    data, colour = Rows(), _palette()["categories"][0]
    rows = [
        {"group": name, "lower": lower, "value": value, "upper": upper}
        for name, (lower, value, upper) in zip(groups, rates, strict=True)
    ]
    beside = alt.Axis(title=None, domain=False, ticks=False, labelLimit=170, minExtent=130)
    base = alt.Chart(data.named(rows)).encode(y=alt.Y("group:N", sort=list(groups), axis=beside))
    scale, axis = alt.Scale(zero=True, nice=5), alt.Axis(title=None, tickCount=5)
    line = base.mark_rule(strokeWidth=3, color=colour).encode(
        x=alt.X("lower:Q", scale=scale, axis=axis), x2="upper:Q"
    )
    mark = base.mark_point(filled=True, size=110, opacity=1, color=colour).encode(
        x=alt.X("value:Q", scale=scale, axis=axis)
    )
    return canonical(alt.layer(line, mark).properties(width=WIDTH - 150, height=30 * len(rows)), data)


@dataclass(frozen=True)
class FunnelPoint:
    """An area: what is expected of it, its shown count, and the counts inside either limits."""

    name: str
    expected: float
    count: float
    inner: tuple[float, float]
    outer: tuple[float, float]
    outside: bool


@unchecked
def funnel_chart(points: Sequence[FunnelPoint]) -> str:
    """Counts by expected number with limits: circles inside, named squares outside."""
    data, colours = Rows(), _palette()
    ordered = sorted(points, key=lambda point: (point.expected, point.name))
    x = alt.X(
        "expected:Q",
        scale=alt.Scale(zero=False, nice=4),
        axis=alt.Axis(title=_("Expected number"), tickCount=5),
    )
    y_axis = alt.Axis(title=_("Count"), tickCount=5)
    layers: list[alt.Chart] = []
    for name, dash, values in (
        ("equal", [1, 0], [(point.expected, point.expected) for point in ordered]),
        ("low95", [6, 3], [(point.expected, point.inner[0]) for point in ordered]),
        ("high95", [6, 3], [(point.expected, point.inner[1]) for point in ordered]),
        ("low998", [2, 2], [(point.expected, point.outer[0]) for point in ordered]),
        ("high998", [2, 2], [(point.expected, point.outer[1]) for point in ordered]),
    ):
        rows = [{"expected": expected, "value": value, "line": name} for expected, value in values]
        layers.append(
            alt.Chart(data.named(rows))
            .mark_line(strokeDash=dash, strokeWidth=2, color=colours["outline"])
            .encode(x=x, y=alt.Y("value:Q", axis=y_axis))
        )
    for outside, shape, colour in ((False, "circle", 0), (True, "square", 2)):
        rows = [
            {"expected": one.expected, "value": one.count, "name": one.name}
            for one in ordered
            if one.outside == outside
        ]
        if rows:
            base = alt.Chart(data.named(rows)).encode(x=x, y=alt.Y("value:Q", axis=y_axis))
            layers.append(
                base.mark_point(
                    filled=True, opacity=1, size=80, shape=shape, color=colours["categories"][colour]
                )
            )
            if outside:
                layers.append(base.mark_text(align="right", dx=-8, fontSize=13).encode(text="name:N"))
    return canonical(alt.layer(*layers).properties(width=WIDTH, height=300), data)
