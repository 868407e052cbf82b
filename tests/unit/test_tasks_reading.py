"""What each field means, and what is said when it means nothing."""

from __future__ import annotations

import pytest

from core.adapters.tasks_yaml import parse_tasks
from core.adapters.tasks_yaml.parse.document import decode
from core.domain.tasks.task import Place, Retry, Status, Task
from core.errors import InvalidFile

HEAD = "- id: a\n  description: d\n"


def problems(text: str) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        parse_tasks(text, "tasks.yml")
    return [str(problem) for problem in caught.value.problems]


def test_every_field_reads_as_the_task_holds_it():
    (task,) = parse_tasks(
        """\
# a comment
- id: build/web:1.2_x-y
  description: >-
    What and
    why
  command: make all && echo 'done'
  verify:
    - test -e out
    - make check
  dependencies: []
  priority: high
  cost: 2.5
  status: in_progress
  timeout: 1h30m
  retries: {limit: 3, delay: 500ms-free}
""".replace("500ms-free", "0.5s")
        + """\
  env: {A: "1", "B B": ''}
  cwd: sub/dir
  kind: refactor
  tags: [lint, "1"]
  component: web
  epic: E-1
  manual: false
  origin: {by: reflector, fingerprint: ab12, path: a.py, block: f, metric: complexity, score: 14, threshold: 10, trend: [9, 14]}
  x-note: {anything: [1, yes, 2024-01-01, ~, 1.5, true, "5", 0x1F]}
""",
        "tasks.yml",
    )
    assert task == Task(
        id="build/web:1.2_x-y",
        description="What and why",
        command="make all && echo 'done'",
        verify=("test -e out", "make check"),
        priority=10,
        cost=2.5,
        status=Status.IN_PROGRESS,
        timeout=5400.0,
        retries=Retry(limit=3, delay=0.5),
        env={"A": "1", "B B": ""},
        cwd="sub/dir",
        kind="refactor",
        tags=("lint", "1"),
        component="web",
        epic="E-1",
        manual=False,
        origin={
            "by": "reflector",
            "fingerprint": "ab12",
            "path": "a.py",
            "block": "f",
            "metric": "complexity",
            "score": 14,
            "threshold": 10,
            "trend": (9, 14),
        },
        extra={"x-note": {"anything": [1, "yes", "2024-01-01", None, 1.5, True, "5", "0x1F"]}},
        place=Place(line=2, column=3),
    )


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "---\n", "---\n# none\n...\n", "[]", "[ ]\n", "\n[\n # c\n]"])
def test_a_file_without_tasks_is_an_empty_backlog(text: str):
    assert parse_tasks(text, "tasks.yml") == ()


def test_one_and_its_quoted_form_are_the_same_id():
    assert [task.id for task in parse_tasks("- {id: 7, description: d}\n- {id: -3, description: d, dependencies: ['7']}", "f")] == [
        "7",
        "-3",
    ]
    assert problems("- {id: 7, description: d}\n- {id: '7', description: d}\n") == [
        "tasks.yml:2:8: the id 7 is here twice, first in line 1 (give each task an id of its own)"
    ]


def test_aliases_give_the_same_value_again():
    text = (
        "- {id: &first a, description: &same what, env: &env {A: b}}\n- {id: b, description: *same, env: *env, dependencies: [*first ]}\n"
    )
    first, second = parse_tasks(text, "tasks.yml")
    assert (second.description, second.env, second.dependencies) == (first.description, first.env, ("a",))


