import { setTimeout as sleep } from 'node:timers/promises';

import { waits } from '../trace.js';
import { Fault } from './fault.js';
import { first, millis, userId } from './query.js';

// What a feed is made of, in the order of its JSON, with how long the service behind takes for each part.
const parts = [
  ['profile', 10],
  ['posts', 20],
  ['notifications', 15],
];

const partLimit = 1000; // milliseconds: what is later does not hold up the rest of a screen

/** Asks the service for all parts at once and resolves to them as one JSON text, which says what is missing, and why. */
export async function feed(ask, query) {
  const user = ask.configured && userId(query);
  const outcomes = await waits(
    `${parts.length} calls to another service, at once`,
    Promise.allSettled(parts.map(([part, ms]) => ask.part({ part, user, ms }, partLimit))),
  );
  const failed = outcomes.filter(({ status }) => status === 'rejected');
  if (failed.length === parts.length) throw failed[0].reason;
  const merged = { user };
  const missing = {};
  outcomes.forEach(({ value, reason }, i) => {
    const [name] = parts[i];
    merged[name] = value ?? null;
    if (reason instanceof Fault) missing[name] = reason.message;
    else if (reason) throw reason;
  });
  if (failed.length > 0) merged.missing = missing;
  return merged;
}

/** The service behind: waits as the query says, and resolves to what to answer. With a part it is that of a feed. */
export async function service(query) {
  const ms = millis(query, 50, 60_000);
  const part = first(query.part);
  const make = part === undefined ? undefined : makers[part];
  if (part !== undefined && !make) {
    throw new Fault(400, 'part must be profile, posts or notifications');
  }
  const user = make && userId(query);
  await sleep(ms);
  return make ? make(user) : { service: 'upstream', waited_ms: ms };
}

const makers = {
  __proto__: null,
  profile: (user) => ({ id: user, name: `User ${user}`, followers: (user * 37) % 1000 }),
  posts: (user) =>
    Array.from({ length: 5 }, (_, n) => ({
      id: user * 5 + n,
      text: `What user ${user} had to say, part ${n + 1}`,
      likes: ((user + n) * 11) % 100,
    })),
  notifications: (user) => ({ unread: user % 10 }),
};
