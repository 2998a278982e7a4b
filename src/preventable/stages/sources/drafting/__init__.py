"""Drafts of mappings: what each column of a file may be, how sure that is, and the TOML that people look through."""
