-- NHS numbers, or pseudonyms of them, that stand on more than one row of the sources whose rules look for somebody again.
-- In: submissions, rule_sources.
SELECT s.nhs_number
FROM submissions AS s
JOIN (SELECT DISTINCT source FROM rule_sources WHERE reads = 'recurring') AS k ON k.source = s.source
WHERE s.nhs_number IS NOT NULL
GROUP BY s.nhs_number
HAVING count(*) > 1
