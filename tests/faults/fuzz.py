"""Bytes that anybody may hand to the tool: whatever they are, the answer is a value or a declared error, soon and in little memory.

    python -m tests.faults.fuzz TARGET [--seconds N] [--corpus DIR] [--seed N]
    python -m tests.faults.fuzz TARGET --atheris [--seconds N] --corpus DIR

Without ``--atheris`` the bytes come from mutating good examples and from hypothesis; what breaks is kept in the corpus.
atheris is not one of our requirements: install it into an environment of its own, beside this package.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.faults.fuzz_examples import EXAMPLES, PIECES

_MIB = 1024 * 1024
#: What one reading may take.
SECONDS, MEMORY = 2.0, 256 * _MIB
#: Bytes of a large input.
_LARGE = 1_000_000
#: Deeper than any parser's stack.
_DEPTHS = (30, 70, 1_000, 30_000, 100_000)

Target = Callable[[bytes], Any]


def tasks(data: bytes) -> None:
    from core.adapters.tasks_yaml.parse import parse_document
    from core.adapters.tasks_yaml.source import decode
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
        merge_settings(read_config_bytes(data, "config.yaml"), "config.yaml", {}, {})
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
    from core.domain.plugin import Kind
    from core.plugins.contracts import result_problems
    from core.plugins.signatures.envelope import open_envelope
    from core.plugins.signatures.statement import decode_statement

    for read in (open_envelope, decode_statement):
        try:
            read(data)
        except ValueError:
            continue
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    for kind in Kind:
        result_problems(kind, 1, value)


TARGETS: dict[str, Target] = {each.__name__: each for each in (tasks, config, manifest, baseline, message)}


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


def hypothesis_inputs(target: Target, seconds: float) -> int:
    """Let hypothesis choose for ``seconds``; return how many. Raises what it finds, with the smallest example."""
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    pieces = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)), max_size=60).map(b"".join)
    count, deadline = 0, time.monotonic() + seconds

    @given(st.one_of(pieces, st.binary(max_size=200), st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))))
    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def one(data: bytes) -> None:
        nonlocal count
        count += 1
        target(data)

    while time.monotonic() < deadline:
        one()
    return count


def own_inputs(name: str, seconds: float, seed: int, corpus: Path | None) -> int:
    """Feed a target for ``seconds``; return how many it got. Raises what it found, after keeping it."""
    target, dice = TARGETS[name], random.Random(seed)
    count, deadline = 0, time.monotonic() + seconds
    for data in inputs(name, dice):
        if time.monotonic() > deadline:
            return count
        count += 1
        begun = time.process_time()
        try:
            target(data)
            took = time.process_time() - begun
            assert took < SECONDS, f"it took {took:.1f} s"
        except BaseException as error:
            kept = _keep(data, corpus)
            raise AssertionError(f"{name}: {data[:200]!r} ({len(data)} bytes, kept in {kept}, seed {seed}): {error!r}") from error
    return count


def _keep(data: bytes, corpus: Path | None) -> Path | None:
    if corpus is None:
        return None
    corpus.mkdir(parents=True, exist_ok=True)
    kept = corpus / hashlib.sha256(data).hexdigest()[:16]
    kept.write_bytes(data)
    return kept


def limit_memory() -> None:
    """Allow MEMORY beyond what is taken already."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def with_atheris(name: str, seconds: float, corpus: Path) -> None:
    import atheris

    corpus.mkdir(parents=True, exist_ok=True)
    for number, example in enumerate(EXAMPLES[name]):
        (corpus / f"example-{number}").write_bytes(example)
    atheris.instrument_all()
    atheris.Setup(
        [sys.argv[0], f"-max_total_time={int(seconds)}", f"-timeout={int(SECONDS)}", "-rss_limit_mb=1024", str(corpus)], TARGETS[name]
    )
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser(description="Feed a reader with what it should refuse.")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--atheris", action="store_true")
    chosen = parser.parse_args()
    if chosen.atheris:
        with_atheris(chosen.target, chosen.seconds, chosen.corpus or Path("fuzz-corpus", chosen.target))
        return
    for example in EXAMPLES[chosen.target]:
        TARGETS[chosen.target](example)
    limit_memory()
    count = own_inputs(chosen.target, chosen.seconds * 0.7, chosen.seed, chosen.corpus)
    count += hypothesis_inputs(TARGETS[chosen.target], chosen.seconds * 0.3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{chosen.target}: {count} inputs, peak {peak} MiB, seed {chosen.seed}")


if __name__ == "__main__":
    main()
