"""Who imports whom in a package: read by grimp, searched for circles and god modules."""

import fnmatch
import sys
from collections import Counter, deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Imports:
    """The modules of a package and the imports between them."""

    package: str
    modules: tuple
    #: (importer, imported) → line of the import, 0 where several were drawn together.
    lines: dict
    #: Modules that are packages: their file is __init__.py.
    packages: frozenset = frozenset()

    @property
    def count(self) -> int:
        return len(self.lines)

    def path_of(self, module: str) -> str:
        base = module.replace(".", "/")
        return f"{base}/__init__.py" if module in self.packages else f"{base}.py"


@dataclass(frozen=True)
class Trouble:
    """One thing that should be changed."""

    metric: str
    module: str
    line: int
    score: float
    threshold: float
    message: str
    suggestion: str
    #: Imports that it is about, for the pictures.
    edges: tuple = ()


def read_imports(package: str) -> Imports:
    """Read a package that lies on the path; nothing of it is imported."""
    import grimp

    # grimp asks the import system where the package lies; that looks first at what is loaded, and `core` is then the host's.
    loaded = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == package}
    try:
        graph = grimp.build_graph(package, cache_dir=None)
    finally:
        sys.modules.update(loaded)
    lines = {}
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            details = graph.get_import_details(importer=importer, imported=imported)
            lines[importer, imported] = details[0]["line_number"] if details else 0
    packages = frozenset(module for module in graph.modules if graph.find_children(module))
    return Imports(package=package, modules=tuple(sorted(graph.modules)), lines=dict(sorted(lines.items())), packages=packages)


def circles(imports: Imports) -> list:
    """Return one trouble for each knot of modules that import each other, with the imports to cut."""
    troubles = []
    for knot in knots(imports):
        inside = {edge for edge in imports.lines if edge[0] in knot and edge[1] in knot}
        cut = sorted(to_cut(knot, inside))
        around = shortest_circle(knot, inside)
        told = ", ".join(f"{importer} → {imported} (line {imports.lines[importer, imported]})" for importer, imported in cut)
        troubles.append(
            Trouble(
                metric="import-circle",
                module=cut[0][0],
                line=max(1, imports.lines[cut[0]]),
                score=len(knot),
                threshold=0,
                message=f"{len(knot)} modules import each other: {' → '.join(around)}",
                suggestion=f"cut {told}",
                edges=tuple(sorted(inside)),
            )
        )
    return troubles


def god_modules(imports: Imports, most: int, allowed: tuple = ()) -> list:
    """Return one trouble for each module that more than ``most`` modules import, but for the ``allowed`` globs."""
    importers: dict = {}
    for importer, imported in imports.lines:
        importers.setdefault(imported, set()).add(importer)
    return [
        Trouble(
            metric="god-module",
            module=module,
            line=1,
            score=len(known),
            threshold=most,
            message=f"{module} is imported by {len(known)} modules",
            suggestion="split it by what its importers need, or turn the arrows round",
        )
        for module, known in sorted(importers.items())
        if len(known) > most and not any(fnmatch.fnmatchcase(module, glob) for glob in allowed)
    ]


def knots(imports: Imports) -> list:
    """Return the strongly connected sets of more than one module, each sorted (Kosaraju)."""
    after: dict = {module: [] for module in imports.modules}
    before: dict = {module: [] for module in imports.modules}
    for importer, imported in imports.lines:
        after[importer].append(imported)
        before[imported].append(importer)
    seen: set = set()
    ended = [module for start in imports.modules for module in walked(start, after, seen)]
    seen = set()
    found = [walked(start, before, seen) for start in reversed(ended)]
    return sorted(sorted(knot) for knot in found if len(knot) > 1)


def walked(start: str, after: dict, seen: set) -> list:
    """Return what is reached from ``start`` and was not seen before, deepest first; it is seen from now on."""
    if start in seen:
        return []
    seen.add(start)
    ended = []
    path = [(start, iter(after[start]))]
    while path:
        module, rest = path[-1]
        following = next((other for other in rest if other not in seen), None)
        if following is None:
            ended.append(module)
            path.pop()
        else:
            seen.add(following)
            path.append((following, iter(after[following])))
    return ended


def to_cut(knot: list, inside: set) -> set:
    """Return few imports without which the knot has no circle: those against the order that keeps most."""
    place = {module: at for at, module in enumerate(keeping_order(knot, inside))}
    return {(a, b) for a, b in inside if place[a] > place[b]}


def keeping_order(knot: list, inside: set) -> list:
    """Return the modules so that most imports point to a later one (Eades' heuristic)."""
    left, head, tail = set(knot), [], []
    while left:
        among = [(a, b) for a, b in inside if a in left and b in left and a != b]
        imports, importers = Counter(a for a, _ in among), Counter(b for _, b in among)
        sinks, sources = left - imports.keys(), left - importers.keys()
        if sinks:
            chosen = min(sinks)
            tail.append(chosen)
        else:
            chosen = min(sources or left, key=lambda module: (importers[module] - imports[module], module))
            head.append(chosen)
        left.discard(chosen)
    return [*head, *reversed(tail)]


def shortest_circle(knot: list, inside: set) -> list:
    """Return a shortest circle through the knot's first module that lies on one, its start repeated at the end."""
    after: dict = {module: [] for module in knot}
    for importer, imported in sorted(inside):
        after[importer].append(imported)
    return min((circle_through(start, after) for start in knot), key=len)


def circle_through(start: str, after: dict) -> list:
    """Return a shortest way from ``start`` back to it; there is one from every module of a knot."""
    paths, seen = deque([[start]]), {start}
    while True:
        path = paths.popleft()
        for imported in after[path[-1]]:
            if imported == start:
                return [*path, start]
            if imported not in seen:
                seen.add(imported)
                paths.append([*path, imported])


def squashed(imports: Imports, depth: int) -> Imports:
    """Return the imports between the modules' ancestors ``depth`` levels below the package, for a picture."""

    def short(module: str) -> str:
        return ".".join(module.split(".")[: depth + 1])

    lines = {(short(a), short(b)): 0 for a, b in imports.lines if short(a) != short(b)}
    return Imports(
        package=imports.package, modules=tuple(sorted({short(module) for module in imports.modules})), lines=dict(sorted(lines.items()))
    )


def knotted(imports: Imports) -> set:
    """Return the imports that lie on a circle."""
    sets = [set(knot) for knot in knots(imports)]
    return {(a, b) for a, b in imports.lines if any(a in knot and b in knot for knot in sets)}
