-- What the rules look at in a row, with the month of its contact on the local clock.
SELECT s.submission_id, s.edition, s.provider, s.month, s.source, s.row_number, s.content_hash, s.source_record_id,
       s.record_version, s.record_status, s.site_code, s.contact_utc, s.injury_start_local, s.injury_start_utc,
       s.injury_end_utc, s.time_precision, s.time_basis, s.age_from, s.sex, s.nhs_number, s.method, s.place_type,
       s.place_text_id, s.subject_area, s.quantity,
       CASE WHEN s.contact_local IS NOT NULL
            THEN concat(lpad(CAST(year(s.contact_local) AS VARCHAR), 4, '0'), '-',
                        lpad(CAST(month(s.contact_local) AS VARCHAR), 2, '0')) END AS contact_month
FROM submissions AS s
