-- No row, but the columns of mix_counts with their types: the first part of a union that may have no other.
SELECT CAST('' AS VARCHAR) AS definition, CAST('' AS VARCHAR) AS area, CAST('' AS VARCHAR) AS month,
       CAST('' AS VARCHAR) AS dimension, CAST('' AS VARCHAR) AS category, CAST(0 AS BIGINT) AS count
WHERE 1 = 0
