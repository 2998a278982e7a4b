-- V07: stated at exactly 00:00, where the site has at least $least such rows that month and more than $factor times
-- the mean of those at exactly 23:00 and 01:00.
WITH heaps AS (
  SELECT provider, site_code, month, source,
         sum(CASE WHEN stated_hour = 0 THEN records ELSE 0 END) AS at_midnight,
         sum(CASE WHEN stated_hour IN (23, 1) THEN records ELSE 0 END) AS beside_midnight
  FROM stated_times
  WHERE stated_minute = 0
  GROUP BY provider, site_code, month, source
)
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
JOIN heaps AS h ON h.provider = r.provider AND h.site_code = r.site_code AND h.month = r.month AND h.source = r.source
WHERE h.at_midnight >= $least AND 2 * h.at_midnight > $factor * h.beside_midnight
      AND r.time_basis = 'stated' AND r.time_precision IN ('exact', 'hour')
      AND hour(r.injury_start_local) = 0 AND minute(r.injury_start_local) = 0
