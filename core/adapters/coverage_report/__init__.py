"""Coverage reports that other programs write: Cobertura XML (``coverage xml``) and lcov (``coverage lcov``)."""

from core.adapters.coverage_report.reading import read_coverage

__all__ = ["read_coverage"]
