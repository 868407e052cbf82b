"""config.yaml and pyproject.toml: settings that name programs and places, and files that are no sane YAML."""

from __future__ import annotations

import json

from tests.security.repository import HOSTILE_TEXT, Repository
from tests.security.trick import Tricks

CONFIG = Tricks()
_LAUGHS = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 9))


@CONFIG.add
def config_names_programs(repository: Repository) -> None:
    program = repository.program()
    repository.write(
        "config.yaml",
        f"audit:\n  use_wily: true\n  wily_python: {program}\nhandlers:\n  code: {program}\n  check: {program}\n"
        f"plugins:\n  notify:\n    telegram_api: http://127.0.0.1:9/\n  hostile: {{program: {program}}}\n",
    )
    repository.commit()


@CONFIG.add
def config_switches_wily_on(repository: Repository) -> None:
    repository.write("config.yaml", "audit:\n  use_wily: true\n")
    repository.program("wily/__main__.py")
    repository.program(".orchestrator/wily/bin/python")
    repository.commit()


@CONFIG.add
def config_names_other_places(repository: Repository) -> None:
    repository.link("elsewhere", repository.outside)
    repository.write("config.yaml", "log:\n  directory: elsewhere\naudit:\n  baseline: elsewhere/victim\ntasks_file: elsewhere/victim\n")


@CONFIG.add
def config_names_places_above(repository: Repository) -> None:
    repository.write("config.yaml", "log: {directory: ../outside}\naudit: {baseline: /etc/passwd}\ntasks_file: ../outside/victim\n")


@CONFIG.add
def config_widens_permissions(repository: Repository) -> None:
    everything = "{fs: {read: ['**'], write: ['**']}, net: ['*'], exec: [sh], env: [HOME], time: 1000h, memory: 1000GiB, pids: 100000}"
    repository.write("config.yaml", f"plugin_policy:\n  sandbox: basic\n  require: signed\n  blocked: []\n  ceiling: {everything}\n")


@CONFIG.add
def config_is_a_pipe(repository: Repository) -> None:
    repository.pipe("config.yaml")


@CONFIG.add
def config_is_a_directory(repository: Repository) -> None:
    repository.directory("config.yaml")


@CONFIG.add
def config_leads_to_a_device(repository: Repository) -> None:
    repository.link("config.yaml", "/dev/zero")


@CONFIG.add
def config_leads_to_memory(repository: Repository) -> None:
    repository.link("config.yaml", "/proc/self/mem")


@CONFIG.add
def config_leads_outside(repository: Repository) -> None:
    repository.link("config.yaml", repository.outside / "victim")


@CONFIG.add
def config_is_a_loop_of_links(repository: Repository) -> None:
    repository.link("config.yaml", "config.yaml")


@CONFIG.add
def config_is_too_large(repository: Repository) -> None:
    repository.sparse("config.yaml", 10 << 30)


@CONFIG.add
def config_is_a_long_text(repository: Repository) -> None:
    repository.write("config.yaml", "audit:\n  exclude:\n" + "    - some/where/*.py\n" * 200_000)


@CONFIG.add
def config_is_deep(repository: Repository) -> None:
    repository.write("config.yaml", "audit: " + "[" * 100_000)


@CONFIG.add
def config_laughs(repository: Repository) -> None:
    repository.write("config.yaml", f"x0: &x0 [lol]\n{_LAUGHS}audit: *x8\n")


@CONFIG.add
def config_is_aliased_to_itself(repository: Repository) -> None:
    repository.write("config.yaml", "audit: &self\n  include: *self\n  <<: *self\n")


@CONFIG.add
def config_is_no_utf_8(repository: Repository) -> None:
    repository.write("config.yaml", b"audit:\n  include: ['\xff\xfe\x00\xc3(']\n")


@CONFIG.add
def config_is_utf_16(repository: Repository) -> None:
    repository.write("config.yaml", "audit: {jobs: 1}\n".encode("utf-16"))


