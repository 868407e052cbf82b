"""A plan-execute-reflect orchestrator for a Python repository."""

__version__ = "0.1.0"
