-- V01: reading the file met the problem $problem, which is of the file and of no row.
SELECT DISTINCT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
WHERE r.problem = $problem
