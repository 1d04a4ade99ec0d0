// Records what becomes of numbered requests, where NODECOMPARE_TRACE names a file for it; otherwise nothing here does anything.
import { AsyncLocalStorage } from 'node:async_hooks';
import { writeFileSync } from 'node:fs';

const file = process.env.NODECOMPARE_TRACE;
const current = file ? new AsyncLocalStorage() : undefined; // the number of the request being handled
const events = [];

function add(kind, request, more) {
  const cpu = process.threadCpuUsage?.(); // from Node.js 23.9 on
  events.push({
    at: Number(process.hrtime.bigint()), // CLOCK_MONOTONIC: exact up to 104 days after the machine's start
    kind,
    request,
    thread: process.pid, // the loop is the process's first thread
    ...(cpu && { cpu: (cpu.user + cpu.system) * 1000 }),
    ...more,
  });
}

/** The listener, with its numbered requests recorded, and the events written when this process ends. */
export function observed(listener) {
  if (!file) return listener;
  process.on('exit', () =>
    writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join('')),
  );
  return (req, res) => {
    const request = Number(req.headers['nodecompare-request']);
    if (!Number.isInteger(request) || request < 1) return listener(req, res);
    add('read', request);
    const end = res.end;
    res.end = (...all) => {
      add('answered', request);
      return end.apply(res, all);
    };
    return current.run(request, () => listener(req, res));
  };
}

/** What a handler awaits: the promise, recorded with what it is for and how many milliseconds it takes at least. */
export function waits(what, promise, least = 0) {
  const request = current?.getStore();
  if (request === undefined) return promise;
  add('wait', request, { for: what, least: least * 1e6 });
  return promise.finally(() => add('on', request));
}
