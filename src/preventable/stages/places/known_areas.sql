-- Every area that the region has: one of them stated by a supplier places a record.
-- In: small_areas, areas.
SELECT DISTINCT small_area AS area FROM small_areas
UNION
SELECT DISTINCT area FROM areas WHERE area_type <> 'venue'
