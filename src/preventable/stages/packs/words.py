"""Words, months and numbers of the packs: every visible string passes through `_`."""

from __future__ import annotations

import datetime as dt
import gettext
import re
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Any

from preventable.tables.months import months_between

_TRANSLATIONS: ContextVar[gettext.NullTranslations | None] = ContextVar("translations", default=None)
_ENGLISH = gettext.NullTranslations()


def _(message: str) -> str:
    """The message in the language in use; the message itself in English."""
    return (_TRANSLATIONS.get() or _ENGLISH).gettext(message)


def plural(one: str, many: str, n: int) -> str:
    """The form of a message that fits a number, in the language in use."""
    return (_TRANSLATIONS.get() or _ENGLISH).ngettext(one, many, n)


@contextmanager
def in_language(translations: gettext.NullTranslations) -> Iterator[None]:
    """Use other translations within a block."""
    token = _TRANSLATIONS.set(translations)
    try:
        yield
    finally:
        _TRANSLATIONS.reset(token)


@cache
def data_file(name: str) -> dict[str, Any]:
    """A TOML file of this stage."""
    return tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))


def language() -> str:
    """Language tag of the pages."""
    return data_file("words.toml")["language"]


def label(group: str, word: str) -> str:
    """Name of a code word in a group of words.toml; the word itself, made readable, where it has none."""
    names = data_file("words.toml")
    for part in group.split("."):
        names = names.get(part, {})
    return _(names[word]) if word in names else word.replace("_", " ")


def order_of(group: str) -> list[str]:
    """The words of a group, in the order in which they are shown."""
    names = data_file("words.toml")
    for part in group.split("."):
        names = names.get(part, {})
    return list(names)


def category_label(dimension: str, category: str) -> str:
    """Name of a value of a breakdown: 'Fri 21-24' is 'Fri, 21 to 24', '80+' is '80 and over'."""
    if category in data_file("words.toml")["category"].get(dimension, {}):
        return label(f"category.{dimension}", category)
    if dimension == "weekday_hour":
        weekday, _space, hours = category.partition(" ")
        return f"{label('weekday', weekday)}, {label('hour_band', hours)}"
    if match := re.fullmatch(r"(\d+)-(\d+)", category):
        return _("{first} to {last}").format(first=match[1], last=match[2])
    if match := re.fullmatch(r"(\d+)\+", category):
        return _("{first} and over").format(first=match[1])
    return category.replace("_", " ")


def month_text(month: str, *, short: bool = False) -> str:
    """'2025-01' as 'January 2025', or 'Jan 2025'."""
    names = data_file("words.toml")["months_short" if short else "months"]
    year, number = month.split("-")
    return _("{month} {year}").format(month=_(names[int(number) - 1]), year=year)


def date_text(day: dt.date) -> str:
    """A day as '31 October 2027'."""
    return _("{day} {month}").format(day=day.day, month=month_text(f"{day:%Y-%m}"))


def day_text(day: dt.date) -> str:
    """A day of a known year as '31 October'."""
    return _("{day} {month}").format(day=day.day, month=_(data_file("words.toml")["months"][day.month - 1]))


def span_text(start: str, end: str) -> str:
    """A span of months in words: a month, '12 months to December 2025', '3 months to December 2025'."""
    n = len(months_between(start, end))
    if n == 1:
        return month_text(end)
    return _("{n} months to {end}").format(n=n, end=month_text(end))


def count_text(value: float) -> str:
    """A count with thousands apart: 1,250."""
    return f"{round(value):,}"


def rate_text(value: float) -> str:
    """A rate with one decimal: 1,250.5."""
    return f"{value:,.1f}"


def percent_text(ratio: float) -> str:
    """A change as a whole percentage with its sign: 0.93 is '−7 %'."""
    percent = round((ratio - 1) * 100)
    sign = "−" if percent < 0 else "+" if percent > 0 else ""
    return f"{sign}{abs(percent)}\u00a0%"


def share_text(share: float) -> str:
    """A share of 1 as a whole percentage: 0.518 is '52 %'."""
    return f"{round(share * 100)}\u00a0%"


def alternatives(items: Sequence[str]) -> str:
    """'a', 'a or b', 'a, b or c'."""
    if len(items) < 2:
        return "".join(items)
    return _("{most} or {last}").format(most=", ".join(items[:-1]), last=items[-1])


def sentence_start(words: str) -> str:
    """Words with a capital at their head."""
    return words[:1].upper() + words[1:]


def sentence_inside(words: str) -> str:
    """Words with a small letter at their head, unless it begins an abbreviation: 'ED visits' stays as it is."""
    return words[:1].lower() + words[1:] if words[1:2].islower() or words[1:2] == " " else words


def listed(items: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    if len(items) < 2:
        return "".join(items)
    return _("{most} and {last}").format(most=", ".join(items[:-1]), last=items[-1])
