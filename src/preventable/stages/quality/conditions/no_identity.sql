-- V21: no record number or version, or a status that could not be read. Withdrawn rows are held to it as well.
SELECT DISTINCT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
LEFT JOIN intake_problems AS p
  ON p.submission_id = r.submission_id AND p.row_number = r.row_number AND p.field = 'record_status'
WHERE r.source_record_id IS NULL OR r.record_version IS NULL OR p.field IS NOT NULL
