"""Files that stand where Python, radon, wily or git look for code and settings of their own."""

from __future__ import annotations

from tests.security.repository import Repository
from tests.security.trick import Tricks

SHADOWS = Tricks()
_MODULES = (
    *(
        "core",
        "yaml",
        "radon",
        "typer",
        "click",
        "rich",
        "jsonschema",
        "cryptography",
        "git",
        "wily",
        "pathspec",
        "wcmatch",
        "ruff",
        "bandit",
    ),
    *(
        "os",
        "sys",
        "json",
        "re",
        "ast",
        "typing",
        "sqlite3",
        "subprocess",
        "tempfile",
        "hashlib",
        "struct",
        "token",
        "tokenize",
        "encodings",
    ),
    *("sitecustomize", "usercustomize", "conftest", "setup", "__main__", "pkg_resources", "importlib", "_pytest", "orchestrator"),
)


def _trap(repository: Repository) -> str:
    return f"import os\nopen({str(repository.outside / 'RAN')!r}, 'a').write(__name__)\nos.system('true')\n"


@SHADOWS.add
def modules_in_the_root(repository: Repository) -> None:
    for name in _MODULES:
        repository.write(f"{name}.py", _trap(repository))
    repository.commit()


@SHADOWS.add
def packages_in_the_root(repository: Repository) -> None:
    for name in _MODULES:
        repository.write(f"{name}/__init__.py", _trap(repository))
        repository.write(f"{name}/__main__.py", _trap(repository))
    for name in ("config", "cli", "adapters", "domain"):
        repository.write(f"core/{name}.py", _trap(repository))
    repository.commit()


@SHADOWS.add
def path_files_and_environments(repository: Repository) -> None:
    program = repository.program("bin/python")
    for path in ("evil.pth", "distutils-precedence.pth", "lib/python3.11/site-packages/evil.pth", "python._pth", "python311._pth"):
        repository.write(path, f"import os; os.system({program!r})\n")
    repository.write("pyvenv.cfg", f"home = {repository.root}/bin\ninclude-system-site-packages = true\nexecutable = {program}\n")
    repository.write("pybuilddir.txt", "lib\n")
    repository.write(".python-version", "evil\n")
    for name in ("python3", "orchestrator", "radon", "wily", "git", "bwrap", "git-lfs", "git-cliff", "sh"):
        repository.program(f"bin/{name}")
        repository.program(name)
        repository.program(f".venv/bin/{name}")
        repository.program(f"node_modules/.bin/{name}")
    repository.write(
        "core.dist-info/entry_points.txt", "[console_scripts]\norchestrator = evil:main\n[pytest11]\nevil = evil\n[radon]\nevil = evil\n"
    )
    repository.write("core.dist-info/METADATA", "Name: core\nVersion: 1\n")
    repository.write(".env", f"LD_PRELOAD={repository.root}/evil.so\nPYTHONSTARTUP={repository.root}/evil.py\n")
    repository.write(".envrc", f"{program}\n")
    repository.commit()


@SHADOWS.add
def settings_of_radon_and_wily(repository: Repository) -> None:
    section = "exclude = *\nignore = *\ncc_min = F\nshow_complexity = True\noutput_file = ../outside/radon.txt\nx = %(x)s %(nothing)s\n"
    for name in ("radon.cfg", "setup.cfg", "tox.ini", ".radonrc"):
        repository.write(name, f"[radon]\n{section}[tool:pytest]\naddopts = -p evil\n[DEFAULT]\n{'y = 1%%' * 100}\n")
    repository.write("wily.cfg", f"[wily]\narchiver = evil\noperators = evil\npath = ../outside\ncache_path = {repository.outside}\n")
    repository.write("pyproject.toml", '[tool.radon]\nexclude = "*"\noutput_file = "../outside/radon.txt"\n')
    repository.commit()


@SHADOWS.add
def settings_of_radon_are_special(repository: Repository) -> None:
    repository.pipe("radon.cfg")
    repository.link("setup.cfg", "/dev/zero")
    repository.link("wily.cfg", repository.outside / "victim")
    repository.write("tox.ini", b"[radon\xff\n\x00= :\n" * 10_000)


@SHADOWS.add
def libraries_in_the_root(repository: Repository) -> None:
    for name in (
        "libc.so.6",
        "libsqlite3.so.0",
        "_sqlite3.so",
        "yaml/_yaml.so",
        "_yaml.cpython-311-x86_64-linux-gnu.so",
        "gconv/gconv-modules",
    ):
        repository.write(name, b"\x7fELFgarbage", mode=0o755)
    repository.write("openssl.cnf", "openssl_conf = x\n[x]\nengines = y\n[y]\nevil = z\n[z]\ndynamic_path = ./evil.so\n")
    repository.write("locale/C/LC_MESSAGES/messages.mo", b"\xde\x12\x04\x95garbage")
    repository.commit()
