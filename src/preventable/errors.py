"""Every error a user can meet: number, place, count, remedy, and what state things are in.

A record's value is never quoted. `docs/reference/errors.md` lists this file, `intake_errors` with those of a supplier's
manifest, approvals and rules, and `key_errors` with those of keys and signatures; a test holds page and files equal.
Exit codes: 1 our fault, 2 misuse, 3 data refused, 4 release refused.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: State where earlier files or steps may have been written before the error came.
_STANDS = "What was acknowledged before stands; nothing half done counts."

#: Rows of a file that are told by number where one thing is wrong with many.
_ROWS_TOLD = 20


@dataclass
class PreventableError(Exception):
    """Base of all errors: `Q104  place: what was found. Remedy. State.`

    Args:
        where: File, provider, table or step concerned. Never a record's value.
        found: What was found, with counts and row numbers. Never a record's value.
        rows: Row numbers concerned, the first few; empty when the whole is meant.
    """

    where: str
    found: str
    rows: tuple[int, ...] = field(default=())

    number = "E000"
    title = "Unclassified error"
    remedy = "Report it with the number and the step."
    state = "Nothing was changed."
    exit_code = 1

    def __str__(self) -> str:
        first = f" (first: row {self.rows[0]})" if self.rows else ""
        return f"{self.number}  {self.where}: {self.found}{first}. {self.remedy} {self.state}"


def place_of_fault(error: Exception) -> str:
    """File and line of our code where it arose; a line's number tells no value."""
    frames = traceback.extract_tb(error.__traceback__)
    package = Path(__file__).parent
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(package)]
    last = ours[-1] if ours else frames[-1]
    return f"{Path(last.filename).relative_to(package.parent) if ours else last.name}:{last.lineno}"


# --- E0xx: the machine and the installation -------------------------------------------------


class MachineError(PreventableError):
    number, title = "E001", "The machine refused a file or a folder"
    remedy = (
        "See that it exists, that you may write there and that the disk has room, then repeat the command."
    )
    state = _STANDS


class UnexpectedError(PreventableError):
    number, title = "E002", "A fault in the program itself"
    remedy = "Report it with this line; it holds no record's value. Repeating the command does no harm."
    state = _STANDS


class EngineError(PreventableError):
    number, title = "E010", "The SQL engine refused a statement"
    remedy = "This is our fault: report it with the name of the statement."
    state = _STANDS


class NoEnginePackagesError(PreventableError):
    number, title, exit_code = "E011", "The packages of the second engine are not installed", 2
    remedy = "Install them with the one command of docs/how-to/run-on-spark.md, or run without --engine."


class NoEngineServerError(PreventableError):
    number, title, exit_code = "E012", "No server of the second engine answers", 2
    remedy = "Start one as docs/how-to/run-on-spark.md says and see that the address is right, or run without --remote."
    state = _STANDS


# --- U1xx: misuse of a command --------------------------------------------------------------


class UsageError(PreventableError):
    number, title, exit_code = "U101", "The command cannot be done as asked", 2
    remedy = "See the command's --help."


class NoHomeError(PreventableError):
    number, title, exit_code = "U102", "There is no home in that folder", 2
    remedy = "Name a home that exists, or make one with `preventable submit PATH --home DIR --region REGION`."


class NoRegionError(PreventableError):
    number, title, exit_code = "U103", "The home has no region yet", 2
    remedy = "Give it one once: `preventable submit PATH --home DIR --region REGION`."


class UnknownFigureError(PreventableError):
    number, title, exit_code = "U104", "No released figure has that name", 2
    remedy = "Copy the figure's name from the `figure` column of a pack's CSV."


class StaleFiguresError(PreventableError):
    number, title, exit_code = "U105", "The released figures are older than the records or the policy", 2
    remedy = (
        "Run the flow first: `preventable run --home DIR`. If it is said again after that, report it with the name"
        " of the figure."
    )


