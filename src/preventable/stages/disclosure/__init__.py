"""Exact figures to what may leave: shown counts, and rates and shares computed from shown counts alone."""
