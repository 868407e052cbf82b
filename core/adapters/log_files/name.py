"""File names of logs: ``task-<id>-<timestamp>.log``, and ``run-<id>.jsonl`` beside them. Pure."""

from __future__ import annotations

import hashlib
import re
import time

#: Of 255 bytes that a file name may have, the timestamp and the fixed parts take 32.
_LONGEST_ID = 180
_NAME = re.compile(r"task-.+-(\d{8}T\d{6}\.\d{6}Z)\.log", re.DOTALL)
_OF_RUN = re.compile(r"run-\d{8}T\d{6}-[0-9a-f]{4,8}\.jsonl")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def file_name(task_id: str, microseconds: int) -> str:
    """Return the name for an attempt that started ``microseconds`` after the epoch; different ids never share one."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    moment = time.strftime("%Y%m%dT%H%M%S", time.gmtime(seconds))
    return f"task-{_safe(task_id)}-{moment}.{fraction:06}Z.log"


def timestamp(name: str) -> str | None:
    """Return the timestamp in a log's name, which sorts as time does; None for a name that is no log's."""
    found = _NAME.fullmatch(name)
    return found[1] if found else None


def is_of_run(name: str) -> bool:
    """Tell whether a name is that of a run's events; such names sort as time does."""
    return _OF_RUN.fullmatch(name) is not None


def _safe(task_id: str) -> str:
    safe = _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode(errors="surrogatepass")), task_id)
    if len(safe) <= _LONGEST_ID:
        return safe
    # A tilde appears in no other name, so a shortened id cannot meet one that is spelt out.
    return f"{safe[:_LONGEST_ID]}~{hashlib.sha256(task_id.encode(errors='surrogatepass')).hexdigest()[:16]}"
