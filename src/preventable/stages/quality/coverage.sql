-- Every month of the home for every provider of events. A month without a row that is the highest version of its record
-- was not received: records moved by a correction to the month in which they belong leave nothing where they stood. A
-- list (a register, a term's return) is owed in no month, so it has the months alone in which one came.
WITH counted AS (
  SELECT provider, month,
         sum(CASE WHEN outcome = 'accepted' AND record_version = highest_version THEN 1 ELSE 0 END) AS latest,
         sum(CASE WHEN standing THEN 1 ELSE 0 END) AS rows_standing,
         sum(CASE WHEN outcome = 'quarantined' THEN 1 ELSE 0 END) AS quarantined
  FROM judged
  GROUP BY provider, month
)
SELECT p.provider, p.source, m.month,
       coalesce(c.latest, 0) > 0 AS received,
       CAST(coalesce(c.rows_standing, 0) AS BIGINT) AS rows_accepted,
       CAST(coalesce(c.quarantined, 0) AS BIGINT) AS rows_quarantined
FROM providers AS p
LEFT JOIN event_sources AS e ON e.source = p.source
CROSS JOIN home_months AS m
LEFT JOIN counted AS c ON c.provider = p.provider AND c.month = m.month
WHERE e.source IS NOT NULL OR coalesce(c.latest, 0) > 0
