"""The kernel's commands; a wing registers its own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core.ports.wing import Command

#: Words that several commands begin with.
GROUPS: Mapping[str, str] = MappingProxyType(
    {"config": "Look at the settings.", "plugins": "Extend the tool with signed, sandboxed plugins."}
)

WORK, LOOK, EDIT, SETUP, PLUGINS = "Work", "Look", "Edit tasks.yml", "Set up and check", "Plugins"


def _plugins(name: str, module: str, help: str) -> Command:
    return Command(name=f"plugins {name}", function=f"core.cli.{module}:plugins_{name}", help=help, group=PLUGINS)


COMMANDS: tuple[Command, ...] = (
    Command(name="run", function="core.cli.run:run", help="Work off tasks.yml.", group=WORK),
    Command(name="plan", function="core.cli.plan:plan", help="Show what would run, in which order, and why.", group=WORK),
    Command(name="verify", function="core.cli.verify:verify", help="Say which tasks no longer hold.", group=WORK),
    Command(name="audit", function="core.cli.audit:audit", help="Measure the code and judge it.", group=WORK),
    Command(name="why", function="core.cli.backlog:why", help="Say why a task runs, waits or does not run.", group=LOOK),
    Command(name="status", function="core.cli.backlog:status", help="Show where the backlog stands.", group=LOOK),
    Command(name="list", function="core.cli.backlog:list_tasks", help="List tasks.", group=LOOK),
    Command(name="show", function="core.cli.backlog:show", help="Show everything known of one task.", group=LOOK),
    Command(name="log", function="core.cli.log:log", help="Print the log of a task.", group=LOOK),
    Command(name="history", function="core.cli.backlog:history", help="Show past runs, or the attempts of one task.", group=LOOK),
    Command(name="graph", function="core.cli.backlog:graph", help="Draw the dependencies as Mermaid or Graphviz text.", group=LOOK),
    Command(name="add", function="core.cli.add:add", help="Add a task.", group=EDIT),
    Command(name="done", function="core.cli.done:done", help="Mark tasks as done.", group=EDIT),
    Command(name="reset", function="core.cli.set_status:reset", help="Put tasks back to pending.", group=EDIT),
    Command(name="cancel", function="core.cli.set_status:cancel", help="Take tasks off the list.", group=EDIT),
    Command(name="init", function="core.cli.setup:init", help="Write a tasks.yml and a config.yaml that fit.", group=SETUP),
    Command(name="validate", function="core.cli.validate:validate", help="Check tasks.yml and config.yaml.", group=SETUP),
    Command(name="schema", function="core.cli.setup:schema", help="Print the JSON schema of a file.", group=SETUP),
    Command(name="config show", function="core.cli.setup:config_show", help="Print every setting and its source.", group=SETUP),
    Command(name="doctor", function="core.cli.setup:doctor", help="Check this machine and this repository.", group=SETUP),
    Command(name="completion", function="core.cli.setup:completion", help="Print a shell's completion script.", group=SETUP),
    _plugins("list", "plugins", "List plugins, and whether each may run."),
    _plugins("show", "plugins", "Show what a plugin asks for and was granted."),
    _plugins("new", "plugins", "Write a new plugin with a test."),
    _plugins("certify", "plugins_manage", "Examine a plugin and run its tests in the sandbox."),
    _plugins("keygen", "plugins_manage", "Make a key pair for signing plugins."),
    _plugins("sign", "plugins_manage", "Sign a plugin."),
    _plugins("verify", "plugins", "Verify a plugin's signature and files."),
    _plugins("trust", "plugins_manage", "Trust a key, or grant plugins what they ask for."),
    _plugins("revoke", "plugins_manage", "Believe a key or a plugin no longer."),
    _plugins("install", "plugins_manage", "Install a signed plugin."),
    _plugins("remove", "plugins_manage", "Remove an installed plugin."),
    _plugins("run", "plugins", "Run a plugin once, in its sandbox."),
    Command(name="x", function="core.cli.plugins:x", help="Run a command that a plugin provides.", group=PLUGINS),
)
