-- How many rows of each submission stand; submissions of which none does are left out.
-- In: sent_files, set_apart.
SELECT f.submission_id, f.provider, f.month, f.source, CAST(f.lines - coalesce(a.lines, 0) AS BIGINT) AS records
FROM sent_files AS f
LEFT JOIN (
  SELECT submission_id, provider, month, source, count(*) AS lines
  FROM set_apart
  GROUP BY submission_id, provider, month, source
) AS a ON a.submission_id = f.submission_id AND a.provider = f.provider AND a.month = f.month AND a.source = f.source
WHERE f.lines > coalesce(a.lines, 0)
