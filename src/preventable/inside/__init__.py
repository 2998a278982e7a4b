"""Exact tables for the partnership's analyst, on the restricted side."""
