"""Tests in Python files: which are there, which are skipped, which say nothing any more, and what decides their results. Pure."""

from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from core.domain.quality.source_text import decode_source

#: Names that skip a test, as the last part of a decorator or call.
_SKIPS = frozenset({"skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure", "skipTest", "SkipTest", "importorskip"})
#: Names in a conftest.py or a module that leave tests out.
_LEFT_OUT = frozenset({"collect_ignore", "collect_ignore_glob", "__test__", "pytest_ignore_collect", "pytest_collection_modifyitems"})
#: Names that end the program where a module calls or raises them.
_ENDS = frozenset({"exit", "_exit", "quit", "abort", "SystemExit"})

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class _Test:
    """One test function or method, or one assertion of a module."""

    path: str
    line: int
    #: ``Class.test_name``, or ``assert x`` of one outside of functions.
    name: str
    #: What it does, whatever it is called.
    body: str
    #: Whether its body can fail: it does more than nothing.
    works: bool


class _Skip(NamedTuple):
    """One thing that skips tests, or looks like it."""

    path: str
    line: int
    what: str
    #: Names of the tests that it is about; none where it may be something else that has such a name.
    tests: frozenset[str]


@dataclass(slots=True, kw_only=True)
class _Suite:
    """The tests of some files."""

    tests: list[_Test] = field(default_factory=list)
    #: Whatever skips tests.
    skips: list[_Skip] = field(default_factory=list)
    #: (path, line, name, code) of whatever tells pytest how to run tests and what their results are.
    hooks: list[tuple[str, int, str, str]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


class LostTest(NamedTuple):
    """What keeps a test from saying that something is wrong."""

    path: str
    #: 1-based; 0 where there is no line.
    line: int
    what: str
    #: Whether the test is still there and is skipped, or checks nothing.
    is_silent: bool


def tests_lost(change: Mapping[str, tuple[bytes | None, bytes | None]]) -> Iterator[LostTest]:
    """Yield tests that are gone, do nothing any more, or are skipped now, and what decides about their results.

    A test that moved to another of the files, or has another name and does the same, is not gone.
    """
    before = _suite({path: old for path, (old, _) in change.items()})
    after = _suite({path: new for path, (_, new) in change.items()})
    if after.unreadable:
        yield from (LostTest(path, 0, "its tests cannot be read", False) for path in after.unreadable if path not in before.unreadable)
        return
    yield from (LostTest(*gone, False) for gone in (*_gone(before, after), *_hooks_changed(before, after)))
    yield from (LostTest(*emptied, True) for emptied in _emptied(before, after))
    yield from _skipped(before, after)


def _skipped(before: _Suite, after: _Suite) -> Iterator[LostTest]:
    """Yield what skips more than before; a test that was not there before is silenced by nothing."""
    known = Counter(skip.what for skip in before.skips)
    names = {test.name for test in before.tests}
    for skip in sorted(after.skips, key=lambda each: each[:3]):
        known[skip.what] -= 1
        if known[skip.what] < 0:
            yield LostTest(skip.path, skip.line, skip.what, not names.isdisjoint(skip.tests))


def _hooks_changed(before: _Suite, after: _Suite) -> Iterator[tuple[str, int, str]]:
    known = Counter((name, code) for _, _, name, code in before.hooks)
    named = {(skip.line, skip.what) for skip in after.skips}
    for path, line, name, code in after.hooks:
        known[name, code] -= 1
        if known[name, code] < 0 and (line, name) not in named:
            yield path, line, f"{name} tells pytest what tests say, and is new or changed"


def _gone(before: _Suite, after: _Suite) -> Iterator[tuple[str, int, str]]:
    names = Counter(test.name for test in after.tests)
    missing = []
    for test in before.tests:
        names[test.name] -= 1
        if names[test.name] < 0:
            missing.append(test)
    known = {test.name for test in before.tests}
    bodies = Counter(test.body for test in after.tests if test.name not in known)
    for test in missing:
        bodies[test.body] -= 1
        if bodies[test.body] < 0:
            yield test.path, 0, f"the test {test.name} is gone"


def _emptied(before: _Suite, after: _Suite) -> Iterator[tuple[str, int, str]]:
    worked = Counter(test.name for test in before.tests if test.works)
    works = Counter(test.name for test in after.tests if test.works)
    for test in after.tests:
        if not test.works and worked[test.name] > works[test.name]:
            yield test.path, test.line, f"the test {test.name} checks nothing any more"


def _suite(sources: Mapping[str, bytes | None]) -> _Suite:
    suite = _Suite()
    for path, source in sorted(sources.items()):
        if source is None:
            continue
        try:
            tree = ast.parse(decode_source(source))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            suite.unreadable.append(path)
            continue
        tests = list(_tests(path, tree.body, ""))
        suite.tests += tests
        for line, what, is_sure in _skips(tree):
            about = _tests_at(line, tree, tests) if is_sure else frozenset[str]()
            suite.skips.append(_Skip(path, line, what, about))
        suite.hooks += sorted((path, *hook) for hook in _hooks(tree))
    return suite


def _tests(path: str, body: list[ast.stmt], inside: str) -> Iterator[_Test]:
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield from _tests(path, statement.body, f"{inside}{statement.name}.")
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.name.startswith("test"):
            text = "\n".join(map(ast.dump, statement.body))
            yield _Test(path=path, line=statement.lineno, name=f"{inside}{statement.name}", body=text, works=_works(statement))
        elif isinstance(statement, ast.If | ast.Try | ast.With):
            yield from _tests(path, [each for each in ast.iter_child_nodes(statement) if isinstance(each, ast.stmt)], inside)
        elif isinstance(statement, ast.Assert) and not inside:
            name = f"assert {ast.unparse(statement.test)}"
            yield _Test(path=path, line=statement.lineno, name=name, body=name, works=_acts(statement))


def _works(function: _Function) -> bool:
    """Return whether a test can fail: it asserts or calls something before it returns."""
    for statement in function.body:
        if isinstance(statement, ast.Return):
            return statement.value is not None and _acts(statement)
        if _acts(statement):
            return True
    return False


def _acts(statement: ast.stmt) -> bool:
    return any(
        isinstance(node, ast.Call | ast.Await | ast.Raise) or (isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant))
        for node in ast.walk(statement)
    )