class UnknownReleaseError(PreventableError):
    number, title, exit_code = "U106", "This home made no such release", 2
    remedy = (
        "Give the name of a folder of released/packs; its figures are explained in the home that made them."
    )


class UnknownTopicError(PreventableError):
    number, title, exit_code = "U107", "There is no table of that name to look at", 2
    remedy = "Type `preventable inside` for the topics, with what each shows."


class NotYetMadeError(PreventableError):
    number, title, exit_code = "U108", "The flow has not made that table in this home", 2
    remedy = "Run the flow first: `preventable run --home DIR`."


# --- H2xx: the home and its store -----------------------------------------------------------


class DamagedFileError(PreventableError):
    number, title = "H201", "A data file is not what was written"
    remedy = "Bring it back from the last good copy of the home, as docs/how-to/restore.md says."
    state = "Nothing was read from it and nothing was published."


class SchemaError(PreventableError):
    number, title = "H202", "A table does not have its declared columns or values"
    remedy = "This is our fault: report it with the name of the table."
    state = _STANDS


class OtherVersionError(PreventableError):
    number, title = "H204", "A table was written by another version of Preventable"
    remedy = (
        "Type `./preventable run`: it makes every table anew but those that `submit` fills. Where it is one of those,"
        " submit all files into a new home."
    )
    state = _STANDS


class HomeBusyError(PreventableError):
    number, title = "H203", "Another process is writing to this home"
    remedy = "Wait until it ends, then repeat the command."


class EarlierHomeError(PreventableError):
    number, title = "H205", "A home was made by an earlier version of Preventable"
    remedy = "Submit all its files into a new home, and give that the policy and the mappings of the old one."


# --- P3xx: policy ---------------------------------------------------------------------------


class PolicyError(PreventableError):
    number, title, exit_code = "P301", "A policy file is missing, out of review or not well formed", 2
    remedy = "Mend the file named; its owner stands in its first lines."
    state = _STANDS


class DefinitionChangedError(PreventableError):
    number, title, exit_code = "P302", "A definition was changed without a new version", 2
    remedy = (
        "Give it the next `version` in its file, or undo the change: figures of one version are compared."
    )
    state = _STANDS


class VersionsDifferError(PreventableError):
    number, title, exit_code = "P303", "Figures of two versions of one definition are compared", 2
    remedy = (
        "Count the whole history by one version: `preventable run` does. Releases made before keep their version and"
        " are not compared with it."
    )
    state = _STANDS


# --- Q4xx: a submission is refused as a whole (quality rules V01.. report rows) --------------


class RefusedFileError(PreventableError):
    """Base of the refusals of a whole file.

    The reader sets the first three facts below on the instance where it knows them, so that the ledger can count
    the refused rows; `reasons` are the parts of what was found where these are several.
    """

    number, title, exit_code = "Q400", "The file is refused", 3
    remedy = "Mend the file and send it again."
    state = "Nothing was loaded from it."
    rows_in_file: int | None = None
    submission_id: str | None = None
    month: str | None = None
    reasons: tuple[str, ...] = ()


class UnknownProviderError(RefusedFileError):
    number, title = "Q401", "The provider is not known to this region"
    remedy = "Put the file under submissions/<provider>/ or name the provider with --provider."


class NoMappingError(RefusedFileError):
    number, title = "Q402", "No approved mapping reads this provider's files"
    remedy = "Give the provider's mapping with --mapping."


class ChangedFormatError(RefusedFileError):
    number, title = "Q403", "The columns are not those of any approved mapping"
    remedy = (
        "Ask the supplier what changed, draft a mapping of the new format (`preventable source draft`) and give it with"
        " --mapping."
    )


class UnreadableFileError(RefusedFileError):
    number, title = "Q404", "The file cannot be read as its mapping says"
    remedy = "Ask the supplier to export it again."


