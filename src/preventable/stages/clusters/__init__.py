"""Where more was recorded than expected: scans, the map of neighbourhoods, near repeats."""
