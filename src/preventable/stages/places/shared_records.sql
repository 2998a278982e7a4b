-- Records whose place their words leave between several: each of these with its share.
-- In: located_records, text_candidates (one row for each text, site, month and rank).
-- A record with a point, a postcode or an accepted place has none.
SELECT
    r.record_key,
    c.rank,
    c.place_id,
    c.weight
FROM located_records r
JOIN text_candidates c
    ON c.place_text_id = r.place_text_id AND c.site_code = coalesce(r.site_code, '') AND c.month = r.month
WHERE r.place_kind IN ('none', 'area')
ORDER BY r.record_key, c.rank
