-- Levels that a provider of counts never reaches, where it decides: who counts by district has sent no ward's zero.
-- in: indicator_quantities, indicator_scopes
SELECT DISTINCT s.source, l.area_type, s.district
FROM indicator_scopes s
JOIN (
    SELECT provider, 'district' AS area_type FROM indicator_quantities GROUP BY provider HAVING count(counts_district) = 0
    UNION ALL
    SELECT provider, 'ward' FROM indicator_quantities GROUP BY provider HAVING count(counts_ward) = 0
    UNION ALL
    SELECT provider, 'neighbourhood' FROM indicator_quantities GROUP BY provider HAVING count(counts_neighbourhood) = 0
    UNION ALL
    SELECT provider, 'middle_area' FROM indicator_quantities GROUP BY provider HAVING count(counts_middle_area) = 0
    UNION ALL
    SELECT provider, 'small_area' FROM indicator_quantities GROUP BY provider HAVING count(counts_small_area) = 0
) l ON l.provider = s.provider
