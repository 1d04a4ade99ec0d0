import { setTimeout as sleep } from 'node:timers/promises';

import { waits } from '../trace.js';
import { millis } from './query.js';

/** Waits as long as the query says, a minute at most, and resolves to the milliseconds. */
export async function wait(query) {
  const ms = millis(query, 50, 60_000);
  await waits(`a timer of ${ms}ms`, sleep(ms), ms);
  return ms;
}
