"""Preventable: open software for violence and injury surveillance."""

__version__ = "0.1.0"
