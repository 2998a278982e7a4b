-- What the look at each row (noted_rows.sql) must know of the problems of reading it, once a row.
-- Put in: held, the rows that a problem holds back.
SELECT submission_id, row_number, max(is_held) AS is_held, max(status_unread) AS status_unread
FROM (
  SELECT submission_id, row_number, 1 AS is_held, 0 AS status_unread FROM ({held}) AS h
  UNION ALL
  SELECT submission_id, row_number, 0 AS is_held, 1 AS status_unread FROM intake_problems WHERE field = 'record_status'
) AS m
GROUP BY submission_id, row_number
