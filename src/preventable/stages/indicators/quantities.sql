-- One row a line of counts: what it counts, and the areas that its own area lies in. A line of an area that the region
-- does not know is in no figure.
-- in: indicator_lines, small_areas, indicator_wider_areas; $region
SELECT n.submission_id, n.row_number, n.provider, n.source, n.month, n.subject_type,
    coalesce(n.quantity, 0) AS quantity,
    $region AS counts_region,
    coalesce(s.district, w.district) AS counts_district,
    coalesce(s.ward, w.ward) AS counts_ward,
    coalesce(s.neighbourhood, w.neighbourhood) AS counts_neighbourhood,
    coalesce(s.middle_area, w.middle_area) AS counts_middle_area,
    s.small_area AS counts_small_area
FROM indicator_lines n
LEFT JOIN small_areas s ON s.small_area = n.subject_area
LEFT JOIN indicator_wider_areas w ON w.area = n.subject_area AND s.small_area IS NULL
WHERE s.small_area IS NOT NULL OR w.area IS NOT NULL
