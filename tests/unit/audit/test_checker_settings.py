"""What a change makes programs check less, in their settings; a stricter or another setting is passed over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.quality.checker_settings import checks_loosened


def found(before, after, path="pyproject.toml"):
    return [(each.line, each.what) for each in checks_loosened({path: (before.encode(), after.encode())})]


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        ("pyproject.toml", "", '[tool.ruff.lint]\nignore = ["E501"]\n', [(2, "lint.ignore: E501")]),
        ("ruff.toml", "", '[lint.per-file-ignores]\n"a.py" = ["F401"]\n', [(2, "per-file-ignores.a.py: F401")]),
        (
            "pyproject.toml",
            '[tool.ruff.lint]\nselect = ["E", "F"]\n',
            '[tool.ruff.lint]\nselect = ["E"]\n',
            [(0, "lint.select: F is gone")],
        ),
        ("pyproject.toml", "[tool.mypy]\nstrict = true\n", "[tool.mypy]\nstrict = false\n", [(0, "mypy.strict: true is gone")]),
        ("pyproject.toml", "[tool.mypy]\nstrict = true\n", "", [(0, "mypy.strict: true is gone")]),
        (
            "pyproject.toml",
            "",
            '[[tool.mypy.overrides]]\nmodule = "a.*"\nignore_errors = true\n',
            [(3, "a.*.ignore_errors: true")],
        ),
        ("setup.cfg", "[flake8]\nignore = E1\n", "[flake8]\nignore = E1,\n  W5\n", [(3, "flake8.ignore: W5")]),
        (".coveragerc", "[run]\n", "[run]\nomit =\n    a.py\n", [(3, "run.omit: a.py")]),
        (".coveragerc", "[report]\nfail_under = 90\n", "[report]\nfail_under = 50\n", [(2, "report.fail_under: 50")]),
        (".coveragerc", "[report]\nfail_under = 90\n", "[report]\n", [(0, "report.fail_under: 90 is gone")]),
        ("setup.cfg", "[flake8]\nmax-complexity = 9\n", "[flake8]\nmax-complexity = 30\n", [(2, "flake8.max-complexity: 30")]),
        ("pytest.ini", "[pytest]\n", "[pytest]\naddopts = -q --ignore=tests/a\n", [(2, "pytest.addopts: --ignore=tests/a")]),
        ("pyrightconfig.json", "{}", '{"exclude": ["a"]}', [(1, "exclude: a")]),
    ],
)
def test_what_makes_a_program_check_less_is_found(path, before, after, expected):
    assert found(before, after, path) == expected


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("pyproject.toml", '[tool.ruff.lint]\nignore = ["E501"]\n', "[tool.ruff.lint]\nignore = []\n"),
        ("pyproject.toml", '[tool.ruff.lint]\nselect = ["E"]\n', '[tool.ruff.lint]\nselect = ["E", "F"]\n'),
        ("pyproject.toml", "[tool.mypy]\n", "[tool.mypy]\nstrict = true\n"),
        ("pyproject.toml", "[tool.ruff]\nline-length = 80\n", "[tool.ruff]\nline-length = 120\n"),
        ("pyproject.toml", "", '[tool.uv]\nexclude = ["a"]\n[project]\nname = "exclude"\n'),
        ("pyproject.toml", "[tool.mypy]\nignore_errors = true\n", "[tool.mypy]\nignore_errors = false\n"),
        (".coveragerc", "[report]\nfail_under = 50\n", "[report]\nfail_under = 90\n"),
        ("setup.cfg", "[flake8]\nmax-complexity = 30\n", "[flake8]\nmax-complexity = 9\n"),
        ("pytest.ini", "[pytest]\n", "[pytest]\naddopts = -q --strict-markers\nfilterwarnings = error\n"),
        ("src/app.py", "", "ignore = 1\n"),
    ],
)
def test_what_makes_it_check_more_or_other_things_is_passed_over(path, before, after):
    assert found(before, after, path) == []


def test_a_value_that_changed_its_file_is_the_same():
    change = {"pyproject.toml": (b'[tool.ruff.lint]\nignore = ["E501"]\n', b""), "ruff.toml": (None, b'[lint]\nignore = ["E501"]\n')}

    assert checks_loosened(change) == ()


@given(st.binary(), st.binary(), st.sampled_from(["pyproject.toml", "setup.cfg", "pyrightconfig.json"]))
def test_whatever_the_bytes_a_place_is_one_of_the_file(before, after, path):
    assert checks_loosened({path: (before, before)}) == ()
    assert all(0 <= each.line <= after.count(b"\n") + 1 for each in checks_loosened({path: (before, after)}))
