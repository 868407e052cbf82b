"""What starts a repository's tools: the recipes, targets and sessions it defines itself, and its lock file's program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from core.domain.settings.project_facts import Runner, Tool
from core.scaffold.declared import Declared, normal, read_toml, table

_JUSTFILES = ("justfile", "Justfile", ".justfile")
_TASKFILES = ("Taskfile.yml", "Taskfile.yaml", "taskfile.yml", "taskfile.yaml", "Taskfile.dist.yml", "Taskfile.dist.yaml")
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
#: Files that say what runners there are.
RUNNER_FILES = (*_JUSTFILES, *_TASKFILES, *_MAKEFILES, "noxfile.py", "tox.toml", "hatch.toml", "uv.lock", "poetry.lock", "pdm.lock")

_MAKE_RULE = re.compile(r"^(?P<names>[A-Za-z0-9][A-Za-z0-9_. -]*):(?![:=])(?P<body>.*(?:\n(?:\t.*|[ \t]*(?=\n)))*)", re.MULTILINE)
#: Parameters with a default, or any number of them, need not be given.
_JUST_RECIPE = re.compile(
    r"^@?(?P<names>[A-Za-z][A-Za-z0-9_-]*)(?:[ \t]+(?:\*\$?[\w-]+|\$?[\w-]+=(?:'[^'\n]*'|\"[^\"\n]*\"|[\w.-]+)))*[ \t]*:(?!=)"
    r"(?P<body>.*(?:\n(?:[ \t]+.*|[ \t]*(?=\n)))*)",
    re.MULTILINE,
)
_TASKS = re.compile(r"^tasks:[ \t]*(?:#.*)?\n(?P<tasks>(?:[ \t]+.*\n?|[ \t]*#.*\n?|\n)*)", re.MULTILINE)
_TASK = re.compile(
    r"^(?P<indent>[ \t]+)(?P<quote>['\"]?)(?P<names>[A-Za-z][\w.:-]*)(?P=quote):(?P<body>.*(?:\n(?:(?P=indent)[ \t]+.*|[ \t]*(?=\n)))*)",
    re.MULTILINE,
)
_PLAIN_NAME = re.compile(r"[\w.-]+")
_NOX_SESSION = re.compile(
    r"^@(?:\w+\.)?session\b(?P<arguments>\((?:[^()]|\([^()]{0,500}\)){0,2000}\))?[^\n]*\n"
    r"(?:@.*\n(?:[ \t)].*\n){0,50}){0,20}(?:async )?def (?P<name>\w+)",
    re.MULTILINE,
)
_NOX_NAME = re.compile(r"\bname\s*=\s*['\"]([\w.-]+)['\"]")
_TOX_SECTION = re.compile(r"^\[(?:tox:)?testenv(?::(?P<name>[^\]\n]+))?\]", re.MULTILINE)
_LOCKED = re.compile(r"^name = \"([^\"\n]+)\"", re.MULTILINE)
#: What a recipe says that changes files instead of checking them.
_CHANGES_FILES = re.compile(
    r"--fix\b|--write\b|--in-place\b|\b(?:ruff format|black|isort|autopep8)\b(?!-)(?![^\n]*(?:--check|--diff|-c\b|--version))"
)
_DOES_NOT_END = re.compile(r"\bserve\b|\bautobuild\b|-autobuild\b|\bhttp\.server\b|\blivehtml\b|--watch\b")


def runners_of(texts: Mapping[str, str], declared: Declared, notes: list[str]) -> tuple[Runner, ...]:
    """Return what the repository defines itself, the most deliberate first. What is not text of its kind defines nothing."""
    found: Iterator[Runner | None] = (
        _recipes("just", _JUSTFILES, texts, _JUST_RECIPE),
        _taskfile(texts),
        _recipes("make", _MAKEFILES, texts, _MAKE_RULE),
        _hatch(texts, declared, notes),
        _pdm(declared),
        _nox(texts),
        _tox(texts, declared, notes),
    ).__iter__()
    return tuple(runner for runner in found if runner is not None and runner.targets)


def _recipes(program: str, files: tuple[str, ...], texts: Mapping[str, str], pattern: re.Pattern[str]) -> Runner | None:
    file = next((name for name in files if name in texts), "")
    if not file:
        return None
    found = list(pattern.finditer(texts[file]))
    bodies = {name: match["body"] for match in found for name in match["names"].split()}
    return _runner(program, file, bodies)


def _runner(program: str, file: str, bodies: Mapping[str, str]) -> Runner:
    unfit = {name: why for name, body in bodies.items() if (why := _why_unfit(body))}
    return Runner(program=program, file=file, targets={name: name for name in bodies}, unfit=unfit)


def _why_unfit(body: str) -> str:
    """Return why a recipe cannot be a check; empty when nothing speaks against it."""
    if _CHANGES_FILES.search(body):
        return "changes files"
    return "does not end by itself" if _DOES_NOT_END.search(body) else ""


def _taskfile(texts: Mapping[str, str]) -> Runner | None:
    file = next((name for name in _TASKFILES if name in texts), "")
    section = _TASKS.search(texts[file]) if file else None
    if section is None:
        return None
    found = list(_TASK.finditer(section["tasks"]))
    outermost = min((len(match["indent"]) for match in found), default=0)
    return _runner("task", file, {match["names"]: match["body"] for match in found if len(match["indent"]) == outermost})


def _nox(texts: Mapping[str, str]) -> Runner | None:
    if "noxfile.py" not in texts:
        return None
    sessions = (_session_name(match) for match in _NOX_SESSION.finditer(texts["noxfile.py"]))
    return Runner(program="nox", file="noxfile.py", targets={name: f"-s {name}" for name in sessions})


def _session_name(match: re.Match[str]) -> str:
    named = _NOX_NAME.search(match["arguments"] or "")
    return named[1] if named else match["name"]


def _tox(texts: Mapping[str, str], declared: Declared, notes: list[str]) -> Runner:
    own = table(declared.tool_tables, "tox") or read_toml("tox.toml", texts, notes)
    file = next((name for name in ("tox.ini", "setup.cfg") if _TOX_SECTION.search(texts.get(name, ""))), "")
    if own:
        file = "tox.toml" if "tox.toml" in texts else "pyproject.toml"
    names = _tox_environments(own) if own else _tox_sections(texts.get(file, ""))
    return Runner(program="tox", file=file, targets={name: f"-e {name}" for name in names if _PLAIN_NAME.fullmatch(name)})


def _tox_environments(own: Mapping[str, Any]) -> list[str]:
    return [*table(own, "env"), *(("py",) if "env_run_base" in own else ())]


def _tox_sections(text: str) -> list[str]:
    return [name for section in _TOX_SECTION.finditer(text) for name in _expanded(section["name"] or "py")]


def _expanded(name: str) -> list[str]:
    """Return the environments that a section is about: ``{lint,docs}`` are two."""
    braces = re.fullmatch(r"(.*)\{([^{}]*)\}(.*)", name.strip())
    return [f"{braces[1]}{part.strip()}{braces[3]}" for part in braces[2].split(",")] if braces else [name.strip()]


def _hatch(texts: Mapping[str, str], declared: Declared, notes: list[str]) -> Runner:
    own = table(declared.tool_tables, "hatch", "envs")
    file = "pyproject.toml" if own else "hatch.toml"
    environments = own or table(read_toml("hatch.toml", texts, notes), "envs")
    bodies = {
        script if name == "default" else f"{name}:{script}": str(body)
        for name, environment in environments.items()
        for script, body in table(environment, "scripts").items()
    }
    targets = {name: f"run {name}" for name in bodies} | ({"test": "test"} if "hatch-test" in environments else {})
    return replace(_runner("hatch", file, bodies), targets=targets)


def _pdm(declared: Declared) -> Runner:
    scripts = table(declared.tool_tables, "pdm", "scripts")
    bodies = {name: str(script) for name, script in scripts.items() if re.fullmatch(r"[A-Za-z][\w:-]*", name)}
    return replace(_runner("pdm", "pyproject.toml", bodies), targets={name: f"run {name}" for name in bodies})


def managed_starts(texts: Mapping[str, str], paths: frozenset[str], declared: Declared) -> tuple[str, dict[str, str]]:
    """Return the program that manages the repository's environment, empty for none, and how it starts each of the tools in there."""
    for program, lock in (("uv", "uv.lock"), ("poetry", "poetry.lock"), ("pdm", "pdm.lock")):
        if lock in paths or program in declared.tool_tables:
            tools = _tools_in_environment(texts.get(lock, ""), lock in paths, declared)
            flags = {tool: _uv_flags(tool.package, declared) if program == "uv" else "" for tool in tools}
            starts = {tool.value: f"{program} run{flags[tool]} {tool.value}" for tool in tools}
            return program, {**starts, "python3": f"{program} run python"}
    return "", {}


