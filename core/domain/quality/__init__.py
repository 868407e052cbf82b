"""Findings, metrics, gate and trend."""
