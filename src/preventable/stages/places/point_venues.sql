-- The premises at which a record with a stated point happened: those its text names near the point, or, where its code
-- says licensed premises and its text names none, the only venue open beside the point.
-- In: venue_sources (source), asked_types (place_type, licensed), named_premises
--     (point_venues.py), venue_doors (venue, door_easting_m, door_northing_m, cell_x, cell_y: the squares about a door,
--     opened, closed), earlier_matches (place_text_id, site_code, place_id, opened, closed, place_qualifier).
-- Put in: records, pseudonymous_records or a SELECT in brackets of some of them.
-- Parameters: search_m, alone_m.
-- Of several premises that a text names as well as each other, none is taken: the nearest branch is no answer.
-- Where retention deleted the text, what it named in an earlier run (earlier_matches) stands, kept by the 100 m square of
-- the point.
WITH asked AS (
    SELECT
        r.record_key,
        r.place_text_id,
        r.easting_m,
        r.northing_m,
        CAST(floor(r.easting_m / 100) AS BIGINT) AS cell_x,
        CAST(floor(r.northing_m / 100) AS BIGINT) AS cell_y,
        CAST(substr(r.month, 1, 4) AS BIGINT) * 12 + CAST(substr(r.month, 6, 2) AS BIGINT) - 1 AS month_number,
        r.month,
        coalesce(a.licensed, FALSE) AS licensed
    FROM {records} r
    JOIN venue_sources s ON s.source = r.source
    LEFT JOIN asked_types a ON a.place_type = r.place_type
    WHERE r.easting_m IS NOT NULL AND r.northing_m IS NOT NULL
        AND (a.place_type IS NOT NULL OR r.place_type IS NULL)
),

near AS (
    SELECT
        r.record_key, n.place_id, n.likeness, n.place_qualifier,
        max(n.likeness) OVER (PARTITION BY r.record_key) AS best
    FROM asked r
    JOIN named_premises n ON n.place_text_id = r.place_text_id
    WHERE r.month_number BETWEEN n.opened AND n.closed
        AND (r.easting_m - n.place_easting_m) * (r.easting_m - n.place_easting_m)
        + (r.northing_m - n.place_northing_m) * (r.northing_m - n.place_northing_m) <= $search_m * $search_m
),

told AS (
    SELECT record_key, min(place_id) AS place_id, min(place_qualifier) AS place_qualifier
    FROM near
    WHERE likeness = best
    GROUP BY record_key
    HAVING count(*) = 1
),

told_earlier AS (
    SELECT r.record_key, e.place_id, e.place_qualifier
    FROM asked r
    JOIN earlier_matches e
        ON e.place_text_id = r.place_text_id
        AND e.site_code = concat('square:', CAST(r.cell_x AS VARCHAR), ':', CAST(r.cell_y AS VARCHAR))
    WHERE r.month_number BETWEEN e.opened AND e.closed
),

alone AS (
    SELECT r.record_key, min(v.venue) AS place_id
    FROM asked r
    JOIN venue_doors v ON v.cell_x = r.cell_x AND v.cell_y = r.cell_y
    WHERE r.licensed AND r.month_number BETWEEN v.opened AND v.closed
        AND (r.easting_m - v.door_easting_m) * (r.easting_m - v.door_easting_m)
        + (r.northing_m - v.door_northing_m) * (r.northing_m - v.door_northing_m) <= $alone_m * $alone_m
    GROUP BY r.record_key
    HAVING count(*) = 1
)

SELECT
    r.record_key,
    r.month,
    r.place_text_id,
    concat('square:', CAST(r.cell_x AS VARCHAR), ':', CAST(r.cell_y AS VARCHAR)) AS site_code,
    coalesce(t.place_id, e.place_id) AS told_place,
    coalesce(t.place_id, e.place_id, a.place_id) AS place_id,
    coalesce(t.place_qualifier, e.place_qualifier, 'none') AS place_qualifier
FROM asked r
LEFT JOIN told t ON t.record_key = r.record_key
LEFT JOIN told_earlier e ON e.record_key = r.record_key
LEFT JOIN alone a ON a.record_key = r.record_key
WHERE coalesce(t.place_id, e.place_id, a.place_id) IS NOT NULL
