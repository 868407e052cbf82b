"""Whatever the text: tasks, or InvalidFile with places that are in the text."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.adapters.tasks_yaml.edit.edits import apply_edits
from core.adapters.tasks_yaml.parse.document import decode
from core.adapters.tasks_yaml.parse.parse import parse_document
from core.domain.tasks.entry import AppendTask, SetField
from core.errors import EditRefused, InvalidFile

GOOD = """\
# head
- id: &i a
  description: >-
    folded text
  status: "pending"
  env: &e {A: b}
- {id: b, description: 'd', env: *e, dependencies: [*i ]} # c

- ? id
  : c
  description: |+
    keep

  x-a:
  - 1
  - b: [c, {d: e}]
"""
PIECES = [
    "- ", "  ", "\n", "\r\n", "\t", ": ", ":", ", ", "[", "]", "{", "}", "#", " # ", "'", '"', "|", ">-", "&a ",
    "*a", "!t ", "!!str ", "? ", "---\n", "...\n",
    "%YAML 1.2\n", "<<", "~", "id", "a", "status", "pending", "description", "on", "1:30",
    "é", "\ufeff", "\x85", "\u2028", "\x00", "\x7f", "\\", "\\x",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = GOOD
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 6)))
        text = text[:start] + "".join(draw(st.lists(st.sampled_from(PIECES), max_size=3))) + text[end:]
    return text


texts = st.one_of(mutated(), mutated(), st.lists(st.sampled_from(PIECES), max_size=20).map("".join), st.text(max_size=30))


@given(texts)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_tasks_or_has_problems_with_places(text: str):
    lines = text.split("\n")
    try:
        document = parse_document(text, "f")
    except InvalidFile as error:
        for problem in error.problems:
            assert 1 <= problem.line <= len(lines), problem
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1, problem
        return
    for task in document.tasks:
        edits = [SetField(task_id=task.id, path=("status",), value="cancelled")]
        changed = apply_edits(document, edits, "f")
        again = parse_document(changed.text, "f")
        assert [other.status.value for other in again.tasks if other.id == task.id] == ["cancelled"]
        assert len(again.tasks) == len(document.tasks)
        assert changed.text.replace("cancelled", "") != text or task.status.value == "cancelled"
    try:
        appended = apply_edits(document, [AppendTask(fields={"id": "new", "description": "d"})], "f")
    except EditRefused:
        return
    assert [task.id for task in appended.tasks] == [*(task.id for task in document.tasks), "new"]


@given(st.one_of(st.binary(max_size=30), texts.map(lambda text: text.encode("utf-8", "surrogatepass"))))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_text_or_have_a_problem(data: bytes):
    try:
        text, marked = decode(data, "f")
    except InvalidFile:
        return
    assert (b"\xef\xbb\xbf" if marked else b"") + text.encode() == data
