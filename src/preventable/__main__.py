"""The command line: a command per verb, no logic. Results on standard output, the rest on standard error.

What one verb alone needs is imported in it: no other should wait for that.
"""

from __future__ import annotations

import json
import shlex
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from preventable import __version__, pipeline
from preventable.conservation import rows_in_words
from preventable.counted import counted
from preventable.doctor import examine
from preventable.engine.choose import engine_sessions
from preventable.errors import MachineError, PreventableError, UnexpectedError, place_of_fault
from preventable.explain import explain_figure
from preventable.intake import holding
from preventable.intake import submit as intake
from preventable.intake.arriving_files import must_exist
from preventable.pipeline import StepReport
from preventable.settings import load_policy
from preventable.store.home import open_home, open_or_create_home
from preventable.tables import TABLES
from preventable.terminal import Bars, trouble
from preventable.verbs.keys import approve, keys_app
from preventable.verbs.kits import conform, onboarding
from preventable.verbs.options import DEFAULT_HOME, HomeOption
from preventable.verbs.receipts import receipt
from preventable.verbs.reports import calendar, scorecards
from preventable.verbs.sources import source_app, tell_drafts
from preventable.verbs.spool import AsOfOption, ReplaceMonthOption, checksums, spool_app, versions

app = typer.Typer(
    help="Violence and injury surveillance: records in, evidence out, action followed up.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
region_app = typer.Typer(help="A region from official files.", no_args_is_help=True)
app.add_typer(region_app, name="region")
places_app = typer.Typer(help="People's part in places: look, decide, learn.", no_args_is_help=True)
app.add_typer(places_app, name="places")
linkage_app = typer.Typer(
    help="How far linkage can be trusted: audit it, look at a link.", no_args_is_help=True
)
app.add_typer(linkage_app, name="linkage")
app.add_typer(keys_app, name="keys")
app.add_typer(spool_app, name="spool")
app.add_typer(source_app, name="source")
app.command()(approve)
app.command()(conform)
app.command()(onboarding)
app.command()(calendar)
app.command()(scorecards)
app.command()(receipt)
app.command()(versions)

SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the invented county.", min=0)]
VaryOption = Annotated[bool, typer.Option("--vary", help="Draw the services' error rates from their ranges.")]
ProviderOption = Annotated[
    str | None, typer.Option("--provider", help="Provider; else that of the folder submissions/<provider>/.")
]
ReportOption = Annotated[
    Path | None,
    typer.Option("--report", help="Folder for the supplier's report: a page, and a CSV with a line a row."),
]
#: What the rows of a stage's main table are, in and out. A released figure is counted for each of its recipients.
_COUNTED = {
    "invent": ("rows", "rows"),
    "sources": ("rows", "rows"),
    "quality": ("rows", "outcomes"),
    "pseudonyms": ("outcomes", "records"),
    "places": ("records", "records"),
    "linkage": ("records", "records"),
    "indicators": ("records", "figures"),
    "signals": ("counts", "windows"),
    "estimates": ("counts", "areas"),
    "clusters": ("records", "zones"),
    "patterns": ("records", "patterns"),
    "disclosure": ("figures", "released"),
    "packs": ("released", "files"),
}
_STOPPED = 130  # exit code of a command that its user stopped


def _say(line: str = "") -> None:
    print(line, flush=True)


def _say_stage(report: StepReport) -> None:
    before, after = _COUNTED[report.name]
    if report.unchanged:
        _say(f"{report.name:<12}{'':>22}{report.rows_out:>9,} {after:<9}unchanged")
    else:
        rows = f"{report.rows_in:>9,} {before:<8} -> {report.rows_out:>9,} {after:<9}"
        _say(f"{report.name:<12}{rows}{report.seconds:>7.1f} s")


def _say_version(wanted: bool) -> None:
    if wanted:
        _say(f"Preventable {__version__}")
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """Violence and injury surveillance: records in, evidence out, action followed up."""


@app.command()
def demo(
    home: HomeOption = DEFAULT_HOME,
    seed: SeedOption = 1,
    vary: VaryOption = False,
    quick: Annotated[bool, typer.Option("--quick", help="Three months instead of twenty-four.")] = False,
) -> None:
    """Invent a county, submit its files, run the flow and make the partners' packs."""
    from preventable.demo import run_demo

    span = "3 months, in under a minute" if quick else "24 months, in one to two minutes"
    _say(f"Preventable {__version__}: an invented county, {span}.")
    _say("Its people, places and services are invented.\n")
    with Bars() as bars:
        report = run_demo(
            home, load_policy(), seed=seed, vary=vary, quick=quick, progress=bars, tell=_say_stage
        )
    _say(f"{'in all':<53}{report.seconds:>7.1f} s")
    if report.refused_first:
        _say("\nRefused until the second mapping was given, as planted:")
        for line in report.refused_first:
            _say(f"  {line}")
    partners = {path.rpartition("/")[0] for path in report.packs}
    _say(
        f"\nPacks for {counted(len(partners), 'partner')}, {counted(len(report.packs), 'file')}: each as page (.html), "
        "print (.pdf), workbooks (.xlsx, .ods) and tables (.csv)."
    )
    _say("One page leads to all of them:")
    _say(f"  {_front_page(home, report.packs)}")
    _say("\nShare of victims without a police record, beside the truth that the demo alone knows:")
    for line in report.unknown_to_police:
        _say(f"  {line}")
    _say("\nPlanted in the county:")
    for line in report.planted:
        _say(f"  {line}")
    _say(f"\nQuiet months: {report.quiet}.")
    _say("\nTold of what nothing planted explains:")
    for line in report.beside:
        _say(f"  {line}")
    given = "" if home == DEFAULT_HOME else f" --home {shlex.quote(str(home))}"
    _say("\nNext: open that page in a browser. Trace a figure back to the records it counts,")
    _say("by its name in the column `figure` of a pack's table:")
    _say(f"  ./preventable explain FIGURE{given}")
    _say("for instance")
    _say(f"  ./preventable explain {shlex.quote(report.figure)}{given}")
    _say("and see that the same again changes nothing:")
    _say(f"  ./preventable run{given}")
    _say(f"  ./preventable checksums{given}")


@app.command()
def invent(
    months: Annotated[int, typer.Option(help="Months, the last being December 2025.", min=1)],
    seed: SeedOption,
    out: Annotated[Path, typer.Option(help="Folder for region, submissions and truth.")],
    vary: VaryOption = False,
    signed: Annotated[
        bool, typer.Option("--signed", help="Sign the mappings by two invented people.")
    ] = False,
) -> None:
    """Write an invented region, its suppliers' files and, apart, the truth."""
    from preventable.intake.mapping_approvals import sign_invented
    from preventable.invented.invent import invent as invent_county

    with Bars() as bars:
        made = invent_county(
            months=months, seed=seed, out=out, vary=vary, progress=lambda share: bars("invent", share)
        )
    _say(f"{counted(made['files'], 'file')} with {counted(made['rows'], 'row')} under {out / 'submissions'}")
    for line in sign_invented(out, seed) if signed else ():
        _say(line)
    _say(f"The month that comes late is under {out / 'later'}, the truth under {out / 'truth'}")


@region_app.command("build")
def build(
    manifest: Annotated[Path, typer.Argument(help="TOML that names the official files and their columns.")],
    out: Annotated[Path, typer.Option(help="Folder for the region.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Folder that the manifest's paths start from; else the manifest's own."),
    ] = None,
) -> None:
    """Build a region from official files, and say what it leaves out."""
    from preventable.regions.build import build_region

    for line in build_region(manifest, out, data=data).lines():
        _say(line)
    _say(f"The region is in {out}")


@app.command()
def manifest(
    file: Annotated[Path, typer.Argument(help="The file that is to be sent; it is not changed.")],
    provider: Annotated[str, typer.Option(help="Provider, as the region names it.")],
    period: Annotated[str, typer.Option(help="Its month, YYYY-MM.")],
    schema_version: Annotated[
        int | None,
        typer.Option(help="Version of the mapping that its columns and codes are agreed in.", min=1),
    ] = None,
    nil: Annotated[bool, typer.Option("--nil", help="The month had nothing to send.")] = False,
    encoding: Annotated[str, typer.Option(help="Of text: utf-8, cp1252 or utf-16; else found.")] = "",
    delimiter: Annotated[
        str, typer.Option(help="Of text: a character, or comma, semicolon, tab, bar; else found.")
    ] = "",
    sheet: Annotated[str, typer.Option(help="Of a workbook with several sheets: the one to be read.")] = "",
    pseudonymise: Annotated[
        list[str] | None,
        typer.Option(help="Column of NHS numbers: pseudonyms in a copy that is sent instead."),
    ] = None,
    key: Annotated[Path | None, typer.Option(help="With --pseudonymise: file of the linkage key.")] = None,
    out: Annotated[Path | None, typer.Option(help="With --pseudonymise: the copy.")] = None,
) -> None:
    """Write beside a supplier's file what it holds, so that the door sees whether it arrived whole."""
    from preventable.intake import edge

    policy = load_policy()
    columns = pseudonymise or []
    file, lines = edge.to_be_sent(file, columns, key, out, policy, encoding=encoding, delimiter=delimiter)
    lines += edge.make_manifest(
        file,
        provider=provider,
        period=period,
        policy=policy,
        schema_version=schema_version,
        nil=nil,
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
    )
    for line in lines:
        _say(line)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A supplier's file.")],
    home: HomeOption = DEFAULT_HOME,
    region: Annotated[Path | None, typer.Option(help="Region with mappings, where there is no home.")] = None,
    provider: ProviderOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
    report_to: ReportOption = None,
    replace_month: ReplaceMonthOption = False,
) -> None:
    """Say row by row what submitting a file would do, beside what the home holds. Nothing is stored in it."""
    report = intake.check(
        file,
        home=home,
        region=region,
        provider=provider,
        policy=load_policy(),
        replace_month=replace_month,
    )
    _say(json.dumps(report.as_dict(), indent=2) if as_json else report.as_text())
    _write_report(report, report_to)
    tell_drafts(report, file, report_to, home, region)
    if report.refused:
        raise typer.Exit(3)


