"""Stands in for wily where the question is how we run it; see ``__main__``."""
