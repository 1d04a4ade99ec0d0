"use strict";

// From a plot's data to uPlot: scales, marks, and figures at the cursor. uPlot does axes, cursor and canvas; the lines are drawn by draw.js.

// logTicks are 1, 2, 5, 10, ... or fewer, so that at most seven stand on an axis.
function logTicks(low, high, most = 7) {
  for (const steps of [[1, 2, 5], [1, 3], [1]]) {
    const ticks = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
      for (const s of steps) {
        const tick = Number((s * 10 ** e).toPrecision(2));
        if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
      }
    }
    if (ticks.length <= most || steps.length === 1) return ticks;
  }
}

// apart leaves out marks that would lie upon each other: the ends stay, as they are what was measured.
function apart(ticks, position, least) {
  const last = ticks.length - 1;
  let at = -Infinity;
  return ticks.map((t, i) => {
    const p = position(t);
    if (i !== last && (p - at < least || (i > 0 && position(ticks[last]) - p < least))) return null;
    at = p;
    return t;
  });
}

// roundLog takes v to the next of 1, 2, 3, 5, 10, ... on one side of it.
function roundLog(v, side) {
  const one = 10 ** Math.floor(Math.log10(v));
  const steps = [1, 2, 3, 5, 10].map(s => s * one);
  return side === Math.floor ? steps.findLast(s => s <= v * 1.0001) : steps.find(s => s >= v * 0.9999);
}

// extent is the range of an axis over all modes, hidden ones and all, so that a plot does not jump when one is hidden.
function extent(spec) {
  const xs = spec.series.flatMap(s => s.x);
  const ys = spec.series.flatMap(s => [...s.y, ...(s.low || []), ...(s.high || [])]).filter(v => v != null);
  const x = [Math.min(...xs, ...(spec.x.ticks || [])), Math.max(...xs)];
  const high = Math.max(...ys), low = Math.min(...ys.filter(v => v > 0));
  const logarithmic = () => [roundLog(low / 1.1, Math.floor), roundLog(high * 1.1, Math.ceil)];
  if (spec.x.kind === "date") return { x: aside(x, 0.06, 3600), y: spec.y.log ? logarithmic() : aside([Math.min(...ys), high], 0.2, (spec.y.kind === "share" ? 0.02 : 0.1) * high, 0) };
  if (x[0] === x[1]) x[0] /= 2, x[1] *= 2;
  const room = spec.x.kind !== "percentile" && spec.x.log ? (x[1] / x[0]) ** 0.025 : 1; // for the markers at both ends
  const y = spec.y.log ? logarithmic() : [0, high > 0 ? high * 1.08 : 1];
  return { x: [x[0] / room, x[1] * room], y };
}

// aside is a range with a share of it more at both ends, and with that much at the least; it does not go below a floor.
function aside([low, high], share, least, floor = -Infinity) {
  const room = Math.max(share * (high - low), least);
  return [Math.max(low - room, floor), high + room];
}

function axisStyle(colours) {
  const font = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif";
  return { stroke: colours.soft, font, grid: { stroke: colours.grid, width: 1 }, ticks: { stroke: colours.line, width: 1, size: 4 }, gap: 5 };
}

// aligned is one table of all series over all of their x, as uPlot wants it.
function aligned(series) {
  return uPlot.join(series.map(s => [s.x, s.y]));
}

function plotOptions(el, spec, shown, colours) {
  const range = extent(spec);
  const style = axisStyle(colours);
  const small = el.clientHeight < 200;
  const dates = spec.x.kind === "date";
  const xTicks = u => (spec.x.ticks ? apart(spec.x.ticks, t => u.valToPos(t, "x"), 34) : logTicks(...range.x));
  const yAxis = { ...style, size: 58, space: small ? 24 : 34, values: (u, ticks) => writeTicks(spec.y.kind, ticks, spec.y.log) };
  if (spec.y.log) yAxis.splits = () => logTicks(...range.y, small ? 4 : 7);
  return {
    width: el.clientWidth, height: el.clientHeight, padding: [10, 18, 0, 0], legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
    scales: {
      x: { time: dates, distr: spec.x.log ? 3 : 1, log: 10, range: () => range.x },
      y: { distr: spec.y.log ? 3 : 1, log: 10, range: () => range.y },
    },
    axes: [
      dates
        ? { ...style, size: 34, space: 70, values: (u, ticks, i, space, step) => writeDates(ticks, step) }
        : { ...style, size: 30, splits: xTicks, filter: (u, ticks) => ticks, values: (u, ticks) => writeTicks(spec.x.kind, ticks, true) },
      { ...yAxis, ...(spec.y.log ? { filter: (u, ticks) => ticks } : {}) },
    ],
    series: [{}, ...spec.series.map(() => ({ paths: () => null, points: { show: false }, spanGaps: true }))],
    hooks: { draw: [u => drawSeries(u, spec, shown, colours)] },
  };
}

