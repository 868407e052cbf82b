"""Files of a repository → facts: which tools it uses, how they are started, and what its configuration files declare."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.domain.settings.project_facts import ProjectFacts, ProjectSigns, Tool
from core.scaffold.declared import Declared, read_declared, table
from core.scaffold.runners import RUNNER_FILES, managed_starts, runners_of

#: Files whose content is evidence.
FILES = (
    "pyproject.toml",
    "setup.cfg",
    "tox.ini",
    "mypy.ini",
    ".pre-commit-config.yaml",
    ".gitattributes",
    "ruff.toml",
    ".ruff.toml",
    *RUNNER_FILES,
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-test.txt",
    "dev-requirements.txt",
    "test-requirements.txt",
    "requirements/dev.txt",
    "requirements/test.txt",
)
#: Programs worth looking for.
PROGRAMS = (*(tool.value for tool in Tool), "python3", "just", "task", "make", "uv", "poetry", "pdm", "hatch", "pyproject-build")

#: What gives a tool away: files, sections of setup.cfg, tox.ini or mypy.ini, tables below [tool] of pyproject.toml.
_FILES: Mapping[Tool, tuple[str, ...]] = {
    Tool.RUFF: ("ruff.toml", ".ruff.toml"),
    Tool.FLAKE8: (".flake8",),
    Tool.MYPY: ("mypy.ini", ".mypy.ini"),
    Tool.PYRIGHT: ("pyrightconfig.json",),
    Tool.PYTEST: ("pytest.ini", "conftest.py", "tests/conftest.py", "test/conftest.py"),
    Tool.TOX: ("tox.toml",),
    Tool.NOX: ("noxfile.py",),
    Tool.PRE_COMMIT: (".pre-commit-config.yaml",),
    Tool.MKDOCS: ("mkdocs.yml", "mkdocs.yaml"),
    Tool.SPHINX: ("docs/conf.py", "doc/conf.py", "docs/source/conf.py"),
}
_SECTIONS: Mapping[Tool, tuple[str, ...]] = {
    Tool.FLAKE8: ("flake8",),
    Tool.MYPY: ("mypy",),
    Tool.PYTEST: ("tool:pytest", "pytest"),
    Tool.TOX: ("tox", "testenv"),
}
#: Tools that a repository uses when it merely asks for them to be installed.
_BY_REQUIREMENT = frozenset({Tool.RUFF, Tool.BLACK, Tool.FLAKE8, Tool.MYPY, Tool.PYRIGHT, Tool.PYTEST})

_TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_test)\.py$")
#: Modules at the top that are tools' settings.
_NO_SOURCES = frozenset({"setup.py", "noxfile.py", "conftest.py"})
_FOREIGN = re.compile(r"(^|/)(_?vendor|_?vendored|third_party|migrations)/$")


def facts_of(signs: ProjectSigns) -> ProjectFacts:
    """Return what the signs mean."""
    declared = read_declared(signs.texts)
    notes = [*declared.notes]
    tools = {tool: evidence for tool in Tool if (evidence := _evidence(tool, signs, declared))}
    manager, managed = managed_starts(signs.texts, signs.paths, declared)
    build, build_evidence = _build(signs.programs, manager, declared)
    tests = _tests(signs.paths)
    return ProjectFacts(
        name=declared.name or signs.name,
        tools=tools,
        programs=signs.programs,
        manager=manager,
        managed=managed,
        runners=runners_of(signs.texts, declared, notes),
        formatter=_formatter(tools, declared, signs.texts),
        fixes=_fixes(declared, signs.texts),
        sources=_sources(signs.paths, tests),
        tests=tests,
        files=_files(signs),
        has_tests=any(map(_TEST_FILE.search, signs.paths)),
        requirement_files=_requirement_files(signs.paths),
        types_configured=_types_configured(declared, signs.texts),
        sphinx=_sphinx(signs.paths),
        build=build,
        build_evidence=build_evidence,
        foreign=tuple(sorted(path.rstrip("/") for path in signs.paths if _FOREIGN.search(path))),
        git=signs.git,
        baseline_attributes="audit-baseline.json" in signs.texts.get(".gitattributes", ""),
        above=signs.above,
        notes=tuple(notes),
    )


def _evidence(tool: Tool, signs: ProjectSigns, declared: Declared) -> str:
    table = "sphinx" if tool is Tool.SPHINX else tool.value
    if table in declared.tool_tables:
        return f"pyproject.toml [tool.{table}]"
    for path in _FILES.get(tool, ()):
        if path in signs.paths:
            return path
    for section in _SECTIONS.get(tool, ()):
        if section in declared.sections:
            return f"{declared.sections[section]} [{section}]"
    if tool in _BY_REQUIREMENT and tool.value in declared.requirements:
        return f"required in {declared.requirements[tool.value]}"
    return ""


def _build(programs: Mapping[str, str], manager: str, declared: Declared) -> tuple[str, str]:
    """Return how a wheel is built, empty when no program can, and what says that one can be built."""
    if not declared.build_backend:
        return "", ""
    evidence = f"pyproject.toml [build-system] {declared.build_backend}"
    own = (manager, *(name for name in ("poetry", "pdm", "hatch") if declared.build_backend.startswith(name)))
    builder = next((programs[name] for name in own if name in programs), "")
    return f"{builder} build" if builder else programs.get("pyproject-build", ""), evidence


def _fixes(declared: Declared, texts: Mapping[str, str]) -> bool:
    """Return whether ruff is set to change files when it is asked to check them."""
    own = re.search(r"^fix[ \t]*=[ \t]*true", texts.get("ruff.toml", "") + texts.get(".ruff.toml", ""), re.MULTILINE)
    return table(declared.tool_tables, "ruff").get("fix") is True or own is not None


def _formatter(tools: Mapping[Tool, str], declared: Declared, texts: Mapping[str, str]) -> Tool | None:
    if Tool.BLACK in tools:
        return Tool.BLACK
    table: Any = declared.tool_tables.get("ruff")
    formats = isinstance(table, Mapping) and "format" in table
    return Tool.RUFF if Tool.RUFF in tools and (formats or "ruff-format" in texts.get(".pre-commit-config.yaml", "")) else None


def _files(signs: ProjectSigns) -> tuple[str, ...]:
    """Return the files; what is hidden is seen where its content was asked for."""
    return tuple(sorted(path for path in {*signs.paths, *signs.texts} if not path.endswith("/")))


def _requirement_files(paths: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in FILES if name in paths and name.endswith((".lock", ".txt")))


def _sphinx(paths: frozenset[str]) -> str:
    """Return the directory of Sphinx's settings; empty without one."""
    return next((path.removesuffix("/conf.py") for path in _FILES[Tool.SPHINX] if path in paths), "")


def _tests(paths: frozenset[str]) -> str:
    return next((name for name in ("tests", "test") if f"{name}/" in paths), "")


def _sources(paths: frozenset[str], tests: str) -> tuple[str, ...]:
    if "src/" in paths:
        return ("src",)
    packages = {path.split("/")[0] for path in paths if path.count("/") == 1 and path.endswith("/__init__.py")}
    packages -= {tests, "docs", "doc"}
    if packages:
        return tuple(sorted(packages))
    return tuple(sorted(path for path in paths if _is_module(path)))


def _is_module(path: str) -> bool:
    return "/" not in path and path.endswith(".py") and path not in _NO_SOURCES and not _TEST_FILE.search(path)


def _types_configured(declared: Declared, texts: Mapping[str, str]) -> bool:
    table: Any = declared.tool_tables.get("mypy")
    if isinstance(table, Mapping) and {"files", "packages", "modules"} & set(table):
        return True
    ini = texts.get("mypy.ini", "") + texts.get("setup.cfg", "")
    return re.search(r"^[ \t]*(files|packages|modules)[ \t]*=", ini, re.MULTILINE) is not None and "mypy" in ini