def _tools_in_environment(lock: str, locked: bool, declared: Declared) -> list[Tool]:
    """Return the tools that a lock file or a list of requirements has; all of them, where a lock file cannot be read."""
    packages = {normal(name) for name in _LOCKED.findall(lock)}
    if locked and not packages:
        return list(Tool)
    return [tool for tool in Tool if tool.package in packages or tool.package in declared.requirements]


def _uv_flags(package: str, declared: Declared) -> str:
    """Return the options by which ``uv run`` installs a package that is in no group it installs anyway."""
    holders = [name for name, (requirements, _) in declared.groups.items() if package in requirements]
    if holders:
        return "" if _installed_groups(declared).intersection(holders) else f" --group {holders[0]}"
    extras = [name for name, requirements in declared.extras.items() if package in requirements]
    return f" --extra {extras[0]}" if extras else ""


def _installed_groups(declared: Declared) -> set[str]:
    """Return the groups that uv installs without being told to, and those that they include."""
    groups = declared.groups
    installed: Any = table(declared.tool_tables, "uv").get("default-groups", ["dev"])
    reached = set(groups) if installed == "all" else set(groups).intersection(installed if isinstance(installed, list) else ())
    for _ in groups:
        reached.update(*(groups[name][1].intersection(groups) for name in reached))
    return reached
