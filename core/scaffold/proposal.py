"""Facts → the checks that a repository's first ``tasks.yml`` holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from shlex import quote

from core.domain.settings.project_facts import ProjectFacts, ProposedTask, Runner, Tool
from core.scaffold.check_sources import build_sources, likely_test_sources, tool_sources

#: Names under which repositories define a job themselves, the most telling first.
_FORMAT = (
    "format-check",
    "fmt-check",
    "check-format",
    "check-fmt",
    "format_check",
    "check_format",
    "fmtcheck",
    "format:check",
    "fmt:check",
)
_LINT = ("lint", "linting", "linters", "style", "lint:check", "lint:style", "flake8", "ruff", "pre-commit", "pre_commit")
_TYPES = ("typecheck", "type-check", "type_check", "types", "typing", "check-types", "types:check", "lint:typing", "mypy", "pyright")
_TEST = ("test", "tests", "unit", "unit-tests", "unittest", "pytest", "test:unit", "py")
_DOCS = ("docs", "doc", "build-docs", "docs-build", "docs_build", "docs:build")
_CHECK = ("check", "checks", "ci")
_JOBS = frozenset((*_FORMAT, *_LINT, *_TYPES, *_TEST, *_DOCS, *_CHECK))
_PYTHON = "python3"
#: Runners that make an environment of their own for everything they run: second choice where there is one already.
_ISOLATING = ("nox", "tox")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """One way to do a job."""

    command: str
    evidence: str
    #: The program that it needs.
    program: str
    sources: tuple[str, ...] = ()


def propose_tasks(facts: ProjectFacts) -> tuple[ProposedTask, ...]:
    """Return the checks, each behind those that it depends on; where there is none, what a person is to do about that."""
    checks = _present(_format(facts), _lint(facts), _types(facts), _test(facts) or _whole_matrix(facts)) or tuple(_some_check(facts))
    ids = {task.id for task in checks}
    later = _present(_docs(facts), _build(facts))
    return (*checks, *(replace(task, dependencies=tuple(filter(ids.__contains__, task.dependencies))) for task in later)) or (_BEGIN,)


_BEGIN = ProposedTask(
    id="begin", description="Write the first check of this repository in place of this task", evidence="nothing was found that checks it"
)


def _present(*tasks: ProposedTask | None) -> tuple[ProposedTask, ...]:
    return tuple(task for task in tasks if task)


def passed_over(facts: ProjectFacts) -> Iterator[str]:
    """Yield why something that the repository defines is no check, a sentence each."""
    for runner in facts.runners:
        for name, why in runner.unfit.items():
            if name in _JOBS:
                yield f"{runner.file}: {runner.program} {runner.targets[name]} {why}, so it is no check"


def _proposed(task: ProposedTask, ways: list[_Way], facts: ProjectFacts) -> ProposedTask | None:
    """Return the task done in the first way whose program was found, else in the first; None where there is no way."""
    way = next((way for way in ways if way.program in facts.programs), ways[0] if ways else None)
    if way is None:
        return None
    missing = "" if way.program in facts.programs else way.program
    return replace(task, command=way.command, evidence=way.evidence, sources=way.sources, missing=missing)


def _ways(facts: ProjectFacts, names: tuple[str, ...], tools: tuple[tuple[Tool, str], ...]) -> list[_Way]:
    """Return the ways to do a job, best first; ``names`` are those of recipes, ``tools`` have the arguments that they need.

    First comes what the repository defines, then its tools in its own environment, in one made for them, and as they are installed.
    """
    own = [runner for runner in facts.runners if runner.program not in _ISOLATING]
    isolating = [runner for runner in facts.runners if runner.program in _ISOLATING]
    used = [(tool, arguments) for tool, arguments in tools if tool in facts.tools]
    managed = (_tool(facts, tool, arguments, managed=True) for tool, arguments in used if tool.value in facts.managed)
    plain = (_tool(facts, tool, arguments, managed=False) for tool, arguments in used)
    return [*_defined(facts, own, names), *managed, *_defined(facts, isolating, names), *plain]


def _defined(facts: ProjectFacts, runners: list[Runner], names: tuple[str, ...]) -> Iterator[_Way]:
    for runner in runners:
        yield from _own(facts, runner, names)


def _own(facts: ProjectFacts, runner: Runner, names: tuple[str, ...]) -> Iterator[_Way]:
    name = next((name for name in names if name in runner.targets and name not in runner.unfit), "")
    if name:
        by_manager = runner.program in facts.managed and runner.program not in facts.programs
        start = facts.managed[runner.program] if by_manager else facts.programs.get(runner.program, runner.program)
        program = facts.manager if by_manager else runner.program
        yield _Way(command=f"{start} {runner.targets[name]}", evidence=f"{runner.file}: {name}", program=program)


def _tool(facts: ProjectFacts, tool: Tool, arguments: str, *, managed: bool) -> _Way:
    start = facts.managed[tool.value] if managed else facts.programs.get(tool.value, tool.value)
    return _Way(
        command=f"{start} {arguments}".rstrip(),
        evidence=f"{tool}: {facts.tools[tool]}",
        program=facts.manager if managed else tool.value,
        sources=tool_sources(facts, tool),
    )


def _paths(facts: ProjectFacts, *, tests: bool) -> str:
    wanted = tests or not facts.sources
    places = (*facts.sources, *((facts.tests,) if wanted and facts.tests else ()))
    return " ".join(map(quote, places)) or "."


def _format(facts: ProjectFacts) -> ProposedTask | None:
    tool = facts.formatter
    lint = _lint(facts)
    if tool is not None and lint is not None and "pre-commit" in lint.command:
        return None
    task = ProposedTask(id="format", description="The code is formatted", evidence="")
    arguments = "format --check ." if tool is Tool.RUFF else "--check ."
    return _proposed(task, _ways(facts, _FORMAT, ((tool, arguments),) if tool else ()), facts)


def _lint(facts: ProjectFacts) -> ProposedTask | None:
    task = ProposedTask(id="lint", description="The linter has nothing to say", evidence="")
    ruff = "check --no-fix ." if facts.fixes else "check ."
    tools = ((Tool.PRE_COMMIT, "run --all-files"), (Tool.RUFF, ruff), (Tool.FLAKE8, _paths(facts, tests=True)))
    return _proposed(task, _ways(facts, _LINT, tools), facts)


def _types(facts: ProjectFacts) -> ProposedTask | None:
    task = ProposedTask(id="types", description="The types fit together", evidence="")
    mypy = "" if facts.types_configured else _paths(facts, tests=False)
    return _proposed(task, _ways(facts, _TYPES, ((Tool.MYPY, mypy), (Tool.PYRIGHT, ""))), facts)


def _test(facts: ProjectFacts) -> ProposedTask | None:
    task = ProposedTask(id="test", description="The tests pass", evidence="", timeout="30m")
    ways = _ways(facts, _TEST, ((Tool.PYTEST, "-q"),) if facts.has_tests else ())
    if facts.has_tests and Tool.PYTEST not in facts.tools:
        ways += _ways_by_name(facts)
    proposed = _proposed(task, ways, facts)
    # What tests read is anybody's guess: files of data, documentation, the network.
    return proposed and replace(proposed, sources=(), likely_sources=likely_test_sources(facts))


def _ways_by_name(facts: ProjectFacts) -> Iterator[_Way]:
    """Yield the ways to run files that merely look like tests."""
    where = f" -s {facts.tests}" if facts.tests else ""
    for name, arguments in ((Tool.PYTEST.value, "-q"), (_PYTHON, f"-m unittest discover{where}")):
        start, program = _start(facts, name)
        if name == _PYTHON or program in facts.programs:
            yield _Way(command=f"{start} {arguments}", evidence="files named test_*.py", program=program)


def _start(facts: ProjectFacts, name: str) -> tuple[str, str]:
    """Return how a program is started, in the repository's own environment where that can be, and the program that it needs."""
    if name in facts.managed and facts.manager in facts.programs:
        return facts.managed[name], facts.manager
    return facts.programs.get(name, name), name


