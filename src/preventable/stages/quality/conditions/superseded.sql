-- V20: accepted, but a higher version of the record was accepted too.
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
WHERE r.outcome = 'accepted' AND r.record_version < r.highest_version
