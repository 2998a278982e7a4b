-- V08, whole file: of at least $least stated times more than $percent in a hundred are full or half hours.
WITH stated AS (
  SELECT r.submission_id, r.provider, r.month,
         CASE WHEN minute(r.injury_start_local) IN (0, 30) THEN 1 ELSE 0 END AS is_rounded
  FROM rule_rows AS r
  WHERE r.time_basis = 'stated' AND r.time_precision IN ('exact', 'hour')
)
SELECT submission_id, provider, month, CAST(0 AS BIGINT) AS row_number, '' AS content_hash
FROM stated
GROUP BY submission_id, provider, month
HAVING count(*) >= $least AND 100 * sum(is_rounded) > $percent * count(*)
