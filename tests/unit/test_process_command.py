"""Which command strings need no shell."""

from __future__ import annotations

import pytest

from core.adapters.processes.command import direct_words


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("true", ("true",)),
        ("make test", ("make", "test")),
        ("  make\t test  ", ("make", "test")),
        ("python -m pytest -q tests/unit", ("python", "-m", "pytest", "-q", "tests/unit")),
        ("./script.sh a,b c:d e@f +x", ("./script.sh", "a,b", "c:d", "e@f", "+x")),
        # A no-break space separates no words for a shell.
        ("echo-all a\u00a0b ü", ("echo-all", "a\u00a0b", "ü")),
        # A word of a shell means something only where a command is expected.
        ("git add if", ("git", "add", "if")),
    ],
)
def test_words_without_shell_syntax_are_executed_directly(command, words):
    assert direct_words(command) == words


@pytest.mark.parametrize("character", "|&;<>()$`\\\"'*?[]#~=%!{}\n\r\0")
def test_any_character_of_shell_syntax_needs_a_shell(character):
    assert direct_words(f"make a{character}b") is None


@pytest.mark.parametrize("word", ["cd", "exit", ".", ":", "if", "export", "ulimit", "echo", "kill", "exec", "test", "time"])
def test_what_only_a_shell_can_do_needs_a_shell(word):
    assert direct_words(f"{word} 3") is None


@pytest.mark.parametrize("command", ["", " ", "\t "])
def test_nothing_is_for_the_shell_to_judge(command):
    assert direct_words(command) is None
