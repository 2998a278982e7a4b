-- Every row looked at once: those that a rule on single rows finds something in (a flag each), of which a rule knows a
-- problem of reading them, that have no number or version, or that are not live.
-- In: submissions, sent, problem_marks, source_rules (a flag for each of these rules: whether the source has it).
-- Put in: marks, the flags of problem_marks; flags, the rules' conditions on the row r; found, whether one of those on
-- single rows is true; errors, whether one of those that hold a row back is.
WITH looked_at AS (
  SELECT s.*, p.site_code AS known_site, m.month_number,
         year(s.contact_local) * 12 + month(s.contact_local) AS contact_month_number,
         q.status_unread,
         {marks}
  FROM submissions AS s
  LEFT JOIN (SELECT DISTINCT site_code FROM providers) AS p ON p.site_code = s.site_code
  LEFT JOIN (SELECT DISTINCT month, month_number FROM sent) AS m ON m.month = s.month
  LEFT JOIN problem_marks AS q ON q.submission_id = s.submission_id AND q.row_number = s.row_number
),
flagged AS (
  SELECT r.submission_id, r.provider, r.month, r.source, r.row_number, r.content_hash, r.source_record_id,
         r.record_version, r.record_status, r.status_unread,
         {flags}
  FROM looked_at AS r
  LEFT JOIN source_rules AS k ON k.source = r.source
)
SELECT f.*, CASE WHEN {errors} THEN 1 ELSE 0 END AS is_held
FROM flagged AS f
WHERE status_unread IS NOT NULL OR record_status <> 'live' OR record_version IS NULL OR source_record_id IS NULL
      OR {found}
