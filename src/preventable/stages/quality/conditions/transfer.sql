-- V17: the visit before it of the same NHS number, within $hours, was to another site.
WITH visits AS (
  SELECT r.provider, r.site_code, r.source_record_id, r.contact_utc,
         lag(r.contact_utc) OVER (
           PARTITION BY r.nhs_number ORDER BY r.contact_utc, r.provider, r.source_record_id
         ) AS contact_before_utc,
         lag(r.provider) OVER (
           PARTITION BY r.nhs_number ORDER BY r.contact_utc, r.provider, r.source_record_id
         ) AS provider_before,
         lag(r.site_code) OVER (
           PARTITION BY r.nhs_number ORDER BY r.contact_utc, r.provider, r.source_record_id
         ) AS site_before
  FROM rule_rows AS r
  WHERE r.nhs_number IS NOT NULL
)
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
JOIN visits AS v ON v.provider = r.provider AND v.source_record_id = r.source_record_id
WHERE (v.provider <> v.provider_before OR coalesce(v.site_code, '') <> coalesce(v.site_before, ''))
      AND v.contact_utc <= v.contact_before_utc + INTERVAL '1' HOUR * $hours
