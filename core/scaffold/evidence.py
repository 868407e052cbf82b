"""Files of a repository → facts: which tools it uses, how they are started, and what its configuration files declare."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.domain.settings.project_facts import ProjectFacts, ProjectSigns, Tool

_SECTION = re.compile(r"^\[([^\]\n]+)\]", re.MULTILINE)
#: A requirement's name, at its beginning.
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What was found declared."""

    name: str = ""
    build_backend: str = ""
    #: Tables below ``[tool]`` of pyproject.toml.
    tool_tables: Mapping[str, Any] = field(default_factory=dict)
    #: Section of an ini file → the file.
    sections: Mapping[str, str] = field(default_factory=dict)
    #: Required package → the file that asks for it.
    requirements: Mapping[str, str] = field(default_factory=dict)
    #: What could not be read, in whole sentences.
    notes: tuple[str, ...] = ()


def read_declared(texts: Mapping[str, str]) -> Declared:
    """Return what the files, by path, declare. Whatever has an unexpected shape counts as absent."""
    notes: list[str] = []
    pyproject = _pyproject(texts.get("pyproject.toml", ""), notes)
    sections = {name.strip(): file for file in ("mypy.ini", "tox.ini", "setup.cfg") for name in _SECTION.findall(texts.get(file, ""))}
    requirements = {
        _normal(name): file
        for file, text in texts.items()
        if file.endswith(".txt")
        for line in text.splitlines()
        if not line.startswith(("#", "-")) and (name := _requirement(line))
    }
    requirements.update({_normal(name): "pyproject.toml" for name in _pyproject_requirements(pyproject)})
    return Declared(
        name=_text(_table(pyproject, "project").get("name")) or _text(_table(pyproject, "tool", "poetry").get("name")),
        build_backend=_text(_table(pyproject, "build-system").get("build-backend")),
        tool_tables=_table(pyproject, "tool"),
        sections=sections,
        requirements=requirements,
        notes=tuple(notes),
    )


def _pyproject(text: str, notes: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        notes.append(f"pyproject.toml was passed over, it is not TOML: {error}")
        return {}


def _pyproject_requirements(pyproject: Mapping[str, Any]) -> Iterator[str]:
    project, poetry = _table(pyproject, "project"), _table(pyproject, "tool", "poetry")
    lists = [project.get("dependencies")]
    lists += _table(project, "optional-dependencies").values()
    lists += _table(pyproject, "dependency-groups").values()
    for listed in lists:
        for line in listed if isinstance(listed, list) else ():
            if name := _requirement(line):
                yield name
    yield from _table(poetry, "dependencies")
    yield from _table(poetry, "dev-dependencies")
    for group in _table(poetry, "group").values():
        yield from _table(group, "dependencies")


def _requirement(line: Any) -> str:
    match = _NAME.match(line) if isinstance(line, str) else None
    return match[1] if match else ""


def _table(outer: Any, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        outer = outer.get(key) if isinstance(outer, Mapping) else None
    return outer if isinstance(outer, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


#: Files whose content is evidence.
FILES = (
    "pyproject.toml",
    "setup.cfg",
    "tox.ini",
    "mypy.ini",
    ".pre-commit-config.yaml",
    "GNUmakefile",
    "makefile",
    "Makefile",
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-test.txt",
    "dev-requirements.txt",
    "test-requirements.txt",
    "requirements/dev.txt",
    "requirements/test.txt",
)
_LOCKS = (("uv.lock", "uv", "uv run"), ("poetry.lock", "poetry", "poetry run"), ("pdm.lock", "pdm", "pdm run"))
_BUILDERS = ("uv", "poetry", "pdm", "hatch", "pyproject-build")
#: Programs worth looking for.
PROGRAMS = (*(tool.value for tool in Tool), "python3", "make", *_BUILDERS)

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

_TARGETS = re.compile(r"^([A-Za-z0-9][A-Za-z0-9_. -]*):(?![:=])", re.MULTILINE)
_TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_test)\.py$")
#: Modules at the top that are tools' settings.
_NO_SOURCES = frozenset({"setup.py", "noxfile.py", "conftest.py"})
_FOREIGN = re.compile(r"(^|/)(_?vendor|_?vendored|third_party|migrations)/$")


def facts_of(signs: ProjectSigns) -> ProjectFacts:
    """Return what the signs mean."""
    declared = read_declared(signs.texts)
    tools = {tool: evidence for tool in Tool if (evidence := _evidence(tool, signs, declared))}
    programs = _programs(signs)
    build, build_evidence = _build(programs, declared)
    tests = _tests(signs.paths)
    return ProjectFacts(
        name=declared.name or signs.name,
        tools=tools,
        programs=programs,
        make_targets=_make_targets(signs.texts) if "make" in programs else frozenset(),
        formatter=_formatter(tools, declared, signs.texts),
        sources=_sources(signs.paths, tests),
        tests=tests,
        has_tests=any(map(_TEST_FILE.search, signs.paths)),
        types_configured=_types_configured(declared, signs.texts),
        sphinx=next((path.removesuffix("/conf.py") for path in _FILES[Tool.SPHINX] if path in signs.paths), ""),
        build=build,
        build_evidence=build_evidence,
        foreign=tuple(sorted(path.rstrip("/") for path in signs.paths if _FOREIGN.search(path))),
        git=signs.git,
        above=signs.above,
        notes=declared.notes,
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


def _programs(signs: ProjectSigns) -> dict[str, str]:
    """A lock file decides who starts the tools; else they are started as they were found."""
    found = dict(signs.programs)
    for lock, program, prefix in _LOCKS:
        if lock in signs.paths and program in found:
            found.update({name: f"{prefix} {name}" for name in (*(tool.value for tool in Tool), "pyproject-build")})
            found["python3"] = f"{prefix} python"
            return found
    return found


def _build(programs: Mapping[str, str], declared: Declared) -> tuple[str, str]:
    if not declared.build_backend:
        return "", ""
    evidence = f"pyproject.toml [build-system] {declared.build_backend}"
    own = next((name for name in ("poetry", "pdm", "hatch") if declared.build_backend.startswith(name) and name in programs), "")
    if "uv" in programs and programs.get("python3", "").startswith("uv "):
        own = "uv"
    if own:
        return f"{programs[own]} build", evidence
    return programs.get("pyproject-build", ""), evidence


def _make_targets(texts: Mapping[str, str]) -> frozenset[str]:
    text = next((texts[name] for name in ("GNUmakefile", "makefile", "Makefile") if name in texts), "")
    return frozenset(target for line in _TARGETS.findall(text) for target in line.split())


def _formatter(tools: Mapping[Tool, str], declared: Declared, texts: Mapping[str, str]) -> Tool | None:
    if Tool.BLACK in tools:
        return Tool.BLACK
    table: Any = declared.tool_tables.get("ruff")
    formats = isinstance(table, Mapping) and "format" in table
    return Tool.RUFF if Tool.RUFF in tools and (formats or "ruff-format" in texts.get(".pre-commit-config.yaml", "")) else None


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
