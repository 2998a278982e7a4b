"""Compiled loops: the one way in which `methods` compiles a function.

Importing this module loads numba (a fifth of a second), so kernels stand in modules of their own that are imported
where they are first called, and never at the start of a command.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

Given = ParamSpec("Given")
Told = TypeVar("Told")


def compiled(function: Callable[Given, Told]) -> Callable[Given, Told]:
    """The function as machine code, made at its first call for the types it is then given.

    Args:
        function: Loops over numbers and numpy arrays alone: what numba calls nopython mode.

    Returns:
        The same function. Sums keep the order in which they are written and nothing is re-associated, so equal input
        gives equal bits in any thread and process; divisions by zero give infinities as numpy's do.
        What was compiled is kept beside the source, or in the user's cache where that folder cannot be written; where
        neither can, it is compiled anew in each process.
    """
    try:
        made = numba.njit(function, cache=True, error_model="numpy")
    except RuntimeError:  # numba: "no locator available"
        made = numba.njit(function, error_model="numpy")
    return cast(Callable[Given, Told], made)
