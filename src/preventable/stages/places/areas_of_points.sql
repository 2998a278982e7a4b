-- The small area of each point.
-- In: points_to_place (point_x, point_y in half decimetres, cell_x, cell_y: the 100 m square),
--     grid_cells, grid_edges (see grid.py).
-- Out: point_x, point_y, area; a point outside the region has no row.
-- A square that no border touches gives its area. Elsewhere the borders of each area that the straight path from the
-- square's reference point (ref) to the point (p) crosses are counted: an even number leaves p on the side of ref.
-- A corner exactly on the path, or p exactly on a border, counts as if p lay a hair lower (and a smaller hair to the
-- east), so that each such point falls to one area; on the outermost border, which may leave it without one,
-- it falls to the first area whose border it is on. Whole numbers throughout.
WITH sides AS (
    SELECT
        p.point_x, p.point_y, c.area, c.inside,
        e.x1, e.x2, e.y1, e.y2,
        (p.point_x - c.ref_x) * (e.y1 - c.ref_y) - (p.point_y - c.ref_y) * (e.x1 - c.ref_x) AS turn_1,
        (p.point_x - c.ref_x) * (e.y2 - c.ref_y) - (p.point_y - c.ref_y) * (e.x2 - c.ref_x) AS turn_2,
        (e.x2 - e.x1) * (c.ref_y - e.y1) - (e.y2 - e.y1) * (c.ref_x - e.x1) AS side_of_ref,
        (e.x2 - e.x1) * (p.point_y - e.y1) - (e.y2 - e.y1) * (p.point_x - e.x1) AS side_of_point,
        c.ref_x
    FROM points_to_place p
    JOIN grid_cells c ON c.cell_x = p.cell_x AND c.cell_y = p.cell_y
    JOIN grid_edges e ON e.cell_x = c.cell_x AND e.cell_y = c.cell_y AND e.area = c.area
    WHERE c.touched
),

crossed AS (
    SELECT
        point_x, point_y, area, inside,
        CASE
            WHEN (turn_1 > 0 OR (turn_1 = 0 AND x1 > ref_x)) <> (turn_2 > 0 OR (turn_2 = 0 AND x2 > ref_x))
                AND (side_of_ref > 0) <> (side_of_point > 0)
                THEN 1
            ELSE 0
        END AS crossing,
        CASE
            WHEN side_of_point = 0
                AND point_x BETWEEN least(x1, x2) AND greatest(x1, x2)
                AND point_y BETWEEN least(y1, y2) AND greatest(y1, y2)
                THEN 1
            ELSE 0
        END AS on_border
    FROM sides
),

counted AS (
    SELECT
        point_x, point_y, area,
        (max(inside) + sum(crossing)) % 2 AS within,
        max(on_border) AS on_border
    FROM crossed
    GROUP BY point_x, point_y, area
)

SELECT p.point_x, p.point_y, c.area
FROM points_to_place p
JOIN grid_cells c ON c.cell_x = p.cell_x AND c.cell_y = p.cell_y
WHERE NOT c.touched
UNION ALL
SELECT point_x, point_y, coalesce(min(CASE WHEN within = 1 THEN area END), min(area)) AS area
FROM counted
WHERE within = 1 OR on_border = 1
GROUP BY point_x, point_y
