"use strict";

// The first screen: the claims' plots, of the workload that was chosen.

// barsOf are a figure of each mode with its interval, as lengths.
function barsOf(bars, page) {
  const most = Math.max(...bars.rows.map(r => Math.max(r.value, r.high || 0)));
  const many = bars.rows.length > 3;
  const share = v => `${Math.min(100, (100 * v) / most).toFixed(2)}%`;
  const rows = bars.rows.map(r => {
    const bar = make("span", { class: "length look" + (r.mode % lookCount) });
    const box = make("span", { class: "bar", "aria-hidden": "true" }, bar);
    if (r.value > 0) bar.style.width = share(r.value);
    if (r.value > 0 && r.high > r.low) {
      const whisker = make("span", { class: "whisker" });
      whisker.style.left = share(r.low);
      whisker.style.width = `${(100 * (r.high - r.low)) / most}%`;
      box.append(whisker);
    }
    return make("li", { "data-mode": r.mode, class: page.hidden.has(r.mode) ? "off" : null }, make("span", { class: "who" }, nameOf(page.names, r.mode)), box,
      make("span", { class: "figure" }, r.text, r.range && make("span", { class: "interval" }, r.range)));
  });
  const better = bars.more ? "longer" : "shorter";
  return make("div", { class: many ? "bars many" : "bars" }, make("p", { class: "unit" }, make("strong", {}, bars.title), ` ${bars.at}, ${better} is better`), make("ul", {}, ...rows));
}

// shotTitles are short, as the plots of the claims are small.
const shotTitles = { model: "Threads that ran", p99: "Slowest 1 in 100 (p99)", throughput: "Requests per second" };

// shotOf is a plot of a claim: what it shows at the cursor stands beside its axis.
function shotOf(f, page, view) {
  const plot = make("div", { class: "plot", id: "answer-" + view, role: "img", tabindex: "0", "aria-label": f.label + " The arrow keys read the figures out." });
  const at = make("span", { class: "at" }), xaxis = make("p", { class: "xaxis" }, at, make("span", { class: "axis" }, f.xaxis.replace(" (logarithmic)", "")));
  // a fitted curve needs a caption, for which there is no room here
  const points = f.plot.series.filter(s => !s.curve).map(s => ({ ...s, line: true }));
  page.add(plot, { ...f.plot, series: points }, (place, figures) => {
    at.replaceChildren(...(place ? [place + ": ", ...[...figures].map(([mode, text]) => make("span", { class: "ink" + (mode % lookCount) }, page.names[mode] + " " + text + " "))] : []));
    xaxis.classList.toggle("reading", place !== "");
  });
  return [make("p", { class: "unit" }, make("strong", {}, f.short || shotTitles[view])), plot, xaxis];
}

// showAnswer shows a workload's plots below the claims.
function showAnswer(page, chosen) {
  const view = (page.data.answer || [])[chosen];
  page.forget(".claims");
  for (const shot of document.querySelectorAll(".shot")) {
    const part = view && page.data.parts.find(p => p.id === view.part);
    const figure = !view ? null : shot.dataset.view === "model" ? view.model : ((part && part.figures) || []).find(f => f.id === `${view.part}-${shot.dataset.view}`);
    const bars = view && shot.dataset.view === "bars" && view.bars;
    if (bars) shot.replaceChildren(...bars.map(b => barsOf(b, page)));
    else if (figure) shot.replaceChildren(...shotOf(figure, page, shot.dataset.view));
    else shot.replaceChildren(make("p", { class: "note" }, "Not measured here."));
  }
}
