"""On which files the result of a check depends, where that is known of the tool."""

from __future__ import annotations

from collections.abc import Mapping

from core.domain.settings.project_facts import ProjectFacts, Tool

_CODE = ("**/*.py", "**/*.pyi")
#: What each tool reads: code, and every file that may hold its settings, also one that is not there yet.
_READ: Mapping[Tool, tuple[str, ...]] = {
    Tool.RUFF: (*_CODE, "**/*.ipynb", "pyproject.toml", "ruff.toml", ".ruff.toml"),
    Tool.BLACK: (*_CODE, "**/*.ipynb", "pyproject.toml"),
    Tool.FLAKE8: ("**/*.py", ".flake8", "setup.cfg", "tox.ini"),
    Tool.MYPY: (*_CODE, "pyproject.toml", "mypy.ini", ".mypy.ini", "setup.cfg"),
    Tool.PYRIGHT: (*_CODE, "pyproject.toml", "pyrightconfig.json"),
}
_BUILD_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "MANIFEST.in", "README*", "LICENSE*")


def tool_sources(facts: ProjectFacts, tool: Tool) -> tuple[str, ...]:
    """Return globs of what the tool's verdict depends on; the lock file stands for the versions of tools and packages."""
    return (*_READ[tool], *facts.requirement_files) if tool in _READ else ()


def likely_test_sources(facts: ProjectFacts) -> tuple[str, ...]:
    """Return globs of what tests read as a rule."""
    places = _below(facts)
    return (*places, "pyproject.toml", *facts.requirement_files) if facts.sources and places else ()


def build_sources(facts: ProjectFacts) -> tuple[str, ...]:
    """Return globs of what a wheel is made of; empty where the code was not found."""
    return (*_BUILD_FILES, *_below(facts, tests=False)) if facts.sources else ()


def _below(facts: ProjectFacts, *, tests: bool = True) -> tuple[str, ...]:
    places = (*facts.sources, *((facts.tests,) if tests and facts.tests else ()))
    return tuple(place if place.endswith(".py") else f"{place}/**" for place in places)
