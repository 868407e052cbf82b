"""plugins/ and plugins.lock: grants that nobody gave, and folders that are no plugins."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket

from tests.security.repository import HOSTILE_LINES, HOSTILE_TEXT, Repository
from tests.security.trick import Tricks

PLUGINS = Tricks()
_EVERYTHING = {
    "fs": {"read": ["**"], "write": ["src/**"]},
    "net": ["*:*"],
    "exec": ["sh"],
    "env": ["HOME"],
    "time": "1h",
    "memory": "1GiB",
    "pids": 100,
}
_FOLDER = "plugins/hostile"


def _manifest(**changes: object) -> str:
    kinds = ("task", "auditor", "reporter", "listener", "command")
    return json.dumps(
        {
            "id": "hostile",
            "version": "1.0.0",
            "description": "Does harm.",
            "authors": ["A stranger"],
            "license": "MIT",
            "minimum_host_version": "0.1.0",
            "entry_point": "hostile",
            "provides": [{"kind": kind, "contract": 1} for kind in kinds],
            "permissions": _EVERYTHING,
            **changes,
        }
    )


def _plugin(repository: Repository, **changes: object) -> None:
    repository.write(f"{_FOLDER}/manifest.json", _manifest(**changes))
    repository.write(f"{_FOLDER}/hostile.py", f"import os\nos.system('echo ran >> {repository.outside}/RAN')\n")


def _lock(**plugins: object) -> str:
    return json.dumps({"version": 1, "plugins": plugins})


def _grant(**changes: object) -> dict[str, object]:
    return {"version": "1.0.0", "digest": "0" * 64, "signer": "1" * 32, "permissions": _EVERYTHING, **changes}


@PLUGINS.add
def lock_is_a_pipe(repository: Repository) -> None:
    repository.pipe("plugins.lock")


@PLUGINS.add
def lock_leads_to_a_device(repository: Repository) -> None:
    repository.link("plugins.lock", "/dev/zero")
    repository.commit()


@PLUGINS.add
def lock_is_too_large(repository: Repository) -> None:
    repository.sparse("plugins.lock", 10 << 30)


@PLUGINS.add
def lock_is_deep(repository: Repository) -> None:
    repository.write("plugins.lock", '{"version": 1, "plugins": ' + "[" * 300_000)
    repository.commit()


@PLUGINS.add
def lock_has_a_great_many_bad_entries(repository: Repository) -> None:
    repository.write("plugins.lock", _lock(**{f"p{n}": {"version": n, "digest": [], "x": {}} for n in range(100_000)}))


@PLUGINS.add
def lock_says_hostile_things(repository: Repository) -> None:
    repository.write(
        "plugins.lock", _lock(**{HOSTILE_TEXT: _grant(), HOSTILE_LINES: _grant(version=HOSTILE_LINES), "hostile": {HOSTILE_TEXT: 1}})
    )
    repository.commit()


@PLUGINS.add
def plugin_grants_itself_everything(repository: Repository) -> None:
    _plugin(repository)
    repository.write("plugins.lock", _lock(hostile=_grant()))
    repository.write("config.yaml", "plugins:\n  hostile: {go: true}\n")
    repository.commit()


@PLUGINS.add
def plugin_is_signed_by_a_stranger(repository: Repository) -> None:
    """The stranger's own trust store and keys lie in the repository, where a careless host would look for them."""
    _plugin(repository)
    from core.plugins.signing.keys import generate_key, load_private_key, public_key_of
    from core.plugins.signing.signing import sign_plugin

    folder = repository.root / _FOLDER
    keys = repository.root / ".config/orchestrator/keys"
    keys.mkdir(parents=True)
    generate_key(keys / "stranger", "stranger")
    private = load_private_key(str(keys / "stranger"), {})
    sign_plugin(folder, private, 1_700_000_000.0)
    signed = base64.b64decode(json.loads((folder / "signature.json").read_bytes())["payload"])
    digest = hashlib.sha256(signed).hexdigest()
    repository.write("plugins.lock", _lock(hostile=_grant(digest=digest, signer=public_key_of(private, "stranger").id)))
    repository.commit()


@PLUGINS.add(plugin="changelog")
def plugin_calls_itself_as_a_bundled_one(repository: Repository) -> None:
    repository.write("plugins/changelog/manifest.json", _manifest(id="changelog"))
    repository.write("plugins/changelog/changelog.py", "raise SystemExit\n")
    repository.write("plugins.lock", _lock(changelog=_grant()))
    repository.write("plugins/release_key.json", json.dumps({"public": "A" * 43, "name": "release"}))
    repository.commit()


@PLUGINS.add
def manifest_is_a_pipe(repository: Repository) -> None:
    repository.pipe(f"{_FOLDER}/manifest.json")
    repository.write("plugins.lock", _lock(hostile=_grant()))


@PLUGINS.add
def manifest_leads_to_a_device(repository: Repository) -> None:
    repository.link(f"{_FOLDER}/manifest.json", "/dev/zero")
    repository.write("plugins.lock", _lock(hostile=_grant()))


@PLUGINS.add
def manifest_is_too_large(repository: Repository) -> None:
    repository.sparse(f"{_FOLDER}/manifest.json", 10 << 30)


