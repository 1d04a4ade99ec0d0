"use strict";

// What the page does: it reads its data, draws the claims' plots, fills a part when it is opened, and draws anew when the colours,
// the width or the choice of modes change.

// Page is what its parts share: the data, what is drawn, and which modes are hidden.
class Page {
  constructor(data, hidden) {
    Object.assign(this, { data, names: data.modes, drawn: [], hidden });
  }

  // add has a plot drawn in an element.
  add(el, spec, tell) {
    this.drawn.push(new LadderPlot(el, spec, this.names, mode => !this.hidden.has(mode), tell));
  }

  // forget removes the plots of a part of the page, before others are made in their place.
  forget(selector) {
    this.drawn = this.drawn.filter(d => !d.el.closest(selector));
  }

  draw(within = document.body) {
    const colours = theme();
    for (const d of this.drawn) if (within.contains(d.el)) d.draw(colours);
  }

  // toggle shows or hides a mode wherever it is drawn.
  toggle(mode) {
    if (!this.hidden.delete(mode)) this.hidden.add(mode);
    for (const b of document.querySelectorAll(`button[data-mode="${mode}"]`)) b.setAttribute("aria-pressed", String(!this.hidden.has(mode)));
    for (const bar of document.querySelectorAll(`.bars li[data-mode="${mode}"]`)) bar.classList.toggle("off", this.hidden.has(mode));
    for (const d of this.drawn) if (d.redraw) d.redraw();
  }
}

// shown is the page as it was last made.
let shown;

// startPage makes what stands in the document, of its data. Modes that were hidden before stay hidden.
function startPage(data) {
  const page = new Page(data, shown ? shown.hidden : new Set());
  shown = page;
  showAnswer(page, 0);
  document.querySelector(".tools [data-shown]")?.append(buttonsOf(page));
  for (const choice of document.querySelectorAll('input[name="workload"]')) {
    choice.addEventListener("change", () => {
      showAnswer(page, Number(choice.value));
      page.draw(document.querySelector(".claims"));
    });
    if (choice.checked) showAnswer(page, Number(choice.value)); // a browser keeps the choice when it loads a page again
  }
  for (const part of document.querySelectorAll("details.part, section.part")) {
    const opened = () => {
      if (part.localName === "details" && !part.open) return;
      fill(part, page);
      page.draw(part);
    };
    part.addEventListener("toggle", opened);
    opened();
  }
  page.draw();
}

// followBrowser has the page follow what its reader does with the browser.
function followBrowser() {
  followLinks();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => shown.draw());
  redrawOnResize(() => shown.draw());
  redrawForPrint();
  document.documentElement.dataset.drawn = "yes";
}

// redrawOnResize waits for the last of many events: dragging a window's edge gives one for each pixel.
function redrawOnResize(draw) {
  let width = document.documentElement.clientWidth, planned = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(planned);
    planned = requestAnimationFrame(() => {
      if (document.documentElement.clientWidth === width) return;
      width = document.documentElement.clientWidth;
      draw();
    });
  });
}

// redrawForPrint prints with the light colours and with all figures, whatever the screen shows.
function redrawForPrint() {
  let opened = [];
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.print = "yes";
    for (const part of document.querySelectorAll("details.part")) fill(part, shown);
    opened = [...document.querySelectorAll("details:not([open]):not(.runs)")];
    for (const d of opened) d.open = true;
    shown.draw();
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset.print;
    for (const d of opened) d.open = false;
    shown.draw();
  });
}

readData().then(startPage).then(followBrowser);
