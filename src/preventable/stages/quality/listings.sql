-- Lines of lists, and counts by area, that stand.
SELECT {columns}
FROM submissions AS r
JOIN outcomes AS o ON o.submission_id = r.submission_id AND o.row_number = r.row_number AND o.standing
LEFT JOIN event_sources AS e ON e.source = r.source
WHERE e.source IS NULL
