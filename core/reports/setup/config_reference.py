"""The page of every setting, made from the table that the reader uses."""

from __future__ import annotations

from core.domain.settings.options import Option, Section, settings_table
from core.domain.settings.owner import owner_words
from core.reports.setup.settings_view import written


def config_reference_markdown() -> str:
    """Return tables of every setting, one a section: key, what it may hold, default, variable, flag, who may set it, and meaning."""
    return "\n".join(_section(settings_table(), top=True))


def _section(section: Section, *, top: bool) -> list[str]:
    lines = ["## Top level" if top else f"## `{'.'.join(section.path)}`", "", "" if top else section.help, ""]
    if top:
        del lines[2:]
    lines += ["| key | holds | default | environment | `run` flag | set by | meaning |", "|---|---|---|---|---|---|---|"]
    lines += [_row(entry) for entry in section.entries.values() if isinstance(entry, Option)]
    lines.append("")
    for entry in section.entries.values():
        if isinstance(entry, Section):
            lines += _section(entry, top=False)
    return lines


def _row(option: Option) -> str:
    default = written(option.kind.write(option.default))
    flag = f"`{option.flag}`" if option.flag else ""
    parts = (f"`{option.key}`", option.kind.wanted, f"`{default}`", f"`{option.variable}`", flag, owner_words(option.owners), option.help)
    return f"| {' | '.join(part.replace('|', chr(92) + '|') for part in parts)} |"
