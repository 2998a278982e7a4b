-- V08, whole file: of at least $least stated times more than $percent in a hundred are full or half hours.
WITH stated AS (
  SELECT r.submission_id, r.provider, r.month, sum(r.records) AS records,
         sum(CASE WHEN r.stated_minute IN (0, 30) THEN r.records ELSE 0 END) AS rounded
  FROM rule_rows AS r
  GROUP BY r.submission_id, r.provider, r.month
)
SELECT submission_id, provider, month, CAST(0 AS BIGINT) AS row_number, '' AS content_hash
FROM stated
WHERE records >= $least AND 100 * rounded > $percent * records
