import querystring from 'node:querystring';

import { Fault } from './fault.js';

// The other modes take a query's values as they stand, so that ms=%31 is no number. Decoding them would be the default.
const undecoded = { decodeURIComponent: (text) => text };

/** The keys and values of a query: text, or a list of texts where a key comes more than once. */
export function parseQuery(text) {
  return querystring.parse(text, '&', '=', undecoded);
}

/** The path and the query of a request's target, which may be a whole URL (RFC 9112, section 3.2.2). */
export function target(url) {
  if (!url.startsWith('/') && URL.canParse(url)) {
    const { pathname, search } = new URL(url);
    url = pathname + search;
  }
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

/** The query's ms: a whole number from 0 to most, or fallback where there is none. Throws a Fault for anything else. */
export function millis(query, fallback, most) {
  return number(query, 'ms', 'milliseconds', 50, fallback, most);
}

/** The query's value of that name, in those units, as millis gives ms; a Fault suggests the example. */
export function number(query, name, units, example, fallback, most) {
  const text = first(query[name]);
  if (text === undefined) return fallback;
  const value = isWhole(text) ? Number(text) : Infinity;
  if (value > most) {
    throw new Fault(
      400,
      `${name} must be a whole number of ${units} from 0 to ${most}, such as ${name}=${example}`,
    );
  }
  return value;
}

/** The query's id, as a bigint: 18 digits, which all modes take, are more than a number holds. Throws a Fault. */
export function productId(query) {
  const text = first(query.id) ?? '';
  if (!isWhole(text)) throw new Fault(400, 'id must be the number of a product, such as id=7');
  return BigInt(text);
}

/** The query's user: a whole number from 1 to a million. Throws a Fault. */
export function userId(query) {
  const text = first(query.user) ?? '';
  const user = isWhole(text) ? Number(text) : 0;
  if (user < 1 || user > mostUsers) {
    throw new Fault(
      400,
      `user must be the number of a user from 1 to ${mostUsers}, such as user=7`,
    );
  }
  return user;
}

const mostUsers = 1_000_000;

export const first = (value) => (Array.isArray(value) ? value[0] : value);

/** Whether a text is at most 18 decimal digits. */
export const isWhole = (text) => /^[0-9]{1,18}$/.test(text);
