"use strict";

// A scene: a few requests that were recorded thread by thread, and their replay.

// timed places an element on the time axis.
function timed(el, from, to, end) {
  el.style.left = `${(100 * Math.max(from, 0)) / end}%`;
  el.style.width = `${(100 * (to - Math.max(from, 0))) / end}%`;
  return el;
}

// laneOf draws what a thread or a request did. The bars of a thread bear the numbers of its requests.
function laneOf(lane, end, thread) {
  const bars = lane.spans.map(s => {
    const wide = (s.to - s.from) / end > 0.02;
    return timed(make("i", { class: `span ${s.is}`, tabindex: "0", role: "img", "aria-label": s.text }, thread && wide && s.request ? String(s.request) : ""), s.from, s.to, end);
  });
  const on = (lane.on || []).map(([from, to]) => timed(make("u", {}), from, to, end));
  return make("div", { class: thread ? "lane thread" : "lane" }, make("span", { class: "lane-name" }, lane.name), make("div", { class: "lane-time" }, ...bars, ...on, make("b", { class: "later" })));
}

// lanesOf draws the lanes of a mode, and the same as a table.
function lanesOf(mode, scene) {
  const marks = scene.marks.map(m => {
    const el = make("i", {}, m.text);
    el.style.left = `${(100 * m.at) / scene.end}%`;
    return el;
  });
  const all = [make("div", { class: "lane ruler", "aria-hidden": "true" }, make("span", { class: "lane-name" }), make("div", { class: "lane-time" }, ...marks))];
  const group = (title, lanes, thread) => lanes.length && all.push(make("h4", {}, title), ...lanes.map(l => laneOf(l, scene.end, thread)));
  group("Threads", mode.threads, true);
  if (mode.unknown) all.push(make("p", { class: "note" }, mode.unknown + "."));
  group("Requests", mode.requests, false);
  const capital = text => text[0].toUpperCase() + text.slice(1) + ".";
  const rows = mode.rows.map(([name, sent, answered], i) =>
    make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, sent), make("td", {}, ...mode.requests[i].spans.map(s => make("div", {}, capital(s.text)))), make("td", {}, answered)));
  const head = ["Request", "Sent", "What became of it", "Answered"].map(h => make("th", { scope: "col" }, h));
  const table = make("table", { class: "did" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
  return [...all, make("details", {}, make("summary", {}, "The same as a table"), scrolling("What became of the requests", table))];
}

const numbered = all => `request${all.length > 1 ? "s" : ""} ${all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} and ${all[all.length - 1]}`}`;

// momentOf says what a mode does at a time.
function momentOf(mode, at) {
  if (at >= mode.end) return "All is answered.";
  const now = lane => lane.spans.find(s => s.from <= at && at < s.to);
  const parts = [], of = { held: [], queued: [], stands: [], waits: [], answering: [], unknown: [] };
  const standing = new Set();
  for (const t of mode.threads) {
    const s = now(t);
    if (!s) continue;
    if (s.is === "running") parts.push(t.worker ? `${t.name} works for request ${s.request}.` : `On the call stack of ${t.name}: request ${s.request}.`);
    if (s.is === "waiting") standing.add(s.request);
  }
  mode.requests.forEach((r, i) => {
    const s = now(r);
    if (!s) return;
    const kind = s.is === "waiting" ? (standing.has(i + 1) ? "stands" : "waits") : s.is;
    of[kind]?.push(i + 1);
  });
  if (of.stands.length) parts.push(`${of.stands.length} thread${of.stands.length > 1 ? "s stand" : " stands"} still with ${numbered(of.stands)}.`);
  if (of.waits.length) parts.push(`${numbered(of.waits)} wait${of.waits.length > 1 ? "" : "s"}, and no thread stands still for it.`);
  if (of.queued.length) parts.push(`In the queue, not read yet: ${numbered(of.queued)}.`);
  if (of.held.length) parts.push(`In the queue, ready, but held up: ${numbered(of.held)}.`);
  if (of.answering.length) parts.push(`On the way back: ${numbered(of.answering)}.`);
  if (of.unknown.length) parts.push(`Sent, and not answered yet: ${numbered(of.unknown)}.`);
  const text = parts.join(" ");
  if (text) return text[0].toUpperCase() + text.slice(1);
  return mode.threads.length ? "No request has anything to do: every thread is idle." : "No request is on its way.";
}

// Replay draws a scene in an element that has its words, and replays it by its controls, and by the keys that are pressed in place.
class Replay {
  constructor(el, scene, place) {
    Object.assign(this, { el, scene, end: scene.end, at: scene.end, playing: false, last: 0, timer: 0 });
    const servers = el.querySelectorAll(".server");
    scene.modes.forEach((mode, i) => servers[i].querySelector(".lanes").append(...lanesOf(mode, scene)));
    this.covers = el.querySelectorAll(".later");
    this.moments = el.querySelectorAll(".moment");
    // Steps are the moments at which something begins or ends; those that follow at once are one step.
    const times = scene.modes.flatMap(m => m.requests.flatMap(r => r.spans.flatMap(s => [s.from, s.to])));
    this.steps = [0];
    for (const t of [...times, this.end].sort((a, b) => a - b)) if (t - this.steps[this.steps.length - 1] > this.end / 400) this.steps.push(t);
    this.control("play").addEventListener("click", () => this.toggle());
    this.control("back").addEventListener("click", () => this.step(false));
    this.control("next").addEventListener("click", () => this.step(true));
    this.control("at").addEventListener("input", e => {
      this.stop();
      this.show((this.end * e.target.value) / 1000);
    });
    place.addEventListener("keydown", e => this.press(e));
    const tell = e => {
      const span = e.target.closest?.(".lane-time .span");
      if (span) el.querySelector(".detail").textContent = span.getAttribute("aria-label");
    };
    el.addEventListener("focusin", tell);
    el.addEventListener("pointerover", tell);
    this.show(this.end);
  }

  control(name) {
    return this.el.querySelector("#scene-" + name);
  }

  // show draws the scene as it is at a time.
  show(time) {
    this.at = Math.min(Math.max(time, 0), this.end);
    const share = this.at / this.end, at = this.control("at");
    this.el.classList.toggle("whole", this.at >= this.end);
    for (const cover of this.covers) cover.style.left = `${100 * share}%`;
    at.value = String(Math.round(1000 * share));
    at.setAttribute("aria-valuetext", `${this.at.toFixed(0)} ms`);
    this.control("now").textContent = `${this.at.toFixed(this.at < 10 ? 1 : 0)} ms`;
    this.moments.forEach((p, i) => (p.textContent = momentOf(this.scene.modes[i], this.at)));
  }

  step(forward) {
    this.stop();
    this.show((forward ? this.steps.find(t => t > this.at + 1e-6) : this.steps.findLast(t => t < this.at - 1e-6)) ?? (forward ? this.end : 0));
  }

  // play goes on from where it is, or begins anew. Without motion it is a step a second.
  play() {
    if (this.at >= this.end) this.show(0);
    this.playing = true;
    this.last = 0;
    this.control("play").textContent = "❚❚ Pause";
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.timer = setInterval(() => {
        this.show(this.steps.find(t => t > this.at + 1e-6) ?? this.end);
        if (this.at >= this.end) this.stop();
      }, 1000);
    } else requestAnimationFrame(t => this.frame(t));
  }

  frame(time) {
    if (!this.playing) return;
    if (this.last) this.show(this.at + (time - this.last) * Number(this.control("speed").value));
    this.last = time;
    if (this.at >= this.end) this.stop();
    else requestAnimationFrame(t => this.frame(t));
  }

  stop() {
    this.playing = false;
    clearInterval(this.timer);
    this.control("play").textContent = "▶ Play";
  }

  toggle() {
    if (this.playing) this.stop();
    else this.play();
  }

  // press does what a key says, but for those that a control or a link has a use for itself.
  press(e) {
    const own = e.target.closest("select") || (e.key === " " && e.target.closest("button, summary, a"));
    if (own || e.ctrlKey || e.metaKey || e.altKey) return;
    const keys = {
      ArrowRight: () => this.step(true), ArrowLeft: () => this.step(false), " ": () => this.toggle(),
      Home: () => (this.stop(), this.show(0)), End: () => (this.stop(), this.show(this.end)),
    };
    if (!keys[e.key]) return;
    e.preventDefault();
    keys[e.key]();
  }
}
