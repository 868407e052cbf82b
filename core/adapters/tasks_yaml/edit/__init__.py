"""Edits of tasks.yml by byte span."""
