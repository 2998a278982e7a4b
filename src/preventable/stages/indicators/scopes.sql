-- Which providers decide how complete a district is, the empty text standing for the region and areas across districts.
-- Records of people go by catchments that nobody knows: every provider of the kind. Counts of areas come from whoever
-- counts there: the providers of the district, and those of the whole region.
-- in: coverage, providers, small_areas, indicator_counted_sources
SELECT source, '' AS district, provider FROM coverage GROUP BY source, provider
UNION ALL
SELECT k.source, d.district, k.provider
FROM (SELECT source, provider FROM coverage GROUP BY source, provider) k
CROSS JOIN (SELECT district FROM small_areas WHERE district IS NOT NULL GROUP BY district) d
LEFT JOIN providers p ON p.provider = k.provider
LEFT JOIN indicator_counted_sources c ON c.source = k.source
WHERE c.source IS NULL OR p.district IS NULL OR p.district = d.district
