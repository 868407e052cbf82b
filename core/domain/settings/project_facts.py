"""What ``init`` sees of a repository, and what it concludes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSigns:
    """What lies in a repository, unjudged."""

    #: Name of its directory.
    name: str
    #: POSIX paths of files and directories (ended by ``/``), a few levels deep; no environments, caches or hidden directories.
    paths: frozenset[str]
    #: Contents of the files asked for, where they are there and are text.
    texts: Mapping[str, str]
    #: How to start each program asked for that is installed: ``ruff``, or ``.venv/bin/ruff`` for one of the repository's own.
    programs: Mapping[str, str]
    #: Whether it is a git work tree, and the way from here up to its top (``..``), empty at the top.
    git: bool = False
    above: str = ""


class Tool(StrEnum):
    """Tools that keep a Python repository healthy. The value is the program's name."""

    RUFF = "ruff"
    BLACK = "black"
    FLAKE8 = "flake8"
    MYPY = "mypy"
    PYRIGHT = "pyright"
    PYTEST = "pytest"
    TOX = "tox"
    NOX = "nox"
    PRE_COMMIT = "pre-commit"
    MKDOCS = "mkdocs"
    SPHINX = "sphinx-build"

    @property
    def package(self) -> str:
        """Return the name of the package that has the program."""
        return "sphinx" if self is Tool.SPHINX else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A program for which the repository itself defines what it runs: ``just``, ``make``, ``nox`` …"""

    program: str
    #: The file with the definitions.
    file: str
    #: Name of a recipe, target, session or environment → arguments that run it.
    targets: Mapping[str, str]
    #: Names of those that cannot be checks → why, as what follows on the name in a sentence.
    unfit: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """What kind of repository it is."""

    name: str
    #: Each tool that the repository uses, with what gave it away: ``pyproject.toml [tool.ruff]``.
    tools: Mapping[Tool, str]
    #: How to start each tool and each of ``python3``, the runners and the build programs; absent when it was not found.
    programs: Mapping[str, str]
    #: What manages the repository's environment (``uv``, ``poetry``, ``pdm``), empty for none, and how it starts the tools in there.
    manager: str = ""
    managed: Mapping[str, str] = field(default_factory=dict)
    #: What the repository defines itself, the most deliberate first.
    runners: tuple[Runner, ...] = ()
    #: What formats the code, where something does.
    formatter: Tool | None = None
    #: Whether ruff is set to change files when it is asked to check them.
    fixes: bool = False
    #: Directories and modules with the code itself, and the directory of its tests (empty: none).
    sources: tuple[str, ...] = ()
    tests: str = ""
    #: Paths of files, a few levels deep.
    files: tuple[str, ...] = ()
    #: Whether there is any file that a test runner would find.
    has_tests: bool = False
    #: Lock files and lists of requirements.
    requirement_files: tuple[str, ...] = ()
    #: Whether the type checker's own settings say what to check.
    types_configured: bool = False
    #: Directory that holds Sphinx's conf.py; empty without one.
    sphinx: str = ""
    #: How to build a wheel, and what says that one can be built; both empty when it cannot.
    build: str = ""
    build_evidence: str = ""
    #: Directories of code from elsewhere.
    foreign: tuple[str, ...] = ()
    git: bool = False
    #: Whether git's attributes say how the file of accepted findings is merged.
    baseline_attributes: bool = False
    above: str = ""
    #: What a person should know: whole sentences.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedTask:
    """One entry of the first ``tasks.yml``: a check, or without a command what a person does."""

    id: str
    description: str
    #: Why it is there.
    evidence: str
    command: str = ""
    verify: str = ""
    #: Globs of the files on which the result depends; empty where that is not known.
    sources: tuple[str, ...] = ()
    #: Globs of which a person must say whether the result depends on nothing else.
    likely_sources: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    timeout: str = ""
    #: The program that it needs and that was not found; empty when there is none.
    missing: str = ""
