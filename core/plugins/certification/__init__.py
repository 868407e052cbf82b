"""Certification: what a plugin is made of and does is examined offline, and the report is signed."""
