-- Of each submission and each rule of its source: rows that tripped the rule, of the rows that the rule looked at (what
-- it reads, rules.toml). A rule on whole files has looked at one thing, the file.
-- In: sent_files, rule_sources, findings, noted_rows, set_apart.
WITH tripped AS (
  SELECT submission_id, rule, CAST(count(*) AS BIGINT) AS numerator FROM findings GROUP BY submission_id, rule
),
held AS (SELECT submission_id, sum(is_held) AS lines FROM noted_rows GROUP BY submission_id),
apart AS (
  SELECT submission_id, count(*) AS lines, sum(CASE WHEN outcome = 'quarantined' THEN 1 ELSE 0 END) AS quarantined
  FROM set_apart
  GROUP BY submission_id
)
SELECT f.submission_id, f.provider, f.month, f.source, r.rule, r.level,
       coalesce(t.numerator, 0) AS numerator,
       CAST(CASE WHEN r.looks_at = 'file' THEN 1
                 WHEN r.looks_at IN ('rows', 'problems') THEN f.live_rows
                 WHEN r.looks_at = 'acceptable' THEN f.lines - coalesce(h.lines, 0)
                 WHEN r.looks_at = 'outcomes' THEN f.lines - coalesce(a.quarantined, 0)
                 WHEN r.looks_at = 'standing' THEN f.lines - coalesce(a.lines, 0)
                 ELSE f.lines END AS BIGINT) AS denominator
FROM sent_files AS f
JOIN rule_sources AS r ON r.source = f.source
LEFT JOIN tripped AS t ON t.submission_id = f.submission_id AND t.rule = r.rule
LEFT JOIN held AS h ON h.submission_id = f.submission_id
LEFT JOIN apart AS a ON a.submission_id = f.submission_id
