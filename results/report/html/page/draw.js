"use strict";

// What is drawn on a canvas beyond uPlot's own lines: markers that differ by shape, whiskers, bands. Each mode has a colour, a
// marker and a dash, so that none of them is needed to tell two apart.

const lookCount = 8;

// theme reads the colours from the style sheet, which has them for light and dark.
function theme() {
  const style = getComputedStyle(document.documentElement);
  const named = name => style.getPropertyValue("--" + name).trim();
  return {
    ink: named("ink"), soft: named("soft"), grid: named("grid"), line: named("line"), paper: named("paper"), step: named("step"),
    looks: Array.from({ length: lookCount }, (_, i) => named("look" + i)),
  };
}

const dashes = [[], [7, 4], [2, 3], [9, 3, 2, 3], [14, 4], [4, 2], [1, 4], [10, 3, 2, 3, 2, 3]];

const polygons = [
  null, // a circle
  [[-5, -5], [5, -5], [5, 5], [-5, 5]],
  [[0, -6], [6, 5], [-6, 5]],
  [[0, -7], [6, 0], [0, 7], [-6, 0]],
  [[0, 6], [6, -5], [-6, -5]],
  [[-2, -6], [2, -6], [2, -2], [6, -2], [6, 2], [2, 2], [2, 6], [-2, 6], [-2, 2], [-6, 2], [-6, -2], [-2, -2]],
  [[-6, 0], [-3, -6], [3, -6], [6, 0], [3, 6], [-3, 6]],
  [[0, -7], [2, -2], [7, 0], [2, 2], [0, 7], [-2, 2], [-7, 0], [-2, -2]],
];

function drawMarker(ctx, look, x, y, scale, colours) {
  ctx.beginPath();
  const corners = polygons[look];
  if (corners) corners.forEach(([dx, dy], i) => ctx[i ? "lineTo" : "moveTo"](x + dx * scale, y + dy * scale));
  else ctx.arc(x, y, 5.5 * scale, 0, 2 * Math.PI);
  ctx.closePath();
  ctx.fillStyle = colours.looks[look];
  ctx.fill();
  ctx.lineWidth = 1.2 * devicePixelRatio;
  ctx.strokeStyle = colours.paper;
  ctx.stroke();
}

// drawBand fills between the intervals' ends.
function drawBand(ctx, place, line, colour) {
  ctx.beginPath();
  line.x.forEach((x, i) => ctx[i ? "lineTo" : "moveTo"](place.x(x), place.y(line.high[i])));
  for (let i = line.x.length - 1; i >= 0; i--) ctx.lineTo(place.x(line.x[i]), place.y(line.low[i]));
  ctx.closePath();
  ctx.globalAlpha = 0.14;
  ctx.fillStyle = colour;
  ctx.fill();
  ctx.globalAlpha = 1;
}

// drawWhiskers draws an interval at each point. aside keeps those of two modes from lying upon each other.
function drawWhiskers(ctx, place, line, colour, aside) {
  const cap = 3.5 * devicePixelRatio;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.4 * devicePixelRatio;
  ctx.beginPath();
  line.x.forEach((v, i) => {
    if (line.low[i] == null || line.high[i] == null || line.low[i] === line.high[i]) return;
    const x = place.x(v) + aside, low = place.y(line.low[i]), high = place.y(line.high[i]);
    ctx.moveTo(x, low);
    ctx.lineTo(x, high);
    for (const end of [low, high]) {
      ctx.moveTo(x - cap, end);
      ctx.lineTo(x + cap, end);
    }
  });
  ctx.stroke();
}

function drawLine(ctx, place, line, colour, dash, width, aside) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = width * devicePixelRatio;
  ctx.lineJoin = "round";
  ctx.setLineDash(dash.map(d => d * devicePixelRatio));
  ctx.beginPath();
  let joined = false; // a line has gaps where it has no figure
  line.x.forEach((x, i) => {
    if (line.y[i] != null) ctx[joined ? "lineTo" : "moveTo"](place.x(x) + aside, place.y(line.y[i]));
    joined = line.y[i] != null;
  });
  ctx.stroke();
  ctx.setLineDash([]);
}

// drawSeries draws a plot's lines in layers: all bands, then lines, whiskers and markers, so that none hides a figure.
function drawSeries(u, spec, shown, colours) {
  const ctx = u.ctx;
  const place = { x: v => u.valToPos(v, "x", true), y: v => u.valToPos(v, "y", true) };
  const lines = spec.series.filter(s => shown(s.mode));
  const modes = [...new Set(lines.map(s => s.mode))].sort((a, b) => a - b);
  const aside = s => (s.low && !s.band ? (modes.indexOf(s.mode) - (modes.length - 1) / 2) * 4 * devicePixelRatio : 0);
  const colour = s => colours.looks[s.mode % lookCount];
  ctx.save();
  ctx.beginPath();
  const room = 8 * devicePixelRatio; // for markers at the edge
  ctx.rect(u.bbox.left - room, u.bbox.top - room, u.bbox.width + 2 * room, u.bbox.height + 2 * room);
  ctx.clip();
  for (const s of lines) if (s.band) drawBand(ctx, place, s, colour(s));
  for (const s of lines) {
    if (!s.line) continue;
    const dash = s.dashed ? [3, 5] : s.curve ? [] : dashes[s.mode % lookCount];
    drawLine(ctx, place, s, colour(s), dash, s.curve ? 1.4 : 2, aside(s));
  }
  for (const s of lines) if (s.low && !s.band) drawWhiskers(ctx, place, s, colour(s), aside(s));
  for (const s of lines) {
    if (!s.marks) continue;
    s.x.forEach((x, i) => s.y[i] != null && drawMarker(ctx, s.mode % lookCount, place.x(x) + aside(s), place.y(s.y[i]), 0.8 * devicePixelRatio, colours));
  }
  ctx.restore();
}
