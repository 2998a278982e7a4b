-- V02: the row's site is missing or is not the site of any provider of the region.
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
LEFT JOIN (SELECT DISTINCT site_code FROM providers) AS p ON p.site_code = r.site_code
WHERE p.site_code IS NULL
