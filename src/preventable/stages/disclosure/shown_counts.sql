-- The rule for counts: an incomplete period is not available, a small count is one token (zero among them), any
-- other is the nearest multiple. Each cell from its own exact count, margins too.
-- in: indicator_values; $minimum, $base, $coverage, $confidential and the words for incomplete periods
SELECT figure, definition, definition_version, source, measure, area_type, area, period_type, period_start,
    period_end, dimension, category,
    CASE WHEN coverage < $coverage OR count < $minimum THEN CAST(NULL AS DOUBLE)
         ELSE CAST(floor((2 * count + $base) / (2 * $base)) * $base AS DOUBLE) END AS value,
    CAST(NULL AS DOUBLE) AS lower,
    CAST(NULL AS DOUBLE) AS upper,
    CAST(NULL AS BIGINT) AS per,
    CASE WHEN coverage < $coverage THEN '[x]' WHEN count < $minimum THEN '[c]' ELSE '' END AS value_note,
    CASE WHEN coverage < $coverage THEN {incomplete} WHEN count < $minimum THEN $confidential ELSE '' END AS note
FROM indicator_values
