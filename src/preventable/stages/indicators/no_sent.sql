-- No row, but the columns of indicator_sent with their types: the first part of a union that may have no other.
SELECT CAST('' AS VARCHAR) AS source, CAST('' AS VARCHAR) AS area_basis, CAST('' AS VARCHAR) AS area_type,
       CAST('' AS VARCHAR) AS area, CAST('' AS VARCHAR) AS provider, CAST(0 AS BIGINT) AS records
WHERE 1 = 0