@app.command()
def submit(
    path: Annotated[Path, typer.Argument(help="A file, or a folder with a folder per provider.")],
    home: HomeOption = DEFAULT_HOME,
    region: Annotated[Path | None, typer.Option(help="Region; needed once, the home keeps it.")] = None,
    provider: ProviderOption = None,
    mapping: Annotated[
        list[Path] | None, typer.Option(help="A further mapping for a provider's files.")
    ] = None,
    looked_at: Annotated[
        bool, typer.Option(help="Take in a file that is held; with --by, --because.")
    ] = False,
    by: Annotated[str, typer.Option(help="Who looked at the file.")] = "",
    because: Annotated[str, typer.Option(help="Why it may come in.")] = "",
    report_to: ReportOption = None,
    replace_month: ReplaceMonthOption = False,
) -> None:
    """Take suppliers' files in. Sending the same again changes nothing."""
    must_exist(path)
    person = holding.looked_at(path, given=looked_at, by=by, because=because)
    target = open_home(home) if region is None else open_or_create_home(home, region)
    if region is not None:
        target.give_region(region)
    for given in mapping or []:
        target.give_mapping(given)
    with Bars() as bars:
        report = intake.submit(
            target,
            path,
            provider=provider,
            policy=load_policy(),
            progress=lambda share: bars("sources", share),
            looked_at=person,
            with_rows=report_to is not None,
            replace_month=replace_month,
        )
    for file in report.files:
        if file.outcome == "refused":
            trouble.print(file.error, markup=False)
    _say(report.as_text())
    _write_report(report, report_to)
    tell_drafts(report, path, report_to, home)
    if any(file.outcome == "refused" for file in report.files):
        raise typer.Exit(3)


