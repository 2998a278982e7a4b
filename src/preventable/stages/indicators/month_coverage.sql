-- Share of an area's usual records whose providers have sent a month.
-- in: indicator_usual, coverage
SELECT u.source, u.area_basis, u.area_type, u.area, k.month,
    CAST(sum(CASE WHEN k.received THEN u.usual ELSE 0 END) AS BIGINT) AS sent,
    CAST(sum(u.usual) AS BIGINT) AS usual
FROM indicator_usual u
JOIN coverage k ON k.provider = u.provider
GROUP BY u.source, u.area_basis, u.area_type, u.area, k.month
