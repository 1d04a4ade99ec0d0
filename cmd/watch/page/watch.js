'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
  const trace = JSON.parse(byId('trace').textContent);
  const end = Math.max(...trace.modes.map((m) => m.end_ms)) * 1.01;
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const spans = trace.modes.flatMap((m) => m.requests.flatMap((r) => r.spans));
  // Steps are the moments at which something begins; those that follow at once are one step.
  const steps = [0];
  for (const t of [...spans.flatMap((s) => [s.from_ms, s.to_ms]), end].sort((a, b) => a - b)) {
    if (t - steps[steps.length - 1] > end / 400) steps.push(t);
  }
  let at = end;
  let playing = false;
  let last = 0;
  let timer = 0;

  const list = (numbers) => {
    const text = numbers.map(String);
    return text.length < 2 ? text.join('') : `${text.slice(0, -1).join(', ')} and ${text[text.length - 1]}`;
  };
  const requests = (numbers) => `request${numbers.length > 1 ? 's' : ''} ${list(numbers)}`;
  const now = (lane) => lane.spans.find((s) => s.from_ms <= at && at < s.to_ms);

  /** What a mode does now, in the words of the article. */
  function moment(mode) {
    if (at >= mode.end_ms) return 'All is answered.';
    const parts = [];
    for (const thread of mode.threads) {
      const s = now(thread);
      if (!s) continue;
      if (s.state === 'running') {
        parts.push(`${thread.worker ? '' : 'On the call stack of '}${thread.name}${thread.worker ? ' works for' : ':'} request ${s.request}.`);
      }
    }
    const held = [];
    const queue = [];
    const stands = [];
    const waits = [];
    for (const r of mode.requests) {
      const s = now(r);
      if (!s) continue;
      if (s.state === 'held up') held.push(r.number);
      if (s.state === 'queued') queue.push(r.number);
      if (s.state === 'waiting') (mode.threads.some((t) => t.spans.some((o) => o.state === 'waiting' && o.request === r.number && o.from_ms <= at && at < o.to_ms)) ? stands : waits).push(r.number);
    }
    if (stands.length) parts.push(`${stands.length} thread${stands.length > 1 ? 's stand' : ' stands'} still with ${requests(stands)}.`);
    if (waits.length) parts.push(`${requests(waits)} wait${waits.length > 1 ? '' : 's'}, on nobody’s call stack.`);
    if (queue.length) parts.push(`In the queue, not read yet: ${requests(queue)}.`);
    if (held.length) parts.push(`In the queue, ready, and held up: ${requests(held)}.`);
    const text = parts.join(' ');
    return text ? text[0].toUpperCase() + text.slice(1) : 'Nobody has anything to do: every thread is idle.';
  }

  function show(time) {
    at = Math.min(Math.max(time, 0), end);
    const share = (100 * at) / end;
    document.body.classList.toggle('whole', at >= end);
    for (const cover of document.querySelectorAll('.later')) cover.style.left = `${share}%`;
    byId('at').value = String(Math.round(share * 10));
    byId('at').setAttribute('aria-valuetext', `${at.toFixed(0)} ms`);
    byId('now').textContent = `${at.toFixed(at < 10 ? 1 : 0)} ms`;
    for (const p of document.querySelectorAll('.moment')) p.textContent = moment(trace.modes[Number(p.dataset.mode)]);
  }

  function step(forward) {
    stop();
    const to = forward ? steps.find((t) => t > at + 1e-6) : steps.findLast((t) => t < at - 1e-6);
    show(to ?? (forward ? end : 0));
  }

  function frame(time) {
    if (!playing) return;
    if (last) show(at + (time - last) * Number(byId('speed').value));
    last = time;
    if (at >= end) stop();
    else requestAnimationFrame(frame);
  }

  /** Without motion a replay is a step a second. */
  function beat() {
    const to = steps.find((t) => t > at + 1e-6);
    show(to ?? end);
    if (at >= end) stop();
  }

  function play() {
    if (at >= end) show(0);
    playing = true;
    last = 0;
    byId('play').textContent = '❚❚ Pause';
    if (still.matches) timer = setInterval(beat, 1000);
    else requestAnimationFrame(frame);
  }

  function stop() {
    playing = false;
    clearInterval(timer);
    byId('play').textContent = '▶ Play';
  }

  const toggle = () => (playing ? stop() : play());
  byId('play').addEventListener('click', toggle);
  byId('back').addEventListener('click', () => step(false));
  byId('next').addEventListener('click', () => step(true));
  byId('at').addEventListener('input', (e) => {
    stop();
    show((end * e.target.value) / 1000);
  });
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest('select, summary')) return;
    const range = e.target === byId('at');
    const keys = { ArrowRight: () => step(true), ArrowLeft: () => step(false), Home: () => (stop(), show(0)), End: () => (stop(), show(end)) };
    if (!e.target.closest('button') && e.key === ' ') keys[' '] = toggle;
    if (keys[e.key] && !(range && e.key === ' ')) {
      e.preventDefault();
      keys[e.key]();
    }
  });
  const tell = (e) => {
    const bar = e.target.closest('.track .bar');
    if (bar) byId('detail').textContent = bar.getAttribute('aria-label');
  };
  document.addEventListener('focusin', tell);
  document.addEventListener('pointerover', tell);
  show(end);
})();
