-- V14: the attendance before it at the same site, alike in age, sex, method and place text, was within $minutes.
-- A window over equal keys, not a join: attendances without one of the keys are not compared.
WITH alike AS (
  SELECT r.provider, r.source_record_id, r.contact_utc,
         lag(r.contact_utc) OVER (
           PARTITION BY r.provider, r.site_code, r.age_from, r.sex, r.method, r.place_text_id
           ORDER BY r.contact_utc, r.source_record_id
         ) AS contact_before_utc
  FROM rule_rows AS r
  WHERE r.age_from IS NOT NULL AND r.sex IS NOT NULL AND r.method IS NOT NULL AND r.place_text_id IS NOT NULL
)
SELECT r.submission_id, r.provider, r.month, r.row_number, r.content_hash
FROM rule_rows AS r
JOIN alike AS v ON v.provider = r.provider AND v.source_record_id = r.source_record_id
WHERE v.contact_utc <= v.contact_before_utc + INTERVAL '1' MINUTE * $minutes
