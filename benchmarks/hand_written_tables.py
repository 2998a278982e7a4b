"""The second peer of `benchmarks/scale.py`: the hand-written script where it keeps the tables that the flow keeps.

    python benchmarks/hand_written_tables.py FOLDER OUT

`hand_written.py` writes a dozen columns once. The flow keeps every row's outcome, every record behind the pseudonymous
line and every record with its place, some fifty columns each, so that a figure can be traced and a step need not be run
again. Here the same rules, keys, postcodes and grid make three such tables by plain DuckDB SQL, one Parquet file each;
no checks of values, no sha256 of files, no ledger. Keys are one sha256 of a secret and the value and not HMAC. Prints
one line of JSON a step.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from hand_written import CONTESTED, SOUND, load_grid, session, tell_steps

IDENTIFIERS = (
    "nhs_number, source_record_id, postcode, birth_date, surname_code, dispatch_number, person_token, content_hash,"
    " edition, record_status, subject_name, subject_code, subject_type, subject_area, quantity, place_text_words, best,"
    " sender, number"
)
#: A row and whether it stands.
JUDGED = f"""
SELECT *, coalesce({SOUND}, FALSE) AS is_sound,
  coalesce({SOUND}, FALSE) AND record_status = 'live'
    AND (best IS NULL OR (best.submission = submission_id AND best.row = row_number)) AS standing
FROM submissions LEFT JOIN contested ON sender = provider AND number = source_record_id"""

OUTCOMES = f"""
COPY (
SELECT submission_id, provider, month, source, row_number, content_hash,
  CASE WHEN is_sound THEN 'accepted' ELSE 'quarantined' END AS outcome, standing
FROM ({JUDGED})
) TO '$out/outcomes.parquet' (COMPRESSION zstd)"""

PSEUDONYMOUS = f"""
COPY (
SELECT sha256('secret|record|' || provider || '|' || source_record_id) AS record_key,
  sha256('secret|person|' || nhs_number) AS person_key,
  sha256('secret|birth_date|' || birth_date) AS birth_date_key,
  sha256('secret|surname|' || surname_code) AS surname_key,
  sha256('secret|dispatch|' || dispatch_number) AS dispatch_key,
  r.* EXCLUDE ({IDENTIFIERS}, is_sound, standing),
  p.small_area AS postcode_small_area, p.easting_m AS postcode_easting_m, p.northing_m AS postcode_northing_m
FROM ({JUDGED}) r LEFT JOIN postcodes p USING (postcode)
WHERE standing
) TO '$out/pseudonymous.parquet' (COMPRESSION zstd)"""

LOCATED = """
COPY (
WITH pointed AS (
  SELECT *, CAST(floor(easting_m * 10 + 0.5) AS BIGINT) * 2 AS x, CAST(floor(northing_m * 10 + 0.5) AS BIGINT) * 2 AS y
  FROM '$out/pseudonymous.parquet'
)
SELECT p.* EXCLUDE (x, y, postcode_small_area, postcode_easting_m, postcode_northing_m, place_area, point_sd_m),
  CASE WHEN p.easting_m IS NOT NULL THEN 'point' WHEN p.postcode_easting_m IS NOT NULL THEN 'postcode' ELSE 'none' END
    AS place_kind,
  coalesce(p.point_sd_m, 20.0) AS sigma_m, a.small_area, a.middle_area, a.ward, a.neighbourhood, a.district
FROM pointed p LEFT JOIN cells c ON c.cell_x = x // 2000 AND c.cell_y = y // 2000
  AND (c.edges IS NULL OR (c.inside + len(list_filter(c.edges, lambda e:
    (turn(x, y, c.ref_x, c.ref_y, e.x1, e.y1) > 0) <> (turn(x, y, c.ref_x, c.ref_y, e.x2, e.y2) > 0)
    AND ((e.x2 - e.x1) * (c.ref_y - e.y1) - (e.y2 - e.y1) * (c.ref_x - e.x1) > 0)
      <> ((e.x2 - e.x1) * (y - e.y1) - (e.y2 - e.y1) * (x - e.x1) > 0)))) % 2 = 1)
LEFT JOIN small_areas a ON a.small_area = coalesce(c.area, p.postcode_small_area)
) TO '$out/located.parquet' (COMPRESSION zstd)"""

WEEKLY = """
COPY (
SELECT coalesce(small_area, residence_small_area) AS area, date_trunc('week', contact_local)::DATE AS week, source,
  coalesce(severity, 'unknown') AS severity, count(*) AS records
FROM '$out/located.parquet' GROUP BY ALL HAVING area IS NOT NULL
) TO '$out/weekly_of_tables.parquet' (COMPRESSION zstd)"""


def steps(
    folder: Path, out: Path, *, memory: str = "4GB", threads: int = 2
) -> Iterator[tuple[str, Callable[[], object]]]:
    """The steps by name, in order; each is a call without arguments."""
    out.mkdir(parents=True, exist_ok=True)
    connection = session(folder, memory=memory, threads=threads)
    for name in ("postcodes", "small_areas"):
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM '{folder / 'region' / name}.parquet'")

    def does(sql: str) -> Callable[[], object]:
        return lambda: connection.execute(sql.replace("$out", str(out))).fetchall()

    yield "grid", lambda: load_grid(connection, folder)
    yield "contested", does(CONTESTED)
    yield "outcomes", does(OUTCOMES)
    yield "pseudonymous", does(PSEUDONYMOUS)
    yield "located", does(LOCATED)
    yield "weekly", does(WEEKLY)


if __name__ == "__main__":
    tell_steps(steps(Path(sys.argv[1]), Path(sys.argv[2])))
