"""Entry into the sandbox: read what the host decided, confine, load the plugin, answer its calls until the host hangs up."""

from __future__ import annotations

import os
import sys

from core.plugins.sandbox.inside import api
from core.plugins.sandbox.inside.confine import NotConfined, drop_privileges, filter_calls, limit, restrict_files
from core.plugins.sandbox.inside.wire import decode, encode

_LARGEST_ANSWER = 1024 * 1024


class _Host:
    """The host's end of the conversation; the plugin's own stdin is empty and its stdout goes to stderr."""

    def __init__(self) -> None:
        self._requests = open(os.dup(0), "rb")  # noqa: SIM115 – it lives as long as the process
        self._answers = os.dup(1)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        os.close(nothing)

    def request(self) -> dict | None:  # type: ignore[type-arg]
        """Return the host's next line, or None when it hung up."""
        line = self._requests.readline()
        return dict(decode(line.decode("utf-8").rstrip("\n"))) if line else None

    def answer(self, value: dict[str, object]) -> None:
        line = encode(value).encode("ascii") + b"\n"
        if len(line) > _LARGEST_ANSWER:
            line = encode({"error": f"the answer is larger than {_LARGEST_ANSWER} bytes"}).encode("ascii") + b"\n"
        view = memoryview(line)
        while view:
            view = view[os.write(self._answers, view) :]


def main() -> None:
    """Run inside the sandbox; never returns normally."""
    host = _Host()
    setup = host.request()
    if setup is None:
        os._exit(0)
    try:
        _confine(setup)
    except (NotConfined, OSError) as error:
        host.answer({"unconfined": str(error)})
        os._exit(97)
    host.answer({"ready": True})
    sys.path[:0] = setup["path"]
    observer = _observe(setup["rules"]) if setup["observe"] else None
    run = None
    while (call := host.request()) is not None:
        try:
            if run is None:
                run = _load(setup["module"])
            answer = {"result": run(api.Context(call, setup))}
            encode(answer)
        except BaseException as error:  # noqa: BLE001 – whatever a plugin raises becomes its answer
            answer = {"error": _describe(error)}
        sys.stdout.flush()
        sys.stderr.flush()
        if observer is not None:
            answer["observed"] = list(observer.seen)
        host.answer(answer)
    os._exit(0)


def _confine(setup: dict) -> None:  # type: ignore[type-arg]
    limit(setup["limits"])
    drop_privileges(setup["parent"])
    restrict_files(setup["handled"], setup["rules"])
    filter_calls(bytes.fromhex(setup["filter"]))


def _load(module: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 – the plugin's function
    loaded = __import__(module, fromlist=["run"])
    run = getattr(loaded, "run", None)
    if not callable(run):
        raise TypeError(f"{module} has no function run(context)")
    return run


def _describe(error: BaseException) -> str:
    """One sentence for a person; the traceback, of what is not a person's mistake, goes to the plugin's log."""
    if isinstance(error, api.Mistake):
        return str(error)[:2000]
    if not isinstance(error, SystemExit):
        sys.excepthook(type(error), error, error.__traceback__)
    return f"{type(error).__name__}: {error}"[:2000]


def _observe(rules: list):  # type: ignore[no-untyped-def, type-arg]  # noqa: ANN202 – an Observer
    from core.plugins.sandbox.inside.trial import observe

    return observe(rules)
