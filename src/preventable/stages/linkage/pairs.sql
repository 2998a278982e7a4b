-- Candidate pairs of two sources, each with its pattern of comparison levels.
-- In: linkage_left, linkage_right (sides.sql): linkable records of the two sources; block_from_min and block_to_min bound
--     the time in which the other record must lie.
-- {part}: in which way they fit, -1 in none. {pattern}: the number of part and levels. {told}: what else is told.
-- Two plain inequalities on time and nothing equal: engines then join by ranges. Never abs() here, never `sex = sex`.
SELECT p.left_number, p.right_number, p.left_week, p.right_week, {pattern} AS pattern{told}
FROM (
    SELECT c.*, {part} AS part
    FROM (
        SELECT
            l.number AS left_number, r.number AS right_number, l.week AS left_week, r.week AS right_week,
            {columns}
        FROM linkage_left AS l
        JOIN linkage_right AS r ON l.block_from_min <= r.block_to_min AND r.block_from_min <= l.block_to_min
    ) AS c
) AS p
WHERE part >= 0
