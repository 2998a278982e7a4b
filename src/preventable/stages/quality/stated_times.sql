-- How many records that stand have their injury at which hour and minute of the local clock, of those whose time was stated,
-- by submission and site: what rules on habits of writing times look at.
-- In: submissions, set_apart.
SELECT s.submission_id, s.provider, s.month, s.source, s.site_code, hour(s.injury_start_local) AS stated_hour,
       minute(s.injury_start_local) AS stated_minute, CAST(count(*) AS BIGINT) AS records
FROM submissions AS s
LEFT JOIN set_apart AS a ON a.submission_id = s.submission_id AND a.row_number = s.row_number
WHERE a.submission_id IS NULL AND s.time_basis = 'stated' AND s.time_precision IN ('exact', 'hour')
GROUP BY s.submission_id, s.provider, s.month, s.source, s.site_code, hour(s.injury_start_local),
         minute(s.injury_start_local)
