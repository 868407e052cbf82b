"""Writes the parts of the documentation that the code knows best; ``--check`` only compares, and fails with the difference.

A page says where: ``<!-- generated: NAME -->`` … ``<!-- end of generated -->``. What stands between is replaced.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "docs/*.md")
HELP = ROOT / "core" / "cli" / "help.txt"

_PART = re.compile(r"(?P<head><!-- generated: (?P<name>[\w-]+) -->\n).*?(?P<tail><!-- end of generated -->)", re.DOTALL)


def commands() -> str:
    """Every command with its arguments and options."""
    from core.assembly.wings import WINGS
    from core.cli import build_parser
    from core.cli.app import PROGRAM
    from core.cli.app import commands as commands_of

    root = build_parser()
    parts = []
    for command in commands_of(WINGS):
        node = root
        for word in command.name.split():
            node = node.commands[word]
        shown = [parameter for parameter in node.params if not getattr(parameter, "hidden", False)]
        arguments = "".join(f" {_metavar(parameter)}" for parameter in shown if parameter.param_type_name == "argument")
        rows = "".join(_row(parameter) for parameter in shown)
        text = f"### {command.name}\n\n```text\n{PROGRAM} {command.name}{arguments} [OPTIONS]\n```\n\n{node.help.strip()}\n"
        parts.append(text + (f"\n| | |\n|---|---|\n{rows}" if rows else ""))
    return "\n".join(parts)


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        names = f"`{_metavar(parameter)}`"
    else:
        value = "" if parameter.is_flag else f" {_metavar(parameter)}"
        names = ", ".join(f"`{name}{value}`" for name in (*parameter.opts, *parameter.secondary_opts))
    return f"| {names} | {_cell(parameter.help or '')}{_default(parameter)} |\n"


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _default(parameter: Any) -> str:
    default, said = parameter.default, parameter.show_default
    if isinstance(said, str):
        return f" Default: {said}."
    if not said or default is None or default == "" or isinstance(default, bool):
        return ""
    return f" Default: `{getattr(default, 'value', default)}`."


def exit_codes() -> str:
    """The table of exit codes."""
    from core.domain.runs.exit_code import ExitCode

    rows = "".join(f"| {int(code)} | {_cell(code.meaning)} |\n" for code in ExitCode)
    return f"| code | meaning |\n|---:|---|\n{rows}"


def events() -> str:
    """The events of ``run --json`` with their fields."""
    import dataclasses

    from core import events as module

    kinds = [
        kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, module.Event) and kind is not module.Event
    ]
    rows = []
    for kind in kinds:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
        fields = [field.name for field in dataclasses.fields(kind) if field.name not in ("at", "run_id")]
        listed = ", ".join(f"`{field}`" for field in fields)
        rows.append(f"| `{name}` | {_cell(' '.join((kind.__doc__ or '').split()))} | {listed} |\n")
    return "| event | when | fields beside `at` and `run_id` |\n|---|---|---|\n" + "".join(rows)


def task_fields() -> str:
    """The fields of a task."""
    from core.adapters.tasks_yaml import FIELDS

    rows = "".join(f"| `{name}` | {_cell(field.type)} | {_cell(field.default)} | {_cell(field.help)} |\n" for name, field in FIELDS.items())
    own = "| `x-…` | anything | – | Your own; the tool keeps it and does not look at it. |\n"
    return f"| field | type | default | meaning |\n|---|---|---|---|\n{rows}{own}"


def running_edits() -> str:
    """What an edit of a field means for an attempt under way."""
    from core.domain.tasks.running_edit import MEANINGS, Meaning

    def row(meaning: Meaning) -> str:
        names = ("x-…" if name == "extra" else name.rstrip("_") for name, its in MEANINGS.items() if its is meaning)
        return f"| {', '.join(f'`{name}`' for name in names)} | {_cell(meaning.value)} |\n"

    return "| edited field | what it means for the attempt under way |\n|---|---|\n" + "".join(map(row, Meaning))


def settings() -> str:
    """Every setting of config.yaml."""
    from core.assembly.wings import WINGS
    from core.ports.wing import settings_class
    from core.reports.setup_text import config_reference_markdown

    return config_reference_markdown(settings_class(WINGS))


def metrics() -> str:
    """The metrics that have a threshold."""
    from core.domain.quality.metric_spec import LIMITED, SPECS

    specs = [SPECS[metric] for metric in LIMITED]
    rows = "".join(f"| `{spec.metric.value}` | {spec.threshold:g}{spec.unit} | {_cell(spec.counts)} |\n" for spec in specs)
    return f"| metric | default threshold | what it counts |\n|---|---:|---|\n{rows}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("``", "`")


PARTS: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "exit-codes": exit_codes,
    "events": events,
    "task-fields": task_fields,
    "running-edits": running_edits,
    "settings": settings,
    "metrics": metrics,
}


def generated() -> dict[Path, str]:
    """Return what each file should hold, by path. Raises KeyError for a part that nobody generates."""
    from core.cli.app import overview

    made: dict[str, str] = {}

    def filled(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in made:
            made[name] = PARTS[name]()
        return f"{match['head']}{made[name].strip()}\n{match['tail']}"

    pages = {path: _PART.sub(filled, path.read_text(encoding="utf-8")) for pattern in PAGES for path in sorted(ROOT.glob(pattern))}
    return {**pages, HELP: overview()}


def differences(wanted: Mapping[Path, str]) -> dict[str, str]:
    """Return a unified diff from each file that differs to what it should hold, by its path in the repository."""
    from core.diff_utils import generate_file_diff

    names = {path: path.relative_to(ROOT).as_posix() for path in wanted}
    diffs = {names[path]: "".join(generate_file_diff(path, text, names[path])) for path, text in wanted.items()}
    return {name: diff for name, diff in diffs.items() if diff}


def main(arguments: list[str]) -> int:
    """Write the files, or compare them; return 1 when they differ."""
    wanted = generated()
    if "--check" in arguments:
        stale = differences(wanted)
        sys.stdout.write("".join(stale.values()))
        if stale:
            sys.stderr.write(f"error: not what the code says: {', '.join(stale)}\n  hint: make docs writes them anew\n")
        return 1 if stale else 0
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