@CONFIG.add
def config_has_a_byte_order_mark_and_twice_the_same_key(repository: Repository) -> None:
    repository.write("config.yaml", "\ufeffaudit: {jobs: 1}\naudit: {jobs: 2}\n? [a, b]\n: c\n")


@CONFIG.add
def config_makes_python_objects(repository: Repository) -> None:
    program = repository.program()
    repository.write(
        "config.yaml",
        f"audit: !!python/object/apply:os.system ['{program}']\nlog: !!python/object/new:subprocess.Popen [['{program}']]\n"
        f"handlers: !!python/name:os.system\njobs: !!python/module:antigravity\n",
    )


@CONFIG.add
def config_says_hostile_things(repository: Repository) -> None:
    text = json.dumps(HOSTILE_TEXT)
    repository.write(
        "config.yaml", f"{text}: 1\naudit:\n  {text}: 2\n  baseline: {text}\n  include: [{text}]\nhandlers:\n  {text}: {text}\n"
    )


@CONFIG.add
def config_has_hostile_numbers(repository: Repository) -> None:
    digits = "9" * 100_000
    repository.write(
        "config.yaml",
        f"jobs: {digits}\ntimeout: {digits}h\nbudget: {{cost: .inf, time: {digits}}}\naudit: {{revisions: 1e999, jobs: 0x{'f' * 5000}}}\n",
    )


@CONFIG.add
def config_asks_for_a_great_many_processes(repository: Repository) -> None:
    repository.write("config.yaml", "jobs: 100000\naudit:\n  jobs: 100000\n  revisions: 1000000000\n")
    for number in range(40):
        repository.write(f"wide/m{number}.py", f"x = {number}\n" * 8_000)


@CONFIG.add
def config_globs_explode(repository: Repository) -> None:
    for length in (60, 120, 200):
        repository.write(f"{'a' * length}.py", "x = 1\n")
    repository.write("/".join("a" * 60) + "/a.py", "x = 1\n")
    stars = ["*" * 20 + "c.py", "a*" * 40 + "b.py", "**/" * 30 + "c.py", "**/*a" * 20, "*a**a*" * 10 + "/c.py", "[a-z]*" * 30 + "!"]
    overrides = {glob: {"complexity": 3} for glob in stars}
    repository.write("config.yaml", json.dumps({"audit": {"include": ["**/*.py", *stars], "exclude": stars, "overrides": overrides}}))


@CONFIG.add
def config_has_many_globs(repository: Repository) -> None:
    for number in range(200):
        repository.write(f"wide/m{number}.py", "x = 1\n")
    globs = [f"**/{number}*{number}?.py" for number in range(2000)]
    overrides = {glob: {"complexity": 3} for glob in globs}
    repository.write("config.yaml", json.dumps({"audit": {"include": ["**/*.py", *globs], "exclude": globs, "overrides": overrides}}))


@CONFIG.add
def config_globs_are_malformed(repository: Repository) -> None:
    globs = [
        "[",
        "[!",
        "[]",
        "[z-a].py",
        "\\",
        "{a,b",
        "!",
        "!(a)",
        "(?P<x>",
        "/" * 100,
        "a//b",
        "**a**",
        "[[:alpha:]]",
        ":(attr:x)",
        "-z",
        "é\u202e",
    ]
    repository.write("config.yaml", json.dumps({"audit": {"include": ["**/*.py", *globs], "exclude": globs}}))


@CONFIG.add
def pyproject_is_hostile(repository: Repository) -> None:
    program = repository.program()
    repository.write(
        "pyproject.toml",
        f'[tool.orchestrator]\njobs = {"9" * 5000}\n[tool.orchestrator.audit]\nuse_wily = true\nwily_python = "{program}"\n'
        f'[tool.radon]\nexclude = "*"\n[tool.pytest.ini_options]\naddopts = "-p evil"\n[deep]\nx = {"[" * 20_000}\n',
    )


@CONFIG.add
def pyproject_is_a_pipe(repository: Repository) -> None:
    for name in ("pyproject.toml", "setup.cfg", "tox.ini", "Makefile", "package.json", "orchestrator.yaml", ".python-version"):
        repository.pipe(name)
