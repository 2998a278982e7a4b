-- V11: type of place 'other' and no place text.
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
WHERE r.place_type = 'other' AND r.place_text_id IS NULL
