-- V16: the visit before it of the same NHS number to the same provider was more than $days and at most $most_days ago.
WITH visits AS (
  SELECT r.provider, r.source_record_id, r.contact_utc,
         lag(r.contact_utc) OVER (
           PARTITION BY r.nhs_number, r.provider ORDER BY r.contact_utc, r.source_record_id
         ) AS contact_before_utc
  FROM rule_rows AS r
  WHERE r.nhs_number IS NOT NULL
)
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
JOIN visits AS v ON v.provider = r.provider AND v.source_record_id = r.source_record_id
WHERE v.contact_utc > v.contact_before_utc + INTERVAL '1' DAY * $days
      AND v.contact_utc <= v.contact_before_utc + INTERVAL '1' DAY * $most_days
