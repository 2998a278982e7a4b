"""Weights that a partnership learnt from its own labels: policy/place_weights.toml, where there is one."""

from __future__ import annotations

from preventable.errors import PolicyError
from preventable.settings import POLICY_HEADER, Policy, refuse_unknown_keys
from preventable.stages.places.features import FEATURES, NONE_FEATURES
from preventable.stages.places.resolver import Weights

NAME = "place_weights"
_WHERE = f"policy/{NAME}.toml"


def policy_weights(policy: Policy) -> Weights | None:
    """The partnership's own weights; None where the shipped ones hold.

    Raises:
        PolicyError: The file is not well formed, nobody has looked at it, or it was learnt for other features.
    """
    contents = policy.files.get(NAME)
    if contents is None:
        return None
    refuse_unknown_keys(
        _WHERE, "it", contents, (*POLICY_HEADER, "temperature", "learnt", "candidate", "none")
    )
    if not contents["reviewer"]:
        raise PolicyError(_WHERE, "its reviewer is empty: nobody has looked at its scores")
    for section, names in (("candidate", FEATURES), ("none", NONE_FEATURES)):
        given = contents.get(section)
        if not isinstance(given, dict) or set(given) != set(names):
            raise PolicyError(
                _WHERE, f"[{section}] is not of this version's features: learn the weights anew"
            )
        if not all(_is_number(value) for value in given.values()):
            raise PolicyError(_WHERE, f"[{section}] has a value that is no number")
    if not _is_number(contents.get("temperature")) or contents["temperature"] <= 0:
        raise PolicyError(_WHERE, "its temperature is no number above 0")
    return Weights.of(contents)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
