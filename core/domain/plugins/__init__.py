"""Plugins, what they ask for and what they may do."""