class NoPeriodError(RefusedFileError):
    number, title = "Q405", "The period of the file cannot be told"
    remedy = "Ask the supplier to fill the reporting period or the date column."


class TooLargeError(RefusedFileError):
    number, title = "Q406", "The file is larger than policy/limits.toml allows"
    remedy = "Ask the supplier to split it by month, or information governance to raise the limit."


class UnknownCodesError(RefusedFileError):
    number, title = "Q407", "Too many rows have a code that the mapping does not know"
    remedy = "Add the codes to the provider's mapping, or ask the supplier to send the file again."


class RaggedRowsError(RefusedFileError):
    number, title = "Q408", "Rows have more or fewer cells than the header"
    remedy = "Ask the supplier to export it again; a quote or separator inside a text is the usual cause."


class MappingError(RefusedFileError):
    number, title = "Q409", "A mapping is not well formed"
    remedy = "Ask the owner named in the mapping to mend it."


class NoKeyError(PreventableError):
    number, title = "Q410", "The home has no pseudonym key"
    remedy = "Restore restricted/key from the key custodian's copy."
    state = _STANDS


class FutureMonthError(RefusedFileError):
    number, title = "Q411", "The month of the file has not begun"
    remedy = (
        "Mend the date of its records or its period and send it again; see that this machine's date is right."
    )


class UnknownEncodingError(UnreadableFileError):
    number, title = "Q420", "The encoding of a text cannot be told"
    remedy = "Ask the supplier to export it as UTF-8, or the owner of the mapping to name its encoding."


class UnknownKindError(UnreadableFileError):
    number, title = "Q421", "The file is of no kind that is read"
    remedy = "Ask the supplier for CSV, a workbook, JSON, Parquet or the XML of the minimum data set."


class UnsafeContainerError(UnreadableFileError):
    number, title = "Q422", "The container of the file is broken, or holds what is not taken in"
    remedy = (
        "Ask the supplier to send the one file itself, without macros, passwords, links or objects in it."
    )


class ReadersDisagreeError(UnreadableFileError):
    number, title = "Q423", "Two readers find different numbers of rows in the file"
    remedy = "Ask the supplier to send it as CSV: a damaged workbook is the usual cause."


class ReaderStoppedError(UnreadableFileError):
    number, title = "Q424", "The process that read the file was stopped at a limit or died"
    remedy = "Ask the supplier to split it by month or to send it as CSV; if it is small, report it with the number."


# --- D5xx: release --------------------------------------------------------------------------


class ReleaseRefusedError(PreventableError):
    number, title, exit_code = "D501", "A figure would break the release rule", 4
    remedy = "This is our fault: report it with the name of the figure."
    state = "Nothing was released; the previous packs stay."


class NothingToReleaseError(PreventableError):
    number, title, exit_code = "D502", "There is nothing to release", 4
    remedy = (
        "Where no figure was counted, submit the files of a month, of most services, and `run`. Where no agreement"
        " stands, see `expires` in policy/recipients.toml. Where something has changed, `run` again."
    )
    state = _STANDS


# --- M6xx: arithmetic (methods) ---------------------------------------------------------------


class DenominatorError(PreventableError):
    number, title = "M601", "A population at risk or an expected number is not above zero"
    remedy = "Give a denominator above zero, or leave the area out."
    state = _STANDS


class CountError(PreventableError):
    number, title = "M602", "A count is negative or larger than it can be"
    remedy = "Give a count of 0 or more."
    state = _STANDS


class StandardPopulationError(PreventableError):
    number, title = "M603", "The age bands of events, population and standard differ"
    remedy = "Give the three the same bands; the standard needs weights above zero."
    state = _STANDS


class LevelError(PreventableError):
    number, title = "M604", "The level of a confidence interval is not between 0 and 1"
    remedy = "Use a level such as 0.95."
    state = _STANDS


class AreasError(PreventableError):
    number, title = "M605", "The values of areas do not fit together, or are too few"
    remedy = "Give one finite number for each area, in the same order everywhere."
    state = _STANDS