def _hooks(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Yield line, name and code of pytest's hooks, and of lists of plugins."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("pytest_"):
            yield node.lineno, node.name, ast.dump(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = (target.id for target in targets if isinstance(target, ast.Name))
            yield from ((node.lineno, name, ast.dump(node)) for name in names if name.startswith("pytest_"))


def _skips(tree: ast.Module) -> Iterator[tuple[int, str, bool]]:
    """Yield line and name of everything that skips a test or leaves it out, and whether it can be nothing else."""
    yield from ((line, name, True) for line, name in _ends(tree.body))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _SKIPS:
            yield node.lineno, node.attr, node.attr != "skip" or _is_of_tests(node.value)
        elif isinstance(node, ast.Name) and node.id in (_SKIPS | _LEFT_OUT):
            yield node.lineno, node.id, True
        elif isinstance(node, ast.FunctionDef) and node.name in _LEFT_OUT:
            yield node.lineno, node.name, True


def _is_of_tests(owner: ast.expr) -> bool:
    """Return whether ``owner.skip`` skips a test: a reader may have such a method, too."""
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return name in ("pytest", "unittest", "mark")


def _tests_at(line: int, tree: ast.Module, tests: Iterable[_Test]) -> frozenset[str]:
    """Return the names of the tests that what stands at a line is about: of the function or class there, decorators included, or all."""
    first, last = 0, math.inf
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            begins, ends = min((each.lineno for each in node.decorator_list), default=node.lineno), node.end_lineno or node.lineno
            # The innermost one begins last.
            if begins <= line <= ends and begins >= first:
                first, last = begins, ends
    return frozenset(test.name for test in tests if first <= test.line <= last)


def _ends(body: list[ast.stmt]) -> Iterator[tuple[int, str]]:
    """Yield line and name of everything that ends the program as soon as a module of tests is imported."""
    for statement in body:
        ending = statement.exc if isinstance(statement, ast.Raise) else statement.value if isinstance(statement, ast.Expr) else None
        called = ending.func if isinstance(ending, ast.Call) else ending
        name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
        if name in _ENDS:
            yield statement.lineno, name
