"""Measuring Python files as radon does: the CodeMeter of real repositories."""

from core.adapters.radon.meter import Progress, RadonMeter

__all__ = ["Progress", "RadonMeter"]
