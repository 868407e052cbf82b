"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const map = document.getElementById("map");
  const detail = document.getElementById("map-detail");
  const root = document.documentElement;

  // -- light and dark ------------------------------------------------------------------------------------------------
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  document.getElementById("theme").addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; paint(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paint());

  // -- what colours the map ------------------------------------------------------------------------------------------
  const churned = data.files.some((file) => file.churn > 0);
  const hottest = Math.max(1, ...data.files.map((file) => file.complexity * (churned ? file.churn : 1)));
  const most = (key) => Math.max(1, ...data.files.map((file) => file[key]));
  const mostWorst = Math.max(most("worst"), data.threshold * 2), mostChurn = most("churn");
  const kinds = {
    hotspot: {
      heat: (file) => Math.sqrt((file.complexity * (churned ? file.churn : 1)) / hottest),
      means: churned ? "The hotter the colour, the more complex it is and the more often it changes." : "The hotter the colour, the more complex it is; there is no history of changes here.",
      low: "calm", high: "hotspot",
    },
    complexity: { heat: (file) => Math.min(1, file.worst / mostWorst), means: "The hotter the colour, the more complex its worst block.", low: "simple", high: `complexity ${mostWorst}` },
    churn: { heat: (file) => file.churn / mostChurn, means: "The hotter the colour, the more revisions touched it.", low: "untouched", high: `${mostChurn} revisions` },
    maintainability: { heat: (file) => 1 - file.maintainability / 100, means: "The hotter the colour, the lower its maintainability index.", low: "100", high: "0" },
  };
  let by = "hotspot", focus = -1, cells = [];

  const heats = () => [0, 1, 2, 3, 4].map((step) => {
    const probe = document.createElement("i");
    probe.style.color = `var(--heat-${step})`;
    document.body.append(probe);
    const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
    probe.remove();
    return [r, g, b];
  });
  const mix = (ramp, at) => {
    const place = Math.max(0, Math.min(0.9999, at)) * 4, step = Math.floor(place), part = place - step;
    return ramp[step].map((from, i) => Math.round(from + (ramp[step + 1][i] - from) * part));
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const inkOn = (rgb) => (luminance(rgb) > 0.179 ? "#15161a" : "#ffffff");

  // -- where the boxes go: squarified, packages first, then their files -------------------------------------------------
  function squarify(items, box) {
    const placed = [];
    let { x, y, w, h } = box;
    let rest = items.filter((item) => item.size > 0).sort((a, b) => b.size - a.size);
    let left = rest.reduce((sum, item) => sum + item.size, 0);
    while (rest.length && w > 0 && h > 0) {
      const short = Math.min(w, h), scale = (w * h) / left;
      let row = [], sum = 0, best = Infinity;
      for (const item of rest) {
        const total = sum + item.size, thick = (total * scale) / short;
        const worst = Math.max(...[...row, item].map((each) => { const long = (each.size * scale) / thick; return Math.max(long / thick, thick / long); }));
        if (row.length && worst > best) break;
        row.push(item); sum = total; best = worst;
      }
      const thick = (sum * scale) / short;
      let along = 0;
      for (const item of row) {
        const long = (item.size * scale) / thick;
        placed.push({ item, x: w >= h ? x : x + along, y: w >= h ? y + along : y, w: w >= h ? thick : long, h: w >= h ? long : thick });
        along += long;
      }
      if (w >= h) { x += thick; w -= thick; } else { y += thick; h -= thick; }
      rest = rest.slice(row.length); left -= sum;
    }
    return placed;
  }

  const measured = data.files.filter((file) => !file.problem);
  const typical = measured.reduce((sum, file) => sum + file.lines, 0) / (measured.length || 1);

  function draw() {
    const packs = new Map();
    data.files.forEach((file, index) => {
      const cut = file.path.lastIndexOf("/"), name = cut < 0 ? "." : file.path.slice(0, cut);
      if (!packs.has(name)) packs.set(name, { name, size: 0, files: [] });
      const pack = packs.get(name);
      // Nobody knows how large a file is that cannot be measured: it is drawn as one like the others.
      const size = (file.problem ? typical : file.lines) || 1;
      pack.size += size;
      pack.files.push({ index, size });
    });
    map.textContent = "";
    cells = [];
    const pad = 3, head = 18;
    for (const outer of squarify([...packs.values()], { x: 2, y: 2, w: map.clientWidth - 4, h: map.clientHeight - 4 })) {
      const titled = outer.w > 64 && outer.h > 46 && packs.size > 1;
      if (titled) map.append(positioned("div", "pack", outer.x, outer.y, outer.w, head, outer.item.name));
      const inner = { x: outer.x + pad, y: outer.y + (titled ? head : pad), w: outer.w - 2 * pad, h: outer.h - pad - (titled ? head : pad) };
      for (const place of squarify(outer.item.files, inner)) cells.push(cell(place));
    }
    map.append(...cells.map((each) => each.element));
    paint();
    // Tests and printers wait for it.
    map.dataset.drawn = cells.length;
  }
  function positioned(tag, name, x, y, w, h, text) {
    const element = document.createElement(tag);
    element.className = name;
    Object.assign(element.style, { left: `${x}px`, top: `${y}px`, width: `${Math.max(0, w)}px`, height: `${Math.max(0, h)}px` });
    if (text) element.textContent = text;
    return element;
  }
  function cell(place) {
    const file = data.files[place.item.index];
    const element = positioned("div", file.problem ? "cell unknown" : "cell", place.x + 1, place.y + 1, place.w - 2, place.h - 2);
    if (place.w < 26 || place.h < 22) element.style.padding = "0";
    element.setAttribute("role", "option");
    element.setAttribute("aria-selected", "false");
    element.id = `file-${place.item.index}`;
    element.setAttribute("aria-label", words(file));
    if (place.w > 52 && place.h > 24) {
      const name = document.createElement("b");
      name.textContent = file.path.split("/").pop();
      element.append(name);
      if (place.h > 42) { const small = document.createElement("small"); small.textContent = short(file); element.append(small); }
    }
    element.addEventListener("pointerenter", () => tell(file));
    element.addEventListener("click", () => { select(cells.findIndex((each) => each.element === element)); filterTo(file); });
    return { element, file, x: place.x + place.w / 2, y: place.y + place.h / 2 };
  }
  const short = (file) => file.problem ? "?" : (churned ? `${file.complexity} · ${file.churn}×` : `${file.complexity}`);
  const words = (file) => [file.path, ...(file.problem ? [`cannot be measured: ${file.problem}`]
    : [`${file.lines} lines`, `complexity ${file.complexity}, worst block ${file.worst}`, `maintainability ${file.maintainability}`]), churned ? `touched by ${file.churn} revisions` : ""].filter(Boolean).join(" · ");
  const tell = (file) => { detail.textContent = words(file); };
  function paint() {
    const ramp = heats(), kind = kinds[by];
    for (const { element, file } of cells) {
      if (file.problem) continue;
      const rgb = mix(ramp, kind.heat(file));
      element.style.background = `rgb(${rgb.join(",")})`;
      element.style.color = inkOn(rgb);
    }
    document.getElementById("map-means").textContent = kind.means;
    document.getElementById("legend-unknown").hidden = !data.files.some((file) => file.problem);
    document.getElementById("legend-low").textContent = kind.low;
    document.getElementById("legend-high").textContent = kind.high;
  }
  function select(index) {
    if (!cells[index]) return;
    cells[focus]?.element.setAttribute("aria-selected", "false");
    focus = index;
    cells[index].element.setAttribute("aria-selected", "true");
    map.setAttribute("aria-activedescendant", cells[index].element.id);
    tell(cells[index].file);
  }
  function step(dx, dy) {
    if (focus < 0) return select(0);
    const from = cells[focus];
    let best = -1, least = Infinity;
    cells.forEach((to, index) => {
      const x = to.x - from.x, y = to.y - from.y, ahead = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
      if (ahead > 1 && ahead + 2 * aside < least) { least = ahead + 2 * aside; best = index; }
    });
    if (best >= 0) select(best);
  }
  map.addEventListener("keydown", (event) => {
    const move = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (move) { event.preventDefault(); step(...move); }
    if ((event.key === "Enter" || event.key === " ") && focus >= 0) { event.preventDefault(); filterTo(cells[focus].file); }
  });
  map.addEventListener("focus", () => { if (focus < 0) select(0); });
  const choices = [...document.querySelectorAll("#map-by button")];
  const choose = (button) => {
    by = button.dataset.by;
    choices.forEach((each) => { each.setAttribute("aria-checked", String(each === button)); each.tabIndex = each === button ? 0 : -1; });
    paint();
  };
  choices.forEach((button, index) => {
    button.addEventListener("click", () => choose(button));
    button.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (by) { event.preventDefault(); const next = choices[(index + by + choices.length) % choices.length]; next.focus(); choose(next); }
    });
  });
  let width = 0;
  new ResizeObserver(() => { if (map.clientWidth !== width) { width = map.clientWidth; focus = -1; draw(); } }).observe(map);

  // -- tables ----------------------------------------------------------------------------------------------------------
  const value = (row, key) => { const text = row.dataset[key] ?? ""; return text !== "" && !isNaN(text) ? Number(text) : text; };
  function sort(table, key, descending) {
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((a, b) => { const x = value(a, key), y = value(b, key); return (x < y ? -1 : x > y ? 1 : 0) * (descending ? -1 : 1); });
    body.append(...rows);
    table.querySelectorAll("th[data-key]").forEach((th) => { th.dataset.key === key ? th.setAttribute("aria-sort", descending ? "descending" : "ascending") : th.removeAttribute("aria-sort"); });
  }
  document.querySelectorAll("th[data-key] button").forEach((button) => button.addEventListener("click", () => {
    const th = button.closest("th"), now = th.getAttribute("aria-sort");
    sort(th.closest("table"), th.dataset.key, now ? now === "ascending" : th.dataset.first === "descending");
  }));
  const search = document.getElementById("search"), rank = document.getElementById("rank"), stand = document.getElementById("standing"), sortBy = document.getElementById("sort");
  const findings = document.querySelector(".findings table");
  function filter() {
    if (!findings) return;
    const wanted = search.value.trim().toLowerCase(), least = rank.value, standing = stand ? stand.value : "";
    let visible = 0;
    for (const row of findings.tBodies[0].rows) {
      const there = row.dataset.text.includes(wanted) && (!least || row.dataset.rank >= least) && (!standing || row.dataset.standing === standing);
      row.hidden = !there;
      visible += there;
    }
    const all = findings.tBodies[0].rows.length;
    document.getElementById("findings-count").textContent = visible === all ? `${all.toLocaleString("en")} over a threshold, the most urgent first` : `${visible.toLocaleString("en")} of ${all.toLocaleString("en")} shown`;
    document.getElementById("none").hidden = visible > 0;
  }
  function filterTo(file) {
    if (!findings) return;
    search.value = file.path;
    filter();
    document.getElementById("findings").scrollIntoView();
    search.focus({ preventScroll: true });
  }
  [search, rank, stand].forEach((control) => control?.addEventListener("input", filter));
  sortBy?.addEventListener("input", () => { const [key, way] = sortBy.value.split(" "); sort(findings, key, way === "descending"); });
})();
