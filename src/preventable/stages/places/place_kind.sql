-- What tells where a record lies, by the order of precedence: stated point, postcode, accepted place of its text, stated
-- area, none. Put into statements with a record r, the place t of its text and the area k that its supplier states.
CASE
    WHEN r.easting_m IS NOT NULL AND r.northing_m IS NOT NULL THEN 'point'
    WHEN r.postcode_easting_m IS NOT NULL AND r.postcode_northing_m IS NOT NULL THEN 'postcode'
    -- An area that is only common to all that a text may mean has no point: what the supplier states goes before it.
    WHEN t.decision = 'accept' AND (t.easting_m IS NOT NULL OR k.area IS NULL) THEN t.place_kind
    WHEN k.area IS NOT NULL THEN 'stated_area'
    ELSE 'none'
END
