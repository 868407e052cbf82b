"""On which files the result of a check depends, where that is known of the tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.domain.settings.project_facts import ProjectFacts, Tool
from core.domain.untrusted.globs import matches

#: What each tool reads: code, and files that may hold its settings, at the top of the repository but for those of TOML.
_READ: Mapping[Tool, tuple[str, ...]] = {
    # Its formatter reads code in Markdown, too.
    Tool.RUFF: ("**/*.py*", "**/*.ipynb", "**/*.md", "*.toml"),
    Tool.BLACK: ("**/*.py*", "**/*.ipynb", "*.toml"),
    Tool.FLAKE8: ("**/*.py*", ".flake8", "setup.cfg", "tox.ini"),
    Tool.MYPY: ("**/*.py*", "*.toml", "mypy.ini", ".mypy.ini", "setup.cfg"),
    Tool.PYRIGHT: ("**/*.py*", "*.toml", "pyrightconfig.json"),
}
_BUILD_FILES = ("*.toml", "setup.py", "setup.cfg", "MANIFEST.in", "README*", "LICENSE*")


def tool_sources(facts: ProjectFacts, tool: Tool) -> tuple[str, ...]:
    """Return globs of what the tool's verdict depends on; the lock file stands for the versions of tools and packages."""
    return _matching(facts, (*_READ[tool], *facts.requirement_files)) if tool in _READ else ()


def likely_test_sources(facts: ProjectFacts) -> tuple[str, ...]:
    """Return globs of what tests read as a rule."""
    places = (*facts.sources, *((facts.tests,) if facts.tests else ()))
    return _matching(facts, (*map(_below, places), "*.toml", *facts.requirement_files)) if facts.sources else ()


def build_sources(facts: ProjectFacts) -> tuple[str, ...]:
    """Return globs of what a wheel is made of; empty where the code was not found."""
    return _matching(facts, (*_BUILD_FILES, *map(_below, facts.sources))) if facts.sources else ()


def _below(place: str) -> str:
    return place if place.endswith(".py") else f"{place}/**"


def _matching(facts: ProjectFacts, globs: Iterable[str]) -> tuple[str, ...]:
    """Return the globs that match a file now: one that matches none may be a mistake, and is told as one."""
    return tuple(glob for glob in globs if any(matches(path, glob) for path in facts.files))
