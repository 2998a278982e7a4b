-- V28: a copy of a row that stands more than once in the same file. What was sent again in another file is no finding.
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
JOIN (
  SELECT submission_id, source_record_id, content_hash
  FROM contested_rows
  GROUP BY submission_id, source_record_id, content_hash
  HAVING count(*) > 1
) AS t ON t.submission_id = r.submission_id AND t.source_record_id = r.source_record_id AND t.content_hash = r.content_hash
WHERE r.outcome = 'duplicate'
