"""Packs: a document of typed blocks for each partner, drawn by one renderer per format."""
