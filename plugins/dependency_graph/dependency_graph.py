"""Import circles and god modules as findings; who imports whom as mermaid, dot and one self-contained page."""

import os
import sys

from imports import Imports, Trouble, circles, god_modules, read_imports, squashed
from pictures import dot, html_page, mermaid

from core.plugins.api import Context, Mistake

FOLDER = "docs/dependency_graph"
#: More than this nobody reads.
MOST_BOXES = 60
#: Packages that are not what a repository is about.
NO_PACKAGES = ("tests", "test", "docs")
DRAW = {"mermaid": ("graph.mmd", mermaid), "dot": ("graph.dot", dot), "html": ("graph.html", html_page)}


def run(context: Context) -> dict:
    """Answer as auditor (findings), task (writes the pictures) or command (prints one picture, or the findings)."""
    source, package = locate(context)
    sys.path.insert(0, source)
    imports = read_imports(package)
    troubles = [*circles(imports), *god_modules(imports, context.config.get("most_importers", 10), context.config.get("allowed", ()))]
    if context.kind == "auditor":
        prefix = os.path.relpath(source, context.root)
        findings = [finding(trouble, imports, prefix) for trouble in troubles]
        return {
            "findings": findings,
            "metrics": [{"name": "modules", "value": len(imports.modules)}, {"name": "imports", "value": imports.count}],
        }
    small = readable(imports, context.config.get("depth"))
    if context.kind == "command":
        return {"output": printed(context.input["arguments"], small, troubles)}
    written = [write(context, name, small, troubles) for name in context.config.get("formats", list(DRAW))]
    return {"message": f"{len(imports.modules)} modules, {len(troubles)} findings; wrote {', '.join(written)}"}


def readable(imports: Imports, depth: int | None) -> Imports:
    """Return the imports at the wanted depth, or at the greatest that still makes a readable picture."""
    if depth is not None:
        return squashed(imports, depth)
    fitting = [small for small in (squashed(imports, level) for level in (3, 2)) if len(small.modules) <= MOST_BOXES]
    return fitting[0] if fitting else squashed(imports, 1)


def locate(context: Context) -> tuple:
    """Return the folder that holds the package, and the package's name."""
    folders = [context.config["source"]] if "source" in context.config else ["", "src"]
    wanted = context.config.get("package")
    for folder in folders:
        source = context.path(folder) if folder else context.root
        names = packages_in(source, wanted)
        if len(names) == 1:
            return source, names[0]
        if names:
            raise Mistake(f"which package? set package to one of: {', '.join(names)}")
    raise Mistake(f"there is no package {wanted or ''} here: set package and source".replace("  ", " "))


def packages_in(source: str, wanted: str | None) -> list:
    """Return the packages in a folder, or the ``wanted`` one; none where there is no such folder."""
    try:
        names = [name for name in sorted(os.listdir(source)) if os.path.isfile(os.path.join(source, name, "__init__.py"))]
    except OSError:
        return []
    return [name for name in names if name == wanted or (wanted is None and name not in NO_PACKAGES)]


def finding(trouble: Trouble, imports: Imports, prefix: str) -> dict:
    path = imports.path_of(trouble.module)
    told = {
        "metric": trouble.metric,
        "path": path if prefix == "." else f"{prefix}/{path}",
        "block": trouble.module,
        "line": trouble.line,
        "score": trouble.score,
        "threshold": trouble.threshold,
        "message": trouble.message,
        "suggestion": trouble.suggestion,
    }
    return {key: value for key, value in told.items() if value != ""}


def printed(arguments: list, small: Imports, troubles: list) -> str:
    if not arguments:
        return "".join(f"{trouble.message}: {trouble.suggestion}\n" for trouble in troubles) or "no circles, no god modules\n"
    if arguments[0] not in DRAW:
        raise Mistake(f"no such picture: {arguments[0]}; there are {', '.join(DRAW)}")
    return DRAW[arguments[0]][1](small, troubles)


def write(context: Context, name: str, small: Imports, troubles: list) -> str:
    file, draw = DRAW[name]
    path = context.path(FOLDER, file)
    text = draw(small, troubles)
    try:
        with open(path, encoding="utf-8") as stream:
            same = stream.read() == text
    except OSError:
        same = False
    if not same:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    return f"{FOLDER}/{file}"
