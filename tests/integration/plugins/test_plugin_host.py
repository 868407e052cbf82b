"""The host: runs what is admitted, passes what is granted, and survives whatever a plugin does."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.plugins.configuration import PluginConfiguration
from core.domain.plugins.plugin import Permissions, ProvisionKind
from core.domain.plugins.policy import PluginPolicy
from core.errors import PluginRefused, StorageError, UsageError
from core.plugins.host.lock_file import read_lock, write_lock
from core.plugins.sandbox.layers import Layers, Tier, proven
from core.plugins.signing.user_store import load_trust, save_trust
from tests.waiting import until

TASK = {"task": {"id": "1", "description": "test"}}
TIERS = pytest.mark.parametrize("tier", [Tier.BASIC, Tier.STRONG])
OPEN = {"config": {"type": "object"}}


#: Finds the descriptor by which the plugin's process answers the host: further up the stack, where its calls come from.
ANSWERS = """
def answers():
    frame = sys._getframe()
    while "host" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["host"]._answers
"""


def body(*lines: str, imports: str = "import os") -> str:
    return f"{imports}\n\n\ndef run(context):\n" + "".join(f"    {line}\n" for line in lines)


@TIERS
def test_a_task_gets_its_configuration_and_its_result_and_log_come_back(world, tier):
    source = body(
        "print('working')", "return {'message': context.config['text'] + context.input['task']['id'], 'data': {'kind': context.kind}}"
    )
    host = world.ready(source, tier, config={"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}})
    answer = host.call("sample", ProvisionKind.TASK, TASK, {"text": "hello "})
    assert answer.problem == ""
    assert answer.result == {"message": "hello 1", "data": {"kind": "task"}}
    assert answer.log == "working\n"


def test_a_wrong_configuration_or_result_is_told_by_its_key(world):
    host = world.ready(body("return {'mesage': 1}"), config={"type": "object", "additionalProperties": False, "properties": {"text": {}}})
    assert host.call("sample", ProvisionKind.TASK, TASK, {"txt": 1}).problem == "with: txt: unknown key (did you mean text?)"
    problem = host.call("sample", ProvisionKind.TASK, TASK, {}).problem
    assert "its result breaks the contract of task 1: " in problem
    assert "mesage: unknown key (did you mean message?)" in problem


def test_what_only_the_user_may_set_is_refused_from_a_repository_before_the_plugin_hears_of_it(world):
    schema = {"type": "object", "properties": {"api": {"type": "string", "x-owner": "user"}, "text": {"type": "string"}}}
    host = world.ready(body("return {'message': context.config['api']}"), config=schema)
    strange = PluginConfiguration(values={"api": "http://evil", "text": ""}, by_repository={"api": "config.yaml:3:7", "text": ""})
    wanted = (
        "config.yaml:3:7: api can be set only by the user, not by a repository: put it into your own ~/.config/orchestrator/config.yaml"
    )
    assert host.call("sample", ProvisionKind.TASK, TASK, strange).problem == wanted
    assert host.call("sample", ProvisionKind.TASK, TASK, {"api": "mine"}).result == {"message": "mine"}


def test_a_reported_failure_is_a_result_and_a_raised_one_is_a_problem(world):
    host = world.ready(
        body("if context.config.get('raise'):", "    raise ValueError('no luck')", "return {'message': 'bad', 'ok': False}"), **OPEN
    )
    assert host.call("sample", ProvisionKind.TASK, TASK, {}).result == {"message": "bad", "ok": False}
    raised = host.call("sample", ProvisionKind.TASK, TASK, {"raise": True})
    assert raised.problem == "ValueError: no luck"
    assert "Traceback" in raised.log


@TIERS
def test_granted_files_environment_and_programs_are_there_and_only_those(world, tier):
    (world.repository / "docs").mkdir()
    (world.repository / "docs" / "a.md").write_text("A")
    (world.repository / "docs" / ".b.md").write_text("hidden")
    (world.repository / "docs" / "c.txt").write_text("C")
    source = body(
        "def attempt(path):",
        "    try:",
        "        return open(context.path(path)).read()",
        "    except OSError:",
        "        return None",
        "open(context.path('out/x/y.txt') if not os.makedirs(context.path('out/x')) else '', 'w').write('made')",
        "open(context.path('note.txt'), 'w').write('noted')",
        "said = subprocess.run(['echo', 'hi'], capture_output=True, text=True).stdout",
        "files = [attempt('docs/a.md'), attempt('docs/.b.md'), attempt('docs/c.txt')]",
        "return {'message': said, 'data': {'files': files, 'env': sorted(os.environ), 'given': os.environ['GIVEN']}}",
        imports="import os\nimport subprocess",
    )
    permissions = {"fs": {"read": ["docs/*.md"], "write": ["out/**", "note.txt"]}, "env": ["GIVEN"], "exec": ["echo"], "pids": 8}
    answer = world.ready(source, tier, permissions).call("sample", ProvisionKind.TASK, TASK, {})
    assert answer.problem == "", answer.log
    assert answer.result["message"] == "hi\n"
    assert answer.result["data"]["files"] == ["A", None, None]
    assert answer.result["data"]["given"] == str(world.top)
    assert "SECRET" not in answer.result["data"]["env"]
    assert (world.repository / "out" / "x" / "y.txt").read_text() == "made"
    assert (world.repository / "note.txt").read_text() == "noted"


def test_a_writable_file_that_stays_empty_is_not_left_behind(world):
    host = world.ready(body("return {'message': ''}"), permissions={"fs": {"write": ["CHANGELOG.md"]}})
    assert host.call("sample", ProvisionKind.TASK, TASK, {}).ok
    assert not (world.repository / "CHANGELOG.md").exists()


def test_a_writable_place_behind_a_link_is_refused(world):
    (world.top / "elsewhere").mkdir()
    (world.repository / "out").symlink_to(world.top / "elsewhere")
    host = world.ready(body("return {'message': ''}"), permissions={"fs": {"write": ["out/**"]}})
    with pytest.raises(PluginRefused, match="behind a symbolic link"):
        host.call("sample", ProvisionKind.TASK, TASK, {})


def answer_once(server: socket.socket) -> None:
    with server.accept()[0] as connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello")


@TIERS
def test_the_network_is_reached_through_the_host_and_only_where_allowed(world, tier):
    with socket.create_server(("127.0.0.1", 0)) as allowed, socket.create_server(("127.0.0.1", 0)) as other:
        thread = threading.Thread(target=answer_once, args=(allowed,))
        thread.start()
        port, wrong = allowed.getsockname()[1], other.getsockname()[1]
        source = body(
            f"status, content = context.request('GET', 'http://127.0.0.1:{port}/x')",
            "try:",
            f"    context.connect('127.0.0.1', {wrong})",
            "except Denied as error:",
            "    return {'message': content.decode(), 'data': {'status': status, 'denied': str(error)}}",
            imports="from core.plugins.api import Denied",
        )
        answer = world.ready(source, tier, {"net": [f"127.0.0.1:{port}"]}).call("sample", ProvisionKind.TASK, TASK, {})
        thread.join()
    assert answer.problem == "", answer.log
    assert answer.result == {"message": "hello", "data": {"status": 200, "denied": f"no permission to connect to 127.0.0.1:{wrong}"}}


def test_a_wildcard_never_means_this_machines_own_network(world):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        host = world.ready(body(f"return {{'message': str(context.connect('localhost', {port}))}}"), permissions={"net": [f"*:{port}"]})
        assert ", in this machine's own network" in host.call("sample", ProvisionKind.TASK, TASK, {}).problem


@TIERS
def test_whatever_a_plugin_writes_into_its_network_channel_the_host_goes_on(world, tier):
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer_once, args=(server,))
        thread.start()
        port = server.getsockname()[1]
        source = body(
            "told = []",
            "for frame in (b'[' * 4000, b'{', b'x' * 100_000, b'{\"host\":\"HOST\\u0000.example.com\",\"port\":443,\"timeout\":1}'):",
            "    with socket.socket(fileno=os.dup(context._network)) as channel:",
            "        channel.sendall(frame)",
            "        told.append(channel.recv(4096).decode())",
            f"status, content = context.request('GET', 'http://127.0.0.1:{port}/x')",
            "return {'message': content.decode(), 'data': {'told': told}}",
            imports="import os\nimport socket",
        )
        host = world.ready(source, tier, {"net": [f"127.0.0.1:{port}", "*.example.com:443"]})
        answer = host.call("sample", ProvisionKind.TASK, TASK, {})
        thread.join()
    assert answer.problem == "", answer.log
    assert answer.result["message"] == "hello"
    assert all(line.startswith('{"denied": ') for line in answer.result["data"]["told"])
    assert "not a host name" in answer.result["data"]["told"][3]


def test_in_a_writable_folder_no_link_can_be_left_for_others_to_follow(world):
    host = world.ready(body("os.symlink('/etc/passwd', context.path('out/x'))", "return {}"), permissions={"fs": {"write": ["out/**"]}})
    assert "PermissionError" in host.call("sample", ProvisionKind.TASK, TASK, {}).problem


@TIERS
@pytest.mark.parametrize(
    ("lines", "permissions", "problem"),
    [
        (["while True: pass"], {"time": "1s"}, "it ran longer than 1 s and was killed"),
        (["import time", "signal.signal(signal.SIGTERM, signal.SIG_IGN)", "time.sleep(1000)"], {"time": "1s"}, "it ran longer than 1 s"),
        (["while True: os.fork()"], {"pids": 8, "time": "5s"}, ""),
        (["return {'message': 'x' * (2 << 20)}"], {}, "the answer is larger than 1048576 bytes"),
        (["os.write(answers(), b'x' * (3 << 20))", "return {'message': ''}"], {}, "its answer is larger than 1048576 bytes"),
        (["os.write(answers(), b'[1]' + bytes([10]))", "return {'message': ''}"], {}, "what it answered is no JSON object"),
        (["os.write(answers(), b'{' * 100000 + bytes([10]))", "return {'message': ''}"], {}, "what it answered is no JSON object"),
        (["os._exit(3)"], {}, "it ended without an answer (exit 3)"),
        (["os.close(answers())", "while True: pass"], {"time": "3s"}, ""),
        (["return {'message': bytearray(1 << 30) and ''}"], {"memory": "128MiB"}, "MemoryError"),
        (["return {'message': float('nan')}"], {}, "ValueError: JSON has no infinity and no NaN"),
        (["return object()"], {}, "TypeError: JSON cannot hold a object"),
        (["raise SystemExit(0)"], {}, "SystemExit: 0"),
        (["x = []", "x.append(x)", "return x"], {}, "ValueError: nested deeper than 64 levels"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, list) else "",
)
def test_whatever_a_plugin_does_the_host_answers_in_time_and_nothing_is_left(world, tier, lines, permissions, problem):
    host = world.ready(body(*lines, imports=f"import os\nimport signal\nimport sys\n{ANSWERS}"), tier, {**permissions, "env": ["GIVEN"]})
    answer = host.call("sample", ProvisionKind.TASK, TASK, {})
    assert answer.problem
    assert problem in answer.problem
    assert not alive(world)


def alive(world) -> list[str]:
    """The processes that have this world's own variable in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"GIVEN={world.top}".encode() in (folder / "environ").read_bytes():
                found.append(folder.name)
    return found


