"""Proposed tasks and the table of settings → the texts of the first ``tasks.yml`` and ``config.yaml``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from core.domain.quality.files_of_tests import TESTS
from core.domain.settings.options import Option, Section, settings_table
from core.domain.settings.project_facts import ProjectFacts, ProposedTask
from core.domain.settings.settings import Owner, Settings

#: Where editors find the schemas, also without a network. The directory is ours, and git does not see it.
SCHEMA_DIRECTORY = ".orchestrator/schema"

_HEADER = """\
# yaml-language-server: $schema={directory}/{name}.schema.json
# (for completion in your editor; in a fresh clone, `orchestrator schema --write` puts it there)
#
"""
_TASKS_HEAD = """\
# The backlog of {name}. `orchestrator run` works it off, `orchestrator plan` shows in which order and why.
# Edit it whenever you like, also during a run: your edits win. The tool itself changes nothing but the `status`
# of a task, and adds new tasks at the end.
#
#   command       what runs; a task is done, a check passed, when it exits with 0 ...
#   verify        ... and when this does too, in a process of its own
#   check         true: it says whether the repository is in order. It runs in every run and is never done
#   sources       of a check: globs of what its result depends on; it is not run again while neither that nor its command
#                 nor its program has changed: `orchestrator run --fresh` runs it all the same
#   dependencies  ids of tasks that must be done, and checks that must have passed, first
#   priority      low, normal, high, critical or a number; higher runs first
#   cost          what it takes out of the budget of a run: orchestrator run --budget 5
#   timeout       90s, 10m, 2h; then it is stopped, with everything that it started
#   retries       how often a failed attempt is made again
#
# A task with `verify` and no `command` is a goal: done as soon as its check passes, whoever sees to that.
# `orchestrator reset ID` puts a task back to pending, `orchestrator log ID` shows what it printed.
"""
_CONFIG_HEAD = """\
# Settings of orchestrator for {name}. Every line may be left out: what is commented out says the default.
# An environment variable is stronger (ORCHESTRATOR_BUDGET_COST=5), a flag of `orchestrator run` stronger still;
# `orchestrator config show` prints each value and where it came from.
"""
_EXAMPLES = {
    "handlers": "{refactor: ./refactor.sh}",
    "audit.overrides": '{"tests/**": {complexity: 15}}',
}
#: Text that no reader of YAML takes for anything else, with or without quotes.
_PLAIN = re.compile(
    r"(?!(?i:y|n|yes|no|on|off|true|false|null)$)(?:\./?)?[A-Za-z](?:[A-Za-z0-9 _./*=,-]*[A-Za-z0-9_./*=-])?|[0-9]+[A-Za-z]+"
)


def tasks_text(facts: ProjectFacts, tasks: tuple[ProposedTask, ...]) -> str:
    """Return the text of a ``tasks.yml`` that holds ``tasks``."""
    head = _HEADER.format(directory=SCHEMA_DIRECTORY, name="tasks") + _TASKS_HEAD.format(name=_one_line(facts.name))
    return head + "".join(f"\n{_entry(task)}" for task in tasks)


def config_text(facts: ProjectFacts, cls: type[Settings], *, reflect: bool) -> str:
    """Return the text of a ``config.yaml``: every setting of ``cls`` with its meaning, those that fit the repository set.

    ``reflect`` is whether a run may append refactor tasks.
    """
    head = _HEADER.format(directory=SCHEMA_DIRECTORY, name="config") + _CONFIG_HEAD.format(name=_one_line(facts.name))
    return head + _section(settings_table(cls), {**_fitting(facts), "reflect.enabled": json.dumps(reflect)}, indent="")


def _entry(task: ProposedTask) -> str:
    fields = [
        ("id", task.id),
        ("description", _scalar(task.description)),
        ("command", _scalar(task.command)),
        ("verify", _scalar(task.verify)),
        ("check" if task.command else "manual", "true"),
        ("sources", _globs(task.sources) if task.sources else ""),
        ("# sources", f"{_globs(task.likely_sources)}  # when it depends on nothing else" if task.likely_sources else ""),
        ("dependencies", f"[{', '.join(task.dependencies)}]" if task.dependencies else ""),
        ("timeout", task.timeout),
    ]
    lines = [f"  {name}: {value}" for name, value in fields if value]
    head = f"# {_one_line(task.evidence)}\n"
    if task.missing:
        head += f"# {task.missing} was not found: install it, or remove this check.\n"
    return f"{head}-{lines[0][1:]}\n" + "".join(f"{line}\n" for line in lines[1:])


def _globs(globs: Iterable[str]) -> str:
    return f"[{', '.join(json.dumps(glob, ensure_ascii=False) for glob in globs)}]"


def _fitting(facts: ProjectFacts) -> dict[str, str]:
    """Return what the repository's layout says about settings, as YAML by dotted key."""
    values: dict[str, str] = {}
    if facts.sources == ("src",):
        values["audit.include"] = _globs(f"{place}/**/*.py" for place in facts.sources)
    if facts.foreign:
        values["audit.exclude"] = _globs((*TESTS, *(f"{place}/**" for place in facts.foreign)))
    return values


def _section(section: Section, values: dict[str, str], indent: str) -> str:
    parts: list[str] = []
    for name, entry in section.entries.items():
        if isinstance(entry, Section):
            parts.append(f"\n{indent}{name}:  # {entry.help}\n{_section(entry, values, indent + '  ')}")
        elif Owner.REPOSITORY in entry.owners:
            gap = "" if indent else "\n"
            parts.append(f"{gap}{indent}# {entry.help}\n{indent}{_setting(name, entry, values)}\n")
    return "".join(parts)


def _setting(name: str, option: Option, values: dict[str, str]) -> str:
    if option.key in values:
        return f"{name}: {values[option.key]}"
    default = option.value_type.write(option.default)
    shown = _scalar(default) if isinstance(default, str) and default else json.dumps(default)
    example = f"  # for example {_EXAMPLES[option.key]}" if option.key in _EXAMPLES else ""
    return f"# {name}: {shown}{example}"


def _scalar(text: str) -> str:
    return text if not text or _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
