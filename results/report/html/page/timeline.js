"use strict";

// The timeline of one trial at a time: three plots over the same seconds.

// trackData is a figure's points over the trial's time, with gaps between the steps of load.
function trackData(trial, figure) {
  const xs = [], ys = [];
  for (const r of trial.rungs) {
    const points = r[figure] || [];
    points.forEach((v, i) => {
      const from = r.from + i * r.step;
      xs.push((from + (i === points.length - 1 ? r.to : from + r.step)) / 2); // the last one lasts to the end
      ys.push(v);
    });
    xs.push(r.to + 1e-6);
    ys.push(null);
  }
  return [xs, ys];
}

// shade draws the steps of load behind the lines, with their names where there is room.
function shade(u, trial, colours, named) {
  const ctx = u.ctx;
  ctx.save();
  ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  let free = -Infinity;
  for (const r of trial.rungs) {
    const from = u.valToPos(r.from, "x", true), to = u.valToPos(r.to, "x", true);
    ctx.fillStyle = colours.step;
    ctx.fillRect(from, u.bbox.top, Math.max(to - from, 1), u.bbox.height);
    const name = r.name + (r.void ? " VOID, left out" : "");
    if (named && from >= free) {
      ctx.fillStyle = colours.soft;
      ctx.fillText(name, from + 2 * devicePixelRatio, u.bbox.top - 17 * devicePixelRatio);
      free = from + ctx.measureText(name).width + 6 * devicePixelRatio;
    }
  }
  ctx.restore();
}

// span is the time from the first step of load to the last, with a little room.
function span(trial) {
  const from = Math.min(...trial.rungs.map(r => r.from)), to = Math.max(...trial.rungs.map(r => r.to));
  const room = 0.01 * (to - from) || 0.05;
  return [from - room, to + room];
}

class Track {
  constructor(el, timeline) {
    Object.assign(this, { el, timeline, kind: el.dataset.figure, output: el.closest(".track").querySelector("output"), u: null, stops: [] });
    steerByKeys(this);
  }

  draw(colours) {
    if (this.u) this.u.destroy();
    this.u = null;
    if (!this.el.clientWidth) return; // it is folded away
    const trial = this.timeline.trial();
    const look = trial.mode % lookCount;
    this.data = trackData(trial, this.kind);
    this.stops = this.data[0].filter((_, i) => this.data[1][i] != null);
    const values = this.data[1].filter(v => v != null);
    const high = Math.max(...values, 0);
    const kind = { rate: "rate", cores: "ratio", threads: "count" }[this.kind];
    const first = this.el.closest(".track") === this.timeline.el.querySelector(".track");
    const style = axisStyle(colours);
    this.write = v => writeFigure(kind, v);
    this.u = new uPlot({
      width: this.el.clientWidth, height: this.el.clientHeight, padding: [first ? 20 : 6, 24, 0, 0], legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { show: false }, sync: { key: this.timeline.el.dataset.timeline, setSeries: false } },
      scales: {
        x: { time: false, range: () => span(trial) },
        y: { range: () => [0, high > 0 ? high * 1.12 : 1] },
      },
      axes: [
        { ...style, size: 26, grid: { show: false }, values: (u, ticks) => writeTicks("seconds", ticks) },
        { ...style, size: 62, space: 26, values: (u, ticks) => writeTicks(kind, ticks) },
      ],
      series: [{}, { stroke: colours.looks[look], width: 1.8, dash: [], points: { show: false } }],
      hooks: {
        drawClear: [u => shade(u, trial, colours, first)],
        setCursor: [u => this.read(u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") : null)],
      },
    }, this.data, this.el);
  }

  read(x) {
    const near = x == null || !this.stops.length ? null : nearest(this.stops, x, v => v);
    if (near == null) return (this.output.textContent = "");
    const text = `${this.write(this.data[1][this.data[0].indexOf(near)])} at ${writeFigure("seconds", near)}`;
    this.output.textContent = text;
    return text;
  }
}

class Timeline {
  constructor(data, el) {
    Object.assign(this, { data, el });
    this.select = this.el.querySelector("select");
    this.tracks = [...this.el.querySelectorAll(".plot")].map(el => new Track(el, this));
    this.select.addEventListener("change", () => this.draw(theme()));
  }

  trial() {
    return this.data.trials[Number(this.select.value) || 0];
  }

  draw(colours) {
    for (const t of this.tracks) t.draw(colours);
  }
}
