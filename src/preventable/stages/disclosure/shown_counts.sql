-- The rule for counts: an incomplete period is not available, a small count is one token (zero among them), any
-- other is the nearest multiple. Each cell from its own exact count, margins too.
-- Shares of records between several venues make a count that is shown fuller; they never show one that is not.
-- What was shared out between the parts of a split area is an estimate, and not told.
-- in: indicator_values, venue_shares, release_counted_sources; $minimum, $base, $month_coverage, $longer_coverage, and words: $confidential, $nearly_complete, $led, $shared_out,
-- those for incomplete periods and for providers that are not expected, by source
SELECT figure, definition, definition_version, source, measure, area_type, area, period_type, period_start,
    period_end, dimension, category,
    CASE WHEN value_note <> '' THEN CAST(NULL AS DOUBLE)
         ELSE CAST(floor((2 * (count * 1000000 + millionths) + $base * 1000000) / (2 * $base * 1000000)) * $base AS DOUBLE)
         END AS value,
    CAST(NULL AS DOUBLE) AS lower,
    CAST(NULL AS DOUBLE) AS upper,
    CAST(NULL AS BIGINT) AS per,
    value_note,
    concat(words, CASE WHEN words <> '' AND led <> '' THEN '; ' ELSE '' END, led,
        CASE WHEN concat(words, led) <> '' AND absent <> '' THEN '; ' ELSE '' END, absent) AS note
FROM (
    SELECT e.*,
        CASE WHEN is_shared_out OR coverage < least_coverage THEN '[x]' WHEN count < $minimum THEN '[c]' ELSE '' END
            AS value_note,
        CASE WHEN is_shared_out THEN $shared_out
             WHEN coverage < least_coverage THEN {incomplete}
             WHEN count < $minimum THEN $confidential
             WHEN source_coverage < 1 THEN $nearly_complete ELSE '' END AS words,
        CASE WHEN older_areas = 'led' THEN $led ELSE '' END AS led,
        CASE WHEN providers_not_expected = 0 THEN '' ELSE {not_expected} END AS absent
    FROM (
        SELECT v.*, coalesce(h.millionths, 0) AS millionths,
            coalesce(v.older_areas = 'shared_out', FALSE) AS is_shared_out,
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
    ) e
) exact