def _write_report(report: intake.CheckReport | intake.SubmitReport, folder: Path | None) -> None:
    from preventable.intake.supplier_report.write import write_reports

    if folder is not None:
        trouble.print(write_reports(report, folder), markup=False)


EngineOption = Annotated[
    str, typer.Option("--engine", help="duckdb, inside this process; or spark: docs/how-to/run-on-spark.md.")
]
RemoteOption = Annotated[
    str,
    typer.Option(
        "--remote",
        help="With spark: address of a Spark Connect server, such as sc://host:15002; without, Sail is started here.",
    ),
]


@app.command()
def run(home: HomeOption = DEFAULT_HOME, engine: EngineOption = "duckdb", remote: RemoteOption = "") -> None:
    """Take every submission through the flow, up to what may be released."""
    from preventable.reviews.place_reviews import decisions_in_words

    opened = open_home(home)

    def tell(report: StepReport) -> None:
        _say_stage(report)
        if report.name == "quality":
            _say(f"{'':<12} {rows_in_words(opened)}")
        if report.name == "places" and (words := decisions_in_words(opened)):
            _say(f"{'':<12} {words}")

    with engine_sessions(engine, remote) as new_engine, Bars() as bars:
        pipeline.run(opened, load_policy(), new_engine=new_engine, progress=bars, tell=tell)


