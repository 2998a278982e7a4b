-- Live rows of which a cell could not be read, once for each problem of a field.
SELECT s.submission_id, s.provider, s.month, s.source, s.row_number, s.content_hash, p.field, p.problem
FROM submissions AS s
JOIN intake_problems AS p ON p.submission_id = s.submission_id AND p.row_number = s.row_number
WHERE s.record_status = 'live'
