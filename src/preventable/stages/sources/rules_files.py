"""The stage's own rules: TOML files beside the code, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def rules_file(name: str) -> Mapping[str, Any]:
    """A rules file of this stage by its path without ending, such as `ed/rules`."""
    text = (files("preventable.stages.sources") / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
