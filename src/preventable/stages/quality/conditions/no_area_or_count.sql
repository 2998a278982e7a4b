-- V27: a count without an area or without a number would be counted nowhere, or as none.
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
WHERE r.subject_area IS NULL OR r.quantity IS NULL
