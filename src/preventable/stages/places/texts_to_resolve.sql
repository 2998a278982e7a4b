-- Which place texts are to be resolved, for whom and in which month.
-- In: pseudonymous_records, place_texts. Out: one row for each text, site and month of records without a stated point;
-- text is null where it was deleted by retention. Texts of one id differ in case and spacing alone: the least stands.
SELECT
    r.place_text_id,
    coalesce(r.site_code, '') AS site_code,
    r.month,
    min(t.text) AS text
FROM pseudonymous_records r
LEFT JOIN (
    SELECT place_text_id, min(text) AS text
    FROM place_texts
    GROUP BY place_text_id
) t ON t.place_text_id = r.place_text_id
WHERE r.place_text_id IS NOT NULL AND (r.easting_m IS NULL OR r.northing_m IS NULL)
GROUP BY r.place_text_id, coalesce(r.site_code, ''), r.month
ORDER BY r.place_text_id, site_code, r.month
