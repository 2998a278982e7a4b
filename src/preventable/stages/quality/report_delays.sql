-- How late the records of each provider-month came. Most months have one file, and all their records its delay; where
-- several came in different months, a record counts with the first that had it in order, not with the one whose version
-- stands: a correction of a whole month must not make all of it late.
-- Almost all records came once and stand, with the delay of their file: their number is that of its rows less those looked
-- at one by one (looked_at: rows that do not stand, of records of more than one row, or without a number).
-- In: coverage, arrivals, sent_files, noted_rows (all rows without a number are among them), set_apart, contested_rows. Put in: columns, one for each delay.
WITH came AS (
  SELECT provider, month, submission_id,
         CAST(substr(arrived, 1, 4) AS BIGINT) * 12 + CAST(substr(arrived, 6, 2) AS BIGINT) AS arrived,
         CAST(substr(month, 1, 4) AS BIGINT) * 12 + CAST(substr(month, 6, 2) AS BIGINT) AS month_number
  FROM arrivals
),
months AS (
  SELECT provider, month, min(arrived - month_number) AS first_delay, max(arrived - month_number) AS last_delay
  FROM came
  GROUP BY provider, month
),
latest AS (SELECT provider, max(arrived) AS arrived FROM came GROUP BY provider),
repeated AS (
  SELECT provider, month, submission_id, row_number, source_record_id AS record FROM contested_rows
  UNION ALL
  SELECT provider, month, submission_id, row_number, content_hash AS record
  FROM noted_rows
  WHERE source_record_id IS NULL
),
in_order AS (
  SELECT r.provider, r.month, r.record, c.arrived, c.month_number, a.outcome IS NULL AS standing
  FROM repeated AS r
  JOIN months AS m ON m.provider = r.provider AND m.month = r.month AND m.last_delay > m.first_delay
  JOIN came AS c ON c.submission_id = r.submission_id
  LEFT JOIN set_apart AS a ON a.submission_id = r.submission_id AND a.row_number = r.row_number
  WHERE coalesce(a.outcome, 'accepted') <> 'quarantined'
),
first_seen AS (SELECT provider, record, min(arrived) AS arrived FROM in_order GROUP BY provider, record),
looked_at AS (
  SELECT provider, month, submission_id, row_number FROM set_apart
  UNION
  SELECT provider, month, submission_id, row_number FROM repeated
),
came_once AS (
  SELECT provider, month, submission_id, sum(records) AS records
  FROM (
    SELECT provider, month, submission_id, lines AS records
    FROM sent_files
    UNION ALL
    SELECT provider, month, submission_id, 0 - count(*) AS records
    FROM looked_at
    GROUP BY provider, month, submission_id
  ) AS counted
  GROUP BY provider, month, submission_id
),
delays AS (
  SELECT r.provider, r.month, f.arrived - r.month_number AS delay, CAST(count(*) AS BIGINT) AS records
  FROM in_order AS r
  JOIN first_seen AS f ON f.provider = r.provider AND f.record = r.record
  WHERE r.standing
  GROUP BY r.provider, r.month, f.arrived - r.month_number
  UNION ALL
  SELECT o.provider, o.month, c.arrived - c.month_number, CAST(o.records AS BIGINT)
  FROM came_once AS o
  JOIN months AS m ON m.provider = o.provider AND m.month = o.month AND m.last_delay > m.first_delay
  JOIN came AS c ON c.submission_id = o.submission_id
  UNION ALL
  SELECT k.provider, k.month, m.first_delay, k.rows_accepted
  FROM coverage AS k
  JOIN months AS m ON m.provider = k.provider AND m.month = k.month AND m.last_delay = m.first_delay
)
SELECT k.provider, k.source, k.month, k.received,
       max(l.arrived) - (CAST(substr(k.month, 1, 4) AS BIGINT) * 12 + CAST(substr(k.month, 6, 2) AS BIGINT)) AS age,
       max(m.first_delay) AS first_delay,
       {columns}
FROM coverage AS k
LEFT JOIN latest AS l ON l.provider = k.provider
LEFT JOIN months AS m ON m.provider = k.provider AND m.month = k.month
LEFT JOIN delays AS d ON d.provider = k.provider AND d.month = k.month
GROUP BY k.provider, k.source, k.month, k.received
