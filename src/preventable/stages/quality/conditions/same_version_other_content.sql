-- V23: the record's number and version stand on acceptable rows of different content, whatever file they
-- came in. A row that an error of its own holds back contests none.
WITH told_twice AS (
  SELECT provider, source_record_id, record_version
  FROM rule_rows
  WHERE record_version IS NOT NULL
  GROUP BY provider, source_record_id, record_version
  HAVING min(content_hash) <> max(content_hash)
)
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
JOIN told_twice AS t
  ON t.provider = r.provider AND t.source_record_id = r.source_record_id AND t.record_version = r.record_version
