-- What the look at each row (noted_rows.sql) must know of the problems of reading it, once a row.
-- In: intake_problems. Put in: flags, the conditions on a problem r of the rules that read problems; met, whether one of
-- them holds.
SELECT r.submission_id, r.row_number,
       max(CASE WHEN r.field = 'record_status' THEN 1 ELSE 0 END) AS status_unread,
       {flags}
FROM intake_problems AS r
WHERE r.field = 'record_status' OR {met}
GROUP BY r.submission_id, r.row_number
