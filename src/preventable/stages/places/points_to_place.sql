-- Every point once, with the 100 m square that it lies in.
-- Put in: points, rows with point_x and point_y in half decimetres; a square is 2,000 of them wide.
SELECT
    point_x,
    point_y,
    CAST(floor(point_x / 2000) AS BIGINT) AS cell_x,
    CAST(floor(point_y / 2000) AS BIGINT) AS cell_y
FROM {points} AS p
WHERE point_x IS NOT NULL AND point_y IS NOT NULL
GROUP BY point_x, point_y
