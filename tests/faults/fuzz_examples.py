"""Good examples of everything that the tool reads, and pieces to spoil them with."""

from __future__ import annotations

import base64
import io
import json
import tarfile
import zipfile
from pathlib import Path

_ROOT = Path(__file__).parents[2]

_TASKS = (
    b"- id: a\n  description: 'first'  # why\n  command: make\n  retries: {limit: 2, delay: 1s}\n",
    (
        b'# head\n- id: &i b\n  description: >-\n    folded\n    text\n  status: "pending"\n  env: &e {A: b}\n'
        b"- {id: c, description: d, env: *e, dependencies: [*i], timeout: 90s, priority: high}\n"
    ),
    b"- ? id\n  : d\n  description: |+\n    keep\n\n  x-a:\n  - 1\n  - b: [c, {d: e}]\n  verify: [a, b]\n  cost: 1.5\n  manual: true\n",
)
_BASELINE = (
    b'{\n"version": 1,\n"findings": [\n{"metric":"complexity","path":"a.py","block":"f","score":12},\n{}\n]\n}\n',
    b'{"version": 1, "findings": [{}]}',
)
_MESSAGES = (
    b'{"message": "done", "ok": true, "data": {"a": [1, 2.5, null]}}',
    b'{"findings": [{"metric": "m", "path": "a.py", "message": "x", "line": 3, "score": 1.5}], "metrics": [{"name": "n", "value": 1}]}',
    b'{"content": "<html>", "media_type": "text/html"}',
    b'{"output": "x", "exit_code": 3, "data": {}}',
    b'{"payloadType": "t", "payload": "e30=", "signatures": [{"keyid": "k", "sig": "AAAA"}]}',
    json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "a.py", "digest": {"sha256": "00" * 32}, "annotations": {"executable": False}}],
            "predicateType": "t",
            "predicate": {
                "id": "p", "version": "1.0.0", "permissions": {}, "minimumHostVersion": "1", "manifest": {"sha256": "00" * 32},
                "certification": None, "issued": "2026-01-01T00:00:00Z", "expires": "2027-01-01T00:00:00Z",
            },
        }
    ).encode(),
)  # fmt: skip

_GRANTED = {"fs": {"read": ["src/**"], "write": ["out.md"]}, "net": ["a.org:443"], "time": "5s", "memory": "64MiB", "pids": 1}
_LOCKED = {"version": "1.0.0", "digest": "0" * 64, "signer": "0" * 32, "permissions": _GRANTED}
_KEY = base64.b64encode(bytes(32)).decode()


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _zip(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def _tar(packing: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=f"w:{packing}") as archive:
        archive.addfile(tarfile.TarInfo("p/manifest.json"), io.BytesIO(b""))
    return packed.getvalue()


EXAMPLES: dict[str, tuple[bytes, ...]] = {
    "tasks": (*_TASKS, (_ROOT / "tasks.yml").read_bytes()),
    "config": (
        (_ROOT / "config.yaml").read_bytes(),
        b"jobs: 4\nbudget: {cost: 10, time: 2h}\naudit:\n  exclude: ['build/**']\nlog: {limit: 1MiB}\n",
    ),
    "manifest": tuple(path.read_bytes() for path in sorted((_ROOT / "plugins").glob("*/manifest.json"))),
    "baseline": _BASELINE,
    "message": _MESSAGES,
    "lock": (
        _json({"version": 1, "plugins": {"p": {"version": "1.0.0", "digest": "0" * 64, "signer": "0" * 32, "permissions": _GRANTED}}}),
    ),
    "trust": (
        _json(
            {
                "version": 1,
                "keys": [{"public": _KEY, "name": "n", "roles": ["author"], "scopes": ["*"], "not_before": None, "not_after": 1900000000}],
                "revoked": [{"target": "0" * 32, "reason": "r", "at": 1, "by": "me"}],
                "list_number": 3,
                "list_expires": 1800000000,
            }
        ),
    ),
    "revocations": (_json({"number": 1, "expires": "2027-01-01T00:00:00Z", "targets": {"0" * 32: "why"}}), _MESSAGES[4]),
    "certificate": (_MESSAGES[4], _json({"payloadType": "t", "payload": "eyJ0cmVlIjoiYSIsInZlcmRpY3QiOiJwYXNzZWQifQ==", "signatures": []})),
    "osv": (
        _json({"id": "X", "summary": "s", "affected": [{"package": {"name": "a", "ecosystem": "PyPI"}, "versions": ["1.0"]}]}),
        _json(
            {
                "id": "X",
                "affected": [
                    {
                        "package": {"name": "a", "ecosystem": "PyPI"},
                        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.5"}]}],
                    }
                ],
            }
        ),
        _zip({"a.json": b"{}"}),
    ),
    "comments": (
        b"# orchestrator: accept maintainability - generated\n@d  # noqa: E1, F2\ndef f():  # orchestrator: accept complexity: x\n  pass\n",
        b"x = 1  # type: ignore[a]\nclass A:\n    # orchestrator: accept cognitive\n    def f(self): ...  # pragma: no cover\n" * 2,
        b'[tool.ruff.lint]\nignore = ["E1"]\n[tool.mypy]\nstrict = true\n[[tool.mypy.overrides]]\nmodule = "a"\nignore_errors = true\n',
        b"[flake8]\nignore = E1,\n  W5\nmax-complexity = 9\n[mypy]\nstrict = True\n",
    ),
    "archive": (_zip({"p/manifest.json": b"{}"}), _tar(""), _tar("gz"), _tar("bz2"), _tar("xz")),
}

_WORDS = (
    *("- ", "  ", "\n", "\r\n", "\r", "\t", ": ", ":", ", ", ",", "[", "]", "{", "}", "#", " # ", "'", '"', "|", ">-", '{"', '":', '"}'),
    *("&a ", "*a", "!t ", "!!str ", "!!python/object:os.system ", "!!binary ", "!!timestamp ", "? ", "---\n", "...\n", "%YAML 1.2\n"),
    *("%TAG ! x\n", "<<: *a", "<<", "~", "id", "description", "status", "done", "on", "no", "1:30", "0x1f", "1e999", "-1", ".inf", ".nan"),
    *("9" * 400, "NaN", "Infinity", "true", "null", "2026-01-01", "9999-12-31T23:59:59Z", "..", "/etc/passwd", "a" * 3000),
    *(
        "é",
        "\ufeff",
        "\x85",
        "\u2028",
        "\x00",
        "\x07",
        "\x1b[2J",
        "\x7f",
        "\\",
        "\\x",
        "\\u0000",
        "\\ud800",
        "\ud800",
        "\udfff",
        "\U0010ffff",
    ),
    *("<<<<<<< mine\n", "=======\n", ">>>>>>> theirs\n"),
)

PIECES = tuple(word.encode("utf-8", "surrogatepass") for word in _WORDS)
