"""Monthly files of four invented emergency departments, of any number of rows: what benchmarks/intake.py sends.

    python benchmarks/intake_records.py FOLDER ROWS [MONTHS]

Every cell is drawn anew (numpy, one seed a file), so that no reader gains from a row that was there before: minutes,
persons (some are seen again), postcodes and areas are drawn from many, and most place texts stand once in their file.
Flaws are planted: dates that cannot be read, dates of another month, injuries after arrival, codes unknown, empty
methods, numbers with a wrong check digit, telephone numbers in a text, rows sent twice, corrections, withdrawals. No
code is unknown in as many as one row of a hundred, for policy would refuse the file.
"""

from __future__ import annotations

import calendar
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from preventable.tables import REGION_TABLES

SEED = 8
YEAR = 2025
PROVIDERS = ("ed-alder", "ed-birch", "ed-cedar", "ed-dogwood")
SITES = ("ZXA01", "ZXB01", "ZXC01", "ZXD01")
HEADER = (
    "Period start", "Period end", "Att No", "Ver", "Status", "Site", "Arrival", "Assault date", "Assault time",
    "Age", "Sex", "NHS No", "How", "Where", "Place", "Lives in", "Postcode", "Comments",
)  # fmt: skip
SEX = {"M": "male", "F": "female", "U": "unknown"}
METHODS = {
    "FI": "body_part_fist", "FO": "body_part_foot", "KN": "knife_sharp", "GL": "glass", "BT": "bottle",
    "PU": "push_fall", "OT": "other",
}  # fmt: skip
PLACES = {
    "ST": "street_public", "LI": "licensed_premises_inside", "LO": "licensed_premises_outside", "OH": "own_home",
    "TA": "takeaway_shop", "OT": "other", "NK": "unknown",
}  # fmt: skip
STATUS = {"L": "live", "W": "withdrawn"}
_FIRST = (
    "Amber",
    "Brindle",
    "Cobalt",
    "Drake",
    "Ember",
    "Fallow",
    "Gilded",
    "Hollow",
    "Ivory",
    "Juniper",
    "Kestrel",
    "Linden",
)
_SECOND = (
    "Anchor",
    "Bell",
    "Crown",
    "Drum",
    "Eagle",
    "Fox",
    "Goose",
    "Hart",
    "Inn",
    "Jug",
    "Key",
    "Lamb",
    "Mill",
    "Oak",
)
_STREETS = (
    "Abbot St",
    "Bridge Rd",
    "Canal Walk",
    "Dyer Lane",
    "Elm Grove",
    "Ferry Rd",
    "Gate St",
    "High St",
    "Iron Row",
)
_LEADS = ("", "outside ", "in ", "nr ", "car park of ", "by ")
_WEIGHTS = np.arange(10, 1, -1)


def mapping(provider: str) -> str:
    """The approved mapping of a department, TOML."""
    codes = {"sex": SEX, "method": METHODS, "place_type": PLACES, "record_status": STATUS}
    lists = "".join(
        f"[codes.{name}]\n" + "".join(f'"{code}" = "{word}"\n' for code, word in words.items())
        for name, words in codes.items()
    )
    return f"""provider = "{provider}"
source = "ed"
version = 1
owner = "Data standards (invented)"
approved_by = ["A. Example (invented)", "B. Example (invented)"]
approved_on = {YEAR}-01-05
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
[columns]
source_record_id = "Att No"
record_version = "Ver"
record_status = "Status"
site_code = "Site"
contact = "Arrival"
injury_from = ["Assault date", "Assault time"]
age = "Age"
sex = "Sex"
nhs_number = "NHS No"
method = "How"
place_type = "Where"
place_text = "Place"
residence_small_area = "Lives in"
postcode = "Postcode"
[ignored]
columns = ["Comments"]
[age]
style = "years"
{lists}"""


