"""The last look at what is told of linkage: each row worked out again from the exact tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from preventable.stages.disclosure.guard_rows import Expected, check_rows, nearest, outwards
from preventable.stages.disclosure.linkage_told import CHECK, IN_ALL, PLAIN_UNKNOWN, LinkageTables
from preventable.stages.disclosure.rule import ReleaseRule

Row = Mapping[str, Any]
_BY_CHANCE = {"window": "near_police", "window_by_chance": "by_chance"}
_COUNTS = ("no_place", "no_time")


def check_linkage(
    rows: Iterable[Row],
    tables: LinkageTables,
    granted: Mapping[str, Collection[str]],
    region: str,
    rule: ReleaseRule,
) -> None:
    """Refuse rows on linkage that nobody granted, that rest on too few, or that are not those of the exact tables.

    Args:
        rows: Rows of `released_estimates` as they would leave, those on linkage alone.
        tables: The exact tables.
        granted: Estimates granted to each partner.
        region: Code of the region.
        rule: Release rule.

    Raises:
        ReleaseRefusedError: A row may not leave, or one is missing.
    """
    windows = list(tables.windows)
    told = [
        *_plain(windows, rule),
        *_totals([row for row in tables.totals if row["corrected"]], rule),
        *_checks(list(tables.diagnostics), windows, rule),
    ]
    whole = {"definition": "", "area_type": "region", "area": region, "lower_if_hidden": None}
    check_rows(
        rows,
        {
            (recipient, figure): {**columns, **whole}
            for recipient, estimates in granted.items()
            for figure, columns in told
            if columns["estimate"] in estimates
        },
    )


def _expected(
    figure: str, estimate: str, source: str, of: tuple[str, str], days: tuple[str, str], **told: Any
) -> tuple[str, Expected]:
    """A row's name and columns. `told`: value, lower, upper; `why` in words where there is no value."""
    withheld = told.get("value") is None
    columns = {
        "estimate": estimate, "source": source, "breakdown": of[0], "category": of[1],
        "period_start": days[0], "period_end": days[1],
        "value": told.get("value"), "lower": told.get("lower"), "upper": told.get("upper"),
        "value_note": "[x]" if withheld else "", "note": told.get("why", "") if withheld else "",
    }  # fmt: skip
    return figure, columns


def _words(of_many: bool, rule: ReleaseRule) -> str:
    """Why a share is withheld: of many records it is a number of them that is too small."""
    return rule.notes["confidential_part"] if of_many else rule.notes["few_records"]


def _hides_counts(part: float, whole: float, rule: ReleaseRule) -> bool:
    """Whether half a step of the share is a count too small to show, or either side of it is one."""
    half_a_step = whole / (2 * 10**rule.estimate_decimals)
    enough = whole >= rule.minimum_pattern_records and half_a_step >= rule.minimum_count
    return not enough or part < rule.minimum_count or whole - part < rule.minimum_count


def _plain(windows: Iterable[Row], rule: ReleaseRule) -> Iterator[tuple[str, Expected]]:
    step = 10.0**-rule.estimate_decimals
    for row in windows:
        category = f"{row['minutes']} min {row['metres']} m"
        for breakdown, column in _BY_CHANCE.items():
            near, whole = row[column], row["records"]
            withheld = near is None or _hides_counts(near, whole, rule)
            yield _expected(
                f"{PLAIN_UNKNOWN}/{row['source']}/{breakdown}/{category}/{row['period_end']}",
                PLAIN_UNKNOWN,
                row["source"],
                (breakdown, category),
                (row["period_start"], row["period_end"]),
                value=None if withheld else nearest((whole - near) / whole, step),
                why=_words(near is not None and whole >= rule.minimum_pattern_records, rule),
            )


def _totals(totals: Iterable[Row], rule: ReleaseRule) -> Iterator[tuple[str, Expected]]:
    of_three = [row for row in totals if row["lists"].count("_") == 2]
    for row in of_three:
        numbers: dict[str, Any] = {}
        if row["estimate"] is not None:
            lower, upper = outwards(row["lower"], row["upper"], rule.total_base)
            numbers = {"value": nearest(row["estimate"], rule.total_base), "lower": lower, "upper": upper}
        yield _expected(
            "/".join(filter(None, (IN_ALL, "police", "model", row["dependent"], row["period_end"]))),
            IN_ALL,
            "police",
            ("model", row["dependent"]),
            (row["period_start"], row["period_end"]),
            **numbers,
            why=rule.notes["not_calibrated"].format(reason=row["reason"]),
        )
    most = [row["upper_if_dependent"] for row in of_three if row["upper_if_dependent"] is not None]
    if most:
        days = of_three[0]["period_start"], of_three[0]["period_end"]
        figure = "/".join(filter(None, (IN_ALL, "police", "at_most", days[1])))
        _low, value = outwards(0, max(most), rule.total_base)
        yield _expected(figure, IN_ALL, "police", ("at_most", ""), days, value=value)


def _checks(
    diagnostics: Collection[Row], windows: Collection[Row], rule: ReleaseRule
) -> Iterator[tuple[str, Expected]]:
    for name, about in sorted({(row["diagnostic"], row["about"]) for row in diagnostics}):
        here = [row for row in diagnostics if (row["diagnostic"], row["about"]) == (name, about)]
        whole = max((row["records"] for row in windows if row["source"] == about), default=0)
        told = [row for row in here if row["observed"] is not None and not _too_few(row, whole, rule)]
        yield _expected(
            f"{CHECK}/{about.split('_')[0]}/{name}/{about}",
            CHECK,
            about.split("_")[0],
            (name, about),
            ("", ""),
            value=_worst(name, told, rule) if told else None,
            why=_words(
                name in _COUNTS and any(row["number"] >= rule.minimum_pattern_records for row in here), rule
            ),
        )


def _too_few(row: Row, whole: int, rule: ReleaseRule) -> bool:
    """`whole`: the service's records in plain windows, of which rounded times are a share."""
    if row["diagnostic"] in _COUNTS:
        return _hides_counts(round(row["number"] * row["observed"]), row["number"], rule)
    if row["diagnostic"] == "rounded_times":
        return bool(min(whole, row["number"]) < rule.minimum_pattern_records)
    return bool(row["number"] < rule.minimum_records)


def _worst(name: str, rows: Collection[Row], rule: ReleaseRule) -> float | tuple[float, ...]:
    step = 10.0**-rule.estimate_decimals
    if name == "hidden":
        return max(_next_step(row, rule) for row in rows) * step
    if name == "precision":
        return nearest(min(row["observed"] for row in rows), step)
    if name in ("calibration", "rounded_times"):
        return nearest(max(abs(row["expected"] - row["observed"]) for row in rows), step)
    return nearest(max(row["observed"] for row in rows), step)


def _next_step(row: Row, rule: ReleaseRule) -> int:
    """Hundredths, tried one by one: the first at or above the limit that is whole steps of enough pairs."""
    scale: int = 10**rule.estimate_decimals
    width = next(one for one in range(1, scale + 1) if one * row["number"] >= 2 * rule.minimum_count * scale)
    return next((one for one in range(0, scale, width) if one >= row["observed"] * scale - 1e-6), scale)
