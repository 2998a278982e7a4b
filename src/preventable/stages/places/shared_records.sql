-- Records whose place their words leave between several: each of these with its share.
-- In: pseudonymous_records, text_candidates (one row for each text, site, month and rank), text_places, known_areas.
-- Put in: place_kind, the expression of that name.
-- A record with a point, a postcode or an accepted place has none.
SELECT
    r.record_key,
    c.rank,
    c.place_id,
    c.weight
FROM pseudonymous_records r
JOIN text_candidates c
    ON c.place_text_id = r.place_text_id AND c.site_code = coalesce(r.site_code, '') AND c.month = r.month
LEFT JOIN text_places t
    ON t.place_text_id = r.place_text_id AND t.site_code = coalesce(r.site_code, '') AND t.month = r.month
LEFT JOIN known_areas k ON k.area = r.place_area
WHERE {place_kind} IN ('none', 'area', 'stated_area')
ORDER BY r.record_key, c.rank
