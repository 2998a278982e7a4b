-- Records with place and areas.
-- In: what placed_records.sql reads, point_areas (point_x, point_y, area),
--     small_areas, areas.
-- A point counts in an area of a level only where its sigma is small enough for that level; a place that is itself an
-- area counts in that area and in what it nests in, never in a smaller one.
-- Parameters: small_area_m, ward_m, district_m: largest sigma of each level.
-- Put in: placed_records, the statement of that name; carried, the columns of a record that pass through.
-- An area that the supplier states counts where nothing else placed the record, and where no polygon of the region holds
-- the place: in that area and in what it nests in.
WITH larger_areas AS (
    SELECT
        area,
        max(CASE WHEN area_type = 'middle_area' THEN area END) AS middle_area,
        max(CASE WHEN area_type = 'ward' THEN area END) AS ward,
        max(CASE WHEN area_type = 'neighbourhood' THEN area END) AS neighbourhood,
        coalesce(max(CASE WHEN area_type = 'district' THEN area END), max(district)) AS district
    FROM areas
    WHERE area_type IN ('middle_area', 'ward', 'neighbourhood', 'district')
    GROUP BY area
),

located AS (
    SELECT
        p.*,
        coalesce(p.postcode_small_area, g.area) AS point_small_area,
        p.is_stated_area
        OR (p.place_kind <> 'area' AND coalesce(p.postcode_small_area, g.area) IS NULL) AS by_statement
    FROM (
{placed_records}) p
    LEFT JOIN point_areas g ON g.point_x = p.point_x AND g.point_y = p.point_y
)

SELECT
    {carried},
    p.place_type,
    p.place_kind,
    p.place_id,
    p.venue_id,
    p.easting_m,
    p.northing_m,
    p.sigma_m,
    p.place_probability,
    p.precision_class,
    p.place_qualifier,
    CASE
        WHEN p.by_statement THEN n.small_area
        WHEN p.place_kind <> 'area' AND p.sigma_m <= $small_area_m THEN n.small_area
    END AS small_area,
    CASE
        WHEN p.by_statement THEN coalesce(n.middle_area, b.middle_area)
        WHEN p.place_kind <> 'area' AND p.sigma_m <= $small_area_m THEN n.middle_area
    END AS middle_area,
    CASE
        WHEN p.by_statement THEN coalesce(n.ward, b.ward)
        WHEN p.place_kind = 'area' AND a.area_type = 'ward' THEN a.area
        WHEN p.place_kind <> 'area' AND p.sigma_m <= $ward_m THEN n.ward
    END AS ward,
    CASE
        WHEN p.by_statement THEN coalesce(n.neighbourhood, b.neighbourhood)
        WHEN p.place_kind = 'area' AND a.area_type = 'neighbourhood' THEN a.area
        WHEN p.place_kind <> 'area' AND p.sigma_m <= $ward_m THEN n.neighbourhood
    END AS neighbourhood,
    CASE
        WHEN p.by_statement THEN coalesce(n.district, b.district)
        WHEN p.place_kind = 'area' AND a.area_type = 'district' THEN a.area
        WHEN p.place_kind = 'area' THEN a.district
        WHEN p.sigma_m <= $district_m THEN n.district
    END AS district
FROM located p
LEFT JOIN small_areas n ON n.small_area = CASE WHEN p.by_statement THEN p.stated_area ELSE p.point_small_area END
LEFT JOIN areas a
    ON a.area = CASE WHEN p.place_kind = 'area' AND NOT p.by_statement THEN p.place_id END
    AND a.area_type IN ('ward', 'neighbourhood', 'district')
LEFT JOIN larger_areas b ON b.area = CASE WHEN p.by_statement THEN p.stated_area END
