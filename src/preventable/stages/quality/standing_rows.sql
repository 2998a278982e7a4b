-- Rows that stand: accepted, highest version, not withdrawn.
SELECT c.*
FROM checked_rows AS c
JOIN judged AS j ON j.submission_id = c.submission_id AND j.row_number = c.row_number AND j.standing
