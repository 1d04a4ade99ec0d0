// The workloads on Node.js's own http module.
import { readFile } from 'node:fs/promises';

import { serve } from './serve.js';
import { readBody } from './body.js';
import { waits } from './trace.js';
import { refuseChat } from './work/chat.js';
import { burn } from './work/cpu.js';
import { Fault } from './work/fault.js';
import { feed, service } from './work/feed.js';
import { dashboard, live } from './work/live.js';
import { login } from './work/login.js';
import { mix } from './work/mix.js';
import { orderId, parseOrder } from './work/orders.js';
import { parseQuery, productId, target } from './work/query.js';
import { stream } from './work/video.js';
import { wait } from './work/wait.js';

const octets = 'application/octet-stream';

/** The listener for requests. */
function listener({ file, video, shop, ask }) {
  const hello = Buffer.from('Hello from Mango Engineers Backend!');
  const routes = new Map(
    Object.entries({
      '/': get((req, res) => send(res, 200, 'text/html; charset=utf-8', hello)),
      '/wait': get(async (req, res, query) => json(res, 200, { waited_ms: await wait(query) })),
      '/file': get(async (req, res) =>
        send(res, 200, octets, await waits('a worker', readFile(file))),
      ),
      '/api': get(async (req, res, query) => {
        const { status, type, body } = await ask.call(query);
        send(res, status, type, body);
      }),
      '/feed': get(async (req, res, query) => json(res, 200, await feed(ask, query))),
      '/db': get(async (req, res, query) => json(res, 200, await shop.product(productId(query)))),
      '/login': post(async (req, res) =>
        json(res, 200, { token: await login(shop, parseForm(await readBody(req))) }),
      ),
      '/orders': post(async (req, res) => {
        const form = parseForm(await readBody(req));
        answerPlaced(res, await shop.place(parseOrder(form, req.headers['idempotency-key'])));
      }),
      '/cpu': get((req, res, query) => json(res, 200, { burned_ms: burn(query) })),
      '/mix': get(async (req, res, query) => json(res, 200, await mix(query))),
      '/live': get(live),
      '/stream': get((req, res) => stream(req, res, video)),
      '/chat': get(refuseChat),
      '/dashboard': get((req, res) => send(res, 200, 'text/html; charset=utf-8', dashboard)),
      '/echo': post(async (req, res) => {
        const body = await readBody(req);
        send(res, 200, req.headers['content-type'] || octets, body);
      }),
      '/upstream': get(async (req, res, query) => json(res, 200, await service(query))),
    }),
  );
  const order = get(async (req, res, query, path) =>
    json(res, 200, await shop.order(orderId(path.slice('/orders/'.length)))),
  );
  return async (req, res) => {
    const [path, query] = target(req.url);
    const route = routes.get(path) ?? (path.startsWith('/orders/') ? order : undefined);
    if (path === '*') {
      res.setHeader('Allow', 'GET, HEAD, POST, OPTIONS');
      text(res, 200, '');
    } else if (!route) {
      text(res, 404, 'Not Found\n');
    } else if (!route.methods.includes(req.method)) {
      res.setHeader('Allow', route.methods.join(', '));
      text(res, 405, 'Method Not Allowed\n');
    } else {
      try {
        await route.handle(req, res, parseQuery(query), path);
      } catch (err) {
        fail(res, err);
      }
    }
  };
}

const get = (handle) => ({ methods: ['GET', 'HEAD'], handle });
const post = (handle) => ({ methods: ['POST'], handle });

/** The JSON in a body, or undefined, which is no form of any route. */
function parseForm(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const answerPlaced = (res, { repeated, order, total }) =>
  json(res, repeated ? 200 : 201, { order, total });

function send(res, status, type, body) {
  res.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  res.end(body);
}

const text = (res, status, line) => send(res, status, 'text/plain; charset=utf-8', line);

const json = (res, status, value) => send(res, status, 'application/json', JSON.stringify(value));

function fail(res, err) {
  if (err.status === 413) {
    res.setHeader('Connection', 'close'); // as the other modes do
    text(res, 413, `${err.message}\n`);
  } else {
    json(res, err instanceof Fault ? err.status : 500, { error: err.message, ...err.more });
  }
}

await serve('node', listener);
