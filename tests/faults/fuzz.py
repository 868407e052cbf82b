"""Bytes that anybody may hand to the tool: whatever they are, the answer is a value or a declared error, soon and in little memory.

    python -m tests.faults.fuzz TARGET [--inputs N] [--seed N] [--kept FILE]
    python -m tests.faults.fuzz TARGET --atheris SECONDS

First comes what was ever found, from ``corpus/TARGET``; then, without ``--atheris``, N mutations of good examples and a third as many
inputs of hypothesis, the same ones for the same seed. A finding is left in FILE.
atheris is not one of our requirements: install it into an environment of its own, beside this package.
"""

from __future__ import annotations

import argparse
import faulthandler
import itertools
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.faults.fuzz_examples import EXAMPLES, PIECES

_MIB = 1024 * 1024
#: What was ever found, a folder for each target, a file for each input.
CORPUS = Path(__file__).with_name("corpus")
#: What one reading may take: CPU seconds (a busy machine makes also these longer; a reader that explodes takes hours), and memory.
SECONDS, MEMORY = 10.0, 256 * _MIB
#: CPU seconds after which a reading is ended.
_HUNG = 60.0
#: Bytes of a large input.
_LARGE = 1_000_000
#: Deeper than any parser's stack.
_DEPTHS = (30, 70, 1_000, 30_000, 100_000)

Target = Callable[[bytes], Any]


def tasks(data: bytes) -> None:
    from core.adapters.tasks_yaml.parse.document import decode
    from core.adapters.tasks_yaml.parse.parse import parse_document
    from core.errors import InvalidFile

    try:
        parse_document(decode(data, "tasks.yml")[0], "tasks.yml")
    except InvalidFile as error:
        _told(error)


def config(data: bytes) -> None:
    from core.adapters.config_yaml import read_config_bytes
    from core.config import merge_settings
    from core.errors import InvalidFile

    try:
        merge_settings(read_config_bytes(data, "config.yaml"), {}, {})
    except InvalidFile as error:
        _told(error)


def manifest(data: bytes) -> None:
    from core.errors import InvalidFile
    from core.plugins.manifest import parse_manifest

    try:
        parse_manifest(data, "manifest.json")
    except InvalidFile as error:
        _told(error)


def baseline(data: bytes) -> None:
    from core.adapters.baseline_file import parse
    from core.errors import InvalidFile

    try:
        parse(data.decode("utf-8", "replace"), "baseline.json")
    except InvalidFile as error:
        _told(error)


def message(data: bytes) -> None:
    """A line that a plugin answers, and its signature: neither is believed before this."""
    from core.domain.plugins.plugin import ProvisionKind
    from core.plugins.rules.contracts import result_problems
    from core.plugins.rules.statement import decode_statement, open_envelope
    from core.schema.json_reader import parse_json

    for read in (open_envelope, decode_statement):
        try:
            read(data)
        except ValueError:
            continue
    try:
        value = parse_json(data)
    except ValueError:
        return
    for kind in ProvisionKind:
        result_problems(kind, 1, value)


def lock(data: bytes) -> None:
    from core.errors import InvalidFile
    from core.files.reading import decode_text
    from core.plugins.host.lock_file import parse_lock

    try:
        parse_lock(decode_text(data, "plugins.lock"))
    except InvalidFile as error:
        _told(error)


def trust(data: bytes) -> None:
    from core.plugins.rules.trust import parse_trust
    from core.schema.json_reader import parse_json

    try:
        store = parse_trust(parse_json(data))
    except (KeyError, TypeError, ValueError, AttributeError):
        return
    store.staleness(1e9)
    for key in store.raw:
        for role in ("author", "revoker"):
            store.objections(key, role, "p", 1e9)


def revocations(data: bytes) -> None:
    """A revocation list as it is found, and as its revoker signed it."""
    from core.errors import UsageError
    from core.plugins.rules.statement import Envelope
    from core.plugins.rules.trust import TrustStore
    from core.plugins.signing.documents import read_list, take_list

    for read in (lambda: take_list(TrustStore(), data, 1e9), lambda: read_list(Envelope(payload_type="t", payload=data, signatures=()))):
        try:
            read()
        except UsageError as error:
            _told(error)


def certificate(data: bytes) -> None:
    from core.plugins.rules.trust import TrustStore
    from core.plugins.signing.documents import certificate_objection

    assert certificate_objection(data, "p", (), TrustStore(), 1e9)


def osv(data: bytes) -> None:
    """An archive of known flaws, and one entry of a good archive."""
    import zipfile

    from core.plugins.certification.external_checks import flaws_stage
    from core.plugins.host.requirements import Pin

    pins = (Pin(name="a", version="1.0", hashes=(), line=1),)
    with tempfile.TemporaryDirectory() as place:
        raw, entry = Path(place, "raw.zip"), Path(place, "entry.zip")
        raw.write_bytes(data)
        with zipfile.ZipFile(entry, "w") as archive:
            archive.writestr("a.json", data)
        for file in (raw, entry):
            assert flaws_stage(pins, file).notes


def archive(data: bytes) -> None:
    """A plugin's archive; what it unpacks to is thrown away."""
    from core.errors import PluginRefused, UsageError
    from core.plugins.host.install import unpack

    with tempfile.TemporaryDirectory() as place:
        file = Path(place, "archive")
        file.write_bytes(data)
        try:
            unpack(file, Path(place, "target"))
        except (PluginRefused, UsageError) as error:
            _told(error)


