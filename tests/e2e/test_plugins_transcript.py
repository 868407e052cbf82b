"""docs/plugins.md is true: its transcript is run, command by command, and prints what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.plugins.sandbox.layers import Tier, sandbox_layers

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plugins.md"


def transcript() -> list[tuple[str, str]]:
    """Return the page's commands, each with what it is said to print."""
    blocks = re.findall(r"<!-- transcript -->\n```console\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    steps: list[tuple[str, str]] = []
    for block in blocks:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = part.splitlines(keepends=True)
            end = 1
            if "<<'END'" in lines[0]:
                end = lines.index("END\n") + 1
            steps.append(("".join(lines[:end]), "".join(lines[end:])))
    return steps


def normal(text: str, home: Path) -> str:
    text = text.replace(str(home), "~")
    text = re.sub(r"\b[0-9a-f]{32}\b", "<key>", text)
    text = re.sub(r"\b[0-9a-f]{16}…", "<digest>…", text)
    return re.sub(r"the (strong|basic) sandbox", "the <tier> sandbox", text)


def test_the_first_plugin_takes_fewer_than_ten_commands_of_ours():
    ours = [command for command, _ in transcript()[: next(i for i, (c, _) in enumerate(transcript()) if "plugins run" in c) + 1]]
    assert len(ours) < 11
    assert sum(command.startswith("orchestrator ") for command in ours) <= 7


def test_every_command_of_the_transcript_prints_what_the_page_says(tmp_path: Path):
    if sandbox_layers().tier is Tier.NONE:
        pytest.skip("; ".join(sandbox_layers().lines()))
    home, repository = tmp_path / "home", tmp_path / "repository"
    (repository / "src").mkdir(parents=True)
    (repository / "src" / "shop.py").write_text("# FIXME: count in cents\n")
    home.mkdir()
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(home), "LANG": "C.UTF-8"}
    subprocess.run(["git", "init", "-q", str(repository)], check=True)
    for command, expected in transcript():
        done = subprocess.run(["bash", "-c", command], cwd=repository, env=environment, capture_output=True, text=True, check=False)
        assert normal(done.stdout + done.stderr, home) == normal(expected, home), command
