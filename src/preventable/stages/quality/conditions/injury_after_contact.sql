-- V04: the injury starts later than the contact by more than $minutes. Compared in UTC: no clock change between.
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
WHERE r.injury_start_utc > r.contact_utc + INTERVAL '1' MINUTE * $minutes
