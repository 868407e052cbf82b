"""Facts → the tasks that a repository's first ``tasks.yml`` holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from shlex import quote

from core.domain.settings.project_facts import ProjectFacts, ProposedTask, Tool

#: Targets of a Makefile that do a job, most telling first.
_MAKE_LINT = ("lint",)
_MAKE_TYPES = ("typecheck", "type-check", "types", "mypy")
_MAKE_TEST = ("test", "tests")
_MAKE_CHECK = ("check",)
_MAKE_DOCS = ("docs",)


def propose_tasks(facts: ProjectFacts) -> tuple[ProposedTask, ...]:
    """Return the tasks, each behind those that it depends on; at least one."""
    checks = [task for task in (_format(facts), _lint(facts), _types(facts), _test(facts)) if task]
    if not checks:
        checks = list(_some_check(facts))
    rest = [task for task in (_docs(facts), _matrix(facts), _build(facts)) if task]
    ids = {task.id for task in checks}
    later = [replace(task, dependencies=tuple(each for each in task.dependencies if each in ids)) for task in rest]
    return (*checks, *later, _milestone((*checks, *later)))


def missing_programs(facts: ProjectFacts) -> tuple[tuple[str, str], ...]:
    """Return (program, id of its task) for each proposed task whose program was not found."""
    names = {*(tool.value for tool in Tool), "python3"} - set(facts.programs)
    first_words = ((task.command.partition(" ")[0], task.id) for task in propose_tasks(facts))
    return tuple((word, task) for word, task in first_words if word in names)


def _start(facts: ProjectFacts, tool: Tool) -> str:
    return facts.programs.get(tool.value, tool.value)


def _reason(facts: ProjectFacts, tool: Tool) -> str:
    return f"{tool}: {facts.tools[tool]}"


def _make(facts: ProjectFacts, targets: tuple[str, ...]) -> tuple[str, str] | None:
    target = next((target for target in targets if target in facts.make_targets), "")
    return (f"make {target}", f"Makefile, target {target}") if target else None


def _paths(facts: ProjectFacts, *, tests: bool) -> str:
    wanted = tests or not facts.sources
    places = (*facts.sources, *((facts.tests,) if wanted and facts.tests else ()))
    return " ".join(map(quote, places)) or "."


def _format(facts: ProjectFacts) -> ProposedTask | None:
    tool = facts.formatter
    if tool is None or Tool.PRE_COMMIT in facts.tools:
        return None
    command = f"{_start(facts, tool)} {'format --check' if tool is Tool.RUFF else '--check'} ."
    return ProposedTask(
        id="format", description=f"The code is formatted as {tool} wants it", evidence=_reason(facts, tool), command=command, cost=1
    )


def _linter(facts: ProjectFacts) -> Tool | None:
    return next((tool for tool in (Tool.PRE_COMMIT, Tool.RUFF, Tool.FLAKE8) if tool in facts.tools), None)


def _lint(facts: ProjectFacts) -> ProposedTask | None:
    task = ProposedTask(id="lint", description="The linter has nothing to say", evidence="", cost=1)
    if made := _make(facts, _MAKE_LINT):
        return replace(task, command=made[0], evidence=made[1])
    tool = _linter(facts)
    if tool is None:
        return None
    arguments = {Tool.PRE_COMMIT: "run --all-files", Tool.RUFF: "check .", Tool.FLAKE8: _paths(facts, tests=True)}[tool]
    return replace(task, command=f"{_start(facts, tool)} {arguments}", evidence=_reason(facts, tool))


def _type_checker(facts: ProjectFacts) -> Tool | None:
    return next((tool for tool in (Tool.MYPY, Tool.PYRIGHT) if tool in facts.tools), None)


def _types(facts: ProjectFacts) -> ProposedTask | None:
    task = ProposedTask(id="types", description="The types fit together", evidence="", cost=2)
    if made := _make(facts, _MAKE_TYPES):
        return replace(task, command=made[0], evidence=made[1])
    tool = _type_checker(facts)
    if tool is None:
        return None
    arguments = "" if facts.types_configured or tool is Tool.PYRIGHT else f" {_paths(facts, tests=False)}"
    return replace(task, command=_start(facts, tool) + arguments, evidence=_reason(facts, tool))


def _test(facts: ProjectFacts) -> ProposedTask | None:
    task = ProposedTask(id="test", description="The tests pass", evidence="", cost=3, timeout="30m")
    if made := _make(facts, _MAKE_TEST):
        return replace(task, command=made[0], evidence=made[1])
    if not facts.has_tests:
        return None
    if Tool.PYTEST in facts.tools:
        return replace(task, command=f"{_start(facts, Tool.PYTEST)} -q", evidence=_reason(facts, Tool.PYTEST))
    if Tool.PYTEST.value in facts.programs:
        return replace(task, command=f"{_start(facts, Tool.PYTEST)} -q", evidence="files named test_*.py")
    where = f" -s {facts.tests}" if facts.tests else ""
    command = f"{facts.programs.get('python3', 'python3')} -m unittest discover{where}"
    return replace(task, command=command, evidence="files named test_*.py")


def _some_check(facts: ProjectFacts) -> Iterator[ProposedTask]:
    """Yield a check for a repository in which nothing was found that checks it."""
    if made := _make(facts, _MAKE_CHECK):
        yield ProposedTask(id="check", description="Every check passes", evidence=made[1], command=made[0], cost=3, timeout="30m")
    elif facts.sources:
        command = f"{facts.programs.get('python3', 'python3')} -m compileall -q {_paths(facts, tests=True)}"
        yield ProposedTask(id="compile", description="Every file is valid Python", evidence="files named *.py", command=command, cost=1)


def _docs_tool(facts: ProjectFacts) -> Tool | None:
    return next((tool for tool in (Tool.MKDOCS, Tool.SPHINX) if tool in facts.tools), None)


def _docs(facts: ProjectFacts) -> ProposedTask | None:
    task = ProposedTask(id="docs", description="The documentation builds without a warning", evidence="", cost=2, timeout="10m")
    if made := _make(facts, _MAKE_DOCS):
        return replace(task, command=made[0], evidence=made[1])
    tool = _docs_tool(facts)
    if tool is Tool.MKDOCS:
        command = f"{_start(facts, tool)} build --quiet --strict --site-dir build/site"
        return replace(task, command=command, verify="test -s build/site/index.html", evidence=_reason(facts, tool))
    if tool is Tool.SPHINX and facts.sphinx:
        command = f"{_start(facts, tool)} -q -W {quote(facts.sphinx)} build/docs"
        return replace(task, command=command, verify="test -s build/docs/index.html", evidence=_reason(facts, tool))
    return None


def _matrix_tool(facts: ProjectFacts) -> Tool | None:
    return next((tool for tool in (Tool.TOX, Tool.NOX) if tool in facts.tools), None)


def _matrix(facts: ProjectFacts) -> ProposedTask | None:
    tool = _matrix_tool(facts)
    if tool is None:
        return None
    return ProposedTask(
        id="matrix",
        description=f"Everything that {tool} runs passes",
        evidence=_reason(facts, tool),
        command=_start(facts, tool),
        dependencies=("lint", "test"),
        priority="low",
        cost=5,
        timeout="1h",
    )


def _build(facts: ProjectFacts) -> ProposedTask | None:
    if not facts.build:
        return None
    return ProposedTask(
        id="build",
        description="A wheel can be built",
        evidence=facts.build_evidence,
        command=facts.build,
        verify="ls dist/*.whl",
        dependencies=("lint", "types", "test"),
        cost=2,
        timeout="10m",
    )


def _milestone(tasks: tuple[ProposedTask, ...]) -> ProposedTask:
    if not tasks:
        return ProposedTask(
            id="begin", description="Write the first task of this repository above this one", evidence="nothing was found that checks it"
        )
    return ProposedTask(
        id="ready",
        description="Everything above is in order",
        evidence="a milestone: no command, done when its dependencies are",
        dependencies=tuple(task.id for task in tasks),
    )
