-- Lines of lists and counts, those of older areas in the region's own: led whole by their code, or as they were shared out.
-- in: listings, indicator_older_areas, indicator_shared_lines
SELECT n.submission_id, n.row_number, n.provider, n.source, n.month, n.subject_type, n.quantity,
    coalesce(o.area, n.subject_area) AS subject_area
FROM listings n
LEFT JOIN indicator_older_areas o
    ON o.older_area = n.subject_area AND o.area_type = 'small_area' AND o.basis = 'led'
LEFT JOIN (SELECT DISTINCT older_area FROM indicator_older_areas WHERE area_type = 'small_area' AND basis = 'shared_out') s
    ON s.older_area = n.subject_area
WHERE s.older_area IS NULL
UNION ALL
SELECT submission_id, row_number, provider, source, month, subject_type, quantity, subject_area
FROM indicator_shared_lines