@app.command()
def packs(
    home: HomeOption = DEFAULT_HOME, engine: EngineOption = "duckdb", remote: RemoteOption = ""
) -> None:
    """Make the partners' packs of what is released."""
    opened = open_home(home)
    with engine_sessions(engine, remote) as new_engine, Bars() as bars:
        _, paths = pipeline.packs(
            opened, load_policy(), new_engine=new_engine, progress=bars, tell=_say_stage
        )
    for path in paths:
        _say(f"  {home / path}")
    _say(f"One page leads to all of them: {_front_page(home, paths)}")


def _front_page(home: Path, paths: Sequence[str]) -> Path:
    """The page of a release that leads to its packs, from the paths of these."""
    return home / Path(paths[0]).parents[1] / "index.html"


@app.command()
def flow() -> None:
    """Print the flow: steps, the tables they read and write, who may see those."""
    _say_step("door", ("files",), pipeline.AT_THE_DOOR)
    for step in pipeline.STEPS:
        _say_step(step.name, step.reads, step.writes)


def _say_step(name: str, reads: tuple[str, ...], writes: tuple[str, ...]) -> None:
    for number, line in enumerate(textwrap.wrap(", ".join(reads), 66)):
        _say(f"{'' if number else name:<12} {line}")
    for table in writes:
        _say(f"{'':<12}   -> {table:<22}{TABLES[table].sensitivity.name.lower()}")


