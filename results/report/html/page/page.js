"use strict";

// What the page does: it reads its data, draws the claims' plots, fills a part when it is opened, and draws anew when the colours,
// the width or the choice of modes change.

// readData unpacks the page's data (packed in data.go).
async function readData() {
  const bytes = Uint8Array.from(atob(document.getElementById("data").textContent), c => c.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(await new Response(unpacked).text());
}

// Page is what its parts share: the data, what is drawn, and which modes are hidden.
class Page {
  constructor(data) {
    Object.assign(this, { data, names: data.modes, drawn: [], hidden: new Set() });
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

function startPage(data) {
  const page = new Page(data);
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
  followLinks();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => page.draw());
  redrawOnResize(() => page.draw());
  redrawForPrint(page);
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
function redrawForPrint(page) {
  let opened = [];
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.print = "yes";
    for (const part of document.querySelectorAll("details.part")) fill(part, page);
    opened = [...document.querySelectorAll("details:not([open]):not(.runs)")];
    for (const d of opened) d.open = true;
    page.draw();
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset.print;
    for (const d of opened) d.open = false;
    page.draw();
  });
}

readData().then(startPage);
