"""Certification: what a plugin is made of, what its tests use, and a report that only a trusted certifier can make count."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import pytest

from core.plugins.certification.pipeline import certify_plugin, write_report
from core.plugins.host.requirements import read_pins
from core.plugins.rules.source_rules import source_stage
from core.plugins.sandbox.layers import Tier, sandbox_layers
from core.plugins.signing.keys import public_key_of

SOURCE = "def run(context):\n    return {'message': open(context.path('a.txt')).read()}\n"
TEST = """import unittest

from sample import run

from core.plugins.api import context_for_test


class TestSample(unittest.TestCase):
    def test_it_reads(self) -> None:
        self.assertEqual(run(context_for_test("task")), {"message": "A"})
"""
PIN = "leftpad==1.0.0 --hash=sha256:" + "a" * 64 + "\n"


@pytest.fixture
def tested(world):
    world.write_plugin(SOURCE, permissions={"fs": {"read": ["*.txt"]}})
    (world.folder / "tests" / "repository").mkdir(parents=True)
    (world.folder / "tests" / "repository" / "a.txt").write_text("A")
    (world.folder / "tests" / "test_sample.py").write_text(TEST)
    return world


def certify(world, layers=None, **options):
    if sandbox_layers().tier is Tier.NONE:
        pytest.skip("; ".join(sandbox_layers().lines()))
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(world.top / "home")}
    return certify_plugin(world.folder, places=world.places, layers=layers or sandbox_layers(), environment=environment, now=5.0, **options)


def stage(report, name):
    return next(stage for stage in report.stages if stage.name == name)


def test_a_good_plugin_passes_and_its_tests_ran_confined(tested):
    report = certify(tested)
    assert report.verdict == "passed", report.to_json()
    assert stage(report, "tests").notes == (f"1 tests in the {sandbox_layers().tier} sandbox",)
    assert stage(report, "permissions used").verdict == "passed"


def test_what_the_tests_may_not_touch_is_denied_and_told(tested):
    (tested.folder / "tests" / "repository" / "secret.key").write_text("S")
    (tested.folder / "sample.py").write_text(SOURCE.replace("a.txt", "secret.key"))
    report = certify(tested)
    assert report.verdict == "failed"
    assert "tried and denied: read secret.key" in stage(report, "permissions used").notes
    assert "asked for, not used by its tests: read *.txt" in stage(report, "permissions used").notes


TRYING = """import os, socket, subprocess, threading
from core.plugins.api import Denied

def attempt(function, *arguments):
    try:
        function(*arguments)
        return 'done'
    except (OSError, Denied, RuntimeError):
        return 'denied'

def run(context):
    told = [
        attempt(open, '/etc/shadow'),
        attempt(open, '/etc/passwd', 'ab'),
        attempt(os.open, context.path('a.txt'), os.O_RDONLY),
        attempt(open, 'out.txt', 'w'),
        attempt(os.listdir, context.root),
        attempt(os.mkdir, 'made'),
        attempt(os.rename, 'a.txt', 'b.txt'),
        attempt(socket.create_connection, ('127.0.0.1', 9), 0.1),
        attempt(context.connect, 'example.org', 443),
        attempt(subprocess.run, ['git']),
        attempt(os.fork),
    ]
    inside = os.path.join(context.temporary, 'own')
    with open(inside, 'w') as stream:
        stream.write('x')
    a, b = socket.socketpair()
    socket.socket(fileno=a.detach())
    return {'message': ' '.join(sorted(set(told)))}
