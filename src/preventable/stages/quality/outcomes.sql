-- One outcome for each row: accepted and standing, but for those that are set apart.
SELECT s.submission_id, s.provider, s.month, s.source, s.row_number, s.content_hash,
       coalesce(a.outcome, 'accepted') AS outcome, a.outcome IS NULL AS standing
FROM submissions AS s
LEFT JOIN set_apart AS a ON a.submission_id = s.submission_id AND a.row_number = s.row_number
