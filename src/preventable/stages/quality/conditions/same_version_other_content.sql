-- V23: the record's number and version stand on acceptable rows of different content, whatever file they
-- came in. A row that an error of its own holds back contests none.
WITH compared AS (
  SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash, r.source_record_id, r.record_version
  FROM rule_rows AS r
  JOIN contested AS c ON c.provider = r.provider AND c.source_record_id = r.source_record_id
),
told_twice AS (
  SELECT provider, source_record_id, record_version
  FROM compared
  WHERE record_version IS NOT NULL
  GROUP BY provider, source_record_id, record_version
  HAVING min(content_hash) <> max(content_hash)
)
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM compared AS r
JOIN told_twice AS t
  ON t.provider = r.provider AND t.source_record_id = r.source_record_id AND t.record_version = r.record_version