def _some_check(facts: ProjectFacts) -> Iterator[ProposedTask]:
    """Yield a check for a repository in which nothing was found that checks it."""
    task = ProposedTask(id="check", description="Every check passes", evidence="", timeout="30m")
    if proposed := _proposed(task, _ways(facts, _CHECK, ()), facts):
        yield proposed
    elif facts.sources:
        start, program = _start(facts, _PYTHON)
        way = _Way(command=f"{start} -m compileall -q {_paths(facts, tests=True)}", evidence="files named *.py", program=program)
        compile_all = _proposed(ProposedTask(id="compile", description="Every file is valid Python", evidence=""), [way], facts)
        yield from (replace(compile_all, sources=("**/*.py*",)),) if compile_all else ()


def _docs(facts: ProjectFacts) -> ProposedTask | None:
    task = ProposedTask(id="docs", description="The documentation builds without a warning", evidence="", timeout="10m")
    sphinx = ((Tool.SPHINX, f"-q -W {quote(facts.sphinx)} build/docs"),) if facts.sphinx else ()
    tools = ((Tool.MKDOCS, "build --quiet --strict --site-dir build/site"), *sphinx)
    proposed = _proposed(task, _ways(facts, _DOCS, tools), facts)
    # Documentation quotes code, and code imports anything.
    return proposed and replace(proposed, sources=())


def _whole_matrix(facts: ProjectFacts) -> ProposedTask | None:
    """Return a check that runs all of nox or tox, for where nothing that they define has a name that says that it tests."""
    tool = next((tool for tool in (Tool.TOX, Tool.NOX) if tool in facts.tools), None)
    if tool is None:
        return None
    task = ProposedTask(id="matrix", description=f"Everything that {tool} runs passes", evidence="", timeout="1h")
    return _proposed(task, [_tool(facts, tool, "", managed=tool.value in facts.managed and tool.value not in facts.programs)], facts)


def _build(facts: ProjectFacts) -> ProposedTask | None:
    if not facts.build:
        return None
    return ProposedTask(
        id="build",
        description="A wheel can be built",
        evidence=facts.build_evidence,
        command=facts.build,
        sources=build_sources(facts),
        dependencies=("lint", "types", "test"),
        timeout="10m",
    )