# Each line of a task that begins with HEAD, and what is said about it, from line 3 on.
MISTAKES = [
    ("command:", "11: command must not be empty (say what is meant)"),
    ("command: []", "12: command must not be an empty list (leave the line out)"),
    ("command: {a: b}", "12: command must be text or a list of texts, not a map"),
    ("command: [sleep, 5]", '20: command[1] must be text, but 5 is a number (quote it: "5")'),
    ("command: ['', a]", "13: command[0] must not be empty (say what is meant)"),
    ("command: 5", '12: command must be text, but 5 is a number (quote it: "5")'),
    ('command: "a\\0"', "12: command must not hold the character U+0000"),
    ("verify: {a: b}", "11: verify must be text or a list of texts, not a map"),
    ("verify: [a, '']", "15: verify[1] must not be empty (say what is meant)"),
    ("dependencies: b", '17: dependencies must be a list of ids, not the text "b" (type [b])'),
    ("dependencies:", "16: dependencies must be a list of ids, not nothing (type [])"),
    ("dependencies: [a b]", '18: dependencies[0] may hold letters, digits and . _ / : - only, not "a b" (type a-b)'),
    ("priority: hihg", ("13: priority must be a whole number, or low, normal, high or critical, "
     "not the text \"hihg\" (did you mean 'high'?)")),
    ('priority: "5"', '13: priority must be a whole number, or low, normal, high or critical, not the text "5" (type 5 without quotes)'),
    ("priority: 1.5", "13: priority must be a whole number, or low, normal, high or critical, not 1.5"),
    ("priority: 5000000000", "13: priority must be 1,000,000,000 or less, not 5000000000"),
    ("cost: -1", "9: cost must be 0 or more, not -1"),
    ("cost: lots", '9: cost must be a number, not the text "lots"'),
    ("cost: 1e400", "9: cost must be 1,000,000,000,000 or less, not 1e400"),
    ("status: doen", "11: status must be pending, in_progress, done, failed or cancelled, not the text \"doen\" (did you mean 'done'?)"),
    ("status:", "10: status must be pending, in_progress, done, failed or cancelled, not nothing"),
    ("timeout: 0", "12: timeout must be longer than nothing (leave the line out for no limit)"),
    ("timeout: -5", "12: timeout must be 0 or more, not -5"),
    ("timeout: 10x", '12: timeout must be a duration, not the text "10x" (write 90s, 10m, 1h30m or a number of seconds)'),
    ('timeout: "90"', '12: timeout must be a duration, not the text "90" (type 90 without quotes)'),
    ("timeout: [1]", "12: timeout must be a duration, not a list (write 90s, 10m, 1h30m or a number of seconds)"),
    ("retries: -1", "12: retries must be 0 or more, not -1"),
    ("retries: three", '12: retries must be a whole number, or {limit, delay, backoff, max_delay}, not the text "three"'),
    ("retries: {limit: 2, dealy: 3s}", "23: retries has no key \"dealy\" (did you mean 'delay'?)"),
    ("retries: {delay: -1}", "20: retries.delay must be 0 or more, not -1"),
    ("env: [A=1]", "8: env must be a map of names to text, not a list"),
    ("env: {A: 1}", '12: env.A must be text, but 1 is a number (quote it: "1")'),
    ("env: {A: true}", '12: env.A must be text, but true is a truth value (quote it: "true")'),
    ("env: {A: }", '12: env.A must be text, but there is nothing (type "" if empty text is meant)'),
    ("env: {'D=': x}", '9: env cannot have a variable named "D="'),
    ("cwd: /tmp", "8: cwd must stay inside the repository, not \"/tmp\" (write a path below it, without '..')"),
    ("cwd: a/../../b", "8: cwd must stay inside the repository, not \"a/../../b\" (write a path below it, without '..')"),
    ("cwd: ''", "8: cwd must not be empty (type . for the repository itself, or leave the line out)"),
    ("manual: 1", "11: manual must be true or false, not 1"),
    ("manual: 'true'", '11: manual must be true or false, not the text "true"'),
    ("tags: lint", '9: tags must be a list of texts, not the text "lint" (type [lint])'),
    ("kind: ''", "9: kind must not be empty (say what is meant)"),
    ("origin: {scor: 1}", "12: origin has no key \"scor\" (did you mean 'score'?)"),
    ("origin: {score: high}", '19: origin.score must be a number, not the text "high"'),
    ("name: 5", '3: a task has no field "name" (fields of your own begin with x-: x-name)'),
    ("comand: 5", "3: a task has no field \"comand\" (did you mean 'command'?)"),
    ("x-: 5", '3: a task has no field "x-" (write a name behind x-)'),
    ("description: again", "3: the key description is here twice, first in line 2 (remove one of them)"),
    ("<<: {a: b}", "3: merge keys (<<) are not read (write the fields out)"),
    ("x-a: !foo 5", "8: tags such as !foo are not read (remove it, and quote what is to be text)"),
    ("? [a]", "5: a key must be text, not a list"),
    ("x-a: *b", "8: no anchor &b stands above this alias"),
    ("x-a: &a [*a]", "12: the alias *a stands inside of what it names"),
    ("dependencies: [b]", "18: there is no task b to depend on (add that task, or remove the dependency)"),
    ("dependencies: [a]", "18: the task depends on itself: a → a (remove one of these dependencies)"),
    ("cost 5", ("1: not YAML: could not find expected ':' while scanning a simple key that begins in line 3 "
     "(check the indentation, and that a colon and a space follow each key)")),
    ("command: [a", ("1: not YAML: did not find expected ',' or ']' while parsing a flow sequence that begins in line 3 "
     "(check the indentation, the brackets and the quotes above)")),
    ("command: it's: bad", ("16: not YAML: mapping values are not allowed in this context "
     "(check the indentation, and quote text that has a colon and a space in it)")),
    ("command: @x", ("12: not YAML: found character that cannot start any token while scanning for the next token "
     "(indent with spaces, and quote text that begins with a character of YAML's own)")),
    ("command: a\x07", "13: the character U+0007 is not allowed in YAML (remove it, or write it as \\x07 inside double quotes)"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "said"), MISTAKES)