def test_a_running_plugin_is_seen_by_the_check_for_left_overs(world):
    host = world.ready(body("return {'message': ''}"), Tier.BASIC, {"env": ["GIVEN"]})
    with host.open("sample", ProvisionKind.TASK):
        assert alive(world)
    assert not alive(world)


def test_a_flooded_log_is_cut_and_says_so(world):
    answer = world.ready(body("os.write(2, b'x' * (4 << 20))", "return {'message': ''}")).call("sample", ProvisionKind.TASK, TASK, {})
    assert answer.ok
    assert len(answer.log) < 300_000
    assert "bytes more were left out" in answer.log


def test_a_listener_is_told_many_events_by_one_process(world):
    source = "count = 0\n\n\ndef run(context):\n    global count\n    count += 1\n"
    source += "    return {'message': str(count) + context.input['event']['event']}\n"
    host = world.ready(source, provides=[{"kind": "listener", "contract": 1}])
    with host.open("sample", ProvisionKind.LISTENER) as listener:
        told = [listener.call({"event": {"event": name}}, {}).result["message"] for name in ("run_started", "run_finished")]
    assert told == ["1run_started", "2run_finished"]


def test_a_call_of_what_no_plugin_provides_is_refused(world):
    host = world.ready(body("return {}"))
    with pytest.raises(PluginRefused, match="provides no reporter"):
        host.call("sample", ProvisionKind.REPORTER, {"report": {}})
    with pytest.raises(UsageError, match="there is no plugin other"):
        host.call("other", ProvisionKind.TASK, {})


