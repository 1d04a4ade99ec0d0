import { createHmac, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

import { waits } from '../trace.js';
import { Fault } from './fault.js';

const hash = promisify(scrypt); // on libuv's thread pool
const cost = { N: 4096, r: 8, p: 1 };

// Stands in for a user that there is not, so that a wrong name takes as long as a wrong password.
const nobody = { salt: Buffer.alloc(16), hash: Buffer.alloc(32) };

// No secret: the tokens open nothing, and are the same from every server, so that the answers can be compared.
const tokenKey = 'nodecompare: a key for demonstration, known to everybody';

export const badForm = () =>
  new Fault(400, 'the body must be JSON with two strings: {"user":"…","password":"…"}');

/** Checks form.password against the shop's users and resolves to a token. Rejects with a Fault. */
export async function login(shop, form) {
  const { user: name, password } = form ?? {};
  if (typeof name !== 'string' || typeof password !== 'string') throw badForm();
  const user = await shop.user(name);
  const { salt, hash: want } = user ?? nobody;
  const got = await waits('a worker', hash(password, salt, want.length, cost));
  if (!timingSafeEqual(got, want) || !user) {
    throw new Fault(401, 'the user or the password is wrong');
  }
  const mac = createHmac('sha256', tokenKey).update(name).digest('base64url');
  return `${Buffer.from(name).toString('base64url')}.${mac}`;
}
