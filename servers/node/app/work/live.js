import { readFileSync } from 'node:fs';

import { chatFigures } from './chat.js';
import { isWhole, number } from './query.js';

const commentEvery = 15_000; // milliseconds
/** The page that shows the events. */
export const dashboard = readFileSync(new URL('../dashboard.html', import.meta.url));

let origin = performance.timeOrigin;

/** Milliseconds since 1970, with a fraction, which Date.now() has not. Follows a clock that is set. */
function now() {
  const wall = Date.now();
  const exact = origin + performance.now();
  if (exact > wall - 0.5 && exact < wall + 1.5) return exact;
  origin += wall - exact;
  return wall;
}

let subscribers = 0;
let events = 0;

/**
 * Answers with events until either side ends the connection: rate ticks a second, by the query. What the client is too slow
 * for is dropped, and seen as a gap in the ids. Throws a Fault for a rate that is none.
 */
export function live(req, res, query) {
  const rate = number(query, 'rate', 'events a second', 10, 10, 1000);
  res.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    Connection: 'close',
  });
  if (req.method === 'HEAD') {
    res.end();
    return;
  }
  const last = req.headers['last-event-id'] ?? '';
  const base = isWhole(last) ? BigInt(last) + 1n : 1n;
  const start = now();
  let next = 0;
  let commented = start;
  let timer;
  const send = (text) => {
    if (!res.writableNeedDrain) res.write(text);
  };
  const tick = () => {
    if (res.writableEnded) return; // the server stops, and what was written has not been taken yet
    const time = now();
    if (time - commented >= commentEvery) {
      commented = time;
      send(':\n\n');
    }
    let due = commented + commentEvery;
    if (rate > 0) {
      const reached = Math.floor(((time - start) * rate) / 1000);
      if (reached >= next) {
        const due_us = Math.floor(start * 1000 + (reached * 1e6) / rate);
        const figures = { due_us, subscribers, events: (events += 1), chat: chatFigures() };
        send(`id: ${base + BigInt(reached)}\ndata: ${JSON.stringify(figures)}\n\n`);
        next = reached + 1;
      }
      due = Math.min(due, start + (next * 1000) / rate);
    }
    timer = setTimeout(tick, Math.max(0, Math.ceil(due - time)));
  };
  subscribers += 1;
  res.on('close', () => {
    subscribers -= 1;
    clearTimeout(timer);
    streams.delete(res);
  });
  streams.add(res);
  res.write('retry: 1000\n\n');
  tick();
}

const streams = new Set();

/** Ends all streams, which would go on for as long as their clients listen. */
export function endStreams() {
  for (const res of streams) res.end();
}
