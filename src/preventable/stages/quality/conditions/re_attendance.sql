-- V15: the same NHS number attended the same site within the $days before.
WITH visits AS (
  SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash, r.contact_utc,
         lag(r.contact_utc) OVER (
           PARTITION BY r.nhs_number, r.provider, r.site_code ORDER BY r.contact_utc, r.source_record_id
         ) AS contact_before_utc
  FROM rule_rows AS r
  WHERE r.nhs_number IS NOT NULL
)
SELECT submission_id, provider, month, row_number, content_hash
FROM visits
WHERE contact_utc <= contact_before_utc + INTERVAL '1' DAY * $days
