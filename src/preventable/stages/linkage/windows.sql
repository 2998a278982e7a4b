-- For each window and provider, the records of linkage_left that have any record of linkage_right within it.
-- In: linkage_left, linkage_right (side.sql); window_minutes, window_metres: the steps of the matrix, $most_minutes and
--     $most_metres being the widest; record_providers: provider of each number.
-- Minutes are those between the two from-to windows, 0 or less where they overlap. A record without a place has none near.
-- Two plain inequalities on time and nothing equal: engines then join by ranges.
WITH near AS (
    SELECT
        l.number,
        (l.x_m - r.x_m) * (l.x_m - r.x_m) + (l.y_m - r.y_m) * (l.y_m - r.y_m) AS distance2_m2,
        greatest(l.from_min, r.from_min) - least(l.to_min, r.to_min) AS gap_min
    FROM linkage_left AS l
    JOIN linkage_right AS r ON l.from_min - $most_minutes <= r.to_min AND r.from_min <= l.to_min + $most_minutes
    WHERE abs(l.x_m - r.x_m) <= $most_metres AND abs(l.y_m - r.y_m) <= $most_metres
        AND l.week IS NOT NULL AND r.week IS NOT NULL
), nearest AS (
    SELECT n.number, w.metres, min(n.gap_min) AS gap_min
    FROM near AS n
    JOIN window_metres AS w ON n.distance2_m2 <= w.metres * w.metres
    GROUP BY n.number, w.metres
)
SELECT p.provider, m.minutes, n.metres, count(*) AS records
FROM nearest AS n
JOIN window_minutes AS m ON n.gap_min <= m.minutes
JOIN record_providers AS p ON n.number = p.number
GROUP BY p.provider, m.minutes, n.metres
