-- One source of a pair: its linkable first visits, shifted by $shift whole weeks within the whole weeks of the pair.
-- In: linkable_records (records.sql).
-- {block_from}, {block_to}: times between which the other record must lie. Records outside the whole weeks have no week
-- and are not shifted: $shift 0 alone gives them.
SELECT
    number, week, x_m, y_m, sigma_m, age_from, age_to, sex, hospital, time_stated, place_class, domestic, informed,
    severity, sharp,
    contact_min + moved AS contact_min,
    from_min + moved AS from_min,
    to_min + moved AS to_min,
    {block_from} + moved AS block_from_min,
    {block_to} + moved AS block_to_min
FROM (
    SELECT
        w.*,
        CASE
            WHEN week IS NULL THEN 0
            WHEN week + $shift >= $weeks THEN ($shift - $weeks) * 10080
            WHEN week + $shift < 0 THEN ($shift + $weeks) * 10080
            ELSE $shift * 10080
        END AS moved
    FROM (
        SELECT
            r.*,
            CASE
                WHEN to_min >= $first_min AND to_min < $first_min + $weeks * 10080
                THEN CAST(floor((to_min - $first_min) / 10080.0) AS BIGINT)
            END AS week
        FROM linkable_records AS r
        WHERE source = $source AND is_later = 0 AND (source <> 'police' OR to_min - from_min <= $widest_min)
    ) AS w
    WHERE $shift = 0 OR week IS NOT NULL
) AS s
