-- Where each record lies, by the order of precedence: stated point, postcode, accepted place of its text, stated area,
-- none.
-- Part of the statements of points_to_place.sql and located_records.sql, so that no table of it is made.
-- In: pseudonymous_records, text_places (one row for each text, site and month), point_venues (record_key, place_id,
--     place_qualifier), venues, known_areas (area).
-- Parameters: point_sigma_m, postcode_sigma_m.
-- point_x, point_y: the point whose small area is looked up, in half decimetres of the nearest decimetre; none for a place
-- that is itself an area.
-- Put in: carried, the columns of a record that pass through; place_kind, the expression of that name.
-- An area stated by its supplier has a place of its own in place_area; where the region lacks it, it is none.
WITH stated AS (
    SELECT
        r.*,
        {place_kind} AS place_kind,
        k.area AS stated_area,
        CASE
            WHEN r.place_type IS NULL OR r.place_type = 'unknown' THEN coalesce(t.place_type, r.place_type)
            ELSE r.place_type
        END AS told_type,
        coalesce(t.place_qualifier, p.place_qualifier, 'none') AS place_qualifier,
        t.decision,
        t.place_kind AS text_kind,
        t.easting_m AS text_easting_m,
        t.northing_m AS text_northing_m,
        t.sigma_m AS text_sigma_m,
        t.probability,
        CASE WHEN t.decision = 'accept' THEN t.place_id END AS text_place,
        p.place_id AS point_place
    FROM pseudonymous_records r
    LEFT JOIN text_places t
        ON t.place_text_id = r.place_text_id AND t.site_code = coalesce(r.site_code, '') AND t.month = r.month
        AND (r.easting_m IS NULL OR r.northing_m IS NULL)
    LEFT JOIN point_venues p ON p.record_key = r.record_key
    LEFT JOIN known_areas k ON k.area = r.place_area
),

placed AS (
    SELECT
        {carried},
        CASE s.place_kind WHEN 'stated_area' THEN 'area' ELSE s.place_kind END AS place_kind,
        CASE s.place_kind WHEN 'stated_area' THEN s.stated_area ELSE coalesce(s.point_place, s.text_place) END AS place_id,
        v.venue AS venue_id,
        CASE s.place_kind
            WHEN 'point' THEN s.easting_m
            WHEN 'postcode' THEN coalesce(s.postcode_easting_m, s.text_easting_m)
            WHEN 'none' THEN NULL
            WHEN 'stated_area' THEN NULL
            ELSE s.text_easting_m
        END AS easting_m,
        CASE s.place_kind
            WHEN 'point' THEN s.northing_m
            WHEN 'postcode' THEN coalesce(s.postcode_northing_m, s.text_northing_m)
            WHEN 'none' THEN NULL
            WHEN 'stated_area' THEN NULL
            ELSE s.text_northing_m
        END AS northing_m,
        CASE s.place_kind
            WHEN 'point' THEN coalesce(s.point_sd_m, $point_sigma_m)
            WHEN 'postcode' THEN $postcode_sigma_m
            WHEN 'none' THEN NULL
            WHEN 'stated_area' THEN NULL
            ELSE s.text_sigma_m
        END AS sigma_m,
        CASE
            WHEN s.place_kind = 'none' THEN NULL
            WHEN s.place_kind = 'stated_area' THEN 1.0
            WHEN s.place_kind = 'point' OR s.postcode_easting_m IS NOT NULL THEN 1.0
            ELSE s.probability
        END AS place_probability,
        CASE
            WHEN s.place_kind IN ('point', 'postcode', 'premises') THEN 'L5'
            WHEN s.place_kind = 'street' THEN 'L3'
            WHEN s.place_kind IN ('area', 'stated_area') THEN 'L2'
            WHEN s.decision = 'review' AND s.text_kind = 'premises' THEN 'L4'
            WHEN s.decision = 'review' AND s.text_kind = 'street' THEN 'L3'
            WHEN s.decision = 'review' THEN 'L2'
            WHEN s.told_type IN ('unknown', 'declined') THEN 'L0'
            WHEN s.told_type IS NOT NULL OR s.place_text_id IS NOT NULL THEN 'L1'
            ELSE 'L0'
        END AS precision_class,
        s.told_type AS place_type,
        s.place_qualifier,
        CASE WHEN s.place_kind = 'postcode' THEN s.postcode_small_area END AS postcode_small_area,
        s.stated_area,
        s.place_kind = 'stated_area' AS is_stated_area
    FROM stated s
    LEFT JOIN venues v ON v.venue = coalesce(s.point_place, s.text_place)
)

SELECT
    p.*,
    CASE WHEN p.place_kind <> 'area' THEN CAST(floor(p.easting_m * 10 + 0.5) AS BIGINT) * 2 END AS point_x,
    CASE WHEN p.place_kind <> 'area' THEN CAST(floor(p.northing_m * 10 + 0.5) AS BIGINT) * 2 END AS point_y
FROM placed p