"""
DENIED = {
    "read /etc/shadow",
    "write /etc/passwd",
    "read a.txt",
    "write out.txt",
    "list .",
    "change made",
    "change a.txt",
    "change b.txt",
    "net 127.0.0.1:9",
    "net a socket of its own",
    "net example.org:443",
    "exec git",
    "start a process",
}


@pytest.mark.parametrize("tier", [Tier.STRONG, Tier.BASIC])
def test_everything_that_python_code_tries_without_permission_is_told(tested, tier):
    layers = sandbox_layers()
    if layers.tier is not Tier.STRONG and tier is Tier.STRONG:
        pytest.skip("; ".join(layers.lines()))
    if tier is Tier.BASIC:
        layers = replace(layers, bubblewrap="", bubblewrap_problem="left out")
    tested.write_plugin(TRYING)
    (tested.folder / "tests" / "test_sample.py").write_text(
        TEST.replace('"task")', '"task", temporary=tempfile.gettempdir())')
        .replace('"A"', '"denied"')
        .replace("import unittest", "import tempfile\nimport unittest")
    )
    report = certify(tested, layers=layers)
    assert report.verdict == "passed", report.to_json()
    assert set(stage(report, "permissions used").notes) == {f"tried and denied: {item}" for item in DENIED}


def test_looking_for_what_a_glob_grants_is_not_denied_where_nothing_is(tested):
    tested.write_plugin(
        "from pathlib import Path\ndef run(c):\n    list(Path(c.root, 'src').rglob('*.py'))\n    return {'message': 'A'}\n",
        permissions={"fs": {"read": ["src/**/*.py"]}},
    )
    assert stage(certify(tested), "permissions used").notes == ("asked for, not used by its tests: read src/**/*.py",)


def test_an_address_that_is_asked_for_counts_as_used_and_another_one_as_denied(tested):
    tested.write_plugin(
        TRYING.replace("subprocess.run, ['git']", "context.connect, 'example.net', 80"), permissions={"net": ["*.org:443", "a.example:1"]}
    )
    (tested.folder / "tests" / "test_sample.py").write_text(
        TEST.replace('"task")', '"task", temporary=tempfile.gettempdir())')
        .replace('"A"', '"denied"')
        .replace("import unittest", "import tempfile\nimport unittest")
    )
    notes = stage(certify(tested), "permissions used").notes
    assert "asked for, not used by its tests: net a.example:1" in notes
    assert "asked for, not used by its tests: net *.org:443" not in notes
    assert "tried and denied: net example.net:80" in notes
    assert "tried and denied: net example.org:443" not in notes


def test_a_plugin_without_tests_is_not_certified(world):
    world.write_plugin(SOURCE)
    assert stage(certify(world), "tests").notes == ("it has no tests/test_*.py",)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import ctypes\n", "sample.py:1:1: import ctypes: native code"),
        ("from importlib import import_module\n", "sample.py:1:1: import importlib: loads code that cannot be read here"),
        ("x = __import__('o' + 's')\n", "sample.py:1:5: __import__() runs what cannot be read here"),
        ("\n\neval('1')\n", "sample.py:3:1: eval() runs what cannot be read here"),
        ("e = __builtins__\n", "sample.py:1:5: __builtins__ reaches behind what can be read here"),
        ("().__class__.__base__.__subclasses__()\n", "sample.py:1:1: .__subclasses__ reaches behind what can be read here"),
        ("from core.planner import Planner\n", "sample.py:1:1: import core.planner: of ours, a plugin may import only core.plugins.api"),
        ("import builtins\n", "sample.py:1:1: import builtins: loads code that cannot be read here"),
        ("from builtins import exec as e\n", "sample.py:1:1: import builtins: loads code that cannot be read here"),
        ("run = exec\n", "sample.py:1:7: exec() runs what cannot be read here"),
        ("import os, sys\nsys.modules['posix']\n", "sample.py:2:1: sys.modules reaches modules that are not imported here"),
        ("import sys as s\ns.modules.get('posix')\n", "sample.py:2:1: sys.modules reaches modules that are not imported here"),
        ("import os\nos.sys.modules['posix']\n", "sample.py:2:1: sys.modules reaches modules that are not imported here"),
        ("from sys import modules as m\n", "sample.py:1:1: sys.modules reaches modules that are not imported here"),
        ("getattr(print, '__self__')\n", "sample.py:1:16: '__self__' names what lies behind what can be read here"),
        ("x = getattr(b, 'eval')\n", "sample.py:1:5: eval() runs what cannot be read here"),
        ("import sys\nsys._getframe().f_builtins\n", "sample.py:2:1: ._getframe reaches behind what can be read here"),
        ("def f(:\n", "sample.py:1:0: cannot be read as Python: invalid syntax"),
    ],
)
def test_code_that_hides_what_it_runs_is_found_at_its_place(source, told):
    judged = source_stage({"sample.py": source.encode()})
    assert judged.verdict == "failed"
    assert told in judged.notes


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("getattr(x, 'ev' + 'al')\n", "sample.py:1:1: getattr() with a computed name reaches what is not named here"),
        ("import operator\noperator.attrgetter(n)(x)\n", "sample.py:2:1: attrgetter() with a computed name reaches what is not named here"),
        ("vars(x)['a']\n", "sample.py:1:1: vars() reaches what is not named here"),
        ("globals()[n]\n", "sample.py:1:1: globals() reaches what is not named here"),
        ("x.__dict__\n", "sample.py:1:1: .__dict__ reaches what is not named here"),
        ("import sys\nfor m in list(sys.modules): pass\n", "sample.py:2:15: sys.modules reaches modules that are not imported here"),
    ],
)
def test_what_honest_code_does_too_is_for_a_person_to_look_at(source, told):
    judged = source_stage({"sample.py": source.encode()})
    assert (judged.verdict, judged.notes) == ("warned", (told,))


def test_native_code_is_found_whatever_it_is_called():
    assert source_stage({"a.txt": b"\x7fELF...", "b.so": b""}).notes == ("a.txt: native code", "b.so: native code")


def test_ordinary_code_passes():
    code = (
        b"import os\nfrom core.plugins.api import Context\nfrom core.plugins import api\n\ndef run(c):\n    return getattr(os, 'environ')\n"
    )
    assert source_stage({"sample.py": code}).verdict == "passed"


def test_requirements_are_pins_with_hashes():
    pins, problems = read_pins(
        PIN + "# a comment\nother>=1\nthird==2.0\nfourth==1 \\\n    --hash=sha256:" + "b" * 64 + "  # why\n-e .\n", "r.txt"
    )
    assert [(pin.name, pin.version, pin.line) for pin in pins] == [("leftpad", "1.0.0", 1), ("fourth", "1", 5)]
    assert problems == (
        "r.txt:3: not a pin: write name==version --hash=sha256:…",
        "r.txt:4: third has no sha256 hash: add --hash=sha256:…",
        "r.txt:7: not a pin: write name==version --hash=sha256:…",
    )


@pytest.mark.parametrize(
    ("affected", "hit"),
    [
        ({"versions": ["1.0.0"]}, True),
        ({"versions": ["0.9"]}, False),
        ({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.0.1"}]}]}, True),
        ({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.0.0"}]}]}, False),
        ({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0.5"}, {"last_affected": "1.0"}]}]}, True),
    ],
)
def test_a_known_flaw_of_a_pinned_version_fails(tested, tmp_path, affected, hit):
    tested.write_plugin(SOURCE, requirements="requirements.txt")
    (tested.folder / "requirements.txt").write_text(PIN)
    entry = {"id": "PYSEC-1", "summary": "bad", "affected": [{"package": {"ecosystem": "PyPI", "name": "LeftPad"}, **affected}]}
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("PYSEC-1.json", json.dumps(entry))
    found = stage(certify(tested, osv=archive), "known flaws")
    assert ("leftpad 1.0.0: PYSEC-1 bad" in found.notes) is hit


def test_a_plugin_counts_as_certified_only_by_a_trusted_certifier_and_for_these_files(tested):
    certifier = tested.new_key("certifier")
    write_report(tested.folder, certify(tested), certifier)
    tested.sign()
    trusting = tested.trust.with_key(public_key_of(certifier, "certifier"), ["certifier"], ["*"], None)
    assert tested.verify(trust=trusting, require="certified").reasons == ()
    assert "no certifier in the trust store" in tested.verify(require="certified").reasons[0]
    as_author = tested.trust.with_key(public_key_of(certifier, "x"), ["author"], ["*"], None)
    assert "is not trusted as certifier" in tested.verify(trust=as_author, require="certified").reasons[0]
    (tested.folder / "sample.py").write_text(SOURCE + "\n")
    tested.sign()
    assert tested.verify(trust=trusting, require="certified").reasons == ("not certified: the report is about other files",)