@PLUGINS.add
def manifest_is_deep(repository: Repository) -> None:
    repository.write(f"{_FOLDER}/manifest.json", '{"config":' * 100_000)


@PLUGINS.add
def manifest_says_hostile_things(repository: Repository) -> None:
    _plugin(repository, description=HOSTILE_LINES, authors=[HOSTILE_LINES] * 50, license=HOSTILE_TEXT, requirements=HOSTILE_TEXT)
    repository.write("plugins/other/manifest.json", _manifest(id="other", description=HOSTILE_TEXT, authors=[HOSTILE_TEXT]))
    repository.write("plugins/::planted::/manifest.json", _manifest(id="::planted::"))


@PLUGINS.add
def manifest_has_a_hostile_schema(repository: Repository) -> None:
    """Schemas of a plugin's settings: patterns that backtrack, references to elsewhere and to themselves."""
    schema = {
        "type": "object",
        "$ref": "http://127.0.0.1:9/schema.json",
        "properties": {
            "a": {"type": "string", "pattern": "^(a+)+$"},
            "b": {"$ref": "#/properties/b"},
            "c": {"$ref": "file:///etc/passwd"},
            "d": {"pattern": "(" * 500},
        },
    }
    _plugin(repository, config=schema)
    repository.write("config.yaml", f"plugins:\n  hostile: {{a: {'a' * 60}!, b: {{b: 1}}, c: 1, d: x}}\n")
    repository.write("plugins.lock", _lock(hostile=_grant()))


@PLUGINS.add
def manifest_has_patterns_that_explode(repository: Repository) -> None:
    """One manifest that must be refused for its pattern, and one whose dear pattern is taken and used a thousand times."""
    _plugin(repository, config={"properties": {"a": {"pattern": "^(a+)+$"}}})
    dear = _manifest(id="dear", config={"properties": {"a": {"items": {"pattern": "^.*a.*!b$"}}}})
    repository.write("plugins/dear/manifest.json", dear)
    texts = json.dumps(["a" * 499] * 100)
    tasks = [f"- {{id: t{n}, description: x, plugin: dear, with: {{a: {texts}}}}}\n" for n in range(10)]
    repository.write("tasks.yml", f"- {{id: a, description: x, plugin: hostile, with: {{a: {'a' * 60}!}}}}\n" + "".join(tasks))
    repository.write("plugins.lock", _lock(hostile=_grant()))


@PLUGINS.add
def manifest_is_no_manifest(repository: Repository) -> None:
    for number, content in enumerate(
        (b"", b"[]", b"null", b"\xff\xfe", b'{"id": 1}', b'"' + b"\\ud800" * 9, b"9" * 6000, b'{"id": "x", "id": "y"}')
    ):
        repository.write(f"plugins/p{number}/manifest.json", content)


@PLUGINS.add
def plugin_folder_holds_what_it_must_not(repository: Repository) -> None:
    _plugin(repository)
    repository.link(f"{_FOLDER}/outside", repository.outside)
    repository.link(f"{_FOLDER}/passwd", "/etc/passwd")
    repository.link(f"{_FOLDER}/zero.py", "/dev/zero")
    repository.pipe(f"{_FOLDER}/pipe.py")
    repository.sparse(f"{_FOLDER}/huge.bin", 10 << 30)
    repository.write(f"{_FOLDER}/__pycache__/hostile.cpython-311.pyc", b"\x00" * 64)
    repository.write(f"{_FOLDER}/evil.pth", "import os; os.system('true')\n")
    repository.write(b"plugins/hostile/\xff\n::planted::.py", "x = 1\n")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(repository.root / _FOLDER)
        listener.bind("socket")
        os.chdir(here)
    repository.write("plugins.lock", _lock(hostile=_grant()))


@PLUGINS.add
def plugin_signature_is_hostile(repository: Repository) -> None:
    for name, spoil in (
        ("deep", "[" * 300_000),
        ("odd", '{"payload": 1, "payloadType": [], "signatures": {}}'),
        ("text", f'"{HOSTILE_LINES}"'),
    ):
        repository.write(f"plugins/{name}/manifest.json", _manifest(id=name))
        repository.write(f"plugins/{name}/signature.json", spoil)
    _plugin(repository)
    repository.pipe(f"{_FOLDER}/signature.json")
    repository.write("plugins.lock", _lock(hostile=_grant(), deep=_grant(), odd=_grant()))


@PLUGINS.add
def plugins_lead_outside(repository: Repository) -> None:
    (repository.outside / "hostile").mkdir()
    (repository.outside / "hostile" / "manifest.json").write_text(_manifest())
    repository.link("plugins", repository.outside)
    repository.write("plugins.lock", _lock(hostile=_grant()))
    repository.commit()


@PLUGINS.add
def plugins_are_a_pipe(repository: Repository) -> None:
    repository.pipe("plugins")


@PLUGINS.add
def plugins_are_a_great_many(repository: Repository) -> None:
    for number in range(3000):
        repository.write(f"plugins/p{number}/manifest.json", _manifest(id=f"p{number}"))
    repository.write("plugins.lock", _lock(**{f"p{number}": _grant() for number in range(3000)}))
