-- What came in each submission: rows, and those of them that are live.
SELECT submission_id, provider, source, month, CAST(count(*) AS BIGINT) AS lines,
       CAST(sum(CASE WHEN record_status = 'live' THEN 1 ELSE 0 END) AS BIGINT) AS live_rows
FROM submissions
GROUP BY submission_id, provider, source, month
