-- What more than one row of a provider has in common: age, sex, method and place text. In: submissions, rule_sources.
SELECT s.provider, s.age_from, s.sex, s.method, s.place_text_id
FROM submissions AS s
JOIN (SELECT DISTINCT source FROM rule_sources WHERE reads = 'recurring') AS k ON k.source = s.source
WHERE s.age_from IS NOT NULL AND s.sex IS NOT NULL AND s.method IS NOT NULL AND s.place_text_id IS NOT NULL
GROUP BY s.provider, s.age_from, s.sex, s.method, s.place_text_id
HAVING count(*) > 1
