-- V22: no contact time; what could not be read and what the clock never showed is null by now.
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
WHERE r.contact_utc IS NULL