def test_a_newer_contract_is_refused(world):
    host = world.ready(body("return {}"), provides=[{"kind": "task", "contract": 2}])
    with pytest.raises(PluginRefused, match="speaks up to 1"):
        host.call("sample", ProvisionKind.TASK, TASK, {})


def test_without_a_lock_or_with_another_digest_it_is_asked_again(world):
    world.write_plugin(body("return {'message': ''}"))
    world.sign()
    with pytest.raises(PluginRefused, match="nobody has granted its permissions"):
        world.host().call("sample", ProvisionKind.TASK, TASK, {})
    world.lock()
    assert world.host().call("sample", ProvisionKind.TASK, TASK, {}).ok
    world.write_plugin(body("return {'message': 'new'}"))
    world.sign()
    with pytest.raises(PluginRefused, match=r"plugins\.lock pins digest"):
        world.host().call("sample", ProvisionKind.TASK, TASK, {})


def test_the_lock_and_the_policy_narrow_what_the_manifest_asks(world):
    (world.repository / "a.txt").write_text("A")
    source = body("return {'message': open(context.path('a.txt')).read()}")
    world.write_plugin(source, permissions={"fs": {"read": ["*.txt"]}})
    world.sign()
    world.lock()
    assert world.host().call("sample", ProvisionKind.TASK, TASK, {}).result == {"message": "A"}
    world.lock(Permissions())
    assert "Permission" in world.host(Tier.BASIC).call("sample", ProvisionKind.TASK, TASK, {}).problem
    world.lock(Permissions(read=("*.txt",), net=("*:443",)))
    with pytest.raises(PluginRefused, match="granted in the lock, but the manifest does not ask"):
        world.host().call("sample", ProvisionKind.TASK, TASK, {})
    world.lock()
    with pytest.raises(PluginRefused, match="beyond what the policy allows"):
        world.host(policy=PluginPolicy(ceiling=Permissions())).call("sample", ProvisionKind.TASK, TASK, {})
    with pytest.raises(PluginRefused, match="blocked by the policy"):
        world.host(policy=PluginPolicy(blocked=("sample",))).call("sample", ProvisionKind.TASK, TASK, {})


