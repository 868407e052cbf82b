""".git: everything by which a repository has git run programs."""

from __future__ import annotations

import os

from tests.security.git_settings import change_source, configure
from tests.security.repository import Repository
from tests.security.trick import Tricks

GIT_PROGRAMS = Tricks()
_HOOKS = (
    *("pre-commit", "post-checkout", "post-index-change", "fsmonitor-watchman", "reference-transaction", "post-rewrite", "pre-auto-gc"),
    *("query-watchman", "update", "post-merge", "pre-push", "sendemail-validate"),
)


@GIT_PROGRAMS.add
def hooks(repository: Repository) -> None:
    for name in _HOOKS:
        repository.program(f".git/hooks/{name}")
        repository.program(f"hooks/{name}")
    configure(repository, "[core]\n\thooksPath = hooks\n")
    change_source(repository)


@GIT_PROGRAMS.add
def fsmonitor(repository: Repository) -> None:
    configure(repository, f"[core]\n\tfsmonitor = {repository.program()}\n\tfsmonitorHookVersion = 2\n\tuntrackedCache = true\n")
    change_source(repository)


@GIT_PROGRAMS.add
def filters(repository: Repository) -> None:
    program = repository.program()
    repository.write(".gitattributes", "*.py filter=evil\n* filter=process text eol=crlf ident\n")
    repository.commit()
    configure(
        repository,
        f'[filter "evil"]\n\tclean = {program}\n\tsmudge = {program}\n\trequired = true\n'
        f'[filter "process"]\n\tprocess = {program}\n\trequired = true\n[core]\n\tattributesFile = .gitattributes\n',
    )
    repository.write(".git/info/attributes", "*.py filter=evil\n")
    change_source(repository)


@GIT_PROGRAMS.add
def textconv_and_external_diffs(repository: Repository) -> None:
    program = repository.program()
    repository.write(".gitattributes", "*.py diff=evil merge=evil\n")
    repository.commit()
    configure(
        repository,
        f"[diff]\n\texternal = {program}\n\torderFile = /dev/zero\n\tsubmodule = log\n\tignoreSubmodules = none\n"
        f'[diff "evil"]\n\tcommand = {program}\n\ttextconv = {program}\n\tcachetextconv = true\n\txfuncname = "(a+)+$"\n'
        f'[merge "evil"]\n\tdriver = {program} %A\n[difftool "x"]\n\tcmd = {program}\n[interactive]\n\tdiffFilter = {program}\n',
    )
    change_source(repository)


@GIT_PROGRAMS.add
def programs_for_people(repository: Repository) -> None:
    """What git starts to show, edit, sign or ask."""
    program = repository.program()
    configure(
        repository,
        f"[core]\n\tpager = {program}\n\teditor = {program}\n\taskPass = {program}\n\tsshCommand = {program}\n\tgitProxy = {program}\n"
        f"\talternateRefsCommand = {program}\n[pager]\n\tconfig = {program}\n\tlog = {program}\n\tls-files = {program}\n\tdiff = true\n"
        f'[gpg]\n\tprogram = {program}\n[gpg "ssh"]\n\tprogram = {program}\n\tdefaultKeyCommand = {program}\n'
        f"[log]\n\tshowSignature = true\n[commit]\n\tgpgSign = true\n[credential]\n\thelper = !{program}\n"
        f"[alias]\n\tls-files = !{program}\n\trev-parse = !{program}\n\tdiff-index = !{program}\n\tcat-file = !{program}\n"
        f'[sequence]\n\teditor = {program}\n[trailer "x"]\n\tcommand = {program}\n[web]\n\tbrowser = {program}\n'
        f"[uploadpack]\n\tpackObjectsHook = {program}\n[gc]\n\tauto = 1\n\trecentObjectsHook = {program}\n[maintenance]\n\tauto = true\n",
    )
    change_source(repository)


@GIT_PROGRAMS.add
def submodule_with_filters(repository: Repository) -> None:
    program = repository.program()
    (repository.root / "inner").mkdir()
    repository.git("init", "--quiet", "--template=", directory="inner")
    repository.write("inner/c.py", "x = 1\n")
    repository.write("inner/.gitattributes", "* filter=evil diff=evil\n")
    repository.git("add", "--all", directory="inner")
    repository.git("commit", "--quiet", "-m", "x", directory="inner")
    repository.write(
        ".gitmodules", f'[submodule "inner"]\n\tpath = inner\n\turl = ext::{program}\n\tupdate = !{program}\n\tignore = none\n'
    )
    repository.commit()
    configure(
        repository,
        f'[submodule "inner"]\n\turl = ext::{program}\n\tupdate = !{program}\n\tactive = true\n'
        "[submodule]\n\trecurse = true\n[diff]\n\tsubmodule = diff\n[status]\n\tsubmoduleSummary = true\n",
    )
    evil = f'[filter "evil"]\n\tclean = {program}\n\tprocess = {program}\n'
    evil += f'[diff "evil"]\n\ttextconv = {program}\n[core]\n\tfsmonitor = {program}\n'
    configure(repository, evil, "inner/.git/config")
    repository.write("inner/c.py", "x = 2\n")
    os.utime(repository.root / "inner/c.py", (1, 1))


@GIT_PROGRAMS.add
def includes(repository: Repository) -> None:
    program = repository.program()
    repository.write(
        "more", f"[core]\n\tfsmonitor = {program}\n\tsshCommand = {program}\n\thooksPath = .\n[diff]\n\texternal = {program}\n"
    )
    conditions = ("gitdir:**", "onbranch:**", "hasconfig:remote.*.url:**")
    condition = "".join(f'[includeIf "{when}"]\n\tpath = ../more\n' for when in conditions)
    configure(repository, f"[include]\n\tpath = ../more\n\tpath = config\n\tpath = {repository.outside}/victim\n{condition}")
    repository.write(".git/config.worktree", f"[core]\n\tfsmonitor = {program}\n\thooksPath = .\n")
    configure(repository, "[extensions]\n\tworktreeConfig = true\n")
