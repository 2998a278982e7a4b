"""Sphinx: four kinds of page, kept apart (tutorials, how-to, reference, explanation), and the decisions."""

import tomllib
from pathlib import Path

_PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]

project = "Preventable"
author = "The Preventable contributors"
copyright = author
release = version = _PROJECT["version"]
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = False
# Two hyphens of an option are two hyphens.
smartquotes = False

myst_heading_anchors = 3
# Pages also link to code and to the pages at the root, which are no part of the site.
suppress_warnings = ["myst.xref_missing"]

autodoc_typehints = "description"
autodoc_member_order = "bysource"

html_theme = "furo"
html_title = "Preventable"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {"source_edit_link": ""}
