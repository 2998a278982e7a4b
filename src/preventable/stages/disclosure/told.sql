-- Everything that a recipient is told, under its name: figures, estimates, and series with their verdicts and states,
-- missing months. `further` is a number beside value and limits, `words` the columns of text: with them the name of a release
-- is another where any of it is. The register holds the first six columns.
-- in: released, released_estimates, released_signals, released_gaps
SELECT recipient, figure, value, lower, upper, value_note, CAST(per AS DOUBLE) AS further,
    concat(source, '|', period_start, '|', coalesce(note, '')) AS words
FROM released
UNION ALL
SELECT recipient, figure, value, lower, upper, value_note, lower_if_hidden AS further,
    concat(estimate, '|', definition, '|', source, '|', area_type, '|', area, '|', breakdown, '|', category, '|',
        period_start, '|', period_end, '|', coalesce(note, '')) AS words
FROM released_estimates
UNION ALL
SELECT recipient, figure, value, usual_lower AS lower, usual_upper AS upper, CASE WHEN state = '' THEN verdict ELSE concat(verdict, ', ', state) END AS value_note,
    CAST(line AS DOUBLE) AS further,
    concat(definition, '|', source, '|', area_type, '|', area, '|', period_end, '|', kind, '|', first_day, '|', last_day,
        '|', coalesce(note, '')) AS words
FROM released_signals
UNION ALL
SELECT recipient, figure, CAST(NULL AS DOUBLE) AS value, CAST(NULL AS DOUBLE) AS lower, CAST(NULL AS DOUBLE) AS upper,
    concat(kind, ' to ', period_end) AS value_note, CAST(NULL AS DOUBLE) AS further,
    concat(source, '|', provider, '|', period_start) AS words
FROM released_gaps
