"""The sandbox of one plugin: its command line, its environment, and the limits that it sets itself."""

from __future__ import annotations

import marshal
import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.domain.plugins.plugin import Permissions
from core.domain.untrusted.git_reading import absolute_entries
from core.errors import PluginRefused
from core.plugins.rules.seccomp import build_filter
from core.plugins.sandbox import inside
from core.plugins.sandbox.layers import Layers, Tier
from core.plugins.sandbox.path_access import PathAccess
from core.plugins.sandbox.resource_use import LARGEST_SPACE

# Landlock's rights, as the kernel numbers them.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG, _MAKE_SYM = 16, 32, 128, 256, 4096
_REFER, _TRUNCATE = 8192, 16384
_READ = _READ_FILE | _READ_DIR
#: Without links: a tool outside the sandbox might follow them later.
_CHANGE = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _REFER | _TRUNCATE
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
#: Rights that each version of Landlock knows; the last applies to all later ones.
_KNOWN_RIGHTS = (0, (1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1, (1 << 15) - 1, (1 << 16) - 1)
_NET_ABI, _SCOPE_ABI = 4, 6
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
_SYSTEM_FILES = ("/usr/share/zoneinfo",)
#: Host names and control groups need none of their own: the call filter refuses to change the one, and nothing shows the other.
_NAMESPACES = ("--unshare-user-try", "--unshare-pid", "--unshare-net", "--unshare-ipc")
#: Certificates that a plugin with network permission needs to check who it talks to.
_CERTIFICATES = ("/etc/ssl", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/etc/pki/tls", "/etc/pki/ca-trust")

#: The first thing that runs inside: it reads the rest of our code, compiled by the host, so that no file of ours is needed there.
_BOOT = (
    "import marshal, sys\n"
    "for n in ('core', 'core.plugins', 'core.plugins.sandbox', 'core.plugins.sandbox.inside'):\n"
    "    sys.modules[n] = p = type(sys)(n)\n"
    "    p.__path__ = []\n"
    "with open(0, 'rb', closefd=False, buffering=0) as f:\n"
    "    c, w = b'', int(sys.argv[1])\n"
    "    while len(c) < w:\n"
    "        c += f.read(w - len(c)) or sys.exit(98)\n"
    "for n, c in marshal.loads(c):\n"
    "    f = 'core.plugins.sandbox.inside.' + n\n"
    "    sys.modules[f] = m = type(sys)(f)\n"
    "    setattr(p, n, m)\n"
    "    exec(c, m.__dict__)\n"
    "sys.modules['core.plugins.api'] = sys.modules['core.plugins'].api = p.api\n"
    "p.start.main()\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSpec:
    """Everything a sandboxed plugin is given."""

    plugin: str
    module: str
    #: Verified copy.
    copy: Path
    permissions: Permissions
    path_access: PathAccess
    repository: Path
    #: Private directory, the only place that every plugin may write.
    temporary: Path
    #: Directory of installed requirements, or None.
    requirements: Path | None
    #: The host's environment, of which only the granted names are passed on.
    environment: Mapping[str, str]
    #: Descriptor of the network channel, -1 for none.
    network: int = -1
    #: Report what the plugin tries (certification).
    observe: bool = False


def command_line(spec: SandboxSpec, layers: Layers) -> list[str]:
    """Return the argv that starts the sandbox with ``layers``."""
    python = [_interpreter(), "-I", "-S", "-B", "-c", _BOOT, str(len(boot_code(trial=spec.observe)))]
    if layers.tier is Tier.BASIC:
        return python
    # As the first process of its namespace: one process and its start less, and all others die with it.
    options = [*_NAMESPACES, "--as-pid-1", "--die-with-parent", "--cap-drop", "ALL"]
    for link in (path for path in _LIBRARIES if os.path.islink(path)):
        options += ["--symlink", os.readlink(link), link]
    if spec.observe:
        # Also without read permission: relative names then mean the same at every tier, and attempts there are reported.
        options += ["--dir", str(spec.repository)]
    for path in _mounts(spec):
        options += ["--ro-bind-try", path, path]
    for place in spec.path_access.writable:
        options += ["--bind", place.path, place.path]
    options += ["--bind", str(spec.temporary), str(spec.temporary)]
    options += ["--dev-bind", "/dev/null", "/dev/null"]
    options += ["--chdir", str(spec.temporary)]
    return [layers.bubblewrap, *options, "--", *python]


def setup_message(spec: SandboxSpec, layers: Layers) -> dict[str, Any]:
    """Return the first line that the sandbox is sent: what to confine itself to, and what to load then."""
    granted = spec.permissions
    known = _KNOWN_RIGHTS[min(layers.landlock, len(_KNOWN_RIGHTS) - 1)]
    handled = [known]
    handled += [3] if layers.landlock >= _NET_ABI else []
    handled += [3] if layers.landlock >= _SCOPE_ABI else []
    return {
        "limits": _limits(granted, layers.tier),
        "parent": os.getpid() if layers.tier is Tier.BASIC else 0,
        "handled": handled,
        "rules": [[path, rights & known, device, inode] for path, rights, device, inode in _rules(spec)],
        "filter": _filter(granted.pids > 1, bool(granted.exec), layers.landlock >= _SCOPE_ABI or layers.tier is Tier.STRONG).hex(),
        "path": [str(spec.copy), *([str(spec.requirements)] if spec.requirements else [])],
        "module": spec.module,
        "plugin": spec.plugin,
        "root": str(spec.repository),
        "temporary": str(spec.temporary),
        "network": spec.network,
        "observe": spec.observe,
    }


def sandbox_environment(spec: SandboxSpec) -> dict[str, str]:
    """Return the whole environment of the plugin: nothing of the host's but the granted names."""
    folders = dict.fromkeys(os.path.dirname(path) for path in programs(spec))
    private = str(spec.temporary)
    given = {name: spec.environment[name] for name in spec.permissions.env if name in spec.environment}
    return {**given, "PATH": ":".join(folders), "LANG": "C.UTF-8", "HOME": private, "TMPDIR": private}


def programs(spec: SandboxSpec) -> tuple[str, ...]:
    """Return the paths of the granted programs. Raises PluginRefused naming the ones that are not installed."""
    folders = [str(spec.requirements / "bin")] if spec.requirements else []
    search = absolute_entries(os.pathsep.join([*folders, spec.environment.get("PATH", os.defpath)]))
    found = {name: shutil.which(name, path=search) for name in spec.permissions.exec}
    missing = [f"exec {name}: there is no such program on the PATH" for name, path in found.items() if path is None]
    if missing:
        raise PluginRefused(missing, hint="install it, or take the permission out of plugins.lock")
    return tuple(os.path.abspath(path) for path in found.values() if path)


def _rules(spec: SandboxSpec) -> list[tuple[str, int, int, int]]:
    rules = [(_real(path), rights, 0, 0) for path, rights in _system_places(spec)]
    rules += [(_real(path), _READ, 0, 0) for path in _LIBRARIES]
    rules += [
        ("/dev/null", _READ_FILE | _WRITE_FILE, 0, 0),
        ("/dev/urandom", _READ_FILE, 0, 0),
        (str(spec.temporary), _CHANGE | _MAKE_SYM, 0, 0),
    ]
    rules += [(place.path, _READ_FILE, place.device, place.inode) for place in spec.path_access.readable]
    rules += [(place.path, _READ_DIR, place.device, place.inode) for place in spec.path_access.listable]
    for place in spec.path_access.writable:
        rights = _CHANGE if place.directory else _READ_FILE | _WRITE_FILE | _TRUNCATE
        rules.append((place.path, rights, place.device, place.inode))
    return [(path, rights if os.path.isdir(path) else rights & _FILE_RIGHTS, device, inode) for path, rights, device, inode in rules]


def _system_places(spec: SandboxSpec) -> list[tuple[str, int]]:
    """What Python, the plugin and its programs need to run at all: path and rights."""
    places = [(path, _READ) for path in (*_interpreter_places(), *_SYSTEM_FILES, str(spec.copy))]
    if spec.requirements:
        places.append((str(spec.requirements), _READ))
    if spec.permissions.net:
        places += [(path, _READ) for path in _CERTIFICATES]
    if spec.permissions.exec:
        places += [("/etc/ld.so.cache", _READ), *((loader, _READ_FILE | _EXECUTE) for loader in _loaders())]
    for path in programs(spec):
        places += [(name, _READ_FILE | _EXECUTE) for name in dict.fromkeys((path, os.path.realpath(path)))]
    return places


def _limits(granted: Permissions, tier: Tier) -> dict[str, int]:
    limits = {
        "AS": granted.memory,
        "CPU": int(granted.time * granted.pids) + 2,
        "FSIZE": LARGEST_SPACE,
        "NOFILE": 256,
        "CORE": 0,
        "MEMLOCK": 0,
        "MSGQUEUE": 0,
    }
    if granted.pids > 1:
        # In a user namespace the kernel counts only what runs there (bubblewrap's own two included), else all of the user's.
        limits["NPROC"] = granted.pids + (2 if tier is Tier.STRONG else _tasks_of_user())
    return limits


def _tasks_of_user() -> int:
    mine, count = os.geteuid(), 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == mine:
                    count += len(os.listdir(f"/proc/{name}/task"))
            except OSError:
                continue
    return count


def _mounts(spec: SandboxSpec) -> list[str]:
    """Return what has to be visible, few and large: each mount costs a tenth of a millisecond, and Landlock says what may be read."""
    wanted = [path for path in ("/usr", *_LIBRARIES, sys.base_prefix) if not os.path.islink(path)]
    wanted += [path for path, _ in _system_places(spec)]
    wanted += [place.path for place in (*spec.path_access.listable, *spec.path_access.readable)]
    folders = {path for path in wanted if os.path.isdir(path)}
    return [path for path in dict.fromkeys(wanted) if not any(str(parent) in folders for parent in Path(path).parents)]


@cache
def _filter(processes: bool, programs_too: bool, signals: bool) -> bytes:
    return build_filter(platform.machine(), processes=processes, programs=programs_too, signals=signals)


@cache
def _real(path: str) -> str:
    return os.path.realpath(path)


@cache
def _interpreter() -> str:
    return os.path.realpath(sys.executable)


@cache
def boot_code(*, trial: bool = False) -> bytes:
    """Return our code that runs inside, compiled, in the order of its imports; it is sent before the setup message."""
    folder = Path(inside.__file__).parent
    names = ("wire", "confine", "api", *(("trial",) if trial else ()), "start")
    sources = [(name, (folder / f"{name}.py").read_text(encoding="utf-8")) for name in names]
    return marshal.dumps(
        [(name, compile(source, f"core/plugins/sandbox/inside/{name}.py", "exec", optimize=2)) for name, source in sources]
    )


@cache
def _interpreter_places() -> tuple[str, ...]:
    # A virtual environment's own folder is not the library: it holds everything that was ever installed there.
    standard = {sysconfig.get_path(name, vars={"platbase": sys.base_exec_prefix}) for name in ("stdlib", "platstdlib")}
    folder = Path(sysconfig.get_config_var("LIBDIR") or "/usr/lib")
    shared = {str(path) for path in folder.glob("libpython*.so*")}
    return (_interpreter(), *sorted(os.path.realpath(path) for path in standard), *sorted(shared))


@cache
def _loaders() -> tuple[str, ...]:
    return tuple(sorted({os.path.realpath(path) for top in _LIBRARIES for path in Path(top).glob("ld-*.so*")}))
