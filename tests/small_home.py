"""A home of two invented suppliers and a few rows, for tests of the store and the door. Nothing is real."""

from __future__ import annotations

import calendar
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from preventable.settings import Policy, load_policy
from preventable.store.home import Home, create_home
from preventable.tables import REGION_TABLES

ED, POLICE = "ed-testwick", "police"
HEADERS = {
    ED: (
        "Period start",
        "Period end",
        "Att No",
        "Ver",
        "Arrival",
        "Age",
        "NHS",
        "Method",
        "Place",
        "Comments",
    ),
    POLICE: ("Period start", "Period end", "Crime No", "Ver", "Reported", "Offence"),
}
_APPROVED = """
owner = "Data standards (invented)"
approved_by = ["A. Tester (invented)", "B. Tester (invented)"]
approved_on = 2025-01-05
[file]
format = "csv"
encoding = "utf-8"
delimiter = ","
[time]
zone = "Europe/London"
formats = ["%d/%m/%Y %H:%M"]
[period]
from = "columns"
start = "Period start"
end = "Period end"
format = "%d/%m/%Y"
"""
MAPPINGS = {
    ED: f"""
provider = "{ED}"
source = "ed"
version = 1
{_APPROVED}
[columns]
source_record_id = "Att No"
record_version = "Ver"
contact = "Arrival"
age = "Age"
nhs_number = "NHS"
method = "Method"
place_text = "Place"
[ignored]
columns = ["Comments"]
[codes.method]
"K" = "knife_sharp"
"F" = "body_part_fist"
[constants]
site_code = "ZXA01"
[age]
style = "years"
""",
    POLICE: f"""
provider = "{POLICE}"
source = "police"
version = 1
{_APPROVED}
[columns]
source_record_id = "Crime No"
record_version = "Ver"
contact = "Reported"
offence_code = "Offence"
[age]
style = "none"
""",
}
_PROVIDERS = [
    {"provider": ED, "provider_name": "Testwick (invented)", "source": "ed", "site_code": "ZXA01"},
    {"provider": POLICE, "provider_name": "Police (invented)", "source": "police", "site_code": "ZXP01"},
]


def write_region(folder: Path, name: str = "Testshire") -> Path:
    """A region with two providers and nothing else."""
    (folder / "mappings" / "later").mkdir(parents=True)
    for table in REGION_TABLES:
        data = table.empty()
        if table.name == "providers":
            rows = [dict.fromkeys(data.column_names) | provider for provider in _PROVIDERS]
            data = pa.Table.from_pylist(rows, schema=data.schema)
        pq.write_table(data, folder / f"{table.name}.parquet")
    (folder / "region.toml").write_text(
        f'name = "{name}"\ninvented = true\nfirst_month = "2025-01"\nlast_month = "2025-12"\n',
        encoding="utf-8",
    )
    for provider, text in MAPPINGS.items():
        (folder / "mappings" / f"{provider}.v1.toml").write_text(text, encoding="utf-8")
    return folder


def small_home(folder: Path, *, demo_seed: int | None = 1) -> Home:
    """A new home with that region."""
    home = create_home(folder / "home", demo_seed=demo_seed)
    home.give_region(write_region(folder / "region"))
    return home


def month_rows(
    provider: str, month: str, rows: int = 4, *, version: int = 1, place: str = "Bar Beispiel"
) -> list[list[str]]:
    """Rows of one month of one supplier; row numbers make them differ."""
    year, number = map(int, month.split("-"))
    last = calendar.monthrange(year, number)[1]
    period = [f"01/{number:02d}/{year}", f"{last}/{number:02d}/{year}"]
    lines = []
    for row in range(rows):
        when = f"{row % 28 + 1:02d}/{number:02d}/{year} 2{row % 4}:15"
        own = f"{provider}-{month}-{row}"
        if provider == ED:
            lines.append(
                [*period, own, str(version), when, str(20 + row), "", "KF"[row % 2], f"{place} {row}", "said"]
            )
        else:
            lines.append([*period, own, str(version), when, "8N"])
    return lines


def write_file(path: Path, provider: str, rows: list[list[str]]) -> Path:
    """A supplier's CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join(cells) for cells in [list(HEADERS[provider]), *rows]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_months(folder: Path, months: int = 3, rows: int = 4) -> Path:
    """submissions/<provider>/<month>.csv for both suppliers from January 2025 on."""
    for provider in (ED, POLICE):
        for number in range(1, months + 1):
            month = f"2025-{number:02d}"
            write_file(
                folder / "submissions" / provider / f"{month}.csv",
                provider,
                month_rows(provider, month, rows),
            )
    return folder / "submissions"


def small_policy() -> Policy:
    """The repository's policy."""
    return load_policy()