def test_a_policy_of_certified_plugins_refuses_the_merely_signed(world):
    world.ready(body("return {'message': ''}"))
    with pytest.raises(PluginRefused, match="not certified: it has no certification report"):
        world.host(policy=PluginPolicy(require="certified")).call("sample", ProvisionKind.TASK, TASK, {})


def test_without_a_sandbox_plugins_are_off_never_unconfined(world):
    world.write_plugin(body("return {'message': ''}"))
    world.sign()
    world.lock()
    none = Layers(landlock=0, seccomp=True, bubblewrap="", bubblewrap_problem="not installed")
    with pytest.raises(PluginRefused, match="plugins are off"):
        world.host(layers=none).call("sample", ProvisionKind.TASK, TASK, {})
    with pytest.raises(PluginRefused, match="demands the strong sandbox"):
        world.host(Tier.BASIC, policy=PluginPolicy(sandbox="strong")).call("sample", ProvisionKind.TASK, TASK, {})


def test_a_layer_that_cannot_be_put_up_stops_the_plugin(world):
    """A machine that claims more than it has: the plugin must not run half confined."""
    marker = world.repository / "out" / "ran"
    host = world.ready(body("open(context.path('out/ran'), 'w')", "return {'message': ''}"), Tier.BASIC, {"fs": {"write": ["out/**"]}})
    lying = Layers(landlock=0, seccomp=True, bubblewrap="/bin/true", bubblewrap_problem="")
    with pytest.raises(PluginRefused):
        world.host(layers=lying).call("sample", ProvisionKind.TASK, TASK, {})
    assert host.call("sample", ProvisionKind.TASK, TASK, {}).ok
    assert marker.exists()


