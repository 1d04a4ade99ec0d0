"use strict";

// Tables are made of the page's data when they are first looked at.

// make is an element with attributes and children; texts are never read as HTML.
function make(tag, attributes, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value != null && value !== false) el.setAttribute(name, value);
  }
  el.append(...children.filter(c => c != null && c !== ""));
  return el;
}

const svg = "http://www.w3.org/2000/svg";

// nameOf is a mode's name with its marker.
function nameOf(names, mode) {
  const mark = document.createElementNS(svg, "svg"), use = document.createElementNS(svg, "use");
  mark.setAttribute("class", "look look" + (mode % lookCount));
  mark.setAttribute("aria-hidden", "true");
  use.setAttribute("href", "#look" + (mode % lookCount));
  mark.append(use);
  return make("span", { class: "name" }, mark, names[mode]);
}

function scrolling(label, table) {
  return make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label }, table);
}

// numbersTable has a heading for each row; on a narrow screen each cell says its column.
function numbersTable(t) {
  const cell = (c, i) => {
    const [value, interval] = Array.isArray(c) ? c : [c];
    return make("td", { "data-head": t.head[i + 1] }, make("span", { class: "value" }, value, interval && make("span", { class: "interval" }, interval)));
  };
  const rows = t.rows.map(r => make("tr", { class: r.void ? "void" : null }, make("th", { scope: "row" }, r.name), ...r.cells.map(cell)));
  return scrolling(t.caption, make("table", { class: "numbers" + (t.long ? " long" : "") },
    make("caption", {}, t.caption),
    make("thead", {}, make("tr", {}, ...t.head.map(h => make("th", { scope: "col" }, h)))),
    make("tbody", {}, ...rows)));
}

function badge(word) {
  return word && word.word ? make("strong", { class: "word " + word.class }, word.word) : null;
}

// wordsTable is the article's table: its words, and below them figures.
function wordsTable(v, names) {
  const bodies = v.sections.map(section => {
    const words = (section.words || []).map((w, i) => make("td", { "data-head": names[i], class: w.word ? null : "none" }, badge(w)));
    const rows = (section.rows || []).map(row => make("tr", {}, make("th", { scope: "row" }, row.label),
      ...row.cells.map((c, i) => make("td", { "data-head": names[i] },
        make("span", { class: "value" }, badge(c.word), ...(c.lines || []).map(l => make("span", { class: "line" }, l)))))));
    return make("tbody", {}, make("tr", { class: "section" }, make("th", { scope: "rowgroup" }, section.name), ...words), ...rows);
  });
  return scrolling(v.caption, make("table", { class: "words" },
    make("caption", { class: "unseen" }, v.caption),
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Feature"), ...names.map((_, i) => make("th", { scope: "col" }, nameOf(names, i))))),
    ...bodies));
}

// folded is a table behind its title.
function folded(title, ...tables) {
  return make("details", { class: "figures-table" }, make("summary", {}, title), ...tables);
}
