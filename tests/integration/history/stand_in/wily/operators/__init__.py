"""Stands in for wily's package of this name."""
