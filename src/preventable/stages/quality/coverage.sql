-- Every month of the home for every provider that owes each month (its source says so). A month is received where at least $least_percent in a hundred
-- of its records are accepted: those with a row that is the highest accepted version, beside those of which no version
-- was accepted anywhere. Records moved by a correction to the month in which they belong leave nothing where they stood,
-- and rows held back that were sent again in order count no more. A month whose provider said that it had nothing to send
-- (a submission without rows, and no rows in any other) is received, with none. A list (a register, a term's return) is owed in no
-- month, so it has the months alone in which one came.
WITH apart AS (
  SELECT provider, month, count(*) AS lines,
         sum(CASE WHEN outcome = 'accepted' AND record_version = highest_version THEN 1 ELSE 0 END) AS latest,
         count(DISTINCT CASE WHEN highest_version IS NULL THEN source_record_id END)
           + sum(CASE WHEN highest_version IS NULL AND source_record_id IS NULL THEN 1 ELSE 0 END) AS lost,
         sum(CASE WHEN outcome = 'quarantined' THEN 1 ELSE 0 END) AS quarantined
  FROM set_apart
  GROUP BY provider, month
),
counted AS (
  SELECT s.provider, s.month,
         s.lines - coalesce(a.lines, 0) AS rows_standing,
         s.lines - coalesce(a.lines, 0) + coalesce(a.latest, 0) AS latest,
         coalesce(a.lost, 0) AS lost,
         coalesce(a.quarantined, 0) AS quarantined
  FROM (SELECT provider, month, sum(sent) AS lines FROM sent GROUP BY provider, month) AS s
  LEFT JOIN apart AS a ON a.provider = s.provider AND a.month = s.month
),
told AS (
  SELECT provider, month, rows_standing, quarantined,
         latest > 0 AND 100 * latest >= $least_percent * (latest + lost) AS received
  FROM counted
),
nil AS (
  SELECT DISTINCT a.provider, a.month
  FROM arrivals AS a
  LEFT JOIN sent AS s ON s.provider = a.provider AND s.month = a.month
  WHERE s.provider IS NULL
)
SELECT p.provider, p.source, m.month,
       coalesce(t.received, n.provider IS NOT NULL) AS received,
       CAST(coalesce(t.rows_standing, 0) AS BIGINT) AS rows_accepted,
       CAST(coalesce(t.quarantined, 0) AS BIGINT) AS rows_quarantined
FROM providers AS p
LEFT JOIN monthly_sources AS e ON e.source = p.source
CROSS JOIN home_months AS m
LEFT JOIN told AS t ON t.provider = p.provider AND t.month = m.month
LEFT JOIN nil AS n ON n.provider = p.provider AND n.month = m.month
WHERE e.source IS NOT NULL OR coalesce(t.received, n.provider IS NOT NULL)
