"""What `doctor` looks at: installation, policy, home."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from preventable.conservation import KINDS, conservation, outcomes_in_words, total_rows
from preventable.counted import counted
from preventable.errors import NoHomeError, PreventableError, UsageError
from preventable.partners.calendar_policy import read_calendar_policy
from preventable.settings import Policy, load_policy
from preventable.stages.clusters.policy import read_cluster_policy
from preventable.stages.disclosure.recipients import read_recipients
from preventable.stages.disclosure.rule import read_release_rule
from preventable.stages.indicators.populations import read_standard_weights
from preventable.stages.indicators.weekly import read_weekly_definitions
from preventable.stages.linkage.policy import read_linkage_policy
from preventable.stages.packs.placement import read_placements
from preventable.stages.patterns.rules import read_pattern_policy
from preventable.stages.places.weights import policy_weights
from preventable.stages.scorecards.rules import read_score_rules
from preventable.stages.sources.limits import read_limits
from preventable.stages.sources.mapping import readable_kinds
from preventable.store.home import open_home
from preventable.store.retention import read_retention
from preventable.store.session import HomeTables, reading, verify_home
from preventable.tables.estimate_rules import read_estimate_rules

LIBRARIES = (
    "duckdb",
    "deltalake",
    "pyarrow",
    "numpy",
    "scipy",
    "numba",
    "shapely",
    "pyproj",
    "pyogrio",
    "rapidfuzz",
    "altair",
    "vl-convert-python",
    "splink",
    "typst",
    "gptables",
    "odfdo",
)

#: What reads the policy when the flow runs: each refuses a file that it could not use.
_POLICY_READERS: tuple[Callable[[Policy], object], ...] = (
    read_weekly_definitions,
    read_estimate_rules,
    read_standard_weights,
    read_release_rule,
    read_recipients,
    read_placements,
    policy_weights,
    read_pattern_policy,
    read_linkage_policy,
    read_cluster_policy,
    read_limits,
    read_calendar_policy,
    read_score_rules,
    readable_kinds,
    read_retention,
)


@dataclass(frozen=True)
class Finding:
    """One thing looked at, and whether it is well."""

    what: str
    well: bool


def examine(home: Path, *, today: dt.date | None = None) -> list[Finding]:
    """Look at the machine, the policy and, where there is one, the home.

    Args:
        home: Folder of a home; absence is told and is not a fault.
        today: Day against which review dates are held; the machine's date by default.
    """
    findings = [Finding(f"Python {sys.version.split()[0]}", sys.version_info >= (3, 11))]
    findings += [_library(name) for name in LIBRARIES]
    findings.append(_time_zone())
    findings += _policy(today or dt.date.today())
    findings += _home(home)
    return findings


def _library(name: str) -> Finding:
    try:
        return Finding(f"{name} {version(name)}", well=True)
    except PackageNotFoundError:
        return Finding(f"{name} is not installed: delete .venv and start again", well=False)


def _time_zone() -> Finding:
    try:
        ZoneInfo("Europe/London")
    except ZoneInfoNotFoundError:
        return Finding("time zones are not installed: delete .venv and start again", well=False)
    return Finding("time zones", well=True)


def _policy(today: dt.date) -> list[Finding]:
    try:
        policy = load_policy()
    except PreventableError as error:
        return [Finding(str(error), well=False)]
    faults = [fault for read in _POLICY_READERS for fault in _faults(read, policy)]
    return [*(faults or [Finding("policy is well formed", well=True)]), *_overdue(policy, today)]


def _faults(read: Callable[[Policy], object], policy: Policy) -> list[Finding]:
    try:
        read(policy)
    except PreventableError as error:
        return [Finding(str(error), well=False)]
    return []


def _overdue(policy: Policy, today: dt.date) -> list[Finding]:
    files = {**policy.files, **{f"definitions/{name}": file for name, file in policy.definitions.items()}}
    return [
        Finding(
            f"policy/{name}.toml was due for review on {file['review_by']} by {file['owner']}", well=False
        )
        for name, file in files.items()
        if file["review_by"] < today
    ]


def _home(path: Path) -> list[Finding]:
    try:
        home = open_home(path)
        with reading(home) as tables:
            count = verify_home(home, tables)
            written = Finding(f"home {path}: {count:,} data files as they were written", well=True)
            return [written, _balance(tables)]
    except NoHomeError:
        return [Finding(f"no home in {path} (none is needed yet)", well=True)]
    except PreventableError as error:
        return [Finding(str(error), well=False)]


def _balance(tables: HomeTables) -> Finding:
    """Whether every row that was sent has one outcome."""
    try:
        lines = conservation(tables)
    except UsageError as error:
        return Finding(f"rows sent: {error.found}", well=True)
    rows = total_rows(lines)
    words = " + ".join(outcomes_in_words(rows))
    even = all(line["submitted"] == sum(line[kind] for kind in KINDS) for line in lines.to_pylist())
    return Finding(
        f"{counted(rows['submitted'], 'row')} sent {'=' if even else 'are not'} {words}, month by month",
        well=even,
    )
