"""A file of limits is whole and holds what can be, or a fault in it is told by file and key."""

from __future__ import annotations

from copy import deepcopy

import pytest
from sources_world import LIMITS

from preventable.errors import PolicyError
from preventable.settings import Policy
from preventable.stages.sources.limits import read_limits


def changed_limits(section, key, value):
    """The file of limits with one value in place of another, or with the key or section taken out (None)."""
    contents = deepcopy(dict(LIMITS))
    holder = contents if section is None else contents[section]
    if value is None:
        del holder[key]
    else:
        holder[key] = value
    return contents


@pytest.mark.parametrize(
    ("section", "key", "value", "told"),
    [
        ("file", "bytes", "50 MB", "file.bytes is no whole number"),
        ("file", "cells", True, "file.cells"),
        ("file", "columns", 0, "file.columns"),
        ("file", "cell_characters", None, "lacks cell_characters"),
        ("file", "bites", 4, "has bites"),
        ("container", "parts", 1.5, "container.parts"),
        ("period", "days_ahead", -1, "period.days_ahead"),
        ("unknown_codes", "share", 5, "unknown_codes.share"),
        ("unknown_codes", "rows", "20", "unknown_codes.rows"),
        (None, "container", None, "lacks container"),
        (None, "containers", {}, "has containers"),
        (None, "period", 2, "period is no section"),
    ],
)
def test_a_fault_in_the_limits_is_told_by_file_and_key(section, key, value, told):
    with pytest.raises(PolicyError, match=told) as error:
        read_limits(Policy({"limits": changed_limits(section, key, value)}))
    assert str(error.value).startswith("P301  policy/limits.toml: ")
