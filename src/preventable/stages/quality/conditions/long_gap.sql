-- V05, V24: the injury as stated ended more than $hours before the contact.
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
WHERE r.time_basis = 'stated' AND r.injury_end_utc < r.contact_utc - INTERVAL '1' HOUR * $hours
