-- V10: no method of assault or no type of place.
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
WHERE r.method IS NULL OR r.place_type IS NULL
