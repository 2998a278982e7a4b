"""Definitions to exact counts, by area, period and breakdown, with their populations and coverage."""
