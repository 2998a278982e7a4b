-- Texts whose place a person has to decide: how many records have each, from which site, from when to when.
-- In: pseudonymous_records, place_matches, place_phrases, place_texts. Texts that retention deleted are not asked.
SELECT
    p.phrase_id,
    m.site_code,
    t.text,
    count(*) AS records,
    min(r.month) AS first_month,
    max(r.month) AS last_month
FROM pseudonymous_records r
JOIN place_matches m ON m.place_text_id = r.place_text_id AND m.site_code = coalesce(r.site_code, '')
JOIN place_phrases p ON p.place_text_id = r.place_text_id
JOIN (
    SELECT place_text_id, min(text) AS text
    FROM place_texts
    GROUP BY place_text_id
) t ON t.place_text_id = r.place_text_id
WHERE m.decision = 'review' AND (r.easting_m IS NULL OR r.northing_m IS NULL)
GROUP BY p.phrase_id, m.site_code, r.place_text_id, t.text
ORDER BY p.phrase_id, m.site_code, records DESC, t.text
