"""Which definitions stand in which part of a pack: those of contents.toml, then those that ask for it themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from preventable.errors import PolicyError
from preventable.settings import Policy, words_given
from preventable.stages.packs.words import data_file

#: Kinds of document; the other tables of contents.toml are settings.
DOCUMENTS = ("community_safety", "licensing", "public_health")
#: Keys of a document in contents.toml that name no definitions.
_NO_PARTS = ("dimensions",)

Placements = Mapping[str, Mapping[str, tuple[str, ...]]]
"""Document to part to the definitions in it, in order."""


def read_placements(policy: Policy) -> Placements:
    """The definitions of every part of every document.

    A definition of policy stands after those of contents.toml in the parts that its key `packs` names, in the order in
    which policy/recipients.toml grants them.

    Raises:
        PolicyError: A definition names a document or a part that there is not.
    """
    contents = data_file("contents.toml")
    asked = {name: _asked(name, policy.definitions[name]) for name in sorted(policy.definitions)}
    placed: dict[str, dict[str, tuple[str, ...]]] = {}
    for document in DOCUMENTS:
        granted = _granted(policy, document)
        order = sorted(asked, key=lambda name: granted.index(name) if name in granted else len(granted))
        placed[document] = {
            part: tuple(
                dict.fromkeys([*ours, *(one for one in order if part in asked[one].get(document, ()))])
            )
            for part, ours in contents[document].items()
            if part not in _NO_PARTS
        }
    return placed


def _granted(policy: Policy, partner_type: str) -> list[str]:
    """Definitions that a kind of partner is granted, in the order of the file."""
    kinds = policy.files.get("recipients", {}).get("recipients", [])
    grants = [
        grant
        for kind in kinds
        if kind.get("partner_type") == partner_type
        for grant in kind.get("allowed", [])
    ]
    return list(dict.fromkeys(name for grant in grants for name in grant.get("definitions", [])))


def _asked(name: str, definition: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    where = f"policy/definitions/{name}.toml"
    packs = definition.get("packs", {})
    if not isinstance(packs, Mapping):
        raise PolicyError(where, "packs is not a table")
    words_given(where, "packs", list(packs), DOCUMENTS)
    contents = data_file("contents.toml")
    return {
        document: words_given(
            where, f"packs.{document}", parts, [part for part in contents[document] if part not in _NO_PARTS]
        )
        for document, parts in packs.items()
    }
