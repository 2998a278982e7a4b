-- Records of one definition: where and when they happened, and what they are of. A stated interval of time keeps its ends.
-- in: located_records, small_areas, incidents; the expressions in braces come from codes/*.toml and the definition
SELECT CAST($definition AS VARCHAR) AS definition, r.month, CAST(r.contact_local AS DATE) AS contact_date,
    {district} AS district, {small_area} AS small_area, r.venue_id,
    CAST({hour_of_week} AS BIGINT) AS hour_of_week,
    CASE WHEN r.is_interval THEN r.injury_start_local END AS start_local,
    CASE WHEN r.is_interval THEN r.injury_end_local END AS end_local,
    CASE WHEN r.is_interval THEN r.injury_start_utc END AS start_utc,
    CASE WHEN r.is_interval THEN r.injury_end_utc END AS end_utc,
    r.weapon_class, r.place_type, r.age_band, r.person_key,
    coalesce(i.counted_by, r.record_key) = r.record_key AS first_visit
FROM (
    SELECT l.*, {moment} AS moment, {weapon_class} AS weapon_class,
        coalesce({age_band}, {unknown_age}) AS age_band,
        l.time_basis = 'reported_from_to' AND l.injury_start_utc IS NOT NULL
            AND coalesce(l.injury_end_utc <> l.injury_start_utc, 1 = 1) AS is_interval
    FROM located_records l
) r
LEFT JOIN small_areas h ON h.small_area = r.residence_small_area
LEFT JOIN incidents i ON i.record_key = r.record_key
WHERE {where}
