"""Stands in for the ``wily`` command where the question is how we run it: same options, same files, numbers = counts of lines (and of
thousands of carriage returns, which no file should have gained).

Like wily it checks revisions out where it is told to, refuses a dirty tree, writes its index last, and stops at a
revision file that the index does not name. ``STAND_IN_LOG`` names a file that receives one line a build;
``STAND_IN_SECONDS`` is how long each revision takes; ``STAND_IN_FAILS`` makes it fail in the middle.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

from wily.operators.cyclomatic import CyclomaticComplexityOperator


def git(*arguments):
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


def measure(path):
    time.sleep(float(os.environ.get("STAND_IN_SECONDS", "0")))
    content = Path(path).read_bytes()
    return {"total": {"mi": float(content.count(b"\n") + 1000 * content.count(b"\r")), "rank": "A"}}


def cli(prog_name, args):
    assert CyclomaticComplexityOperator.defaults["no_assert"] is False
    options = argparse.ArgumentParser()
    for name in ("--config", "--path", "--cache", "--max-revisions", "--operators"):
        options.add_argument(name)
    options.add_argument("command")
    told = options.parse_args(args)
    assert told.command == "build", told
    assert not Path("wily.cfg").exists()
    Path(os.environ["TMPDIR"], "left-behind").touch()
    os.chdir(told.path)
    assert not git("status", "--porcelain", "--untracked-files=no")
    revisions = git("rev-list", "--reverse", f"--max-count={told.max_revisions}", "HEAD").split()
    with Path(os.environ["STAND_IN_LOG"]).open("a") as log:
        log.write(f"{len(revisions)}\n")
    cache = Path(told.cache) / "git"
    cache.mkdir(parents=True, exist_ok=True)
    index = json.loads((cache / "index.json").read_text()) if (cache / "index.json").exists() else []
    seen = {entry["key"] for entry in index}
    with multiprocessing.Pool(2) as pool:
        for number, revision in enumerate(revision for revision in revisions if revision not in seen):
            git("checkout", "-q", revision)
            paths = [str(path.relative_to(told.path)) for path in Path(told.path).rglob("*.py")]
            numbers = dict(zip(paths, pool.map(measure, paths), strict=True))
            if "STAND_IN_FAILS" in os.environ and number:
                print("\x1b[31mFailed to build cache\x1b[0m", file=sys.stderr)
                sys.exit(1)
            with (cache / f"{revision}.json").open("x") as file:
                json.dump({"operator_data": {"maintainability": numbers, "cyclomatic": {}}}, file)
            index.append({"key": revision})
    (cache / "index.json").write_text(json.dumps(index))