# --- F7xx: figures ----------------------------------------------------------------------------


class PopulationBandsError(PreventableError):
    number, title, exit_code = "F701", "The region's populations do not fit the ten-year age bands", 3
    remedy = "Give populations whose age bands each lie inside one ten-year band of codes/age_bands.toml."
    state = _STANDS


# --- I8xx: the invented county ----------------------------------------------------------------


class InventedRegionError(PreventableError):
    number, title = "I801", "The invented county cannot be drawn"
    remedy = "Report it with the seed; another --seed works meanwhile."
    state = "Nothing was written."


class InventedPeriodError(PreventableError):
    number, title, exit_code = "I802", "The invented county does not know that period", 2
    remedy = "Give months of the years in invented/calendar.toml, first to last, and their number."
    state = "Nothing was written."


# --- R9xx: the region's tables ------------------------------------------------------------------


class RegionGeometryError(PreventableError):
    number, title, exit_code = "R901", "The region's polygons cannot be indexed", 3
    remedy = "Build the region with `preventable region build`, which rounds polygons to whole metres and mends them."
    state = _STANDS


class ManifestError(PreventableError):
    number, title, exit_code = "R902", "A region's manifest is not well formed", 2
    remedy = "Mend the manifest; docs/how-to/build-a-region.md shows every section."
    state = "Nothing was written."


class RegionFileError(PreventableError):
    number, title, exit_code = "R903", "A file that a region's manifest names is absent or cannot be read", 2
    remedy = "Get the file from its publisher, or take the sections that need it out of the manifest."
    state = "Nothing was written."


class RegionColumnError(PreventableError):
    number, title, exit_code = "R904", "A column that a region's manifest names is not in its file", 2
    remedy = "Look at the first line of the file and mend `columns` in the manifest."
    state = "Nothing was written."


class RegionValueError(PreventableError):
    number, title, exit_code = "R905", "A file of a region has cells that are missing or cannot be read", 3
    remedy = "Mend the file, or see whether the manifest names the right column of it."
    state = "Nothing was written."


class RegionCodesError(PreventableError):
    number, title, exit_code = "R906", "The files of a region do not know the same areas", 3
    remedy = "Get files of the same year of areas, or narrow both with `keep` in the manifest."
    state = "Nothing was written."


class RegionProjectionError(PreventableError):
    number, title, exit_code = "R907", "Points cannot be brought into the region's projection", 2
    remedy = (
        "Give a projection in metres as `crs` in the manifest, and each file's own `crs` where it has one."
    )
    state = "Nothing was written."


# --- G0xx: place texts, looked at by people -------------------------------------------------------


class LinesRefusedError(PreventableError):
    """Several lines of a file, each with an error of its own; nothing was taken from it."""

    number, title, exit_code = "G001", "A file has lines that cannot be taken", 3
    remedy = "Mend the lines named above and give the file again."
    state = "Nothing was taken."
    lines: tuple[PreventableError, ...] = ()

    @classmethod
    def of(cls, where: str, lines: Sequence[PreventableError]) -> LinesRefusedError:
        """The refusal of a file for some of its lines, in their order; what is wrong with many is told once."""
        refused = cls(
            where, f"{len(lines)} lines cannot be taken" if len(lines) > 1 else "a line cannot be taken"
        )
        alike: dict[tuple[type[PreventableError], str], list[int]] = {}
        for line in sorted(lines, key=lambda line: line.rows):
            alike.setdefault((type(line), line.found), []).extend(line.rows)
        refused.lines = tuple(kind(where, found, tuple(rows)) for (kind, found), rows in alike.items())
        return refused

    def __str__(self) -> str:
        return "\n".join([*map(str, self.lines), super().__str__()])


