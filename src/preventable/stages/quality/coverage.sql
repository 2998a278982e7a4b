-- Every month of the home for every provider of events: a month without accepted rows was not received. A list (a
-- register, a term's return) is owed in no month, so it has the months alone in which one came.
WITH counted AS (
  SELECT provider, month,
         sum(CASE WHEN outcome = 'accepted' THEN 1 ELSE 0 END) AS accepted,
         sum(CASE WHEN standing THEN 1 ELSE 0 END) AS rows_standing,
         sum(CASE WHEN outcome = 'quarantined' THEN 1 ELSE 0 END) AS quarantined
  FROM outcomes
  GROUP BY provider, month
)
SELECT p.provider, p.source, m.month,
       coalesce(c.accepted, 0) > 0 AS received,
       CAST(coalesce(c.rows_standing, 0) AS BIGINT) AS rows_accepted,
       CAST(coalesce(c.quarantined, 0) AS BIGINT) AS rows_quarantined
FROM providers AS p
LEFT JOIN event_sources AS e ON e.source = p.source
CROSS JOIN home_months AS m
LEFT JOIN counted AS c ON c.provider = p.provider AND c.month = m.month
WHERE e.source IS NOT NULL OR coalesce(c.accepted, 0) > 0
