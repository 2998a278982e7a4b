-- Records: rows of events that stand, in the month of their contact. A site conveyed to that the region does not know is
-- left empty: the cell would be text of unknown content.
-- In: submissions, outcomes, event_sources, providers. Put in: columns, those of a row that go on as they are.
SELECT CASE WHEN year(r.contact_local) * 12 + month(r.contact_local) = m.month_number THEN r.month
            WHEN r.contact_local IS NOT NULL
            THEN concat(lpad(CAST(year(r.contact_local) AS VARCHAR), 4, '0'), '-',
                        lpad(CAST(month(r.contact_local) AS VARCHAR), 2, '0')) END AS month,
       p.site_code AS conveyed_site,
       {columns}
FROM submissions AS r
JOIN event_sources AS e ON e.source = r.source
JOIN (
  SELECT month, CAST(substr(month, 1, 4) AS BIGINT) * 12 + CAST(substr(month, 6, 2) AS BIGINT) AS month_number
  FROM (SELECT DISTINCT month FROM submissions) AS d
) AS m ON m.month = r.month
-- Few rows do not stand: they are looked up, and not the many that do.
LEFT JOIN (SELECT submission_id, row_number FROM outcomes WHERE NOT standing) AS a
  ON a.submission_id = r.submission_id AND a.row_number = r.row_number
LEFT JOIN (SELECT DISTINCT site_code FROM providers) AS p ON p.site_code = r.conveyed_site
WHERE a.submission_id IS NULL