def test_a_mistake_is_named_with_its_place_and_its_cure(line: str, said: str):
    at = 4 if said.startswith("1: not YAML") else 3
    assert problems(f"{HEAD}  {line}\n") == [f"tasks.yml:{at}:{said}"]


ODD_STATUSES = [
    ("status: &s done", "11: status must not have an anchor: the tool has to write it (type done)"),
    ("status: *i", "11: status must not be an alias: the tool has to write it (type done)"),
    ("status: |\n    done", "11: status must stand on one line, without escapes: the tool has to write it (type done)"),
    ("status: >-\n    done", "11: status must stand on one line, without escapes: the tool has to write it (type done)"),
    ('status: "do\\x6ee"', "11: status must stand on one line, without escapes: the tool has to write it (type done)"),
    ('status: "do\\\n      ne"', "11: status must stand on one line, without escapes: the tool has to write it (type done)"),
]


@pytest.mark.parametrize(("line", "said"), ODD_STATUSES)
def test_a_status_that_cannot_be_written_safely_is_refused_before_anything_runs(line: str, said: str):
    assert problems(f"- id: &i done\n  description: d\n  {line}\n") == [f"tasks.yml:3:{said}"]


def test_a_task_that_is_used_again_is_refused_because_its_status_would_change_there_too():
    assert problems("- &t\n  id: a\n  description: d\n- id: b\n  description: d\n  x-copy: *t\n") == [
        "tasks.yml:1:3: an alias further down stands for this task: its status could not be written (write the other one out)"
    ]


