-- Records of events that stand, in the month of their contact. A site conveyed to that the region does not know is
-- left empty: the cell would be text of unknown content.
SELECT c.contact_month AS month, {columns},
       p.site_code AS conveyed_site
FROM submissions AS r
JOIN standing_rows AS c ON c.submission_id = r.submission_id AND c.row_number = r.row_number
JOIN event_sources AS e ON e.source = r.source
LEFT JOIN (SELECT DISTINCT site_code FROM providers) AS p ON p.site_code = r.conveyed_site
