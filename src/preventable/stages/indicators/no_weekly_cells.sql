-- No row, but the columns of indicator_weekly_cells with their types: the first part of a union that may have no other.
SELECT CAST('' AS VARCHAR) AS definition, CAST('' AS VARCHAR) AS area_type, CAST('' AS VARCHAR) AS area,
       CAST('' AS VARCHAR) AS unit, CAST('' AS VARCHAR) AS week, CAST(0 AS BIGINT) AS records
WHERE 1 = 0
