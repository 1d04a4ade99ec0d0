"use strict";

// What the page does: it draws its plots when they come near to the window, and anew when the colours, the width or the choice of modes change.

function startPage() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const drawn = [];

  for (const section of document.querySelectorAll(".workload")) {
    const hidden = new Set();
    const mine = (data.plots || []).filter(p => section.querySelector("#" + p.id)).map(p => new LadderPlot(p, data.modes, mode => !hidden.has(mode)));
    for (const button of section.querySelectorAll("button[data-mode]")) {
      button.addEventListener("click", () => {
        const mode = Number(button.dataset.mode);
        if (!hidden.delete(mode)) hidden.add(mode);
        button.setAttribute("aria-pressed", String(!hidden.has(mode)));
        for (const p of mine) {
          p.u.redraw();
          p.read(null);
        }
      });
    }
    drawn.push(...mine);
  }
  for (const t of data.timelines || []) drawn.push(new Timeline(t));

  const drawAll = () => {
    const colours = theme();
    for (const d of drawn) d.draw(colours);
    document.documentElement.dataset.drawn = "yes";
  };
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  redrawOnResize(drawAll);
  redrawForPrint(drawAll);
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
function redrawForPrint(draw) {
  let opened = [];
  addEventListener("beforeprint", () => {
    document.documentElement.dataset.print = "yes";
    opened = [...document.querySelectorAll("details:not([open]):not(.runs)")];
    for (const d of opened) d.open = true;
    draw();
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset.print;
    for (const d of opened) d.open = false;
    draw();
  });
}

startPage();