@app.command()
def explain(
    figure: Annotated[
        str, typer.Argument(help="Name of a figure, from the `figure` column of a pack's CSV.")
    ],
    home: HomeOption = DEFAULT_HOME,
    release: Annotated[
        str | None,
        typer.Option(help="An earlier release: a folder of released/packs. Else what is released now."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Trace a released figure back to the rows of the submissions it counts. For the restricted side."""
    explanation = explain_figure(open_home(home), load_policy(), figure, release=release)
    _say(json.dumps(explanation.as_dict(), indent=2) if as_json else explanation.as_text())


@app.command()
def inside(
    topic: Annotated[
        str | None, typer.Argument(help="What to look at; without, the topics are listed.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    csv: Annotated[Path | None, typer.Option(help="Write all rows to this file; never written over.")] = None,
    as_of: AsOfOption = None,
) -> None:
    """Print an exact table for the partnership's own analyst. For the restricted side: it must not leave it."""
    from preventable.inside import exact_tables as tables

    for line in tables.inside(open_home(home), topic, out=csv, as_of=as_of):
        _say(line)


ByOption = Annotated[str, typer.Option("--by", help="Who decides; kept with each decision.")]


@places_app.command("review")
def review(
    home: HomeOption = DEFAULT_HOME,
    out: Annotated[Path | None, typer.Option(help="File for the whole queue, to be filled in.")] = None,
    take: Annotated[Path | None, typer.Option(help="Take the decisions of a filled-in file.")] = None,
    by: ByOption = "",
    undo: Annotated[int | None, typer.Option(help="Undo the decision of this number.", min=1)] = None,
    decisions: Annotated[bool, typer.Option("--decisions", help="List every decision taken.")] = False,
) -> None:
    """Show texts whose place a person has to decide, or take decisions back. For the restricted side."""
    from preventable.reviews import place_reviews

    for line in place_reviews.review(
        open_home(home),
        load_policy(),
        out=out,
        taken=take,
        undone=undo,
        by=by,
        all_decisions=decisions,
    ):
        _say(line)


@places_app.command("learn")
def learn(
    labels: Annotated[Path, typer.Argument(help="CSV of labels: text, site, kind, id.")],
    home: Annotated[Path | None, typer.Option(help="Home whose gazetteer the labels name.")] = None,
    region: Annotated[Path | None, typer.Option(help="Region instead of a home.")] = None,
    out: Annotated[Path | None, typer.Option(help="File for the weights; never written over.")] = None,
    by: Annotated[str, typer.Option("--by", help="Who has them learnt; needed with --out.")] = "",
) -> None:
    """Learn weights from labelled place texts, and say what a hundred more labels would buy."""
    from preventable.reviews.place_labels import learn as learn_weights

    opened = None if home is None else open_home(home)
    _say(learn_weights(labels, home=opened, region=region, out=out, by=by).as_text())
    if out is not None:
        _say(f"The weights are in {out}: how they come into use stands in docs/how-to/review-places.md")


@places_app.command("find")
def find(
    name: Annotated[str, typer.Argument(help="A name, licence number or id, roughly.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Find places of the gazetteer by name: id, type, district, licence, and since when it is open or so named."""
    from preventable.reviews import place_reviews

    found = place_reviews.find(open_home(home), name)
    for place in found:
        _say(place.as_text())
    if not found:
        _say("No place has a name like that")


@linkage_app.command("audit-sample")
def audit_sample(
    home: HomeOption = DEFAULT_HOME,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the sheets of a new sample; of answers, for what a third decides."),
    ] = None,
    source: Annotated[str, typer.Option(help="Health service of a new sample: ed or ambulance.")] = "ed",
    pairs: Annotated[int | None, typer.Option(help="True pairs that a new sample is to find.", min=1)] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draw.", min=0)] = 1,
    answers: Annotated[
        list[Path] | None, typer.Option(help="Take the answers of a sheet; given twice, once a reviewer.")
    ] = None,
    adjudicated: Annotated[
        Path | None, typer.Option(help="With --answers: the third's sheet, of lines on which the two differ.")
    ] = None,
    undo: Annotated[
        int | None, typer.Option(help="Undo the answers to the sample of this number.", min=1)
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List every sample.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who does it; kept with it.")] = "",
) -> None:
    """Draw records that two reviewers look up with names, or take their answers. For the restricted side."""
    from preventable.reviews import linkage_audits

    for line in linkage_audits.audit(
        open_home(home),
        out=out,
        source=source,
        pairs=pairs,
        seed=seed,
        answers=answers or (),
        adjudicated=adjudicated,
        undone=undo,
        listed=listed,
        by=by,
    ):
        _say(line)


@linkage_app.command("one-more-field")
def one_more_field(home: HomeOption = DEFAULT_HOME) -> None:
    """Say what one more field to join by would buy, simulated on the pairs of a home. Nothing is written."""
    from preventable.reviews import one_more_field as page

    for line in page.in_words(page.one_more_field(open_home(home), load_policy())):
        _say(line)


@linkage_app.command("waterfall")
def waterfall(
    left: Annotated[str, typer.Argument(help="Record key of one record of a link.")],
    right: Annotated[str, typer.Argument(help="Record key of the other.")],
    out: Annotated[Path, typer.Option(help="Page to write.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Write a page that shows why two records are linked. For the restricted side."""
    from preventable.reviews.link_charts import write_waterfall

    probability = write_waterfall(open_home(home), load_policy(), left, right, out)
    _say(f"{out}: linked with probability {probability:.2f}")


app.command()(checksums)


@app.command()
def doctor(home: HomeOption = DEFAULT_HOME) -> None:
    """Say what is installed, whether policy is in review, and whether a home is sound."""
    findings = examine(home)
    for finding in findings:
        _say(f"{'ok' if finding.well else 'MEND':<6}{finding.what}")
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """Run a verb; any error becomes one clear line and its exit code, never a traceback."""
    try:
        app(prog_name="preventable")
    except SystemExit as ended:
        if ended.code == _STOPPED:
            trouble.print("Stopped. What was acknowledged stands; repeat the command to go on.")
        raise
    except PreventableError as error:
        _end(error)
    except OSError as error:
        _end(MachineError(str(error.filename or "the system"), (error.strerror or "it refused").lower()))
    except Exception as error:  # noqa: BLE001  its text, and a traceback, may quote a record's value
        _end(UnexpectedError(place_of_fault(error), type(error).__name__))


def _end(error: PreventableError) -> NoReturn:
    trouble.print(str(error), markup=False)
    raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
