"""Settings for reading: each value, where it came from, and what it would be otherwise."""

from __future__ import annotations

import json
from typing import Any

from core.domain.settings.options import Option, Section, provenance, settings_table, value_of
from core.domain.settings.settings import Settings, Source, owner_words
from core.domain.untrusted.redaction import without_secrets
from core.reports.text.columns import Cell, Column, table
from core.reports.text.style import PLAIN, Style

_COLUMNS = (
    Column(title="setting"),
    Column(title="value", elastic=True),
    Column(title="from"),
    Column(title="default"),
    Column(title="set by"),
)


def settings_text(settings: Settings, style: Style = PLAIN) -> str:
    """Return a table of every setting: value as config.yaml would say it, source, the default where it differs, and who may set it."""
    rows = [_row(settings, option, style) for option in settings_table(type(settings)).options()]
    return table(_COLUMNS, rows, width=style.width, title=style.dim)


def settings_json(settings: Settings) -> list[dict[str, Any]]:
    """Return the same for a program; ``value`` counts seconds and bytes, ``written`` and ``default`` are as config.yaml says them."""
    return [_entry(settings, option) for option in settings_table(type(settings)).options()]


def written(value: Any) -> str:
    """Return a plain value as one would write it into config.yaml, on one line."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _row(settings: Settings, option: Option, style: Style) -> tuple[Cell, ...]:
    value = written(without_secrets(option.value_type.write(value_of(settings, option))))
    default = written(option.value_type.write(option.default))
    origin = provenance(settings, option.key)
    owners = Cell(text=owner_words(option.owners), paint=style.dim)
    if origin.source is Source.DEFAULT:
        return Cell(text=option.key), Cell(text=value), Cell(text="default", paint=style.dim), Cell(text=""), owners
    changed = Cell(text=value, paint=style.bold) if value != default else Cell(text=value)
    return Cell(text=option.key), changed, Cell(text=origin.place), Cell(text=default, paint=style.dim), owners


def _entry(settings: Settings, option: Option) -> dict[str, Any]:
    value, origin = value_of(settings, option), provenance(settings, option.key)
    return {
        "key": option.key,
        "value": without_secrets(_plain(value)),
        "written": without_secrets(option.value_type.write(value)),
        "default": option.value_type.write(option.default),
        "source": origin.source.value,
        "place": origin.place,
        "owners": [owner.value for owner in option.owners],
        "variable": option.variable,
        "flag": option.flag,
        "help": option.help,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if hasattr(value, "items") else value


def config_reference_markdown(cls: type[Settings] = Settings) -> str:
    """Return tables of every setting of ``cls``, one a section: key, values, default, variable, flag, who may set it, and meaning."""
    return "\n".join(_markdown_section(settings_table(cls), top=True))


def _markdown_section(section: Section, *, top: bool) -> list[str]:
    lines = ["## Top level" if top else f"## `{'.'.join(section.path)}`", "", "" if top else section.help, ""]
    if top:
        del lines[2:]
    lines += ["| key | holds | default | environment | `run` flag | set by | meaning |", "|---|---|---|---|---|---|---|"]
    lines += [_markdown_row(entry) for entry in section.entries.values() if isinstance(entry, Option)]
    lines.append("")
    for entry in section.entries.values():
        if isinstance(entry, Section):
            lines += _markdown_section(entry, top=False)
    return lines


def _markdown_row(option: Option) -> str:
    default = written(option.value_type.write(option.default))
    flag = f"`{option.flag}`" if option.flag else ""
    holds = option.value_type.phrase
    parts = (f"`{option.key}`", holds, f"`{default}`", f"`{option.variable}`", flag, owner_words(option.owners), option.help)
    return f"| {' | '.join(part.replace('|', chr(92) + '|') for part in parts)} |"