class LineError(PreventableError):
    """Base of what is wrong with one line; its number stands in `rows`."""

    number, title, exit_code = "G002", "A line of the file cannot be read", 3
    remedy = "Give each line as many cells as the header has, and close each quotation mark."
    state = "Nothing was taken."

    def __str__(self) -> str:
        told = ", ".join(map(str, self.rows[:_ROWS_TOLD]))
        more = f" and {len(self.rows) - _ROWS_TOLD} more" if len(self.rows) > _ROWS_TOLD else ""
        rows = f" (row{'s' if len(self.rows) > 1 else ''} {told}{more})"
        return f"{self.number}  {self.where}: {self.found}{rows}. {self.remedy} {self.state}"


class ColumnsError(LineError):
    number, title = "G003", "A file of decisions or labels lacks columns"
    remedy = "Keep the header as it was written, or as docs/how-to/review-places.md shows it."


class UnknownReviewError(LineError):
    number, title = "G004", "A line names nothing that this home could review"
    remedy = "Copy review_id from a file that `preventable places review --out` wrote for this home."


class UnknownChoiceError(LineError):
    number, title = "G005", "A line's decision is none that can be taken"
    remedy = "Write 1, 2, 3, other, none or generic, or leave it empty."


class UnknownPlaceError(LineError):
    number, title = "G006", "A line names a place that the gazetteer does not have"
    remedy = "Copy the id from `preventable places find NAME`."


class UnknownScopeError(LineError):
    number, title = "G007", "A line's sites are none that are known"
    remedy = "Write all in for_sites, or leave it empty: the decision then holds for the line's own site."


class DecidedTwiceError(LineError):
    number, title = "G008", "Two lines say different things of one text"
    remedy = "Leave one of them in the file."


class UnknownDecisionError(PreventableError):
    number, title, exit_code = "G009", "There is no decision of that number to undo", 2
    remedy = "Take the number from `preventable places review --decisions`."


class LabelError(LineError):
    number, title = "G010", "A label has no text, or a kind or site that is not known"
    remedy = (
        "Write a text in UTF-8, a kind (premises, street, area, none), an id but for none, and a site code or"
        " nothing."
    )


class TooFewLabelsError(PreventableError):
    number, title, exit_code = "G011", "There are too few labels to learn from", 3
    remedy = "Label more texts; docs/how-to/review-places.md says how many are worth it."
    state = "Nothing was written."


# --- L0xx: audits of linkage ------------------------------------------------------------------------


class NothingToAuditError(PreventableError):
    number, title, exit_code = "L001", "There is no record to draw for an audit", 2
    remedy = "Submit the files of that service and `run` first."


class AuditSheetError(PreventableError):
    number, title, exit_code = "L002", "A sheet of an audit is not as it was written", 3
    remedy = "Keep header, lines and numbers as `linkage audit-sample --out` wrote them; fill the empty columns alone."
    state = "Nothing was taken."


class AuditAnswerError(PreventableError):
    number, title, exit_code = "L003", "A sheet of an audit has answers that cannot be taken", 3
    remedy = "Write found, not_found or unsure on every line, and the police reference where it is found."
    state = "Nothing was taken."


class AuditReviewerError(PreventableError):
    number, title, exit_code = "L004", "The sheets of an audit are not of two reviewers", 3
    remedy = "Let each reviewer fill a sheet alone, with the same initials on every line and other ones than the other."
    state = "Nothing was taken."


class UnknownAuditError(PreventableError):
    number, title, exit_code = "L005", "The home has no such sample, or no answers to it that hold", 2
    remedy = "Take the number from `linkage audit-sample --list`."


class AuditTakenError(PreventableError):
    number, title, exit_code = "L006", "The sample was answered before", 2
    remedy = "Undo those answers first: `linkage audit-sample --undo NUMBER`."


class UnknownLinkError(PreventableError):
    number, title, exit_code = "L007", "The home has no such link", 2
    remedy = "Take both record keys from a row of the table `links`; `run` first where the flow has changed."
