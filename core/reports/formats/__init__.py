"""Formats that other programs read: SARIF, JUnit, annotations."""
