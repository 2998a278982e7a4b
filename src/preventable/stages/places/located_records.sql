-- Records with place and areas.
-- In: pseudonymous_records, placed_records (placed_records.sql), record_areas (record_key, small_area of its point),
--     small_areas, areas.
-- A point counts in an area of a level only where its sigma is small enough for that level; a place that is itself an
-- area counts in that area and in what it nests in, never in a smaller one.
-- Parameters: small_area_m, ward_m, district_m: largest sigma of each level.
-- {carried}: the columns of pseudonymous_records that pass through unchanged.
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
    CASE WHEN p.place_kind <> 'area' AND p.sigma_m <= $small_area_m THEN n.small_area END AS small_area,
    CASE WHEN p.place_kind <> 'area' AND p.sigma_m <= $small_area_m THEN n.middle_area END AS middle_area,
    CASE
        WHEN p.place_kind = 'area' AND a.area_type = 'ward' THEN a.area
        WHEN p.place_kind <> 'area' AND p.sigma_m <= $ward_m THEN n.ward
    END AS ward,
    CASE
        WHEN p.place_kind = 'area' AND a.area_type = 'neighbourhood' THEN a.area
        WHEN p.place_kind <> 'area' AND p.sigma_m <= $ward_m THEN n.neighbourhood
    END AS neighbourhood,
    CASE
        WHEN p.place_kind = 'area' AND a.area_type = 'district' THEN a.area
        WHEN p.place_kind = 'area' THEN a.district
        WHEN p.sigma_m <= $district_m THEN n.district
    END AS district
FROM pseudonymous_records r
JOIN placed_records p ON p.record_key = r.record_key
LEFT JOIN record_areas g ON g.record_key = r.record_key
LEFT JOIN small_areas n ON n.small_area = coalesce(p.postcode_small_area, g.small_area)
LEFT JOIN areas a ON p.place_kind = 'area' AND a.area = p.place_id AND a.area_type IN ('ward', 'neighbourhood', 'district')
