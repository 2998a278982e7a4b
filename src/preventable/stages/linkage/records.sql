-- Records that may be linked: where each happened, and whether it is a later visit for an injury seen before.
-- In: linkage_chosen (chosen.sql), linkage_homes (inner point and radius of small areas).
-- An attack in a home, with no place known, is put at the residence. A later visit (same source and person, within
-- $same_injury_min of the visit before, for an injury that is not stated to be after that visit, an hour allowed) is not linked by itself: it
-- goes where the first visit goes.
-- Numbers follow what the records say, so that ties break the same way under another key of the home.
SELECT
    row_number() OVER (
        ORDER BY c.source, c.contact_min, c.from_min, c.to_min, coalesce(c.easting_m, 0), coalesce(c.northing_m, 0),
            coalesce(c.age_from, -1), coalesce(c.age_to, -1), coalesce(c.sex, ''), coalesce(c.hospital, ''), c.record_key
    ) - 1 AS number,
    c.record_key, c.person_key, c.source, c.contact_min, c.from_min, c.to_min, c.time_stated,
    coalesce(c.easting_m, h.easting_m) AS x_m,
    coalesce(c.northing_m, h.northing_m) AS y_m,
    CASE WHEN c.easting_m IS NOT NULL THEN coalesce(c.sigma_m, 0) ELSE h.sigma_m END AS sigma_m,
    c.age_from, c.age_to, c.sex, c.hospital, c.place_class, c.domestic, c.informed, c.severity, c.sharp,
    c.birth_month, c.birth_date_key, c.surname_key, c.dispatch_key,
    CASE
        WHEN c.person_key IS NOT NULL
            AND c.contact_min - lag(c.contact_min) OVER (
                PARTITION BY c.source, c.person_key ORDER BY c.contact_min, c.record_key
            ) <= $same_injury_min
            AND (c.time_stated = 'no' OR c.from_min <= lag(c.contact_min) OVER (
                PARTITION BY c.source, c.person_key ORDER BY c.contact_min, c.record_key
            ) + 60)
        THEN 1 ELSE 0
    END AS is_later
FROM linkage_chosen AS c
LEFT JOIN linkage_homes AS h ON c.home_area = h.small_area
