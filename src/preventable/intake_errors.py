"""Errors of intake, Q431 and on: as all others of `errors`, which would be too long with them."""

from __future__ import annotations

from preventable.errors import PreventableError, RefusedFileError

# --- Q431 to Q439: manifests, linkage keys, approvals ---------------------------------------


class NoManifestError(RefusedFileError):
    number, title = "Q431", "The file has no manifest, and policy asks its provider for one"
    remedy = (
        "Ask the supplier for it (`preventable manifest FILE`, docs/how-to/send-with-a-manifest.md) and put it"
        " beside the file; or see policy/manifests.toml."
    )


class ManifestFormError(RefusedFileError):
    number, title = "Q432", "The manifest of a file is not well formed"
    remedy = "Ask the supplier to make it anew with `preventable manifest FILE`."


class NotAsManifestError(RefusedFileError):
    number, title = "Q433", "The file is not what its manifest says"
    remedy = (
        "Ask the supplier to send both again: the file was cut short or changed after its manifest was made, or the"
        " manifest is another file's."
    )


class LoneManifestError(RefusedFileError):
    number, title = "Q434", "A manifest came without its file"
    remedy = "Ask the supplier for the file, or put the two beside each other under their names."


class OtherLinkageKeyError(RefusedFileError):
    number, title = "Q435", "The file has pseudonyms of a linkage key that policy does not accept"
    remedy = (
        "Ask the supplier to make them anew with the key in force, or the key custodian to see"
        " policy/linkage_keys.toml."
    )


class NotApprovedError(RefusedFileError):
    number, title = "Q436", "A mapping is not approved by the people that policy asks for"
    remedy = "Have them sign it with `preventable approve MAPPING`, and give it anew with --mapping."


# --- Q440 to Q449: rules that hold a whole file ----------------------------------------------


class HeldFileError(RefusedFileError):
    number, title = "Q440", "The file is held until a person has looked at it"
    remedy = (
        "Ask the supplier about the reasons (docs/how-to/look-at-a-held-file.md); if the file is right, take it in with"
        " `preventable submit FILE --looked-at --by NAME --because TEXT`, or out of the spool with `preventable spool"
        " again SHA256` and the same; if it is the whole month anew, with --replace-month."
    )


# --- Q450 to Q459: drafts of mappings ---------------------------------------------------------


class NoDraftError(RefusedFileError):
    number, title = "Q450", "No mapping can be drafted from a file"
    remedy = "Ask the supplier for a file whose first line names every column, each by a name of its own."


class UnknownKindError(RefusedFileError):
    number, title = "Q451", "The kind of source of a file cannot be told"
    remedy = "Name it with --kind."


# --- Q460 to Q469: the spool, versions of a month -------------------------------------------


class NotInSpoolError(PreventableError):
    number, title, exit_code = "Q460", "The spool does not hold that file", 2
    remedy = (
        "See `preventable spool list` for what it holds, and policy/retention.toml for how long; else ask the supplier"
        " to send the file again."
    )


class UnknownMonthError(PreventableError):
    number, title, exit_code = "Q462", "Nothing of that provider and month has come", 2
    remedy = "See `preventable submit` for what came; a month is written YYYY-MM."


class DeletedSinceError(PreventableError):
    number, title, exit_code = "Q463", "What stood then was deleted since, as policy asks", 2
    remedy = "policy/retention.toml says how long it is kept; a change of linkage key deletes what stood before it."


class ManifestNotInSpoolError(PreventableError):
    number, title, exit_code = "Q464", "A file refused for its manifest is not taken in out of the spool", 2
    remedy = "The spool has no manifest of it: ask the supplier to send both again, and submit them beside each other."


class StandsBesideError(RefusedFileError):
    number, title = "Q465", "A file that counts already beside others of its month cannot take their place"
    remedy = (
        "The same content counts once: ask the supplier for the month as it is to stand in one file that says more or"
        " other than this one, such as raised versions of its records, and send that with --replace-month."
    )


# --- Q480 to Q489: the screen for personal data, faults of ours -------------------------------


class HiddenPersonalDataError(RefusedFileError):
    number, title = "Q480", "A part of the file that is not shown points at a person"
    remedy = (
        "Ask the supplier to take out hidden sheets and comments, or to save the data sheet as CSV, and to send it"
        " again."
    )


class OwnFaultError(RefusedFileError):
    number, title = "Q481", "A fault in the program met while the file was read"
    remedy = (
        "This is a fault of ours: report it with this line, which holds no record's value; the other files of the"
        " command were taken."
    )
