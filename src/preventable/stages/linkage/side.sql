-- One source of a pair: its linkable first visits, shifted by $shift whole weeks within the whole weeks of the pair.
-- In: linkable_records (records.sql).
-- {block_from}, {block_to}: times between which the other record must lie. Records outside the whole weeks have no week.
-- With $folded 1 those in the week before or after stand in the whole week next to them, before the shift: chance pairs
-- then tell how busy it is around them too. Others outside are left out.
SELECT
    number, week, x_m, y_m, sigma_m, age_from, age_to, sex, hospital, time_stated, place_class, domestic, informed,
    severity, sharp, person_key, birth_month, birth_date_key, surname_key, dispatch_key,
    contact_min + moved AS contact_min,
    from_min + moved AS from_min,
    to_min + moved AS to_min,
    {block_from} + moved AS block_from_min,
    {block_to} + moved AS block_to_min
FROM (
    SELECT
        w.*,
        CASE WHEN own_week BETWEEN 0 AND $weeks - 1 THEN own_week END AS week,
        CASE
            WHEN $folded = 0 THEN 0
            WHEN place + $shift >= $weeks THEN (place + $shift - $weeks - own_week) * 10080
            WHEN place + $shift < 0 THEN (place + $shift + $weeks - own_week) * 10080
            ELSE (place + $shift - own_week) * 10080
        END AS moved
    FROM (
        SELECT o.*, least(greatest(own_week, 0), $weeks - 1) AS place
        FROM (
            SELECT r.*, CAST(floor((to_min - $first_min) / 10080.0) AS BIGINT) AS own_week
            FROM linkable_records AS r
            WHERE source = $source AND is_later = 0 AND (source <> 'police' OR to_min - from_min <= $widest_min)
        ) AS o
    ) AS w
    WHERE $folded = 0 OR own_week BETWEEN -1 AND $weeks
) AS s
