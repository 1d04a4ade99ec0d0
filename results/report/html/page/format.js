"use strict";

// How figures are written: with three significant digits and a unit that fits, as in the tables (results/report/units.go).

function digits(v) {
  if (!v) return "0";
  const decimals = Math.min(Math.max(2 - Math.floor(Math.log10(Math.abs(v))), 0), 2);
  return String(Number(v.toFixed(decimals)));
}

const units = {
  time: [["s", 1e6], ["ms", 1e3], ["µs", 1]],
  bytes: [["GB", 1e9], ["MB", 1e6], ["kB", 1e3], ["B", 1]],
  rate: [["M", 1e6], ["k", 1e3], ["", 1]],
};

// fitting is the largest unit of which v is at least one.
function fitting(kind, v) {
  return units[kind].find(([, one]) => v >= 0.9995 * one) || units[kind].at(-1);
}

function inUnit(kind, v, [name, one]) {
  const space = kind === "rate" || name === "" ? "" : " ";
  return digits(v / one) + space + name;
}

// writeFigure writes one value of an axis' kind.
function writeFigure(kind, v) {
  if (units[kind]) return inUnit(kind, v, fitting(kind, v));
  switch (kind) {
    case "percentile": return writePercentile(v);
    case "connections": case "count": return Math.round(v).toLocaleString("en-US");
    case "ratio": return v > 0 && v < 0.01 ? String(Number(v.toPrecision(2))) : digits(v);
    case "seconds": return digits(v) + " s";
    case "percent": return digits(v) + "%";
    case "share": return Number((100 * v).toPrecision(4)) + "%";
    case "date": return writeDate(v, true);
  }
  return digits(v);
}

// writePercentile writes 1/(1−q) as a share: 1 is 0%, 10 is 90%, 1,000 is 99.9%.
function writePercentile(x) {
  const nines = Math.max(0, Math.ceil(Math.log10(x) - 2 - 1e-9));
  return Number((100 - 100 / x).toFixed(x % 10 === 0 || x < 10 ? nines : nines + 1)) + "%";
}

// writeTicks writes the marks of an axis: all in one unit when it is linear, so that they compare at a glance.
function writeTicks(kind, ticks, log) {
  const known = ticks.filter(t => t != null);
  if (log || !units[kind]) return ticks.map(t => (t == null ? null : kind === "seconds" || (kind === "count" && t < 100) ? digits(t) : writeFigure(kind, t)));
  const unit = fitting(kind, Math.max(...known));
  return ticks.map(t => (t == null ? null : t === 0 ? "0" : inUnit(kind, t, unit)));
}

// writeDate writes seconds since 1970 in UTC, as the tables do.
function writeDate(v, time) {
  return new Date(1000 * v).toISOString().slice(0, time ? 16 : 10).replace("T", " ");
}

// writeDates writes the marks of an axis of time: days, with the year where there are several, and times where the marks are less
// than a day apart.
function writeDates(ticks, step) {
  const one = new Set(ticks.map(t => new Date(1000 * t).getUTCFullYear())).size === 1;
  let last = "";
  return ticks.map(t => {
    const day = new Date(1000 * t).toLocaleDateString("en-GB", { timeZone: "UTC", day: "numeric", month: "short", ...(one ? {} : { year: "2-digit" }) });
    if (step >= 86400) return day;
    const time = writeDate(t, true).slice(11);
    const text = day === last ? time : time + "\n" + day;
    last = day;
    return text;
  });
}
