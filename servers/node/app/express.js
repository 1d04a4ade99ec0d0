// The article's Express app, with the workloads beside its greeting. Express's own settings are left as they are, but for
// how exactly a path has to match and how a query is read, where the answers have to be those of the other modes.
import { basename, dirname } from 'node:path';

import express from 'express';

import { bodyLimit, tooLarge } from './body.js';
import { serve } from './serve.js';
import { refuseChat } from './work/chat.js';
import { burn } from './work/cpu.js';
import { Fault } from './work/fault.js';
import { feed, service } from './work/feed.js';
import { dashboard, live } from './work/live.js';
import { badForm, login } from './work/login.js';
import { mix } from './work/mix.js';
import { malformed, orderId, parseOrder } from './work/orders.js';
import { parseQuery, productId } from './work/query.js';
import { etag, refusal } from './work/video.js';
import { wait } from './work/wait.js';

const octets = 'application/octet-stream';
const any = { limit: bodyLimit, type: () => true }; // bodies of whatever type, or of none

/** The app. */
function listener({ file, video, shop, ask }) {
  const app = express();
  app.enable('strict routing');
  app.enable('case sensitive routing');
  app.set('query parser', parseQuery);

  get(app, '/', (req, res) => res.send('Hello from Mango Engineers Backend!'));
  get(app, '/wait', async (req, res) => json(res, 200, { waited_ms: await wait(req.query) }));
  get(app, '/file', (req, res, next) =>
    res.sendFile(basename(file), { root: dirname(file) }, (err) => err && next(err)),
  );
  get(app, '/api', async (req, res) => {
    const { status, type, body } = await ask.call(req.query);
    send(res, status, type, body);
  });
  get(app, '/feed', async (req, res) => json(res, 200, await feed(ask, req.query)));
  get(app, '/db', async (req, res) => json(res, 200, await shop.product(productId(req.query))));
  get(app, '/cpu', (req, res) => json(res, 200, { burned_ms: burn(req.query) }));
  get(app, '/mix', async (req, res) => json(res, 200, await mix(req.query)));
  get(app, '/live', (req, res) => live(req, res, req.query));
  get(app, '/stream', (req, res, next) => {
    if (req.method === 'HEAD') delete req.headers.range; // a HEAD has no ranges (RFC 9110, section 14.2)
    const options = { root: dirname(video), cacheControl: false, lastModified: false };
    res.set('ETag', etag).sendFile(basename(video), options, (err) => {
      if (err && res.headersSent)
        res.destroy(); // mostly because the client has gone
      else if (err) next(refusal(err.status) ?? err);
    });
  });
  get(app, '/chat', (req, res) => refuseChat(req, res, req.query));
  get(app, '/dashboard', (req, res) => send(res, 200, 'text/html; charset=utf-8', dashboard));
  get(app, '/upstream', async (req, res) => json(res, 200, await service(req.query)));
  post(app, '/login', express.json(any), async (req, res) =>
    json(res, 200, { token: await login(shop, req.body) }),
  );
  post(app, '/orders', express.json(any), async (req, res) => {
    const placed = await shop.place(parseOrder(req.body, req.get('Idempotency-Key')));
    const { repeated, order, total } = placed;
    json(res, repeated ? 200 : 201, { order, total });
  });
  get(app, '/orders/{*id}', async (req, res) =>
    json(res, 200, await shop.order(orderId(req.path.slice('/orders/'.length)))),
  );
  post(app, '/echo', express.raw(any), (req, res) =>
    send(res, 200, req.get('Content-Type') || octets, req.body ?? Buffer.alloc(0)),
  );

  app.use((req, res) =>
    req.url === '*'
      ? text(res.set('Allow', 'GET, HEAD, POST, OPTIONS'), 200, '')
      : text(res, 404, 'Not Found\n'),
  );
  app.use(fail);
  return app;
}

const get = (app, path, handle) => app.route(path).get(handle).all(notAllowed('GET, HEAD'));
const post = (app, path, ...handles) =>
  app
    .route(path)
    .post(...handles)
    .all(notAllowed('POST'));

const notAllowed = (methods) => (req, res) =>
  text(res.set('Allow', methods), 405, 'Method Not Allowed\n');

const text = (res, status, line) => res.status(status).type('text/plain').send(line);

/** res.json would add a charset to the type, which RFC 8259 does not define and the other modes do not send. */
const json = (res, status, value) =>
  send(res, status, 'application/json', Buffer.from(JSON.stringify(value)));

function send(res, status, type, body) {
  res.setHeader('Content-Type', type); // res.set would add a charset here too
  res.status(status).send(body);
}

// Express knows a handler of errors by its four parameters.
function fail(err, req, res, next) {
  if (res.headersSent) {
    next(err);
  } else if (err.type === 'entity.too.large') {
    text(res.set('Connection', 'close'), 413, `${tooLarge().message}\n`);
  } else if (err.type === 'entity.parse.failed') {
    const { status, message } = req.path === '/orders' ? malformed() : badForm();
    json(res, status, { error: message });
  } else {
    json(res, err instanceof Fault ? err.status : 500, { error: err.message, ...err.more });
  }
}

await serve('express', listener);
