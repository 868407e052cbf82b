"""The imports as text that others draw: Mermaid and Graphviz."""

from imports import Imports, knotted


def mermaid(imports: Imports, troubles: list) -> str:
    """Return a Mermaid flowchart; imports on a circle are thick and red, god modules are hexagons."""
    gods = god_names(troubles)
    names = {module: f"n{at}" for at, module in enumerate(imports.modules)}
    bad = knotted(imports)
    lines = ["flowchart LR"]
    lines += [f'  {names[module]}{{{{"{module}"}}}}' if module in gods else f'  {names[module]}["{module}"]' for module in imports.modules]
    lines += [f"  {names[a]} {'==>' if (a, b) in bad else '-->'} {names[b]}" for a, b in imports.lines]
    red = [str(at) for at, edge in enumerate(imports.lines) if edge in bad]
    lines += [f"  linkStyle {','.join(red)} stroke:#c62828"] if red else []
    return "\n".join(lines) + "\n"


def dot(imports: Imports, troubles: list) -> str:
    """Return a Graphviz digraph; imports on a circle are red, god modules bold."""
    gods = god_names(troubles)
    bad = knotted(imports)
    lines = [f'digraph "{imports.package}" {{', "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    lines += [f'  "{module}"{" [style=bold]" if module in gods else ""};' for module in imports.modules]
    lines += [f'  "{a}" -> "{b}"{" [color=red]" if (a, b) in bad else ""};' for a, b in imports.lines]
    return "\n".join([*lines, "}"]) + "\n"


def god_names(troubles: list) -> set:
    return {trouble.module for trouble in troubles if trouble.metric == "god-module"}
