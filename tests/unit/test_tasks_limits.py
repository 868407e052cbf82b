"""No file can hang the tool or fill the machine."""

from __future__ import annotations

import time

import pytest

from core.adapters.tasks_yaml import parse_tasks
from core.adapters.tasks_yaml.parse.document import MAX_BYTES, decode
from core.errors import InvalidFile


def refusal(text: str) -> str:
    with pytest.raises(InvalidFile) as caught:
        parse_tasks(text, "f")
    return str(caught.value.problems[-1])


HEAD = "- id: a\n  description: d\n  x-a: "


def test_thirty_levels_are_read_and_ten_thousand_refused():
    assert parse_tasks(HEAD + "[" * 30 + "]" * 30, "f")
    assert refusal(HEAD + "[" * 31 + "]" * 31) == "f:3:38: nested too deeply: at most 32 levels are read"
    for opening in ("[", "{a: ", "\n    " + "- "):
        assert refusal(HEAD + opening + opening.strip("\n") * 10_000).endswith("nested too deeply: at most 32 levels are read")


def test_deep_nesting_without_a_task_around_it_is_refused_too():
    assert refusal("[" * 100_000) == "f:1:33: nested too deeply: at most 32 levels are read"
    assert refusal("{" * 100_000).startswith("f:1:1: the file must be a list of tasks")


def test_a_billion_laughs_are_refused():
    lines = ["- id: a", "  description: d", "  x-0: &n0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"  x-{n}: &n{n} [{', '.join([f'*n{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "stand for more than 1,000,000 values and characters" in refusal("\n".join(lines))


def test_a_long_text_repeated_by_aliases_is_refused():
    text = HEAD + '&t "' + "x" * 100_000 + '"\n' + "".join(f"  x-{n}: *t\n" for n in range(1_000))
    assert "stand for more than 1,000,000 values and characters" in refusal(text)


def test_one_task_cannot_hold_millions_of_values():
    assert refusal(HEAD + "[" + "1, " * 60_000 + "]") == "f:3:149988: one task holds more than 50,000 values"


def test_a_file_of_nothing_but_mistakes_is_listed_up_to_a_limit():
    with pytest.raises(InvalidFile) as caught:
        parse_tasks("- 1\n" * 500_000, "f")
    assert len(caught.value.problems) == 21
    assert str(caught.value.problems[-1]) == "f:20:3: … and at least 980 more problems"


def test_a_file_that_is_too_large_is_refused():
    with pytest.raises(InvalidFile) as caught:
        decode(b"#" * (MAX_BYTES + 1), "f")
    assert str(caught.value) == "f: the file is larger than 32 MiB (keep ended tasks in another file)"


@pytest.mark.parametrize(
    "number", ["9" * 5_000_000, "1_0" * 5_000, "0x" + "f" * 100_000, "1" + ":30" * 30_000, "1." + "0" * 1_000_000, "0" * 10_000]
)
@pytest.mark.parametrize("field", ["id", "description", "cost", "priority", "timeout", "manual", "x-a"])
def test_a_number_of_any_length_is_answered_shortly(field: str, number: str):
    fields = {"id": "a", "description": "d", field: number}
    text = "- " + "\n  ".join(f"{name}: {value}" for name, value in fields.items())
    if field == "x-a":
        assert parse_tasks(text, "f")[0].extra == {"x-a": number}
    else:
        assert len(refusal(text)) < 250


def test_what_a_terminal_would_obey_is_not_said():
    text = HEAD + '1\n  "\\e[31m\\x9b\\u202e": 1\n  env: {"\\n": 1}\n  status: "\\x9b31m"\n  ? "a\\n"\n  : 1\n  ? "a\\n"\n  : 2'
    with pytest.raises(InvalidFile) as caught:
        parse_tasks(text, "f")
    assert len(caught.value.problems) == 5
    for problem in caught.value.problems:
        assert str(problem).isprintable(), problem


def test_an_anchor_that_is_named_anew_means_the_newer_value():
    text = "- {id: a, description: d, x-1: &x [1], x-2: &x 2, x-3: *x, x-4: &x {k: &x 3, l: *x}, x-5: *x}"
    assert parse_tasks(text, "f")[0].extra == {"x-1": [1], "x-2": 2, "x-3": 2, "x-4": {"k": 3, "l": 3}, "x-5": 3}


def test_many_unknown_dependencies_are_looked_up_once_each():
    names = ", ".join(f"t{number}" for number in range(20_000))
    begun = time.process_time()

    assert refusal(f"- id: a\n  description: d\n  dependencies: [{names}]\n")
    # Looking for the place of each of them in turn took a minute.
    assert time.process_time() - begun < 5
