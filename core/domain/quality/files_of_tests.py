"""Which Python files are tests, by name and folder. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from core.domain.untrusted.globs import any_of

#: Globs of tests, which an audit leaves out unless told otherwise.
TESTS = ("**/tests/**", "test/**", "test_*.py", "*_test.py", "conftest.py")
#: What is called like tests as well; in some packages it is part of the product (``django/test/``), so an audit does not leave it out.
_MORE_TESTS = ("**/test/**", "*_tests.py", "tests.py", "test.py")


def is_test_file(path: str) -> bool:
    """Return whether a file is one of tests, by its name or its folder."""
    return path.endswith(".py") and _looks_like_tests()(path.removeprefix("/"))


@cache
def _looks_like_tests() -> Callable[[str], bool]:
    return any_of((*TESTS, *_MORE_TESTS))
