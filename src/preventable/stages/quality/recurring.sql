-- Records that stand and may be of somebody seen again: their person, or all that V14 compares, stands on another row too.
-- Only these few go through windows. What stands on no other row is left empty.
-- In: submissions, set_apart, recurring_persons, recurring_likes.
SELECT s.submission_id, s.provider, s.month, s.source, s.row_number, s.content_hash, s.source_record_id, s.site_code,
       s.contact_utc, p.nhs_number, l.place_text_id, l.age_from, l.sex, l.method
FROM submissions AS s
LEFT JOIN recurring_persons AS p ON p.nhs_number = s.nhs_number
LEFT JOIN recurring_likes AS l
  ON l.provider = s.provider AND l.age_from = s.age_from AND l.sex = s.sex AND l.method = s.method
     AND l.place_text_id = s.place_text_id
LEFT JOIN set_apart AS a ON a.submission_id = s.submission_id AND a.row_number = s.row_number
WHERE a.submission_id IS NULL AND (p.nhs_number IS NOT NULL OR l.place_text_id IS NOT NULL)
