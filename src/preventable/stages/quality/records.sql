-- Records of events that stand, in the month of their contact. A site conveyed to that the region does not know is
-- left empty: the cell would be text of unknown content.
-- In: submissions, set_apart (rows that do not stand), event_sources, sent, providers. Put in: columns, those of a record.
SELECT CASE WHEN year(r.contact_local) * 12 + month(r.contact_local) = m.month_number THEN r.month
            WHEN r.contact_local IS NOT NULL
            THEN concat(lpad(CAST(year(r.contact_local) AS VARCHAR), 4, '0'), '-',
                        lpad(CAST(month(r.contact_local) AS VARCHAR), 2, '0')) END AS month,
       {columns},
       p.site_code AS conveyed_site
FROM submissions AS r
JOIN event_sources AS e ON e.source = r.source
JOIN (SELECT DISTINCT month, month_number FROM sent) AS m ON m.month = r.month
LEFT JOIN set_apart AS a ON a.submission_id = r.submission_id AND a.row_number = r.row_number
LEFT JOIN (SELECT DISTINCT site_code FROM providers) AS p ON p.site_code = r.conveyed_site
WHERE a.submission_id IS NULL