def write_region(folder: Path) -> Path:
    """A region of four departments and their mappings, without areas."""
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    for table in REGION_TABLES:
        data = table.empty()
        if table.name == "providers":
            rows = [
                dict.fromkeys(data.column_names)
                | {"provider": name, "provider_name": f"{name} (invented)", "source": "ed", "site_code": site}
                for name, site in zip(PROVIDERS, SITES, strict=True)
            ]
            data = table.conform(pa.Table.from_pylist(rows, schema=data.schema))
        pq.write_table(data, folder / f"{table.name}.parquet")
    (folder / "region.toml").write_text('name = "Invented"\n', encoding="utf-8")
    for provider in PROVIDERS:
        (folder / "mappings" / f"{provider}.v1.toml").write_text(mapping(provider), encoding="utf-8")
    return folder


def write_files(folder: Path, rows: int, months: int = 12) -> list[Path]:
    """`folder`/<provider>/<month>.csv with `rows` rows in all; their paths."""
    parts = months * len(PROVIDERS)
    bounds = np.linspace(0, rows, parts + 1).astype(int)
    paths = []
    for at, (begin, end) in enumerate(zip(bounds, bounds[1:], strict=False)):
        month, provider = divmod(at, len(PROVIDERS))
        path = folder / PROVIDERS[provider] / f"{YEAR + month // 12}-{month % 12 + 1:02d}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(month, provider, int(begin), int(end - begin), people=rows))
        paths.append(path)
    return paths


