"""Settings, diagnoses and what init proposes, as text and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from core.domain.settings.diagnosis import Diagnosis, Health
from core.domain.settings.options import Option, Section, provenance, settings_table, value_of
from core.domain.settings.project_facts import ProjectFacts, ProposedTask
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
#: For git: of two lines for one place in the file of accepted findings the better score counts, so that both may stay.
_ATTRIBUTES = "audit-baseline.json merge=union"


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


_SIGNS = {Health.GOOD: "✓", Health.WARNING: "!", Health.BAD: "✗", Health.FACT: "·"}
_DIAGNOSIS_COLUMNS = (Column(title=""), Column(title=""), Column(title="", elastic=True))


def diagnosis_text(diagnoses: Sequence[Diagnosis], style: Style) -> str:
    """Return one line a subject, advice below it, and a last line that sums up."""
    paints = {Health.GOOD: style.good, Health.WARNING: style.warn, Health.BAD: style.bad, Health.FACT: style.dim}
    rows = []
    for diagnosis in diagnoses:
        paint = paints[diagnosis.health]
        rows.append([Cell(text=_SIGNS[diagnosis.health], paint=paint), Cell(text=diagnosis.subject), Cell(text=diagnosis.found)])
        if diagnosis.advice:
            rows.append([Cell(text=""), Cell(text=""), Cell(text=diagnosis.advice, paint=paint)])
    return table(_DIAGNOSIS_COLUMNS, rows, width=style.width, title=None) + "\n" + _sum(diagnoses, style)


def diagnosis_json(diagnoses: Sequence[Diagnosis]) -> list[dict[str, Any]]:
    """Return the same for a program."""
    return [{"subject": d.subject, "found": d.found, "health": d.health.value, "advice": d.advice} for d in diagnoses]


def _sum(diagnoses: Sequence[Diagnosis], style: Style) -> str:
    bad = sum(diagnosis.health is Health.BAD for diagnosis in diagnoses)
    warnings = sum(diagnosis.health is Health.WARNING for diagnosis in diagnoses)
    if bad:
        return style.bad(f"{bad} in the way of a run") + "\n"
    return (style.warn(f"ready, {warnings} to know of") if warnings else style.good("ready")) + "\n"


def _offer(facts: ProjectFacts) -> list[tuple[str, str]]:
    """Return the line that offers one for git's attributes, where there is none yet."""
    wanted = facts.git and not facts.baseline_attributes
    return [("merge", f"where branches accept findings, git can keep both sides: echo '{_ATTRIBUTES}' >>.gitattributes")] if wanted else []


def proposal_text(
    facts: ProjectFacts,
    tasks: Sequence[ProposedTask],
    files: Sequence[str],
    notes: Sequence[str],
    style: Style = PLAIN,
    *,
    reflect: bool = False,
) -> str:
    """Return what ``init`` found, what was written, what to know and what to type next; a label and a sentence each."""
    lines = [("found", f"{tool} ({evidence})") for tool, evidence in facts.tools.items()] or [("found", "no tool's settings")]
    lines += [("wrote", style.bold(path)) for path in files]
    checks = [task.id for task in tasks if task.command]
    lines += [("checks", ", ".join(checks) or "none")]
    lines += [
        ("tasks", f"runs {'measure the code and append' if reflect else 'append no'} refactor tasks (reflect.enabled in config.yaml)")
    ]
    lines += [("note", note) for note in notes]
    lines += _offer(facts)
    lines += [("next", "orchestrator plan, then orchestrator run")]
    return "".join(f"{style.dim(f'{label:<6}')} {sentence}\n" for label, sentence in lines)
