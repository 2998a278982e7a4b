-- V25: a cell was filled and could not be read: its field is null by now. A code unknown is V19, "no date" V06.
SELECT DISTINCT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
WHERE r.problem IN ('not_a_date', 'clock_gap', 'not_a_number', 'not_an_nhs_number', 'out_of_range')
