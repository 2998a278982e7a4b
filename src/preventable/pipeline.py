"""Start here: the flow as one ordered list of steps.

Files come in at the door (`intake.submit`, which calls `stages/sources`) and fill the tables of `AT_THE_DOOR`.
`run` then takes them through `STEPS`, each in an engine session that holds only the tables the step names:
code that may not see a person is not handed one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import pyarrow as pa

from preventable.engine import Engine
from preventable.engine.choose import NewEngine, embedded_engine
from preventable.errors import NothingToReleaseError, PreventableError
from preventable.hand_over import disk_of, given_tables, hand_over
from preventable.settings import Policy, StepContext
from preventable.stages.clusters.policy import read_cluster_policy
from preventable.stages.clusters.stage import find_clusters
from preventable.stages.disclosure.recipients import read_recipients
from preventable.stages.disclosure.rule import read_release_rule
from preventable.stages.disclosure.stage import protect_indicators
from preventable.stages.estimates.stage import estimate_risks
from preventable.stages.indicators.stage import count_indicators
from preventable.stages.indicators.weekly import read_weekly_definitions
from preventable.stages.linkage.policy import read_linkage_policy
from preventable.stages.linkage.stage import link_records
from preventable.stages.packs.placement import read_placements
from preventable.stages.patterns.rules import read_pattern_policy
from preventable.stages.patterns.stage import find_patterns
from preventable.stages.places.records import locate_records, months_of_records
from preventable.stages.places.stage import resolve_places
from preventable.stages.places.weights import policy_weights
from preventable.stages.pseudonyms.stage import pseudonymise_records
from preventable.stages.pseudonyms.standing import record_months
from preventable.stages.quality.outcomes import months_of_files, write_outcomes
from preventable.stages.quality.period import last_month
from preventable.stages.quality.stage import check_submissions
from preventable.stages.signals.stage import score_weeks
from preventable.steps import Spread, Step, work_through
from preventable.store.home import Home
from preventable.store.released import holds_release, write_packs
from preventable.store.retention import prune_tables
from preventable.store.run_log import StepRecord
from preventable.store.session import HomeTables, reading, writing
from preventable.tables import HOME_LISTS, REGION_TABLES, Sensitivity
from preventable.tables.estimate_rules import read_estimate_rules
from preventable.tables.source_kinds import source_kinds

Progress = Callable[[str, float], None]
"""Called with the name of a step and the share of it that is done, 0 to 1."""


def _make_packs(engine: Engine, context: StepContext) -> Mapping[str, bytes] | None:
    """The last step. Libraries that draw take a third of a second to load: only this step loads them."""
    from preventable.stages.packs.stage import make_packs

    return make_packs(engine, context)


#: What `intake.submit` fills, file by file, before any step runs.
AT_THE_DOOR: tuple[str, ...] = ("submissions", "intake_problems", "place_texts")

STEPS: tuple[Step, ...] = (
    Step(
        "quality",
        write_outcomes,
        reads=("submissions", "intake_problems", "arrivals", "providers"),
        writes=("outcomes", "findings", "rule_results", "coverage", "report_delays", "listings"),
        main="outcomes",
        first=check_submissions,
        spread=Spread(months_of_files, cut=("submissions",)),
    ),
    Step(
        "pseudonyms",
        pseudonymise_records,
        reads=("outcomes", "submissions", "providers", "postcodes"),
        writes=("pseudonymous_records",),
        holds_key=True,
        spread=Spread(record_months, cut=("outcomes", "submissions")),
    ),
    Step(
        "places",
        locate_records,
        reads=(
            "pseudonymous_records",
            "place_texts",
            "listings",
            "small_areas",
            "areas",
            "streets",
            "venues",
            "venue_aliases",
            "institutions",
            "postcodes",
            "providers",
            "place_decisions",
        ),
        writes=("place_matches", "place_candidates", "place_phrases", "shared_records", "located_records"),
        carries=("place_matches", "place_candidates", "place_phrases"),
        holds_phrase_key=True,
        first=resolve_places,
        spread=Spread(months_of_records, cut=("pseudonymous_records",)),
    ),
    Step(
        "linkage",
        link_records,
        reads=("located_records", "small_areas", "linkage_audits"),
        writes=(
            "links",
            "incidents",
            "link_models",
            "link_quality",
            "known_to_police",
            "link_windows",
            "incident_estimates",
            "link_diagnostics",
            "link_audits",
        ),
        main="incidents",
    ),
    Step(
        "indicators",
        count_indicators,
        reads=(
            "located_records",
            "shared_records",
            "listings",
            "coverage",
            "report_delays",
            "areas",
            "small_areas",
            "venues",
            "populations",
            "providers",
        ),
        writes=(
            "definition_versions",
            "population_bases",
            "indicator_values",
            "venue_shares",
            "area_months",
            "weekly_counts",
            "mix_counts",
            "nowcasts",
            "data_findings",
        ),
        main="indicator_values",
        carries=("definition_versions",),
        told_period=True,
    ),
    Step(
        "signals",
        score_weeks,
        reads=(
            "weekly_counts",
            "nowcasts",
            "mix_counts",
            "population_bases",
            "calendar",
            "areas",
            "partners",
        ),
        writes=("signals", "signal_lines", "mix_changes"),
        main="signals",
        told_period=True,
    ),
    Step(
        "estimates",
        estimate_risks,
        reads=(
            "area_months",
            "indicator_values",
            "venue_shares",
            "small_areas",
            "areas",
            "venues",
            "populations",
        ),
        writes=(
            "area_estimates",
            "prediction_scores",
            "past_predictions",
            "past_scores",
            "premises_estimates",
        ),
        main="area_estimates",
        carries=("past_predictions",),
        told_period=True,
    ),
    Step(
        "clusters",
        find_clusters,
        reads=("located_records", "incidents", "coverage", "small_areas", "areas"),
        writes=("clusters", "neighbourhood_sums", "near_repeats"),
        main="clusters",
        told_period=True,
    ),
    Step(
        "patterns",
        find_patterns,
        reads=(
            "located_records",
            "incidents",
            "indicator_values",
            "population_bases",
            "small_areas",
            "venues",
            "calendar",
        ),
        writes=("patterns",),
    ),
    Step(
        "disclosure",
        protect_indicators,
        reads=(
            "indicator_values",
            "venue_shares",
            "population_bases",
            "known_to_police",
            "link_windows",
            "incident_estimates",
            "link_diagnostics",
            "signals",
            "patterns",
            "data_findings",
            "partners",
            "areas",
            "small_areas",
            "venues",
        ),
        writes=(
            "dispersions",
            "released",
            "released_estimates",
            "released_signals",
            "released_gaps",
            "told_lines",
            "release_register",
        ),
        main="released",
        carries=("told_lines",),
        told_period=True,
    ),
    Step(
        "packs",
        _make_packs,
        reads=(
            "released",
            "released_estimates",
            "released_signals",
            "released_gaps",
            "release_register",
            "areas",
            "venues",
            "partners",
            "providers",
            "calendar",
        ),
        writes=("partner_packs",),
        told_period=True,
    ),
)


def flow_faults(steps: Sequence[Step]) -> list[str]:
    """What is wrong with a list of steps, in words; empty when it keeps the two rules of the flow.

    A step reads only tables that exist by then, and sensitivity never rises from one step to the next.
    """
    faults = []
    known = {table.name for table in (*REGION_TABLES, *HOME_LISTS)} | set(AT_THE_DOOR)
    highest = Sensitivity.IDENTIFIABLE
    for step in steps:
        faults += [f"{step.name} reads {name} before it is made" for name in step.reads if name not in known]
        faults += [
            f"{step.name} carries {name}, which it does not write"
            for name in step.carries
            if name not in step.writes
        ]
        if step.spread is not None and step.first is None and len(step.writes) > 1:
            faults.append(f"{step.name} runs part by part and writes more than one table")
        if step.sensitivity > highest:
            faults.append(f"{step.name} raises sensitivity to {step.sensitivity.name.lower()}")
        highest = min(highest, step.sensitivity)
        known |= set(step.writes)
    return faults


@dataclass(frozen=True)
class StepReport:
    """What a step did; rows are those of the tables that it has as `counted`.

    `unchanged` steps were not run: nothing they read had changed.
    """

    name: str
    rows_in: int
    rows_out: int
    seconds: float
    unchanged: bool


Tell = Callable[[StepReport], None]
"""Called with the report of each step as it ends."""


def run(
    home: Home,
    policy: Policy,
    *,
    new_engine: NewEngine = embedded_engine,
    progress: Progress | None = None,
    tell: Tell | None = None,
) -> list[StepReport]:
    """Take every submission of a home through the flow, up to what may be released.

    Idempotent: a step whose inputs, policy and code are those of its last run is not run again, whichever engine
    ran it: all give the same tables. What policy/retention.toml gives no longer is deleted first. Policy is read
    before anything is written. `new_engine` makes the session of each step.

    Raises:
        PolicyError: A policy file is not well formed. Nothing was done.
        NothingToReleaseError: No figure was counted, or no partner has an agreement that stands.
    """
    read_weekly_definitions(policy)
    read_estimate_rules(policy)
    read_pattern_policy(policy)
    read_linkage_policy(policy)
    read_cluster_policy(policy)
    read_release_rule(policy)
    read_recipients(policy)
    read_placements(policy)
    policy_weights(policy)
    with writing(home) as tables:
        prune_tables(tables, policy, dt.datetime.now(dt.UTC).date())
    steps = [step for step in STEPS if step.name != "packs"]
    return _run_steps(home, policy, steps, new_engine, progress, tell)


def packs(
    home: Home,
    policy: Policy,
    *,
    new_engine: NewEngine = embedded_engine,
    progress: Progress | None = None,
    tell: Tell | None = None,
) -> tuple[list[StepReport], list[str]]:
    """Make the partners' packs of what is released; `new_engine` makes the session of the step.

    Returns:
        The report, and the paths of the files below the home.

    Raises:
        NothingToReleaseError: Nothing may be released; or the flow has not run, or was cut short, since files,
            policy or code changed: packs of older figures would look like new ones.
    """
    with reading(home) as tables:
        if tables.read("released").num_rows == 0:
            raise NothingToReleaseError("released", "no figure is released")
    before = [step for step in STEPS if step.name != "packs"]
    last = [step for step in STEPS if step.name == "packs"]
    reports = _run_steps(home, policy, last, new_engine, progress, tell, must_stand=before)
    with reading(home) as tables:
        made = tables.read("partner_packs").to_pylist()
    folder = home.packs.relative_to(home.path).as_posix()
    return reports, sorted(f"{folder}/{row['release']}/{row['path']}" for row in made)


@dataclass(frozen=True)
class _Run:
    """What the steps of one run share; `given` are the tables that no step makes: the region's and the home's lists."""

    home: Home
    tables: HomeTables
    given: Mapping[str, pa.Table]
    policy: Policy
    new_engine: NewEngine
    progress: Progress | None
    number: int


def _run_steps(
    home: Home,
    policy: Policy,
    steps: Sequence[Step],
    new_engine: NewEngine,
    progress: Progress | None,
    tell: Tell | None,
    *,
    must_stand: Sequence[Step] = (),
) -> list[StepReport]:
    with writing(home) as tables:
        number = tables.run_log.begin_run(_now())
        run = _Run(home, tables, given_tables(home), policy, new_engine, progress, number)
        reports = []
        try:
            for step in must_stand:
                if _record_that_stands(step, _fingerprint(step, run), run) is None:
                    raise NothingToReleaseError(
                        "released", f"files, policy or code have changed since {step.name} ran"
                    )
            for step in steps:
                reports.append(_run_step(step, run))
                if tell:
                    tell(reports[-1])
        except PreventableError as error:
            tables.run_log.end_run(number, _now(), error.number)
            tables.log.error("run", error=error.number)
            raise
        tables.run_log.end_run(number, _now(), "done")
    return reports


def _run_step(step: Step, run: _Run) -> StepReport:
    started = time.perf_counter()
    tables = run.tables
    fingerprint = _fingerprint(step, run)
    last = _record_that_stands(step, fingerprint, run)
    if last is not None:
        tables.log.info("step", step=step.name, unchanged=True)
        return StepReport(step.name, last.rows_in, last.rows_out, 0.0, unchanged=True)

    with closing(run.new_engine(disk_of(step.handed, run.home, tables))) as engine:
        handed = hand_over(engine, step.reads, step.carries, tables, run.given)
        files_made, pieces = work_through(step, engine, handed, _context(step, run))
        if files_made is not None:
            write_packs(run.home, _release_of(engine), files_made)
        read = _versions(tables, [name for name in step.reads if name not in run.given])
        rows_out = {name: tables.replace_in_pieces(name, made) for name, made in pieces.items()}

    report = StepReport(
        step.name,
        handed.rows[step.counted[0]],
        rows_out[step.counted[1]],
        time.perf_counter() - started,
        unchanged=False,
    )
    record = StepRecord(
        step.name,
        report.rows_in,
        report.rows_out,
        report.seconds,
        read,
        _versions(tables, step.writes),
        fingerprint,
    )
    tables.run_log.record_step(run.number, record)
    tables.log.info("step", step=step.name, rows_in=report.rows_in, rows_out=report.rows_out, unchanged=False)
    if run.progress:
        run.progress(step.name, 1.0)
    return report


def _record_that_stands(step: Step, fingerprint: str, run: _Run) -> StepRecord | None:
    """The step's last record, where all it depends on and all it wrote are as they were then."""
    last = run.tables.run_log.last_step(step.name)
    if last is None or last.fingerprint != fingerprint:
        return None
    if "partner_packs" in step.writes and not _packs_stand(run):
        return None
    return last if last.versions_written == _versions(run.tables, step.writes) else None


