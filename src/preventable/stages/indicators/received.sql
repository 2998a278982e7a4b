-- Records of the months that were received, by provider and area, over all months.
-- in: coverage. Put in: tally, the groups by area and month; columns, source, provider and areas
SELECT {columns}, CAST(sum(t.records) AS BIGINT) AS records
FROM {tally} t
JOIN coverage k ON k.provider = t.provider AND k.month = t.month AND k.received
GROUP BY {columns}
