"""Audit ten source distributions twice: stable findings, no duplicate tasks, tasks.yml only ever appended to.

    python tests/benchmarks/audit_distributions.py [NAME==VERSION …]

Downloads with ``pip download``. Prints a row for each; exits with 1 when one of them is not as it must be.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

ORCHESTRATOR = Path(sys.executable).with_name("orchestrator")
PACKAGES = (
    "requests==2.32.3", "flask==3.1.0", "click==8.1.8", "httpx==0.28.1", "pluggy==1.5.0",
    "attrs==24.3.0", "jinja2==3.1.5", "rich==13.9.4", "werkzeug==3.1.3", "marshmallow==3.25.1",
)  # fmt: skip
HEAD = "# kept as it is\n- {id: mine, description: By hand, manual: true}\n"


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    hidden = ("ORCHESTRATOR_", "GITHUB_", "GIT_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden) and name != "CI"}
    return subprocess.run(words, cwd=root, env=environment, capture_output=True, text=True, check=False)


def unpacked(package: str, place: Path) -> Path:
    command = ("-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", package)
    done = run(place, sys.executable, *command)
    archives = list(place.glob("*.tar.gz"))
    if not archives:
        raise SystemExit(f"{package}: {done.stderr}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(place, filter="data")
    archives[0].unlink()
    return next(path for path in place.iterdir() if path.is_dir())


def examined(package: str) -> bool:
    with tempfile.TemporaryDirectory() as place:
        root = unpacked(package, Path(place))
        (root / "config.yaml").write_text("reflect: {max_open_tasks: 100000}\n")
        (root / "tasks.yml").write_text(HEAD)
        for words in (("init", "-q"), ("add", "-A"), ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "sources")):
            run(root, "git", *words)
        began = time.perf_counter()
        first = run(root, str(ORCHESTRATOR), "audit", "--json")
        cold = time.perf_counter() - began
        began = time.perf_counter()
        second = run(root, str(ORCHESTRATOR), "audit", "--json")
        warm = time.perf_counter() - began
        texts = []
        for _ in range(2):
            done = run(root, str(ORCHESTRATOR), "audit", "--append", "--fail-on", "never")
            texts.append((root / "tasks.yml").read_text() if done.returncode == 0 else done.stderr)
        identities = re.findall(r"^- id: (refactor-\w+)$", texts[0], re.MULTILINE)
        findings = first.stdout.count('"fingerprint"')
        faults = [
            fault
            for fault, there in (
                ("findings differ", first.stdout != second.stdout),
                ("a cycle on unchanged code wrote", texts[0] != texts[1]),
                ("changed what stood there", not texts[0].startswith(HEAD)),
                ("duplicates", len(identities) != len(set(identities))),
                ("findings without a task", len(identities) != findings),
            )
            if there
        ]
        lines = sum(len(path.read_bytes().splitlines()) for path in root.rglob("*.py"))
        print(f"{package:22} {lines:>8,} {findings:>9,} {cold:>7.2f} s {warm:>7.2f} s  {', '.join(faults) or 'sound'}")
        return not faults


def main() -> int:
    print(f"{'distribution':22} {'lines':>8} {'findings':>9} {'cold':>9} {'again':>9}")
    return 0 if min([examined(package) for package in sys.argv[1:] or PACKAGES]) else 1


if __name__ == "__main__":
    sys.exit(main())
