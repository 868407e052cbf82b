"""The report of an audit in each format; a format is a module of ``core.reports`` and a line here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType

from core.domain.quality.gate import GateReport, Judged
from core.reports.text.style import PLAIN, Style

#: Module and function of each format for programs; they take the gate's report and the findings to list, and return text.
_FORMATS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "json": ("formats.json", "audit_json"),
        "sarif": ("formats.sarif", "audit_sarif"),
        "junit": ("formats.junit", "audit_junit"),
        "github": ("formats.github", "audit_github"),
        "gitlab": ("formats.gitlab", "audit_gitlab"),
        "markdown": ("audit.markdown", "audit_markdown"),
        "html": ("audit.html", "audit_html"),
    }
)

#: Every format that is ours.
NAMES = ("text", *_FORMATS)


def render(format: str, gate: GateReport, shown: Sequence[Judged], style: Style = PLAIN) -> str:
    """Return the report that lists the findings ``shown``."""
    if format == "text":
        from core.reports.audit.terminal import audit_text

        return audit_text(gate, style, shown=shown)
    module, function = _FORMATS[format]
    return str(getattr(import_module(f"core.reports.{module}"), function)(gate, shown))
