"""The peer of `benchmarks/scale.py`: the same figures by plain DuckDB SQL, written by hand for these columns alone.

    python benchmarks/hand_written.py FOLDER OUT

FOLDER is what `benchmarks/scale_records.py` wrote. Three steps, as in an analyst's script: `validate` counts what
twelve rules find by source and provider; `derive` keeps the records that stand (sound rows, one of each version, the
highest version), maps codes, derives week, hour band and age band, finds the small area of each point by a grid join
and writes OUT/clean.parquet; `weekly` counts small area x week x source x severity and writes OUT/weekly.parquet.
Only `grid`, which is made once for a region, is the product's. Prints one line of JSON a step.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from preventable.stages.places.grid import build_grid

#: What a row must be to count: the same rows that the product's errors hold back.
SOUND = """
  source_record_id IS NOT NULL AND record_version IS NOT NULL AND contact_utc IS NOT NULL
  AND site_code IN (SELECT site_code FROM providers)
  AND strftime(contact_local, '%Y-%m') = month
  AND NOT coalesce(injury_start_utc > contact_utc + INTERVAL 15 MINUTE, FALSE)"""

#: On which side of the straight path from a square's reference point to the point a corner lies; one
#: on the path counts as the product counts it. Corners of a square's borders are less than 2^25 half decimetres away.
TURN = "((x - ref_x) * (to_y - ref_y) - (y - ref_y) * (to_x - ref_x)) * 33554432 + to_x - ref_x"

VALIDATE = """
SELECT source, provider, count(*) AS rows,
  count(*) FILTER (source_record_id IS NULL) AS no_number, count(*) FILTER (record_version IS NULL) AS no_version,
  count(*) FILTER (contact_utc IS NULL) AS no_contact,
  count(*) FILTER (strftime(contact_local, '%Y-%m') <> month) AS other_month,
  count(*) FILTER (injury_start_utc > contact_utc + INTERVAL 15 MINUTE) AS injury_after,
  count(*) FILTER (injury_end_utc < contact_utc - INTERVAL 24 HOUR) AS day_gap,
  count(*) FILTER (injury_end_utc < contact_utc - INTERVAL 744 HOUR) AS month_gap,
  count(*) FILTER (site_code NOT IN (SELECT site_code FROM providers)) AS unknown_site,
  count(*) FILTER (method IS NULL OR place_type IS NULL) AS method_or_place,
  count(*) FILTER (place_type = 'other' AND place_text_id IS NULL) AS other_place,
  count(*) FILTER (age_from IS NULL) AS no_age,
  count(*) FILTER (NOT regexp_matches(nhs_number, '^[0-9]{10}$')) AS number
FROM submissions GROUP BY ALL"""

#: Records of which more than one sound row came, and the row of each that stands: few, so that no window is needed.
CONTESTED = f"""
CREATE TEMP TABLE contested AS
SELECT provider AS sender, source_record_id AS number,
  arg_min({{'submission': submission_id, 'row': row_number}}, (-record_version, submission_id, row_number)) AS best
