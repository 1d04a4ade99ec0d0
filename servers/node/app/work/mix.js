import { setTimeout as sleep } from 'node:timers/promises';

import { waits } from '../trace.js';
import { compute } from './cpu.js';
import { number } from './query.js';

/** Waits and then computes as the query says, and resolves to what to answer. With nothing to wait for it sets no timer. */
export async function mix(query) {
  const ms = number(query, 'wait_ms', 'milliseconds', 10, 10, 60_000);
  const us = number(query, 'cpu_us', 'microseconds', 100, 100, 10_000_000);
  if (ms > 0) await waits(`a timer of ${ms}ms`, sleep(ms), ms);
  compute(us);
  return { waited_ms: ms, burned_us: us };
}
