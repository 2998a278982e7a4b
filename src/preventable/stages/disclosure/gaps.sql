-- Missing months of providers behind counts that are marked [x], which of counts means incomplete and nothing else: told to
-- the partner that sees the mark, with the provider and the months, never with what the provider carries.
-- in: released, data_findings
SELECT DISTINCT r.recipient, concat('gap/', f.source, '/', f.provider, '/', f.first_month) AS figure,
    f.provider, f.source, f.kind, f.first_month AS period_start, f.last_month AS period_end
FROM released r
JOIN data_findings f ON f.source = r.source AND f.first_month <= r.period_end AND f.last_month >= r.period_start
WHERE r.measure = 'count' AND r.value_note = '[x]' AND f.kind <> 'areas_changed'
ORDER BY recipient, figure