FROM submissions JOIN (
  SELECT provider AS sender, source_record_id AS number FROM submissions WHERE {SOUND} GROUP BY ALL HAVING count(*) > 1
) ON sender = provider AND number = source_record_id WHERE {SOUND} GROUP BY ALL"""

DERIVE = f"""
COPY (
WITH standing AS (
  SELECT *, CAST(floor(easting_m * 10 + 0.5) AS BIGINT) * 2 AS x, CAST(floor(northing_m * 10 + 0.5) AS BIGINT) * 2 AS y
  FROM submissions LEFT JOIN contested ON sender = provider AND number = source_record_id
  WHERE {SOUND} AND record_status = 'live'
    AND (best IS NULL OR (best.submission = submission_id AND best.row = row_number))
)
SELECT source, provider, month, date_trunc('week', contact_local)::DATE AS week,
  CASE WHEN hour(contact_local) < 6 THEN '00-06' WHEN hour(contact_local) < 18 THEN '06-18' ELSE '18-24' END AS hours,
  CASE WHEN age_from IS NULL THEN 'unknown' WHEN age_from >= 80 THEN '80+'
    ELSE (age_from // 10 * 10) || '-' || (age_from // 10 * 10 + 9) END AS age_band,
  coalesce(sex, 'unknown') AS sex, coalesce(place_type, 'unknown') AS place_type,
  coalesce(severity, 'unknown') AS severity,
  CASE source WHEN 'ed' THEN method WHEN 'police' THEN offence_code
    WHEN 'ambulance' THEN regexp_extract(determinant, 'MPDS (\\d{{2}}[A-E])', 1)
    ELSE substr(icd10_external_cause, 1, 3) END AS kind,
  easting_m, northing_m, residence_small_area, c.area AS place_small_area,
  coalesce(c.area, residence_small_area) AS small_area
FROM standing LEFT JOIN cells c ON c.cell_x = x // 2000 AND c.cell_y = y // 2000
  AND (c.edges IS NULL OR (c.inside + len(list_filter(c.edges, lambda e:
    (turn(x, y, c.ref_x, c.ref_y, e.x1, e.y1) > 0) <> (turn(x, y, c.ref_x, c.ref_y, e.x2, e.y2) > 0)
    AND ((e.x2 - e.x1) * (c.ref_y - e.y1) - (e.y2 - e.y1) * (c.ref_x - e.x1) > 0)
      <> ((e.x2 - e.x1) * (y - e.y1) - (e.y2 - e.y1) * (x - e.x1) > 0)))) % 2 = 1)
) TO '$out/clean.parquet' (COMPRESSION zstd)"""

WEEKLY = """
COPY (
SELECT small_area, week, source, severity, count(*) AS records FROM '$out/clean.parquet'
WHERE small_area IS NOT NULL GROUP BY ALL
) TO '$out/weekly.parquet' (COMPRESSION zstd)"""


def session(folder: Path, *, memory: str = "4GB", threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A connection with the rows as a view and the region's providers and grid as tables."""
    connection = duckdb.connect()
    connection.execute(
        f"SET threads = {threads}; SET memory_limit = '{memory}'; SET preserve_insertion_order = false"
    )
    # Joins are written with the small table last; the estimates of a filtered scan would turn the grid join round.
    connection.execute("SET disabled_optimizers = 'build_side_probe_side'")
    connection.execute(f"SET temp_directory = '{folder / 'spill'}'")
    connection.execute("CREATE MACRO turn(x, y, ref_x, ref_y, to_x, to_y) AS " + TURN)
    connection.execute(f"CREATE VIEW submissions AS SELECT * FROM '{folder / 'submissions' / '*.parquet'}'")
    connection.execute(f"CREATE TABLE providers AS SELECT * FROM '{folder / 'region' / 'providers.parquet'}'")
    return connection


def load_grid(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Create `cells`: a square, its area, and where a border touches it the borders as a list."""
    areas = pq.read_table(folder / "region" / "areas.parquet", filters=[("area_type", "=", "small_area")])
    cells, edges = build_grid(areas.column("area").to_pylist(), areas.column("polygon").to_pylist())
    connection.register("made_cells", cells)
    connection.register("made_edges", edges)
    connection.execute(
        """CREATE TABLE cells AS SELECT c.*, e.edges FROM made_cells c LEFT JOIN (
        SELECT cell_x, cell_y, area, list({'x1': x1, 'y1': y1, 'x2': x2, 'y2': y2}) AS edges
        FROM made_edges GROUP BY ALL) e USING (cell_x, cell_y, area)"""
    )


def steps(
    folder: Path, out: Path, *, memory: str = "4GB", threads: int = 2
) -> Iterator[tuple[str, Callable[[], object]]]:
    """The steps by name, in order; each is a call without arguments."""
    out.mkdir(parents=True, exist_ok=True)
    connection = session(folder, memory=memory, threads=threads)

    def does(sql: str) -> Callable[[], object]:
        return lambda: connection.execute(sql.replace("$out", str(out))).fetchall()

    yield "grid", lambda: load_grid(connection, folder)
    yield "validate", does(VALIDATE)
    yield "contested", does(CONTESTED)
    yield "derive", does(DERIVE)
    yield "weekly", does(WEEKLY)


def tell_steps(steps: Iterator[tuple[str, Callable[[], object]]]) -> None:
    """Run every step and print processor seconds (user and system, all threads) and wall seconds of each."""
    for name, step in steps:
        cpu, wall = time.process_time(), time.perf_counter()
        step()
        told = {
            "step": name,
            "cpu_s": round(time.process_time() - cpu, 3),
            "wall_s": round(time.perf_counter() - wall, 3),
        }
        print(json.dumps(told), flush=True)
    print(json.dumps({"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))


if __name__ == "__main__":
    tell_steps(steps(Path(sys.argv[1]), Path(sys.argv[2])))
