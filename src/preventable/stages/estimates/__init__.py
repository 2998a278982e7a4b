"""Risks of areas and premises beside what is usual of their kind, and what past predictions were worth."""
