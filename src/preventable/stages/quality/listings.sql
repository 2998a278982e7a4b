-- Lines of lists, and counts by area, that stand.
WITH lines AS (
  SELECT c.submission_id, c.row_number
  FROM standing_rows AS c
  LEFT JOIN event_sources AS e ON e.source = c.source
  WHERE e.source IS NULL
)
SELECT {columns}
FROM submissions AS r
JOIN lines AS c ON c.submission_id = r.submission_id AND c.row_number = r.row_number
