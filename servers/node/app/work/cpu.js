import { millis } from './query.js';

// What the process has used stands in before Node.js 23.9, which has the thread's own clock. Where /cpu is all that is asked,
// one thread computes and the two are the same; beside it, the thread pool's work would count as this handler's.
const used = (process.threadCpuUsage ?? process.cpuUsage).bind(process);

let state = 1; // kept, so that the compiler cannot leave the work out

/** Computes on this thread until it has used as many milliseconds of CPU time as the query says, and returns them. */
export function burn(query) {
  const ms = millis(query, 5, 10_000);
  const end = micros() + ms * 1000;
  while (micros() < end) state = spin(state);
  return ms;
}

function micros() {
  const { user, system } = used();
  return user + system;
}

/** Computes for some 20 µs: 10,000 steps of xorshift32 (Marsaglia 2003). It keeps the reading of the clock to a few percent. */
function spin(v) {
  for (let i = 0; i < 10_000; i++) {
    v ^= v << 13;
    v ^= v >>> 17;
    v ^= v << 5;
  }
  return v;
}
