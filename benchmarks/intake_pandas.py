"""The same files and the same rules in vectorised pandas, whole in memory: the peer of benchmarks/intake.py.

Reading, times on the London clock, codes, check digits, intervals, hashes of rows and the rules of an emergency
department as `stages/quality/rules.toml` has them, written as a careful analyst would, once over columns. What pandas
cannot say in columns is done once for each distinct text with the product's own functions: the screen for personal
data, generic texts, keyed hashes. It keeps no ledger, encrypts no file, limits no memory, reads one format and stops at
the first file that it cannot read.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from intake_records import METHODS, PLACES, SEX, SITES, STATUS

from preventable.stages.sources.screening import screen
from preventable.stages.sources.texts import is_generic

ZONE = "Europe/London"
KEY = b"no key of anybody"
MINUTE, HOUR, DAY = (pd.Timedelta(**{name: 1}) for name in ("minutes", "hours", "days"))
_WEIGHTS = np.arange(10, 1, -1)
_POSTCODE = r"^([A-Z]{1,2}\d[A-Z\d]?)\s*(\d[A-Z]{2})$"
_UNREADABLE = ("not_a_date", "clock_gap", "not_a_number", "not_an_nhs_number", "out_of_range")
_HELD = ("V02", "V03", "V04", "V13", "V21", "V22", "V23")


def read_files(paths: Iterable[Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows in our columns, and problems of reading: columns row (of the rows' index), problem."""
    frames, found, first = [], [], 0
    for path in paths:
        rows, problems = _read(path)
        rows.index += first
        problems["row"] += first
        first += len(rows)
        frames.append(rows)
        found.append(problems)
    return pd.concat(frames), pd.concat(found, ignore_index=True)


