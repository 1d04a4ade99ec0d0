"use strict";

// A bench that goes on: its server says what it does and which trials are over (server-sent events), and the page is filled in after
// each of them. It ends as the page of the finished record.

// liveBar says above the page what is being done.
function liveBar() {
  const doing = make("strong", {}, "Waiting for the bench"), time = make("span", {}), done = make("progress", { max: "1", value: "0", "aria-label": "How much of the bench is over" });
  const last = make("p", { class: "last" }), el = make("aside", { id: "live", "aria-label": "The bench goes on" }, make("p", {}, doing, " ", time), done, last);
  document.body.prepend(el);
  return {
    tell(status) {
      doing.textContent = status.doing;
      time.textContent = status.time;
      done.value = status.share;
    },
    trial(text) {
      last.textContent = text;
    },
    lost() {
      time.textContent = "The bench does not answer. It may have been ended; this page asks again.";
    },
    remove: () => el.remove(),
  };
}

// keyOf names a part that can be folded, in this page and in the next.
const keyOf = d => d.id || `${d.parentElement.closest("[id]")?.id}: ${d.querySelector("summary").textContent}`;

// unfold opens those parts that were open before.
function unfold(open) {
  for (const d of document.querySelectorAll("details:not([open])")) if (open.has(keyOf(d))) d.open = true;
}

// ask gives the bench's page as it is now.
async function ask() {
  const answer = await fetch("/", { cache: "no-store" });
  if (!answer.ok) throw new Error(`the bench answers with ${answer.status}`);
  return answer.text();
}

// refill puts the bench's page, as its text, in place of this one. What is open, chosen, hidden and focused stays so.
async function refill(text) {
  const next = new DOMParser().parseFromString(text, "text/html");
  for (const n of next.querySelectorAll("noscript")) n.textContent = n.innerHTML; // as a page with scripts reads it
  const open = new Set([...document.querySelectorAll("details[open]")].map(keyOf));
  const chosen = document.querySelector('input[name="workload"]:checked')?.value, focused = document.activeElement?.id, height = scrollY;
  const scene = document.getElementById("scene");
  for (const part of ["header", "main", "#data"]) document.querySelector(part).replaceWith(document.adoptNode(next.querySelector(part)));
  if (scene) document.getElementById("scene")?.replaceWith(scene); // it is the same throughout a bench, and may be playing
  document.body.className = next.body.className;
  for (const choice of document.querySelectorAll('input[name="workload"]')) choice.checked = choice.value === chosen || (!chosen && choice.checked);
  unfold(open);
  startPage(await readData());
  unfold(open); // those that the script has made
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  scrollTo({ top: height, behavior: "instant" });
}

function followBench() {
  const bar = liveBar(), source = new EventSource("/events");
  let filling = Promise.resolve(), wanted = 0;
  const fillIn = page => {
    const mine = ++wanted;
    filling = filling.then(async () => (mine === wanted ? refill(await page()) : null)).catch(() => bar.lost()); // only the last of several that wait
    return filling;
  };
  source.addEventListener("status", e => bar.tell(JSON.parse(e.data)));
  source.addEventListener("trial", e => {
    bar.trial(JSON.parse(e.data));
    fillIn(ask);
  });
  source.addEventListener("over", e => {
    source.close();
    fillIn(() => JSON.parse(e.data)).then(bar.remove);
  });
  source.addEventListener("error", () => bar.lost());
}

followBench();