// stops are the x at which figures are read: those of the measured points, not of fitted curves. Points of several modes that lie
// beside each other are one stop.
function stops(spec) {
  const all = [...new Set(spec.series.filter(s => !s.curve).flatMap(s => s.x.filter((_, i) => s.y[i] != null)))].sort((a, b) => a - b);
  return spec.x.log ? all.filter((x, i) => i === 0 || x > 1.02 * all[i - 1]) : all;
}

// spread fills in the x of lines that have them in a shorter way.
function spread(spec) {
  for (const s of spec.series) {
    if (s.times) s.x = s.times;
    if (!s.span) continue;
    const [from, to] = s.span, last = s.y.length - 1;
    s.x = s.y.map((_, k) => from * (to / from) ** (last ? k / last : 0));
    delete s.span;
  }
  return spec;
}

// figureAt is a mode's value at the point of it that is nearest to an x.
function figureAt(spec, mode, x) {
  const s = spec.series.find(s => s.mode === mode && !s.curve);
  if (!s) return null;
  const i = s.x.indexOf(nearest(s.x.filter((_, i) => s.y[i] != null), x, measureOf(spec.x)));
  return i < 0 ? null : s.y[i];
}

// measureOf says how far apart two places of an axis are: by their ratio where it is logarithmic.
function measureOf(axis) {
  return axis.log ? Math.log : v => v;
}

// LadderPlot is a plot that tells what it shows at the cursor: tell(place, figures) takes the x as text and a text for each mode, or nothing.
class LadderPlot {
  constructor(el, spec, names, shown, tell) {
    Object.assign(this, { el, spec: spread(spec), names, shown, tell, u: null });
    this.stops = stops(this.spec);
    steerByKeys(this);
  }

  draw(colours) {
    if (this.u) this.u.destroy();
    this.u = null;
    if (!this.el.clientWidth) return; // it is folded away
    const options = plotOptions(this.el, this.spec, this.shown, colours);
    options.hooks.setCursor = [u => this.read(u.cursor.left >= 0 ? u.posToVal(u.cursor.left, "x") : null)];
    this.u = new uPlot(options, aligned(this.spec.series), this.el);
  }

  // redraw shows and hides modes.
  redraw() {
    if (this.u) this.u.redraw();
    this.read(null);
  }

  // read tells the figures beside x; none for no x.
  read(x) {
    const near = x == null ? null : nearest(this.stops, x, measureOf(this.spec.x));
    const place = near == null ? "" : writeFigure(this.spec.x.kind, near);
    const figures = new Map();
    for (const mode of new Set(this.spec.series.map(s => s.mode))) {
      const v = near == null ? null : figureAt(this.spec, mode, near);
      if (v != null && this.shown(mode)) figures.set(mode, writeFigure(this.spec.y.kind, v));
    }
    this.tell(place, figures);
    return near == null ? "" : place + ": " + [...figures].map(([mode, text]) => this.names[mode] + " " + text).join(", ");
  }
}

function nearest(values, x, measure) {
  return values.reduce((best, v) => (Math.abs(measure(v) - measure(x)) < Math.abs(measure(best) - measure(x)) ? v : best), values[0]);
}

// steerByKeys moves the cursor of a plot that has the focus from stop to stop, and speaks the figures.
function steerByKeys(plot) {
  let at = -1;
  plot.el.addEventListener("keydown", e => {
    const last = plot.stops.length - 1;
    const next = { ArrowRight: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), Home: 0, End: last, Escape: -1 }[e.key];
    if (next === undefined || !plot.u) return;
    e.preventDefault();
    at = next;
    if (at < 0) return plot.u.setCursor({ left: -10, top: -10 });
    plot.u.setCursor({ left: plot.u.valToPos(plot.stops[at], "x"), top: 10 });
    document.getElementById("spoken").textContent = plot.read(plot.stops[at]);
  });
  plot.el.addEventListener("blur", () => {
    at = -1;
    if (plot.u) plot.u.setCursor({ left: -10, top: -10 });
  });
}
