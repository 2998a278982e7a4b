"""Keyed pseudonyms in place of direct identifiers."""
