-- V07: stated at exactly 00:00, where the site has at least $least such rows that month and more than $factor times
-- the mean of those at exactly 23:00 and 01:00.
WITH stated AS (
  SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash, r.site_code,
         hour(r.injury_start_local) AS stated_hour
  FROM rule_rows AS r
  WHERE r.time_basis = 'stated' AND r.time_precision IN ('exact', 'hour') AND minute(r.injury_start_local) = 0
),
heaps AS (
  SELECT provider, site_code, month,
         sum(CASE WHEN stated_hour = 0 THEN 1 ELSE 0 END) AS at_midnight,
         sum(CASE WHEN stated_hour IN (23, 1) THEN 1 ELSE 0 END) AS beside_midnight
  FROM stated
  GROUP BY provider, site_code, month
)
SELECT s.submission_id, s.provider, s.month, s.row_number, s.content_hash
FROM stated AS s
JOIN heaps AS h ON h.provider = s.provider AND h.site_code = s.site_code AND h.month = s.month
WHERE s.stated_hour = 0 AND h.at_midnight >= $least AND 2 * h.at_midnight > $factor * h.beside_midnight
