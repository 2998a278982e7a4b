"""Formats of suppliers' files, a module each: bytes in, lines of texts and notes out, or a refusal.

`read.read_file` is the only door. Nothing here knows mappings, tables or the disk: a limited child process runs it
(`preventable.intake.limited_reader`), so it imports little.
"""
