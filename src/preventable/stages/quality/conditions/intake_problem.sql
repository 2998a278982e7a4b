-- V06, V12, V13, V19, V26, V29 to V36: reading the row met the problem $problem in at least one field.
SELECT DISTINCT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
WHERE r.problem = $problem
