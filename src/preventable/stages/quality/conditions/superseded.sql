-- V20: accepted, but a higher version of the record was accepted too.
SELECT o.submission_id, o.provider, o.month, o.row_number, o.content_hash
FROM judged AS o
WHERE o.outcome = 'accepted' AND o.record_version < o.highest_version
