"""Other people's classifications and our own lists, as dated data files with owner and source."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def code_file(name: str) -> dict[str, Any]:
    """A code file of this folder by name, without its ending."""
    return tomllib.loads((files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))


def allowed(name: str) -> tuple[str, ...]:
    """The words of one of our own lists, in their order."""
    return tuple(code_file("canonical")["lists"][name])


def weapon_of_method() -> dict[str, str]:
    """Canonical method to weapon class."""
    return dict(code_file("canonical")["weapon_of_method"])


def recorded_by(source: str) -> tuple[str, ...]:
    """The breakdowns that a source records enough for; none for lists."""
    return tuple(code_file("canonical")["recorded"].get(source, ()))


def categories_of(source: str) -> tuple[str, ...]:
    """The words that `record_category` may have for a source that we ship; none for most."""
    return tuple(code_file("canonical")["categories"].get(source, ()))