@TIERS
def test_the_plugin_dies_with_its_host(world, tier):
    host = world.ready(body("import time", "time.sleep(1000)", "return {}"), tier, {"env": ["GIVEN"]})
    child = os.fork()
    if child == 0:
        host.call("sample", ProvisionKind.TASK, TASK, {})
        os._exit(0)
    until(lambda: alive(world), what="the plugin runs")
    os.kill(child, 9)
    os.waitpid(child, 0)
    until(lambda: not alive(world), what="nothing of it is left")


def test_a_lock_without_the_users_agreement_runs_nothing(world):
    host = world.ready(body("return {'message': ''}"), permissions={"env": ["GIVEN"]})
    stranger = world.host(trust=replace(world.trust, agreements=()))
    with pytest.raises(PluginRefused, match=r"you have not agreed to it: plugins\.lock is the repository's word, not yours") as refused:
        stranger.call("sample", ProvisionKind.TASK, TASK, {})
    assert refused.value.hint == "look at what it asks for and grant it: orchestrator plugins trust sample"
    assert host.call("sample", ProvisionKind.TASK, TASK, {}).ok


def test_a_lock_that_was_enlarged_after_the_agreement_runs_nothing(world):
    world.write_plugin(body("return {'message': ''}"), permissions={"env": ["GIVEN", "SECRET"]})
    world.sign()
    world.lock(Permissions(env=("GIVEN",)))
    assert world.host().call("sample", ProvisionKind.TASK, TASK, {}).ok
    entry = read_lock(world.repository)["sample"]
    write_lock(world.repository, {"sample": replace(entry, permissions=Permissions(env=("GIVEN", "SECRET")))})
    with pytest.raises(PluginRefused, match=r"plugins\.lock asks for more than you granted: env SECRET"):
        world.host().call("sample", ProvisionKind.TASK, TASK, {})


def test_agreements_are_kept_in_the_trust_store_and_a_store_without_any_can_be_read(world):
    world.ready(body("return {'message': ''}"))
    path = world.places.config / "trust.json"
    save_trust(path, world.trust)
    assert load_trust(path).agreements == world.trust.agreements
    stored = json.loads(path.read_text())
    del stored["agreements"]
    path.write_text(json.dumps(stored))
    assert load_trust(path).agreements == ()
    path.write_text(json.dumps({**stored, "agreements": [{"plugin": "sample", "permissions": []}]}))
    with pytest.raises(StorageError, match="not a trust store"):
        load_trust(path)


def test_a_bubblewrap_that_turns_out_not_to_work_is_left_out_before_a_plugin_starts(world):
    hopeful = Layers(landlock=7, seccomp=True, bubblewrap="/bin/false", bubblewrap_problem="")
    assert hopeful.tier is Tier.STRONG
    assert proven(hopeful).tier is Tier.BASIC
    assert proven(hopeful).bubblewrap_problem == "does not work here: no reason given"
    world.write_plugin(body("return {'message': ''}"))
    world.sign()
    world.lock()
    with pytest.raises(PluginRefused, match="demands the strong sandbox"):
        world.host(layers=hopeful, policy=PluginPolicy(sandbox="strong")).call("sample", ProvisionKind.TASK, TASK, {})
