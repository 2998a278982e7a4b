-- Every row looked at once: those that a rule on single rows finds something in (a flag each), that are held back by
-- themselves, or that are not live.
-- In: submissions, sent, problem_marks, source_rules (a flag for each rule on single rows: whether the source has it).
-- Put in: flags, the rules' conditions on the row r; found, whether one of them is true; errors, whether one of those that
-- hold a row back is.
WITH looked_at AS (
  SELECT s.*, p.site_code AS known_site, m.month_number,
         year(s.contact_local) * 12 + month(s.contact_local) AS contact_month_number,
         coalesce(q.status_unread, 0) AS status_unread, coalesce(q.is_held, 0) AS held_by_problem
  FROM submissions AS s
  LEFT JOIN (SELECT DISTINCT site_code FROM providers) AS p ON p.site_code = s.site_code
  LEFT JOIN (SELECT DISTINCT month, month_number FROM sent) AS m ON m.month = s.month
  LEFT JOIN problem_marks AS q ON q.submission_id = s.submission_id AND q.row_number = s.row_number
),
flagged AS (
  SELECT r.submission_id, r.provider, r.month, r.source, r.row_number, r.content_hash, r.source_record_id,
         r.record_version, r.record_status, r.held_by_problem,
         {flags}
  FROM looked_at AS r
  LEFT JOIN source_rules AS k ON k.source = r.source
)
SELECT f.*, CASE WHEN held_by_problem = 1 OR {errors} THEN 1 ELSE 0 END AS is_held
FROM flagged AS f
WHERE {found} OR held_by_problem = 1 OR record_status <> 'live' OR record_version IS NULL
