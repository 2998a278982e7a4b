-- Texts of records with a stated point for which a venue is to be decided.
-- In: pseudonymous_records, place_texts, venue_sources (source), asked_types (place_type, licensed).
SELECT t.place_text_id, min(t.text) AS text
FROM pseudonymous_records r
JOIN venue_sources s ON s.source = r.source
JOIN place_texts t ON t.place_text_id = r.place_text_id
LEFT JOIN asked_types a ON a.place_type = r.place_type
WHERE r.easting_m IS NOT NULL AND r.northing_m IS NOT NULL
    AND (a.place_type IS NOT NULL OR r.place_type IS NULL)
GROUP BY t.place_text_id
ORDER BY t.place_text_id
