"""tasks.yml: a file that is none, one that never ends, and tasks that say hostile things."""

from __future__ import annotations

import json

from tests.security.repository import HOSTILE_LINES, HOSTILE_TEXT, Repository
from tests.security.trick import Tricks

TASKS = Tricks()
#: A backlog of this size is one that we work with, and it takes more than what is merely refused: see docs/reliability.md.
_BACKLOG = 640 * 1024 * 1024
#: Seconds of CPU time. Of all cells ``plan`` takes the most: 5.1 s with two cells at a time, up to 6.3 s on a loaded machine.
_BACKLOG_CPU = 8.0
_LAUGHS = "".join(f"    x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 9))


@TASKS.add
def tasks_are_a_pipe(repository: Repository) -> None:
    repository.pipe("tasks.yml")


@TASKS.add
def tasks_are_a_directory(repository: Repository) -> None:
    repository.directory("tasks.yml")


@TASKS.add
def tasks_lead_to_a_device(repository: Repository) -> None:
    repository.link("tasks.yml", "/dev/zero")


@TASKS.add
def tasks_lead_to_memory(repository: Repository) -> None:
    repository.link("tasks.yml", "/proc/self/mem")


@TASKS.add
def tasks_lead_outside(repository: Repository) -> None:
    (repository.outside / "tasks.yml").write_bytes((repository.root / "tasks.yml").read_bytes())
    repository.link("tasks.yml", repository.outside / "tasks.yml")


@TASKS.add
def tasks_lead_to_a_terminal(repository: Repository) -> None:
    repository.link("tasks.yml", "/dev/tty")


@TASKS.add
def tasks_are_too_large(repository: Repository) -> None:
    repository.sparse("tasks.yml", 10 << 30)


@TASKS.add
def tasks_are_deep(repository: Repository) -> None:
    repository.write("tasks.yml", "- id: a\n  description: x\n  env: " + "[" * 200_000)


@TASKS.add
def tasks_are_deep_by_indentation(repository: Repository) -> None:
    repository.write("tasks.yml", "".join(f"{' ' * level}- \n" for level in range(3000)))


@TASKS.add
def tasks_laugh(repository: Repository) -> None:
    repository.write("tasks.yml", f"- id: a\n  description: x\n  x-laugh:\n    x0: &x0 [lol]\n{_LAUGHS}    end: *x8\n")


@TASKS.add
def tasks_make_python_objects(repository: Repository) -> None:
    program = repository.program()
    repository.write(
        "tasks.yml",
        f"- id: a\n  description: !!python/object/apply:os.system ['{program}']\n  command: 'true'\n"
        f"- !!python/object/new:subprocess.Popen [['{program}']]\n- id: b\n  env: !!python/name:os.system\n",
    )


@TASKS.add(memory=_BACKLOG, cpu=_BACKLOG_CPU)
def tasks_are_a_hundred_thousand(repository: Repository) -> None:
    repository.write("tasks.yml", "".join(f"- id: t{n}\n  description: number {n}\n  command: 'true'\n" for n in range(100_000)))


@TASKS.add(task="t99")
def tasks_need_each_other_all(repository: Repository) -> None:
    everybody = [f"t{n}" for n in range(400)]
    entries = [{"id": f"t{n}", "description": "x", "command": "true", "dependencies": everybody[:n]} for n in range(400)]
    repository.write("tasks.yml", "".join(f"- {json.dumps(entry)}\n" for entry in entries))


@TASKS.add(task="t19999")
def tasks_are_a_long_chain(repository: Repository) -> None:
    entries = (f"- id: t{n}\n  description: x\n  command: 'true'\n  dependencies: [t{n - 1}]\n" for n in range(1, 20_000))
    repository.write("tasks.yml", "- id: t0\n  description: x\n  command: 'true'\n" + "".join(entries))


@TASKS.add(task="t1")
def tasks_are_a_long_circle(repository: Repository) -> None:
    count = 20_000
    entries = (f"- id: t{n}\n  description: x\n  command: 'true'\n  dependencies: [t{(n + 1) % count}]\n" for n in range(count))
    repository.write("tasks.yml", "".join(entries))


@TASKS.add
def tasks_are_all_wrong(repository: Repository) -> None:
    repository.write(
        "tasks.yml", "".join(f"- idd: t{n}\n  discription: 1\n  commnad: [1, 2]\n  timeout: never{n}\n" for n in range(20_000))
    )


@TASKS.add(task="::planted::x")
def task_ids_are_hostile(repository: Repository) -> None:
    ids = (
        "::planted::x",
        "##[planted]",
        "\x1b[31m",
        "%0A::planted::",
        "../../x",
        "\u202etxt",
        "-rf",
        "--help",
        "a\nb",
        "a\0b",
        ".",
        "..",
        "con/..",
        "é" * 3000,
    )
    repository.write("tasks.yml", "".join(f"- id: {json.dumps(name)}\n  description: x\n  command: 'true'\n" for name in ids))


@TASKS.add
def task_texts_are_hostile(repository: Repository) -> None:
    text, lines = json.dumps(HOSTILE_TEXT), json.dumps(HOSTILE_LINES)
    repository.write(
        "tasks.yml",
        f"- id: a\n  description: {lines}\n  command: {lines}\n  tags: [{text}]\n  component: {text}\n  epic: {text}\n  kind: {text}\n"
        f"  env: {{{text}: {lines}, A: {lines}}}\n- id: b\n  description: {text}\n  {text}: 1\n",
    )


@TASKS.add
def task_descriptions_are_hostile(repository: Repository) -> None:
    lines = json.dumps(HOSTILE_LINES)
    entry = f"description: {lines}\n  command: {lines}\n  verify: {lines}\n  x-note: {lines}\n"
    repository.write(
        "tasks.yml", f"- id: a\n  {entry}- id: b\n  {entry}  dependencies: [a]\n  manual: true\n- id: c\n  {entry}  status: failed\n"
    )


@TASKS.add
def task_environments_are_hostile(repository: Repository) -> None:
    program = repository.program()
    entry = {
        "id": "a",
        "description": "x",
        "command": program,
        "verify": program,
        "env": {"LD_PRELOAD": "./evil.so", "PYTHONPATH": ".", "GIT_SSH_COMMAND": program, "PATH": "."},
        "cwd": "../outside",
        "kind": "check",
    }
    repository.write("tasks.yml", f"- {json.dumps(entry)}\n- {json.dumps({**entry, 'id': 'b', 'cwd': '/etc'})}\n")


@TASKS.add
def tasks_have_hostile_numbers(repository: Repository) -> None:
    digits = "9" * 50_000
    fields = f"priority: {digits}\n  cost: .nan\n  timeout: {digits}h\n  retries: 1e400\n"
    repository.write(
        "tasks.yml",
        f"- id: a\n  description: x\n  command: 'true'\n  {fields}- id: b\n  description: x\n  cost: -.inf\n  priority: 0o{'7' * 9000}\n",
    )


@TASKS.add
def tasks_have_hostile_durations(repository: Repository) -> None:
    fields = f"timeout: {'1h' * 50_000}x\n  cost: {'1_' * 50_000}\n  priority: '{' ' * 100_000}1'\n"
    repository.write("tasks.yml", f"- id: a\n  description: x\n  command: 'true'\n  {fields}  created: {'2001-01-01T' * 10_000}\n")


@TASKS.add
def tasks_are_one_line(repository: Repository) -> None:
    repository.write("tasks.yml", f"[{{id: a, description: '{'x ' * 4_000_000}', command: 'true'}}]\n")


@TASKS.add
def tasks_are_no_utf_8(repository: Repository) -> None:
    repository.write("tasks.yml", b"- id: a\n  description: '\xff\xfe\xc3('\n  command: 'a\x00b'\n")


@TASKS.add
def tasks_have_twice_the_same_key_and_odd_ones(repository: Repository) -> None:
    repository.write(
        "tasks.yml", "\ufeff- id: a\n  id: a\n  description: x\n  ? [1, 2]\n  : 3\n  <<: {command: x}\n  ? {a: b}\n  : c\n  null: 1\n"
    )


@TASKS.add
def tasks_are_many_documents(repository: Repository) -> None:
    repository.write("tasks.yml", "%YAML 9.9\n%TAG ! tag:x:\n" + "--- !x\n- id: a\n...\n" * 50_000)


@TASKS.add
def tasks_have_comments_without_end(repository: Repository) -> None:
    repository.write("tasks.yml", "# x\n" * 2_000_000 + "- id: a\n  description: x\n  command: 'true'\n")


@TASKS.add
def tasks_have_a_hostile_origin(repository: Repository) -> None:
    text = json.dumps(HOSTILE_TEXT)
    origin = f"{{metric: complexity, path: ../../etc/passwd, block: {text}, fingerprint: {text}, score: 1e999}}"
    repository.write(
        "tasks.yml",
        f"- id: a\n  description: x\n  command: 'true'\n  origin: {origin}\n- id: b\n  description: x\n  origin: {{metric: plugin}}\n",
    )
