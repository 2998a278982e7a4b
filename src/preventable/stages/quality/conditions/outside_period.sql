-- V03: the contact, on the local clock, lies outside the month of its file.
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
WHERE r.contact_month <> r.month