def comments(data: bytes) -> None:
    """A Python file whose comments may accept findings or hide something, before and after a change; settings of checking programs."""
    from core.domain.quality.accept_comments import find_comments, read_comment
    from core.domain.quality.checker_settings import checks_loosened
    from core.domain.quality.silent_comments import comments_added

    for comment in find_comments(data):
        said = read_comment(comment, ("complexity", "maintainability"))
        assert bool(said.mistake) != bool(said.reason)
    before, after = data[: len(data) // 2], data[len(data) // 2 :]
    comments_added({"a.py": (before, after), "b.py": (None, data)})
    checks_loosened(dict.fromkeys(("pyproject.toml", "setup.cfg", "pyrightconfig.json"), (before, after)))


TARGETS: dict[str, Target] = {
    each.__name__: each
    for each in (tasks, config, manifest, baseline, message, lock, trust, revocations, certificate, osv, archive, comments)
}


def _told(error: Exception) -> None:
    """A refusal has words."""
    assert str(error).strip()


def inputs(name: str, dice: random.Random) -> Iterator[bytes]:
    """Yield without end: good examples with a few pieces changed, nests of every depth, noise."""
    examples = EXAMPLES[name]
    for depth in _DEPTHS:
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}"), (b"{a: ", b"}"), (b"- ", b""), (b"? ", b""), (b"&a [*a, ", b"]")):
            yield opening * depth
            yield opening * depth + b"1" + closing * depth
    yield from (example * (_LARGE // len(example)) for example in examples)
    while True:
        data = bytearray(dice.choice(examples))
        for _ in range(dice.randint(1, 5)):
            start = dice.randint(0, len(data))
            end = min(len(data), start + dice.choice((0, 0, 1, 2, 8, 40)))
            data[start:end] = dice.choice((dice.choice(PIECES), dice.randbytes(dice.randint(0, 4)), bytes(data[: dice.randint(0, 60)])))
        yield bytes(data)


class Reading:
    """Feeds one target; what it is being fed lies in a file, so that also an input that kills this process is kept."""

    def __init__(self, name: str, kept: Path) -> None:
        self._target, self._kept = TARGETS[name], kept
        self.count = 0

    def feed(self, data: bytes) -> None:
        """Let the target read. Raises what it raised, or AssertionError when it took too long."""
        self._kept.write_bytes(data)
        self.count += 1
        begun = time.process_time()
        # Python acts on no signal within a loop in C: there this ends the process, and says where it was.
        resource.setrlimit(resource.RLIMIT_CPU, (int(begun + _HUNG), resource.RLIM_INFINITY))
        self._target(data)
        took = time.process_time() - begun
        assert took < SECONDS, f"it took {took:.1f} s of CPU time for {len(data)} bytes"

    def over(self) -> None:
        """Nothing was found: what was read last is no finding."""
        self._kept.unlink(missing_ok=True)


def mutations(reading: Reading, name: str, count: int, seed: int) -> None:
    """Feed the first ``count`` inputs that ``seed`` makes. Raises what they find."""
    for data in itertools.islice(inputs(name, random.Random(seed)), count):
        reading.feed(data)


def shrinking(reading: Reading, count: int, number: int) -> None:
    """Let hypothesis choose about ``count`` inputs. Raises what it finds, of which the smallest was fed last."""
    from hypothesis import HealthCheck, given, seed, settings
    from hypothesis import strategies as st

    pieces = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)), max_size=60).map(b"".join)

    @seed(number)
    @given(st.one_of(pieces, st.binary(max_size=200), st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))))
    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def one(data: bytes) -> None:
        reading.feed(data)

    one()


def limit_memory() -> None:
    """Allow MEMORY beyond what is taken already."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def with_atheris(name: str, seconds: int, corpus: Path) -> None:
    import atheris

    corpus.mkdir(parents=True, exist_ok=True)
    for number, example in enumerate(EXAMPLES[name]):
        (corpus / f"example-{number}").write_bytes(example)
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", f"-timeout={int(SECONDS)}", "-rss_limit_mb=1024", str(corpus)], TARGETS[name])
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description="Feed a reader with what it should refuse.")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--inputs", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kept", type=Path, default=Path("finding"))
    parser.add_argument("--atheris", type=int, metavar="SECONDS")
    chosen = parser.parse_args()
    if chosen.atheris:
        with_atheris(chosen.target, chosen.atheris, CORPUS / chosen.target)
        return
    faulthandler.register(signal.SIGXCPU, chain=True)
    reading = Reading(chosen.target, chosen.kept)
    known = [*EXAMPLES[chosen.target], *(path.read_bytes() for path in sorted((CORPUS / chosen.target).glob("*")))]
    for example in EXAMPLES[chosen.target]:
        TARGETS[chosen.target](example)
    limit_memory()
    for data in known:
        reading.feed(data)
    mutations(reading, chosen.target, chosen.inputs, chosen.seed)
    shrinking(reading, chosen.inputs // 3, chosen.seed)
    reading.over()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{chosen.target}: {reading.count} inputs, peak {peak} MiB, seed {chosen.seed}")


if __name__ == "__main__":
    main()
