-- The rows of contested records, and whether each is held back by itself.
SELECT s.submission_id, s.provider, s.month, s.source, s.row_number, s.content_hash, s.source_record_id,
       s.edition, s.record_version, s.record_status, coalesce(n.is_held, 0) AS is_held
FROM submissions AS s
JOIN contested AS c ON c.provider = s.provider AND c.source_record_id = s.source_record_id
LEFT JOIN noted_rows AS n ON n.submission_id = s.submission_id AND n.row_number = s.row_number
