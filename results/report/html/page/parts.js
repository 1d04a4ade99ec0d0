"use strict";

// The parts of the page that are folded away: they are filled when they are first opened.

// figureOf is a plot with its words, its key and its table.
function figureOf(f, page) {
  const plot = make("div", { class: "plot", id: f.id, role: "img", tabindex: "0", "aria-label": f.label + " The table below has the figures; the arrow keys read them out." });
  const outputs = new Map(f.modes.map(mode => [mode, make("output", {})]));
  const key = make("ul", { class: "key" }, ...f.modes.map(mode => make("li", { "data-mode": mode }, nameOf(page.names, mode), " ", outputs.get(mode))));
  const xaxis = make("p", { class: "xaxis" }, f.xaxis);
  const caption = f.reads || f.notes ? make("figcaption", {}, f.reads, ...(f.notes || []).map(n => make("span", { class: "left-out" }, n))) : null;
  const tables = [f.table, f.law].filter(t => t).map(numbersTable);
  const el = make("figure", { "aria-labelledby": f.id + "-title" },
    make("h3", { id: f.id + "-title" }, f.title), make("p", { class: "unit" }, f.unit), plot, xaxis, key, caption,
    tables.length ? folded("Figures", ...tables) : null);
  page.add(plot, f.plot, (place, figures) => {
    xaxis.dataset.at = place;
    for (const item of key.children) item.classList.toggle("off", page.hidden.has(Number(item.dataset.mode)));
    for (const [mode, output] of outputs) output.textContent = figures.get(mode) || "";
  });
  return el;
}

// timelineOf shows one trial at a time.
function timelineOf(t, page) {
  const id = t.id + "-trial";
  const select = make("select", { id }, ...t.trials.map((trial, i) => make("option", { value: i }, trial.name)));
  const tracks = t.tracks.map(track => make("div", { class: "track" },
    make("p", { class: "unit" }, make("strong", {}, track.title), " " + track.unit + " ", make("output", {})),
    make("div", { class: "plot", "data-figure": track.figure, id: track.id, role: "img", tabindex: "0", "aria-label": `${track.title} over the trial's time, ${track.unit}. The table of every run has the figures; the arrow keys read them out.` })));
  const el = make("div", { class: "timeline", "data-timeline": t.id },
    make("h3", {}, "Timeline of a trial"),
    make("p", { class: "reads" }, "One server from its first measured request to its last. Each shaded step is a load, named by its connections; between the steps the next one settles, which is not measured. A steady server draws level lines within a step."),
    make("p", { class: "trial" }, make("label", { for: id }, "Trial"), " ", select), ...tracks, make("p", { class: "xaxis" }, "seconds since the trial began"));
  page.drawn.push(new Timeline(t, el));
  return el;
}

// buttonsOf show and hide a mode each, in all plots.
function buttonsOf(page) {
  const button = (name, mode) => {
    const b = make("button", { type: "button", "aria-pressed": String(!page.hidden.has(mode)), "data-mode": mode }, nameOf(page.names, mode));
    b.addEventListener("click", () => page.toggle(mode));
    return b;
  };
  return page.names.length < 2 ? "" : make("div", { class: "shown", role: "group", "aria-label": "Modes shown in the plots" }, ...page.names.map(button));
}

// fill makes what stands in a part, once.
function fill(part, page) {
  const data = page.data.parts.find(p => p.id === part.id);
  if (!data || part.dataset.filled) return;
  part.dataset.filled = "yes";
  if (data.scene) new Replay(part.querySelector(".scene"), data.scene, part);
  const put = (name, ...children) => part.querySelector(`[data-${name}]`)?.append(...children);
  if (data.figures) put("shown", buttonsOf(page));
  if (data.figures) put("figures", make("div", { class: "figures" }, ...data.figures.map(f => figureOf(f, page))));
  if (data.timeline) put("timeline", timelineOf(data.timeline, page));
  if (data.words) put("words", part.id === "article" ? "" : make("h3", {}, "What the words rest on"), wordsTable(data.words, page.names));
  for (const t of data.tables || []) {
    put("tables", t.long ? folded(`${t.caption.split(",")[0]}: ${t.rows.length}`, numbersTable(t)) : numbersTable(t));
    if (t.long) part.querySelector("[data-tables] > details:last-child").classList.add("runs");
  }
}

// targetOf gives the id that an address's fragment names, however that was typed.
function targetOf(hash) {
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return hash.slice(1);
  }
}

// followLinks opens what a link leads to, and has the address name what was opened last.
function followLinks() {
  const open = () => {
    const at = document.getElementById(targetOf(location.hash));
    if (!at) return;
    for (let d = at.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
    at.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();
}
