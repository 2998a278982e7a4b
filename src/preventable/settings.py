"""Settings and policy, read once at the start into frozen objects and passed in."""

from __future__ import annotations

import datetime as dt
import os
import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from preventable.errors import PolicyError

REQUIRED_HEADER = ("owner", "reviewer", "reviewed", "review_by")
#: What may stand at the head of any policy file.
POLICY_HEADER = (*REQUIRED_HEADER, "source")


@dataclass(frozen=True)
class Policy:
    """The files of `policy/`: name without ending -> contents.

    `definitions` holds policy/definitions by name, `sources` the kinds of source that policy/sources declares.
    """

    files: Mapping[str, Mapping[str, Any]]
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def file(self, name: str) -> Mapping[str, Any]:
        """One policy file.

        Raises:
            PolicyError: The policy has no such file.
        """
        if name not in self.files:
            raise PolicyError(f"policy/{name}.toml", "the file is missing")
        return self.files[name]


def policy_folders() -> tuple[Path, ...]:
    """Where policy lies: PREVENTABLE_POLICY, else inside the wheel, else the repository's policy/.

    The variable may name several folders, parted as in PATH: a file of a later one takes the place of the file of that
    name in an earlier one, so that a partnership keeps only what differs.
    """
    named = [Path(part) for part in os.environ.get("PREVENTABLE_POLICY", "").split(os.pathsep) if part]
    if named:
        return tuple(named)
    inside = Path(__file__).parent / "policy"
    return (inside if inside.is_dir() else Path(__file__).parents[2] / "policy",)


def load_policy(*folders: Path) -> Policy:
    """Read every policy file of some folders, those of `policy_folders` where none is named; later ones go first.

    Raises:
        PolicyError: A folder or a file is missing, is not TOML, or lacks owner, reviewer or review dates.
    """
    parts: dict[str, dict[str, Mapping[str, Any]]] = {"": {}, "definitions": {}, "sources": {}}
    for folder in folders or policy_folders():
        if not folder.is_dir():
            raise PolicyError(str(folder), "the folder is missing")
        for below, held in parts.items():
            held |= {path.stem: _policy_file(path) for path in sorted((folder / below).glob("*.toml"))}
    return Policy(parts[""], parts["definitions"], parts["sources"])


def refuse_unknown_keys(where: str, what: str, contents: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse a part of a policy file with a key that nothing reads: a misspelt rule is no rule.

    Args:
        where: The file, as a person finds it.
        what: The part, in words.
        contents: The part.
        known: The keys that are read.

    Raises:
        PolicyError: The part is no table, or has another key.
    """
    if not isinstance(contents, Mapping):
        raise PolicyError(where, f"{what} is not a table")
    unknown = sorted(set(contents) - set(known))
    if unknown:
        raise PolicyError(where, f"{what} has a key that nothing reads: {', '.join(unknown)}")


def refuse_unknown_fields(where: str, what: str, text: str, known: Iterable[str]) -> None:
    """Refuse a text of a policy file with a field in braces that nothing fills.

    Raises:
        PolicyError: It has another field, or a brace without its other.
    """
    try:
        fields = {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}
    except ValueError as error:
        raise PolicyError(where, f"{what} has a brace without its other") from error
    allowed = sorted(known)
    if not fields <= set(allowed):
        raise PolicyError(where, f"{what} may have in braces: {', '.join(allowed)}")


def words_given(where: str, what: str, given: object, known: Iterable[str] | None = None) -> tuple[str, ...]:
    """A list of words of a policy file, each one of those that we know.

    Args:
        where: The file, as a person finds it.
        what: What the words are, in words.
        given: What stands there.
        known: The words that it may have; None where any will do.

    Raises:
        PolicyError: It is no list of words, or has one that is not known.
    """
    if not isinstance(given, list) or not all(isinstance(word, str) and word for word in given):
        raise PolicyError(where, f"{what} is not a list of words")
    unknown = [] if known is None else sorted(set(given) - set(known))
    if unknown:
        raise PolicyError(where, f"{what} names what we do not know: {', '.join(unknown)}")
    return tuple(given)


def _policy_file(path: Path) -> Mapping[str, Any]:
    try:
        contents = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"policy/{path.name}", "it is not well-formed TOML") from error
    absent = [name for name in REQUIRED_HEADER if name not in contents]
    if absent:
        raise PolicyError(f"policy/{path.name}", f"it lacks {', '.join(absent)}")
    if not isinstance(contents["review_by"], dt.date):
        raise PolicyError(f"policy/{path.name}", "review_by is not a date")
    return contents


@dataclass(frozen=True)
class StepContext:
    """What a stage may know besides its tables.

    Attributes:
        policy: The partnership's policy.
        region: Name, flags and first and last month of the region (region.toml).
        pseudonym_key: Key of the home, given to `pseudonyms` alone, empty elsewhere.
        pseudonym_key_id: Public name of that key, part of each pseudonym.
        period: Last month of the data in the home, YYYY-MM; empty while there is none.
        progress: Called with a share of work done, 0 to 1, by long stages.
        phrase_key: Key by which decisions know place texts, given to `places` alone, empty elsewhere.
    """

    policy: Policy
    region: Mapping[str, Any]
    pseudonym_key: bytes = b""
    pseudonym_key_id: str = ""
    period: str = ""
    progress: Any = None
    phrase_key: bytes = b""
