"""Which population stands under the figures of a definition: that of residents, or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preventable.errors import PolicyError

DENOMINATORS = ("residents", "none")


def denominator_of(where: str, contents: Mapping[str, Any]) -> str:
    """The denominator of a definition: what it says, else residents where it counts people by residence alone.

    Args:
        where: The file, as a person finds it.
        contents: What stands in the file.

    Raises:
        PolicyError: It is none of `DENOMINATORS`, or residents under a supplier's list.
    """
    by_residence = contents.get("area_basis") == "residence"
    denominator = contents.get("denominator", "residents" if by_residence else "none")
    if denominator not in DENOMINATORS:
        raise PolicyError(where, f"its denominator is not one of {', '.join(DENOMINATORS)}")
    if denominator == "residents" and contents.get("area_basis") == "list":
        raise PolicyError(where, "a list has no rate: it counts things, not what happens to residents")
    return str(denominator)
