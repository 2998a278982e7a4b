"""Errors of keys and signatures, K001 and on: as all others of `errors`, which would be too long with them."""

from __future__ import annotations

from preventable.errors import PreventableError


class LinkageKeyFileError(PreventableError):
    number, title, exit_code = "K001", "A file is no linkage key", 2
    remedy = "Name the file that the key custodian gave you; it is used as it came."


class KeyPlaceError(PreventableError):
    number, title, exit_code = "K002", "A key cannot be written there", 2
    remedy = "Name a folder or file that does not exist yet, outside every home: a key never lies beside the records."
    state = "No key was made."


class LinkageMapError(PreventableError):
    number, title, exit_code = "K003", "A map from one linkage key to the next cannot be made or used", 2
    remedy = "docs/how-to/pseudonymise-at-the-edge.md has the steps of a rotation in their order."


class SigningKeyFileError(PreventableError):
    number, title, exit_code = "K004", "A file is no signing key", 2
    remedy = "Name the file that `preventable keys new` wrote for you."
    state = "Nothing was signed."


class UnknownSignerError(PreventableError):
    number, title, exit_code = "K005", "A key is of nobody who may approve this mapping", 2
    remedy = (
        "Have the owner of policy/people.toml enter your public key and role, and the mapping name you in"
        " approved_by."
    )
    state = "Nothing was signed."


class ApprovedTwiceError(PreventableError):
    number, title, exit_code = "K006", "One person cannot approve a mapping twice", 2
    remedy = "Ask another person to sign it with a key of their own."
    state = "Nothing was signed."


class ChangedMappingError(PreventableError):
    number, title, exit_code = "K007", "A mapping was changed after somebody approved it", 2
    remedy = (
        "Undo the change, or delete the file of approvals beside it and have everybody look and sign again."
    )
    state = "Nothing was signed."
