"""Limits: their file is whole and holds what can be, and a submitted file of exactly as much as is allowed is read."""

from __future__ import annotations

from copy import deepcopy

import pytest
from sources_world import ED_ROW, LIMITS, csv_bytes, numbered, read

from preventable.errors import PolicyError, RaggedRowsError, TooLargeError, UnknownCodesError
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


# --- files at a limit ---------------------------------------------------------------------------

ROWS = [{**row, "Place": "x" * 40} for row in numbered("ed-example", 4)]


@pytest.mark.parametrize(
    ("key", "most"),
    [
        ("bytes", len(csv_bytes(ROWS))),
        ("cells", 4 * len(ED_ROW)),
        ("columns", len(ED_ROW)),
        ("cell_characters", 40),
    ],
)
def test_a_file_of_exactly_as_much_as_is_allowed_is_read_and_one_of_more_is_not(key, most):
    assert read(ROWS, limits=changed_limits("file", key, most)).rows == 4
    with pytest.raises(TooLargeError):
        read(ROWS, limits=changed_limits("file", key, most - 1))


def test_unknown_codes_of_exactly_the_share_that_is_allowed_refuse_no_file():
    """Six rows of 600 are the one in a hundred of policy; seven are more."""
    rows = numbered("ed-example", 600)
    unknown = [{**row, "How": "ZZ"} for row in rows[:7]]

    assert read([*unknown[:6], *rows[6:]]).rows == 600
    with pytest.raises(UnknownCodesError):
        read([*unknown, *rows[7:]])


def test_short_rows_of_exactly_the_share_that_is_read_refuse_no_file():
    """Two rows of 40 are the five in a hundred of reading.toml; of 39 they are more."""
    header, *lines = csv_bytes(numbered("ed-example", 40)).decode().splitlines()
    cut = [line[:30] for line in lines[:2]]

    assert read("\n".join([header, *cut, *lines[2:]]).encode()).rows == 40
    with pytest.raises(RaggedRowsError):
        read("\n".join([header, *cut, *lines[3:]]).encode())
