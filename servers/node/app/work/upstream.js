import http from 'node:http';

import { Fault } from './fault.js';
import { millis } from './query.js';

const timeout = 65_000; // above the longest wait that a route can be asked for

/** A function that asks the service at this URL, "" for none, and resolves to its answer: status, type, body. */
export function upstream(text) {
  if (!text) {
    return async () => {
      throw new Fault(
        502,
        'no upstream is configured: the server was started without the URL of one',
      );
    };
  }
  const url = new URL(text);
  url.searchParams.delete('ms'); // each request gives its own
  url.hash = '';
  const agent = new http.Agent({ keepAlive: true, maxFreeSockets: Infinity }); // 256 by default: the rest would be closed
  return async (query) => {
    const asked = new URL(url);
    asked.searchParams.append('ms', millis(query, 50, 60_000));
    let reply;
    try {
      reply = await get(asked, agent);
    } catch (err) {
      throw asFault(err, url);
    }
    if (reply.status < 200 || reply.status > 299) {
      throw new Fault(502, `the upstream ${url} answered ${reply.status}`);
    }
    return reply;
  };
}

function asFault(err, url) {
  switch (err.code) {
    case 'ETIMEDOUT':
      return new Fault(504, `the upstream ${url} did not answer in time`);
    case 'ECONNREFUSED':
      return new Fault(502, `the upstream ${url} refused the connection: is it running?`);
    default:
      return new Fault(502, `the call to the upstream ${url} failed`);
  }
}

function get(url, agent, again = true) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent, timeout }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          type: response.headers['content-type'] || 'application/octet-stream',
          body: Buffer.concat(chunks),
        }),
      );
    });
    request.on('timeout', () =>
      request.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })),
    );
    request.on('error', (err) => {
      // The upstream closed a kept connection just as it was taken (https://nodejs.org/api/http.html#requestreusedsocket).
      if (again && request.reusedSocket && err.code === 'ECONNRESET') {
        resolve(get(url, agent, false));
      } else {
        reject(err);
      }
    });
  });
}