def _packs_stand(run: _Run) -> bool:
    """Whether the files of the last packs are where they were put; false where they were taken away.

    Raises:
        DamagedFileError: They are not as they were written.
    """
    made = run.tables.read("partner_packs")
    return made.num_rows > 0 and holds_release(run.home, str(made.column("release")[0].as_py()))


def _context(step: Step, run: _Run) -> StepContext:
    key_id, key = run.home.pseudonym_key() if step.holds_key else ("", b"")
    progress = run.progress
    return StepContext(
        policy=run.policy,
        region=run.home.region_about(),
        pseudonym_key=key,
        pseudonym_key_id=key_id,
        phrase_key=run.home.phrase_key() if step.holds_phrase_key else b"",
        period=_period(step, run),
        progress=(lambda share: progress(step.name, share)) if progress else None,
    )


def _period(step: Step, run: _Run) -> str:
    """Last month of the home for a step that is told it: only what stands after `quality` tells it.

    Raises:
        NothingToReleaseError: Files came, and most of no month stands: there is no month of which to tell.
    """
    if not step.told_period:
        return ""
    coverage = run.tables.read("coverage")
    last = last_month(coverage, source_kinds(run.policy))
    if coverage.num_rows and not last:
        raise NothingToReleaseError("home", "of no month do enough records stand: see what is held back")
    return last


def _release_of(engine: Engine) -> str:
    return str(engine.fetch("SELECT min(release) AS release FROM partner_packs").column("release")[0].as_py())


def _versions(tables: HomeTables, names: Sequence[str]) -> dict[str, int]:
    return {name: tables.version(name) for name in names}


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _fingerprint(step: Step, run: _Run) -> str:
    """sha256 of all that decides what a step makes: versions of its inputs, region, lists, policy, key, code, month."""
    read = [name for name in step.reads if name not in run.given]
    lists = [run.given[table.name].to_pylist() for table in HOME_LISTS if table.name in step.reads]
    parts = [
        step.name,
        run.home.region_fingerprint(),
        repr(run.policy),
        run.home.key_id,
        code_fingerprint(),
        repr(_versions(run.tables, read)),
        repr(lists),
        _period(step, run),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def code_fingerprint() -> str:
    """sha256 of the package's code, SQL, templates and lists: changed code runs again."""
    digest = hashlib.sha256()
    for name, content in sorted(_package_files(files("preventable"), "")):
        digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()


def _package_files(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            found += _package_files(entry, f"{prefix}{entry.name}/")
        elif entry.is_file():
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
