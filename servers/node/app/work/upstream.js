import http from 'node:http';

import { waits } from '../trace.js';
import { Fault } from './fault.js';
import { millis } from './query.js';

const timeout = 65_000; // above the longest wait that a route can be asked for

/**
 * The service at this URL, "" for none. call asks it as a query's ms says, and resolves to its answer: status, type, body.
 * part asks it for a part of a feed, within a limit in milliseconds, and resolves to the JSON that it answered.
 */
export function upstream(text) {
  if (!text) {
    const fail = async () => {
      throw new Fault(
        502,
        'no upstream is configured: the server was started without the URL of one',
      );
    };
    return { configured: false, call: fail, part: fail };
  }
  const url = new URL(text);
  url.searchParams.delete('ms'); // each request gives its own
  url.hash = '';
  const agent = new http.Agent({ keepAlive: true, maxFreeSockets: Infinity }); // 256 by default: the rest would be closed
  const ask = async (query, limit) => {
    const asked = new URL(url);
    for (const [name, value] of Object.entries(query)) asked.searchParams.append(name, value);
    let reply;
    try {
      reply = await get(asked, agent, limit);
    } catch (err) {
      throw asFault(err, url);
    }
    if (reply.status < 200 || reply.status > 299) {
      throw new Fault(502, `the upstream ${url} answered ${reply.status}`);
    }
    return reply;
  };
  return {
    configured: true,
    call: (query) => waits('another service', ask({ ms: millis(query, 50, 60_000) }, timeout)),
    async part(query, limit) {
      const { body } = await ask(query, limit);
      try {
        return JSON.parse(body);
      } catch {
        throw new Fault(502, `the upstream ${url} answered something that is no JSON`);
      }
    },
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

const mostBody = 1 << 20;

/** Asks this URL, and resolves to the whole answer within a limit in milliseconds, however slowly it comes. */
function get(url, agent, limit) {
  return new Promise((resolve, reject) => {
    let request;
    let over = false;
    const timer = setTimeout(
      () => fail(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })),
      limit,
    );
    const fail = (err) => {
      if (over) return; // this is what ending the request says
      over = true;
      clearTimeout(timer);
      reject(err);
      request?.destroy(); // none if it could not even be asked
    };
    const attempt = (again) => {
      request = http.get(url, { agent }, (response) => {
        const chunks = [];
        let length = 0;
        response.on('data', (chunk) => {
          chunks.push(chunk);
          length += chunk.length;
          if (length > mostBody) fail(new Error(`an answer of more than ${mostBody} bytes`));
        });
        response.on('error', fail);
        response.on('end', () => {
          clearTimeout(timer);
          resolve({
            status: response.statusCode,
            type: response.headers['content-type'] || 'application/octet-stream',
            body: Buffer.concat(chunks),
          });
        });
      });
      request.on('error', (err) => {
        // The upstream closed a kept connection just as it was taken (https://nodejs.org/api/http.html#requestreusedsocket).
        if (!over && again && request.reusedSocket && err.code === 'ECONNRESET') attempt(false);
        else fail(err);
      });
    };
    attempt(true);
  });
}
