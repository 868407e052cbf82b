"""Conventional commits → CHANGELOG.md."""

import os
import re
import subprocess

from core.plugins.api import Context, Mistake

FILE = "CHANGELOG.md"
SETTINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cliff.toml")


def run(context: Context) -> dict:
    """As a task write CHANGELOG.md if it would change; as a command print it."""
    if not os.path.isdir(context.path(".git")):
        raise Mistake("there is no .git folder here: a changelog needs the history (in a linked work tree, run it in the main one)")
    text = changelog(context)
    if context.kind == "command":
        return {"output": text}
    path = context.path(FILE)
    with open(path, encoding="utf-8") as stream:
        same = stream.read() == text
    if not same:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    return {"message": f"{FILE} is up to date" if same else f"wrote {FILE}", "data": {"changed": not same}}


def changelog(context: Context) -> str:
    """Return the whole changelog. Raises RuntimeError with git-cliff's own words."""
    command = ["git-cliff", "--config", SETTINGS, "--repository", context.root, "--workdir", context.root, "--offline", "--use-branch-tags"]
    if "tag" in context.config:
        command += ["--tag", context.config["tag"]]
    if "since" in context.config:
        command.append(f"{context.config['since']}..HEAD")
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise RuntimeError(f"git-cliff: {done.stderr.strip()[-500:]}")
    return re.sub(r"\n{3,}", "\n\n", done.stdout).strip() + "\n"
