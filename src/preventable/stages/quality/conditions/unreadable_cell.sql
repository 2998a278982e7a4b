-- V25: a cell was filled and could not be read: its field is null by now. A code unknown is V19, "no date" V06.
SELECT DISTINCT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
JOIN intake_problems AS p ON p.submission_id = r.submission_id AND p.row_number = r.row_number
WHERE p.problem IN ('not_a_date', 'clock_gap', 'not_a_number', 'not_an_nhs_number', 'out_of_range')
