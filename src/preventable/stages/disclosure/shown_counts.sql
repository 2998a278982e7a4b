-- The rule for counts: an incomplete period is not available, a small count is one token (zero among them), any
-- other is the nearest multiple. Each cell from its own exact count, margins too.
-- Shares of records between several venues make a count that is shown fuller; they never show one that is not.
-- in: indicator_values, venue_shares, release_counted_sources; $minimum, $base, $month_coverage, $longer_coverage, and words: $confidential, $nearly_complete,
-- those for incomplete periods and for providers that are not expected, by source
SELECT figure, definition, definition_version, source, measure, area_type, area, period_type, period_start,
    period_end, dimension, category,
    CASE WHEN coverage < least_coverage OR count < $minimum THEN CAST(NULL AS DOUBLE)
         ELSE CAST(floor((2 * (count * 1000000 + millionths) + $base * 1000000) / (2 * $base * 1000000)) * $base AS DOUBLE)
         END AS value,
    CAST(NULL AS DOUBLE) AS lower,
    CAST(NULL AS DOUBLE) AS upper,
    CAST(NULL AS BIGINT) AS per,
    CASE WHEN coverage < least_coverage THEN '[x]' WHEN count < $minimum THEN '[c]' ELSE '' END AS value_note,
    concat(
        CASE WHEN coverage < least_coverage THEN {incomplete}
             WHEN count < $minimum THEN $confidential
             WHEN source_coverage < 1 THEN $nearly_complete ELSE '' END,
        CASE WHEN providers_not_expected = 0 THEN ''
             WHEN coverage < least_coverage OR count < $minimum OR source_coverage < 1 THEN concat('; ', {not_expected})
             ELSE {not_expected} END) AS note
FROM (
    SELECT v.*, coalesce(h.millionths, 0) AS millionths,
        CASE WHEN o.source IS NULL THEN s.source_coverage ELSE v.coverage END AS source_coverage,
        CASE WHEN v.period_type = 'month' THEN $month_coverage ELSE $longer_coverage END AS least_coverage
    FROM indicator_values v
    -- "Nearly complete" is said of every area alike: of one alone it would tell who is treated where. Of counts it is said
    -- where it holds: which provider counts where is no secret.
    JOIN (
        SELECT source, period_type, period_end, min(coverage) AS source_coverage FROM indicator_values
        GROUP BY source, period_type, period_end
    ) s ON s.source = v.source AND s.period_type = v.period_type AND s.period_end = v.period_end
    LEFT JOIN venue_shares h ON h.figure = v.figure
    LEFT JOIN release_counted_sources o ON o.source = v.source
) exact
