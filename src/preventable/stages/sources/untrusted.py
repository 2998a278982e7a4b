"""JSON and TOML that somebody else wrote, read without a word of it in an error.

The errors of the readers quote the text, and would be the context of ours.
"""

from __future__ import annotations

import json
import tomllib
from typing import Any


def json_of(content: bytes) -> Any:
    """What a JSON text says; None where it is none, or nested too deep."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def toml_of(content: bytes) -> dict[str, Any]:
    """What a TOML text says; nothing where it is none, or no UTF-8."""
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
