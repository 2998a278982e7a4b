-- Lines of lists, and counts by area, that stand.
-- In: submissions, set_apart (rows that do not stand), sent, event_sources. Put in: columns, those of a line.
SELECT {columns}
FROM submissions AS r
JOIN (
  SELECT DISTINCT s.source FROM sent AS s LEFT JOIN event_sources AS e ON e.source = s.source WHERE e.source IS NULL
) AS l ON l.source = r.source
LEFT JOIN set_apart AS a ON a.submission_id = r.submission_id AND a.row_number = r.row_number
WHERE a.submission_id IS NULL
