"""`preventable invent`: a region, the files of its suppliers and, apart, the truth."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from preventable.errors import UsageError
from preventable.invented import capture, submissions
from preventable.invented.capture import Columns, Seen
from preventable.invented.draws import parameters
from preventable.invented.incidents import Incidents, Victims, draw_incidents, draw_victims
from preventable.invented.place_words import write_ed_places
from preventable.invented.planted import Planted, draw_planted, list_planted
from preventable.invented.region import Region, build_region, write_region
from preventable.invented.suppliers import Supplier, later_format, suppliers
from preventable.invented.truth import incidents_table, records_table, true_shares, victims_table, write_truth
from preventable.invented.world import MINUTES_A_DAY, Months, World, draw_parameters, read_world

MOST_MONTHS = 48  # the calendar begins in 2022, and people are fewer than NHS numbers of the invented range


def invent(
    *,
    months: int,
    seed: int,
    out: Path,
    vary: bool = False,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Any]:
    """Write an invented region, what its suppliers send, and the truth.

    The span ends with December 2025. The same arguments give the same bytes on every machine.

    Args:
        months: Length of the span, 1 to 48.
        seed: 0 or more.
        out: Folder for `region`, `submissions`, `later` and `truth`; made when absent. It may hold the same
            county, which is written again.
        vary: Draw the services' parameters of error from their ranges in world.toml.
        progress: Called with the share of work done, 0 to 1.

    Returns:
        `rows` written to submissions, `files`, counts of `incidents`, `victims` and `records` by source, the
        true shares known to the police, and what was `planted`.

    Raises:
        UsageError: The span or the seed is out of range, or the folder holds something else.
    """
    if not 1 <= months <= MOST_MONTHS or seed < 0:
        raise UsageError("invent", f"--months must be 1 to {MOST_MONTHS} and --seed 0 or more")
    tell = progress or (lambda share: None)
    span = Months.ending(months=months)
    _refuse_another(out, seed=seed, first_month=span.names[0])
    region = build_region(seed=seed, months=months, first_month=span.names[0], last_month=span.names[-1])
    world = read_world(region.tables, span)
    tell(0.15)
    chances = draw_parameters(seed=seed, vary=vary)
    senders = suppliers(region.tables["providers"].to_pylist())
    book = parameters("suppliers")
    planted = draw_planted(
        world,
        chances,
        seed=seed,
        changed_provider=book["changed_provider"],
        corrected_provider=book["corrected_provider"],
    )
    incidents = draw_incidents(world, chances, planted, seed=seed)
    victims = draw_victims(world, chances, incidents, seed=seed)
    seen = capture.draw_seen(chances, incidents, victims, seed=seed)
    tell(0.35)
    records = _records(world, chances, senders, incidents, victims, seen, seed=seed)
    tell(0.5)
    write_region(_with_known_changes(region, planted, span.names), out / "region")
    _write_mappings(out / "region" / "mappings", senders, planted)
    tables, rows, files = _write_submissions(
        out, world, planted, senders, records, victims, seed=seed, tell=tell
    )
    listed = list_planted(world, planted)
    truth = pa.concat_tables(tables)
    summary = {
        "months": list(span.names),
        "seed": seed,
        "varied": vary,
        "files": files,
        "rows": rows,
        "incidents": len(incidents.kind),
        "victims": len(victims.incident),
        "records": {source: len(of["victim"]) for source, of in records.items()},
        **true_shares(truth),
    }
    write_truth(
        out,
        incidents=incidents_table(world, incidents),
        victims=victims_table(world, victims, seen),
        records=truth,
        planted=listed,
        summary={**summary, "parameters": _plain(chances)},
    )
    tell(1.0)
    return {**summary, "planted": listed}


def _refuse_another(out: Path, *, seed: int, first_month: str) -> None:
    """Refuse a folder where files of another county would stay between ours."""
    about = out / "region" / "region.toml"
    if about.is_file():
        found = tomllib.loads(about.read_text(encoding="utf-8"))
        taken = (found.get("seed"), found.get("first_month")) != (seed, first_month)
    else:
        taken = any((out / name).exists() for name in ("region", "submissions", "later", "truth"))
    if taken:
        raise UsageError(str(out), "the folder holds something else; name another with --out")


def _plain(value: Any) -> Any:
    """Dates as text, for JSON."""
    if isinstance(value, dict):
        return {name: _plain(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_plain(child) for child in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _records(
    world: World,
    chances: dict[str, Any],
    senders: dict[str, Supplier],
    incidents: Incidents,
    victims: Victims,
    seen: Seen,
    *,
    seed: int,
) -> dict[str, Columns]:
    """The records of each source within the span, with place texts and the suppliers' own numbers."""
    pull = np.array([senders[name].spec["pull"] for name in world.eds])
    site = capture.choose_sites(world, chances, pull, incidents, victims, seed=seed)
    told = (world, chances, incidents, victims, seen)
    records = {
        "ed": capture.in_span(world, capture.ed_records(*told, site, seed=seed)),
        "ambulance": capture.in_span(world, capture.ambulance_records(*told, site, seed=seed)),
        "police": capture.in_span(world, capture.police_records(*told, seed=seed)),
        "admissions": capture.in_span(world, capture.admission_records(*told, site, seed=seed)),
    }
    texts = write_ed_places(world, chances, records["ed"], incidents, victims, seed=seed)
    records["ed"]["place_text"] = np.array(texts, dtype=object)
    for source in ("ambulance", "police"):
        mine = records[source]
        incident = victims.incident[mine["victim"]]
        venue, day = incidents.venue[incident], incidents.local_min[incident] // MINUTES_A_DAY
        mine["place_text"] = submissions.name_places(world, chances, source, mine, venue, day, seed=seed)
    for of in records.values():
        of["source_record_id"] = np.full(len(of["victim"]), "", dtype=object)
        for provider in sorted(set(of["provider"].tolist())):
            mine = np.flatnonzero(of["provider"] == provider)
            ids = submissions.record_ids(senders[provider], len(mine), seed=seed)
            of["source_record_id"][mine] = ids
    return records