DOCUMENTS = [
    ("tasks:\n- id: a\n", "1:1: the file must be a list of tasks, not a map (remove the line 'tasks:', the list stands alone)"),
    ("id: a\n", "1:1: the file must be a list of tasks, not a map (begin each task with '- id: …')"),
    ("hello", "1:1: the file must be a list of tasks (begin each task with '- id: …')"),
    ("~", "1:1: the file must be a list of tasks (begin each task with '- id: …')"),
    ("&l\n" + HEAD, "1:1: the list of tasks must not have an anchor (remove &l)"),
    (
        HEAD + "---\n" + HEAD,
        "3:1: a second YAML document begins here (keep one list; remove the line '---' and what does not belong to it)",
    ),
    (HEAD + "...\n" + HEAD, "4:1: something stands behind the end of the document (remove the line '...')"),
    ("\ufeff" + HEAD, "1:1: a second byte order mark stands here (remove it: save the file as UTF-8)"),
    ("- 1\n", "1:3: a task must be a map, not 1 (begin it with '- id: …')"),
    ("-\n", "1:2: a task must be a map, not nothing (begin it with '- id: …')"),
    ("- id: a\n", "1:3: the task has no description (add 'description: …')"),
    ("- description: a\n", "1:3: the task has no id (add 'id: …')"),
    (
        "- id: a\n\tdescription: d\n",
        (
            "2:1: not YAML: found a tab character that violates indentation while scanning a plain scalar that begins in line 1 "
            "(indent with spaces)"
        ),
    ),
    (
        "- id: a\n description: d\n",
        (
            "2:2: not YAML: did not find expected '-' indicator while parsing a block collection that begins in line 1 "
            "(check the indentation, the brackets and the quotes above)"
        ),
    ),
]


@pytest.mark.parametrize(("text", "said"), DOCUMENTS)
def test_a_text_that_is_no_list_of_tasks_is_refused_with_its_place(text: str, said: str):
    assert problems(text) == [f"tasks.yml:{said}"]


def test_all_problems_of_a_file_come_at_once_in_order():
    text = """\
- id: a
  descripton: typo in a key
  description: d
  dependencies: [b, notihng]
- id: b
  description: d
  dependencies: [c]
  cost: cheap
- id: c
  description: d
  dependencies:
    - a
- id: b
  description: d
- id: nothing
  description: d
"""
    assert problems(text) == [
        "tasks.yml:2:3: a task has no field \"descripton\" (did you mean 'description'?)",
        "tasks.yml:4:18: tasks depend on each other in a circle: a → b → c → a (remove one of these dependencies)",
        "tasks.yml:4:21: there is no task notihng to depend on (did you mean 'nothing'?)",
        'tasks.yml:8:9: cost must be a number, not the text "cheap"',
        "tasks.yml:13:7: the id b is here twice, first in line 5 (give each task an id of its own)",
    ]


def test_what_could_be_read_before_a_syntax_error_is_checked_too():
    said = problems("- id: a\n  description: d\n  cost: x\n  dependencies: [z]\n- id: b\n  description: 'open\n")
    assert said[0] == 'tasks.yml:3:9: cost must be a number, not the text "x"'
    assert said[1].startswith(
        "tasks.yml:7:1: not YAML: found unexpected end of stream while scanning a quoted scalar that begins in line 6"
    )
    assert len(said) == 2


def test_places_count_characters_from_one_and_know_every_line_end():
    assert problems("# é😀\r\n- {id: a, description: 'é😀', cost: x}\r\n")[0].startswith("tasks.yml:2:36: cost")


BYTES = [
    (b"\xff\xfe-\0 \0", "tasks.yml: this is UTF-16 or UTF-32, not UTF-8 (save it as UTF-8)"),
    (b"-\0 \0i\0", "tasks.yml: this is UTF-16 or UTF-32, not UTF-8 (save it as UTF-8)"),
    ("- id: é\n  description: é".encode("latin-1"), "tasks.yml:1:7: the byte 0xE9 is not UTF-8 (save the file as UTF-8)"),
    ("# é\n- id: é ".encode() + b"\xe9", "tasks.yml:2:9: the byte 0xE9 is not UTF-8 (save the file as UTF-8)"),
    (b"\xef\xbb\xbf- \xff", "tasks.yml:1:3: the byte 0xFF is not UTF-8 (save the file as UTF-8)"),
]


@pytest.mark.parametrize(("data", "said"), BYTES)
def test_bytes_that_are_not_utf8_are_named_with_their_place(data: bytes, said: str):
    with pytest.raises(InvalidFile) as caught:
        decode(data, "tasks.yml")
    assert [str(problem) for problem in caught.value.problems] == [said]
