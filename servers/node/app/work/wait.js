import { setTimeout as sleep } from 'node:timers/promises';

import { millis } from './query.js';

/** Waits as long as the query says, a minute at most, and resolves to the milliseconds. */
export async function wait(query) {
  const ms = millis(query, 50, 60_000);
  await sleep(ms);
  return ms;
}
