"""Place text, postcode or point -> place, area and precision class."""