def _read(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    raw = raw.apply(lambda column: column.str.strip())
    problems: list[pd.DataFrame] = []

    def told(mask: pd.Series, problem: str) -> None:
        problems.append(pd.DataFrame({"row": np.flatnonzero(mask), "problem": problem}))

    joined = raw["Att No"].str.cat(
        [raw[name] for name in raw.columns if name not in ("Att No", "Comments")], sep="\x1f"
    )
    hashes = [hashlib.sha256(row.encode()).hexdigest() for row in joined]
    rows = pd.DataFrame({"content_hash": hashes})
    rows["submission_id"] = hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()
    rows["provider"] = path.parent.name
    rows["month"] = pd.to_datetime(raw["Period start"].iloc[0], format="%d/%m/%Y").strftime("%Y-%m")
    rows["row_number"] = np.arange(2, len(raw) + 2)
    rows["source_record_id"] = raw["Att No"].where(raw["Att No"] != "")
    rows["record_version"] = _numbers(raw["Ver"], 1, 100_000, told)
    rows["record_status"] = _coded(raw["Status"], STATUS, told).fillna("live")
    site = raw["Site"].str.upper()
    rows["site_code"] = site.where(site.str.fullmatch("[A-Z0-9]{3,12}"))
    rows["age"] = _numbers(raw["Age"], 0, 120, told)
    rows["sex"] = _coded(raw["Sex"], SEX, told)
    rows["method"] = _coded(raw["How"], METHODS, told)
    rows["place_type"] = _coded(raw["Where"], PLACES, told)
    rows["nhs_number"] = _nhs_numbers(raw["NHS No"], told)
    parts = raw["Postcode"].str.upper().str.extract(_POSTCODE)
    rows["postcode"] = parts[0] + " " + parts[1]
    told((raw["Postcode"] != "") & rows["postcode"].isna(), "out_of_range")
    area = raw["Lives in"].str.upper()
    rows["residence_small_area"] = area.where(area.str.fullmatch(r"[A-Z]{1,2}\d{5,8}"))
    told((raw["Lives in"] != "") & rows["residence_small_area"].isna(), "unknown_code")
    _times(raw, rows, told)
    _texts(raw["Place"], rows, told)
    for name in ("Att No", "Ver", "Arrival", "How", "Where"):
        told(raw[name] == "", "missing")
    return rows, pd.concat(problems, ignore_index=True)


def _coded(texts: pd.Series, codes: dict[str, str], told) -> pd.Series:
    words = texts.map(codes)
    rest = words.isna() & (texts != "")
    words[rest] = texts[rest].str.casefold().map({code.casefold(): word for code, word in codes.items()})
    told(words.isna() & (texts != ""), "unknown_code")
    return words


def _numbers(texts: pd.Series, low: int, high: int, told) -> pd.Series:
    whole = texts.str.fullmatch(r"[0-9]{1,15}(?:\.0+)?")
    told((texts != "") & ~whole, "not_a_number")
    values = pd.to_numeric(texts.where(whole), errors="coerce")
    told(whole & ~values.between(low, high), "out_of_range")
    return values.where(values.between(low, high))


def _nhs_numbers(texts: pd.Series, told) -> pd.Series:
    digits = texts.str.replace(r"[\s.'\-]+", "", regex=True)
    ten = digits.str.fullmatch("[0-9]{10}").to_numpy()
    number = digits[ten].astype("int64").to_numpy()
    figures = number[:, None] // 10 ** np.arange(9, -1, -1) % 10
    right = (11 - figures[:, :9] @ _WEIGHTS % 11) % 11 == figures[:, 9]
    right &= (figures != figures[:, :1]).any(axis=1)
    sound = np.zeros(len(texts), bool)
    sound[np.flatnonzero(ten)[right]] = True
    told((texts != "") & ~sound, "not_an_nhs_number")
    return digits.where(sound)


def _stamps(texts: pd.Series, told) -> dict[str, pd.Series]:
    """Local time, both readings in UTC and precision."""
    local = pd.to_datetime(texts, format="%d/%m/%Y %H:%M", errors="coerce")
    rest = local.isna() & (texts != "")
    days = pd.to_datetime(texts[rest], format="%d/%m/%Y", errors="coerce")
    local[rest] = days
    is_day = pd.Series(False, index=texts.index)
    is_day[days.index[days.notna()]] = True
    told(local.isna() & (texts != ""), "not_a_date")
    sentinel = local.dt.normalize().isin(pd.to_datetime(["1899-12-30", "1900-01-01", "1970-01-01"]))
    told(sentinel, "sentinel_date")
    local = local.where(~sentinel)
    odd = local.notna() & ~local.dt.year.between(1900, 2200)
    told(odd, "out_of_range")
    local = local.where(~odd)
    early, late = (
        local.dt.tz_localize(ZONE, ambiguous=np.full(len(local), first), nonexistent="NaT").dt.tz_convert(
            None
        )
        for first in (True, False)
    )
    told(local.notna() & early.isna(), "clock_gap")
    told(early.notna() & (early != late), "clock_fold")
    local = local.where(early.notna())
    hour = (local.dt.minute == 0) & (local.dt.second == 0)
    precision = np.select([local.isna(), is_day, hour], ["", "day", "hour"], "exact")
    return {"local": local, "utc": early, "late": late, "precision": pd.Series(precision, index=texts.index)}


def _times(raw: pd.DataFrame, rows: pd.DataFrame, told) -> None:
    contact = _stamps(raw["Arrival"], told)
    injury = _stamps((raw["Assault date"] + " " + raw["Assault time"]).str.strip(), told)
    twice = contact["utc"].notna() & (contact["utc"] != contact["late"])
    later = twice & (injury["utc"] > contact["utc"]) & (contact["late"] >= injury["utc"])
    arrived = contact["utc"].where(~later, contact["late"])
    stated = injury["utc"].notna()
    last_of_day = (
        (injury["local"] + DAY - pd.Timedelta(seconds=1))
        .dt.tz_localize(ZONE, ambiguous=np.ones(len(rows), bool), nonexistent="shift_forward")
        .dt.tz_convert(None)
    )
    end = injury["utc"].where(injury["precision"] != "hour", injury["utc"] + 59 * MINUTE)
    end = end.where(injury["precision"] != "day", last_of_day)
    start = injury["utc"].where(stated, arrived - 1440 * MINUTE)
    end = end.where(stated, arrived)
    end = end.where(~((start <= arrived) & (end > arrived)), arrived)
    rows["contact_local"], rows["contact_utc"] = contact["local"], arrived
    rows["injury_start_utc"], rows["injury_end_utc"] = start, end
    for name in ("start", "end"):
        moments = rows[f"injury_{name}_utc"].dt.tz_localize("UTC").dt.tz_convert(ZONE)
        rows[f"injury_{name}_local"] = moments.dt.tz_localize(None)
    rows["time_basis"] = np.select([stated, arrived.notna()], ["stated", "arrival_proxy"], None)
    rows["time_precision"] = np.select([stated, arrived.notna()], [injury["precision"], "unknown"], None)


def _texts(texts: pd.Series, rows: pd.DataFrame, told) -> None:
    pairs = pd.DataFrame({"text": texts, "type": rows["place_type"].fillna("")})
    distinct = pairs[pairs["text"] != ""].drop_duplicates()
    found = [
        screen(text, place_type=kind) for text, kind in zip(distinct["text"], distinct["type"], strict=True)
    ]
    distinct["stored"] = [one.text for one in found]
    distinct["problem"] = [
        ("personal_data" if one.personal else "likely_name" if one.likely else "home_address")
        if one.redacted
        else ""
        for one in found
    ]
    stored = distinct["stored"].str.casefold().drop_duplicates()
    keys = {text: hmac.digest(KEY, f"text|{text}".encode(), "sha256")[:20].hex() for text in stored}
    distinct["key"] = distinct["stored"].str.casefold().map(keys)
    alone = pd.Series(distinct["text"].unique())
    generic = set(alone[[is_generic(text) for text in alone]])
    placed = pairs.merge(distinct, on=["text", "type"], how="left")
    rows["place_text_id"], rows["place_text"] = placed["key"], placed["stored"]
    rows["place_text_words"] = texts.str.split().str.len()
    for problem in ("personal_data", "home_address", "likely_name"):
        told(placed["problem"] == problem, problem)
    told(texts.isin(generic), "generic_text")
    told(texts.str.len().isin([60, 255]), "clipped_text")


# --- the rules ----------------------------------------------------------------------------------


def judge(rows: pd.DataFrame, problems: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Findings (row, or -1 for a file; rule) and the outcome of every row."""
    live = rows["record_status"] == "live"
    found = _single(rows, problems, live) | _of_problems(problems, live)
    held = pd.Series(False, index=rows.index)
    for rule in _HELD:
        if rule in found:
            held[found[rule]] = True
    key = ["provider", "source_record_id"]
    many = rows["source_record_id"].notna() & rows.duplicated(key, keep=False)
    sound = rows[many & ~held & rows["record_version"].notna()]
    contents = sound.groupby([*key, "record_version"])["content_hash"].transform("nunique")
    found["V23"] = sound.index[contents > 1]
    held[found["V23"]] = True
    accepted = rows[~held].sort_values(["record_version", "submission_id", "row_number"])
    copies = accepted.index[accepted.duplicated([*key, "record_version", "content_hash"])]
    highest = rows[~held].groupby(key)["record_version"].transform("max")
    outcome = pd.Series("accepted", index=rows.index)
    outcome[held], outcome[copies] = "quarantined", "duplicate"
    older = (rows["record_version"] < highest.reindex(rows.index)) & (outcome == "accepted")
    found["V20"] = rows.index[older]
    twice = rows[many].duplicated(["submission_id", "source_record_id", "content_hash"], keep=False)
    found["V28"] = rows.index[(outcome == "duplicate") & twice.reindex(rows.index, fill_value=False)]
    found |= _standing(rows[(outcome == "accepted") & live & ~older])
    lines = [pd.DataFrame({"row": at, "rule": rule}) for rule, at in found.items() if len(at)]
    return pd.concat(lines, ignore_index=True), outcome


def _single(rows: pd.DataFrame, problems: pd.DataFrame, live: pd.Series) -> dict[str, pd.Index]:
    contact, start, end = rows["contact_utc"], rows["injury_start_utc"], rows["injury_end_utc"]
    local, begun = rows["contact_local"], rows["injury_start_local"]
    stated = rows["time_basis"] == "stated"
    month = rows["month"].str[:4].astype(int) * 12 + rows["month"].str[5:].astype(int)
    outside = local.notna() & (local.dt.year * 12 + local.dt.month != month)
    before = local - DAY
    swapped = outside & (local.dt.year * 12 + local.dt.day == month)
    turned = [
        (begun.dt.year == day.dt.year) & (begun.dt.day == day.dt.month) & (begun.dt.month == day.dt.day)
        for day in (local, before)
    ]
    far = (start > contact + 15 * MINUTE) | (end < contact - 2 * DAY)
    swapped |= stated & (begun.dt.day != begun.dt.month) & far & (turned[0] | turned[1])
    tests = {
        "V02": ~rows["site_code"].isin(SITES),
        "V03": outside,
        "V04": start > contact + 15 * MINUTE,
        "V05": stated & (end < contact - 24 * HOUR),
        "V09": swapped,
        "V10": rows["method"].isna() | rows["place_type"].isna(),
        "V11": (rows["place_type"] == "other") & rows["place_text_id"].isna(),
        "V22": contact.isna(),
        "V24": stated & (end < contact - 744 * HOUR),
    }
    found = {rule: rows.index[test & live] for rule, test in tests.items()}
    found["V21"] = rows.index[rows["source_record_id"].isna() | rows["record_version"].isna()]
    return found


def _of_problems(problems: pd.DataFrame, live: pd.Series) -> dict[str, pd.Index]:
    met = problems[live.to_numpy()[problems["row"]]]
    named = {
        "V06": "sentinel_date", "V12": "generic_text", "V13": "personal_data", "V19": "unknown_code",
        "V29": "clock_fold", "V30": "home_address", "V38": "likely_name",
    }  # fmt: skip
    found = {rule: pd.Index(met.loc[met["problem"] == word, "row"].unique()) for rule, word in named.items()}
    return found | {"V25": pd.Index(met.loc[met["problem"].isin(_UNREADABLE), "row"].unique())}


def _standing(rows: pd.DataFrame) -> dict[str, pd.Index]:
    """What is found among records that stand."""
    ordered = rows.sort_values(["contact_utc", "source_record_id"])
    alike = ordered.dropna(subset=["age", "sex", "method", "place_text_id"])
    keys = ["provider", "site_code", "age", "sex", "method", "place_text_id"]
    gap = alike["contact_utc"] - alike.groupby(keys)["contact_utc"].shift()
    found = {"V14": alike.index[gap <= 10 * MINUTE]}
    known = ordered.dropna(subset=["nhs_number"])
    at_site = (
        known["contact_utc"] - known.groupby(["nhs_number", "provider", "site_code"])["contact_utc"].shift()
    )
    found["V15"] = known.index[at_site <= 7 * DAY]
    at_provider = known["contact_utc"] - known.groupby(["nhs_number", "provider"])["contact_utc"].shift()
    found["V16"] = known.index[(at_provider > 7 * DAY) & (at_provider <= 365 * DAY)]
    last = known.sort_values(["contact_utc", "provider", "source_record_id"])
    earlier = last.groupby("nhs_number")[["contact_utc", "provider", "site_code"]].shift()
    moved = (last["provider"] != earlier["provider"]) | (last["site_code"] != earlier["site_code"])
    found["V17"] = last.index[moved & (last["contact_utc"] - earlier["contact_utc"] <= 24 * HOUR)]
    return found | _of_files(rows)


def _of_files(rows: pd.DataFrame) -> dict[str, pd.Index]:
    local = rows["injury_start_local"]
    timed = (rows["time_basis"] == "stated") & rows["time_precision"].isin(["exact", "hour"])
    full = rows[timed & (local.dt.minute == 0)]
    hour = full["injury_start_local"].dt.hour
    site = [full["provider"], full["site_code"], full["month"]]
    midnight = (hour == 0).groupby(site).transform("sum")
    beside = hour.isin([23, 1]).groupby(site).transform("sum")
    found = {"V07": full.index[(hour == 0) & (midnight >= 5) & (2 * midnight > 3 * beside)]}
    rounded = local[timed].dt.minute.isin([0, 30]).groupby(rows["submission_id"][timed]).agg(["size", "sum"])
    found["V08"] = pd.Index(
        [-1] * int(((rounded["size"] >= 30) & (100 * rounded["sum"] > 80 * rounded["size"])).sum())
    )
    monthly = rows.groupby(["provider", "month"]).size()
    others = monthly.groupby("provider").transform("size") - 1
    rest = monthly.groupby("provider").transform("sum") - monthly
    odd = (100 * monthly * others < 50 * rest) | (100 * monthly * others > 150 * rest)
    found["V18"] = pd.Index([-1] * int(((others >= 6) & (rest >= 20 * others) & odd).sum()))
    return found


def report(rows: pd.DataFrame, findings: pd.DataFrame, outcome: pd.Series, folder: Path) -> None:
    """Rows, outcomes and one line for each row and rule."""
    folder.mkdir(parents=True, exist_ok=True)
    rows.assign(outcome=outcome).to_parquet(folder / "rows.parquet", compression="zstd")
    named = (
        rows[["submission_id", "provider", "month", "row_number"]]
        .reindex(findings["row"])
        .reset_index(drop=True)
    )
    named.assign(rule=findings["rule"].to_numpy()).to_parquet(folder / "findings.parquet", compression="zstd")


def row_report(
    rows: pd.DataFrame, findings: pd.DataFrame, outcome: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Of every row what was done with it and whether it stands, and a line for each row and rule."""
    place = rows[["submission_id", "provider", "month", "row_number", "content_hash"]]
    standing = (outcome == "accepted") & (rows["record_status"] == "live")
    standing[findings.loc[findings["rule"] == "V20", "row"]] = False
    named = place.reindex(findings["row"]).reset_index(drop=True)
    return place.assign(outcome=outcome, standing=standing), named.assign(rule=findings["rule"].to_numpy())


def stored_rows(files: Iterable[tuple[Path, Mapping[str, str]]], columns: Sequence[str]) -> pd.DataFrame:
    """Rows of Parquet files, each with what is alike in all of its rows and does not stand in it."""
    frames = [pq.read_table(path, columns=list(columns)).to_pandas().assign(**alike) for path, alike in files]
    return pd.concat(frames, ignore_index=True)


def as_read(submissions: pd.DataFrame, problems: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What `read_files` gives, from the rows and problems that a home holds."""
    rows = submissions.rename(columns={"age_years": "age"})
    place = pd.Series(rows.index, pd.MultiIndex.from_frame(rows[["submission_id", "row_number"]]))
    asked = pd.MultiIndex.from_frame(problems[["submission_id", "row_number"]])
    return rows, pd.DataFrame({"row": place.reindex(asked).to_numpy(), "problem": problems["problem"]})
