"""Where the invented county's chance comes from, and how its data files are read."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any
from zlib import crc32

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """The named stream of random numbers of a seed.

    Each part of the county draws from its own stream, so that a change in one moves no other.

    Args:
        seed: 0 or more.
        name: Any text; the same name gives the same stream on every machine.
    """
    return np.random.default_rng([seed, crc32(name.encode("utf-8"))])


@cache
def parameters(name: str) -> dict[str, Any]:
    """A data file of this folder by name, without its ending. Read only: callers must not change it."""
    return tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))
