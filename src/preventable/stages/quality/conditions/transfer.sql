-- V17: the visit before it of the same NHS number, within $hours, was to another site.
WITH visits AS (
  SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash, r.contact_utc,
         concat(r.provider, '|', r.site_code) AS site,
         lag(r.contact_utc) OVER (
           PARTITION BY r.nhs_number ORDER BY r.contact_utc, r.provider, r.source_record_id
         ) AS contact_before_utc,
         lag(concat(r.provider, '|', r.site_code)) OVER (
           PARTITION BY r.nhs_number ORDER BY r.contact_utc, r.provider, r.source_record_id
         ) AS site_before
  FROM rule_rows AS r
  WHERE r.nhs_number IS NOT NULL
)
SELECT submission_id, provider, month, row_number, content_hash
FROM visits
WHERE site <> site_before AND contact_utc <= contact_before_utc + INTERVAL '1' HOUR * $hours
