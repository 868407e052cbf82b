"""The imports as Mermaid, as Graphviz, and as one page that needs nothing else: no network, no library."""

from graphlib import TopologicalSorter
from html import escape

from imports import Imports, knots, knotted

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 190, 30, 24, 80, 24
#: Boxes side by side; a longer row goes on below.
ACROSS = 7

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --line: #9aa4b2; --box: #f3f5f8; --bad: #c62828; --mark: #1f6feb; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --line: #5b6675; --box: #1d232b; --bad: #ff6b6b; --mark: #6cb0ff; } }
body { font: 14px system-ui, sans-serif; color: var(--ink); margin: 24px; }
svg { max-width: 100%; height: auto; } rect { fill: var(--box); stroke: var(--line); } text { fill: var(--ink); font-size: 12px; }
path { fill: none; stroke: var(--line); marker-end: url(#tip); } path.bad { stroke: var(--bad); stroke-width: 2; }
.dim { opacity: .12; } .on rect { stroke: var(--mark); stroke-width: 2; } g:focus { outline: none; } g:focus rect { stroke: var(--mark); }
"""
SCRIPT = """
const nodes = [...document.querySelectorAll('g[data-name]')], edges = [...document.querySelectorAll('path[data-from]')];
function show(name) {
  const near = new Set([name]);
  edges.forEach(e => { const on = !name || e.dataset.from === name || e.dataset.to === name;
    e.classList.toggle('dim', !on); if (on && name) { near.add(e.dataset.from); near.add(e.dataset.to); } });
  nodes.forEach(n => { n.classList.toggle('dim', !!name && !near.has(n.dataset.name));
    n.classList.toggle('on', n.dataset.name === name); });
}
nodes.forEach(n => { for (const e of ['mouseenter', 'focus']) n.addEventListener(e, () => show(n.dataset.name));
  for (const e of ['mouseleave', 'blur']) n.addEventListener(e, () => show('')); });
"""


def html_page(imports: Imports, troubles: list) -> str:
    """Return the page: a picture in levels (importers above what they import), and the findings below it."""
    rows = [row[at : at + ACROSS] for row in levels(imports) for at in range(0, len(row), ACROSS)]
    place = {}
    for row, modules in enumerate(rows):
        for column, module in enumerate(modules):
            place[module] = (MARGIN + column * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y))
    wide = MARGIN * 2 + max((len(row) for row in rows), default=1) * (WIDTH + GAP_X)
    high = MARGIN * 2 + len(rows) * (HEIGHT + GAP_Y)
    bad = knotted(imports)
    drawn = "".join(edge(a, b, place, (a, b) in bad) for a, b in imports.lines) + "".join(
        box(module, place[module]) for module in imports.modules
    )
    items = "".join(f"<li><strong>{escape(item.message)}</strong><br>{escape(item.suggestion)}</li>" for item in troubles)
    title = f"Imports of {escape(imports.package)}"
    tip = '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    tip += '<path d="M0 0 L8 4 L0 8 z" style="fill:var(--line);stroke:none;marker-end:none"/></marker></defs>'
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>{len(imports.modules)} boxes, {imports.count} arrows. Point at a box to see its own.</p>"
        f'<svg viewBox="0 0 {wide} {high}" role="img" aria-label="{title}">{tip}{drawn}</svg>'
        f"<h2>Findings</h2>{f'<ul>{items}</ul>' if items else '<p>None.</p>'}<script>{SCRIPT}</script></body></html>\n"
    )


def levels(imports: Imports) -> list:
    """Return rows of modules: each above everything it imports, knots on one row."""
    knot_of = {module: tuple(knot) for knot in knots(imports) for module in knot}
    group = {module: knot_of.get(module, (module,)) for module in imports.modules}
    above: dict = {members: set() for members in group.values()}
    for importer, imported in imports.lines:
        if group[importer] != group[imported]:
            above[group[imported]].add(group[importer])
    sorter = TopologicalSorter(above)
    sorter.prepare()
    rows = []
    while ready := sorter.get_ready():
        rows.append(sorted(module for members in ready for module in members))
        sorter.done(*ready)
    return rows


def box(module: str, at: tuple) -> str:
    x, y = at
    short = module if len(module) <= 28 else "…" + module[-27:]
    return (
        f'<g data-name="{escape(module)}" tabindex="0"><title>{escape(module)}</title>'
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
        f'<text x="{x + WIDTH / 2:g}" y="{y + HEIGHT / 2 + 4:g}" text-anchor="middle">{escape(short)}</text></g>'
    )


def edge(importer: str, imported: str, place: dict, bad: bool) -> str:
    (x1, y1), (x2, y2) = place[importer], place[imported]
    down = y2 >= y1
    start, end = (x1 + WIDTH / 2, y1 + (HEIGHT if down else 0)), (x2 + WIDTH / 2, y2 + (0 if down and y2 > y1 else HEIGHT))
    bend = GAP_Y / 2 if down else -GAP_Y / 2
    course = f"M{start[0]:g} {start[1]:g} C{start[0]:g} {start[1] + bend:g} {end[0]:g} {end[1] - bend:g} {end[0]:g} {end[1]:g}"
    return f'<path d="{course}" data-from="{escape(importer)}" data-to="{escape(imported)}"{" class=bad" if bad else ""}/>'


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