def content(month: int, provider: int, first: int, rows: int, *, people: int) -> bytes:
    """One file.

    Args:
        month: From January of `YEAR` on.
        provider: Which of `PROVIDERS`.
        first: Number of its first record.
        rows: How many rows.
        people: From how many persons they are drawn.
    """
    draw = np.random.default_rng([SEED, month, provider])
    columns = _columns(draw, month, provider, first, rows, people)
    lines = np.array(
        [",".join(cells) for cells in zip(*(columns[name] for name in HEADER), strict=True)], dtype=object
    )
    # Some rows are sent twice.
    again = draw.choice(rows - 1, max(rows // 500, 1), replace=False)
    order = draw.permutation(np.concatenate([np.arange(rows - len(again)), again]))
    return "\n".join([",".join(HEADER), *lines[order], ""]).encode()


def _columns(
    draw: np.random.Generator, month: int, provider: int, first: int, rows: int, people: int
) -> dict[str, Sequence[str]]:
    year, number = YEAR + month // 12, month % 12 + 1
    last = calendar.monthrange(year, number)[1]
    start = np.datetime64(f"{year}-{number:02d}-01T00:00")
    arrival = start + draw.integers(0, last * 1440, rows).astype("timedelta64[m]")
    arrival[draw.random(rows) < 0.004] += np.timedelta64(40 * 1440, "m")
    injury = arrival - (draw.gamma(1.2, 110, rows).astype(int) + 4).astype("timedelta64[m]")
    injury[draw.random(rows) < 0.006] += np.timedelta64(12 * 1440, "m")
    days, times = _stamps(injury)
    unsaid = draw.random(rows)
    days, times = np.where(unsaid < 0.1, "", days), np.where(unsaid < 0.15, "", times)
    days[draw.random(rows) < 0.004] = "01/01/1900"
    arrived = np.char.add(np.char.add(_stamps(arrival)[0], " "), _stamps(arrival)[1]).astype(object)
    arrived[draw.random(rows) < 0.002] = "not recorded"
    corrected = draw.random(rows) < 0.005
    return {
        "Period start": [f"01/{number:02d}/{year}"] * rows,
        "Period end": [f"{last}/{number:02d}/{year}"] * rows,
        "Att No": [f"A{first + at:08d}" for at in np.arange(rows) - corrected],
        "Ver": np.where(corrected, "2", "1"),
        "Status": draw.choice(["L", "W", ""], rows, p=[0.995, 0.001, 0.004]),
        "Site": np.where(draw.random(rows) < 0.002, "ZXX99", SITES[provider]),
        "Arrival": arrived,
        "Assault date": days,
        "Assault time": times,
        "Age": draw.choice([*map(str, range(100)), "", "n/k"], rows, p=[0.0098] * 100 + [0.015, 0.005]),
        "Sex": draw.choice(["M", "F", "U", "X"], rows, p=[0.65, 0.33, 0.015, 0.005]),
        "NHS No": _nhs_numbers(draw, rows, people),
        "How": draw.choice([*METHODS, "", "ZZ"], rows, p=[0.4, 0.1, 0.1, 0.08, 0.08, 0.1, 0.09, 0.045, 0.005]),
        "Where": draw.choice([*PLACES, ""], rows, p=[0.3, 0.2, 0.1, 0.2, 0.05, 0.07, 0.05, 0.03]),
        "Place": _places(draw, rows),
        "Lives in": [f"XS{at:05d}" for at in draw.integers(0, 1_700, rows)],
        "Postcode": _postcodes(draw, rows),
        "Comments": draw.choice(["", "alcohol", "see notes"], rows),
    }  # fmt: skip


def _stamps(moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Days and minutes as this supplier writes them."""
    texts = np.datetime_as_string(moments, unit="m").astype("U16").view("U1").reshape(len(moments), 16)
    days = np.concatenate([texts[:, 8:10], np.full((len(moments), 1), "/"), texts[:, 5:7],
                           np.full((len(moments), 1), "/"), texts[:, 0:4]], axis=1)  # fmt: skip
    return (
        np.ascontiguousarray(days).view("U10").ravel().copy(),
        np.ascontiguousarray(texts[:, 11:16]).view("U5").ravel().copy(),
    )


def _nhs_numbers(draw: np.random.Generator, rows: int, people: int) -> np.ndarray:
    """Numbers of the 999 range with a right check digit, some wrong or empty; one that has no check digit is empty."""
    nine = 999_000_000 + draw.integers(0, min(people * 3, 1_000_000), rows)
    digits = nine[:, None] // 10 ** np.arange(8, -1, -1) % 10
    check = (11 - digits @ _WEIGHTS % 11) % 11
    wrong = draw.random(rows) < 0.003
    texts = (nine * 10 + np.where(wrong, (check + 1) % 10, check % 10)).astype("U10").astype(object)
    texts[(check == 10) | (draw.random(rows) < 0.12)] = ""
    return texts


def _places(draw: np.random.Generator, rows: int) -> np.ndarray:
    parts = [draw.choice(words, rows) for words in (_LEADS, _FIRST, _SECOND, _STREETS)]
    venue = [f"{lead}{first} {second}" for lead, first, second in zip(*parts[:3], strict=True)]
    number = draw.integers(1, 400, rows)
    kind = draw.random(rows)
    texts = np.array(
        [
            f"{name}, {street}" if k < 0.35 else name if k < 0.5 else f"{n} {street}" if k < 0.9 else ""
            for name, street, n, k in zip(venue, parts[3], number, kind, strict=True)
        ],
        dtype=object,
    )
    told = draw.random(rows) < 0.25
    texts[told] = [
        f"{text} near post {n}"
        for text, n in zip(texts[told], draw.integers(1, 9_999, told.sum()), strict=True)
    ]
    called = draw.random(rows) < 0.002
    texts[called] = [
        f"{text} call 07700 {n:06d}"
        for text, n in zip(texts[called], draw.integers(900_000, 900_999, called.sum()), strict=True)
    ]
    return np.array([f'"{text}"' if "," in text else text for text in texts], dtype=object)


def _postcodes(draw: np.random.Generator, rows: int) -> list[str]:
    letters = draw.choice(list("ABDEFGHJLNPQRSTUWXYZ"), (rows, 2))
    areas, inward, empty = draw.integers(1, 40, rows), draw.integers(0, 10, rows), draw.random(rows) < 0.2
    return [
        "" if no else f"ZZ{area} {figure}{one}{two}"
        for area, figure, (one, two), no in zip(areas, inward, letters, empty, strict=True)
    ]


if __name__ == "__main__":
    write_region(Path(sys.argv[1]) / "region")
    write_files(
        Path(sys.argv[1]) / "submissions", int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 12
    )
