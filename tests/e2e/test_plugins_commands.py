"""``orchestrator plugins …`` as people and scripts use it: real processes, a home of their own."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.plugins.sandbox.layers import Tier, sandbox_layers
from tests.waiting import TIMEOUT


@dataclass
class Shell:
    """A repository and a home that nobody else uses."""

    top: Path
    #: Run the tool from here instead of the installed command.
    package: Path | None = None

    @property
    def repository(self) -> Path:
        return self.top / "repository"

    def __call__(self, *words: str, ok: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.top / "home"), "LANG": "C.UTF-8", **variables}
        environment |= {name: os.environ[name] for name in ("PIP_INDEX_URL", "PIP_CONFIG_FILE", "PIP_FIND_LINKS") if name in os.environ}
        command = [str(Path(sys.executable).parent / "orchestrator"), *([] if words[0] == "x" else ["plugins"]), *words]
        if self.package:
            environment["PYTHONPATH"] = str(self.package)
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
            command = [sys.executable, "-m", "core", "plugins", *words]
        done = subprocess.run(command, cwd=self.repository, env=environment, capture_output=True, text=True, check=False)
        assert not ok or done.returncode == 0, done.stdout + done.stderr
        assert "/core/cli/" not in done.stderr  # no traceback of ours
        return done

    def json(self, *words: str, ok: bool = True):
        return json.loads(self(*words, "--json", ok=ok).stdout)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    if sandbox_layers().tier is Tier.NONE:
        pytest.skip("; ".join(sandbox_layers().lines()))
    made = Shell(tmp_path)
    made.repository.mkdir()
    (tmp_path / "home").mkdir()
    return made


@pytest.fixture
def signed(shell: Shell) -> Shell:
    """A plugin ``hello`` of an author who is trusted; it is not granted anything yet."""
    shell("new", "hello", "--kind", "command")
    shell("keygen", str(shell.top / "me"))
    shell("sign", "plugins/hello", "--key", str(shell.top / "me"))
    shell("trust", str(shell.top / "me.pub"), "--scope", "hello")
    return shell


def test_a_plugin_runs_only_after_it_was_granted(signed: Shell):
    refused = signed("run", "hello", "--as", "command", "hi", ok=False)
    assert refused.returncode == 2
    assert "nobody has granted its permissions" in refused.stderr
    assert "orchestrator plugins trust hello" in refused.stderr
    asked = signed("trust", "hello", ok=False)
    assert asked.returncode == 2
    assert "--yes" in asked.stderr
    signed("trust", "hello", "--yes")
    assert signed("run", "hello", "--as", "command", "hi", "there").stdout == "hi there\n"
    assert signed("x", "hello", "hi", "there").stdout == "hi there\n"
    assert "there are: hello" in signed("x", "helo", ok=False).stderr


def test_a_plugin_that_is_stopped_leaves_nothing_behind(signed: Shell):
    (signed.repository / "plugins/hello/hello.py").write_text(
        "import time\n\n\ndef run(context):\n    context.log('up')\n    time.sleep(1000)\n"
    )
    signed("sign", "plugins/hello", "--key", str(signed.top / "me"))
    signed("trust", "hello", "--yes")
    temporary = signed.top / "tmp"
    temporary.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(signed.top / "home"), "TMPDIR": str(temporary)}
    command = [str(Path(sys.executable).parent / "orchestrator"), "plugins", "run", "hello", "--as", "command"]
    with subprocess.Popen(command, cwd=signed.repository, env=environment, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        assert running.stderr.readline() == "up\n"
        assert list(temporary.iterdir())
        running.terminate()
        assert running.wait(TIMEOUT) == 143
    assert list(temporary.iterdir()) == []


def test_every_kind_is_scaffolded_with_a_test_that_passes(shell: Shell):
    for kind in ("task", "auditor", "reporter", "listener", "command"):
        shell("new", f"a_{kind}", "--kind", kind)
        assert shell.json("certify", f"plugins/a_{kind}")["verdict"] == "passed"


def test_json_everywhere(signed: Shell):
    assert "hello" in [row["id"] for row in signed.json("list")]
    assert signed.json("show", "hello")["granted"] is None
    assert signed.json("verify", "hello")["verified"] is True
    assert signed.json("trust", "hello", "--yes")["granted"] is True
    assert signed.json("run", "hello", "x", "--as", "command")["result"] == {"output": "x\n"}
    assert len(signed.json("keygen", str(signed.top / "other"))["id"]) == 32
    assert len(signed.json("sign", "plugins/hello", "--key", str(signed.top / "me"))["digest"]) == 64


def test_a_private_key_is_closed_to_others_and_never_overwritten(shell: Shell):
    shell("keygen", str(shell.top / "me"))
    assert (shell.top / "me").stat().st_mode & 0o777 == 0o600
    assert "a key is never overwritten" in shell("keygen", str(shell.top / "me"), ok=False).stderr


def test_revoking_a_key_stops_its_plugins_for_ever(signed: Shell):
    signed("trust", "hello", "--yes")
    signed("revoke", str(signed.top / "me.pub"), "--reason", "stolen")
    assert "was revoked on" in signed("run", "hello", "--as", "command", ok=False).stderr
    assert "is revoked" in signed("trust", str(signed.top / "me.pub"), "--scope", "*", ok=False).stderr


def test_a_published_list_of_revocations_is_taken_from_a_trusted_revoker_and_never_an_older_one(signed: Shell):
    signed("trust", "hello", "--yes")
    signed("keygen", str(signed.top / "revoker"))
    digest = signed.json("verify", "hello")["digest"]
    one, two = str(signed.top / "one.list"), str(signed.top / "two.list")
    publish = ("--publish", two, "--key", str(signed.top / "revoker"), "--reason", "it leaks")
    signed("revoke", "f" * 64, *publish)
    shutil.copy(two, one)
    assert signed.json("revoke", digest, *publish)["number"] == 2
    assert "no trusted revoker" in signed("revoke", two, ok=False).stderr
    signed("trust", str(signed.top / "revoker.pub"), "--role", "revoker")
    assert signed("revoke", two).stdout == "took list 2: 2 more revoked\n"
    assert "this state of hello was revoked" in signed("run", "hello", "--as", "command", ok=False).stderr
    assert "list 1 is older than list 2" in signed("revoke", one, ok=False).stderr
    assert "not one that this key signed" in signed("revoke", digest, "--publish", two, "--key", str(signed.top / "me"), ok=False).stderr


def test_an_archive_is_installed_granted_run_and_removed(signed: Shell):
    (signed.repository / "plugins" / "hello").rename(signed.top / "hello")
    with tarfile.open(signed.top / "hello.tar.gz", "w:gz") as archive:
        archive.add(signed.top / "hello", "hello")
    signed("install", str(signed.top / "hello.tar.gz"))
    assert {row["id"]: row["origin"] for row in signed.json("list")}["hello"] == "installed"
    signed("trust", "hello", "--yes")
    assert signed("run", "hello", "x", "--as", "command").stdout == "x\n"
    assert json.loads((signed.repository / "plugins.lock").read_text())["plugins"]["hello"]["version"] == "0.1.0"
    signed("remove", "hello")
    assert not (signed.repository / "plugins.lock").exists()
    assert [row["id"] for row in signed.json("list") if row["id"] == "hello"] == []


def member(name: str, **attributes: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in attributes.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (member("../evil.py"), "not a plain name"),
        (member("/tmp/evil.py"), "not a plain name"),
        (member("a/../../evil.py"), "not a plain name"),
        (member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "neither a plain file nor a folder"),
        (member("hard", type=tarfile.LNKTYPE, linkname="manifest.json"), "neither a plain file nor a folder"),
        (member("pipe", type=tarfile.FIFOTYPE), "neither a plain file nor a folder"),
        (member("root", mode=0o4755), "neither a plain file nor a folder"),
        (member("x/__pycache__/a.pyc"), "compiled code is never part"),
    ],
    ids=lambda value: value.name if isinstance(value, tarfile.TarInfo) else "",
)
def test_a_hostile_archive_writes_nothing(shell: Shell, info: tarfile.TarInfo, reason: str):
    with tarfile.open(shell.top / "evil.tar", "w") as archive:
        archive.addfile(info, io.BytesIO())
    done = shell("install", str(shell.top / "evil.tar"), ok=False)
    assert done.returncode == 2
    assert reason in done.stderr
    assert not list(shell.top.rglob("evil.py"))


def test_an_archive_that_unpacks_to_too_much_is_stopped(shell: Shell):
    with zipfile.ZipFile(shell.top / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"0" * (17 << 20))
    assert "too large" in shell("install", str(shell.top / "bomb.zip"), ok=False).stderr


@pytest.fixture
def own_copy(shell: Shell) -> Shell:
    """The tool itself, copied: signing its bundled plugins must not touch the checkout that is tested."""
    root = Path(__file__).resolve().parents[2]
    skipped = shutil.ignore_patterns("__pycache__", "signature.json", "release_key.json")
    for name in ("core", "plugins"):
        shutil.copytree(root / name, shell.top / "copy" / name, ignore=skipped)
    shell.package = shell.top / "copy"
    return shell


def test_bundled_plugins_are_signed_with_a_key_of_this_machine_and_only_once(own_copy: Shell):
    first, second = own_copy.json("sign", "--bundled"), own_copy.json("sign", "--bundled")
    assert set(first["plugins"]) >= {"changelog", "dependency_graph", "notify"}
    assert all(first["plugins"].values())
    assert not any(second["plugins"].values())
    assert first["key"] == second["key"]
    for name in first["plugins"]:
        assert own_copy.json("verify", name)["verified"] is True


def test_an_installed_release_is_verified_by_its_own_key_on_a_machine_that_has_seen_none(own_copy: Shell):
    own_copy("keygen", str(own_copy.top / "release"))
    own_copy("sign", "--bundled", "--release", PLUGIN_SIGNING_KEY=str(own_copy.top / "release"))
    for secret in ("home", "release", "release.pub"):
        path = own_copy.top / secret
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert own_copy.json("verify", "notify", ok=False)["verified"] is False  # in a checkout that key means nothing
    (own_copy.package / "plugins").rename(own_copy.package / "core" / "bundled_plugins")
    assert own_copy.json("verify", "notify")["verified"] is True
    source = own_copy.package / "core" / "bundled_plugins" / "notify" / "notify.py"
    (source.parent / "__pycache__").mkdir()  # as pip leaves it
    (source.parent / "__pycache__" / "notify.cpython-311.pyc").write_bytes(b"evil")
    own_copy("trust", "notify", "--yes")
    assert "nowhere to send to" in own_copy("run", "notify", "--as", "command", ok=False).stderr
    assert not list((own_copy.top / "home").rglob("*.pyc"))
    source.write_text(source.read_text() + "#")
    assert own_copy.json("verify", "notify", ok=False)["reasons"] == ["notify.py: content differs from what was signed"]


def test_an_old_commits_plugin_and_lock_run_only_when_they_are_wanted(signed: Shell):
    def git(*words: str) -> None:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *words], cwd=signed.repository, check=True, capture_output=True)

    def commit(version: str) -> None:
        git("add", ".")
        git("commit", "-q", "-m", version)

    git("init", "-q")
    signed("trust", "hello", "--yes")
    commit("0.1.0")
    manifest = signed.repository / "plugins" / "hello" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"version": "0.1.0"', '"version": "0.2.0"'))
    signed("sign", "plugins/hello", "--key", str(signed.top / "me"))
    signed("trust", "hello", "--yes")
    commit("0.2.0")
    run = ("run", "hello", "--as", "command", "hi")
    assert signed(*run).stdout == "hi\n"
    git("checkout", "-q", "HEAD~1")
    assert "a replayed old version" in signed(*run, ok=False).stderr
    refused = signed("trust", "hello", "--yes", ok=False)
    assert "orchestrator plugins trust hello --older" in refused.stderr
    signed("trust", "hello", "--older", "--yes")
    assert signed(*run).stdout == "hi\n"


def test_arguments_that_a_task_would_ignore_are_refused(signed: Shell):
    refused = signed("run", "hello", "a", "b", ok=False)
    assert refused.returncode == 2
    assert "a task takes no arguments: a b" in refused.stderr
    assert "--as command" in refused.stderr


def test_what_a_plugin_calls_the_callers_mistake_is_told_without_a_traceback(signed: Shell):
    (signed.repository / "plugins/hello/hello.py").write_text(
        "from core.plugins.api import Mistake\n\n\ndef run(context):\n    raise Mistake('no such greeting: hullo')\n"
    )
    signed("sign", "plugins/hello", "--key", str(signed.top / "me"))
    signed("trust", "hello", "--yes")
    refused = signed("x", "hello", "hullo", ok=False)
    assert refused.returncode == 1
    assert refused.stderr == "error: plugin hello: no such greeting: hullo\n"


def test_a_failure_that_a_plugin_reports_is_exit_code_1(signed: Shell):
    folder = signed.repository / "plugins/hello"
    (folder / "hello.py").write_text("def run(context):\n    return {'message': 'no luck', 'ok': False}\n")
    (folder / "manifest.json").write_text((folder / "manifest.json").read_text().replace('"kind": "command"', '"kind": "task"'))
    signed("sign", "plugins/hello", "--key", str(signed.top / "me"))
    signed("trust", "hello", "--yes")
    failed = signed("run", "hello", ok=False)
    assert (failed.returncode, failed.stdout) == (1, "no luck\n"), failed.stderr


@pytest.mark.parametrize("name", ["core", "json"])
def test_a_plugin_is_not_called_what_python_or_the_tool_call_a_module(shell: Shell, name: str):
    refused = shell("new", name, ok=False)
    assert refused.returncode == 2
    assert f"{name} cannot be a plugin's id" in refused.stderr
    assert not (shell.repository / "plugins" / name).exists()
    shell("new", "mine")
    manifest = shell.repository / "plugins" / "mine" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"entry_point": "mine"', f'"entry_point": "{name}"'))
    assert f"entry_point: {name} is a module" in shell("certify", "plugins/mine", ok=False).stdout