def _with_known_changes(region: Region, planted: Planted, months: Sequence[str]) -> Region:
    """The region, with the change of format that partners know of: it counts no less, and may be asked about."""
    names = {row["provider"]: row["provider_name"] for row in region.tables["providers"].to_pylist()}
    after = np.datetime64(months[-1], "M") + 1
    change = {
        "date": f"{months[planted.changed_from_month]}-01",
        "until": str(after.astype("datetime64[D]") - 1),
        "what": f"{names[planted.changed_provider]} sends its records in another format",
        "sources": ["ed"],
        "effect": "explain",
        "owner": region.about["owner"],
        "source": "planted: truth/planted.json",
    }
    return replace(region, about={**region.about, "changes": [change]})


def _write_mappings(folder: Path, senders: dict[str, Supplier], planted: Planted) -> None:
    (folder / "later").mkdir(parents=True, exist_ok=True)
    for name, supplier in senders.items():
        (folder / f"{name}.v1.toml").write_text(supplier.mapping(), encoding="utf-8", newline="\n")
    later = later_format(senders[planted.changed_provider])
    path = folder / "later" / f"{later.provider}.v{later.version}.toml"
    path.write_text(later.mapping(), encoding="utf-8", newline="\n")


def _write_submissions(
    out: Path,
    world: World,
    planted: Planted,
    senders: dict[str, Supplier],
    records: dict[str, Columns],
    victims: Victims,
    *,
    seed: int,
    tell: Callable[[float], None],
) -> tuple[list[pa.Table], int, int]:
    """Write every file; the truth of each provider's records, rows and files below submissions."""
    tables, rows, files = [], 0, 0
    for done, (name, supplier) in enumerate(sorted(senders.items())):
        if supplier.source == "licensing":
            sent = submissions.licensing_files(world, supplier)
        elif supplier.source == "education":
            sent = submissions.education_files(world, supplier, seed=seed)
        else:
            whole = records[supplier.source]
            which = np.flatnonzero(whole["provider"] == name)
            mine = {column: values[which] for column, values in whole.items()}
            sent, fate = submissions.provider_files(world, planted, supplier, mine, victims, seed=seed)
            tables.append(records_table(world, supplier.source, mine, fate))
        for file in sent:
            submissions.write_file(out, file)
            if file.path.parts[0] == "submissions":
                rows += len(file.rows) - 1
                files += 1
        tell(0.5 + 0.45 * (done + 1) / len(senders))
    return tables, rows, files
