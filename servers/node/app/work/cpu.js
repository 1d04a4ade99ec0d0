import { millis } from './query.js';

// What the process has used stands in before Node.js 23.9, which has the thread's own clock. Where /cpu is all that is asked,
// one thread computes and the two are the same; beside it, the thread pool's work would count as this handler's.
const used = (process.threadCpuUsage ?? process.cpuUsage).bind(process);

let state = 1; // kept, so that the compiler cannot leave the work out

/** Computes on this thread until it has used as many milliseconds of CPU time as the query says, and returns them. */
export function burn(query) {
  const ms = millis(query, 5, 10_000);
  compute(ms * 1000);
  return ms;
}

/** Computes on this thread until it has used so many microseconds of CPU time. */
export function compute(us) {
  const steps = Math.min(Math.max(us * 25, 250), 10_000); // a step takes some 2 ns: a twentieth of it all, 20 µs at most
  const end = micros() + us;
  while (micros() < end) state = spin(state, steps);
}

function micros() {
  const { user, system } = used();
  return user + system;
}

/** Computes for so many steps of xorshift32 (Marsaglia 2003). 10,000, some 20 µs, keep the reading of the clock to a few percent. */
function spin(v, steps) {
  for (let i = 0; i < steps; i++) {
    v ^= v << 13;
    v ^= v >>> 17;
    v ^= v << 5;
  }
  return v;
}
