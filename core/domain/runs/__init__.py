"""Runs, attempts and their outcomes."""
